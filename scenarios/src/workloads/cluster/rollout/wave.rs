//! How nodes get a version, one step at a time.

use super::controller::Controller;
use super::mutant::Mutant;
use super::shared::Order;
use squall_core::VirtualDuration;

/// What the controller does with a node just now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Step {
    #[default]
    Idle,
    /// Callers keep away, since then.
    Draining(VirtualDuration),
    /// It restarts with this version.
    Installing(bool),
    /// It has been well since then.
    Checking(VirtualDuration),
    /// Callers may come again.
    Returning,
}

impl Controller {
    /// Brings every node of the wave a step nearer to the version that it shall have, and takes more nodes, as far
    /// as that may be. `goal` is the version of a place; `back` is a rollback.
    pub(super) fn advance(&self, goal: impl Fn(usize) -> bool, back: bool) {
        let places = self.shared.config.places;
        for place in 0..places {
            self.step(place, goal(place));
        }
        if self.paused.get() && !back {
            return;
        }
        for place in 0..places {
            let view = self.views.borrow()[place];
            let idle = self.steps.borrow()[place] == Step::Idle;
            if idle && self.knows(place) && view.new != goal(place) && self.may_take(place) {
                self.cx
                    .event(self.shared.events.taken, place as u64, u64::from(!back));
                self.order(place, Order::Drain);
                self.steps.borrow_mut()[place] = Step::Draining(self.cx.monotonic());
            }
        }
    }

    /// Whether one node more may be taken: by the number that are out already, and by the budget.
    fn may_take(&self, place: usize) -> bool {
        let config = &self.shared.config;
        if self.shared.has(Mutant::R03) {
            return true;
        }
        let places = 0..config.places;
        let out = places
            .clone()
            .filter(|p| self.steps.borrow()[*p] != Step::Idle)
            .count();
        if out >= config.max_unavailable {
            return false;
        }
        let others = places
            .filter(|p| *p != place && self.is_available(*p))
            .count();
        // To take a node that serves nobody costs nothing.
        others >= config.min_available || !self.is_available(place) || self.shared.has(Mutant::R05)
    }
    /// Whether a node serves, as far as the controller knows.
    pub(super) fn is_available(&self, place: usize) -> bool {
        let view = self.views.borrow()[place];
        self.knows(place)
            && view.serving
            && !view.drained
            && self.steps.borrow()[place] == Step::Idle
    }

    fn step(&self, place: usize, want: bool) {
        let (config, now) = (&self.shared.config, self.cx.monotonic());
        let (view, step) = (self.views.borrow()[place], self.steps.borrow()[place]);
        if !self.knows(place) {
            return;
        }
        let followed = self.has_followed(place);
        let install = || {
            self.order(place, Order::Install(want));
            if self.shared.has(Mutant::R04) {
                self.order(place, Order::Return);
                return Step::Idle;
            }
            Step::Installing(want)
        };
        let next = match step {
            // A controller before this one took it.
            Step::Idle if view.drained && followed => Step::Draining(now),
            Step::Draining(since) if followed && now.saturating_sub(since) >= config.drain => {
                if view.new == want && view.serving {
                    Step::Checking(now)
                } else {
                    install()
                }
            }
            Step::Installing(version) if followed && version != want => install(),
            Step::Installing(_) if followed && view.serving => Step::Checking(now),
            Step::Checking(_) if !view.serving => Step::Installing(view.new),
            Step::Checking(_) if view.new != want => install(),
            Step::Checking(since) if now.saturating_sub(since) >= config.ready => {
                self.order(place, Order::Return);
                Step::Returning
            }
            Step::Returning if followed => Step::Idle,
            other => other,
        };
        self.steps.borrow_mut()[place] = next;
    }

    /// Whether a node has a version, and serves with it.
    pub(super) fn is_ready(&self, place: usize, new: bool) -> bool {
        let view = self.views.borrow()[place];
        let idle = self.steps.borrow()[place] == Step::Idle && self.has_followed(place);
        idle && view.new == new && view.serving && !view.drained
    }
}
