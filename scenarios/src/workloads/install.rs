//! How a workload comes into a world.

use super::WorkloadKind;
use crate::scenario::{Files, WorkloadUse};
use squall_core::property::Invariant;
use squall_core::world::RoleOf;
use squall_core::{ChannelId, KnobId, NameId, NodeId, World};
use squall_faults::param::Args;
use squall_faults::{Issue, Topology};
use std::any::Any;
use std::sync::Arc;

/// What a workload read once, before the first seed: a parsed trace, a graph. Shared by all seeds.
pub type Prepared = Arc<dyn Any + Send + Sync>;

/// What a workload may ask before the first seed.
#[derive(Clone, Copy)]
pub struct Prepare<'a> {
    /// Its parameters.
    pub args: &'a Args,
    /// Where it runs.
    pub nodes: &'a [NodeId],
    /// The world as faults see it.
    pub topology: &'a Topology,
    /// All workloads of the scenario.
    pub workloads: &'a [WorkloadUse],
    /// Where files come from.
    pub files: &'a dyn Files,
}

impl core::fmt::Debug for Prepare<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Prepare({:?})", self.args)
    }
}

impl Prepare<'_> {
    /// An issue at the value of `key`, a dotted path into the parameters.
    pub fn issue(&self, key: &str, message: impl Into<String>) -> Issue {
        let (tables, last) = key
            .rsplit_once('.')
            .map_or((None, key), |(t, l)| (Some(t), l));
        let mut args = self.args;
        for table in tables.into_iter().flat_map(|tables| tables.split('.')) {
            args = args.table_opt(table).unwrap_or(args);
        }
        let place = args.place(last);
        place.locate(Issue::new(message, 0..place.span.len()))
    }
}

/// Reads what a workload needs before the first seed; every error at once.
pub type PrepareFn = fn(&Prepare<'_>, &mut Vec<Issue>) -> Prepared;

/// Nothing to prepare.
pub fn nothing(_: &Prepare<'_>, _: &mut Vec<Issue>) -> Prepared {
    Arc::new(())
}

/// Puts a workload into a world: processes, links of its own, invariants.
pub type InstallFn = fn(&mut Install<'_>);

/// The world of one seed, as the workload's installation sees it. Nodes, services, knobs
/// and channels are there already.
pub struct Install<'a> {
    /// The world.
    pub world: &'a mut World,
    /// The workload as the scenario has it.
    pub workload: &'a WorkloadUse,
    /// What it prepared.
    pub prepared: &'a Prepared,
    /// The world as faults see it.
    pub topology: &'a Topology,
    /// What rollouts and the service graphs that they roll out have in common.
    pub fleets: &'a mut super::cluster::rollout::Fleets,
    /// Where pods live that are replicas of other workloads.
    pub homes: &'a mut super::cluster::scheduler::Homes,
    /// The invariants it promises, by slug: every one of its kind's table.
    pub invariants: Vec<(&'static str, Box<dyn Invariant>)>,
}

impl core::fmt::Debug for Install<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Install({})", self.workload.name)
    }
}

impl Install<'_> {
    /// The workload's parameters.
    pub const fn args(&self) -> &Args {
        &self.workload.args
    }
    /// Where it runs.
    pub fn nodes(&self) -> &[NodeId] {
        &self.workload.nodes
    }
    /// What it prepared.
    ///
    /// # Panics
    /// If that is of another type.
    pub fn prepared<T: Any + Send + Sync>(&self) -> Arc<T> {
        let prepared = Arc::clone(self.prepared);
        prepared
            .downcast()
            .expect("a workload knows what it prepared")
    }
    /// The full name of `slug`: `<workload>.<slug>`.
    pub fn full(&self, slug: &str) -> String {
        format!("{}.{slug}", self.workload.name)
    }
    /// The number of `<workload>.<slug>` in records: of an event or metric of the kind's tables.
    ///
    /// # Panics
    /// If the tables do not have it: what is not declared cannot be promised about.
    pub fn name(&mut self, slug: &str) -> NameId {
        let kind: &WorkloadKind = self.workload.kind;
        let known = kind.events.iter().any(|w| w.name == slug)
            || kind.metrics.iter().any(|m| m.name == slug)
            || kind.operations.contains(&slug);
        assert!(known, "`{slug}` is not in the tables of {}", kind.name);
        let full = self.full(slug);
        self.world.name(&full)
    }
    /// The knob `<workload>.<slug>`.
    ///
    /// # Panics
    /// If the tables do not have it.
    pub fn knob(&self, slug: &str) -> KnobId {
        let full = self.full(slug);
        let at = self
            .topology
            .knobs()
            .iter()
            .position(|knob| knob.name == full);
        KnobId::from_index(at.unwrap_or_else(|| panic!("`{full}` is not among the knobs")))
    }
    /// The channels `<workload>.<slug>`, place by place.
    ///
    /// # Panics
    /// If the tables do not have them.
    pub fn channels(&self, slug: &str) -> Vec<ChannelId> {
        let full = self.full(slug);
        let all = self.topology.channels().iter().enumerate();
        let found = all.filter(|(_, channel)| channel.group == full);
        let found: Vec<_> = found.map(|(i, _)| ChannelId::from_index(i)).collect();
        assert!(!found.is_empty(), "`{full}` is not among the channels");
        found
    }
    /// The role `slug` of this workload's name, where a fault asks who has it.
    ///
    /// # Panics
    /// If the tables do not have it.
    pub fn role(&mut self, slug: &str) -> Option<RoleOf> {
        let kind = self.workload.kind;
        let known = kind.roles.iter().any(|role| role.name == slug);
        assert!(known, "role `{slug}` is not in the tables of {}", kind.name);
        let asked = self.workload.roles;
        asked.then(|| self.world.role(slug, &self.workload.name))
    }
    /// Promises an invariant of the kind's table.
    pub fn promise(&mut self, slug: &'static str, invariant: impl Invariant + 'static) {
        self.invariants.push((slug, Box::new(invariant)));
    }
}
