//! Regression files: a scenario with a frozen plan, one seed, and what it must end in.
//!
//! The file is self-contained: topology, workloads and properties as they were in force, without the
//! faults that were drawn from and without variants; the plan in units that people edit; the property
//! that fails, the digest and the engine epoch.

use crate::diagnose::Report;
use crate::scenario::Scenario;
use squall_core::history::Digest;
use squall_core::outcome::ENGINE_EPOCH;
use squall_core::plan::{Entry, Land, Plan};
use squall_core::{Seed, VirtualTime};
use squall_faults::frozen::{Frozen, Written, write};
use squall_faults::{Issue, Topology};
use std::fmt::Write as _;
use std::ops::Range;
use toml_edit::{DocumentMut, Value};

/// What a regression file says of itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Regression {
    /// Where it comes from: the scenario and its settings.
    pub of: String,
    /// The seed.
    pub seed: Seed,
    /// Position of the property that fails; `None`: model code panics.
    pub property: Option<usize>,
    /// The digest that the run ended in.
    pub digest: Digest,
    /// The engine epoch of that digest.
    pub epoch: u32,
    /// Where the epoch stands in the file.
    pub epoch_at: Range<usize>,
    /// The plan.
    pub plan: Plan,
}

impl Scenario {
    /// The issue of a regression whose digest is of another engine epoch: it says nothing any more.
    pub fn epoch_issue(&self) -> Option<Report> {
        let regression = self
            .regression
            .as_ref()
            .filter(|r| r.epoch != ENGINE_EPOCH)?;
        let at = regression.epoch_at.clone();
        let issue = Issue::new(
            format!(
                "digest of engine epoch {}, this is {ENGINE_EPOCH}",
                regression.epoch
            ),
            at,
        )
        .label("the same plan gives another digest now")
        .help(format!(
            "`squall shrink {} --bless` records it anew if the property still fails",
            self.path
        ));
        Some(self.report(vec![issue]))
    }
}

/// The keys of a file that a frozen plan replaces.
const REPLACED: [&str; 5] = ["fault", "with", "expect", "plan", "regression"];

/// The scenario without its faults, variants and expectation: what a frozen plan runs in.
pub fn bare(text: &str) -> String {
    let Ok(mut document) = text.parse::<DocumentMut>() else {
        return text.to_owned();
    };
    for key in REPLACED {
        document.remove(key);
    }
    document.to_string()
}

/// What is written beside the plan.
#[derive(Clone, Debug)]
pub struct Origin<'a> {
    /// The command that repeats where it came from, for people.
    pub of: &'a str,
    /// The seed.
    pub seed: Seed,
    /// Name of the property that fails; `None` if model code panics.
    pub property: Option<&'a str>,
    /// Names of all properties that fail.
    pub because: &'a [String],
    /// The digest.
    pub digest: Digest,
    /// Path of the schema from where the file will be; empty if there is none.
    pub schema: &'a str,
}

/// The text of a regression file: `bare` is the scenario without faults, see [`bare`].
///
/// # Panics
/// If the plan has triggers: freeze it first.
pub fn regression_text(
    bare: &str,
    plan: &Plan,
    topology: &Topology,
    origin: &Origin<'_>,
) -> String {
    let mut document: DocumentMut = bare.parse().unwrap_or_default();
    let seed = origin.seed.to_string();
    let mut value = Value::from(seed.as_str());
    if let Some(old) = document.get("seeds").and_then(toml_edit::Item::as_value) {
        *value.decor_mut() = old.decor().clone();
    }
    document["seeds"] = toml_edit::Item::Value(value);
    let scenario = document.to_string();
    let mut text = String::new();
    if !origin.schema.is_empty() {
        let _ = writeln!(text, "#:schema {}", origin.schema);
    }
    text.push_str(
        "# Written by `squall shrink`. Times, targets and strengths of the plan may be edited: a run \
         takes them as they are,\n# only its digest is another then, until `squall shrink FILE --bless`.\n",
    );
    let lines = scenario
        .lines()
        .filter(|line| !line.starts_with("#:schema"));
    for line in lines {
        let _ = writeln!(text, "{line}");
    }
    let _ = writeln!(text, "\n[regression]");
    let _ = writeln!(text, "of = {}", quoted(origin.of));
    let _ = writeln!(text, "seed = {}", quoted(&seed));
    if let Some(property) = origin.property {
        let _ = writeln!(text, "property = {}", quoted(property));
    }
    if !plan.clocks().is_empty() {
        let names = plan
            .clocks()
            .iter()
            .map(|id| quoted(&topology.node(*id).name));
        let names = names.collect::<Vec<_>>().join(", ");
        let _ = writeln!(text, "clocks = [{names}]");
    }
    let _ = writeln!(text, "digest = \"{}\"", origin.digest);
    let _ = writeln!(text, "epoch = {ENGINE_EPOCH}");
    for entry in plan.entries() {
        text.push('\n');
        text.push_str(&entry_text(plan, entry, topology));
    }
    let because: Vec<String> = origin.because.iter().map(|name| quoted(name)).collect();
    let because = because.join(", ");
    let _ = writeln!(
        text,
        "\n[expect]\nverdict = \"fail\"\nbecause = [{because}]"
    );
    text
}

/// A string as it stands in a file.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// One `[[plan]]` record. Every field of an entry is in it.
fn entry_text(plan: &Plan, entry: &Entry, topology: &Topology) -> String {
    let Entry {
        fault,
        part,
        from,
        until,
        primitive,
        firing,
    } = entry;
    assert!(firing.is_none(), "a frozen plan has no triggers");
    let fault = &plan.faults[*fault as usize];
    let since = |at: VirtualTime| at.since(VirtualTime::ZERO);
    let mut text = format!("[[plan]]\nfault = {}\n", quoted(&fault.label));
    let _ = writeln!(text, "kind = {}", quoted(&fault.kind));
    match fault.land {
        Land::Any => {}
        Land::EverySeed => text.push_str("land = \"every seed\"\n"),
        Land::Optional => text.push_str("land = \"optional\"\n"),
    }
    let _ = writeln!(text, "part = {part}");
    let _ = writeln!(text, "from = \"{}\"", since(*from));
    if let Some(until) = until {
        let _ = writeln!(text, "until = \"{}\"", since(*until));
    }
    let Frozen { form, fields } = write(primitive, topology);
    let fields: Vec<String> = fields
        .iter()
        .map(|(key, value)| format!("{key} = {}", written(value)))
        .collect();
    let _ = writeln!(text, "do.{form} = {{ {} }}", fields.join(", "));
    text
}

fn written(value: &Written) -> String {
    match value {
        Written::Text(text) => quoted(text),
        Written::Number(x) => Value::from(*x).to_string(),
        Written::Integer(n) => n.to_string(),
        Written::Flag(flag) => flag.to_string(),
        Written::List(lines) => {
            let lines: Vec<String> = lines.iter().map(|line| quoted(line)).collect();
            format!("[{}]", lines.join(", "))
        }
    }
}

/// The text of a regression file with another digest, of this engine epoch; comments stay.
pub fn blessed(text: &str, digest: Digest) -> String {
    let Ok(mut document) = text.parse::<DocumentMut>() else {
        return text.to_owned();
    };
    let mut put = |key: &str, mut value: Value| {
        if let Some(item) = document.get_mut("regression").and_then(|r| r.get_mut(key)) {
            if let Some(old) = item.as_value() {
                *value.decor_mut() = old.decor().clone();
            }
            *item = toml_edit::Item::Value(value);
        }
    };
    put("digest", Value::from(digest.to_string()));
    put("epoch", Value::from(i64::from(ENGINE_EPOCH)));
    document.to_string()
}
