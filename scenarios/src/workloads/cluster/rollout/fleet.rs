//! What a rollout and the service graph that it rolls out have in common, node by node: the version that runs, who
//! is drained or restarts, and the router's part: how requests are split, and what became of them.

use core::cell::{Cell, RefCell};
use squall_core::world::Cx;
use squall_core::{NameId, NodeId};
use std::collections::BTreeMap;
use std::rc::Rc;

/// The fleets of a world, by the name of the service graph.
#[derive(Debug, Default)]
pub struct Fleets(BTreeMap<String, Rc<Fleet>>);

impl Fleets {
    /// The fleet of a service graph: the same for all who ask, whoever asks first.
    pub(in crate::workloads::cluster) fn of(&mut self, graph: &str) -> Rc<Fleet> {
        Rc::clone(self.0.entry(graph.to_owned()).or_default())
    }
}

/// Requests that were answered or not, since the world began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) ended: u64,
    pub(super) errors: u64,
    pub(super) latency_ns: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Host {
    new: bool,
    drained: bool,
    down: bool,
    /// As a router: share of its requests for the new version, and how many it had and sent there since.
    share: f64,
    asked: u64,
    sent: u64,
    tallies: [Tally; 2],
}

/// Events that the service graph records for the rollout.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names {
    pub(super) routed: NameId,
    pub(super) strayed: NameId,
}

/// The nodes of one service graph, as a rollout has them. Without a rollout it says nothing.
#[derive(Debug, Default)]
pub(in crate::workloads::cluster) struct Fleet {
    names: Cell<Option<Names>>,
    hosts: RefCell<Vec<Host>>,
}

impl Fleet {
    /// A rollout takes it over; none if there is one already.
    pub(super) fn drive(&self, names: Names) -> bool {
        self.names.replace(Some(names)).is_none()
    }
    fn with<T>(&self, node: NodeId, change: impl FnOnce(&mut Host) -> T) -> T {
        let mut hosts = self.hosts.borrow_mut();
        if hosts.len() <= node.index() {
            hosts.resize(node.index() + 1, Host::default());
        }
        change(&mut hosts[node.index()])
    }
    fn host(&self, node: NodeId) -> Host {
        let hosts = self.hosts.borrow();
        hosts.get(node.index()).copied().unwrap_or_default()
    }

    pub(super) fn set_new(&self, node: NodeId, new: bool) {
        self.with(node, |host| host.new = new);
    }
    pub(super) fn set_drained(&self, node: NodeId, drained: bool) {
        self.with(node, |host| host.drained = drained);
    }
    pub(super) fn set_down(&self, node: NodeId, down: bool) {
        self.with(node, |host| host.down = down);
    }
    pub(super) fn set_share(&self, node: NodeId, share: f64) {
        self.with(node, |host| {
            (host.share, host.asked, host.sent) = (share, 0, 0);
        });
    }
    pub(super) fn tally(&self, node: NodeId, new: bool) -> Tally {
        self.host(node).tallies[usize::from(new)]
    }

    /// Whether a rollout has taken it over.
    pub(in crate::workloads::cluster) fn is_driven(&self) -> bool {
        self.names.get().is_some()
    }
    /// Whether the replicas of a node are of the new version.
    pub(in crate::workloads::cluster) fn is_new(&self, node: NodeId) -> bool {
        self.host(node).new
    }
    /// Whether the replicas of a node restart.
    pub(in crate::workloads::cluster) fn is_down(&self, node: NodeId) -> bool {
        self.host(node).down
    }
    /// A router decides for which version a request is. So many of its first n requests under a share are for the
    /// new one as the share of n, rounded down: no draw, and never more than the share.
    pub(in crate::workloads::cluster) fn route(&self, cx: &Cx, request: u64) -> bool {
        let Some(names) = self.names.get() else {
            return false;
        };
        let new = self.with(cx.node(), |host| {
            host.asked += 1;
            let new = (host.sent + 1) as f64 <= host.share * host.asked as f64 + 1e-9;
            host.sent += u64::from(new);
            new
        });
        cx.event(names.routed, request, u64::from(new));
        new
    }
    /// A visit begins here. If it is of a request for the old version, and this is the new one, that is recorded.
    pub(in crate::workloads::cluster) fn visited(&self, cx: &Cx, request: u64, new: bool) {
        if let Some(names) = self.names.get()
            && !new
            && self.is_new(cx.node())
        {
            cx.event(names.strayed, request, 0);
        }
    }
    /// A request of a router ended.
    pub(in crate::workloads::cluster) fn ended(&self, cx: &Cx, new: bool, ok: bool, latency: f64) {
        if !self.is_driven() {
            return;
        }
        let latency = squall_core::VirtualDuration::from_secs_f64(latency).as_nanos();
        self.with(cx.node(), |host| {
            let tally = &mut host.tallies[usize::from(new)];
            tally.ended += 1;
            tally.errors += u64::from(!ok);
            tally.latency_ns += latency;
        });
    }
    /// Whether a replica on this node turns a visit away: it is of the new version, the request is for the old one, and
    /// the service still has that. A caller that knew better would not have come.
    pub(in crate::workloads::cluster) fn turns_away(
        &self,
        cx: &Cx,
        new: bool,
        mut others: impl Iterator<Item = NodeId>,
    ) -> bool {
        self.is_driven() && !new && self.is_new(cx.node()) && others.any(|node| !self.is_new(node))
    }
    /// Those of `replicas` that a request may go to. One for the old version goes to old replicas while the service
    /// has any; one for the new version to new ones that serve, and to old ones if there are none.
    pub(in crate::workloads::cluster) fn allowed(
        &self,
        replicas: &[u32],
        node: impl Fn(u32) -> NodeId,
        new: bool,
    ) -> Vec<u32> {
        let host = |r: &u32| self.host(node(*r));
        let serves = |r: &u32| !host(r).drained && !host(r).down;
        let class = |r: &u32| host(r).new == new;
        let pick = |test: &dyn Fn(&u32) -> bool| -> Vec<u32> {
            replicas.iter().copied().filter(|r| test(r)).collect()
        };
        let mut found = pick(&|r| class(r) && serves(r));
        if found.is_empty() && !new {
            found = pick(&class);
        }
        if found.is_empty() {
            found = pick(&serves);
        }
        if found.is_empty() {
            replicas.to_vec()
        } else {
            found
        }
    }
}
