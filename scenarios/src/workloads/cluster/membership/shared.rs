//! What all processes of the workload share: settings, names, ports, and what an observer outside knows.

use super::config::Config;
use super::events::Events;
use super::swim::{Member, Rules};
use crate::workloads::Install;
use core::cell::{Cell, RefCell};
use squall_core::world::Cx;
use squall_core::{NodeId, PortId, VirtualDuration, VirtualTime};
use std::rc::Rc;
use std::sync::Arc;

/// Shared by all processes of the workload.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) config: Arc<Config>,
    pub(super) rules: Rc<Rules>,
    pub(super) events: Events,
    /// Names of the ports: of packets, and of requests.
    pub(super) doors: [String; 2],
    /// Ports by place.
    pub(super) peers: Vec<PortId>,
    pub(super) requests: Vec<PortId>,
    /// Places by node.
    places: Vec<Option<Member>>,
    /// Requests so far: nobody gets a number twice.
    numbers: Cell<u64>,
    pub(super) truth: Truth,
}

impl Shared {
    pub(super) fn new(install: &mut Install<'_>, config: Arc<Config>) -> Rc<Self> {
        let doors = [install.full("member"), install.full("request")];
        let mut ports = |door: &str| -> Vec<PortId> {
            let nodes = config.nodes.iter();
            nodes.map(|node| install.world.port(*node, door)).collect()
        };
        let (peers, requests) = (ports(&doors[0]), ports(&doors[1]));
        Rc::new(Self {
            rules: Rc::new(config.rules.clone()),
            events: Events::new(|slug| install.name(slug)),
            peers,
            requests,
            places: places(&config.nodes),
            numbers: Cell::new(0),
            truth: Truth::new(config.nodes.len()),
            doors,
            config,
        })
    }
    /// The place of a node.
    pub(super) fn place(&self, node: NodeId) -> Option<Member> {
        self.places.get(node.index()).copied().flatten()
    }
    /// A number that no request had.
    pub(super) fn number(&self) -> u64 {
        self.numbers.set(self.numbers.get() + 1);
        self.numbers.get()
    }
}

/// Places by node.
pub(super) fn places(nodes: &[NodeId]) -> Vec<Option<Member>> {
    let mut places = Vec::new();
    for (place, node) in (0..).zip(nodes) {
        if places.len() <= node.index() {
            places.resize(node.index() + 1, None);
        }
        places[node.index()] = Some(place);
    }
    places
}

/// What is true of one member.
#[derive(Clone, Copy, Debug, Default)]
struct Fact {
    /// Whether its process runs and takes part.
    takes_part: bool,
    /// When it stopped last, if nobody has noticed that yet.
    stopped: Option<VirtualTime>,
    noticed: bool,
    /// When it was to act next.
    due: VirtualTime,
    /// Until then it counts as ill: it was late.
    ill_until: VirtualTime,
}

/// What an observer outside knows, for the metrics. It measures and influences nothing.
#[derive(Debug)]
pub(super) struct Truth(RefCell<Vec<Fact>>);

impl Truth {
    fn new(places: usize) -> Self {
        Self(RefCell::new(vec![Fact::default(); places]))
    }
    fn with<T>(&self, member: Member, change: impl FnOnce(&mut Fact) -> T) -> T {
        change(&mut self.0.borrow_mut()[member as usize])
    }
    pub(super) fn takes_part(&self, member: Member) {
        self.with(member, |fact| {
            fact.takes_part = true;
            fact.stopped = None;
        });
    }
    /// It left of its own will: nobody needs to find that out.
    pub(super) fn left(&self, member: Member) {
        self.with(member, |fact| fact.takes_part = false);
    }
    /// It is to act at this time.
    pub(super) fn due(&self, member: Member, at: VirtualTime) {
        self.with(member, |fact| fact.due = at);
    }
    /// It acts. If that is late, what is said of it in the next time may be true.
    pub(super) fn acts(&self, member: Member, now: VirtualTime, (late, ill): (u64, u64)) {
        let after = VirtualDuration::from_nanos;
        self.with(member, |fact| {
            if now > fact.due.saturating_add(after(late)) {
                fact.ill_until = now.saturating_add(after(ill));
            }
        });
    }
    /// Whether it runs, is well, and is not late with what it is to do.
    pub(super) fn is_well(&self, member: Member, now: VirtualTime, late: u64) -> bool {
        self.with(member, |fact| {
            let late = now > fact.due.saturating_add(VirtualDuration::from_nanos(late));
            fact.takes_part && fact.ill_until <= now && !late
        })
    }
    /// How long it has been dead, if it is, and whether that is news.
    pub(super) fn dead_for(&self, member: Member, now: VirtualTime) -> Option<(f64, bool)> {
        self.with(member, |fact| {
            let since = fact.stopped?;
            let first = !core::mem::replace(&mut fact.noticed, true);
            Some((now.since(since).as_secs_f64(), first))
        })
    }
}

/// Says when the process of a member ends, however that comes.
#[derive(Debug)]
pub(super) struct Presence {
    shared: Rc<Shared>,
    me: Member,
    cx: Cx,
}

impl Presence {
    pub(super) fn new(shared: &Rc<Shared>, me: Member, cx: &Cx) -> Self {
        Self {
            shared: Rc::clone(shared),
            me,
            cx: cx.clone(),
        }
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        let now = self.cx.now();
        self.shared.truth.with(self.me, |fact| {
            if core::mem::take(&mut fact.takes_part) {
                fact.stopped = Some(now);
                fact.noticed = false;
            }
        });
    }
}
