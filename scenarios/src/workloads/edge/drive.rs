//! From the controller to the plant: the actuator's channel, what it obeys, what its device does.

use super::guard::Reason;
use super::sampled::{Loop, Signal};
use squall_core::{Cx, VirtualDuration, VirtualTime};
use std::cell::Cell;
use std::rc::Rc;

/// What an actuator remembers. It belongs to the device, which outlives every process.
#[derive(Debug, Default)]
pub(super) struct Drive {
    /// When it obeyed last.
    heard: Cell<VirtualTime>,
    /// What it does, and since when.
    now: Cell<(VirtualTime, f64)>,
    /// Whether it gave up and went to zero.
    gave_up: Cell<bool>,
    /// The highest epoch of a controller that it obeyed.
    epoch: Cell<u64>,
}

/// A command is at the actuator's end of the bus.
pub(super) fn drive(cx: &Cx, shared: &Rc<Loop>, command: Signal) {
    let of = Rc::clone(shared);
    cx.through(shared.actuator, command.value, move |cx, value| {
        of.obey(cx, Signal { value, ..command });
    });
}

/// Goes to zero when no command comes any more: the actuator's own watchdog.
pub(super) async fn watchdog(cx: Cx, shared: Rc<Loop>, limit: VirtualDuration) {
    // A start counts as a sign of life.
    shared.drive.heard.set(cx.now());
    loop {
        let due = shared.drive.heard.get().saturating_add(limit);
        let now = cx.now();
        if due > now {
            cx.sleep(due.since(now)).await;
            continue;
        }
        if !shared.drive.gave_up.replace(true) {
            shared.apply(&cx, 0.0);
            cx.event(
                shared.extra.gave_up,
                0,
                now.since(shared.drive.heard.get()).as_nanos(),
            );
        }
        cx.sleep(limit).await;
    }
}

impl Loop {
    /// The actuator obeys a command, or does not.
    fn obey(&self, cx: &Cx, command: Signal) {
        if !self.guard.obeys(command.value) {
            let reason = match command.value.is_finite() {
                true => Reason::Command,
                false => Reason::NotFinite,
            };
            cx.event(self.extra.rejected, command.k, reason as u64);
            return;
        }
        let newest = self.drive.epoch.get();
        if command.epoch < newest {
            if self.fence {
                return;
            }
            cx.event(self.extra.superseded, command.k, command.epoch);
        }
        self.drive.epoch.set(newest.max(command.epoch));
        self.drive.heard.set(cx.now());
        self.drive.gave_up.set(false);
        let value = self.device(cx, command.value);
        if command.safe {
            self.apply(cx, value);
        } else {
            self.actuate(cx, Signal { value, ..command });
        }
    }
    /// What the device makes of a command: a dead zone, then a lag of the first order that takes a
    /// step with every command.
    fn device(&self, cx: &Cx, command: f64) -> f64 {
        let zone = cx.knob(self.knobs.dead_zone);
        let mut u = command;
        if zone > 0.0 {
            u = if u.abs() <= zone {
                0.0
            } else {
                u - zone.copysign(u)
            };
        }
        let lag = cx.knob(self.knobs.lag);
        let now = cx.now();
        let (then, before) = self.drive.now.get();
        if lag > 0.0 {
            let share = -libm::expm1(-now.since(then).as_secs_f64() / lag);
            u = before + (u - before) * share;
        }
        self.drive.now.set((now, u));
        u
    }
}
