//! A file's text to a checked scenario.
//!
//! Three passes, all of which go on after an error: syntax (`tree`), shape (the tables), meaning
//! (names, targets, limits). The issues of all of them are shown together, by position.

mod faults;
mod frozen;
pub(crate) mod memory;
mod only_properties;
pub(crate) mod paths;
pub(crate) mod phases;
mod properties;
mod world;

use crate::diagnose::{Report, line_of};
use crate::overrides::{self, Settings};
use crate::scenario::{About, FileUse, Scenario, Variant};
use crate::{tables, tree};
use squall_faults::param::{Arg, Args, Kind, Node, Param, Raw, Value, read};
use squall_faults::{Issue, Topology};
use std::ops::Range;

pub use only_properties::{properties_for, properties_for_log};
use properties::Subjects;
pub(crate) use world::{OneWay, Running, one_way, profile};

/// Reads a scenario: the file at `path`, whose content is `text`, with settings applied.
///
/// `path` is for messages only. The error holds everything that is wrong, not only the first thing.
pub fn parse(path: &str, text: &str, settings: &Settings) -> Result<Scenario, Report> {
    if settings.is_empty() {
        let scenario = parse_effective(path, text)?;
        check_variants(&scenario)?;
        return Ok(scenario);
    }
    let syntax = tree::parse(text).1;
    if !syntax.is_empty() {
        return Err(Report::of_file(path, text, syntax));
    }
    let effective = overrides::apply(path, text, settings)?;
    parse_effective(path, &effective).map_err(|report| Report {
        path: format!("{path} with {settings}"),
        ..report
    })
}

fn parse_effective(path: &str, text: &str) -> Result<Scenario, Report> {
    let (node, mut issues) = tree::parse(text);
    let syntax = issues.len();
    let mut shape = Vec::new();
    let args = read(tables::FILE, &node, &mut shape);
    if let Some(first) = issues.iter().map(|issue| issue.range.start).min() {
        // Behind a place that could not be read, nothing is certain; and nothing is missing.
        shape.retain(|issue| issue.range.end <= first && !issue.message.starts_with("missing"));
    }
    issues.extend(shape);
    let mut meaning = Vec::new();
    let scenario = build(path, text, &args, &node, &mut meaning);
    if syntax == 0 {
        issues.extend(meaning);
    }
    if issues.is_empty() {
        Ok(scenario)
    } else {
        Err(Report::of_file(path, text, issues))
    }
}

/// Builds what can be built and says what is wrong with the rest.
fn build(path: &str, text: &str, args: &Args, node: &Node, issues: &mut Vec<Issue>) -> Scenario {
    let none = Args::default();
    let table = |key: &str| args.table_opt(key).unwrap_or(&none);
    let mut topology = Topology::default();
    topology.date = table("topology").date_opt("date").unwrap_or_default();
    let nodes = world::groups(table("topology"), text, &mut topology, issues);
    let running = world::workloads(
        table("workload"),
        node.get("workload"),
        &mut topology,
        issues,
    );
    memory::check_holds(table("topology"), &nodes, &running, issues);
    let links = world::links(table("topology"), text, &topology, issues);
    let stop = table("stop").duration_opt("at");
    let stop = stop.unwrap_or(squall_core::VirtualDuration::from_secs(86_400));
    if stop.is_zero() {
        let span = table("stop").place("at").span.clone();
        issues.push(Issue::new("run has no length", span).help("write for instance \"10m\""));
    }
    topology.phases = phases::phases(table("phases"), stop, issues);
    topology.spared = phases::spared(args, &topology, issues);
    for workload in &running.known {
        phases::announce(workload, &mut topology);
    }
    topology.unread.extend(running.unknown.iter().cloned());
    let seeds = seeds(args, issues);
    let seed = squall_core::Seed(seeds.start);
    let list = |key: &str| args.list_opt(key).unwrap_or(&[]);
    // A file that has no path pays nothing for them.
    let names_path =
        |fault: &Arg| matches!(&fault.value, Value::Table(record) if paths::named(record));
    if list("fault").iter().any(names_path) {
        paths::announce(&running, &mut topology);
    }
    let faults = faults::check(list("fault"), text, (seed, stop), &topology, issues);
    let chaos = faults::check_chaos(
        args.table_opt("chaos"),
        text,
        (seed, stop),
        &topology,
        &faults,
        issues,
    );
    let (properties, unread) = properties::check(
        list("property"),
        text,
        stop,
        Subjects::Running(&running),
        issues,
    );
    let world = frozen::World {
        seeds: &seeds,
        text,
        stop,
        topology: &topology,
        properties: &properties,
    };
    let regression = frozen::check(args, &world, issues);
    let expect = properties::expect(args.table_opt("expect"), (&properties, &unread), issues);
    // What is said of workloads whose world could not be read would be no error of theirs.
    let known = !table("topology").broken && running.unknown.is_empty();
    if known && (args.broken || !issues.is_empty()) {
        paths::foresee(&running, &topology, issues);
    }
    let about = table("about");
    let string = |args: &Args, key: &str| args.text_opt(key).unwrap_or("").to_owned();
    Scenario {
        name: string(args, "name"),
        path: path.to_owned(),
        text: text.to_owned(),
        about: About {
            source: string(about, "source"),
            tags: texts(about.list_opt("tags").unwrap_or(&[])),
            text: string(about, "text"),
        },
        seeds,
        stop,
        events_max: table("stop")
            .integer_opt("events_max")
            .map_or(1, i64::unsigned_abs),
        nodes,
        links,
        signals: table("topology")
            .duration_opt("signals")
            .unwrap_or_default(),
        workloads: running
            .known
            .into_iter()
            .map(|mut workload| {
                workload.line = line_of(text, workload.args.place.span.start);
                let mut faults = faults.iter();
                workload.roles = chaos.as_ref().is_some_and(|chaos| chaos.roles)
                    || faults.any(|f| squall_faults::trigger::asks_roles(f, &workload.name));
                workload
            })
            .collect(),
        faults,
        chaos,
        properties,
        expect,
        regression,
        variants: variants(table("with")),
        topology,
    }
}

/// The strings of a list.
fn texts(list: &[Arg]) -> Vec<String> {
    let text = |arg: &Arg| match &arg.value {
        Value::Text(text) => Some(text.clone()),
        _ => None,
    };
    list.iter().filter_map(text).collect()
}

fn variants(with: &Args) -> Vec<Variant> {
    let variant = |arg: &Arg| Variant {
        name: arg.key.clone(),
        about: match &arg.value {
            Value::Table(args) => args.text_opt("about").unwrap_or("").to_owned(),
            _ => String::new(),
        },
    };
    with.entries.iter().map(variant).collect()
}

/// `0..64`, `17` or `0x11`.
fn seeds(args: &Args, issues: &mut Vec<Issue>) -> Range<u64> {
    let text = match args.get("seeds") {
        Some(Value::Text(text)) => text.clone(),
        Some(Value::Number(x)) => x.to_string(),
        _ => "0..1".to_owned(),
    };
    let one = |text: &str| {
        text.trim()
            .parse::<squall_core::Seed>()
            .ok()
            .map(|seed| seed.0)
    };
    let range = match text.split_once("..") {
        Some((low, high)) => one(low).zip(one(high)).map(|(low, high)| low..high),
        None => one(&text).map(|seed| seed..seed.saturating_add(1)),
    };
    match range {
        Some(range) if !range.is_empty() => range,
        _ => {
            let issue = Issue::new(format!("`{text}` names no seeds"), 0..text.len());
            let issue = issue.help("write \"0..64\", 17 or \"0x11\"");
            issues.push(args.place("seeds").locate(issue));
            0..1
        }
    }
}

/// Tries every variant, so that a broken one is found before somebody needs it.
fn check_variants(scenario: &Scenario) -> Result<(), Report> {
    let mut issues = Vec::new();
    let tree = tree::parse(&scenario.text).0;
    for variant in &scenario.variants {
        let settings = Settings {
            with: vec![variant.name.clone()],
            set: Vec::new(),
        };
        match overrides::apply(&scenario.path, &scenario.text, &settings) {
            Err(report) => issues.extend(report.diagnostics.into_iter().map(|d| d.issue)),
            Ok(effective) => {
                let Err(report) = parse_effective(&scenario.path, &effective) else {
                    continue;
                };
                let place = variant_span(&tree, &variant.name);
                for diagnostic in report.diagnostics {
                    let line = line_of(&effective, diagnostic.issue.range.start);
                    let line = effective
                        .lines()
                        .nth(line as usize - 1)
                        .unwrap_or("")
                        .trim();
                    let message =
                        format!("variant `{}`: {}", variant.name, diagnostic.issue.message);
                    issues.push(
                        Issue::new(message, place.clone())
                            .label(format!("makes it `{line}`"))
                            .maybe_help(diagnostic.issue.help),
                    );
                }
            }
        }
    }
    match issues.is_empty() {
        true => Ok(()),
        false => Err(scenario.report(issues)),
    }
}

/// Where a variant is named.
fn variant_span(tree: &Node, name: &str) -> Range<usize> {
    let Some(Raw::Table(entries)) = tree.get("with").map(|with| &with.raw) else {
        return 0..0;
    };
    let found = entries.iter().find(|(key, _)| key.name == name);
    found.map_or(0..0, |(key, _)| key.span.clone())
}

/// Collects the files that parameters name.
pub(crate) fn files_in(params: &[Param], args: &Args, files: &mut Vec<FileUse>) {
    for param in params {
        match (&param.kind, args.arg(param.key)) {
            (Kind::File, Some(arg)) => {
                if let Value::Text(path) = &arg.value {
                    files.push(FileUse {
                        path: path.clone(),
                        place: arg.place.clone(),
                    });
                }
            }
            (Kind::Table(inner), Some(arg)) => {
                if let Value::Table(args) = &arg.value {
                    files_in(inner, args, files);
                }
            }
            _ => {}
        }
    }
}

/// Collects the files that hold laws and recordings.
pub(crate) fn traces_in(args: &Args, files: &mut Vec<FileUse>) {
    args.walk(&mut |arg| {
        let path = match &arg.value {
            Value::Trace(trace, _) => &trace.path,
            Value::Recording(path, _) => path,
            _ => return,
        };
        files.push(FileUse {
            path: path.clone(),
            place: arg.place.clone(),
        });
    });
}
