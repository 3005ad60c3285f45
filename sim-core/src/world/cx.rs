//! What a process sees of the world.

use super::compute::{Compute, MemorySet};
use super::handler::HandlerId;
use super::kernel::Kernel;
use super::message::{Body, Request};
use super::node::Life;
use super::span::SpanRef;
use super::timer::{BackOff, Sleep, Timeout};
use super::{CallFuture, Disk, Inbox, Shared};
use crate::WallTime;
use crate::history::{Outcome, Part, What};
use crate::rng::path_hash;
use crate::task::wake_index;
use crate::{Key, KnobId, NameId, NodeId, PortId, Stream, VirtualDuration, VirtualTime};
use core::cell::RefMut;
use core::fmt;
use core::future::Future;
use std::rc::Rc;

/// The world as one process sees it. Cheap to clone; a clone in another task of the same process is
/// the same process.
///
/// Once its node has crashed a `Cx` does nothing any more: destructors of a dead process cannot say
/// goodbye.
#[derive(Clone)]
pub struct Cx {
    pub(super) shared: Rc<Shared>,
    key: Key,
    pub(super) node: NodeId,
    pub(super) life: Life,
    pub(super) span: SpanRef,
}

impl fmt::Debug for Cx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process on node {} at {}", self.node.0, self.now())
    }
}

impl Cx {
    pub(super) fn new(shared: &Rc<Shared>, node: NodeId, process: &str) -> Self {
        let k = shared.kernel.borrow();
        let place = &k.nodes[node.index()];
        let path = format!("node/{}/{process}", place.name);
        let life = k.life_of(node, process);
        let key = Key::new(k.seed, &path, "process").child(u64::from(life.incarnation));
        let key = match life.kills {
            0 => key,
            kills => key.child(u64::from(kills)),
        };
        Self {
            shared: Rc::clone(shared),
            key,
            node,
            life,
            span: SpanRef::NONE,
        }
    }
    pub(super) fn kernel(&self) -> RefMut<'_, Kernel> {
        self.shared.kernel.borrow_mut()
    }
    /// The kernel, if this process is still alive.
    pub(super) fn alive(&self) -> Option<RefMut<'_, Kernel>> {
        let k = self.kernel();
        k.acts(self.node, self.life).then_some(k)
    }
    /// The kernel, if the node is still the one on which this process began.
    pub(super) fn on_live_node(&self) -> Option<RefMut<'_, Kernel>> {
        let k = self.kernel();
        k.node_lives(self.node, self.life).then_some(k)
    }

    /// The virtual time: what an observer outside knows and no process can. Measure with it; let a
    /// model decide by [`Cx::wall_clock`] and [`Cx::monotonic`].
    pub fn now(&self) -> VirtualTime {
        self.shared.kernel.borrow().time()
    }
    /// The node's wall clock: it may be off, and may be set back.
    pub fn wall_clock(&self) -> WallTime {
        self.kernel().read_wall(self.node)
    }
    /// The node's monotonic clock: how long the run has lasted by its oscillator. It never goes back,
    /// and timers go by it.
    pub fn monotonic(&self) -> VirtualDuration {
        VirtualDuration::from_nanos(self.kernel().read_monotonic(self.node))
    }
    /// The node this process runs on.
    pub const fn node(&self) -> NodeId {
        self.node
    }

    /// Waits for `duration` by the node's monotonic clock: of virtual time, if that is right.
    pub fn sleep(&self, duration: VirtualDuration) -> Sleep<'_> {
        let mut k = self.kernel();
        let now = k.time();
        match k.clock(self.node) {
            None => Sleep::new(self, now.saturating_add(duration)),
            Some(clock) => {
                let reading = clock.monotonic(now.as_nanos());
                Sleep::by_clock(self, reading.saturating_add(duration.as_nanos()))
            }
        }
    }
    /// Waits until the node's monotonic clock reads `reading`: for what is due periodically.
    pub fn sleep_until_monotonic(&self, reading: VirtualDuration) -> Sleep<'_> {
        let mut k = self.kernel();
        if k.clock(self.node).is_none() {
            return self.sleep_until(VirtualTime::ZERO.saturating_add(reading));
        }
        k.read_monotonic(self.node);
        Sleep::by_clock(self, reading.as_nanos())
    }
    /// Waits until `time`, whatever the node's clocks say: for what comes from outside, such as
    /// arrivals. Not at all if that has passed.
    pub const fn sleep_until(&self, time: VirtualTime) -> Sleep<'_> {
        Sleep::new(self, time)
    }
    /// Waits for `duration` before another attempt: a sleep that counts as back-off in the span.
    pub fn back_off(&self, duration: VirtualDuration) -> BackOff<'_> {
        BackOff::new(self.sleep(duration), self.now())
    }
    /// `future`, but for `duration` at most by the node's monotonic clock.
    pub fn timeout<F: Future>(&self, duration: VirtualDuration, future: F) -> Timeout<'_, F> {
        Timeout::new(self.sleep(duration), future)
    }
    /// Starts a task of this process.
    pub fn spawn(&self, future: impl Future<Output = ()> + 'static) {
        if let Some(mut k) = self.alive() {
            let task = k.tasks.insert(self.node, Box::pin(future));
            k.tasks.mark(task, self.life.group);
            wake_index(task.index);
        }
    }

    /// A stream of draws of this process for `purpose`. Two streams of one purpose give the same
    /// draws: give each thing its own purpose, or use [`Cx::numbered`].
    pub const fn stream(&self, purpose: &str) -> Stream {
        Stream::over(self.key(purpose))
    }
    /// The key of this process's draws for `purpose`.
    pub const fn key(&self, purpose: &str) -> Key {
        self.key.child(path_hash(purpose))
    }
    /// This process, with the draws of its part `number`: a session, a connection, a job.
    #[must_use]
    pub fn numbered(&self, number: u64) -> Self {
        Self {
            key: self.key.child(number).child(0),
            ..self.clone()
        }
    }

    /// Runs for `work` of processor time at speed 1.
    pub const fn compute(&self, work: VirtualDuration) -> Compute<'_> {
        Compute::new(self, work)
    }
    /// Declares a working set in the node's memory: pages of 4 KiB touched by Zipf rank with
    /// exponent `zipf` (0 is uniform), a share of them written.
    pub fn memory_set(&self, bytes: u64, zipf: f64, write_share: f64) -> MemorySet {
        let place = (self.node, self.life.group);
        self.kernel().memory_set(place, bytes, zipf, write_share)
    }

    /// Says that a working set was touched `rate` times a second for `warmed` before now (or, with
    /// [`VirtualDuration::MAX`], for ever). Once that is said of all sets of the node, memory that is
    /// over-committed begins where such a past has left it, not with the onset of a storm.
    pub fn memory_warm(&self, set: MemorySet, rate: f64, warmed: VirtualDuration) {
        if let Some(class) = set.class {
            self.kernel().memory_warm((self.node, class), rate, warmed);
        }
    }
    /// The node's disk.
    pub const fn disk(&self) -> Disk<'_> {
        Disk::new(self)
    }

    /// The value of a knob here.
    pub fn knob(&self, knob: KnobId) -> f64 {
        self.kernel().read_knob(knob, self.node)
    }

    /// The value of a knob on another node: what others are told of it, such as that it drains.
    pub fn knob_at(&self, knob: KnobId, node: NodeId) -> f64 {
        self.kernel().read_knob(knob, node)
    }
    /// Whether any fault is on a knob, wherever: to be asked once before many of [`Cx::knob_at`].
    pub fn knob_changed(&self, knob: KnobId) -> bool {
        self.kernel().knobs[knob.index()].is_changed()
    }

    /// The port of `service` on `node`.
    pub fn port(&self, node: NodeId, service: &str) -> PortId {
        self.kernel().port(node, service)
    }
    /// Opens the port of `service` on this node: messages and calls that arrive wait in it.
    pub fn listen(&self, service: &str) -> Inbox {
        let mut k = self.kernel();
        let port = k.port(self.node, service);
        if k.acts(self.node, self.life) {
            k.ports[port.index()].open = true;
            k.ports[port.index()].group = self.life.group;
        }
        drop(k);
        Inbox::new(self.clone(), port)
    }
    /// Sends a datagram: it may be lost or overtaken.
    pub fn send(&self, port: PortId, body: Body) {
        self.send_sized(port, body, super::WORDS_BYTES);
    }
    /// Sends a datagram that has `bytes` bytes on a link, whatever stands in it. Without a size a
    /// message has [`super::WORDS_BYTES`].
    pub fn send_sized(&self, port: PortId, body: Body, bytes: u32) {
        if let Some(mut k) = self.alive() {
            k.send_body(self.node, port, body, bytes);
        }
    }
    /// Calls a service and waits for the reply. Without [`CallFuture::within`] it waits for ever.
    pub const fn call(&self, port: PortId, request: Request) -> CallFuture<'_> {
        CallFuture::new(self, port, request)
    }
    /// Schedules an event for a handler on this or another node, without a link between them.
    pub fn schedule(&self, handler: HandlerId, delay: VirtualDuration, word: u64) {
        if let Some(mut k) = self.alive() {
            k.schedule_handler(handler, delay.as_nanos(), word);
        }
    }

    /// The number of a name in records. Look names up once, not for every record.
    pub fn name(&self, text: &str) -> NameId {
        self.kernel().names.intern(text)
    }
    /// Records an event of the workload.
    pub fn event(&self, name: NameId, a: u64, b: u64) {
        if let Some(mut k) = self.alive() {
            k.event(name, self.node, a, b);
        }
    }
    /// Records a sample of a metric or signal.
    pub fn sample(&self, name: NameId, value: f64) {
        if let Some(mut k) = self.alive() {
            let node = self.node;
            k.record(What::Sample { name, node, value });
        }
    }
    /// Records the start of a client's operation; give the number to [`Cx::returned`].
    pub fn invoke(&self, name: NameId, key: u64, value: u64) -> u32 {
        let Some(mut k) = self.alive() else {
            return u32::MAX;
        };
        let op = k.operations;
        k.operations += 1;
        let node = self.node;
        k.record(What::Invoke {
            op,
            node,
            name,
            key,
            value,
        });
        op
    }
    /// Records the end of an operation.
    pub fn returned(&self, op: u32, outcome: Outcome, value: u64) {
        if let Some(mut k) = self.alive() {
            k.record(What::Return { op, outcome, value });
        }
    }

    /// Begins an operation whose time is split by what it goes to.
    pub fn operation(&self, name: NameId) -> Operation {
        self.operation_under(name, self.span.id)
    }
    pub(super) fn operation_under(&self, name: NameId, parent: crate::SpanId) -> Operation {
        let span = match self.alive() {
            Some(mut k) => k.open_span(self.node, name, parent),
            None => SpanRef::NONE,
        };
        let cx = Self {
            span,
            ..self.clone()
        };
        Operation { cx, open: true }
    }
    /// Adds `ns` nanoseconds to a part of the current operation's time.
    pub(super) fn spent(&self, part: Part, ns: u64) {
        if self.span.id.is_some() {
            self.kernel().spans.add(self.span, part, ns);
        }
    }
    /// Says that the current operation waited for admission since `since`: a slot, a lock, a turn.
    pub fn waited_in_queue(&self, since: VirtualTime) {
        let ns = self.now().since(since).as_nanos();
        self.spent(Part::Queue, ns);
    }
}

/// An operation with split time. What is done through [`Operation::cx`] counts for it.
#[derive(Debug)]
pub struct Operation {
    cx: Cx,
    open: bool,
}

impl Operation {
    /// The process inside this operation.
    pub const fn cx(&self) -> &Cx {
        &self.cx
    }
    /// Ends the operation.
    pub fn end(mut self, outcome: Outcome) {
        self.close(outcome);
    }
    fn close(&mut self, outcome: Outcome) {
        if core::mem::take(&mut self.open) {
            match self.cx.alive() {
                Some(mut k) => k.close_span(self.cx.span, outcome),
                None => self.cx.kernel().spans.forget(self.cx.span),
            }
        }
    }
}

/// An operation that is given up leaves its outcome open.
impl Drop for Operation {
    fn drop(&mut self) {
        self.close(Outcome::Info);
    }
}
