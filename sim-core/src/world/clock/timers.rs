//! Timers of a node whose clock can be wrong: they are kept by what the monotonic clock must read, so
//! that a change of the clock moves them all, and only the first of them stands in the queue.

use super::Clock;
use crate::world::Wake;
use crate::world::handler::HandlerId;
use crate::world::kernel::{Kernel, Kind};
use crate::{EntryId, NodeId, VirtualDuration};
use std::collections::BTreeMap;

/// What is due.
#[derive(Clone, Debug)]
pub(in crate::world) enum Due {
    /// Somebody wakes.
    Wake(Wake),
    /// A handler's timer: its index, its word, and the sequence number when it was set.
    Handler(u32, u64, u64),
    /// The time-out of a call: slot and generation.
    Deadline(u32, u64),
}

#[derive(Debug)]
struct Timer {
    due: Due,
    /// When it fires without any overlay.
    ideal: u64,
    /// Overlays that have come to an end while it waited, and moved it.
    passed: Vec<EntryId>,
}

/// Names a timer: the reading at which it fires, and its number.
pub(in crate::world) type ClockTimer = (u64, u64);

/// Pending timers by (reading, order in which they were set).
#[derive(Debug, Default)]
pub(super) struct Timers {
    pending: BTreeMap<ClockTimer, Timer>,
    count: u64,
    /// Invalidates the event that stands in the queue.
    generation: u32,
}

impl Timers {
    /// An overlay that moves timers ends: all that wait were moved by it.
    pub(super) fn passed(&mut self, id: EntryId) {
        for timer in self.pending.values_mut() {
            timer.passed.push(id);
        }
    }
}

impl Clock {
    /// Whether a timer still waits; if so, whom it wakes.
    pub(in crate::world) fn timer(&mut self, timer: ClockTimer) -> Option<&mut Due> {
        self.timers.pending.get_mut(&timer).map(|t| &mut t.due)
    }
    /// Gives a timer up.
    pub(in crate::world) fn disarm(&mut self, timer: ClockTimer) -> Option<Due> {
        self.timers.pending.remove(&timer).map(|t| t.due)
    }
}

impl Kernel {
    /// Sets a handler's timer by the clock of its node.
    #[cold]
    pub(in crate::world) fn handler_timer(
        &mut self,
        handler: HandlerId,
        delay: VirtualDuration,
        word: u64,
    ) {
        let (node, _) = self.handlers[handler.0 as usize];
        let (now, set) = (self.now, self.sequence);
        match self.clock(node) {
            None => self.schedule_handler(handler, delay.as_nanos(), word),
            Some(clock) => {
                let target = clock.monotonic(now).saturating_add(delay.as_nanos());
                self.arm_by_clock(node, target, Due::Handler(handler.0, word, set));
            }
        }
    }

    /// Sets a timer for when the monotonic clock of `node`, which can be wrong, reads `target`.
    pub(in crate::world) fn arm_by_clock(
        &mut self,
        node: NodeId,
        target: u64,
        due: Due,
    ) -> ClockTimer {
        let now = self.now;
        let clock = self.clock(node).expect("the node has a clock of its own");
        let number = clock.timers.count;
        clock.timers.count += 1;
        let key = (target, number);
        let ideal = clock.due_without_overlays(now, target);
        let timer = Timer {
            due,
            ideal,
            passed: Vec::new(),
        };
        clock.timers.pending.insert(key, timer);
        if clock.timers.pending.first_key_value().map(|(k, _)| *k) == Some(key) {
            self.clock_timers_due(node);
        }
        key
    }

    /// Schedules the event at which the first timer is due.
    pub(super) fn clock_timers_due(&mut self, node: NodeId) {
        let now = self.now;
        let clock = self.clock(node).expect("the node has a clock of its own");
        clock.timers.generation = clock.timers.generation.wrapping_add(1);
        let generation = clock.timers.generation;
        let first = clock.timers.pending.first_key_value();
        let due = first.and_then(|((target, _), _)| clock.due(*target));
        if let Some(at) = due {
            self.schedule(at.max(now), Kind::Clock, node.0, u64::from(generation));
        }
    }

    /// The first timer of a node's clock is due, unless the clock changed meanwhile.
    pub(in crate::world) fn clock_event(&mut self, node: NodeId, generation: u64) {
        let now = self.now;
        let Some(clock) = self.clock(node) else {
            return;
        };
        if u64::from(clock.timers.generation) != generation {
            return;
        }
        let reading = clock.monotonic(now);
        let later = clock
            .timers
            .pending
            .split_off(&(reading.saturating_add(1), 0));
        let fired = core::mem::replace(&mut clock.timers.pending, later);
        let rounding = clock.rounding();
        let active: Vec<EntryId> = clock.timer_overlays().collect();
        for timer in fired.into_values() {
            if timer.ideal.abs_diff(now) > rounding {
                self.landed_now.extend(timer.passed.iter().chain(&active));
            }
            match timer.due {
                Due::Wake(wake) => self.wake(wake),
                Due::Handler(handler, word, set) => {
                    if set >= self.nodes[node.index()].born {
                        self.schedule(now, Kind::Handler, handler, word);
                    }
                }
                Due::Deadline(index, word) => self.deadline_passed(index, word),
            }
        }
        self.land_collected();
        self.clock_timers_due(node);
    }
}
