//! A preset with the targets of a file to ordinary faults.

use super::parts::{Setting, fault};
use super::targets::Targets;
use super::{Preset, PresetPart};
use crate::lowering::FaultUse;
use crate::param::{Args, Issue, Value, suggest};
use crate::timing;
use crate::topology::Topology;
use squall_core::plan::Land;

/// What a file wants of a preset.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// Its record.
    pub record: &'a Args,
    /// The label of the record, the first part of the labels of its faults.
    pub label: &'a str,
    /// What it takes to count as having happened, for the parts that must land.
    pub land: Land,
    /// Line of the file.
    pub line: u32,
    /// The world.
    pub topology: &'a Topology,
}

impl Preset {
    /// The faults of the preset; `None` if something is wrong.
    pub(crate) fn faults(
        &self,
        wanted: &Wanted<'_>,
        issues: &mut Vec<Issue>,
    ) -> Option<Vec<FaultUse>> {
        let before = issues.len();
        let record = wanted.record;
        let without = self.without(record, issues);
        let settings = self.settings(record, issues);
        if self.parts.is_empty() {
            issues.push(self.no_fault(record));
            return None;
        }
        if self.length.is_empty() && !record.given("for") {
            let issue = Issue::new("preset has no end", record.place("use").span.clone());
            let help = "add for = \"5m\", or for = \"forever\" if it never heals";
            issues.push(issue.help(help));
        }
        let kept = self.parts.iter();
        let kept: Vec<_> = kept.filter(|part| !without.contains(&part.slug)).collect();
        let targets = self.targets(wanted, &kept, issues)?;
        let mut faults = Vec::new();
        for part in kept {
            if targets.count < part.nodes_min {
                issues.push(too_few(self, part, &targets, record));
                continue;
            }
            let own: Vec<&Setting<'_>> = settings
                .iter()
                .filter(|s| s.part.slug == part.slug)
                .collect();
            for it in targets.each(part) {
                let mut fault = fault((part, it), wanted, &targets, &own, issues);
                if self.lands_as_one() {
                    let whole = (wanted.label.to_owned(), wanted.land);
                    fault.composed.as_one = Some(whole);
                }
                if !part.needed || self.lands_as_one() {
                    fault.land = Land::Optional;
                }
                faults.push(fault);
            }
        }
        if faults.is_empty() && issues.len() == before {
            let issue = Issue::new(
                "nothing of the preset is left",
                record.place("without").span.clone(),
            );
            issues.push(issue);
        }
        (issues.len() == before).then_some(faults)
    }

    /// What is said of a policy that is used as a fault.
    fn no_fault(&self, record: &Args) -> Issue {
        let span = record.place("use").span.clone();
        let issue = Issue::new(format!("{} is no fault", self.name), span);
        let issue = issue.label("it says how something is set up");
        match self.write {
            "" => issue.help(format!("remove it: {}", self.missing)),
            words => issue.help(format!("write {words}")),
        }
    }

    fn without(&self, record: &Args, issues: &mut Vec<Issue>) -> Vec<&'static str> {
        let mut left_out = Vec::new();
        for arg in record.list_opt("without").unwrap_or(&[]) {
            let Value::Text(slug) = &arg.value else {
                continue;
            };
            match self.part(slug) {
                Ok(part) => left_out.push(part.slug),
                Err(issue) => issues.push(arg.place.locate(issue)),
            }
        }
        left_out
    }

    /// The parameters that the file sets, with the parts they belong to.
    fn settings<'a>(&self, record: &'a Args, issues: &mut Vec<Issue>) -> Vec<Setting<'a>> {
        let mut settings = Vec::new();
        let entries = record.table_opt("set").map_or(&[][..], |set| &set.entries);
        for arg in entries {
            let wrong = |issue: Issue| Issue {
                range: arg.key_span.clone(),
                ..issue
            };
            let Some((slug, key)) = arg.key.split_once('.') else {
                let issue = Issue::new(format!("`{}` is no parameter of a part", arg.key), 0..0);
                issues.push(wrong(issue.help("write `set.\"part.parameter\" = ..`")));
                continue;
            };
            let part = match self.part(slug) {
                Ok(part) => part,
                Err(issue) => {
                    issues.push(wrong(issue));
                    continue;
                }
            };
            let params = part.kind().params;
            let timed = |key: &str| ["at", "for", "chance"].contains(&key);
            let known = params
                .iter()
                .chain(timing::PARAMS.iter().filter(|p| timed(p.key)));
            match known.clone().find(|param| param.key == key) {
                Some(param) => settings.push(Setting { part, param, arg }),
                None => issues.push(wrong(
                    Issue::new(format!("unknown parameter `{key}` of {}", part.fault), 0..0)
                        .label(format!("`{slug}` is {}", part.fault))
                        .maybe_help(suggest(key, known.map(|param| param.key))),
                )),
            }
        }
        settings
    }
}

fn too_few(preset: &Preset, part: &PresetPart, targets: &Targets, record: &Args) -> Issue {
    let key = if record.given("nodes") {
        "nodes"
    } else {
        "use"
    };
    let (needs, slug) = (part.nodes_min, part.slug);
    Issue::new(
        format!("`{slug}` of {} needs {needs} nodes", preset.name),
        record.place(key).span.clone(),
    )
    .label(format!("{} here", targets.count))
    .help(format!(
        "name more, or leave it out: without = [\"{slug}\"]"
    ))
}
