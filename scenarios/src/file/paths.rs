//! The links that workloads, services and loops use: what `path of W` means.
//!
//! They follow from the dependency map, which a workload tells when it is prepared. One that reads files for
//! that is prepared when these are there, and one that is wrong is not prepared at all; nothing that is said of
//! their paths is then wrong.

use super::world::Running;
use crate::scenario::{Files, Scenario, WorkloadUse};
use crate::workloads::{Depends, Prepare, Prepared};
use core::cell::Cell;
use squall_core::depends::{DependencyMap, HOST};
use squall_core::plan::LinkTarget;
use squall_faults::param::{Args, Value};
use squall_faults::{Issue, Topology};
use std::collections::BTreeSet;

/// Whether somewhere in a record a path is named. Words that a preset reads later count too.
pub(crate) fn named(record: &Args) -> bool {
    let mut found = false;
    record.walk(&mut |arg| {
        found |= match &arg.value {
            Value::Links(links) => links.path.is_some(),
            Value::Text(text) => text.split_whitespace().take(2).eq(["path", "of"]),
            _ => false,
        };
    });
    found
}

/// Enters the paths of the workloads that can tell them without a file; of the others nothing is known yet.
pub(super) fn announce(running: &Running, topology: &mut Topology) {
    let mut ready: Vec<(&WorkloadUse, Prepared)> = Vec::new();
    let mut unread = running.unknown.clone();
    for workload in &running.known {
        // What is wrong with it is said elsewhere, and is no error of a fault that names its path.
        match prepared(workload, (running, topology), &mut Vec::new()) {
            Some(prepared) => ready.push((workload, prepared)),
            None => unread.push(workload.name.clone()),
        }
    }
    let pairs = ready
        .iter()
        .map(|(workload, prepared)| (*workload, prepared));
    topology.paths = of(&dependencies(topology, pairs));
    topology.paths_unread = unread;
}

/// What is wrong with workloads beyond the words of their parameters, as far as no file is needed for it: for
/// a scenario that is refused anyway, and so is never prepared in earnest.
pub(super) fn foresee(running: &Running, topology: &Topology, issues: &mut Vec<Issue>) {
    for workload in &running.known {
        prepared(workload, (running, topology), issues);
    }
}

/// What a workload prepares without files. `None` if it is wrong, or asks for one; of the latter nothing is
/// said, since it is not known what is in it.
fn prepared(
    workload: &WorkloadUse,
    (running, topology): (&Running, &Topology),
    issues: &mut Vec<Issue>,
) -> Option<Prepared> {
    // Parameters that could not be read are missing, and whoever prepares counts on them.
    let broken = |workload: &WorkloadUse| workload.args.broken || workload.nodes.is_empty();
    let mut others = running.known.iter().filter(|other| broken(other));
    if broken(workload) || others.any(|other| mentions(&workload.args, &other.name)) {
        return None;
    }
    let files = Unread::default();
    let prepare = Prepare {
        args: &workload.args,
        nodes: &workload.nodes,
        topology,
        workloads: &running.known,
        files: &files,
    };
    let mut wrong = Vec::new();
    let prepared = (workload.kind.prepare)(&prepare, &mut wrong);
    if files.asked.get() {
        return None;
    }
    let sound = wrong.is_empty();
    issues.append(&mut wrong);
    sound.then_some(prepared)
}

/// Whether a word of these parameters is the name of another workload, from which it may read.
fn mentions(args: &Args, name: &str) -> bool {
    let mut found = false;
    args.walk(&mut |arg| found |= matches!(&arg.value, Value::Text(text) if text == name));
    found
}

/// Enters the paths of all workloads, and says which that faults name are none.
pub(crate) fn settle(scenario: &mut Scenario, map: &DependencyMap, issues: &mut Vec<Issue>) {
    scenario.topology.paths = of(map);
    scenario.topology.paths_unread.clear();
    for fault in &scenario.faults {
        fault.args.walk(&mut |arg| {
            if let Value::Links(links) = &arg.value
                && let Some(Err(issue)) = links.path(&scenario.topology)
            {
                issues.push(arg.place.locate(issue));
            }
        });
    }
}

/// Who needs whom among these workloads.
pub(crate) fn dependencies<'a>(
    topology: &Topology,
    workloads: impl Iterator<Item = (&'a WorkloadUse, &'a Prepared)>,
) -> DependencyMap {
    let nodes = topology.nodes().iter().map(|node| node.name.clone());
    let knobs = topology.knobs().iter().map(|knob| knob.name.clone());
    let services = topology.services().to_vec();
    let channels = topology.channels().iter().map(|c| c.name.clone());
    let (knobs, channels) = (knobs.collect(), channels.collect());
    let mut map = DependencyMap::new(nodes.collect(), services, knobs, channels);
    for (workload, prepared) in workloads {
        (workload.kind.depends)(&mut Depends {
            map: &mut map,
            workload,
            prepared,
            topology,
        });
    }
    map
}

/// The links by unit; those of a workload are all that its parts use.
fn of(map: &DependencyMap) -> Vec<(String, Vec<LinkTarget>)> {
    let units = || {
        map.units()
            .map(|(unit, _)| unit)
            .filter(|unit| unit.kind != HOST)
    };
    let whole = |name: &str| {
        let part = |other: &str| {
            let rest = other.strip_prefix(name);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '/']))
        };
        let parts = units().filter(|unit| part(&unit.name));
        let links: BTreeSet<LinkTarget> = parts.flat_map(|unit| unit.links()).collect();
        links.into_iter().collect()
    };
    units()
        .map(|unit| (unit.name.clone(), whole(&unit.name)))
        .collect()
}

/// Files that nobody has read yet, and whether somebody asked for one.
#[derive(Debug, Default)]
struct Unread {
    asked: Cell<bool>,
}

impl Files for Unread {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        self.asked.set(true);
        Err(format!("{path} is not read yet"))
    }
}
