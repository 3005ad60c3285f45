//! Faults: labels, targets, and a first lowering that finds what cannot be done.

use crate::diagnose::line_of;
use squall_core::plan::Land;
use squall_core::{Seed, VirtualDuration, VirtualTime};
use squall_faults::param::{Arg, Args, Value};
use squall_faults::{
    Draws, FaultUse, Issue, Timing, Topology, catalog, check_start, labels, lower, trigger,
};

/// The faults of a file. `(seed, stop)` are those of the lowering that checks them.
pub(super) fn check(
    list: &[Arg],
    text: &str,
    (seed, stop): (Seed, VirtualDuration),
    topology: &Topology,
    issues: &mut Vec<Issue>,
) -> Vec<FaultUse> {
    let records: Vec<(&Args, &'static str, &Args)> = list
        .iter()
        .filter_map(|arg| match &arg.value {
            Value::Table(record) => {
                let (kind, args) = record.variant_opt("inject")?;
                Some((record, kind, args))
            }
            _ => None,
        })
        .collect();
    let names = records
        .iter()
        .map(|(record, kind, _)| (*kind, record.text_opt("name")));
    let labels = labels(names);
    let mut whole = Vec::new();
    for (index, (record, kind, args)) in records.iter().enumerate() {
        if let Some(first) = labels[..index].iter().position(|l| *l == labels[index]) {
            let line = line_of(text, records[first].0.place.span.start);
            let span = record.place("name").span.clone();
            issues.push(
                Issue::new(format!("two faults are called `{}`", labels[index]), span)
                    .label(format!("the other one is in line {line}")),
            );
        }
        if let Some(name) = record
            .text_opt("name")
            .filter(|name| name.contains(['/', '.']))
        {
            // Draws and settings are addressed by it.
            let issue = Issue::new(format!("`{name}` cannot name a fault"), 0..name.len());
            issues.push(
                record
                    .place("name")
                    .locate(issue.help("leave out `/` and `.`")),
            );
        }
        // Lowering stops at the first error of a fault; these find the others. What both find is
        // shown once.
        targets(args, topology, issues);
        let timing = Timing::from_args(record);
        if let Err(refusal) = check_start(&timing, record, topology, VirtualTime::ZERO + stop) {
            issues.push(refusal.locate(args, record));
        }
        let others: Vec<&str> = labels.iter().map(String::as_str).collect();
        let stop_time = VirtualTime::ZERO + stop;
        let refusals = trigger::check(record, topology, (&others, index), stop_time);
        issues.extend(
            refusals
                .into_iter()
                .map(|refusal| refusal.locate(args, record)),
        );
        if record.broken {
            continue;
        }
        whole.push(FaultUse {
            kind: catalog::find(kind).expect("the reader chooses among the faults of the table"),
            label: labels[index].clone(),
            args: (*args).clone(),
            timing,
            land: match record.word("land") {
                "every seed" => Land::EverySeed,
                "optional" => Land::Optional,
                _ => Land::Any,
            },
            line: line_of(text, record.place.span.start),
            record: (*record).clone(),
        });
    }
    // What is said of a fault that could not be read is no error of its own.
    let mut topology = topology.clone();
    let read = |label: &&String| !whole.iter().any(|fault| fault.label == **label);
    let unread = labels
        .iter()
        .filter(read)
        .map(|label| format!("fault:{label}"));
    topology.unread.extend(unread);
    if let Err(errors) = lower(seed, &whole, &topology, VirtualTime::ZERO + stop) {
        issues.extend(errors.into_iter().map(|error| error.issue));
    }
    whole
}

/// Whether the targets of a fault exist.
fn targets(args: &Args, topology: &Topology, issues: &mut Vec<Issue>) {
    let draws = Draws::new(Seed(0), "check");
    args.walk(&mut |arg| {
        let result = match &arg.value {
            Value::Selector(selector) => selector.candidates(topology).map(|_| ()),
            Value::Links(links) if links.has_roles(topology) => links.check(topology),
            Value::Links(links) => links.resolve(topology, &draws).map(|_| ()),
            _ => Ok(()),
        };
        if let Err(issue) = result {
            issues.push(arg.place.locate(issue));
        }
    });
}
