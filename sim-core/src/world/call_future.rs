//! The client's side of a call.

use super::Cx;
use super::message::{CallError, CallRef, Limit, Reply, Request};
use crate::history::Part;
use crate::{PortId, VirtualDuration, VirtualTime};
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

/// A call under way. Made by [`Cx::call`]; dropping it gives the call up.
#[must_use = "futures do nothing unless awaited"]
pub struct CallFuture<'a> {
    cx: &'a Cx,
    port: PortId,
    request: Request,
    limit: Limit,
    bytes: u32,
    under_way: Option<(CallRef, VirtualTime)>,
}

impl fmt::Debug for CallFuture<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "call of port {}, {:?}", self.port.0, self.limit)
    }
}

impl<'a> CallFuture<'a> {
    pub(super) const fn new(cx: &'a Cx, port: PortId, request: Request) -> Self {
        Self {
            cx,
            port,
            request,
            limit: Limit::At(VirtualTime::MAX),
            bytes: super::CALL_BYTES,
            under_way: None,
        }
    }
    /// Gives up after `duration` by the node's monotonic clock, with [`CallError::Deadline`].
    pub fn within(self, duration: VirtualDuration) -> Self {
        let limit = self.cx.kernel().limit(self.cx.node, duration);
        Self { limit, ..self }
    }
    /// Gives up at `deadline`, whatever the node's clocks say.
    pub fn deadline(self, deadline: VirtualTime) -> Self {
        let limit = Limit::At(deadline);
        Self { limit, ..self }
    }
    /// Its request has `bytes` bytes on a link; without this it has [`super::CALL_BYTES`].
    pub fn sized(self, bytes: u32) -> Self {
        Self { bytes, ..self }
    }
}

impl Future for CallFuture<'_> {
    type Output = Result<Reply, CallError>;
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let cx = self.cx;
        let mut k = cx.kernel();
        let (call, since) = match self.under_way {
            Some(under_way) => under_way,
            None if k.acts(cx.node, cx.life) => {
                let how = (self.request, self.limit, cx.span.id, self.bytes);
                let call = k.start_call(cx.node, self.port, how);
                *self.under_way.insert((call, k.time()))
            }
            None => return Poll::Pending,
        };
        let Some(result) = k.poll_call(call, context.waker()) else {
            return Poll::Pending;
        };
        let whole = k.time().since(since).as_nanos();
        let network = k.call_slot(call).map_or(0, |slot| slot.network).min(whole);
        k.spans.add(cx.span, Part::Network, network);
        k.spans.add(cx.span, Part::Peer, whole - network);
        k.free_call(call);
        drop(k);
        self.under_way = None;
        Poll::Ready(result)
    }
}

impl Drop for CallFuture<'_> {
    fn drop(&mut self) {
        if let Some((call, _)) = self.under_way.take() {
            self.cx.kernel().free_call(call);
        }
    }
}
