//! Messages, requests, replies, and their way through the network.

use super::Wake;
use super::link::Connection;
use crate::plan::Corruption;
use crate::{NodeId, PortId, SpanId, VirtualDuration, VirtualTime};
use core::any::Any;
use core::fmt;
use std::collections::VecDeque;
use std::rc::Rc;

/// A message that arrived.
#[derive(Debug)]
pub struct Message {
    /// The sender's node.
    pub from: NodeId,
    /// What it carries.
    pub body: Body,
    /// Whether a fault damaged it on its way and nobody but the receiver can notice. Its body is what
    /// was sent: what damage means is up to the model.
    pub damaged: bool,
}

/// Bytes that a message of words has on a link. Sizes count payload, without headers.
pub const WORDS_BYTES: u32 = 64;
/// Bytes of a request or reply that does not say how large it is: a small remote call. A choice of
/// this project.
pub const CALL_BYTES: u32 = 512;

/// What a message carries.
pub enum Body {
    /// 64 bytes, without an allocation.
    Words([u64; 8]),
    /// Anything. The network cannot copy it.
    Boxed(Box<dyn Any>),
    /// Anything that does not change: a copy that the network makes shares it.
    Shared(Rc<dyn Any>),
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Words(words) => write!(f, "{words:?}"),
            Self::Boxed(_) => f.write_str("boxed"),
            Self::Shared(_) => f.write_str("shared"),
        }
    }
}

impl Body {
    /// The words of a message of words; zeros for another.
    pub const fn words(&self) -> [u64; 8] {
        match self {
            Self::Words(words) => *words,
            Self::Boxed(_) | Self::Shared(_) => [0; 8],
        }
    }
}

/// What a client asks of a service. The meaning of the numbers is between the two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// Which method, tool or model.
    pub method: u32,
    /// What it costs in a rate limit by cost, for instance tokens.
    pub cost: u32,
    /// What its answer may cost at most, in a rate limit by that.
    pub answer: u32,
    /// What it is about: a key, an idempotency key.
    pub key: u64,
    /// Arguments.
    pub args: [u64; 4],
}

/// What a service answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// Results.
    pub args: [u64; 4],
    /// What faults did to it. Its results are what the service sent: what damage means is up to the
    /// model of the client.
    pub damage: ReplyDamage,
}

impl Reply {
    /// A whole reply with these results.
    pub const fn of(args: [u64; 4]) -> Self {
        Self {
            args,
            damage: ReplyDamage::NONE,
        }
    }
}

/// What is wrong with a reply, as its client would find out if it looked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReplyDamage {
    pub(super) bits: u8,
    pub(super) age: VirtualDuration,
}

impl ReplyDamage {
    /// Nothing.
    pub const NONE: Self = Self::of(0);
    pub(super) const ERROR_BODY: u8 = 1;
    pub(super) const EMPTY: u8 = 2;
    pub(super) const PARTIAL: u8 = 4;
    pub(super) const FIELDS_REMOVED: u8 = 8;
    pub(super) const VALUES_CHANGED: u8 = 16;
    pub(super) const OTHER_ENTITY: u8 = 32;

    pub(super) const fn of(bits: u8) -> Self {
        Self {
            bits,
            age: VirtualDuration::ZERO,
        }
    }
    const fn has(self, bit: u8) -> bool {
        self.bits & bit != 0
    }
    /// Whether it is as the service sent it.
    pub const fn is_none(self) -> bool {
        self.bits == 0 && self.age.is_zero()
    }
    /// Whether its body is an error, though it says that all is well.
    pub const fn error_in_body(self) -> bool {
        self.has(Self::ERROR_BODY)
    }
    /// Whether it has no body.
    pub const fn is_empty(self) -> bool {
        self.has(Self::EMPTY)
    }
    /// Whether its body cannot be read: none is there, or it ends too early.
    pub const fn unreadable(self) -> bool {
        self.has(Self::EMPTY | Self::PARTIAL)
    }
    /// Whether fields are missing.
    pub const fn fields_removed(self) -> bool {
        self.has(Self::FIELDS_REMOVED)
    }
    /// Whether fields have other values.
    pub const fn values_changed(self) -> bool {
        self.has(Self::VALUES_CHANGED)
    }
    /// Whether it is about something else than what was asked.
    pub const fn other_entity(self) -> bool {
        self.has(Self::OTHER_ENTITY)
    }
    /// How long ago it was right, if it is out of date.
    pub fn stale(self) -> Option<VirtualDuration> {
        (!self.age.is_zero()).then_some(self.age)
    }
}

/// When a client gives up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    /// At this time.
    At(VirtualTime),
    /// When the monotonic clock of its node, which can be wrong, reads this.
    Monotonic(u64),
}

/// Why a call has no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallError {
    /// The deadline passed; nobody knows whether the effect happened.
    Deadline,
    /// Nobody listens there, or the way is blocked and says so: there was no effect.
    Refused,
    /// The connection broke while the call was under way; the effect may have happened.
    Reset,
    /// The answer was streamed, and broke off: the effect has happened.
    Cut {
        /// Units of the answer that came.
        units: u32,
    },
    /// The service, or what stands before it, answered with an error.
    Status {
        /// As in HTTP.
        code: u16,
        /// When the client may come again.
        retry_after: Option<VirtualDuration>,
    },
}

impl CallError {
    /// Whether the effect may have happened all the same.
    pub const fn ambiguous(self) -> bool {
        matches!(self, Self::Deadline | Self::Reset | Self::Cut { .. })
    }
    /// A small number for records: 0 deadline, 1 refused, 2 reset, 3 a stream that broke off, else the
    /// status.
    pub const fn code(self) -> u16 {
        match self {
            Self::Deadline => 0,
            Self::Refused => 1,
            Self::Reset => 2,
            Self::Cut { .. } => 3,
            Self::Status { code, .. } => code,
        }
    }
}

/// What is under way.
#[derive(Debug)]
pub(super) enum Payload {
    Body(Body),
    /// The request of a call.
    Call(CallRef),
    /// The answer to a call.
    Reply(CallRef, Result<Reply, CallError>),
}

impl Payload {
    /// Whether it is sent again when it is lost, and stays in order.
    #[inline]
    pub(super) const fn is_of_connection(&self) -> bool {
        !matches!(self, Self::Body(_))
    }
}

/// A call, by index and generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CallRef {
    pub(super) index: u32,
    pub(super) generation: u32,
}

/// A message in flight: a queue entry and this slot, never a task.
#[derive(Debug)]
pub(super) struct Flight {
    pub(super) from: NodeId,
    pub(super) to: NodeId,
    /// Where it goes; of no meaning for replies.
    pub(super) port: PortId,
    pub(super) payload: Payload,
    /// Its size on a link.
    pub(super) bytes: u32,
    /// Retransmissions so far, for messages of connections.
    pub(super) attempts: u8,
    /// Whether the network made it from another one: then nobody sends it again.
    pub(super) copy: bool,
    /// What happened to it on its way.
    pub(super) damage: Option<Corruption>,
}

impl Flight {
    #[inline]
    pub(super) const fn new(
        (from, to): (NodeId, NodeId),
        port: PortId,
        payload: Payload,
        bytes: u32,
    ) -> Self {
        Self {
            from,
            to,
            port,
            payload,
            bytes,
            attempts: 0,
            copy: false,
            damage: None,
        }
    }
    /// A copy that the network makes. Boxes cannot be copied, and a reply that comes twice is not
    /// noticed by anybody.
    pub(super) fn copied(&self) -> Option<Self> {
        let payload = match &self.payload {
            Payload::Body(Body::Words(words)) => Payload::Body(Body::Words(*words)),
            Payload::Body(Body::Shared(body)) => Payload::Body(Body::Shared(Rc::clone(body))),
            Payload::Call(call) => Payload::Call(*call),
            Payload::Body(Body::Boxed(_)) | Payload::Reply(..) => return None,
        };
        Some(Self {
            payload,
            copy: true,
            ..*self
        })
    }
}

/// Where messages arrive.
#[derive(Debug)]
pub(super) struct Port {
    pub(super) node: NodeId,
    /// Whether a process of the current incarnation listens.
    pub(super) open: bool,
    /// The memory group of who listened last.
    pub(super) group: u8,
    pub(super) handler: Option<super::HandlerId>,
    pub(super) queue: VecDeque<Arrived>,
    pub(super) waiting: VecDeque<Wake>,
}

/// What waits in a port.
#[derive(Debug)]
pub(super) enum Arrived {
    Message(Message),
    Call(WaitingCall),
}

/// A call in a port. It stays there when its client gives up: a server cannot know that.
#[derive(Debug)]
pub(super) struct WaitingCall {
    pub(super) call: CallRef,
    pub(super) request: Request,
    pub(super) from: NodeId,
    pub(super) deadline: VirtualTime,
    pub(super) arrived: VirtualTime,
    pub(super) span: SpanId,
    /// What faults do to its answer.
    pub(super) late: Option<Box<super::call::Late>>,
}

/// A call under way.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) generation: u32,
    pub(super) client: NodeId,
    pub(super) server: NodeId,
    pub(super) port: PortId,
    pub(super) request: Request,
    pub(super) deadline: VirtualTime,
    pub(super) span: SpanId,
    pub(super) waker: Option<Wake>,
    pub(super) state: CallState,
    /// Since when its request or reply is on a link.
    pub(super) sent: u64,
    /// Time its messages spent on links, for the client's span.
    pub(super) network: u64,
    /// The connection it goes over, and whether the server's end of it is gone.
    pub(super) connection: Connection,
    pub(super) cut_off: bool,
    /// Whether it is the copy of a request, for which nobody waits.
    pub(super) shadow: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CallState {
    Free,
    /// Waiting for a reply; `true` once the request reached the server.
    Pending(bool),
    Done(Result<Reply, CallError>),
}
