//! Triggers at work: which records count, when a firing is due, and who is hit.
//!
//! Events of the plan come first at their instant, triggers before overlays, and both in id order:
//! their sequence numbers are set aside before the run. So a firing at t does what a plan does that
//! has it at t from the start, and a frozen plan repeats a run.
//!
//! A world without a trigger has none of this: a record costs it one comparison.

mod aim;
mod floor;
mod matching;
mod roles;

pub use roles::RoleOf;

use super::kernel::{Kernel, Kind};
use crate::history::{Miss, TriggerChange, What};
use crate::outcome::Firings;
use crate::plan::{Change, FiringId, IfNone, On, Primitive, Step};
use crate::queue::Pending;
use crate::{NameId, NodeId, VirtualDuration, VirtualTime};
use roles::Roles;
use std::rc::Rc;

/// All triggers of a run.
#[derive(Debug)]
pub(super) struct Triggers {
    /// By trigger.
    states: Vec<State>,
    /// Triggers that wait for records or calls and can still fire, in id order.
    watching: Vec<u32>,
    /// The fault whose overlay is just coming or going: what happens of that is its own doing.
    pub(super) acting: Option<u32>,
    /// By fault.
    lives: Vec<Living>,
    roles: Roles,
    /// Names that were known when names were last looked up.
    names_seen: usize,
    /// By trigger, the first of its sequence numbers.
    sequences: Vec<u64>,
    /// The first sequence number of overlays.
    steps_from: u64,
}

/// One trigger.
#[derive(Clone, Debug, Default)]
struct State {
    /// The event or metric it waits for, once that has a number.
    name: Option<NameId>,
    /// Whether that is a signal of a host, which holds its value between records.
    held: bool,
    /// Its last sample.
    value: f64,
    /// Since when every sample is beyond the limit.
    beyond: Option<u64>,
    /// Matches since the last firing.
    matched: u32,
    /// The next firing.
    next: u32,
    /// Matches before this do not count.
    quiet_until: u64,
    /// Firings that wait for somebody to have a role, and whether they are about to look again.
    waiting: Vec<(u32, bool)>,
    counted: Firings,
}

/// What is known of a fault, for those that wait for it.
#[derive(Clone, Copy, Debug, Default)]
struct Living {
    active: u32,
    landed: bool,
}

/// What an event of a trigger means; its word says so, and of which firing.
const ARM: u64 = 0;
const FIRE: u64 = 1;
const GIVE_UP: u64 = 2;

/// A firing is this much after its match at least, so that the instant of the match is complete.
const DELAY_MIN: VirtualDuration = VirtualDuration::from_nanos(1);

impl Triggers {
    /// Who had a role may be somebody else now: firings that wait look again.
    fn look_again(&mut self) -> Vec<(u32, u32)> {
        let mut again = Vec::new();
        for (index, state) in (0u32..).zip(&mut self.states) {
            for (ordinal, looks) in state.waiting.iter_mut().filter(|(_, looks)| !looks) {
                *looks = true;
                again.push((index, *ordinal));
            }
        }
        again
    }
}

impl Kernel {
    /// Makes what the triggers of the plan need.
    pub(super) fn plan_triggers(&mut self) {
        let plan = Rc::clone(&self.plan);
        if plan.triggers().is_empty() {
            self.triggers = None;
            return;
        }
        let (mut sequences, mut sequence) = (Vec::new(), 0);
        for trigger in plan.triggers() {
            sequences.push(sequence);
            sequence += 1 + 2 * trigger.firings.len() as u64;
        }
        let state = |on: &On| State {
            held: matches!(on, On::Metric { name, .. } if self.is_host_signal(name)),
            ..State::default()
        };
        let watches = |on: &On| !matches!(on, On::At(_));
        let all = plan.triggers().iter();
        self.triggers = Some(Box::new(Triggers {
            states: all.clone().map(|trigger| state(&trigger.on)).collect(),
            watching: (0u32..)
                .zip(all)
                // One without firings is what is left of a fault that was taken out of the plan.
                .filter(|(_, trigger)| watches(&trigger.on) && !trigger.firings.is_empty())
                .map(|(index, _)| index)
                .collect(),
            acting: None,
            lives: vec![Living::default(); plan.faults.len()],
            roles: Roles::default(),
            names_seen: 0,
            sequences,
            steps_from: sequence,
        }));
    }

    /// Schedules the plan, before anything else of the run.
    pub(super) fn schedule_plan(&mut self) {
        let plan = Rc::clone(&self.plan);
        for index in 0..self.timeline.len() {
            let at = self.timeline[index].at.as_nanos();
            let target = u32::try_from(index).expect("fewer than 2^32 steps");
            match &self.triggers {
                None => self.schedule(at, Kind::Plan, target, 0),
                Some(_) => self.schedule_step(index),
            }
        }
        let Some(triggers) = &self.triggers else {
            return;
        };
        self.sequence = triggers.steps_from + 2 * plan.entries().len() as u64;
        for (index, trigger) in (0u32..).zip(plan.triggers()) {
            match &trigger.on {
                _ if trigger.firings.is_empty() => {}
                On::At(at) => self.schedule_trigger(index, *at, FIRE, 0),
                _ => self.schedule_trigger(index, trigger.from, ARM, 0),
            }
        }
    }

    /// Schedules the step of the timeline at `index` with the sequence number of its overlay.
    fn schedule_step(&mut self, index: usize) {
        let step = self.timeline[index];
        let entries = self.plan.entries().len() as u64;
        let triggers = self.triggers.as_ref().expect("a plan with triggers");
        let starts = u64::from(step.change == Change::Start) * entries;
        self.queue.push_early(Pending {
            time: step.at.as_nanos(),
            sequence: triggers.steps_from + starts + u64::from(step.entry.0),
            word: 0,
            target: u32::try_from(index).expect("fewer than 2^32 steps"),
            kind: Kind::Plan as u16,
        });
    }

    /// Schedules something about a firing of a trigger.
    fn schedule_trigger(&mut self, index: u32, at: VirtualTime, what: u64, ordinal: u32) {
        let triggers = self.triggers.as_ref().expect("a plan with triggers");
        let place = match what {
            ARM => 0,
            FIRE => 1 + 2 * u64::from(ordinal),
            _ => 2 + 2 * u64::from(ordinal),
        };
        self.queue.push_early(Pending {
            time: at.as_nanos(),
            sequence: triggers.sequences[index as usize] + place,
            word: (u64::from(ordinal) << 2) | what,
            target: index,
            kind: Kind::Trigger as u16,
        });
    }

    /// Something about a trigger is due.
    pub(super) fn trigger_event(&mut self, index: u32, word: u64) {
        let ordinal = u32::try_from(word >> 2).expect("an ordinal is a u32");
        match word & 3 {
            ARM => self.record_trigger(index, 0, TriggerChange::Armed),
            FIRE => self.fire(index, ordinal),
            _ => self.give_up(index, ordinal),
        }
    }

    fn record_trigger(&mut self, trigger: u32, ordinal: u32, change: TriggerChange) {
        let firing = FiringId { trigger, ordinal };
        self.record(What::Trigger { firing, change });
    }

    /// A match: the trigger fires if it was the one that counts.
    fn matched(&self, triggers: &mut Triggers, index: u32) -> Option<(VirtualTime, u32)> {
        let trigger = self.plan.trigger(index);
        let state = &mut triggers.states[index as usize];
        state.matched += 1;
        if state.matched < trigger.after {
            return None;
        }
        let ordinal = state.next;
        state.matched = 0;
        state.next += 1;
        let now = VirtualTime::from_nanos(self.now);
        state.quiet_until = now.saturating_add(trigger.cooldown).as_nanos();
        let delay = trigger.firings[ordinal as usize].delay.max(DELAY_MIN);
        Some((now.saturating_add(delay), ordinal))
    }

    /// A firing is due: targets are found, and its overlays get their times.
    fn fire(&mut self, index: u32, ordinal: u32) {
        let plan = Rc::clone(&self.plan);
        let trigger = plan.trigger(index);
        let firing = &trigger.firings[ordinal as usize];
        let late = self.time() >= trigger.ends;
        let mut triggers = self.triggers.take().expect("a plan with triggers");
        let state = &mut triggers.states[index as usize];
        let waits = state.waiting.iter().any(|(o, _)| *o == ordinal);
        if late {
            // One that waits gives up at this instant.
            if !waits {
                state.counted.miss(Miss::Late);
            }
            self.triggers = Some(triggers);
            if !waits {
                self.record_trigger(index, ordinal, TriggerChange::Missed(Miss::Late));
            }
            return;
        }
        let aimed = self.aim(&triggers, firing);
        self.triggers = Some(triggers);
        let aimed = match aimed {
            Ok(aimed) => aimed,
            Err(miss) => return self.nobody(index, ordinal, miss),
        };
        triggers = self.triggers.take().expect("it was just put there");
        let state = &mut triggers.states[index as usize];
        state.waiting.retain(|(waits, _)| *waits != ordinal);
        state.counted.dropped += aimed.dropped.len() as u64;
        state.counted.fired += u64::from(aimed.missed.is_none());
        if let Some(miss) = aimed.missed {
            state.counted.miss(miss);
        }
        self.triggers = Some(triggers);
        for node in aimed.dropped {
            self.record_trigger(index, ordinal, TriggerChange::Dropped { node });
        }
        if let Some(miss) = aimed.missed {
            return self.record_trigger(index, ordinal, TriggerChange::Missed(miss));
        }
        for (place, node) in &aimed.filled {
            let (place, node) = (*place, *node);
            self.record_trigger(index, ordinal, TriggerChange::Hit { place, node });
        }
        self.record_trigger(index, ordinal, TriggerChange::Fired);
        drop(plan);
        self.bring(
            FiringId {
                trigger: index,
                ordinal,
            },
            &aimed.filled,
        );
    }

    /// Puts the overlays of a firing into the timeline.
    fn bring(&mut self, firing: FiringId, filled: &[(NodeId, NodeId)]) {
        let now = self.time();
        let live = Rc::make_mut(&mut self.plan).bind(firing, now, filled);
        for id in live {
            let (from, until) = {
                let entry = self.plan.entry(id);
                (entry.from, entry.until)
            };
            let start = (Change::Start, from);
            let end = until.map(|until| (Change::End, until));
            for (change, at) in core::iter::once(start).chain(end) {
                self.timeline.push(Step {
                    at,
                    change,
                    entry: id,
                });
                self.schedule_step(self.timeline.len() - 1);
            }
        }
    }

    /// A firing found nobody with a role: it waits, or it is over.
    fn nobody(&mut self, index: u32, ordinal: u32, miss: Miss) {
        let now = self.time();
        let trigger = self.plan.trigger(index);
        // It waits no longer than what it would do may last.
        let until = now.saturating_add(trigger.patience).min(trigger.ends);
        let if_none = trigger.if_none;
        let triggers = self.triggers.as_mut().expect("a plan with triggers");
        let state = &mut triggers.states[index as usize];
        if let Some(waits) = state.waiting.iter_mut().find(|(o, _)| *o == ordinal) {
            waits.1 = false;
            return;
        }
        if if_none == IfNone::Skip {
            state.counted.skipped += 1;
            return self.record_trigger(index, ordinal, TriggerChange::Missed(miss));
        }
        state.waiting.push((ordinal, false));
        self.schedule_trigger(index, until, GIVE_UP, ordinal);
    }

    /// The patience of a firing is over.
    fn give_up(&mut self, index: u32, ordinal: u32) {
        let now = self.time();
        let plan = Rc::clone(&self.plan);
        let trigger = plan.trigger(index);
        let mut triggers = self.triggers.take().expect("a plan with triggers");
        let waits = |state: &State| state.waiting.iter().position(|(o, _)| *o == ordinal);
        let Some(at) = waits(&triggers.states[index as usize]) else {
            self.triggers = Some(triggers);
            return;
        };
        // Who had the role may have been spared.
        let aimed = self.aim(&triggers, &trigger.firings[ordinal as usize]);
        let miss = aimed.err().unwrap_or(Miss::Late);
        let state = &mut triggers.states[index as usize];
        state.waiting.remove(at);
        state.counted.miss(miss);
        if trigger.if_none == IfNone::Fail {
            state.counted.failed.get_or_insert(now);
        }
        self.triggers = Some(triggers);
        self.record_trigger(index, ordinal, TriggerChange::Missed(miss));
    }

    /// What the triggers of a fault did; `None` if it has none.
    pub(super) fn firings_of(&self, fault: u32) -> Option<Firings> {
        let triggers = self.triggers.as_ref()?;
        let all = self.plan.triggers().iter().zip(&triggers.states);
        let mut own = all.filter(|(trigger, _)| trigger.fault == fault).peekable();
        own.peek()?;
        let mut sum = Firings::default();
        for (_, state) in own {
            sum.add(&state.counted);
            sum.waiting += state.waiting.len() as u64;
        }
        Some(sum)
    }

    /// What comes into force at this instant: firings go before overlays.
    fn coming(&self) -> impl Iterator<Item = &Primitive> {
        let now = self.time();
        let coming = self.plan.fixed().filter(move |(_, e)| e.from == now);
        coming.map(|(_, entry)| &entry.primitive)
    }
}
