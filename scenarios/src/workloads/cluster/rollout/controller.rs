//! The controller: stages, bakes, gates, the way back.

mod back;
mod traffic;

use super::agent::{DRAINED, NEW, SERVING};
use super::fleet::Tally;
use super::gate::{Readings, TOO_LONG, UNKNOWN};
use super::mutant::Mutant;
use super::shared::{Order, Phase, Shared, Store};
use super::wave::Step;
use core::cell::{Cell, RefCell};
use squall_core::VirtualDuration;
use squall_core::world::{Body, Cx, Request};
use std::rc::Rc;

/// What a target said last.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct View {
    heard: Option<VirtualDuration>,
    epoch: u64,
    pub(super) new: bool,
    pub(super) serving: bool,
    pub(super) drained: bool,
    memory: f64,
    tallies: [Tally; 2],
}

#[derive(Debug)]
pub(super) struct Controller {
    pub(super) cx: Cx,
    pub(super) shared: Rc<Shared>,
    /// By target.
    pub(super) views: RefCell<Vec<View>>,
    /// The last order of this controller to each target.
    orders: RefCell<Vec<Option<(u64, Order)>>>,
    /// By place.
    pub(super) steps: RefCell<Vec<Step>>,
    pub(super) paused: Cell<bool>,
    /// Whether the knob said so at the last decision.
    told: Cell<bool>,
    readings: RefCell<Readings>,
    /// What the last gate said.
    bits: Cell<u64>,
    /// Since when the wave or the bake has been under way here, without pauses.
    since: Cell<Option<VirtualDuration>>,
    /// Places that a rollback leaves as they are: none but with a planted bug.
    forgotten: RefCell<Vec<usize>>,
}

/// Runs until the rollout is over.
pub(super) async fn run(cx: Cx, shared: Rc<Shared>) {
    let (targets, places) = (shared.config.targets.len(), shared.config.places);
    let control = Rc::new(Controller {
        cx: cx.clone(),
        views: RefCell::new(vec![View::default(); targets]),
        orders: RefCell::new(vec![None; targets]),
        steps: RefCell::new(vec![Step::Idle; places]),
        paused: Cell::new(false),
        told: Cell::new(false),
        readings: RefCell::default(),
        bits: Cell::new(UNKNOWN),
        since: Cell::new(None),
        forgotten: RefCell::default(),
        shared,
    });
    for target in 0..targets {
        cx.spawn(Rc::clone(&control).watch(target));
    }
    control.begin().await;
    while control.tick() {
        cx.sleep(control.shared.config.poll).await;
    }
}

impl Controller {
    fn store(&self) -> Store {
        *self.shared.store.borrow()
    }
    fn enter(&self, phase: Phase, stage: usize) {
        let mut store = self.shared.store.borrow_mut();
        (store.phase, store.stage) = (phase, stage);
        self.since.set(None);
        let shown = if phase == Phase::RolledBack {
            0
        } else {
            stage + 1
        };
        self.cx.sample(self.shared.metrics.stage, shown as f64);
    }

    /// Waits for the start, or after a crash until all had time to answer.
    async fn begin(&self) {
        let (config, events, store) = (&self.shared.config, &self.shared.events, self.store());
        if store.phase == Phase::Waiting {
            self.cx.sleep_until_monotonic(config.start).await;
            self.cx.sleep(config.lost_after()).await;
            self.cx.event(events.began, config.places as u64, 0);
            // A version is not bad until a gate says so.
            self.cx.sample(self.shared.metrics.exposed_bad, 0.0);
            self.enter(Phase::Forward, 0);
            return;
        }
        self.cx.event(events.resumed, store.stage as u64, 0);
        self.cx.sleep(config.lost_after()).await;
        if self.shared.has(Mutant::R02) && store.phase == Phase::Baking {
            self.since.set(Some(VirtualDuration::ZERO));
        }
    }

    /// Looks at a target again and again.
    async fn watch(self: Rc<Self>, target: usize) {
        let config = &self.shared.config;
        let methods = if target < config.places { 0..1 } else { 1..3 };
        loop {
            for method in methods.clone() {
                let request = Request {
                    method,
                    ..Request::default()
                };
                let port = self.shared.ports[target][0];
                let reply = self.cx.call(port, request).within(config.timeout).await;
                let Some(reply) = reply.ok().filter(|reply| reply.damage.is_none()) else {
                    continue;
                };
                let [epoch, a, b, c] = reply.args;
                let view = &mut self.views.borrow_mut()[target];
                view.heard = Some(self.cx.monotonic());
                view.epoch = epoch;
                if method == 0 {
                    view.memory = f64::from_bits(b);
                    (view.new, view.serving, view.drained) =
                        (a & NEW > 0, a & SERVING > 0, a & DRAINED > 0);
                } else {
                    let tally = &mut view.tallies[method as usize - 1];
                    (tally.ended, tally.errors, tally.latency_ns) = (a, b, c);
                }
            }
            self.cx.sleep(config.poll).await;
        }
    }
    /// Whether a target answers.
    pub(super) fn knows(&self, target: usize) -> bool {
        let heard = self.views.borrow()[target].heard;
        heard.is_some_and(|at| {
            self.cx.monotonic().saturating_sub(at) <= self.shared.config.lost_after()
        })
    }

    /// Gives an order. What is written down is at least as new as what is sent.
    pub(super) fn order(&self, target: usize, order: Order) {
        let mut store = self.shared.store.borrow_mut();
        store.epoch += 1;
        self.orders.borrow_mut()[target] = Some((store.epoch, order));
        self.send(target, store.epoch, order);
    }
    fn send(&self, target: usize, epoch: u64, order: Order) {
        self.cx.send(
            self.shared.ports[target][1],
            Body::Words(order.words(epoch)),
        );
    }
    /// Whether a target has followed its last order. A controller that gave none waits for none.
    pub(super) fn has_followed(&self, target: usize) -> bool {
        let epoch = self.views.borrow()[target].epoch;
        self.orders.borrow()[target].is_none_or(|(order, _)| epoch >= order)
    }

    /// One decision; whether there are more to come.
    fn tick(&self) -> bool {
        self.see_pause();
        for target in 0..self.shared.config.targets.len() {
            if !self.has_followed(target)
                && !self.shared.has(Mutant::R11)
                && let Some((epoch, order)) = self.orders.borrow()[target]
            {
                self.send(target, epoch, order);
            }
        }
        match self.store().phase {
            Phase::Waiting | Phase::Done | Phase::RolledBack => return false,
            Phase::Forward => self.forward(),
            Phase::Baking => self.bake(),
            Phase::Back => self.back(),
        }
        true
    }
    fn see_pause(&self) {
        let told = self.cx.knob(self.shared.knobs.pause) > 0.5;
        let paused = told && !self.shared.has(Mutant::R09);
        let events = &self.shared.events;
        if told != self.told.replace(told) {
            self.cx
                .event(if told { events.paused } else { events.unpaused }, 0, 0);
        }
        if paused && let Some(since) = self.since.get() {
            self.since.set(Some(since + self.shared.config.poll));
        }
        self.paused.set(paused);
    }
    /// How long the wave or the bake has been under way.
    fn lasted(&self) -> VirtualDuration {
        let now = self.cx.monotonic();
        let since = self.since.get().unwrap_or(now);
        self.since.set(Some(since));
        now.saturating_sub(since)
    }

    /// A wave.
    fn forward(&self) {
        let (config, stage) = (&self.shared.config, self.store().stage);
        let upto = config.stages[stage].1;
        let long = self.lasted() > config.deadline;
        self.advance(|place| place < upto, false);
        let split = self.split(stage);
        let bits = self.gate(false) | if long { TOO_LONG } else { 0 };
        if bits & !UNKNOWN > 0 && !self.shared.has(Mutant::R01) {
            return self.turn_back(bits);
        }
        let done = |place: usize| {
            let silent = self.shared.has(Mutant::R10) && !self.knows(place);
            silent || self.is_ready(place, true)
        };
        if split && (0..upto).all(done) {
            self.enter(Phase::Baking, stage);
            self.cx.event(self.shared.events.baking, stage as u64, 0);
        }
    }
    fn bake(&self) {
        let (config, stage) = (&self.shared.config, self.store().stage);
        let upto = config.stages[stage].1;
        self.advance(|place| place < upto, false);
        self.split(stage);
        let over = self.lasted() >= config.bake && !self.paused.get();
        let bits = self.gate(over);
        let ignored = self.shared.has(Mutant::R01);
        if bits & !UNKNOWN > 0 && !ignored {
            return self.turn_back(bits);
        }
        if !over || (bits > 0 && !ignored) {
            return;
        }
        let events = &self.shared.events;
        if stage + 1 < config.stages.len() {
            self.enter(Phase::Forward, stage + 1);
            self.cx.event(events.promoted, stage as u64 + 1, 0);
        } else {
            self.enter(Phase::Done, stage);
            self.cx.event(events.finished, stage as u64, 0);
        }
    }
}
