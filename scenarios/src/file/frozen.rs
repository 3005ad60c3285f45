//! The frozen plan of a regression file: `[regression]` and its `[[plan]]` records.

use crate::diagnose::line_of;
use crate::regression::Regression;
use squall_core::history::Digest;
use squall_core::plan::{Entry, Land, Plan, PlannedFault};
use squall_core::property::PropertySpec;
use squall_core::{NodeId, Seed, VirtualDuration, VirtualTime};
use squall_faults::param::{Arg, Args, Value, suggest, suggest_listed};
use squall_faults::{Issue, Topology, catalog, frozen};
use std::ops::Range;

/// What a frozen plan has to fit.
pub(super) struct World<'a> {
    pub(super) seeds: &'a Range<u64>,
    pub(super) text: &'a str,
    pub(super) stop: VirtualDuration,
    pub(super) topology: &'a Topology,
    pub(super) properties: &'a [PropertySpec],
}

/// The regression of a file, if it is one.
pub(super) fn check(file: &Args, world: &World<'_>, issues: &mut Vec<Issue>) -> Option<Regression> {
    let list = file.list_opt("plan").unwrap_or(&[]);
    let Some(args) = file.table_opt("regression") else {
        if let Some(first) = list.first() {
            let issue = Issue::new("a plan without [regression]", head(&first.place.span));
            issues.push(
                issue
                    .label("a plan belongs to one seed")
                    .help("add [regression] with its seed"),
            );
        }
        return None;
    };
    let drawn = file.list_opt("fault").and_then(<[Arg]>::first);
    let drawn = drawn.or_else(|| file.arg("chaos").filter(|chaos| chaos.given));
    if let Some(fault) = drawn {
        let issue = Issue::new(
            "faults are drawn, a plan is frozen",
            head(&fault.place.span),
        );
        let issue = issue.label("this would never happen");
        issues.push(issue.help("remove [[fault]] and [chaos], or [regression] and [[plan]]"));
    }
    let seed = parsed::<Seed>(args, "seed", issues);
    own_seed(args, (seed, world), issues);
    let digest = parsed::<Digest>(args, "digest", issues);
    let property = property(args, world, issues);
    let plan = plan(list, world, issues);
    let clocks = clocks(args, world, issues);
    let epoch = args
        .integer_opt("epoch")
        .and_then(|n| u32::try_from(n).ok());
    Some(Regression {
        of: args.text_opt("of").unwrap_or("").to_owned(),
        seed: seed?,
        property,
        digest: digest?,
        epoch: epoch?,
        epoch_at: args.place("epoch").span.clone(),
        plan: plan?.with_clocks(clocks),
    })
}

/// The plan was made for a seed: a file that does not run it repeats nothing.
fn own_seed(args: &Args, (seed, world): (Option<Seed>, &World<'_>), issues: &mut Vec<Issue>) {
    let Some(seed) = seed.filter(|seed| !world.seeds.contains(&seed.0)) else {
        return;
    };
    let length = args.text_opt("seed").map_or(1, str::len);
    let issue = Issue::new(format!("seed {seed} is not among `seeds`"), 0..length)
        .label("the plan was made for it")
        .help(format!("write seeds = \"{seed}\""));
    issues.push(args.place("seed").locate(issue));
}

/// The first byte of a record: a caret under all its lines helps nobody.
fn head(span: &std::ops::Range<usize>) -> std::ops::Range<usize> {
    span.start..span.end.min(span.start + 1)
}

/// A value that its type reads from text.
fn parsed<T: core::str::FromStr<Err: core::fmt::Display>>(
    args: &Args,
    key: &str,
    issues: &mut Vec<Issue>,
) -> Option<T> {
    let text = match args.get(key)? {
        Value::Text(text) => text.clone(),
        Value::Number(x) => x.to_string(),
        _ => return None,
    };
    match text.parse() {
        Ok(value) => Some(value),
        Err(error) => {
            let issue = Issue::new(error.to_string(), 0..text.len());
            issues.push(args.place(key).locate(issue));
            None
        }
    }
}

fn property(args: &Args, world: &World<'_>, issues: &mut Vec<Issue>) -> Option<usize> {
    let name = args.text_opt("property")?;
    let found = world.properties.iter().position(|p| p.name == name);
    if found.is_none() {
        let known = world.properties.iter().map(|p| p.name.as_str());
        let issue = Issue::new(format!("no property is called `{name}`"), 0..name.len());
        issues.push(
            args.place("property")
                .locate(issue.maybe_help(suggest(name, known))),
        );
    }
    found
}

/// Nodes that have a clock which can be wrong.
fn clocks(args: &Args, world: &World<'_>, issues: &mut Vec<Issue>) -> Vec<NodeId> {
    let mut nodes = Vec::new();
    for arg in args.list_opt("clocks").unwrap_or(&[]) {
        let Value::Text(name) = &arg.value else {
            continue;
        };
        match frozen::node(name, world.topology) {
            Ok(node) => nodes.push(node),
            Err(issue) => issues.push(arg.place.locate(issue)),
        }
    }
    nodes
}

/// The plan, if all of it fits.
fn plan(list: &[Arg], world: &World<'_>, issues: &mut Vec<Issue>) -> Option<Plan> {
    let before = issues.len();
    let mut faults: Vec<PlannedFault> = Vec::new();
    let mut entries: Vec<Entry> = Vec::new();
    let mut parts = Parts::default();
    let mut broken = false;
    for arg in list {
        let Value::Table(record) = &arg.value else {
            continue;
        };
        broken |= record.broken;
        // All of it is looked at, whatever is wrong with a part of it.
        let fault = fault_of(record, &mut faults, issues);
        let span = window(record, world, issues);
        let built = record.variant_opt("do").map(|(form, args)| {
            broken |= args.broken;
            frozen::build(form, args, world.topology)
        });
        let primitive = built.and_then(|built| built.map_err(|more| issues.extend(more)).ok());
        let Some(fault) = fault else {
            continue;
        };
        let part = parts.next(record, (fault, &faults), world, issues);
        let (Some((from, until)), Some(primitive)) = (span, primitive) else {
            continue;
        };
        entries.push(Entry {
            fault,
            part,
            from,
            until,
            primitive,
            firing: None,
        });
    }
    let whole = !broken && issues.len() == before;
    whole.then(|| Plan::new(faults, entries))
}

/// The parts of faults that were there so far, with the line of each.
#[derive(Default)]
struct Parts(Vec<(u32, u32, u32)>);

impl Parts {
    /// The number of the part that a record is: its own, or the next one of its fault.
    fn next(
        &mut self,
        record: &Args,
        (fault, faults): (u32, &[PlannedFault]),
        world: &World<'_>,
        issues: &mut Vec<Issue>,
    ) -> u32 {
        let own = || self.0.iter().filter(|(of, ..)| *of == fault);
        let next = own().map(|(_, part, _)| part + 1).max().unwrap_or(0);
        let given = record.integer_opt("part");
        let part = given.and_then(|n| u32::try_from(n).ok()).unwrap_or(next);
        if let Some((.., other)) = own().find(|(_, known, _)| *known == part) {
            let label = &faults[fault as usize].label;
            let issue = Issue::new(
                format!("part {part} of `{label}` is there twice"),
                head(&record.place("part").span),
            );
            issues.push(
                issue
                    .label(format!("the other one is in line {other}"))
                    .help("leave out `part`, or give it another number"),
            );
        }
        let line = line_of(world.text, record.place.span.start);
        self.0.push((fault, part, line));
        part
    }
}

/// The number of the fault that a record is part of.
fn fault_of(record: &Args, faults: &mut Vec<PlannedFault>, issues: &mut Vec<Issue>) -> Option<u32> {
    let (label, kind) = (record.text_opt("fault")?, record.text_opt("kind")?);
    if catalog::find(kind).is_none() {
        let known = catalog::ALL.iter().map(|kind| kind.name);
        let issue = Issue::new(format!("unknown fault `{kind}`"), 0..kind.len());
        let issue = issue
            .label("no fault of this name")
            .maybe_help(suggest_listed(kind, known, "faults"));
        issues.push(record.place("kind").locate(issue));
        return None;
    }
    let land = match record.word_opt("land") {
        Some("every seed") => Land::EverySeed,
        Some("optional") => Land::Optional,
        _ => Land::Any,
    };
    let at = match faults.iter().position(|fault| fault.label == label) {
        Some(at) => at,
        None => {
            faults.push(PlannedFault {
                kind: kind.to_owned(),
                label: label.to_owned(),
                land,
                notes: Vec::new(),
            });
            faults.len() - 1
        }
    };
    let other = &faults[at];
    let (key, was) = match () {
        () if other.kind != kind => ("kind", other.kind.clone()),
        () if record.given("land") && other.land != land => ("land", "another word".to_owned()),
        () => return u32::try_from(at).ok(),
    };
    let issue = Issue::new(
        format!("`{label}` has two values of `{key}`"),
        record.place(key).span.clone(),
    );
    issues.push(issue.label(format!("it is {was} in its first part")));
    None
}

/// From when to when a record acts.
fn window(
    record: &Args,
    world: &World<'_>,
    issues: &mut Vec<Issue>,
) -> Option<(VirtualTime, Option<VirtualTime>)> {
    let (from, until) = (record.duration_opt("from")?, record.duration_opt("until"));
    let mut refuse = |key: &str, what: String, help: String| {
        issues.push(Issue::new(what, record.place(key).span.clone()).help(help));
        None
    };
    if from >= world.stop {
        let help = format!("the run stops at {}", world.stop);
        return refuse("from", "begins when the run is over".to_owned(), help);
    }
    match until {
        Some(until) if until == from => {
            let help = format!("write a time after {from}");
            return refuse("until", "has no length".to_owned(), help);
        }
        Some(until) if until < from => {
            let help = format!("write a time after {from}");
            return refuse("until", "ends before it starts".to_owned(), help);
        }
        Some(until) if until > world.stop => {
            let help = format!("leave it out, or write \"{}\" at the most", world.stop);
            return refuse("until", "ends after the run".to_owned(), help);
        }
        _ => {}
    }
    let at = |d: VirtualDuration| VirtualTime::ZERO + d;
    Some((at(from), until.map(at)))
}
