//! Whether jobs go on while it is quiet: no fault is in force, the controller runs, and nodes suffice.

use super::{Config, Findings, Slug};
use squall_core::history::{FaultChange, NodeChange};
use squall_core::{NodeId, VirtualDuration, VirtualTime};
use std::collections::BTreeSet;

/// What is known of that.
#[derive(Debug)]
pub(super) struct Resumes {
    nodes: BTreeSet<NodeId>,
    controller: NodeId,
    needed: usize,
    settle: VirtualDuration,
    faults: u32,
    /// Nodes that do not run, and those that are kept out.
    down: BTreeSet<NodeId>,
    out: BTreeSet<NodeId>,
    quiet_since: Option<VirtualTime>,
    /// When a job last got on; `None` once it is finished.
    active: Vec<Option<VirtualTime>>,
}

impl Resumes {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            nodes: config.nodes.iter().copied().collect(),
            controller: config.controller,
            needed: config.ranks * config.jobs as usize,
            settle: config.settle(),
            faults: 0,
            down: BTreeSet::new(),
            out: BTreeSet::new(),
            quiet_since: Some(VirtualTime::ZERO),
            active: vec![Some(VirtualTime::ZERO); config.jobs as usize],
        }
    }
    fn changed(&mut self, at: VirtualTime) {
        let gone = self
            .down
            .union(&self.out)
            .filter(|node| self.nodes.contains(node))
            .count();
        let suffice = self.nodes.len() - gone >= self.needed;
        let quiet = self.faults == 0 && suffice && !self.down.contains(&self.controller);
        self.quiet_since = quiet.then_some(at);
    }
    pub(super) fn node_changed(&mut self, at: VirtualTime, node: NodeId, change: NodeChange) {
        match change {
            NodeChange::Up | NodeChange::Resumed => self.down.remove(&node),
            NodeChange::Down | NodeChange::OutOfMemory | NodeChange::Paused => {
                self.down.insert(node)
            }
        };
        self.changed(at);
    }
    pub(super) fn fault_changed(&mut self, at: VirtualTime, change: FaultChange) {
        match change {
            FaultChange::Active => self.faults += 1,
            FaultChange::Healed => self.faults = self.faults.saturating_sub(1),
            _ => return,
        }
        self.changed(at);
    }
    /// A node is in quarantine from now on.
    pub(super) fn keep_out(&mut self, at: VirtualTime, node: u64) {
        let id = u32::try_from(node).unwrap_or(u32::MAX);
        self.out.insert(NodeId(id));
        self.changed(at);
    }
    pub(super) fn goes_on(&mut self, job: u32, at: VirtualTime) {
        self.active[job as usize] = Some(at);
    }
    pub(super) fn finished(&mut self, job: u32) {
        self.active[job as usize] = None;
    }
    /// Whether time has run out for a job.
    pub(super) fn look(&mut self, now: VirtualTime, findings: &mut Findings) {
        let Some(quiet) = self.quiet_since else {
            return;
        };
        let settle = self.settle;
        for (job, active) in self.active.iter_mut().enumerate() {
            let Some(since) = active else { continue };
            let since = quiet.max(*since);
            if now > since.saturating_add(settle) {
                *active = Some(now);
                findings.violated(Slug::Resumes, (now, None), || {
                    format!("job {job} has not got on for {settle}, though nodes suffice and nothing is wrong")
                });
            }
        }
    }
}
