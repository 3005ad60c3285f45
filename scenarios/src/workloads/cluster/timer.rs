//! The one timer of a process that is woken by messages and by time.

use core::pin::Pin;
use squall_core::VirtualDuration;
use squall_core::world::{Cx, Sleep};

/// A sleep that is kept while deadlines only move away: most do, with every heartbeat.
#[derive(Default)]
pub(super) struct Timer<'a> {
    armed: Option<(u64, Pin<Box<Sleep<'a>>>)>,
}

impl<'a> Timer<'a> {
    /// The sleep until the monotonic clock reads `deadline`.
    pub(super) fn until(&mut self, cx: &'a Cx, deadline: u64) -> Pin<&mut Sleep<'a>> {
        if self.armed.as_ref().is_some_and(|(at, _)| *at > deadline) {
            self.armed = None;
        }
        let arm = || {
            let until = VirtualDuration::from_nanos(deadline);
            (deadline, Box::pin(cx.sleep_until_monotonic(until)))
        };
        self.armed.get_or_insert_with(arm).1.as_mut()
    }
    /// After a wake-up: whether it was the timer that rang.
    pub(super) fn rang(&mut self, rang: bool) {
        if rang {
            self.armed = None;
        }
    }
}
