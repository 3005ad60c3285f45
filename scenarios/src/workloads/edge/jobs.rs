//! What becomes of each job: outcome, processor time, delay. Every draw is keyed by the number of
//! the period.

use super::sampled::Knobs;
use squall_core::{Cx, Key, Law, Sample, VirtualDuration};
use squall_faults::param::{Arg, Args, Value};
use std::cell::Cell;

/// What becomes of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It runs and its output is applied.
    Ok,
    /// It neither runs nor actuates; the controller's state is frozen.
    Lost,
    /// It runs, its output is lost.
    Dropped,
}

impl Outcome {
    /// By its letter in a pattern.
    pub(super) const fn of(letter: char) -> Option<Self> {
        match letter {
            'o' => Some(Self::Ok),
            'L' => Some(Self::Lost),
            'D' => Some(Self::Dropped),
            _ => None,
        }
    }
}

/// The delay from the end of a job to the plant.
#[derive(Clone, Debug)]
enum Delay {
    /// In nanoseconds.
    Time(Law),
    /// As a multiple of the period.
    Periods(Law),
    /// One after the other, again and again.
    Cycle(Vec<VirtualDuration>),
}

/// Shares of losses as they are now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Losses {
    /// Of single jobs.
    single: f64,
    /// Chances of the channel to turn bad, and good again.
    begin: f64,
    end: f64,
    /// What a loss takes.
    lost: Outcome,
}

impl Losses {
    pub(super) fn now(cx: &Cx, knobs: &Knobs) -> Self {
        Self {
            single: cx.knob(knobs.loss),
            begin: cx.knob(knobs.burst_begin),
            end: cx.knob(knobs.burst_end),
            lost: match cx.knob(knobs.lost) > 0.5 {
                true => Outcome::Dropped,
                false => Outcome::Lost,
            },
        }
    }
}

/// A channel with a good and a bad state (Gilbert and Elliott): a job in the bad state is lost.
#[derive(Clone, Debug)]
struct Bursts {
    /// The period up to which the state is known, and the state.
    state: Cell<(u64, bool)>,
}

/// The keys of one loop.
#[derive(Clone, Debug)]
struct Keys {
    loss: Key,
    bursts: Key,
    delay: Key,
    compute: Key,
}

/// What becomes of the jobs of one loop.
#[derive(Clone, Debug)]
pub(super) struct Jobs {
    period: VirtualDuration,
    pattern: Vec<Outcome>,
    bursts: Bursts,
    delay: Delay,
    compute: Law,
    keys: Keys,
}

impl Jobs {
    pub(super) fn new(args: &Args, key: impl Fn(&str) -> Key) -> Self {
        let pattern = args.text_opt("pattern").unwrap_or("");
        let bursts = Bursts {
            state: Cell::new((0, false)),
        };
        let cycle = |list: &[Arg]| {
            let duration = |arg: &Arg| match arg.value {
                Value::Duration(d) => Some(d),
                _ => None,
            };
            list.iter().filter_map(duration).collect()
        };
        let delay = match (args.list_opt("delay_cycle"), args.law_opt("delay_periods")) {
            (Some(list), _) if !list.is_empty() => Delay::Cycle(cycle(list)),
            (_, Some(law)) => Delay::Periods(law),
            _ => Delay::Time(args.law_opt("delay").unwrap_or(Law::Constant(0.0))),
        };
        Self {
            period: args.duration("period"),
            pattern: pattern.chars().filter_map(Outcome::of).collect(),
            bursts,
            delay,
            compute: args.law("compute"),
            keys: Keys {
                loss: key("loss"),
                bursts: key("bursts"),
                delay: key("delay"),
                compute: key("compute"),
            },
        }
    }
    /// What becomes of job `k`, beside the pattern.
    pub(super) fn outcome(&self, k: u64, losses: Losses) -> Outcome {
        if let Some(at) = k.checked_rem(self.pattern.len() as u64) {
            let at = usize::try_from(at).expect("an index of the pattern");
            if self.pattern[at] != Outcome::Ok {
                return self.pattern[at];
            }
        }
        let single = losses.single;
        if self.bad(losses, k) || (single > 0.0 && self.keys.loss.at(k).chance(single)) {
            return losses.lost;
        }
        Outcome::Ok
    }
    /// The state of the channel in period `k`: good at the start, one step a period.
    fn bad(&self, losses: Losses, k: u64) -> bool {
        if losses.begin <= 0.0 {
            // No bursts, or none any more.
            self.bursts.state.set((k, false));
            return false;
        }
        let (mut at, mut bad) = self.bursts.state.get();
        if at > k {
            // Samples of links may come out of order.
            (at, bad) = (0, false);
        }
        while at < k {
            let p = if bad { losses.end } else { losses.begin };
            bad ^= self.keys.bursts.at(at).chance(p);
            at += 1;
        }
        self.bursts.state.set((at, bad));
        bad
    }
    /// Processor time of job `k`.
    pub(super) fn compute(&self, k: u64, factor: f64) -> VirtualDuration {
        let time = self.compute.sample(&mut self.keys.compute.at(k));
        VirtualDuration::from_nanos_f64(time * factor)
    }
    /// Time from the end of job `k` until its output is at the plant.
    pub(super) fn delay(&self, k: u64, factor: f64) -> VirtualDuration {
        let draw = &mut self.keys.delay.at(k);
        let delay = match &self.delay {
            Delay::Time(law) => law.sample(draw),
            Delay::Periods(law) => law.sample(draw) * self.period.as_nanos_f64(),
            Delay::Cycle(list) => {
                let at = k.checked_rem(list.len() as u64).unwrap_or(0);
                let at = usize::try_from(at).expect("an index of the cycle");
                list[at].as_nanos_f64()
            }
        };
        VirtualDuration::from_nanos_f64(delay * factor)
    }
}
