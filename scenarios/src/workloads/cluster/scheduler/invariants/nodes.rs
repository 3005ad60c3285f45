//! Nodes: which take pods, as the control plane says, and which are down, as is the case.

use super::{Config, Seer, Slug};
use squall_core::history::NodeChange;
use squall_core::{NameId, NodeId, VirtualTime};

/// What is known of nodes.
#[derive(Debug)]
pub(super) struct Nodes {
    /// Whether a worker is ready, and whether it drains.
    ready: Vec<bool>,
    drains: Vec<bool>,
    /// Since when a worker is down.
    down: Vec<Option<VirtualTime>>,
    /// Since when the control plane runs without a break; not if it does not.
    pub(super) control_since: Option<VirtualTime>,
    /// The earliest time at which pods of a node that is down must be elsewhere.
    due: Option<VirtualTime>,
}

impl Nodes {
    pub(super) fn new(config: &Config) -> Self {
        let count = config.workers.len();
        Self {
            ready: vec![false; count],
            drains: vec![false; count],
            down: vec![None; count],
            control_since: None,
            due: None,
        }
    }
}

impl Seer {
    /// What the control plane says about a worker.
    pub(super) fn node_event(&mut self, name: NameId, worker: u32, b: u64) {
        let (at, events) = (worker as usize, &self.events);
        if at >= self.config.workers.len() {
            return;
        }
        match name {
            _ if name == events.ready => self.nodes.ready[at] = true,
            _ if [events.unready, events.lost_node, events.off].contains(&name) => {
                self.nodes.ready[at] = false;
            }
            _ if name == events.cordoned => self.nodes.drains[at] = b > 0,
            _ => return,
        }
        self.placed.sites[at].open = self.nodes.ready[at] && !self.nodes.drains[at];
    }
    /// What happens to a node.
    pub(super) fn node_changed(&mut self, at: VirtualTime, node: NodeId, change: NodeChange) {
        if node == self.config.control {
            match change {
                NodeChange::Up | NodeChange::Resumed => {
                    self.nodes.control_since = Some(at);
                    // A control plane that begins again has an index of its own, and asks the nodes anew.
                    if change == NodeChange::Up {
                        self.nodes.drains.fill(false);
                        self.nodes.ready.fill(false);
                        for site in &mut self.placed.sites {
                            site.open = false;
                        }
                    }
                }
                NodeChange::Down | NodeChange::Paused | NodeChange::OutOfMemory => {
                    self.nodes.control_since = None;
                }
            }
        }
        if let Some(worker) = self.config.workers.iter().position(|other| *other == node) {
            match change {
                NodeChange::Down => {
                    self.nodes.down[worker] = Some(at);
                    for instance in self.running.sites[worker].pods.clone() {
                        self.running.take(instance);
                    }
                }
                NodeChange::Up => self.nodes.down[worker] = None,
                _ => {}
            }
        }
        self.reckon();
    }
    /// When the pods of a worker must be elsewhere, if it stays down.
    fn deadline(&self, worker: usize) -> Option<VirtualTime> {
        let from = self.nodes.down[worker]?.max(self.nodes.control_since?);
        let config = &self.config;
        let patience = config
            .grace
            .saturating_add(config.evict_after)
            .saturating_add(config.settle);
        Some(from.saturating_add(patience))
    }
    fn reckon(&mut self) {
        let all = (0..self.config.workers.len()).filter_map(|worker| self.deadline(worker));
        self.nodes.due = all.min();
    }
    /// Time has passed: whose pods must be elsewhere?
    pub(super) fn expect(&mut self, now: VirtualTime) {
        if self.nodes.due.is_none_or(|due| now <= due) {
            return;
        }
        for worker in 0..self.config.workers.len() {
            if self.deadline(worker).is_none_or(|due| now <= due) {
                continue;
            }
            let number = u32::try_from(worker).unwrap_or(u32::MAX);
            let left = &self.placed.sites[worker].pods;
            let since = self.nodes.down[worker];
            self.findings.test(Slug::NoLostPod, left.is_empty(), (now, self.worker(number)), || {
                let since = since.unwrap_or(now);
                format!("pods {left:?} still have their place on worker {number}, which is down since {since}")
            });
            // Said once.
            self.nodes.down[worker] = None;
        }
        self.reckon();
    }
}
