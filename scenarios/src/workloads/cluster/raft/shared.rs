//! What all processes of the workload share: the plan, names, ports, and what outlives processes.

use super::config::Config;
use super::events::{Events, HostEvents};
use super::machine::Member;
use super::steward::Book;
use crate::workloads::Install;
use crate::workloads::cluster::scheduler::Home;
use core::cell::{Cell, RefCell};
use squall_core::world::RoleOf;
use squall_core::{KnobId, NodeId, PortId, VirtualTime};
use std::rc::Rc;
use std::sync::Arc;

/// What an operator has written down about a replica: it survives crashes of the operator's node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Diary {
    /// It votes, or may.
    In,
    /// Its removal is committed, at this index; it was not asked to be added since.
    Out(u32),
    /// The same, and it was told to empty itself.
    Emptying(u32),
}

/// What an operator has written down.
#[derive(Clone, Debug, Default)]
pub(super) struct Desk {
    /// The number of its last order.
    pub(super) serial: u32,
    pub(super) replicas: Vec<(Member, Diary)>,
    /// The replica about which an order is under way.
    pub(super) busy: Option<Member>,
}

/// Shared by all processes of the workload.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) config: Arc<Config>,
    pub(super) events: Events,
    /// Only where replicas are placed.
    pub(super) hosting: Option<HostEvents>,
    /// The role of leaders, if a fault asks who has it.
    pub(super) leader: Option<RoleOf>,
    /// Names of the ports, for those who listen: of replicas, and of clients.
    pub(super) doors: [String; 2],
    /// The port at which the process of a node hears of pods there.
    pub(super) pods: String,
    /// Ports by node.
    peers: Vec<PortId>,
    requests: Vec<PortId>,
    /// Where replicas live, if a scheduler places them.
    home: Option<Rc<Home>>,
    /// Directory of the replicas' files.
    pub(super) dir: String,
    /// Sessions and values so far: nobody gets one twice.
    sessions: Cell<u32>,
    values: Cell<u64>,
    pub(super) desks: RefCell<Vec<Desk>>,
    /// The knob that says whether a replica is to be a member, and what the steward did about it.
    pub(super) member: KnobId,
    pub(super) book: Cell<Book>,
    /// When somebody led last. It measures and influences nothing.
    pub(super) led: Cell<VirtualTime>,
}

impl Shared {
    pub(super) fn new(install: &mut Install<'_>, config: Arc<Config>) -> Rc<Self> {
        let doors = [install.full("raft"), install.full("request")];
        let nodes = || config.nodes.iter();
        let peers = nodes()
            .map(|node| install.world.port(*node, &doors[0]))
            .collect();
        let requests = nodes()
            .map(|node| install.world.port(*node, &doors[1]))
            .collect();
        let operators = config.operators.map_or(0, |operators| operators.count) as usize;
        let mut desks = vec![Desk::default(); operators];
        for number in (0..config.count).filter(|_| operators > 0) {
            let member = Member::try_from(number).expect("at most 64 replicas");
            let diary = match config.voters.has(member) {
                true => Diary::In,
                false => Diary::Out(0),
            };
            desks[number % operators].replicas.push((member, diary));
        }
        let pods = install.full("pods");
        let home = config.placed.as_ref().map(|(by, kind)| {
            let home = install.homes.of(by, kind);
            for node in nodes() {
                home.hear(*node, install.world.port(*node, &pods));
            }
            home
        });
        let roles = install.workload.roles;
        Rc::new(Self {
            events: Events::new(|slug| install.name(slug)),
            hosting: (home.is_some()).then(|| HostEvents::new(|slug| install.name(slug))),
            leader: roles.then(|| install.world.role("leader", &install.workload.name)),
            pods,
            peers,
            requests,
            home,
            dir: install.workload.name.clone(),
            // Operators have the first ones, for good.
            sessions: Cell::new(u32::try_from(operators).unwrap_or(0)),
            values: Cell::new(0),
            desks: RefCell::new(desks),
            member: install.knob("member"),
            book: Cell::default(),
            led: Cell::new(VirtualTime::ZERO),
            doors,
            config,
        })
    }
    /// The position among the nodes of the one on which a replica is, if it was placed.
    fn place(&self, member: Member) -> Option<usize> {
        let member = usize::from(member);
        match &self.home {
            None => Some(member),
            Some(home) => {
                let node = home.node(member)?;
                self.config.nodes.iter().position(|other| *other == node)
            }
        }
    }
    /// The node of a replica.
    pub(super) fn node(&self, member: Member) -> Option<NodeId> {
        self.place(member).map(|place| self.config.nodes[place])
    }
    /// Where it hears the others.
    pub(super) fn peer(&self, member: Member) -> Option<PortId> {
        self.place(member).map(|place| self.peers[place])
    }
    /// Where it is asked.
    pub(super) fn request(&self, member: Member) -> Option<PortId> {
        self.place(member).map(|place| self.requests[place])
    }
    /// Whether no operator has this replica in hand.
    pub(super) fn is_free(&self, member: Member) -> bool {
        self.desks.borrow().iter().all(|desk| {
            let own = desk.replicas.iter().find(|(other, _)| *other == member);
            desk.busy != Some(member) && own.is_none_or(|(_, diary)| *diary == Diary::In)
        })
    }
    /// A session that nobody had.
    pub(super) fn session(&self) -> u32 {
        self.sessions.set(self.sessions.get() + 1);
        self.sessions.get()
    }
    /// A value that nobody had.
    pub(super) fn value(&self) -> u64 {
        self.values.set(self.values.get() + 1);
        self.values.get()
    }
}
