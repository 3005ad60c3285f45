//! The pages of `squall list presets`.

use super::targets::NAMED;
use super::{ALL, Each, Preset, PresetPart};
use crate::compose::Order;
use std::fmt::Write as _;

/// The table of `squall list presets`: one line a preset.
pub fn list() -> String {
    let mut text = String::new();
    for preset in ALL {
        let what = match (preset.parts.len(), preset.calm) {
            (0, Some(_)) => "a wrapper".to_owned(),
            (0, None) => "a policy".to_owned(),
            (1, _) => " 1 fault".to_owned(),
            (count, _) => format!("{count:>2} faults"),
        };
        let (name, summary) = (preset.name, preset.summary);
        let _ = writeln!(text, "{name:<25} {what:<9}  {summary}");
    }
    text
}

impl Preset {
    /// Its page in `squall list presets NAME`.
    pub fn describe(&self) -> String {
        let mut text = format!("{}   {}\n\n{}\n\n", self.name, self.summary, self.doc);
        for part in self.parts {
            let may_miss = !part.needed && !self.lands_as_one();
            let end = if may_miss { "; may miss\n" } else { "\n" };
            let _ = write!(text, "  {}{end}", line(part));
        }
        if !self.parts.is_empty() {
            self.how(&mut text);
        }
        if let Some((warm_up, quiet)) = self.calm {
            let _ = writeln!(
                text,
                "  set         warm_up = \"{warm_up}\", quiet = \"{quiet}\""
            );
        }
        if !self.write.is_empty() {
            let _ = writeln!(text, "  write       {}", self.write);
        }
        if !self.missing.is_empty() {
            let _ = writeln!(text, "  missing     {}", self.missing);
        }
        let _ = writeln!(text, "  source      {}", self.source);
        text
    }

    /// What holds for all parts.
    fn how(&self, text: &mut String) {
        let order = match (self.order, self.repeat) {
            (Order::Parallel, _) => "side by side".to_owned(),
            (Order::Serial, u32::MAX) => format!("in turn, {} apart, until it is over", self.gap),
            (Order::Serial, _) => format!("one after the other, {} apart", self.gap),
        };
        let length = match self.length {
            "" => "write `for`",
            "forever" => "as long as its parts",
            length => length,
        };
        let targets = match self.together {
            true => "the same for all parts",
            false => "drawn for each part",
        };
        let _ = writeln!(text, "\n  order       {order}");
        let _ = writeln!(text, "  lasts       {length}");
        let keys = self.keys();
        if !keys.is_empty() {
            let _ = writeln!(text, "  takes       {}", keys.join(", "));
        }
        let _ = writeln!(text, "  targets     {targets}");
        let lands = match self.lands_as_one() {
            true => "one part",
            false => "every part that may not miss",
        };
        let _ = writeln!(text, "  must land   {lands}");
    }

    /// The keys of the file that say whom it hits, with what stands for those that are missing.
    fn keys(&self) -> Vec<String> {
        let mut keys = Vec::new();
        let directed = ["{there}", "{back}", "{between}"];
        let directed = directed.iter().any(|words| self.uses(words));
        let each = |each| self.parts.iter().any(|part| part.each == each);
        if self.uses("{nodes}") || self.uses("{set}") || self.uses("{links}") || each(Each::Node) {
            keys.push(match self.nodes {
                "" => "nodes".to_owned(),
                nodes => format!("nodes (or else {nodes})"),
            });
        }
        if directed {
            keys.push("links (required, `a -> b`)".to_owned());
        } else if self.uses("{links}") {
            keys.push("links".to_owned());
        }
        for named in &NAMED {
            if self.uses(named.brace) || named.each.is_some_and(each) {
                keys.push(named.key.to_owned());
            }
        }
        if self.is_scaled() {
            keys.push("scale".to_owned());
        }
        keys
    }
}

/// A part in one line.
fn line(part: &PresetPart) -> String {
    let (slug, fault) = (part.slug, part.fault);
    let words = |(key, words): &(&str, &str)| format!("{key} = {words}");
    let values: Vec<String> = part.args.iter().chain(part.when).map(words).collect();
    let each = match part.each {
        Each::Once => "",
        Each::Node => "; each node",
        Each::Service => "; each service",
        Each::Leader => "; each leader",
        Each::Knob => "; each knob",
    };
    format!("{slug:<14} {fault:<16} {}{each}", values.join(", "))
}
