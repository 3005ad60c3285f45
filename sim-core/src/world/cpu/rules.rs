//! What acts on the processors of a node: speed, quota and steal, each computed from the set of
//! overlays in force, in id order.

use crate::EntryId;
use crate::plan::{Primitive, Thief};

/// Slowest a node gets, however many slow-downs multiply.
const SPEED_MIN: f64 = 0.001;

/// Running time a period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Quota {
    pub(super) quota: u64,
    pub(super) period: u64,
    pub(super) phase: u64,
}

impl Quota {
    /// The end of the window in which `now` lies.
    pub(super) const fn window_end(&self, now: u64) -> u64 {
        if now < self.phase {
            return self.phase;
        }
        self.phase + ((now - self.phase) / self.period + 1) * self.period
    }
    fn share(&self) -> f64 {
        self.quota as f64 / self.period as f64
    }
}

/// Bursts in which the host of a virtual machine runs somebody else.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bursts {
    burst: u64,
    cycle: u64,
    phase: u64,
}

impl Bursts {
    const fn position(&self, now: u64) -> u64 {
        (now % self.cycle + self.cycle - self.phase % self.cycle) % self.cycle
    }
    /// Whether nothing of the node runs at `now`.
    pub(super) const fn at(&self, now: u64) -> bool {
        self.position(now) < self.burst
    }
    /// When that changes; never if all is stolen.
    pub(super) const fn next(&self, now: u64) -> Option<u64> {
        let position = self.position(now);
        if self.burst == self.cycle {
            None
        } else if position < self.burst {
            Some(now + self.burst - position)
        } else {
            Some(now + self.cycle - position)
        }
    }
}

/// The overlays and their effective values.
#[derive(Debug)]
pub(super) struct Rules {
    /// In id order.
    overlays: Vec<(EntryId, Rule)>,
    pub(super) speed: f64,
    pub(super) quota: Option<Quota>,
    /// Share that the host takes, and its rhythm; without one it takes the share evenly.
    pub(super) host: f64,
    pub(super) bursts: Option<Bursts>,
    /// Processes that never wait.
    pub(super) hogs: f64,
    /// Cores that are gone.
    pub(super) lost: usize,
}

#[derive(Clone, Copy, Debug)]
enum Rule {
    Speed(f64),
    Quota(Quota),
    Steal(Thief),
}

/// Which overlays had an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::world) enum Effect {
    Stretched,
    Throttled,
    Host,
    Hogs,
    Cores,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            overlays: Vec::new(),
            speed: 1.0,
            quota: None,
            host: 0.0,
            bursts: None,
            hogs: 0.0,
            lost: 0,
        }
    }
}

impl Rules {
    /// Whether any speed overlay is in force.
    pub(super) fn stretch(&self) -> bool {
        let speed = |(_, rule): &(EntryId, Rule)| matches!(rule, Rule::Speed(_));
        self.overlays.iter().any(speed)
    }
    /// Puts an overlay in force or takes it away.
    pub(super) fn set(&mut self, id: EntryId, primitive: &Primitive, start: bool) {
        self.overlays.retain(|(other, _)| *other != id);
        let rule = match primitive {
            Primitive::CpuSpeed { factor, .. } => Rule::Speed(*factor),
            Primitive::CpuSteal { by, .. } => Rule::Steal(*by),
            Primitive::CpuQuota {
                quota,
                period,
                phase,
                ..
            } => Rule::Quota(Quota {
                quota: quota.as_nanos().max(1),
                period: period.as_nanos().max(1),
                phase: phase.as_nanos() % period.as_nanos().max(1),
            }),
            other => panic!("{} does not act on processors", other.name()),
        };
        if start {
            self.overlays.push((id, rule));
            self.overlays.sort_by_key(|(id, _)| *id);
        }
        self.combine();
    }

    fn combine(&mut self) {
        let mut next = Self::default();
        let (mut left, mut longest) = (1.0, (0, 0));
        for (_, rule) in &self.overlays {
            match rule {
                Rule::Speed(factor) => next.speed *= factor,
                Rule::Quota(quota) => next.quota = Some(tighter(next.quota, *quota)),
                Rule::Steal(Thief::Hogs(count)) => next.hogs += count.max(0.0),
                Rule::Steal(Thief::Cores(count)) => next.lost += *count as usize,
                Rule::Steal(Thief::Host {
                    share,
                    burst,
                    phase,
                }) => {
                    left *= 1.0 - share.clamp(0.0, 1.0);
                    if burst.as_nanos() > longest.0 {
                        longest = (burst.as_nanos(), phase.as_nanos());
                    }
                }
            }
        }
        next.speed = next.speed.max(SPEED_MIN);
        next.host = 1.0 - left;
        let (burst, phase) = longest;
        next.bursts = (burst > 0 && next.host > 0.0).then(|| {
            let cycle = libm::round(burst as f64 / next.host);
            let cycle = crate::VirtualDuration::from_nanos_f64(cycle).as_nanos();
            Bursts {
                burst,
                cycle: cycle.max(burst),
                phase,
            }
        });
        next.overlays = core::mem::take(&mut self.overlays);
        *self = next;
    }

    /// The overlays by which an effect came about.
    pub(super) fn blame(&self, effect: Effect) -> impl Iterator<Item = EntryId> {
        let quota = self.quota;
        let mut tightest = true;
        let concerns = move |rule: &Rule| match (effect, rule) {
            (Effect::Stretched, Rule::Speed(_)) => true,
            // The tightest quota acts, and of two that are equal the first.
            (Effect::Throttled, Rule::Quota(own)) if Some(*own) == quota => {
                core::mem::take(&mut tightest)
            }
            (Effect::Host, Rule::Steal(Thief::Host { share, .. })) => *share > 0.0,
            (Effect::Hogs, Rule::Steal(Thief::Hogs(count))) => *count > 0.0,
            (Effect::Cores, Rule::Steal(Thief::Cores(count))) => *count > 0,
            _ => false,
        };
        let mut concerns = concerns;
        let all = self.overlays.iter();
        all.filter(move |(_, rule)| concerns(rule))
            .map(|(id, _)| *id)
    }
}

/// The lower quota by period; of two that are equal the one with the longer period.
fn tighter(old: Option<Quota>, new: Quota) -> Quota {
    let Some(old) = old else {
        return new;
    };
    let (left, right) = (old.share(), new.share());
    if right < left || (right == left && new.period > old.period) {
        new
    } else {
        old
    }
}
