//! The state of a running world, and what events do to it. No code of a model runs in here.

use super::Wake;
use super::call::{Parked, Service};
use super::channel::Channel;
use super::handler::HandlerId;
use super::knob::Knob;
use super::link::{Link, LinkProfile, LinkRule, LinkTable};
use super::message::{Call, Flight, Port};
use super::net::BusNode;
use super::node::{Deferred, Life, Node};
use super::span::Spans;
use crate::history::{History, What};
use crate::plan::{Plan, Step};
use crate::queue::{Pending, Queue};
use crate::task::{TaskFuture, TaskRef, Tasks};
use crate::{EntryId, Key, NameId, Names, NodeId, PortId, Seed, VirtualTime};
use std::collections::BTreeMap;
use std::rc::Rc;

/// What an event of the queue means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub(super) enum Kind {
    /// A task's timer: target is its index, word its generation.
    Wake,
    /// A timer of a combinator's waker: target is its slot, word its generation.
    WakeForeign,
    /// A handler's timer or event: target is the handler.
    Handler,
    /// A message arrives: target is its slot.
    Arrive,
    /// A lost message of a connection is sent again: target is its slot.
    Resend,
    /// The deadline of a call: target is its slot, word its generation.
    Deadline,
    /// A request or an answer that was parked goes on: word is its number.
    Parked,
    /// Something changes on the processors of a node: target is the node, word the generation.
    Cpu,
    /// The next step of the plan: target is its index.
    Plan,
    /// The memory of a node moves on: target is the node.
    Memory,
    /// Host signals are sampled.
    Sample,
    /// A timer by a node's own clock: target is the node, word the generation.
    Clock,
    /// A trigger of the plan: target is its index, word what about it.
    Trigger,
}

impl Kind {
    const ALL: [Self; 13] = [
        Self::Wake,
        Self::WakeForeign,
        Self::Handler,
        Self::Arrive,
        Self::Resend,
        Self::Deadline,
        Self::Parked,
        Self::Cpu,
        Self::Plan,
        Self::Memory,
        Self::Sample,
        Self::Clock,
        Self::Trigger,
    ];
    #[inline]
    pub(super) fn of(code: u16) -> Self {
        Self::ALL[code as usize]
    }
}

/// A running computation: who waits for it.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) generation: u32,
    pub(super) node: NodeId,
    pub(super) waker: Option<Wake>,
    pub(super) done: Option<super::cpu::JobTime>,
    /// Whether it makes room in memory: not productive.
    pub(super) reclaim: bool,
}

/// The state of a running world.
pub(crate) struct Kernel {
    pub(super) seed: Seed,
    /// Virtual time, in nanoseconds.
    pub(super) now: u64,
    /// The sequence number of the next event.
    pub(super) sequence: u64,
    pub(super) queue: Queue,
    pub(super) events: u64,
    pub(crate) tasks: Tasks,
    pub(super) names: Names,
    pub(super) history: History,
    pub(super) nodes: Vec<Node>,
    /// Whether any node has a clock that can be wrong.
    pub(super) clocked: bool,
    pub(super) default_link: Rc<LinkProfile>,
    /// Links that behave otherwise; the last rule that holds counts.
    pub(super) link_rules: Vec<LinkRule>,
    pub(super) links: Vec<Link>,
    /// Controllers of nodes on a bus that counts errors.
    pub(super) bus: BTreeMap<NodeId, BusNode>,
    pub(super) link_table: LinkTable,
    pub(super) ports: Vec<Port>,
    pub(super) services: Vec<Service>,
    pub(super) service_names: Names,
    pub(super) calls: Vec<Call>,
    pub(super) calls_free: Vec<u32>,
    /// Requests and answers that wait outside the network, by number.
    pub(super) parked: BTreeMap<u64, Parked>,
    pub(super) parked_next: u64,
    pub(super) flights: Vec<Option<Flight>>,
    pub(super) flights_free: Vec<u32>,
    pub(super) jobs: Vec<Job>,
    pub(super) jobs_free: Vec<u32>,
    /// Scratch: jobs that a processor finished.
    pub(super) jobs_done: Vec<(u32, super::cpu::JobTime)>,
    foreign: Vec<(u32, Option<Wake>)>,
    foreign_free: Vec<u32>,
    pub(super) knobs: Vec<Knob>,
    pub(super) channels: Vec<Channel>,
    pub(super) channel_names: Names,
    pub(super) spans: Spans,
    /// Of every handler its node, and its number on that node, by which its draws are keyed.
    pub(super) handlers: Vec<(NodeId, u32)>,
    pub(super) plan: Rc<Plan>,
    pub(super) timeline: Vec<Step>,
    /// What waits for something to happen; `None` if the plan has no trigger.
    pub(super) triggers: Option<Box<super::trigger::Triggers>>,
    /// By entry: how often it had an effect, and when first.
    pub(super) landed: Vec<(u64, Option<VirtualTime>)>,
    pub(super) landed_now: Vec<EntryId>,
    pub(super) hosts: super::host::Hosts,
    /// Ports of handlers at which something arrived.
    pub(super) mail: Vec<PortId>,
    /// Futures of crashed nodes, to be dropped while nobody holds the kernel.
    pub(super) dead: Vec<TaskFuture>,
    /// Nodes that came up and whose processes are to be started, or only those of one memory group.
    pub(super) starting: Vec<(NodeId, Option<u8>)>,
    pub(super) operations: u32,
}

impl core::fmt::Debug for Kernel {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} nodes at {}", self.nodes.len(), self.time())
    }
}

impl Kernel {
    pub(super) fn new(seed: Seed) -> Self {
        Self {
            seed,
            now: 0,
            sequence: 0,
            queue: Queue::new(),
            events: 0,
            tasks: Tasks::default(),
            names: Names::default(),
            history: History::default(),
            nodes: Vec::new(),
            clocked: false,
            default_link: Rc::default(),
            link_rules: Vec::new(),
            bus: BTreeMap::new(),
            links: Vec::new(),
            link_table: LinkTable::default(),
            ports: Vec::new(),
            services: Vec::new(),
            service_names: Names::default(),
            calls: Vec::new(),
            calls_free: Vec::new(),
            parked: BTreeMap::new(),
            parked_next: 0,
            flights: Vec::new(),
            flights_free: Vec::new(),
            jobs: Vec::new(),
            jobs_free: Vec::new(),
            jobs_done: Vec::new(),
            foreign: Vec::new(),
            foreign_free: Vec::new(),
            knobs: Vec::new(),
            channels: Vec::new(),
            channel_names: Names::default(),
            spans: Spans::default(),
            handlers: Vec::new(),
            plan: Rc::default(),
            timeline: Vec::new(),
            triggers: None,
            landed: Vec::new(),
            landed_now: Vec::new(),
            hosts: super::host::Hosts::default(),
            mail: Vec::new(),
            dead: Vec::new(),
            starting: Vec::new(),
            operations: 0,
        }
    }

    /// Empties everything for another seed but keeps the memory of the large arenas.
    pub(super) fn reset(&mut self, seed: Seed, keep: bool) {
        self.seed = seed;
        self.now = 0;
        self.sequence = 0;
        self.events = 0;
        self.queue.clear();
        self.names.clear();
        self.history.reset(keep);
        self.nodes.clear();
        self.clocked = false;
        self.default_link = Rc::default();
        self.link_rules.clear();
        self.bus.clear();
        self.links.clear();
        self.link_table.clear();
        self.ports.clear();
        self.services.clear();
        self.service_names.clear();
        self.calls.clear();
        self.calls_free.clear();
        self.parked.clear();
        self.parked_next = 0;
        self.flights.clear();
        self.flights_free.clear();
        self.jobs.clear();
        self.jobs_free.clear();
        self.foreign.clear();
        self.foreign_free.clear();
        self.knobs.clear();
        self.channels.clear();
        self.channel_names.clear();
        self.spans.clear();
        self.handlers.clear();
        self.plan = Rc::default();
        self.timeline.clear();
        self.triggers = None;
        self.landed.clear();
        self.landed_now.clear();
        self.hosts.clear();
        self.mail.clear();
        self.starting.clear();
        self.operations = 0;
    }

    pub(super) fn time(&self) -> VirtualTime {
        VirtualTime::from_nanos(self.now)
    }

    /// Schedules an event; the sequence number makes the order total.
    #[inline(never)]
    pub(super) fn schedule(&mut self, time: u64, kind: Kind, target: u32, word: u64) {
        let sequence = self.sequence;
        self.sequence += 1;
        self.queue.push(Pending {
            time,
            sequence,
            word,
            target,
            kind: kind as u16,
        });
    }

    #[inline]
    pub(super) fn schedule_handler(&mut self, handler: HandlerId, delay: u64, word: u64) {
        let time = self
            .now
            .checked_add(delay)
            .expect("virtual time ends after 584 years");
        self.schedule(time, Kind::Handler, handler.0, word);
    }

    /// Wakes a task at `time`.
    #[inline]
    pub(super) fn wake_task_at(&mut self, time: u64, task: TaskRef) {
        self.schedule(time, Kind::Wake, task.index, u64::from(task.generation));
    }
    /// Wakes `wake` at `time`. Gives the slot of a combinator's waker, to be freed with it.
    pub(super) fn wake_at(&mut self, time: u64, wake: Wake) -> Option<(u32, u32)> {
        match wake {
            Wake::Task(task) => {
                self.wake_task_at(time, task);
                None
            }
            Wake::Parked(number) => {
                self.schedule(time, Kind::Parked, 0, number);
                None
            }
            Wake::Foreign(_) => {
                let slot = self.foreign_free.pop().unwrap_or_else(|| {
                    self.foreign.push((0, None));
                    u32::try_from(self.foreign.len() - 1).expect("fewer than 2^32 timers")
                });
                let (generation, held) = &mut self.foreign[slot as usize];
                *held = Some(wake);
                let generation = *generation;
                self.schedule(time, Kind::WakeForeign, slot, u64::from(generation));
                Some((slot, generation))
            }
        }
    }
    /// Forgets the waker in a slot, or gives it to be woken.
    pub(super) fn take_foreign(&mut self, slot: u32, generation: u32) -> Option<Wake> {
        let (current, held) = self.foreign.get_mut(slot as usize)?;
        if *current != generation {
            return None;
        }
        *current = current.wrapping_add(1);
        self.foreign_free.push(slot);
        held.take()
    }

    /// Whether a process may still act: a dead one does nothing any more, not even in its destructors.
    #[inline]
    pub(super) fn acts(&self, node: NodeId, life: Life) -> bool {
        let place = &self.nodes[node.index()];
        let own = place.kills.get(usize::from(life.group)).copied();
        self.node_lives(node, life) && own.unwrap_or(0) == life.kills
    }
    /// Whether the node of a process has gone on since that began, though the process may be dead.
    #[inline]
    pub(super) fn node_lives(&self, node: NodeId, life: Life) -> bool {
        let node = &self.nodes[node.index()];
        node.up && node.incarnation == life.incarnation
    }

    /// Appends a record.
    #[inline]
    pub(super) fn record(&mut self, what: What) {
        self.history.push(VirtualTime::from_nanos(self.now), what);
        if self.triggers.is_some() {
            self.match_record(&what);
        }
    }
    pub(super) fn event(&mut self, name: NameId, node: NodeId, a: u64, b: u64) {
        self.record(What::Event { name, node, a, b });
    }

    /// The port of `service` on `node`, made at first use.
    pub(super) fn port(&mut self, node: NodeId, service: &str) -> PortId {
        let service = self.service(service);
        let known = &self.nodes[node.index()].ports;
        if let Some((_, port)) = known.iter().find(|(s, _)| *s == service) {
            return *port;
        }
        let port = PortId::from_index(self.ports.len());
        self.ports.push(Port {
            node,
            open: false,
            group: 0,
            handler: None,
            queue: Default::default(),
            waiting: Default::default(),
        });
        self.services[service.index()].ports.push(port);
        self.nodes[node.index()].ports.push((service, port));
        port
    }

    pub(super) fn handler_key(&self, handler: HandlerId, purpose: &str) -> Key {
        let (node, number) = self.handlers[handler.0 as usize];
        let name = &self.nodes[node.index()].name;
        Key::new(self.seed, &format!("node/{name}/handler"), purpose).child(u64::from(number))
    }

    /// A task on a node that does not run waits for the node.
    pub(super) fn defer_task(&mut self, node: NodeId, task: u32) -> bool {
        let node = &mut self.nodes[node.index()];
        if !node.running {
            node.deferred.push(Deferred::Task(task));
        }
        !node.running
    }
}
