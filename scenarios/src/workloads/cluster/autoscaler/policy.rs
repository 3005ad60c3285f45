//! The decision: from a value of the metric to a number of replicas.

use squall_core::VirtualDuration;
use std::collections::VecDeque;

/// What an autoscaler goes by, each the mean over replicas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Requests in a replica, served and waiting.
    Queue,
    /// Seconds that a request waits.
    Delay,
    /// Share of its cores in use.
    Cpu,
}

/// How a service is scaled.
#[derive(Clone, Debug)]
pub struct Scaling {
    /// What it goes by.
    pub metric: Metric,
    /// The value that it aims at.
    pub target: f64,
    /// Fewest and most replicas.
    pub replicas: (u32, u32),
    /// Time between two decisions.
    pub sync: VirtualDuration,
    /// Age of what it sees.
    pub lag: VirtualDuration,
    /// Over how long it averages.
    pub average: VirtualDuration,
    /// A value so near to the target, relative to it, changes nothing.
    pub tolerance: f64,
    /// Most growth in a decision: relative, and in replicas; the larger holds.
    pub up: (f64, u32),
    /// Share of the replicas that a decision may take.
    pub down_share: f64,
    /// Times over which the least (growing) and the most (shrinking) of the recommendations holds.
    pub stabilise: (VirtualDuration, VirtualDuration),
    /// Time after a change in which there is no other.
    pub cooldown: VirtualDuration,
    /// Instead of the ratio, so many more or fewer at each decision.
    pub step: Option<u32>,
}

/// What an autoscaler remembers.
#[derive(Clone, Debug, Default)]
pub struct Scaler {
    /// Recommendations with their times, the latest last.
    recommended: VecDeque<(VirtualDuration, u32)>,
    changed: Option<VirtualDuration>,
}

fn whole(x: f64) -> u32 {
    u32::try_from(VirtualDuration::from_nanos_f64(x).as_nanos()).unwrap_or(u32::MAX)
}

impl Scaler {
    /// How many replicas there should be, where there are `current`. Without a value there is no change.
    pub fn decide(
        &mut self,
        rules: &Scaling,
        now: VirtualDuration,
        (value, current): (Option<f64>, u32),
    ) -> u32 {
        let Some(value) = value else {
            return current;
        };
        let (min, max) = rules.replicas;
        let recommended = recommend(rules, value, current).clamp(min, max);
        self.recommended.push_back((now, recommended));
        let (up, down) = rules.stabilise;
        let kept = |at: VirtualDuration, length: VirtualDuration| at.saturating_add(length) > now;
        while self
            .recommended
            .front()
            .is_some_and(|(at, _)| !kept(*at, up.max(down)) && *at < now)
        {
            self.recommended.pop_front();
        }
        let recent = |length| {
            let all = self.recommended.iter();
            all.filter(move |(at, _)| *at == now || kept(*at, length))
                .map(|(_, count)| *count)
        };
        let grow = recent(up).min().unwrap_or(current);
        let shrink = recent(down).max().unwrap_or(current);
        let wanted = match () {
            () if current < grow => grow.min(most(rules, current)),
            () if current > shrink => shrink.max(least(rules, current)),
            () => current,
        };
        let wanted = wanted.clamp(min, max);
        let waits = self.changed.is_some_and(|at| kept(at, rules.cooldown));
        if wanted == current || waits {
            return current;
        }
        self.changed = Some(now);
        wanted
    }
}

fn recommend(rules: &Scaling, value: f64, current: u32) -> u32 {
    let ratio = value / rules.target;
    // At the edge of the tolerance rounding must not decide.
    if (ratio - 1.0).abs() <= rules.tolerance + 1e-9 {
        return current;
    }
    match rules.step {
        Some(step) if ratio > 1.0 => current.saturating_add(step),
        Some(step) => current.saturating_sub(step),
        None => whole(libm::ceil(f64::from(current) * ratio - 1e-9)),
    }
}
fn most(rules: &Scaling, current: u32) -> u32 {
    let (factor, pods) = rules.up;
    whole(f64::from(current) * factor).max(current.saturating_add(pods))
}
fn least(rules: &Scaling, current: u32) -> u32 {
    current - whole(f64::from(current) * rules.down_share).min(current)
}
