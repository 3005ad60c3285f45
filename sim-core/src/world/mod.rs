//! The native host: a world of nodes under one virtual clock, and the loop that runs it.
//!
//! 1. Build: [`World::new`], nodes, links, knobs, processes, monitors, the plan.
//! 2. [`World::run`] until a time; model code runs in processes, which see the world through [`Cx`].
//! 3. [`World::finish`] gives verdicts, metrics and what landed.
//!
//! Two styles of process meet in one world: `async` code that owns a [`Cx`], and plain event
//! [`Handler`]s for large populations.
//!
//! Order: events by (time, sequence). The plan is scheduled before the first process starts, so a
//! fault due at t acts before anything else due at t. Ready tasks run first in, first out, before
//! the next event.

mod call;
mod channel;
mod clock;
mod compute;
mod cpu;
mod cx;
mod disk;
mod finish;
mod handler;
mod host;
mod inbox;
mod kernel;
mod knob;
mod link;
mod memory_rules;
mod message;
mod net;
mod node;
mod overlay;
mod run;
mod span;
mod timer;
mod trigger;
mod wake;

#[cfg(test)]
mod tests;

pub use call_future::CallFuture;
pub use clock::ClockSpec;
pub use compute::{Compute, MemorySet};
pub use cx::{Cx, Operation};
pub use disk::{Disk, File};
pub use finish::Finished;
pub use handler::{Handler, HandlerCx, HandlerId};
pub use host::{HOST_SIGNALS, HostSignal};
pub use inbox::{Inbox, Incoming, Recv, Stream};
pub use knob::KnobTurns;
pub use link::LinkProfile;
pub use memory_rules::{MemoryGroup, MemoryRules, Oomd};
pub use message::{Body, CALL_BYTES, CallError, Message, Reply, ReplyDamage, Request, WORDS_BYTES};
pub use node::{DiskSpec, NodeSpec};
pub use run::Bounds;
pub use timer::{BackOff, Elapsed, Sleep, Timeout};
pub use trigger::RoleOf;
pub(crate) use wake::Wake;

mod call_future;

use crate::history::History;
use crate::plan::Plan;
use crate::property::Monitor;
use crate::task::{Ready, TaskFuture};
use crate::{ChannelId, KnobId, NameId, Names, NodeId, PortId, Seed, ServiceId, VirtualDuration};
use core::future::Future;
use kernel::Kernel;
use knob::Knob;
use link::LinkRule;
use node::Node;
use std::cell::RefCell;
use std::rc::Rc;

/// What processes and the loop share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) kernel: RefCell<Kernel>,
}

/// Makes a process at every start of its node.
type ProcessFactory = Box<dyn Fn(Cx) -> TaskFuture>;
/// Makes a handler at every start of its node.
type HandlerFactory = Box<dyn Fn() -> Box<dyn Handler>>;

struct Process {
    node: NodeId,
    name: String,
    make: ProcessFactory,
}

/// A handler where the loop finds it: small, since a population may have hundreds of thousands.
struct HandlerPlace {
    node: NodeId,
    now: Option<Box<dyn Handler>>,
}

/// A simulated world.
pub struct World {
    shared: Rc<Shared>,
    ready: RefCell<Ready>,
    processes: Vec<Process>,
    handlers: Vec<HandlerPlace>,
    /// By handler.
    factories: Vec<HandlerFactory>,
    started: bool,
}

impl core::fmt::Debug for World {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let k = self.shared.kernel.borrow();
        write!(f, "world of {} nodes at {}", k.nodes.len(), k.time())
    }
}

/// Tasks own a [`Cx`], which owns the world: without this they would keep each other for ever.
impl Drop for World {
    fn drop(&mut self) {
        self.drop_tasks();
    }
}

impl World {
    /// An empty world. `keep` says whether its history stays in memory; it changes nothing else.
    pub fn new(seed: Seed, keep: bool) -> Self {
        let mut kernel = Kernel::new(seed);
        kernel.history = History::new(keep);
        Self {
            shared: Rc::new(Shared {
                kernel: RefCell::new(kernel),
            }),
            ready: RefCell::default(),
            processes: Vec::new(),
            handlers: Vec::new(),
            factories: Vec::new(),
            started: false,
        }
    }

    /// Makes the world empty again, for another seed, and keeps the memory of its arenas.
    pub fn reset(&mut self, seed: Seed, keep: bool) {
        self.drop_tasks();
        self.processes.clear();
        self.handlers.clear();
        self.factories.clear();
        self.ready.take();
        self.started = false;
        self.shared.kernel.borrow_mut().reset(seed, keep);
    }

    /// Drops all tasks. Their destructors may look at the world, so nothing of it is borrowed.
    fn drop_tasks(&mut self) {
        let mut k = self.shared.kernel.borrow_mut();
        let mut dead = core::mem::take(&mut k.dead);
        k.tasks.clear(&mut dead);
        // Computations give their jobs up one by one, which is quick where no job is left.
        let now = k.now;
        for node in &mut k.nodes {
            node.cpu.clear(now);
        }
        drop(k);
        drop(dead);
    }

    /// Adds a node.
    ///
    /// # Panics
    /// If it has memory groups and no memory, or a group is inside one that does not stand before it.
    pub fn add_node(&mut self, spec: &NodeSpec) -> NodeId {
        let mut k = self.shared.kernel.borrow_mut();
        let id = NodeId::from_index(k.nodes.len());
        k.nodes.push(Node::new(spec));
        k.clocked |= spec.clock != ClockSpec::default();
        k.add_host(spec);
        id
    }
    /// The behaviour of links that have none of their own. Set it before links are used.
    pub fn set_default_link(&mut self, profile: LinkProfile) {
        self.shared.kernel.borrow_mut().default_link = Rc::new(profile);
    }
    /// The behaviour of the directed links from each node of `from` to each of `to`, and back if
    /// `both`. It costs nothing until such a link is used; of two rules the later one holds. Set them
    /// before links are used.
    pub fn set_links(&mut self, from: &[NodeId], to: &[NodeId], both: bool, profile: LinkProfile) {
        let rule = LinkRule::new(from, to, both, profile);
        self.shared.kernel.borrow_mut().link_rules.push(rule);
    }
    /// The behaviour of one directed link.
    pub fn set_link(&mut self, from: NodeId, to: NodeId, profile: LinkProfile) {
        self.shared.kernel.borrow_mut().set_link(from, to, profile);
    }
    /// The port of `service` on `node`.
    pub fn port(&mut self, node: NodeId, service: &str) -> PortId {
        self.shared.kernel.borrow_mut().port(node, service)
    }
    /// The service of this name, wherever it runs.
    pub fn service(&mut self, name: &str) -> ServiceId {
        self.shared.kernel.borrow_mut().service(name)
    }
    /// The sensor or actuator of this name, made at first use. A change of a sample by no more than
    /// `resolution` is none for the account of faults.
    pub fn channel(&mut self, name: &str, resolution: f64) -> ChannelId {
        self.shared.kernel.borrow_mut().channel(name, resolution)
    }
    /// Adds a named parameter.
    pub fn add_knob(&mut self, base: f64) -> KnobId {
        let mut k = self.shared.kernel.borrow_mut();
        k.knobs.push(Knob::new(base));
        KnobId::from_index(k.knobs.len() - 1)
    }
    /// Says which values a knob may have: what overlays scale or add is clamped to them.
    pub fn bound_knob(&mut self, knob: KnobId, range: (f64, f64)) {
        self.shared.kernel.borrow_mut().knobs[knob.index()].bound(range);
    }
    /// The number of a name in records.
    pub fn name(&mut self, text: &str) -> NameId {
        self.shared.kernel.borrow_mut().names.intern(text)
    }
    /// The name table.
    pub fn names(&self) -> Names {
        self.shared.kernel.borrow().names.clone()
    }
    /// Lets a monitor see the history.
    pub fn watch(&mut self, monitor: Box<dyn Monitor>) {
        self.shared.kernel.borrow_mut().history.watch(monitor);
    }
    /// Sets the plan. Once, before the run.
    pub fn set_plan(&mut self, plan: Plan) {
        let mut k = self.shared.kernel.borrow_mut();
        k.landed = vec![(0, None); plan.entries().len()];
        k.timeline = plan.timeline();
        k.plan = Rc::new(plan);
        k.plan_clocks();
        k.plan_triggers();
    }
    /// Samples what an operator would see of the hosts, every `period`.
    pub fn sample_hosts(&mut self, period: VirtualDuration) {
        self.shared.kernel.borrow_mut().sample_hosts(period);
    }
    /// Counters of a node's disk; all zero if it was never used.
    pub fn disk_totals(&self, node: NodeId) -> crate::disk::DiskTotals {
        self.shared.kernel.borrow().disk_totals(node)
    }
    /// The virtual time.
    pub fn now(&self) -> crate::VirtualTime {
        self.shared.kernel.borrow().time()
    }
    /// Events handled so far.
    pub fn events(&self) -> u64 {
        self.shared.kernel.borrow().events
    }
    /// The seed of the run.
    pub fn seed(&self) -> Seed {
        self.shared.kernel.borrow().seed
    }
    /// Adds a process: `make` runs at every start of the node. Draws of the process are keyed by the
    /// node's name and `name`.
    pub fn process<F: Future<Output = ()> + 'static>(
        &mut self,
        node: NodeId,
        name: &str,
        make: impl Fn(Cx) -> F + 'static,
    ) {
        self.processes.push(Process {
            node,
            name: name.to_owned(),
            make: Box::new(move |cx| Box::pin(make(cx))),
        });
    }
    /// Adds a process written as event handlers; `make` runs at every start of the node.
    pub fn handler<H: Handler>(
        &mut self,
        node: NodeId,
        make: impl Fn() -> H + 'static,
    ) -> HandlerId {
        let id = HandlerId(u32::try_from(self.handlers.len()).expect("fewer than 2^32 handlers"));
        let mut k = self.shared.kernel.borrow_mut();
        let count = &mut k.nodes[node.index()].handlers;
        let number = *count;
        *count += 1;
        k.handlers.push((node, number));
        self.handlers.push(HandlerPlace { node, now: None });
        self.factories
            .push(Box::new(move || Box::new(make()) as Box<dyn Handler>));
        id
    }
}
