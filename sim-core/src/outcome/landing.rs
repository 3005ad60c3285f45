//! What came of the faults of one seed: how long they were in force, whether they had an effect, and
//! if they had none, why.

use crate::history::Miss;
use crate::plan::{Entry, Family, Plan};
use crate::{VirtualDuration, VirtualTime};
use core::fmt;
use serde::{Deserialize, Serialize};

/// What came of one entry of a plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Landing {
    /// How often it had an effect.
    pub count: u64,
    /// When first.
    pub first: Option<VirtualTime>,
}

/// One fault of one seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FaultResult {
    /// Label in the scenario.
    pub label: String,
    /// How many primitives were planned.
    pub planned: u64,
    /// How often they had an effect.
    pub landed: u64,
    /// When they first had one.
    pub first_landing: Option<VirtualTime>,
    /// How long at least one of them was in force, within the run.
    #[serde(default)]
    pub active: VirtualDuration,
    /// Why none had an effect; `None` if one had.
    #[serde(default)]
    pub missed: Option<Missed>,
    /// What its triggers did, if it has any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub firings: Option<Firings>,
}

/// What the triggers of a fault did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Firings {
    /// Firings that hit somebody.
    pub fired: u64,
    /// Targets that its floor kept from being hit.
    pub dropped: u64,
    /// Firings for which nobody had the role in time.
    pub missed_role: u64,
    /// Firings for which the floor left nobody.
    pub missed_floor: u64,
    /// Firings for which only nodes had the role that no fault may hit.
    #[serde(default)]
    pub missed_spared: u64,
    /// Firings that were due when the time of the fault was over.
    #[serde(default)]
    pub missed_late: u64,
    /// Firings that were left out because nobody had the role.
    pub skipped: u64,
    /// Firings that still waited for somebody to have the role when the run ended.
    pub waiting: u64,
    /// When the run failed because nobody had the role.
    pub failed: Option<VirtualTime>,
}

impl FaultResult {
    /// With what its triggers did, which may be why it had no effect.
    pub(crate) fn fired(&mut self, firings: Option<Firings>) {
        self.firings = firings;
        let waited = matches!(self.missed, Some(Missed::NotFired | Missed::NoTarget));
        let Some(firings) = firings.filter(|firings| waited && firings.fired == 0) else {
            return;
        };
        let left = firings.skipped + firings.waiting > 0;
        self.missed = match firings.main_miss() {
            Some(Miss::Role) => Some(Missed::NoRole),
            Some(Miss::Floor) => Some(Missed::Floor),
            Some(Miss::Spared) => Some(Missed::Spared),
            Some(Miss::Late) => Some(Missed::Late),
            None if left => Some(Missed::NoRole),
            None => self.missed,
        };
    }
    /// When it made the run fail, because nobody had the role that it names and that must not be.
    pub fn failed(&self) -> Option<VirtualTime> {
        self.firings.and_then(|firings| firings.failed)
    }
}

impl Firings {
    /// Counts a firing that hit nobody.
    pub(crate) const fn miss(&mut self, miss: Miss) {
        *match miss {
            Miss::Role => &mut self.missed_role,
            Miss::Floor => &mut self.missed_floor,
            Miss::Spared => &mut self.missed_spared,
            Miss::Late => &mut self.missed_late,
        } += 1;
    }
    /// Why a firing hit nobody, of most of those that did.
    pub fn main_miss(&self) -> Option<Miss> {
        let counts = [
            (self.missed_role, Miss::Role),
            (self.missed_floor, Miss::Floor),
            (self.missed_spared, Miss::Spared),
            (self.missed_late, Miss::Late),
        ];
        // Of equals the first.
        let most = counts.iter().rev().max_by_key(|(count, _)| *count);
        most.filter(|(count, _)| *count > 0).map(|(_, miss)| *miss)
    }
    /// Why it made the run fail, as a fragment.
    pub const fn why_failed(&self) -> &'static str {
        match (self.missed_role, self.missed_spared) {
            (0, 1..) => "only nodes that `never` spares had the role that it names",
            _ => "nobody had the role that it names",
        }
    }
    /// Adds up.
    pub fn add(&mut self, other: &Self) {
        self.fired += other.fired;
        self.dropped += other.dropped;
        self.missed_role += other.missed_role;
        self.missed_floor += other.missed_floor;
        self.missed_spared += other.missed_spared;
        self.missed_late += other.missed_late;
        self.skipped += other.skipped;
        self.waiting += other.waiting;
        self.failed = [self.failed, other.failed].into_iter().flatten().min();
    }
}

/// Why a fault had no effect in a seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Missed {
    /// Its chance left it out of this seed: no miss, it was never planned.
    NotDrawn,
    /// Nothing was left to act on, or no time to act at.
    NoTarget,
    /// What it waits for did not happen.
    NotFired,
    /// It fired, and nobody had the role that it names.
    NoRole,
    /// It fired, and only nodes that `never` spares had the role.
    Spared,
    /// It fired, and its floor left nobody.
    Floor,
    /// It would have fired when its time was over.
    Late,
    /// The run ended before it came into force.
    AfterEnd,
    /// It was in force, and nothing met it. Of the families of its primitives the first.
    Idle(Family),
}

/// As a fragment: `it was in force, but no message took the link`.
impl fmt::Display for Missed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let met = match self {
            Self::NotDrawn => return f.write_str("not drawn in this seed"),
            Self::NoTarget => {
                return f.write_str("nothing to act on: no target was left, or no time in the run");
            }
            Self::NotFired => return f.write_str("what it waits for did not happen"),
            Self::NoRole => return f.write_str("nobody had the role that it names"),
            Self::Spared => {
                return f.write_str("only nodes that `never` spares had the role that it names");
            }
            Self::Floor => return f.write_str("its floor left nobody to hit"),
            Self::Late => return f.write_str("its time was over before it fired"),
            Self::AfterEnd => return f.write_str("the run ended before it began"),
            Self::Idle(family) => match family {
                Family::Node => "the node was down or had nothing to do",
                Family::Link => "no message took the link, or none that it could change",
                Family::Cpu => "nothing ran on the node that it could slow down",
                Family::Memory => "it fitted into free memory, or the node touched none",
                Family::Disk => "the node did not use its disk so",
                Family::Clock => "nobody read the clock",
                Family::Call => "nobody called the service, or it let all calls pass",
                Family::Signal => "nobody read the channel, or it made no difference",
                Family::Knob => "the workload did not read the knob",
            },
        };
        write!(f, "in force, but {met}")
    }
}

/// The faults of a plan in its order. `landings` belongs to its entries, `end` is the end of the run; what
/// fired in it has its times in the plan. What the triggers did is for the host to add.
pub fn fault_results(plan: &Plan, landings: &[Landing], end: VirtualTime) -> Vec<FaultResult> {
    let result = |(index, fault): (usize, &crate::plan::PlannedFault)| {
        let own = plan.entries().iter().zip(landings);
        let own: Vec<(&Entry, &Landing)> = own.filter(|(e, _)| e.fault as usize == index).collect();
        let landed = own.iter().map(|(_, landing)| landing.count).sum();
        let fixed = |entry: &Entry| entry.firing.is_none() && entry.from <= end;
        let missed = match own.iter().find(|(entry, _)| fixed(entry)) {
            _ if landed > 0 => None,
            _ if fault.not_drawn() => Some(Missed::NotDrawn),
            _ if own.is_empty() || own.iter().all(|(entry, _)| entry.is_void()) => {
                Some(Missed::NoTarget)
            }
            None if own.iter().any(|(entry, _)| entry.firing.is_some()) => Some(Missed::NotFired),
            None => Some(Missed::AfterEnd),
            Some((entry, _)) => Some(Missed::Idle(entry.primitive.family())),
        };
        FaultResult {
            label: fault.label.clone(),
            planned: own.len() as u64,
            landed,
            first_landing: own.iter().filter_map(|(_, landing)| landing.first).min(),
            active: active(own.iter().map(|(entry, _)| *entry), end),
            missed,
            firings: None,
        }
    };
    plan.faults.iter().enumerate().map(result).collect()
}

/// The time in which at least one of the entries was in force.
fn active<'a>(entries: impl Iterator<Item = &'a Entry>, end: VirtualTime) -> VirtualDuration {
    let window = |entry: &Entry| (entry.from, entry.until.map_or(end, |until| until.min(end)));
    let mut windows: Vec<_> = entries
        .filter(|entry| entry.firing.is_none())
        .map(window)
        .collect();
    windows.sort_unstable();
    let (mut sum, mut covered) = (VirtualDuration::ZERO, VirtualTime::ZERO);
    for (from, until) in windows {
        let from = from.max(covered);
        if until > from {
            sum += until.since(from);
            covered = until;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NodeId;
    use crate::plan::{Land, PlannedFault, Primitive};

    fn at(s: u64) -> VirtualTime {
        VirtualTime::ZERO + VirtualDuration::from_secs(s)
    }

    fn fault(label: &str, note: &str) -> PlannedFault {
        PlannedFault {
            kind: "node-pause".into(),
            label: label.into(),
            land: Land::Any,
            notes: vec![note.into()],
        }
    }

    fn entry(fault: u32, part: u32, from: u64, until: Option<u64>) -> Entry {
        Entry {
            fault,
            part,
            from: at(from),
            until: until.map(at),
            primitive: Primitive::Pause { node: NodeId(0) },
            firing: None,
        }
    }

    #[test]
    fn a_fault_says_how_long_it_lasted_and_why_it_missed() {
        let note = format!("{}: its chance is 0.5", PlannedFault::NOT_DRAWN);
        let faults = vec![
            fault("hit", ""),
            fault("idle", ""),
            fault("late", ""),
            fault("nobody", "kept 3 healthy"),
            fault("left out", &note),
        ];
        let entries = vec![
            // Two that overlap, one inside them, one after them that lasts beyond the end.
            entry(0, 0, 10, Some(20)),
            entry(0, 1, 15, Some(25)),
            entry(0, 2, 12, Some(14)),
            entry(0, 3, 50, None),
            entry(1, 0, 1, Some(2)),
            entry(2, 0, 61, Some(62)),
        ];
        let mut landings = [Landing::default(); 6];
        landings[1] = Landing {
            count: 2,
            first: Some(at(16)),
        };
        landings[3] = Landing {
            count: 1,
            first: Some(at(51)),
        };
        let results = fault_results(&Plan::new(faults, entries), &landings, at(60));
        let said: Vec<_> = results
            .iter()
            .map(|r| (r.planned, r.landed, r.active.as_secs_f64(), r.missed))
            .collect();
        assert_eq!(
            said,
            [
                (4, 3, 25.0, None),
                (1, 0, 1.0, Some(Missed::Idle(Family::Node))),
                (1, 0, 0.0, Some(Missed::AfterEnd)),
                (0, 0, 0.0, Some(Missed::NoTarget)),
                (0, 0, 0.0, Some(Missed::NotDrawn)),
            ]
        );
        assert_eq!(results[0].first_landing, Some(at(16)));
    }
}
