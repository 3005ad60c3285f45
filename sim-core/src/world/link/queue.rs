//! The queue before a bottleneck: when a message leaves, or that it is dropped.

use super::overlay::{Limit, Overlay};
use crate::plan::QueueLimit;
use crate::{EntryId, VirtualDuration};
use core::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// The one queue of a link.
#[derive(Clone, Debug, Default)]
pub(super) struct Queue {
    /// When all that was admitted would have been sent, in nanoseconds. In the past it is credit for
    /// a burst.
    empty_at: f64,
    /// When the last message leaves.
    pub(super) last: u64,
    /// What waits or is being sent: when it leaves, and its bytes.
    waiting: VecDeque<(u64, u32)>,
    bytes: u64,
    /// Arrivals of what is on its way, if somebody counts it.
    flying: BinaryHeap<Reverse<u64>>,
}

/// Whose limit decides, and how strict it is.
type Strictest = Option<(u64, EntryId)>;

impl Queue {
    /// When a message of `bytes` leaves; `None` drops it. `parked` messages are on the link without a
    /// known arrival. Overlays that changed something go to `landed`.
    pub(super) fn admit(
        &mut self,
        limits: &[Overlay<Limit>],
        (now, bytes, parked): (u64, u32, usize),
        landed: &mut Vec<EntryId>,
    ) -> Option<u64> {
        self.forget(now);
        let (finish, ruler) = self.finish(limits, now, bytes);
        if finish == f64::INFINITY {
            // The capacity of a recording that ends with nothing: what waits never leaves.
            super::land(landed, ruler);
            return None;
        }
        // Ceiled, so that a bucket never gives more than it has.
        let leave = VirtualDuration::from_nanos_f64(libm::ceil(finish)).as_nanos();
        let leave = leave.max(now).max(self.last);
        let at_once = leave <= now;
        let full = |limit: &Overlay<Limit>| match limit.value.queue {
            Some(QueueLimit::Bytes(max)) => !at_once && self.bytes + u64::from(bytes) > max,
            Some(QueueLimit::Messages(max)) => !at_once && self.waiting.len() >= max as usize,
            Some(QueueLimit::InFlight(max)) => self.flying.len() + parked >= max as usize,
            None => false,
        };
        if let Some(strict) = strictest(limits, full) {
            super::land(landed, strict);
            if !at_once && ruler != strict {
                super::land(landed, ruler);
            }
            return None;
        }
        if finish > self.empty_at {
            self.empty_at = finish;
        }
        self.last = leave;
        if !at_once {
            super::land(landed, ruler);
            self.waiting.push_back((leave, bytes));
            self.bytes += u64::from(bytes);
        }
        Some(leave)
    }

    /// When the bottlenecks have let `bytes` more pass, and which of them is last.
    fn finish(&self, limits: &[Overlay<Limit>], now: u64, bytes: u32) -> (f64, EntryId) {
        let mut last = (self.empty_at.min(now as f64), EntryId::NONE);
        // The base has no id and comes first: an overlay that is no tighter changes nothing.
        let base = limits.iter().filter(|limit| !limit.id.is_some());
        let overlays = limits.iter().filter(|limit| limit.id.is_some());
        for limit in base.chain(overlays) {
            if let Some(at) = limit.value.pass(limit.started, (self.empty_at, now), bytes)
                && at > last.0
            {
                last = (at, limit.id);
            }
        }
        last
    }

    /// What is on its way until `arrival` counts as in flight.
    pub(super) fn flies_until(&mut self, limits: &[Overlay<Limit>], arrival: u64) {
        let counts =
            |limit: &Overlay<Limit>| matches!(limit.value.queue, Some(QueueLimit::InFlight(_)));
        if limits.iter().any(counts) {
            self.flying.push(Reverse(arrival));
        }
    }

    fn forget(&mut self, now: u64) {
        while let Some((leave, bytes)) = self.waiting.front()
            && *leave <= now
        {
            self.bytes -= u64::from(*bytes);
            self.waiting.pop_front();
        }
        while let Some(Reverse(arrival)) = self.flying.peek()
            && *arrival <= now
        {
            self.flying.pop();
        }
    }
}

/// Of the limits that are exceeded the smallest of its sort that is first in id order; the base
/// before all overlays.
fn strictest(limits: &[Overlay<Limit>], full: impl Fn(&Overlay<Limit>) -> bool) -> Option<EntryId> {
    let mut strict: Strictest = None;
    for limit in limits.iter().filter(|limit| full(limit)) {
        let size = match limit.value.queue {
            Some(QueueLimit::Bytes(max)) => max,
            Some(QueueLimit::Messages(max) | QueueLimit::InFlight(max)) => u64::from(max),
            None => u64::MAX,
        };
        // Where the base is full too, the overlay changed nothing.
        if !limit.id.is_some() {
            return Some(limit.id);
        }
        if strict.is_none_or(|(least, _)| size < least) {
            strict = Some((size, limit.id));
        }
    }
    strict.map(|(_, id)| id)
}
