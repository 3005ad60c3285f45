//! Machines: what nodes have by the topology, and beyond it by the file.

use super::{Reader, mib, milli, place_of, small};
use crate::workloads::cluster::scheduler::placement::{Machine, Set};
use squall_faults::Issue;
use squall_faults::param::Value;

impl Reader<'_, '_> {
    pub(super) fn machines(&mut self) -> (Vec<Machine>, Vec<bool>) {
        let (prepare, args) = (self.prepare, self.prepare.args);
        let mut machines = Vec::new();
        for node in prepare.nodes {
            let info = prepare.topology.node(*node);
            let label = |key| info.label(key).unwrap_or("").to_owned();
            // Without racks a node is one of its own; racks of two zones are two racks.
            let rack = match info.label("rack") {
                Some(rack) => format!("{rack} in {}", label("zone")),
                None => info.name.clone(),
            };
            machines.push(Machine {
                cpu_milli: milli(f64::from(info.cores)),
                memory_mib: mib(info.memory),
                rack: place_of(&mut self.racks, rack),
                zone: place_of(&mut self.zones, label("zone")),
                ..Machine::default()
            });
        }
        let mut elastic = vec![false; machines.len()];
        for arg in &args.table("machines").entries {
            let Value::Table(table) = &arg.value else {
                continue;
            };
            let taints = self
                .taints
                .set(table.list_opt("taints").unwrap_or(&[]), self.issues);
            let model = table.text_opt("model").map(|name| self.models.number(name));
            let model = model.and_then(|number| self.or_issue(number, table, "model"));
            for node in self.nodes(table, "nodes").unwrap_or_default() {
                let Some(at) = prepare.nodes.iter().position(|other| *other == node) else {
                    let name = &prepare.topology.node(node).name;
                    let place = table.place("nodes");
                    let text = format!("`{name}` is not among the nodes of `on`");
                    let issue = Issue::new(text, 0..place.span.len());
                    self.issues
                        .push(place.locate(issue.help("machines are for workers")));
                    break;
                };
                let machine = &mut machines[at];
                machine.taints = taints;
                machine.gpus = u16::try_from(small(table, "gpus")).unwrap_or(0);
                machine.model = model;
                if let Some(cores) = table.number_opt("cores") {
                    machine.cpu_milli = milli(cores);
                }
                if let Some(memory) = table.size_opt("memory") {
                    machine.memory_mib = mib(memory);
                }
                elastic[at] = table.flag("elastic");
            }
        }
        (machines, elastic)
    }
    /// Gives machines the labels that pods ask for.
    pub(super) fn label(&self, machines: &mut [Machine]) {
        for (machine, node) in machines.iter_mut().zip(self.prepare.nodes) {
            let info = self.prepare.topology.node(*node);
            for (number, name) in (0u8..).zip(&self.labels.names) {
                let has = name
                    .split_once('=')
                    .is_some_and(|(key, value)| info.label(key) == Some(value));
                if has {
                    machine.labels = machine.labels.and(Set::one(number));
                }
            }
        }
    }
}
