//! What a workload says about who needs whom, for the map from which blast radii are predicted.

use super::Prepared;
use crate::scenario::WorkloadUse;
use squall_core::depends::{DependencyMap, Retries, Sign, UnitId};
use squall_core::{ChannelId, KnobId, NodeId, ServiceId};
use squall_faults::Topology;
use squall_faults::topology::ChannelKind;
use std::any::Any;

/// Adds the units of a workload to a map: [`whole`] if there is no more to say than that it runs.
pub type DependsFn = fn(&mut Depends<'_>);

/// A workload that tells who needs whom.
#[derive(Debug)]
pub struct Depends<'a> {
    /// The map, with the hosts in it.
    pub map: &'a mut DependencyMap,
    /// The workload as the scenario has it.
    pub workload: &'a WorkloadUse,
    /// What it prepared.
    pub prepared: &'a Prepared,
    /// The world as faults see it.
    pub topology: &'a Topology,
}

/// The workload as one unit, which needs all its nodes, services and knobs, and the links between them.
pub fn whole(depends: &mut Depends<'_>) {
    let unit = depends.workload_unit();
    for node in &depends.workload.nodes {
        depends.map.runs_on(unit, *node);
        for other in &depends.workload.nodes {
            depends.map.talks(unit, *node, *other);
        }
    }
    for service in depends.workload.kind.services_in(&depends.workload.args) {
        let service = depends.service(service.name);
        depends.map.calls(unit, service);
    }
    depends.goes_by_all_knobs(unit);
}

impl Depends<'_> {
    /// The full name of `slug`: `<workload>.<slug>`.
    pub fn full(&self, slug: &str) -> String {
        format!("{}.{slug}", self.workload.name)
    }
    /// The unit of the workload itself.
    pub fn workload_unit(&mut self) -> UnitId {
        self.map.unit("workload", &self.workload.name)
    }
    /// What it prepared, if that is a `T`; it is not before its files are read.
    pub fn prepared<T: Any + Send + Sync>(&self) -> Option<&T> {
        self.prepared.downcast_ref()
    }
    /// The service `<workload>.<slug>`.
    ///
    /// # Panics
    /// If the tables do not have it.
    pub fn service(&self, slug: &str) -> ServiceId {
        let full = self.full(slug);
        let found = self.topology.service(&full);
        found.unwrap_or_else(|| panic!("`{full}` is not among the services"))
    }
    /// The knob `<workload>.<slug>`.
    ///
    /// # Panics
    /// If the tables do not have it.
    pub fn knob(&self, slug: &str) -> KnobId {
        let full = self.full(slug);
        let found = self.topology.knob(&full);
        found
            .unwrap_or_else(|| panic!("`{full}` is not among the knobs"))
            .0
    }
    /// The units of the sensors or actuators `<workload>.<slug>`, in the order of the topology: each with
    /// its host, and with the channel that its values pass.
    pub fn devices(&mut self, slug: &str) -> Vec<UnitId> {
        let full = self.full(slug);
        let mut units = Vec::new();
        for (index, channel) in self.topology.channels().iter().enumerate() {
            if channel.group == full {
                let kind = match channel.kind {
                    ChannelKind::Sensor => "sensor",
                    ChannelKind::Actuator => "actuator",
                };
                let unit = self.map.unit(kind, &channel.name);
                self.map.runs_on(unit, channel.node);
                self.map.speaks(unit, ChannelId::from_index(index));
                units.push(unit);
            }
        }
        units
    }
    /// `unit` goes by every knob of the workload.
    pub fn goes_by_all_knobs(&mut self, unit: UnitId) {
        for knob in self.workload.kind.knobs {
            let knob = self.knob(knob.name);
            self.map.reads(unit, knob);
        }
    }
    /// What `who` of the workload asks of `whom` is asked again when it fails: an event `again`, with this
    /// first argument if one is given, for operations that are the event or the span `of`.
    pub fn tries_again(&mut self, (who, whom): (&str, &str), again: (&str, Option<u64>), of: &str) {
        let retries = Retries {
            name: format!("retry loop of {who} on {whom}"),
            again: self.full(again.0),
            a: again.1,
            of: self.full(of),
        };
        self.map.tries_again(retries);
    }
    /// `unit` sends from each of `from` to each of `to` and waits for answers.
    pub fn talks(&mut self, unit: UnitId, from: &[NodeId], to: &[NodeId]) {
        for from in from {
            for to in to {
                self.map.talks(unit, *from, *to);
            }
        }
    }
    /// Spans called `<workload>.<slug>` are operations of `unit`.
    pub fn operation(&mut self, unit: UnitId, slug: &str) {
        let full = self.full(slug);
        self.map.sign(unit, Sign::Operation(full));
    }
    /// The event `<workload>.<slug>` is trouble for `unit`: on these nodes or, if none are named, on
    /// any; with this first argument, if one is given.
    pub fn trouble(&mut self, unit: UnitId, slug: &str, nodes: &[NodeId], a: Option<u64>) {
        let sign = Sign::Trouble {
            event: self.full(slug),
            nodes: nodes.to_vec(),
            a,
        };
        self.map.sign(unit, sign);
    }
}
