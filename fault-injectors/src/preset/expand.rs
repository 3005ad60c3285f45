//! A preset with the targets of a file to ordinary faults.

use super::{Preset, PresetPart};
use crate::compose::{Composed, DrawnArg, Order, fill, node_at, record_of};
use crate::draws::Draws;
use crate::lowering::FaultUse;
use crate::param::suggest;
use crate::param::{Arg, Args, Issue, Kind, Node, NodeKey, Param, Place, Raw, Value, duration};
use crate::selector::Selector;
use crate::timing::{self, Timing};
use crate::topology::Topology;
use squall_core::plan::Land;
use squall_core::{Seed, VirtualDuration};

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

/// Words for the braces of a preset.
struct Targets {
    nodes: String,
    set: String,
    links: String,
    all: String,
    service: Option<String>,
    count: usize,
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
        let targets = self.targets(wanted, issues)?;
        if self.length.is_empty() && !record.given("for") {
            let issue = Issue::new("preset has no end", record.place("use").span.clone());
            let help = "add for = \"5m\", or for = \"forever\" if it never heals";
            issues.push(issue.help(help));
        }
        let mut faults = Vec::new();
        for part in self
            .parts
            .iter()
            .filter(|part| !without.contains(&part.slug))
        {
            if targets.count < part.nodes_min {
                issues.push(too_few(self, part, &targets, record));
                continue;
            }
            let own: Vec<&Setting<'_>> = settings
                .iter()
                .filter(|s| s.part.slug == part.slug)
                .collect();
            let mut fault = fault(part, wanted, &targets, &own, issues);
            if !part.needed || self.order == Order::Serial {
                fault.land = Land::Optional;
            }
            faults.push(fault);
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

    fn targets(&self, wanted: &Wanted<'_>, issues: &mut Vec<Issue>) -> Option<Targets> {
        let (record, topology) = (wanted.record, wanted.topology);
        let all = topology.groups().join(" + ");
        let chosen = record.selector_opt("nodes");
        let nodes = chosen.map_or(all.clone(), |selector| selector.text.clone());
        let set = chosen.map_or(all.clone(), without_pick);
        let links = record.links_opt("links").map(|links| {
            let arrow = if links.both { "<->" } else { "->" };
            if links.path.is_some() {
                return links.from.text.clone();
            }
            format!("{} {arrow} {}", links.from.text, links.to.text)
        });
        let count = match chosen {
            None => topology.nodes().len(),
            // What is wrong with it is told by whoever checks all selectors.
            Some(selector) => selector.members(topology).ok()?.len(),
        };
        let uses = |words: &str| {
            let args = self.parts.iter().flat_map(|part| part.args);
            args.clone().any(|(_, value)| value.contains(words))
        };
        let service = record.text_opt("service").map(str::to_owned);
        let service = match (service, topology.services()) {
            (None, [only]) => Some(only.clone()),
            (None, services) if uses("{service}") => {
                let issue =
                    Issue::new("preset needs a `service`", record.place("use").span.clone());
                let known = services.join(", ");
                issues.push(issue.help(match services.is_empty() {
                    true => "there is no service here: it hits calls".to_owned(),
                    false => format!("one of {known}"),
                }));
                return None;
            }
            (service, _) => service,
        };
        for (key, words) in [("nodes", ["{nodes}", "{set}"]), ("links", ["{links}"; 2])] {
            let unused = record.given(key) && words.iter().all(|words| !uses(words));
            let stands_for_links = key == "nodes" && uses("{links}") && !record.given("links");
            if unused && !stands_for_links {
                let issue = Issue::new(
                    format!("{} hits no {key}", self.name),
                    record.place(key).span.clone(),
                );
                issues.push(issue.help(format!("remove `{key}`")));
            }
        }
        if record.given("service") && !uses("{service}") {
            let issue = Issue::new(
                format!("{} hits no calls", self.name),
                record.place("service").span.clone(),
            );
            issues.push(issue.help("remove `service`"));
        }
        Some(Targets {
            links: links.unwrap_or_else(|| format!("{nodes} <-> {all}")),
            nodes,
            set,
            all,
            service,
            count,
        })
    }
}

/// A parameter of a part that the file sets.
struct Setting<'a> {
    part: &'static PresetPart,
    param: &'static Param,
    arg: &'a Arg,
}

/// The words of a set without how many of it are meant.
fn without_pick(selector: &Selector) -> String {
    let text = selector.text.as_str();
    let rest = text.split_once(" of ").map_or(text, |(_, rest)| rest);
    match selector.pick.is_drawn() || text.starts_with("all of ") {
        true => rest.to_owned(),
        false => text.to_owned(),
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

/// One part as a fault. What is wrong with its targets is shown where the file names them.
fn fault(
    part: &'static PresetPart,
    wanted: &Wanted<'_>,
    targets: &Targets,
    settings: &[&Setting<'_>],
    issues: &mut Vec<Issue>,
) -> FaultUse {
    let record = wanted.record;
    let kind = part.kind();
    let label = format!("{}/{}", wanted.label, part.slug);
    let place = Place {
        span: record.place("use").span.clone(),
        start: None,
    };
    let set = |key: &str| settings.iter().find(|s| s.param.key == key);
    let rival = |param: &Param| {
        let of = |s: &&&Setting<'_>| !param.group.is_empty() && s.param.group == param.group;
        settings.iter().any(|s| of(&s))
    };
    let mut given: Vec<(&str, Node)> = Vec::new();
    let mut drawn = Vec::new();
    for (key, words) in part.args {
        let param = kind.params.iter().find(|p| p.key == *key);
        let param = param.expect("a preset names parameters that are there");
        if set(key).is_some() || rival(param) {
            continue;
        }
        let filled = targets.fill(words);
        let at = match words.contains("{nodes}") || words.contains("{set}") {
            true => record.place("nodes"),
            false if words.contains("{links}") && record.given("links") => record.place("links"),
            false if words.contains("{links}") => record.place("nodes"),
            false if words.contains("{service}") => record.place("service"),
            false => &place,
        };
        let at = if at.span == record.place.span {
            &place
        } else {
            at
        };
        let words = match DrawnArg::in_words(&filled) {
            false => filled,
            // Any draw will do until the seed is known.
            true => {
                drawn.push(DrawnArg { key, words });
                fill(words, &mut Draws::new(Seed(0), &label).stream(key))
            }
        };
        given.push((key, node_at(&param.kind, &words, &at.span)));
    }
    let in_fault = |s: &&&Setting<'_>| kind.params.iter().any(|p| p.key == s.param.key);
    for setting in settings.iter().filter(in_fault) {
        given.push((setting.param.key, node_of_setting(setting)));
    }
    let args = record_of(kind.params, given, &place, issues);
    let when = record_of(
        timing::PARAMS,
        when(part, wanted, targets, settings, &place),
        &place,
        issues,
    );
    FaultUse {
        kind,
        label,
        args,
        timing: Timing::from_args(&when),
        land: wanted.land,
        line: wanted.line,
        record: when,
        composed: Composed {
            drawn,
            ..Composed::default()
        },
    }
}

/// The timing of a part, as a record of the file would have it.
fn when<'k>(
    part: &'k PresetPart,
    wanted: &Wanted<'_>,
    targets: &Targets,
    settings: &[&Setting<'k>],
    place: &Place,
) -> Vec<(&'k str, Node)> {
    let mut given: Vec<(&str, Node)> = Vec::new();
    let mut every: Vec<(NodeKey, Node)> = Vec::new();
    let text = |words: &str| node_at(&Kind::Text, words, &place.span);
    for (key, words) in part.when {
        match key.strip_prefix("every.") {
            Some("mean") => {
                every.push((key_at("mean", place), text(&mean(words, wanted, targets))))
            }
            Some(inner) => every.push((key_at(inner, place), text(words))),
            None if settings.iter().any(|s| s.param.key == *key) => {}
            None => {
                let param = timing::PARAMS.iter().find(|p| p.key == *key);
                let param = param.expect("a preset names keys of timing");
                given.push((key, node_at(&param.kind, words, &place.span)));
            }
        }
    }
    for setting in settings
        .iter()
        .filter(|s| timing::PARAMS.iter().any(|p| p.key == s.param.key))
    {
        given.push((setting.param.key, node_of_setting(setting)));
    }
    if !given.iter().any(|(key, _)| *key == "for") && part.kind().own_length.is_none() {
        // As long as the preset.
        given.push(("for", text("forever")));
    }
    if !every.is_empty() {
        let span = place.span.clone();
        let raw = Raw::Table(every);
        given.push(("every", Node { span, raw }));
    }
    given
}

fn key_at(name: &str, place: &Place) -> NodeKey {
    NodeKey {
        name: name.to_owned(),
        span: place.span.clone(),
    }
}

/// Mean time between occurrences: that of the table, over the nodes if it is one a node, over `scale`.
fn mean(words: &str, wanted: &Wanted<'_>, targets: &Targets) -> String {
    let scale = wanted.record.number_opt("scale").unwrap_or(1.0);
    let (one, nodes, scale) = if let Some(one) = words.strip_suffix(" a node") {
        (one, targets.count.max(1) as f64, scale)
    } else if let Some(one) = words.strip_suffix(" at any scale") {
        (one, 1.0, 1.0)
    } else {
        (words, 1.0, scale)
    };
    let mean = duration(one).expect("means of presets are durations");
    let mean = VirtualDuration::from_nanos_f64(mean.as_nanos_f64() / nodes / scale);
    format!("{}ns", mean.as_nanos().max(1))
}

/// The value of a setting, to be read as its parameter is.
fn node_of_setting(setting: &Setting<'_>) -> Node {
    let arg = setting.arg;
    let raw = match &arg.value {
        Value::Number(x)
            if matches!(setting.param.kind, Kind::Integer { .. }) && x.trunc() == *x =>
        {
            #[expect(clippy::cast_possible_truncation, reason = "`as` saturates")]
            Raw::Integer(*x as i64)
        }
        Value::Number(x) => Raw::Float(*x),
        Value::Flag(flag) => Raw::Flag(*flag),
        Value::Text(text) => Raw::Text {
            text: text.clone(),
            start: arg.place.start,
        },
        _ => Raw::Other("something else"),
    };
    Node {
        span: arg.place.span.clone(),
        raw,
    }
}

impl Targets {
    fn fill(&self, words: &str) -> String {
        let service = self.service.as_deref().unwrap_or("");
        words
            .replace("{nodes}", &self.nodes)
            .replace("{set}", &self.set)
            .replace("{links}", &self.links)
            .replace("{all}", &self.all)
            .replace("{service}", service)
    }
}
