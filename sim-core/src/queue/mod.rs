//! The event queue: a total order by (time, sequence), adaptive, without allocation in steady state.
//!
//! ```text
//!   push ──► top      later than everything below; unsorted
//!              │      split into buckets when all below is used up
//!              ▼
//!            rungs    each covers a span of time with equal buckets (a power of two wide);
//!              │      a bucket that is too full becomes a rung of its own, below
//!              ▼
//!            bottom   sorted, at most a few dozen in steady state ──► pop
//! ```
//!
//! This is the ladder of Tang, Goh and Thng (ACM TOMACS 15, 2005) with bounded fan-out: a rung has
//! at most 512 buckets, so that scattering writes to few streams and stays in cache
//! however many events are pending, at the price of one more level per factor of 500. Bucket widths
//! follow the events found, and all switches depend on counts alone, so nothing needs tuning and
//! nothing is measured. A handful of pending events lives in `bottom` only.

mod bottom;
mod rung;

use bottom::Bottom;
use rung::Rung;

/// One pending event: a `Copy` value of 32 bytes; what it carries is named by index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    /// When it is due, in nanoseconds.
    pub time: u64,
    /// Order among events of one time; unique.
    pub sequence: u64,
    /// Payload word.
    pub word: u64,
    /// What it acts on, by index.
    pub target: u32,
    /// What kind of event it is; the owner's code.
    pub kind: u16,
}

const _: () = assert!(
    core::mem::size_of::<Pending>() == 32,
    "an event is 32 bytes"
);

impl Pending {
    const fn key(&self) -> (u64, u64) {
        (self.time, self.sequence)
    }
}

/// A full `bottom` is split: sorted insertion into more than this many events costs more than a
/// bucket does.
const BOTTOM_MAX: usize = 96;
/// A bucket up to this size is sorted straight into `bottom`.
const SORT_MAX: usize = 48;

/// Events in a bucket aimed at, by the number of all that are pending. Sorting eight costs about as much
/// as moving them; with many pending it pays to know more of what comes next, because what those
/// events touch has to be fetched from far ([`Queue::peek`]).
const EVENTS_EACH_OF_FEW: usize = 8;
const EVENTS_EACH_OF_MANY: usize = 32;
const FEW: usize = 16_384;

/// Pending events in (time, sequence) order.
#[derive(Debug, Default)]
pub struct Queue {
    /// Sorted ascending; holds every event before `bottom_end`.
    bottom: Bottom,
    /// Events at or after this time are not in `bottom`; `None` if everything is.
    bottom_end: Option<u64>,
    /// The lowest rung is last.
    rungs: Vec<Rung>,
    /// Used-up rungs, kept for their memory.
    spare: Vec<Rung>,
    /// Unsorted; at or after the end of the highest rung.
    top: Vec<Pending>,
    scratch: Vec<Pending>,
    length: usize,
}

impl Queue {
    /// An empty queue.
    pub fn new() -> Self {
        Self::default()
    }
    /// Number of pending events, cancelled ones included.
    pub const fn len(&self) -> usize {
        self.length
    }
    /// Whether nothing is pending.
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Adds an event. Its time is not before the time of the last event popped, its sequence is higher
    /// than that of every event added before.
    #[inline(always)]
    pub fn push(&mut self, event: Pending) {
        self.length += 1;
        match self.bottom_end {
            Some(end) if event.time >= end => self.push_above(event),
            _ => self.push_bottom(event),
        }
    }

    /// Adds an event whose sequence number was set aside earlier: among those of its time it need not
    /// be the last. Neither time nor sequence number is before the last event popped.
    pub fn push_early(&mut self, event: Pending) {
        self.length += 1;
        match self.bottom_end {
            Some(end) if event.time >= end => self.push_above(event),
            _ => {
                self.bottom.insert_early(event);
                if self.bottom.len() > BOTTOM_MAX {
                    self.split_bottom();
                }
            }
        }
    }

    /// The earliest event, or `None` if none is due at or before `limit`.
    #[inline]
    pub fn pop_until(&mut self, limit: u64) -> Option<Pending> {
        if self.bottom.is_empty() {
            self.refill();
        }
        let event = *self.bottom.front()?;
        if event.time > limit {
            return None;
        }
        self.bottom.pop();
        self.length -= 1;
        Some(event)
    }

    /// The event that is `ahead` places after the next, if that is known yet.
    #[inline]
    pub(crate) fn peek(&self, ahead: usize) -> Option<&Pending> {
        self.bottom.peek(ahead)
    }

    /// The time of the earliest event.
    pub fn next_time(&mut self) -> Option<u64> {
        if self.bottom.is_empty() {
            self.refill();
        }
        self.bottom.front().map(|event| event.time)
    }

    /// Empties the queue but keeps its memory.
    pub fn clear(&mut self) {
        self.bottom.clear();
        self.bottom_end = None;
        while let Some(mut rung) = self.rungs.pop() {
            rung.clear();
            self.spare.push(rung);
        }
        self.top.clear();
        self.length = 0;
    }

    #[inline(always)]
    fn push_above(&mut self, event: Pending) {
        for rung in self.rungs.iter_mut().rev() {
            if rung.covers(event.time) {
                rung.push(event);
                return;
            }
        }
        self.top.push(event);
    }

    #[inline(always)]
    fn push_bottom(&mut self, event: Pending) {
        self.bottom.insert(event);
        if self.bottom.len() > BOTTOM_MAX {
            self.split_bottom();
        }
    }

    /// Moves the events of an overfull `bottom` into a rung of their own, unless they are all due at
    /// one instant: then sorted insertion (at the end, since sequences rise) is the best there is.
    #[cold]
    #[inline(never)]
    fn split_bottom(&mut self) {
        let (Some(first), Some(last)) = (self.bottom.front(), self.bottom.last()) else {
            return;
        };
        let (first, last) = (first.time, last.time);
        if first == last {
            return;
        }
        self.scratch.clear();
        self.bottom.drain_into(&mut self.scratch);
        let span = (first, self.bottom_end.map_or(last, |end| end - 1));
        self.open_rung(span, self.bottom_end);
        self.refill();
    }

    /// Distributes `scratch`, which lies within the closed span, over a new lowest rung. Events from
    /// `end` on are elsewhere, and the rung must not reach into them.
    fn open_rung(&mut self, span: (u64, u64), end: Option<u64>) {
        let mut rung = self.spare.pop().unwrap_or_default();
        let each = if self.length > FEW {
            EVENTS_EACH_OF_MANY
        } else {
            EVENTS_EACH_OF_FEW
        };
        rung.open(span, end, self.scratch.len() / each);
        for event in self.scratch.drain(..) {
            rung.push(event);
        }
        self.bottom_end = Some(rung.current_start());
        self.rungs.push(rung);
    }

    /// Brings the next events into the empty `bottom`.
    #[cold]
    #[inline(never)]
    fn refill(&mut self) {
        while self.bottom.is_empty() {
            let Some(rung) = self.rungs.last_mut() else {
                if self.top.is_empty() {
                    self.bottom_end = None;
                    return;
                }
                self.take_top();
                continue;
            };
            if !rung.take_bucket(&mut self.scratch) {
                let rung = self.rungs.pop().expect("it was just there");
                self.bottom_end = Some(rung.end());
                self.spare.push(rung);
                continue;
            }
            let (start, end) = rung.taken();
            if self.scratch.len() <= SORT_MAX || end - start <= 1 {
                self.sort_into_bottom(Some(end));
            } else {
                self.open_rung((start, end - 1), Some(end));
            }
        }
    }

    /// All rungs are used up: the top becomes the bottom if it is small, a rung if it is not.
    fn take_top(&mut self) {
        core::mem::swap(&mut self.scratch, &mut self.top);
        let times = || self.scratch.iter().map(|e| e.time);
        let (first, last) = (times().min().unwrap_or(0), times().max().unwrap_or(0));
        if self.scratch.len() <= SORT_MAX || first == last {
            self.sort_into_bottom(last.checked_add(1));
            if self.bottom.len() <= SORT_MAX {
                self.bottom_end = None;
            }
        } else {
            self.open_rung((first, last), None);
        }
    }

    fn sort_into_bottom(&mut self, end: Option<u64>) {
        self.scratch.sort_unstable_by_key(Pending::key);
        self.bottom.fill(&mut self.scratch);
        self.bottom_end = end;
    }
}

#[cfg(test)]
mod tests;
