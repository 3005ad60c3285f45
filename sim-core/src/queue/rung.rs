//! One rung of the ladder: a span of time in equal buckets.

use super::Pending;

/// More buckets than this and scattering no longer stays in cache.
const BUCKETS_MAX: usize = 512;
/// Room that a used-up bucket keeps, in events: many times what is aimed at, and 32 KiB. Whole bursts fall into one
/// bucket, and into another one each time: if each kept its largest, there would be room for a burst in all of them.
/// One with more room gives back all of it: a part that stayed would lie at the head of a hole that is just too small
/// for the next burst, and the heap would grow by a burst a seed.
const ROOM_MAX: usize = 1024;

/// Equal buckets, each `1 << shift` nanoseconds wide, over `start..=last`.
#[derive(Debug, Default)]
pub(super) struct Rung {
    start: u64,
    /// The last nanosecond that belongs to this rung.
    last: u64,
    shift: u32,
    /// The next bucket to take.
    current: usize,
    /// How many buckets are in use; the vector may be longer, for its memory.
    count: usize,
    buckets: Vec<Vec<Pending>>,
}

impl Rung {
    /// Prepares the rung for events within the closed `span`, with about so many buckets. Up to `end`, where that
    /// is given, it takes what comes later, so that nothing falls between two rungs.
    pub(super) fn open(&mut self, span: (u64, u64), end: Option<u64>, buckets: usize) {
        let wanted = buckets.next_power_of_two().clamp(2, BUCKETS_MAX);
        let width = (span.1 - span.0) / wanted as u64 + 1;
        self.shift = width.next_power_of_two().trailing_zeros();
        self.start = span.0;
        self.current = 0;
        self.count = self.bucket(span.1) + 1;
        let full = self
            .start
            .saturating_add(((self.count as u64) << self.shift) - 1);
        self.last = end.map_or(full, |end| full.min(end - 1));
        if self.buckets.len() < self.count {
            self.buckets.resize_with(self.count, Vec::new);
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "at most BUCKETS_MAX buckets"
    )]
    const fn bucket(&self, time: u64) -> usize {
        ((time - self.start) >> self.shift) as usize
    }

    pub(super) const fn covers(&self, time: u64) -> bool {
        time <= self.last
    }

    #[inline]
    pub(super) fn push(&mut self, event: Pending) {
        let bucket = self.bucket(event.time);
        debug_assert!(bucket >= self.current, "an event is not due in the past");
        self.buckets[bucket].push(event);
    }

    /// Where the next bucket starts: events before that are further down.
    pub(super) const fn current_start(&self) -> u64 {
        self.start
            .saturating_add((self.current as u64) << self.shift)
    }

    /// One past the last nanosecond of this rung.
    pub(super) const fn end(&self) -> u64 {
        self.last.saturating_add(1)
    }

    /// Moves the next bucket that holds anything to the empty `into`; `false` if none does.
    pub(super) fn take_bucket(&mut self, into: &mut Vec<Pending>) -> bool {
        while self.current < self.count {
            let bucket = &mut self.buckets[self.current];
            self.current += 1;
            if !bucket.is_empty() {
                into.append(bucket);
                keep_some(bucket);
                return true;
            }
        }
        false
    }

    /// The half-open span of the bucket taken last.
    pub(super) fn taken(&self) -> (u64, u64) {
        let start = self.start + ((self.current as u64 - 1) << self.shift);
        (start, self.current_start().min(self.end()))
    }

    pub(super) fn clear(&mut self) {
        for bucket in &mut self.buckets {
            bucket.clear();
            keep_some(bucket);
        }
    }

    /// Events that it has room for.
    #[cfg(test)]
    pub(super) fn room(&self) -> usize {
        self.buckets.iter().map(Vec::capacity).sum()
    }
}

/// Gives back the memory that a burst left in an empty bucket.
#[inline]
fn keep_some(bucket: &mut Vec<Pending>) {
    if bucket.capacity() > ROOM_MAX {
        *bucket = Vec::new();
    }
}
