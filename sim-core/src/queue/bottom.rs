//! The earliest events, sorted: what is popped from, and what near events are inserted into.

use super::Pending;

/// Room that is worth having: below this, used-up room in front is not worth moving events for.
const ROOM_MIN: usize = 128;

/// Events in (time, sequence) order, the earliest first.
///
/// A plain vector with an index of the first event still there: a pop moves the index, and the room
/// in front is won back when the vector is full. Cheaper than a ring, whose every access wraps.
#[derive(Debug, Default)]
pub(super) struct Bottom {
    events: Vec<Pending>,
    start: usize,
}

impl Bottom {
    #[inline]
    pub(super) const fn len(&self) -> usize {
        self.events.len() - self.start
    }
    #[inline]
    pub(super) const fn is_empty(&self) -> bool {
        self.events.len() == self.start
    }
    #[inline]
    pub(super) fn front(&self) -> Option<&Pending> {
        self.events.get(self.start)
    }
    #[inline]
    pub(super) fn last(&self) -> Option<&Pending> {
        self.events[self.start..].last()
    }
    /// The event that is `ahead` places after the first.
    #[inline]
    pub(super) fn peek(&self, ahead: usize) -> Option<&Pending> {
        self.events.get(self.start + ahead)
    }
    /// Takes the first event away.
    #[inline]
    pub(super) fn pop(&mut self) {
        debug_assert!(!self.is_empty(), "there is an event to take away");
        self.start += 1;
        if self.start == self.events.len() {
            self.clear();
        }
    }
    pub(super) fn clear(&mut self) {
        self.events.clear();
        self.start = 0;
    }
    /// Adds an event that was scheduled after all that are here, so that among events of its time it
    /// is the last.
    #[inline(always)]
    pub(super) fn insert(&mut self, event: Pending) {
        if self.events.len() == self.events.capacity() {
            self.make_room();
        }
        let end = self.events.len();
        self.events.push(event);
        if end - self.start == 1 {
            // Two in all: which comes first is a coin toss, so better a choice of place than a jump.
            let last = self.events[end - 1];
            let before = usize::from(last.time > event.time);
            self.events[end] = last;
            self.events[end - before] = event;
            return;
        }
        // Few events are here, and most of those few are due before this one. The step of an
        // insertion sort moves whole events; a call to move a block would wait for stores under way.
        let mut at = end;
        while at > self.start && self.events[at - 1].time > event.time {
            self.events[at] = self.events[at - 1];
            at -= 1;
        }
        self.events[at] = event;
    }
    /// Adds an event whose sequence number was set aside before those of events that are here.
    pub(super) fn insert_early(&mut self, event: Pending) {
        if self.events.len() == self.events.capacity() {
            self.make_room();
        }
        let mut at = self.events.len();
        self.events.push(event);
        while at > self.start && self.events[at - 1].key() > event.key() {
            self.events[at] = self.events[at - 1];
            at -= 1;
        }
        self.events[at] = event;
    }
    #[cold]
    #[inline(never)]
    fn make_room(&mut self) {
        let used = self.len();
        self.events.copy_within(self.start.., 0);
        self.events.truncate(used);
        self.start = 0;
        if used >= ROOM_MIN / 2 || self.events.capacity() < ROOM_MIN {
            self.events.reserve(ROOM_MIN.max(used));
        }
    }
    /// Moves all events to the end of `into`.
    pub(super) fn drain_into(&mut self, into: &mut Vec<Pending>) {
        into.extend(&self.events[self.start..]);
        self.clear();
    }
    /// Fills the empty bottom with sorted events and leaves its empty vector there.
    pub(super) fn fill(&mut self, sorted: &mut Vec<Pending>) {
        debug_assert!(self.is_empty(), "only an empty bottom is filled");
        self.clear();
        core::mem::swap(&mut self.events, sorted);
    }
}
