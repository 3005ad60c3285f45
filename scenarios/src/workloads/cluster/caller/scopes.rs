//! What counts while a call is under way: it ends with the call, or when that is given up.

use super::super::guard::breaker::{self, Breaker, Pass, State};
use super::super::objective::{Count, Objective};
use super::super::shared::{Door, Shared};
use super::Caller;
use squall_core::world::Cx;
use squall_core::{VirtualTime, WallTime};

/// A call that counts for an objective. One that is given up when its time is over failed; one that is
/// given up before, because another call did, says nothing.
pub(super) struct Counted<'a> {
    pub(super) shared: &'a Shared,
    pub(super) cx: &'a Cx,
    pub(super) objective: &'a Objective,
    pub(super) service: u32,
    pub(super) started: VirtualTime,
    pub(super) deadline: WallTime,
    pub(super) open: bool,
}

impl Counted<'_> {
    pub(super) fn ended(mut self, ok: bool) {
        self.open = false;
        let time = self.cx.now().since(self.started);
        let good = Objective::good(self.objective.call_latency, ok, time);
        self.shared.meter.call(self.service, Count::one(good));
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        if self.open && self.cx.wall_clock() >= self.deadline {
            self.shared.meter.call(self.service, Count::one(false));
        }
    }
}

/// A call that a breaker let through. One that is given up while the breaker only tries failed.
pub(super) struct Asked<'a> {
    caller: &'a Caller,
    cx: Cx,
    rules: breaker::Rules,
    what: (Door, u32),
    pass: Pass,
    open: bool,
}

impl<'a> Asked<'a> {
    pub(super) fn new(
        caller: &'a Caller,
        cx: &Cx,
        rules: breaker::Rules,
        what: (Door, u32),
    ) -> Option<Self> {
        let now = cx.monotonic();
        let pass = caller.with_breaker(cx, what, |breaker| breaker.asks(rules, now))?;
        let probes = caller.breakers.borrow()[what.1 as usize].state() == State::HalfOpen;
        if let (true, Some(probe)) = (probes, caller.shared.guards.probe) {
            cx.event(probe, u64::from(what.1), what.0 as u64);
        }
        Some(Self {
            caller,
            cx: cx.clone(),
            rules,
            what,
            pass,
            open: true,
        })
    }
    pub(super) fn ended(mut self, ok: bool) {
        self.open = false;
        self.learn(ok);
    }
    fn learn(&self, ok: bool) {
        let now = self.cx.monotonic();
        self.caller.with_breaker(&self.cx, self.what, |breaker| {
            breaker.learn(self.rules, now, self.pass, ok);
        });
    }
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        let tries = || {
            let breakers = self.caller.breakers.borrow();
            breakers[self.what.1 as usize].state() == State::HalfOpen
        };
        if self.open && tries() {
            self.learn(false);
        }
    }
}

impl Caller {
    /// Asks a breaker something, and says if it changed by that.
    fn with_breaker<T>(
        &self,
        cx: &Cx,
        (door, service): (Door, u32),
        act: impl FnOnce(&mut Breaker) -> T,
    ) -> T {
        let mut breakers = self.breakers.borrow_mut();
        let breaker = &mut breakers[service as usize];
        let before = breaker.state();
        let result = act(breaker);
        let after = breaker.state();
        if let Some(name) = self.shared.guards.breaker
            && before != after
        {
            let change = (door as u64) << 8 | before.number() << 4 | after.number();
            cx.event(name, u64::from(service), change);
        }
        result
    }
}

/// A call counts as outstanding until it ends, or is given up.
pub(super) struct Outstanding<'a> {
    caller: &'a Caller,
    replica: u32,
}

impl<'a> Outstanding<'a> {
    pub(super) fn new(caller: &'a Caller, replica: u32) -> Self {
        caller.view.borrow_mut().begins(replica);
        Self { caller, replica }
    }
}

impl Drop for Outstanding<'_> {
    fn drop(&mut self) {
        self.caller.view.borrow_mut().ends(self.replica);
    }
}
