//! The preset `calm`: faults with time without faults before and after them.

use super::Calm;
use crate::param::{Args, Issue, Value, duration, suggest};
use crate::preset::{self, Preset};
use squall_core::VirtualDuration;

/// What can be set of it.
const KEYS: [&str; 2] = ["warm_up", "quiet"];

/// Whether a record that uses the preset makes sense; `None` if its members are not worth a look.
pub(super) fn check(
    preset: &Preset,
    record: &Args,
    depth: usize,
    issues: &mut Vec<Issue>,
) -> Option<()> {
    let span = || record.place("use").span.clone();
    if depth > 1 {
        let issue = Issue::new(format!("{} stands at the top", preset.name), span())
            .label("it keeps the beginning and the end of the run free of faults");
        issues
            .push(issue.help("give it a `[[fault]]` of its own, with the others in its `faults`"));
        return None;
    }
    let others = [
        "nodes", "links", "service", "workload", "sensor", "knob", "scale", "without",
    ];
    for arg in record
        .entries
        .iter()
        .filter(|arg| arg.given && others.contains(&arg.key.as_str()))
    {
        let issue = Issue::new(
            format!("{} hits nobody itself", preset.name),
            arg.key_span.clone(),
        );
        issues.push(issue.help(format!("give `{}` to one of its `faults`", arg.key)));
    }
    if record.list_opt("faults").is_none() {
        let issue = Issue::new(format!("{} wraps no faults", preset.name), span());
        issues.push(issue.help("add faults = [{ inject.node-loss = { .. }, for = \"5s\" }]"));
        return None;
    }
    Some(())
}

/// The time without faults that a record asks for; `None` if it is no such preset.
pub(super) fn of(record: &Args, issues: &mut Vec<Issue>) -> Option<Calm> {
    let preset = record.text_opt("use").and_then(preset::find)?;
    let words = preset.calm?;
    let own = |words: &str| duration(words).expect("lengths of presets are durations");
    let mut calm = Calm {
        warm_up: own(words.0),
        quiet: own(words.1),
    };
    for arg in record.table_opt("set").map_or(&[][..], |set| &set.entries) {
        let key = arg.key.as_str();
        if !KEYS.contains(&key) {
            let issue = Issue::new(
                format!("unknown parameter `{key}` of {}", preset.name),
                arg.key_span.clone(),
            );
            issues.push(issue.maybe_help(suggest(key, KEYS)));
            continue;
        }
        let length: Result<VirtualDuration, Issue> = match &arg.value {
            Value::Text(text) => duration(text),
            _ => Err(Issue::new("not a duration", 0..0).help("write for instance \"60s\"")),
        };
        match (length, key) {
            (Ok(length), "quiet") => calm.quiet = length,
            (Ok(length), _) => calm.warm_up = length,
            (Err(issue), _) if issue.range.is_empty() => issues.push(Issue {
                range: arg.place.span.clone(),
                ..issue
            }),
            (Err(issue), _) => issues.push(arg.place.locate(issue)),
        }
    }
    Some(calm)
}
