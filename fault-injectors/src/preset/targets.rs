//! What stands for the braces of a preset: the targets that a file gives, or those that are there.

use super::{Each, Preset, PresetPart, Wanted};
use crate::param::{Args, Issue};
use crate::selector::Selector;
use crate::topology::{ChannelKind, KnobKind, Topology};
use std::fmt::Write as _;

/// A target that is a name.
pub(super) struct Named {
    /// Its key in the file.
    pub(super) key: &'static str,
    /// What stands for it in a preset.
    pub(super) brace: &'static str,
    /// Parts that are there for each of these take it too.
    pub(super) each: Option<Each>,
    /// What a preset that has no use for it does not hit.
    what: &'static str,
    /// What is said in a world without any.
    none: &'static str,
    /// What there is of it in a world; the only one is taken without being named.
    known: fn(&Topology) -> Vec<String>,
}

/// The targets that are names.
pub(super) const NAMED: [Named; 4] = [
    Named {
        key: "service",
        brace: "{service}",
        each: Some(Each::Service),
        what: "calls",
        none: "it hits calls",
        known: |topology| topology.services().to_vec(),
    },
    Named {
        key: "workload",
        brace: "{workload}",
        each: None,
        what: "workload as such",
        none: "it hits a workload",
        known: |topology| {
            let names = topology.workloads().iter().map(|(name, _)| name.clone());
            names.collect()
        },
    },
    Named {
        key: "sensor",
        brace: "{sensor}",
        each: None,
        what: "sensors",
        none: "only edge loops have sensors",
        known: |topology| {
            let channels = topology.channels().iter();
            let sensors = channels.filter(|channel| channel.kind == ChannelKind::Sensor);
            let mut groups: Vec<String> = sensors.map(|sensor| sensor.group.clone()).collect();
            groups.dedup();
            groups
        },
    },
    Named {
        key: "knob",
        brace: "{knob}",
        each: None,
        what: "knob",
        none: "name what is deployed, knob = \"shop.retry-attempts\"",
        known: |topology| {
            let names = topology.knobs().iter().map(|knob| knob.name.clone());
            names.filter(|name| name.ends_with(".version")).collect()
        },
    },
];

/// Words for the braces of a preset.
pub(super) struct Targets {
    nodes: String,
    set: String,
    links: String,
    all: String,
    /// The links one way, the other way, and both.
    directed: [String; 3],
    named: [String; NAMED.len()],
    /// What parts are multiplied by.
    members: Vec<String>,
    services: Vec<String>,
    knobs: Vec<String>,
    leaders: Vec<String>,
    /// How many nodes may be hit.
    pub(super) count: usize,
}

impl Preset {
    pub(super) fn targets(
        &self,
        wanted: &Wanted<'_>,
        kept: &[&'static PresetPart],
        issues: &mut Vec<Issue>,
    ) -> Option<Targets> {
        let (record, topology) = (wanted.record, wanted.topology);
        let all = topology.groups().join(" + ");
        let mut names_of: [String; NAMED.len()] = Default::default();
        let mut complete = true;
        for (named, slot) in NAMED.iter().zip(&mut names_of) {
            let chosen = self.named(named, kept, wanted, issues);
            complete &= chosen.is_some();
            *slot = chosen.unwrap_or_default();
        }
        let chosen = record.selector_opt("nodes");
        let default = match self.nodes {
            "" => all.clone(),
            words => fill_named(words, &names_of),
        };
        let nodes = chosen.map_or(default.clone(), |selector| selector.text.clone());
        let set = chosen.map_or(default, without_pick);
        let links = record.links_opt("links");
        // A path has no two ends: it stands for all its links, and cannot be said one way.
        let path = links.filter(|links| links.path.is_some());
        let ends = links.map(|links| (links.from.text.as_str(), links.to.text.as_str()));
        let directed = ["{there}", "{back}", "{between}"];
        if (links.is_none() || path.is_some())
            && directed.iter().any(|words| stands_in(kept, words))
        {
            let issue = match path {
                Some(_) => {
                    let text = format!("{} hits the two ways of a link apart", self.name);
                    Issue::new(text, record.place("links").span.clone())
                }
                None => {
                    let span = record.place("use").span.clone();
                    Issue::new("preset needs `links`", span)
                }
            };
            let help = "say which way goes where: links = \"vehicle -> cloud\"";
            issues.push(issue.help(help));
            complete = false;
        }
        let (from, to) = ends.unwrap_or_default();
        self.unused(record, issues);
        if !complete {
            return None;
        }
        // What is wrong with a selector is told by whoever checks all of them.
        let (count, members) = match chosen {
            None if self.nodes.is_empty() => (topology.nodes().len(), names(topology, None)?),
            // Who has a role is one or more.
            None => (usize::MAX, Vec::new()),
            Some(selector) => {
                let count = match selector.has_roles(topology) {
                    true => usize::MAX,
                    false => selector.targets(topology).ok()?.len(),
                };
                (count, names(topology, Some(selector))?)
            }
        };
        let arrow = if links.is_some_and(|links| links.both) {
            "<->"
        } else {
            "->"
        };
        Some(Targets {
            links: match ends {
                Some((from, _)) if path.is_some() => from.to_owned(),
                Some((from, to)) => format!("{from} {arrow} {to}"),
                None => format!("{nodes} <-> {all}"),
            },
            nodes,
            set,
            all,
            directed: [
                format!("{from} -> {to}"),
                format!("{to} -> {from}"),
                format!("{from} <-> {to}"),
            ],
            services: match record.text_opt("service") {
                Some(service) => vec![service.to_owned()],
                None => topology.services().to_vec(),
            },
            knobs: tuning(topology),
            members,
            leaders: leaders(topology),
            named: names_of,
            count,
        })
    }

    /// The name that stands for a brace; `None` if it must be written and is not.
    fn named(
        &self,
        named: &Named,
        kept: &[&'static PresetPart],
        wanted: &Wanted<'_>,
        issues: &mut Vec<Issue>,
    ) -> Option<String> {
        let (record, key) = (wanted.record, named.key);
        if let Some(text) = record.text_opt(key) {
            let each = |each| self.parts.iter().any(|part| part.each == each);
            if !self.uses(named.brace) && !named.each.is_some_and(each) {
                let span = record.place(key).span.clone();
                let issue = Issue::new(format!("{} hits no {}", self.name, named.what), span);
                issues.push(issue.help(format!("remove `{key}`")));
            }
            return Some(text.to_owned());
        }
        let known = (named.known)(wanted.topology);
        let default = !record.given("nodes") && self.nodes.contains(named.brace);
        match known.as_slice() {
            [only] => Some(only.clone()),
            _ if !default && !stands_in(kept, named.brace) => Some(String::new()),
            known => {
                issues.push(lacking(named, kept, record, known));
                None
            }
        }
    }

    /// Complains about targets that it has no use for.
    fn unused(&self, record: &Args, issues: &mut Vec<Issue>) {
        let each_node = self.parts.iter().any(|part| part.each == Each::Node);
        let directed = ["{there}", "{back}", "{between}"];
        let directed = directed.iter().any(|words| self.uses(words));
        let on_nodes = self.uses("{nodes}") || self.uses("{set}") || each_node;
        let on_links = self.uses("{links}");
        let unused = [
            ("nodes", on_nodes || on_links && !record.given("links")),
            ("links", on_links || directed),
        ];
        for (key, used) in unused {
            if record.given(key) && !used {
                let span = record.place(key).span.clone();
                let issue = Issue::new(format!("{} hits no {key}", self.name), span);
                issues.push(issue.help(format!("remove `{key}`")));
            }
        }
        if record.given("scale") && !self.is_scaled() {
            let span = record.place("scale").span.clone();
            let issue = Issue::new(format!("{} has no rates", self.name), span);
            issues.push(issue.help("remove `scale`"));
        }
    }
}

/// Whether a word in braces stands in one of these parts.
fn stands_in(parts: &[&'static PresetPart], words: &str) -> bool {
    let mut args = parts.iter().flat_map(|part| part.args);
    args.any(|(_, value)| value.contains(words))
}

/// What is said where the file must name something and does not.
fn lacking(named: &Named, kept: &[&'static PresetPart], record: &Args, known: &[String]) -> Issue {
    let key = named.key;
    let users = kept.iter().filter(|part| stands_in(&[**part], named.brace));
    let users: Vec<String> = users.map(|part| format!("\"{}\"", part.slug)).collect();
    let mut help = match known {
        [] => format!("there is none here: {}", named.none),
        [first, ..] => format!("write {key} = \"{first}\"; one of {}", known.join(", ")),
    };
    if !users.is_empty() && users.len() < kept.len() {
        let _ = write!(help, "; or without = [{}]", users.join(", "));
    }
    let span = record.place("use").span.clone();
    Issue::new(format!("preset needs a `{key}`"), span).help(help)
}

/// The names of all nodes, or of those that a selector may hit.
fn names(topology: &Topology, selector: Option<&Selector>) -> Option<Vec<String>> {
    let name = |node: &crate::topology::NodeInfo| node.name.clone();
    match selector {
        None => Some(topology.nodes().iter().map(name).collect()),
        Some(selector) => {
            let ids = selector.candidates(topology).ok()?;
            Some(ids.into_iter().map(|id| name(topology.node(id))).collect())
        }
    }
}

/// Knobs that tune something.
fn tuning(topology: &Topology) -> Vec<String> {
    let tunes = |knob: &&crate::topology::KnobInfo| {
        let slug = knob.name.rsplit('.').next().unwrap_or_default();
        let number = matches!(knob.kind, KnobKind::Number { .. } | KnobKind::Seconds);
        number && knob.base != 0.0 && slug != "load" && !slug.ends_with("version")
    };
    let knobs = topology.knobs().iter().filter(tunes);
    knobs.map(|knob| knob.name.clone()).collect()
}

/// Selectors of those who lead the groups that there are.
fn leaders(topology: &Topology) -> Vec<String> {
    let roles = topology.group_roles().iter();
    let selector = |role: &crate::topology::GroupRole| match role.role.as_str() {
        "leader" => Some(format!("leader of {}", role.of)),
        "primary" => Some(format!("primaries of {}", role.of)),
        _ => None,
    };
    roles.filter_map(selector).collect()
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

fn fill_named(words: &str, named: &[String]) -> String {
    let all = NAMED.iter().zip(named);
    all.fold(words.to_owned(), |words, (target, name)| {
        words.replace(target.brace, name)
    })
}

impl Targets {
    /// What a part is multiplied by: its own words for `{it}`.
    pub(super) fn each(&self, part: &PresetPart) -> Vec<Option<&str>> {
        let several = match part.each {
            Each::Once => return vec![None],
            Each::Node => &self.members,
            Each::Service => &self.services,
            Each::Knob => &self.knobs,
            Each::Leader => &self.leaders,
        };
        several.iter().map(|it| Some(it.as_str())).collect()
    }

    /// Words with the targets in their braces.
    pub(super) fn fill(&self, words: &str, it: Option<&str>) -> String {
        let [there, back, between] = &self.directed;
        fill_named(words, &self.named)
            .replace("{it}", it.unwrap_or(""))
            .replace("{nodes}", &self.nodes)
            .replace("{set}", &self.set)
            .replace("{links}", &self.links)
            .replace("{there}", there)
            .replace("{back}", back)
            .replace("{between}", between)
            .replace("{all}", &self.all)
    }
}
