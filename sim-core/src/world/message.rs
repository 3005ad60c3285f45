//! Messages, requests, replies, and their way through the network.

use super::Wake;
use crate::{EntryId, NodeId, PortId, SpanId, VirtualDuration, VirtualTime};
use core::any::Any;
use core::fmt;
use std::collections::VecDeque;

/// A message that arrived.
#[derive(Debug)]
pub struct Message {
    /// The sender's node.
    pub from: NodeId,
    /// What it carries.
    pub body: Body,
}

/// What a message carries.
pub enum Body {
    /// 64 bytes, without an allocation.
    Words([u64; 8]),
    /// Anything.
    Boxed(Box<dyn Any>),
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Words(words) => write!(f, "{words:?}"),
            Self::Boxed(_) => f.write_str("boxed"),
        }
    }
}

impl Body {
    /// The words of a message of words; zeros for another.
    pub const fn words(&self) -> [u64; 8] {
        match self {
            Self::Words(words) => *words,
            Self::Boxed(_) => [0; 8],
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
    /// Retransmissions so far, for messages of connections.
    pub(super) attempts: u32,
}

/// Where messages arrive.
#[derive(Debug)]
pub(super) struct Port {
    pub(super) node: NodeId,
    /// Whether a process of the current incarnation listens.
    pub(super) open: bool,
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
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CallState {
    Free,
    /// Waiting for a reply; `true` once the request reached the server.
    Pending(bool),
    Done(Result<Reply, CallError>),
}
