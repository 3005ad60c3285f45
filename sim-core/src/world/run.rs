//! The loop.

use super::handler::{HandlerCx, HandlerId};
use super::kernel::{Kernel, Kind};
use super::message::Arrived;
use super::{Cx, World};
use crate::history::{NodeChange, What};
use crate::outcome::Stop;
use crate::prefetch::prefetch;
use crate::queue::Pending;
use crate::task::{Turn, next_ready, wake_index};
use crate::{NodeId, PortId, VirtualTime};
use core::task::{Context, Poll};

/// More handlers and tasks than this do not stay in the cache.
const CROWD_MIN: usize = 2_000;
/// Events ahead whose slot, and whose future or handler, is fetched: far enough for memory to answer,
/// near enough to be known and to be still there.
const PLACES_AHEAD: usize = 10;
const STATES_AHEAD: usize = 5;

/// Bounds of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The run is over at this time; what is due then still happens.
    pub until: VirtualTime,
    /// It stops, inconclusively, after this many events.
    pub events_max: u64,
}

impl Bounds {
    /// Until `until`, whatever it takes.
    pub const fn until(until: VirtualTime) -> Self {
        Self {
            until,
            events_max: u64::MAX,
        }
    }
}

impl World {
    /// Runs. May be called again with a later bound to go on.
    pub fn run(&mut self, bounds: Bounds) -> Stop {
        let ready = core::mem::take(&mut self.ready);
        let turn = Turn::begin(&ready);
        if !self.started {
            self.started = true;
            self.start();
        }
        let stop = self.drive(bounds);
        drop(turn);
        self.ready = ready;
        stop
    }

    /// The plan first, then the nodes in their order.
    fn start(&mut self) {
        let mut k = self.shared.kernel.borrow_mut();
        k.schedule_plan();
        k.start_sampling();
        for index in 0..k.nodes.len() {
            let node = NodeId::from_index(index);
            let change = NodeChange::Up;
            k.record(What::Node { node, change });
        }
        drop(k);
        self.start_processes(|_, _| true);
    }

    /// Starts the processes of some nodes, or of some memory groups on them.
    fn start_processes(&mut self, on: impl Fn(NodeId, u8) -> bool) {
        for process in &self.processes {
            let life = self
                .shared
                .kernel
                .borrow()
                .life_of(process.node, &process.name);
            let group = life.group;
            if !on(process.node, group) {
                continue;
            }
            let cx = Cx::new(&self.shared, process.node, &process.name);
            let future = (process.make)(cx);
            let tasks = &mut self.shared.kernel.borrow_mut().tasks;
            let task = tasks.insert(process.node, future);
            tasks.mark(task, group);
            wake_index(task.index);
        }
        for (index, place) in self.handlers.iter_mut().enumerate() {
            if on(place.node, 0) {
                let handler = place.now.insert(self.factories[index]());
                let me = HandlerId(u32::try_from(index).expect("fewer than 2^32 handlers"));
                handler.start(&mut HandlerCx {
                    kernel: &mut self.shared.kernel.borrow_mut(),
                    node: place.node,
                    me,
                });
            }
        }
    }

    fn drive(&mut self, bounds: Bounds) -> Stop {
        let shared = std::rc::Rc::clone(&self.shared);
        let until = bounds.until.as_nanos();
        loop {
            while let Some(index) = next_ready() {
                self.poll(index, None);
            }
            let mut k = shared.kernel.borrow_mut();
            let crowded = self.handlers.len() + k.tasks.count() > CROWD_MIN;
            // Events of handlers make no task ready: they are handled without letting go.
            let event = loop {
                if k.events >= bounds.events_max {
                    return Stop::EventsMax;
                }
                let Some(event) = k.queue.pop_until(until) else {
                    if until == u64::MAX {
                        return Stop::Quiet;
                    }
                    k.now = until;
                    return Stop::Finished;
                };
                debug_assert!(event.time >= k.now, "time does not go back");
                k.now = event.time;
                k.events += 1;
                if crowded {
                    self.look_ahead(&k);
                }
                if event.kind != Kind::Handler as u16 {
                    break event;
                }
                self.handle(&mut k, event);
            };
            match Kind::of(event.kind) {
                Kind::Wake => {
                    // Nothing else is ready: the task runs now.
                    #[expect(clippy::cast_possible_truncation, reason = "a generation is a u32")]
                    let generation = event.word as u32;
                    drop(k);
                    self.poll(event.target, Some(generation));
                }
                Kind::Arrive => {
                    k.arrive(event.target, event.word);
                    self.deliver_mail(&mut k);
                }
                kind => {
                    k.rare_event(kind, event);
                    self.deliver_mail(&mut k);
                    let dead = core::mem::take(&mut k.dead);
                    let starting = core::mem::take(&mut k.starting);
                    drop(k);
                    // Destructors of a dead process run while nobody holds the kernel.
                    drop(dead);
                    if !starting.is_empty() {
                        self.start_processes(|node, group| {
                            let mut these = starting.iter().filter(|(n, _)| *n == node);
                            these.any(|(_, only)| only.is_none_or(|only| only == group))
                        });
                    }
                }
            }
        }
    }

    /// Fetches what the next events will touch. In a small population it is in the cache anyway.
    #[inline]
    fn look_ahead(&self, k: &Kernel) {
        if let Some(next) = k.queue.peek(PLACES_AHEAD) {
            match Kind::of(next.kind) {
                Kind::Wake => k.tasks.prefetch_slot(next.target),
                Kind::Handler => prefetch(&self.handlers[next.target as usize]),
                Kind::Arrive => k.prefetch_flight(next.target),
                _ => {}
            }
        }
        if let Some(next) = k.queue.peek(STATES_AHEAD) {
            match Kind::of(next.kind) {
                Kind::Wake => k.tasks.prefetch_future(next.target),
                Kind::Handler => {
                    if let Some(handler) = &self.handlers[next.target as usize].now {
                        prefetch(&**handler);
                    }
                }
                Kind::Arrive => k.prefetch_port(next.target),
                _ => {}
            }
        }
    }

    #[inline]
    fn handle(&mut self, k: &mut Kernel, event: Pending) {
        let place = &mut self.handlers[event.target as usize];
        let node = &mut k.nodes[place.node.index()];
        if event.sequence < node.born {
            return;
        }
        if !node.running {
            node.deferred.push(super::node::Deferred::Event(event));
            return;
        }
        if let Some(handler) = &mut place.now {
            let mut cx = HandlerCx {
                kernel: k,
                node: place.node,
                me: HandlerId(event.target),
            };
            handler.event(&mut cx, event.word);
        }
    }

    /// Gives messages that arrived at ports of handlers to them.
    fn deliver_mail(&mut self, k: &mut Kernel) {
        while let Some(port) = k.mail.pop() {
            self.deliver(k, port);
        }
    }
    fn deliver(&mut self, k: &mut Kernel, port: PortId) {
        loop {
            let place = &mut k.ports[port.index()];
            let (Some(id), true) = (place.handler, k.nodes[place.node.index()].running) else {
                return;
            };
            let node = place.node;
            let Some(arrived) = place.queue.pop_front() else {
                return;
            };
            let handler = self.handlers[id.0 as usize].now.as_mut();
            if let (Some(handler), Arrived::Message(message)) = (handler, arrived) {
                let mut cx = HandlerCx {
                    kernel: &mut *k,
                    node,
                    me: id,
                };
                handler.message(&mut cx, message);
            }
        }
    }

    /// Polls the task at `index`, if it is there and, where a generation is given, still the same.
    fn poll(&mut self, index: u32, generation: Option<u32>) {
        let (task, mut future) = {
            let mut k = self.shared.kernel.borrow_mut();
            let Some(node) = k.tasks.node(index, generation) else {
                return;
            };
            if k.defer_task(node, index) {
                return;
            }
            let Some(taken) = k.tasks.take(index) else {
                return;
            };
            taken
        };
        let waker = task.waker();
        let poll = future.as_mut().poll(&mut Context::from_waker(&waker));
        let mut k = self.shared.kernel.borrow_mut();
        let left = match poll {
            Poll::Pending => k.tasks.put_back(task, future),
            Poll::Ready(()) => {
                k.tasks.remove(task);
                Some(future)
            }
        };
        drop(k);
        drop(left);
    }
}

impl Kernel {
    /// Fetches a message in flight. A released one is named by its link: then this is for nothing.
    #[inline]
    fn prefetch_flight(&self, slot: u32) {
        if let Some(flight) = self.flights.get(slot as usize) {
            prefetch(flight);
        }
    }
    /// Fetches the port that a message goes to.
    #[inline]
    fn prefetch_port(&self, slot: u32) {
        let flight = self.flights.get(slot as usize).and_then(Option::as_ref);
        if let Some(port) = flight.and_then(|flight| self.ports.get(flight.port.index())) {
            prefetch(port);
        }
    }

    #[cold]
    #[inline(never)]
    fn rare_event(&mut self, kind: Kind, event: Pending) {
        match kind {
            Kind::WakeForeign => {
                let generation = u32::try_from(event.word).expect("a generation is a u32");
                if let Some(wake) = self.take_foreign(event.target, generation) {
                    self.wake(wake);
                }
            }
            Kind::Resend => self.resend(event.target),
            Kind::Deadline => self.deadline_passed(event.target, event.word),
            Kind::Parked => self.unpark(event.word),
            Kind::Cpu => self.cpu_event(NodeId(event.target), event.word),
            Kind::Memory => self.memory_event(NodeId(event.target)),
            Kind::Sample => self.sample_event(),
            Kind::Clock => self.clock_event(NodeId(event.target), event.word),
            Kind::Plan => self.plan_step(event.target as usize),
            Kind::Trigger => self.trigger_event(event.target, event.word),
            Kind::Wake | Kind::Handler | Kind::Arrive => {}
        }
    }

    /// An event that came while its node was paused happens now.
    pub(super) fn schedule_again(&mut self, event: Pending) {
        self.schedule(self.now, Kind::of(event.kind), event.target, event.word);
    }
    /// Mail that waited for a paused node goes to its handlers.
    pub(super) fn mail_all(&mut self, node: NodeId) {
        for (_, port) in &self.nodes[node.index()].ports {
            if self.ports[port.index()].handler.is_some() {
                self.mail.push(*port);
            }
        }
    }
}
