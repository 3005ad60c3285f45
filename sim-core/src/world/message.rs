//! Messages, requests, replies, and their way through the network.

use super::Wake;
use super::link::Connection;
use crate::plan::Corruption;
use crate::{EntryId, NodeId, PortId, SpanId, VirtualDuration, VirtualTime};
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
        matches!(self, Self::Deadline | Self::Reset)
    }
    /// A small number for records: 0 deadline, 1 refused, 2 reset, else the status.
    pub const fn code(self) -> u16 {
        match self {
            Self::Deadline => 0,
            Self::Refused => 1,
            Self::Reset => 2,
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
#[derive(Clone, Copy, Debug)]
pub(super) struct WaitingCall {
    pub(super) call: CallRef,
    pub(super) request: Request,
    pub(super) from: NodeId,
    pub(super) deadline: VirtualTime,
    pub(super) arrived: VirtualTime,
    pub(super) span: SpanId,
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
    /// Overlays that act when the reply is sent.
    pub(super) reply_lost: Option<EntryId>,
    pub(super) late_error: Option<(EntryId, CallError)>,
    /// The connection it goes over, and whether the server's end of it is gone.
    pub(super) connection: Connection,
    pub(super) cut_off: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CallState {
    Free,
    /// Waiting for a reply; `true` once the request reached the server.
    Pending(bool),
    Done(Result<Reply, CallError>),
}
