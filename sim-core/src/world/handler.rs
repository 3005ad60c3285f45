//! Plain event handlers: the other style of process, for populations of hundreds of thousands.

use super::kernel::Kernel;
use super::message::{Body, Message};
use crate::{Key, NodeId, PortId, VirtualDuration, VirtualTime, WallTime};
use core::fmt;

/// Names a handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HandlerId(pub u32);

/// A process written as event handlers. It is made anew at every start of its node.
pub trait Handler: 'static {
    /// The node came up.
    fn start(&mut self, _cx: &mut HandlerCx<'_>) {}
    /// A timer set by this handler, or an event scheduled for it by another, is due.
    fn event(&mut self, cx: &mut HandlerCx<'_>, word: u64);
    /// A message arrived at a port that the handler listens to.
    fn message(&mut self, _cx: &mut HandlerCx<'_>, _message: Message) {}
}

/// What a handler sees of the world.
pub struct HandlerCx<'a> {
    pub(super) kernel: &'a mut Kernel,
    pub(super) node: NodeId,
    pub(super) me: HandlerId,
}

impl fmt::Debug for HandlerCx<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "handler {} at {}", self.me.0, self.now())
    }
}

impl HandlerCx<'_> {
    /// The virtual time.
    pub fn now(&self) -> VirtualTime {
        VirtualTime::from_nanos(self.kernel.now)
    }
    /// The node this handler runs on.
    pub const fn node(&self) -> NodeId {
        self.node
    }
    /// This handler.
    pub const fn me(&self) -> HandlerId {
        self.me
    }
    /// Calls this handler with `word` after `delay` by the node's monotonic clock.
    #[inline]
    pub fn after(&mut self, delay: VirtualDuration, word: u64) {
        if !self.kernel.clocked {
            return self.schedule(self.me, delay, word);
        }
        self.kernel.handler_timer(self.me, delay, word);
    }
    /// Calls `handler` with `word` after `delay`. An event for a handler that crashes meanwhile is
    /// lost.
    #[inline]
    pub fn schedule(&mut self, handler: HandlerId, delay: VirtualDuration, word: u64) {
        self.kernel
            .schedule_handler(handler, delay.as_nanos(), word);
    }
    /// The node's wall clock: it may be off, and may be set back.
    pub fn wall_clock(&mut self) -> WallTime {
        self.kernel.read_wall(self.node)
    }
    /// The node's monotonic clock, by which timers go.
    pub fn monotonic(&mut self) -> VirtualDuration {
        VirtualDuration::from_nanos(self.kernel.read_monotonic(self.node))
    }
    /// Sends 64 bytes to a port over the link between the nodes.
    pub fn send(&mut self, port: PortId, words: [u64; 8]) {
        self.kernel.send_words(self.node, port, words);
    }
    /// Sends a datagram of `bytes` bytes to a port over the link between the nodes.
    pub fn send_sized(&mut self, port: PortId, body: Body, bytes: u32) {
        self.kernel.send_body(self.node, port, body, bytes);
    }
    /// Makes this handler listen at the port of `service` on its node.
    pub fn listen(&mut self, port: PortId) {
        self.kernel.ports[port.index()].handler = Some(self.me);
    }
    /// The key of this process's draws for `purpose`.
    pub fn key(&self, purpose: &str) -> Key {
        self.kernel.handler_key(self.me, purpose)
    }
    /// Records an event of the workload.
    pub fn record(&mut self, name: crate::NameId, a: u64, b: u64) {
        let node = self.node;
        self.kernel.event(name, node, a, b);
    }
}
