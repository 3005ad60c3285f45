//! What people read of the catalogue: `squall list faults`, one fault in full, `docs/faults.md`. All of
//! it derives from the tables.

use super::{ALL, FaultKind, Support};
use crate::param::{Kind, Need, Param, Unit, Variant};
use squall_core::plan::Family;
use std::fmt::Write as _;

/// Columns of a terminal that texts keep to.
const WIDTH: usize = 96;

/// What the letters in sources stand for.
const SOURCES: &str = "NE tc-netem; CM Chaos Mesh; LI LitmusChaos; PU Pumba; TX Toxiproxy; FIS AWS Fault \
    Injection Service; K6 xk6-disruptor; KR krkn; SN stress-ng; JP Jepsen; FDB FoundationDB simulation; TB \
    TigerBeetle VOPR; AN Antithesis; TU turmoil; MP moonpool; FAST'18 Gunawi et al., Fail-Slow at Scale";

impl FaultKind {
    /// Its page in `squall list faults NAME`.
    pub fn describe(&self) -> String {
        let mut text = format!("{}   {}\n\n", self.name, self.summary);
        text.push_str(&wrapped(self.doc, 0));
        text.push('\n');
        text.push_str(&describe_params(self.params));
        text.push('\n');
        for (title, what) in self.facts() {
            let _ = writeln!(text, "  {title:<11} {}", wrapped(&what, 14).trim());
        }
        let _ = write!(text, "\nExample:\n\n{}", indented(&self.example()));
        text
    }

    /// What there is to say beside its parameters.
    fn facts(&self) -> [(&'static str, String); 6] {
        let hosts = format!("native: {}; madsim: {}", self.native(), self.madsim());
        [
            ("family", self.family.to_string()),
            ("lowers to", self.lowers_to.join(", ")),
            ("must land", self.needed.join(", ")),
            ("hosts", hosts),
            ("chaos", crate::chaos::describe(self)),
            ("source", self.source.to_owned()),
        ]
    }

    /// A fault of this kind as it stands in a scenario with nodes `gateway` and `client` and a `cluster`
    /// called `shop`: what must be written, and the first two numbers or words that have a default.
    pub fn example(&self) -> String {
        let mut groups: Vec<&str> = Vec::new();
        let mut args = Vec::new();
        let mut shown = 0;
        for param in self.params {
            if !param.group.is_empty() && groups.contains(&param.group) {
                continue;
            }
            match param.need {
                Need::Required if param.sample.is_empty() => {
                    args.push(format!("{} = {}", param.key, param.kind.sample()));
                }
                Need::Required => args.push(format!("{} = {}", param.key, param.sample)),
                Need::Default(value) if shown < 2 && telling(param, value) => {
                    args.push(format!("{} = {}", param.key, written(&param.kind, value)));
                    shown += 1;
                }
                _ => continue,
            }
            groups.push(param.group);
        }
        let own = self
            .own_length
            .and_then(|key| self.params.iter().find(|p| p.key == key));
        let length = match own {
            Some(param) if param.need == Need::Optional => {
                args.push(format!("{} = \"30s\"", param.key));
                ""
            }
            Some(_) => "",
            None => "for = \"30s\"\n",
        };
        let (name, args) = (self.name, args.join(", "));
        format!("[[fault]]\nat = \"2m\"\n{length}inject.{name} = {{ {args} }}\n")
    }

    /// Its section of the page of all faults.
    fn section(&self) -> String {
        let mut text = format!("### {}\n\n*{}*\n\n", self.name, self.summary);
        text.push_str(&wrapped(self.doc, 0));
        text.push_str(
            "\n| parameter | takes | default | what it is |\n| --- | --- | --- | --- |\n",
        );
        for param in self
            .params
            .iter()
            .filter(|p| !matches!(p.kind, Kind::Reserved))
        {
            let cell = |text: &str| text.replace('|', "\\|");
            let _ = writeln!(
                text,
                "| `{}` | {} | {} | {} |",
                param.key,
                cell(&param.kind.takes()),
                cell(&need(param, self.params)),
                cell(param.doc)
            );
        }
        text.push('\n');
        for (title, what) in self.facts().iter().skip(1) {
            let _ = writeln!(text, "* {title}: {what}");
        }
        let _ = writeln!(text, "\n```toml\n{}```", self.example());
        text
    }
}

/// Whether a default is worth a place in an example: none that stands for nothing.
fn telling(param: &Param, value: &str) -> bool {
    let nothing = ["", "0", "0s", "0B", "none"].contains(&value);
    !nothing
        && !matches!(
            param.kind,
            Kind::Flag | Kind::List(_) | Kind::Table(_) | Kind::Map(_)
        )
}

/// A default as it stands in a file.
fn written(kind: &Kind, value: &str) -> String {
    let number = value.parse::<f64>().is_ok();
    match kind {
        Kind::Share | Kind::Number { .. } | Kind::Integer { .. } => value.to_owned(),
        Kind::Law(Unit::Plain) | Kind::Signed(Unit::Plain) | Kind::Scalar if number => {
            value.to_owned()
        }
        _ => format!("\"{value}\""),
    }
}

/// The families in the order of the table, each with its faults.
fn families() -> Vec<(Family, Vec<&'static FaultKind>)> {
    let mut families: Vec<(Family, Vec<&FaultKind>)> = Vec::new();
    for kind in ALL {
        match families
            .iter_mut()
            .find(|(family, _)| *family == kind.family)
        {
            Some((_, kinds)) => kinds.push(kind),
            None => families.push((kind.family, vec![kind])),
        }
    }
    families
}

/// The table of `squall list faults`: by family, one line a fault.
pub fn list() -> String {
    let mut text = String::new();
    for (family, kinds) in families() {
        let title = family.to_string();
        let _ = writeln!(text, "{title:<18} madsim");
        for kind in kinds {
            let madsim = match kind.madsim() {
                Support::Full => "yes",
                Support::Partial(_) => "partly",
                Support::None => "no",
            };
            let _ = writeln!(text, "  {:<16} {madsim:<7} {}", kind.name, kind.summary);
        }
        text.push('\n');
    }
    text.push_str(
        "The native engine does all of them. `squall list faults NAME` shows one in full, with an example.\n",
    );
    text
}

/// The page of all faults, `docs/faults.md`.
pub fn markdown() -> String {
    let mut text = String::from(
        "# Faults\n\n<!-- Written by `squall list faults --format markdown > docs/faults.md`; do not edit. -->\n\n",
    );
    let intro = "The named faults, by family. Each lowers to primitives before a run begins, and has landed when \
        those of them that must have had an effect. When a fault happens, how often, and to whom is said in the \
        same way for all of them: [authoring.md](authoring.md#faults). Distributions, units and targets are \
        explained there too. The native engine does all faults; what the madsim host does stands with each.";
    text.push_str(&wrapped(intro, 0));
    text.push('\n');
    text.push_str(&wrapped(&format!("Sources: {SOURCES}."), 0));
    text.push('\n');
    for (family, kinds) in families() {
        let links = kinds.iter().map(|kind| format!("[{0}](#{0})", kind.name));
        let links = links.collect::<Vec<_>>().join(", ");
        text.push_str(&wrapped(
            &format!("* [{family}](#family-{family}): {links}"),
            2,
        ));
    }
    for (family, kinds) in families() {
        let _ = write!(text, "\n## Family {family}\n\n");
        let sections: Vec<String> = kinds.iter().map(|kind| kind.section()).collect();
        text.push_str(&sections.join("\n"));
    }
    format!("{}\n", text.trim_end())
}

/// What stands for a value that is not written.
fn need(param: &Param, params: &[Param]) -> String {
    let together = |p: &&Param| !param.group.is_empty() && p.group == param.group;
    let group: Vec<&Param> = params.iter().filter(together).collect();
    let others: Vec<String> = group
        .iter()
        .filter(|p| p.key != param.key)
        .map(|p| format!("`{}`", p.key))
        .collect();
    let others = others.join(", ");
    let required = group.iter().any(|p| p.need == Need::Required);
    match param.need {
        // Keys of a group exclude each other; where one is required, any of them will do.
        _ if required && !others.is_empty() => format!("required, or {others}"),
        Need::Required => "required".to_owned(),
        Need::Default("") => "none".to_owned(),
        Need::Optional if others.is_empty() => "none".to_owned(),
        Need::Optional => format!("instead of {others}"),
        Need::Default(value) => format!("`{value}`"),
    }
}

/// Two lines a parameter: key, what it takes, default; what it means.
pub fn describe_params(params: &[Param]) -> String {
    let mut text = String::new();
    for param in params.iter().filter(|p| !matches!(p.kind, Kind::Reserved)) {
        let need = match need(param, params) {
            need if matches!(param.need, Need::Default(value) if !value.is_empty())
                && need.starts_with('`') =>
            {
                format!("default {}", need.trim_matches('`'))
            }
            need => need,
        };
        let takes = param.kind.takes();
        let head = match need.as_str() {
            "none" => takes,
            need => format!("{takes}; {need}"),
        };
        let _ = writeln!(text, "  {:<14} {}", param.key, wrapped(&head, 17).trim());
        let _ = writeln!(text, "{:<17}{}", "", wrapped(param.doc, 17).trim());
        let inner = match &param.kind {
            Kind::Table(inner) => describe_params(inner),
            Kind::List(Kind::Table(inner)) | Kind::Map(Kind::Table(inner)) => {
                describe_params(inner)
            }
            Kind::Variant { of, .. } => of().iter().map(describe_variant).collect(),
            _ => continue,
        };
        text.push_str(&indented(&inner));
    }
    text
}

fn describe_variant(variant: &Variant) -> String {
    let params = indented(&describe_params(variant.params));
    format!("  {}  {}\n{params}", variant.name, variant.doc)
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

/// `text` in lines of at most [`WIDTH`] columns, where words allow it, those after the first `indent`
/// columns in.
fn wrapped(text: &str, indent: usize) -> String {
    let mut lines = String::new();
    let mut column = indent;
    for (at, word) in text.split_whitespace().enumerate() {
        let length = word.chars().count();
        if at > 0 && column + 1 + length > WIDTH {
            let _ = write!(lines, "\n{:indent$}", "");
            column = indent;
        } else if at > 0 {
            lines.push(' ');
            column += 1;
        }
        lines.push_str(word);
        column += length;
    }
    lines.push('\n');
    lines
}
