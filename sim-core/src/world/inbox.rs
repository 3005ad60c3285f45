//! The receiving side: messages and calls that arrived.

use super::call::Late;
use super::message::{Arrived, CallRef, WaitingCall};
use super::{CallError, Cx, Message, Operation, Reply, Request, Wake};
use crate::{NameId, NodeId, PortId, SpanId, VirtualDuration, VirtualTime};
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

/// An open port. Clones share it: each message goes to one of those who wait.
#[derive(Clone, Debug)]
pub struct Inbox {
    cx: Cx,
    port: PortId,
}

impl Inbox {
    pub(super) const fn new(cx: Cx, port: PortId) -> Self {
        Self { cx, port }
    }
    /// How many messages and calls wait.
    pub fn len(&self) -> usize {
        self.cx.kernel().ports[self.port.index()].queue.len()
    }
    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The next message. Calls that arrive at the same port are not taken by it.
    pub const fn recv(&self) -> Recv<'_> {
        Recv(self.next())
    }
    /// The next call. Messages that arrive at the same port are dropped. A call whose client has
    /// given up in the meantime comes too: a server cannot know.
    pub async fn accept(&self) -> Incoming {
        loop {
            if let Arrived::Call(waiting) = self.next().await {
                return Incoming::of(waiting);
            }
        }
    }
    /// The next call, if one waits: for servers that choose whom to serve.
    pub fn try_accept(&self) -> Option<Incoming> {
        loop {
            let arrived = self.cx.kernel().ports[self.port.index()]
                .queue
                .pop_front()?;
            if let Arrived::Call(waiting) = arrived {
                return Some(Incoming::of(waiting));
            }
        }
    }
    const fn next(&self) -> Next<'_> {
        Next {
            inbox: self,
            waiting: None,
        }
    }
}

/// Waits for a message. Made by [`Inbox::recv`]; dropping it leaves the line.
#[must_use = "futures do nothing unless awaited"]
pub struct Recv<'a>(Next<'a>);

impl fmt::Debug for Recv<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "waits at {:?}", self.0.inbox)
    }
}

impl Future for Recv<'_> {
    type Output = Message;
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Message> {
        loop {
            match Pin::new(&mut self.0).poll(context) {
                Poll::Ready(Arrived::Message(message)) => return Poll::Ready(message),
                Poll::Ready(Arrived::Call(_)) => {}
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

/// Waits for something to arrive.
struct Next<'a> {
    inbox: &'a Inbox,
    waiting: Option<Wake>,
}

impl Future for Next<'_> {
    type Output = Arrived;
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Arrived> {
        let mut k = self.inbox.cx.kernel();
        let port = &mut k.ports[self.inbox.port.index()];
        if let Some(arrived) = port.queue.pop_front() {
            // One who was polled for another reason still stands in line.
            if !port.waiting.is_empty()
                && let Some(own) = &self.waiting
                && let Some(at) = port.waiting.iter().position(|wake| wake.same(own))
            {
                port.waiting.remove(at);
            }
            drop(k);
            self.waiting = None;
            return Poll::Ready(arrived);
        }
        let registered = self.waiting.as_ref().is_some_and(|wake| {
            wake.is(context.waker()) && port.waiting.iter().any(|w| w.is(context.waker()))
        });
        if !registered {
            let wake = Wake::of(context.waker());
            port.waiting.push_back(wake.clone());
            drop(k);
            self.waiting = Some(wake);
        }
        Poll::Pending
    }
}

/// One who gives up is not woken any more; if it was already, its turn goes to the next, so that
/// nothing that arrived stays without a reader.
impl Drop for Next<'_> {
    fn drop(&mut self) {
        let Some(own) = self.waiting.take() else {
            return;
        };
        let Some(mut k) = self.inbox.cx.alive() else {
            return;
        };
        let port = &mut k.ports[self.inbox.port.index()];
        if let Some(at) = port.waiting.iter().position(|wake| wake.same(&own)) {
            port.waiting.remove(at);
        } else if !port.queue.is_empty()
            && let Some(next) = port.waiting.pop_front()
        {
            k.wake(next);
        }
    }
}

/// A call that waits for its answer. Dropping it without one leaves the client waiting.
pub struct Incoming {
    /// What is asked.
    pub request: Request,
    /// The client's node.
    pub from: NodeId,
    /// When the client gives up.
    pub deadline: VirtualTime,
    /// When the request arrived.
    pub arrived: VirtualTime,
    call: CallRef,
    span: SpanId,
    late: Option<Box<Late>>,
}

/// How an answer is streamed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stream {
    /// From now to its last unit.
    pub time: VirtualDuration,
    /// How many units it has.
    pub units: u32,
    /// Time between two of them, a part of `time`.
    pub pace: VirtualDuration,
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} from node {}", self.request, self.from.0)
    }
}

impl Incoming {
    fn of(waiting: WaitingCall) -> Self {
        Self {
            request: waiting.request,
            from: waiting.from,
            deadline: waiting.deadline,
            arrived: waiting.arrived,
            call: waiting.call,
            span: waiting.span,
            late: waiting.late,
        }
    }
    /// Begins the operation that serves this call, below the client's; the wait since the arrival is
    /// its time in the queue.
    pub fn operation(&self, cx: &Cx, name: NameId) -> Operation {
        let operation = cx.operation_under(name, self.span);
        operation.cx().waited_in_queue(self.arrived);
        operation
    }
    /// Answers.
    pub fn reply(self, cx: &Cx, reply: Reply) {
        self.answer(cx, Ok(reply), super::CALL_BYTES);
    }
    /// Answers with a reply that has `bytes` bytes on a link; without a size it has
    /// [`super::CALL_BYTES`].
    pub fn reply_sized(self, cx: &Cx, reply: Reply, bytes: u32) {
        self.answer(cx, Ok(reply), bytes);
    }
    /// Answers in units, for instance tokens, and takes `stream.time` for it: call this when the answer
    /// begins. Faults of streams stall it, slow it down or break it off; whoever asked then sees
    /// [`CallError::Cut`].
    pub async fn stream(mut self, cx: &Cx, reply: Reply, stream: Stream) {
        let shape = match self.late.as_mut() {
            Some(late) => cx
                .kernel()
                .stream_shape(late, (stream.units, stream.pace.as_nanos())),
            None => None,
        };
        let Some(shape) = shape else {
            cx.sleep(stream.time).await;
            return self.reply(cx, reply);
        };
        let gaps = u64::from(stream.units.saturating_sub(1));
        let paced = stream.pace.as_nanos().saturating_mul(gaps);
        let first = stream.time.as_nanos().saturating_sub(paced);
        let time = VirtualDuration::from_nanos(first.saturating_add(shape.end));
        cx.sleep(time).await;
        match shape.cut {
            None => self.reply(cx, reply),
            Some(units) => self.answer(cx, Err(CallError::Cut { units }), super::CALL_BYTES),
        }
    }
    /// Answers with an error.
    pub fn fail(self, cx: &Cx, code: u16, retry_after: Option<VirtualDuration>) {
        let error = CallError::Status { code, retry_after };
        self.answer(cx, Err(error), super::CALL_BYTES);
    }
    fn answer(self, cx: &Cx, result: Result<Reply, CallError>, bytes: u32) {
        if let Some(mut k) = cx.alive() {
            k.reply((self.call, self.late), result, bytes);
        }
    }
}
