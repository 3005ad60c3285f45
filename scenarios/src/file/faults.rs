//! Faults: labels, targets, and a first lowering that finds what cannot be done.

use crate::diagnose::line_of;
use squall_core::{Seed, VirtualDuration, VirtualTime};
use squall_faults::chaos::{Chaos, LABEL};
use squall_faults::compose::{Reading, labels_of, read};
use squall_faults::param::{Arg, Args, Value};
use squall_faults::{Draws, FaultUse, Issue, Timing, Topology, check_start, lower, trigger};

/// The faults of a file. `(seed, stop)` are those of the lowering that checks them.
pub(super) fn check(
    list: &[Arg],
    text: &str,
    (seed, stop): (Seed, VirtualDuration),
    topology: &Topology,
    issues: &mut Vec<Issue>,
) -> Vec<FaultUse> {
    let records: Vec<&Args> = list
        .iter()
        .filter_map(|arg| match &arg.value {
            Value::Table(record) => Some(record),
            _ => None,
        })
        .collect();
    let stop = VirtualTime::ZERO + stop;
    for record in &records {
        // Lowering stops at the first error of a fault; these find the others. What both find is
        // shown once.
        targets(record, topology, issues);
        if let Err(refusal) = check_start(&Timing::from_args(record), record, topology, stop) {
            issues.push(refusal.locate(record, record));
        }
    }
    let mut reading = Reading {
        topology,
        line_of: &|at| line_of(text, at),
        issues,
    };
    let whole = read(&records, &mut reading);
    let mut labels: Vec<&str> = whole.iter().map(|fault| fault.label.as_str()).collect();
    // What is said of a fault that could not be read is no error of its own.
    let mut topology = topology.clone();
    let known = labels_of(&records);
    for (_, label) in &known {
        let member = |other: &&str| {
            other
                .strip_prefix(label)
                .is_some_and(|r| r.starts_with('/'))
        };
        if !labels.contains(&label.as_str()) && !labels.iter().any(member) {
            labels.push(label);
            topology.unread.push(format!("fault:{label}"));
        }
    }
    // One of which not even the kind is known has a label if it has a name.
    for record in records.iter().filter(|record| record.broken) {
        if let Some(name) = record.text_opt("name")
            && !labels.contains(&name)
        {
            labels.push(name);
            topology.unread.push(format!("fault:{name}"));
        }
    }
    for (record, label) in &known {
        let Some(own) = labels.iter().position(|other| other == label) else {
            continue;
        };
        let refusals = trigger::check(record, &topology, (&labels, own), stop);
        let located = |refusal: squall_faults::Refusal| refusal.locate(record, record);
        issues.extend(refusals.into_iter().map(located));
    }
    if let Err(errors) = lower(seed, &whole, &topology, stop) {
        issues.extend(errors.into_iter().map(|error| error.issue));
    }
    whole
}

/// What more faults are drawn from. Those of the first seed are lowered with the others of the file.
pub(super) fn check_chaos(
    record: Option<&Args>,
    text: &str,
    (seed, stop): (Seed, VirtualDuration),
    topology: &Topology,
    faults: &[FaultUse],
    issues: &mut Vec<Issue>,
) -> Option<Chaos> {
    let record = record?;
    let (line, stop) = (
        line_of(text, record.place.span.start),
        VirtualTime::ZERO + stop,
    );
    let chaos = Chaos::read(record, line, stop, topology, issues)?;
    let same = |label: &str| label == LABEL || label.starts_with("chaos/");
    if let Some(fault) = faults.iter().find(|fault| same(&fault.label)) {
        let message = format!("`{LABEL}` is the name of the drawn faults");
        let place = fault.record.place.span.start;
        let issue = Issue::new(message, place..place + 1);
        issues.push(issue.help("give this one another, or remove `[chaos]`"));
        return None;
    }
    let drawn = chaos.faults(seed, topology);
    if let Err(errors) = lower(seed, &drawn, topology, stop) {
        issues.extend(errors.into_iter().map(|error| error.issue));
    }
    Some(chaos)
}

/// Whether the targets of a fault exist: nodes, links, the service.
fn targets(args: &Args, topology: &Topology, issues: &mut Vec<Issue>) {
    let draws = Draws::new(Seed(0), "check");
    // Whom a fault waits for it does not hit: that is checked with the trigger.
    let mut args = args.clone();
    args.entries.retain(|arg| arg.key != "on");
    args.walk(&mut |arg| {
        let result = match &arg.value {
            // Who has a role is known when the fault fires; somebody must be able to have it.
            Value::Selector(selector) => selector.candidates(topology).map(|_| ()),
            Value::Links(links) if links.has_roles(topology) => links.check(topology),
            Value::Links(links) => links.resolve(topology, &draws).map(|_| ()),
            Value::Variant(_, fault) => {
                let wrong = fault
                    .text_opt("service")
                    .and_then(|service| topology.find_service(service).err());
                issues.extend(wrong.map(|issue| fault.place("service").locate(issue)));
                Ok(())
            }
            _ => Ok(()),
        };
        if let Err(issue) = result {
            issues.push(arg.place.locate(issue));
        }
    });
}
