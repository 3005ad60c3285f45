//! A `[chaos]` record to what a climate is drawn from.

use super::draw::roles;
use super::recipe::{needs_role, recipe};
use super::{Chaos, issue};
use crate::catalog::{self, FaultKind};
use crate::compose::land_of;
use crate::param::{Arg, Args, Issue, Value, suggest_listed};
use crate::topology::Topology;
use crate::trigger;
use squall_core::{NodeId, VirtualDuration, VirtualTime};

impl Chaos {
    /// Reads the record; `None` if nothing can be drawn from it.
    pub fn read(
        record: &Args,
        line: u32,
        stop: VirtualTime,
        topology: &Topology,
        issues: &mut Vec<Issue>,
    ) -> Option<Self> {
        let before = issues.len();
        let (from, until) = times(record, stop, issues);
        let pool: Vec<NodeId> = match record.selector_opt("nodes") {
            // What is wrong with it is told by whoever checks all selectors.
            Some(selector) => match selector.targets(topology) {
                Ok(nodes) => nodes,
                Err(wrong) => {
                    issues.push(record.place("nodes").locate(wrong));
                    Vec::new()
                }
            },
            None => {
                let all = (0..topology.nodes().len()).map(NodeId::from_index);
                all.filter(|node| !topology.spared.contains(node)).collect()
            }
        };
        let picked = record
            .selector_opt("nodes")
            .filter(|selector| selector.pick.is_drawn());
        if let Some(selector) = picked {
            let wrong = Issue::new("nothing is drawn here", 0..selector.text.len())
                .help("name the whole set; `nodes_max` says how many are hit");
            issues.push(record.place("nodes").locate(wrong));
        }
        if pool.is_empty() && !record.given("nodes") && !topology.nodes().is_empty() {
            let wrong = issue("nobody may be hit", &record.place);
            let wrong = wrong.label("`never` spares every node");
            issues.push(wrong.help("take some out of `never`"));
        }
        let keep_healthy = size(record, "keep_healthy");
        if !pool.is_empty() && keep_healthy >= pool.len() && record.given("keep_healthy") {
            let wrong = Issue::new(
                "nobody is left to be hit",
                record.place("keep_healthy").span.clone(),
            );
            issues.push(wrong.label(format!("there are {} nodes", pool.len())));
        }
        let kinds = kinds(record, topology, issues);
        if kinds.is_empty() && issues.len() == before && !record.broken {
            issues.push(nothing_to_draw(record));
        }
        // A single node is hit all the same: there is nobody else.
        let healthy = keep_healthy.min(pool.len().saturating_sub(1));
        let nodes_max = size(record, "nodes_max");
        let roles = record.flag_opt("roles").unwrap_or(false);
        if roles && !pool.is_empty() {
            check_roles(record, topology, (&pool, healthy, nodes_max), issues);
        }
        let moments = moments(record, topology, issues);
        if record.broken || issues.len() > before {
            return None;
        }
        let faults = u32::try_from(record.count("faults")).unwrap_or(1);
        let concurrent = record
            .integer_opt("concurrent")
            .and_then(|n| u32::try_from(n).ok());
        Some(Self {
            faults,
            concurrent: concurrent.unwrap_or(faults),
            keep_healthy: healthy,
            nodes_max,
            down_max: size(record, "down_max"),
            pool,
            spells: u32::try_from(record.count("spells")).unwrap_or(1),
            roles,
            moments,
            kinds,
            from,
            until,
            stop,
            land: land_of(record).unwrap_or_default(),
            place: record.place.clone(),
            line,
        })
    }
}

/// Events at which faults may start.
fn moments(record: &Args, topology: &Topology, issues: &mut Vec<Issue>) -> Vec<String> {
    let mut moments = Vec::new();
    for arg in record.list_opt("moments").unwrap_or(&[]) {
        let Value::Text(word) = &arg.value else {
            continue;
        };
        match trigger::check_moment(word, topology) {
            Ok(()) => moments.push(word.clone()),
            Err(wrong) => issues.push(arg.place.locate(wrong)),
        }
    }
    moments
}

/// Whether somebody may have a role, and the budget lets whoever that is be hit.
fn check_roles(
    record: &Args,
    topology: &Topology,
    (pool, healthy, nodes_max): (&[NodeId], usize, usize),
    issues: &mut Vec<Issue>,
) {
    let span = || record.place("roles").span.clone();
    if roles(topology, pool).is_empty() {
        let wrong = Issue::new("nobody who may be hit ever has a role", span());
        let help = "leave it out, or name in `nodes` all nodes of a workload with roles: `squall list workloads KIND`";
        issues.push(wrong.help(help));
    } else if healthy > 0 || nodes_max < pool.len() {
        let wrong = Issue::new("whoever has a role may be any of the nodes", span());
        let wrong = wrong.label("but not all of them may be hit");
        let count = pool.len();
        issues.push(wrong.help(format!(
            "set `keep_healthy = 0` and `nodes_max = {count}`, or leave it out"
        )));
    }
}

/// A number of nodes; the largest if it could not be read.
fn size(record: &Args, key: &str) -> usize {
    let count = record.integer_opt(key);
    count.map_or(usize::MAX, |count| {
        usize::try_from(count).unwrap_or(usize::MAX)
    })
}

/// No fault is left by `kinds` and `without`.
fn nothing_to_draw(record: &Args) -> Issue {
    let given = ["kinds", "without"]
        .into_iter()
        .filter(|key| record.given(key));
    let given: Vec<&str> = given.collect();
    match given[..] {
        [] => issue("no fault can be drawn", &record.place).label("in this record"),
        [first, ..] => {
            let names: Vec<String> = given.iter().map(|key| format!("`{key}`")).collect();
            let left = format!("{} leave nothing to draw", names.join(" and "));
            let left = if given.len() == 1 { left.replace("leave", "leaves") } else { left };
            let span = record.place(first).span.clone();
            Issue::new("no fault can be drawn", span).label(left)
        }
    }
    .help(
        "name other faults or families: `squall list faults` shows them, and `squall list faults NAME` why one \
         cannot be drawn; faults of calls need a workload with a service",
    )
}

/// Begin and end: from a tenth of the run to three quarters, unless the file says otherwise.
fn times(record: &Args, stop: VirtualTime, issues: &mut Vec<Issue>) -> (VirtualTime, VirtualTime) {
    let run = stop.since(VirtualTime::ZERO);
    let from = record.duration_opt("from").unwrap_or(run / 10);
    let quiet = record.duration_opt("quiet").unwrap_or(run / 4);
    let ends = VirtualDuration::from_nanos(run.as_nanos().saturating_sub(quiet.as_nanos()));
    let until = record.duration_opt("until").unwrap_or(ends).min(ends);
    if until <= from {
        let given = ["until", "quiet", "from"]
            .into_iter()
            .find(|key| record.given(key));
        let wrong = match given {
            Some(key) => Issue::new("no time is left for faults", record.place(key).span.clone()),
            None => issue("no time is left for faults", &record.place),
        };
        issues.push(wrong.label(format!("from {from} until {until}, of a run of {run}")));
    }
    (VirtualTime::ZERO + from, VirtualTime::ZERO + until)
}

/// Faults that may be drawn, by `kinds` and `without`.
fn kinds(record: &Args, topology: &Topology, issues: &mut Vec<Issue>) -> Vec<&'static FaultKind> {
    let roles = record.flag("roles");
    let wanted = record.list_opt("kinds").map(|list| words(list, issues));
    let left_out = words(record.list_opt("without").unwrap_or(&[]), issues);
    let named = |kind: &FaultKind, words: &[&str]| {
        words
            .iter()
            .any(|word| *word == kind.name || *word == kind.family.to_string())
    };
    for arg in record.list_opt("kinds").unwrap_or(&[]) {
        let Value::Text(word) = &arg.value else {
            continue;
        };
        let Some(kind) = catalog::find(word) else {
            continue;
        };
        let (why, help) = match recipe(kind) {
            Err(why) => (why, "give it a `[[fault]]` of its own"),
            Ok(_) if needs_role(kind) && !roles => {
                let why = "it hits whoever has a role, and nobody with one is hit here".to_owned();
                (why, "set `roles = true`, or leave it out")
            }
            Ok(_) => continue,
        };
        let wrong = Issue::new(format!("{word} cannot be drawn"), 0..word.len());
        issues.push(arg.place.locate(wrong.label(why).help(help)));
    }
    let possible = |kind: &&&'static FaultKind| {
        let calls =
            kind.params.iter().any(|p| p.key == "service") && topology.services().is_empty();
        recipe(kind).is_ok()
            && (roles || !needs_role(kind))
            && !calls
            && wanted.as_ref().is_none_or(|words| named(kind, words))
            && !named(kind, &left_out)
    };
    catalog::ALL.iter().filter(possible).copied().collect()
}

/// Names of faults or families; what is neither is an issue.
fn words<'a>(list: &'a [Arg], issues: &mut Vec<Issue>) -> Vec<&'a str> {
    let mut families: Vec<String> = catalog::ALL
        .iter()
        .map(|kind| kind.family.to_string())
        .collect();
    families.dedup();
    let mut words = Vec::new();
    for arg in list {
        let Value::Text(word) = &arg.value else {
            continue;
        };
        if catalog::find(word).is_some() || families.contains(word) {
            words.push(word.as_str());
            continue;
        }
        let known = catalog::ALL.iter().map(|kind| kind.name);
        let known = known.chain(families.iter().map(String::as_str));
        let wrong = Issue::new(format!("unknown fault or family `{word}`"), 0..word.len())
            .label("no fault and no family of this name");
        issues.push(
            arg.place
                .locate(wrong.maybe_help(suggest_listed(word, known, "faults"))),
        );
    }
    words
}

impl Chaos {
    /// The climate of an empty `[chaos]` over a world, for runs that stop at `stop`.
    ///
    /// # Panics
    /// If the world has no node, or `stop` is the start.
    pub fn over(topology: &Topology, stop: VirtualTime) -> Self {
        let mut issues = Vec::new();
        let node = crate::param::Node::table(Vec::new());
        let record = crate::param::read(super::PARAMS, &node, &mut issues);
        let chaos = Self::read(&record, 0, stop, topology, &mut issues);
        assert!(
            !topology.nodes().is_empty(),
            "a world without nodes has no weather"
        );
        chaos.unwrap_or_else(|| panic!("a run without length has no weather: {issues:?}"))
    }
}
