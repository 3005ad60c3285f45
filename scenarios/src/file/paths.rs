//! The links that workloads, services and loops use: what `path of W` means.
//!
//! They follow from the dependency map, which a workload tells when it is prepared. One that reads files for
//! that is prepared when these are there; until then nothing that is said of its paths is wrong.

use crate::scenario::{Files, Scenario, WorkloadUse};
use crate::workloads::{Depends, Prepare, Prepared};
use core::cell::Cell;
use squall_core::depends::{DependencyMap, HOST};
use squall_core::plan::LinkTarget;
use squall_faults::param::Value;
use squall_faults::{Issue, Topology};
use std::collections::BTreeSet;

/// Enters the paths of the workloads that need no file for them.
pub(super) fn announce(workloads: &[WorkloadUse], topology: &mut Topology) {
    let mut ready: Vec<(&WorkloadUse, Prepared)> = Vec::new();
    let mut unread = Vec::new();
    for workload in workloads {
        let files = Unread::default();
        let prepare = Prepare {
            args: &workload.args,
            nodes: &workload.nodes,
            topology,
            workloads,
            files: &files,
        };
        // What is wrong with it is said when it is prepared in earnest.
        let prepared = (workload.kind.prepare)(&prepare, &mut Vec::new());
        match files.asked.get() {
            true => unread.push(workload.name.clone()),
            false => ready.push((workload, prepared)),
        }
    }
    let pairs = ready
        .iter()
        .map(|(workload, prepared)| (*workload, prepared));
    topology.paths = of(&dependencies(topology, pairs));
    topology.paths_unread = unread;
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
