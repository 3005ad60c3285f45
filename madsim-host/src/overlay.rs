//! Which overlays are in force, and what they make of each target.
//!
//! madsim's clogs and pauses are flags: whoever clears one first clears it for all. So nothing is
//! toggled here. The set of active entries is kept, and the state of a target is computed from all
//! who hold it; a target opens when its last holder is gone.

use crate::capability::{extremes, whole_net};
use squall_core::plan::{Arithmetic, Change, LinkTarget, Plan, Primitive, Step};
use squall_core::{EntryId, KnobId, NodeId, VirtualDuration, VirtualTime};
use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

/// The active part of a plan.
#[derive(Debug)]
pub(crate) struct Overlays {
    plan: Plan,
    active: BTreeSet<EntryId>,
    /// Entries that together are one delay or loss of the whole net.
    whole: Vec<Vec<EntryId>>,
}

/// A limit on running time: `quota` in each `period`, boundaries at `phase`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quota {
    pub(crate) quota: VirtualDuration,
    pub(crate) period: VirtualDuration,
    pub(crate) phase: VirtualDuration,
}

impl Overlays {
    pub(crate) fn new(plan: Plan, nodes: u32) -> Self {
        Self {
            whole: whole_net(&plan, nodes),
            plan,
            active: BTreeSet::new(),
        }
    }
    /// Takes a step of the timeline.
    pub(crate) fn step(&mut self, step: &Step) {
        match step.change {
            Change::Start => _ = self.active.insert(step.entry),
            Change::End => _ = self.active.remove(&step.entry),
        }
    }
    /// The active entries in id order.
    fn active(&self) -> impl Iterator<Item = (EntryId, &Primitive)> {
        let entries = self.active.iter();
        entries.map(|id| (*id, &self.plan.entry(*id).primitive))
    }
    /// How many active entries `holds` is true of.
    fn holders(&self, holds: impl Fn(&Primitive) -> bool) -> usize {
        self.active()
            .filter(|(_, primitive)| holds(primitive))
            .count()
    }
    /// How many overlays hold `node` down.
    pub(crate) fn down(&self, node: NodeId) -> usize {
        self.holders(|p| matches!(p, Primitive::Crash { node: held, .. } if *held == node))
    }
    /// How many overlays pause `node`.
    pub(crate) fn paused(&self, node: NodeId) -> usize {
        self.holders(|p| matches!(p, Primitive::Pause { node: held } if *held == node))
    }
    /// How many overlays close `link`.
    pub(crate) fn closed(&self, link: LinkTarget) -> usize {
        self.holders(|p| match p {
            Primitive::LinkCut { link: held, .. } | Primitive::LinkHold { link: held } => {
                *held == link
            }
            _ => false,
        })
    }
    /// Work done a second on `node`, relative to the base: the product, floor 0.001.
    pub(crate) fn speed(&self, node: NodeId) -> f64 {
        let factors = self.active().filter_map(|(_, p)| match p {
            Primitive::CpuSpeed { node: held, factor } if *held == node => Some(*factor),
            _ => None,
        });
        factors.product::<f64>().max(0.001)
    }
    /// The quota of `node`: lowest share, ties by the longest period.
    pub(crate) fn quota(&self, node: NodeId) -> Option<Quota> {
        let quotas = self.active().filter_map(|(_, p)| match p {
            Primitive::CpuQuota {
                node: held,
                quota,
                period,
                phase,
            } if *held == node => Some(Quota {
                quota: *quota,
                period: *period,
                phase: *phase,
            }),
            _ => None,
        });
        quotas.min_by(|a, b| {
            // quota/period, compared without division.
            let share = |x: &Quota, y: &Quota| {
                u128::from(x.quota.as_nanos()) * u128::from(y.period.as_nanos())
            };
            share(a, b).cmp(&share(b, a)).then(b.period.cmp(&a.period))
        })
    }
    /// What overlays make of `knob` on `node`: the latest set wins, at one instant the highest id.
    pub(crate) fn knob(&self, knob: KnobId, node: NodeId) -> Option<(f64, EntryId)> {
        let sets = self.active().filter_map(|(id, p)| match p {
            Primitive::Knob {
                knob: held,
                node: at,
                value,
            } if *held == knob && at.is_none_or(|at| at == node) => Some((*value, id)),
            _ => None,
        });
        sets.max_by_key(|(_, id)| (self.plan.entry(*id).from, *id))
    }
    /// One entry for each delay or loss that the whole net has now: those with all members active.
    fn profiles(&self) -> impl Iterator<Item = (EntryId, &Primitive)> {
        let complete = self
            .whole
            .iter()
            .filter(|members| members.iter().all(|id| self.active.contains(id)));
        complete.map(|members| (members[0], &self.plan.entry(members[0]).primitive))
    }
    /// Share of messages lost anywhere: a message survives if it survives each overlay.
    pub(crate) fn loss(&self) -> f64 {
        let survive = self.profiles().filter_map(|(_, p)| match p {
            Primitive::LinkLoss { share, .. } => Some(1.0 - share),
            _ => None,
        });
        (1.0 - survive.product::<f64>()).clamp(0.0, 1.0)
    }
    /// Delay anywhere: the latest replace, then all scales, then all adds, on both ends of `base`.
    pub(crate) fn latency(&self, base: &Range<Duration>) -> Range<Duration> {
        let ns = |d: Duration| d.as_nanos() as f64;
        let delays: Vec<(VirtualTime, EntryId, Arithmetic, (f64, f64))> = self
            .profiles()
            .filter_map(|(id, p)| match p {
                Primitive::LinkDelay { delay, mode, .. } => {
                    let ends = extremes(delay).expect("checked when the plan was loaded");
                    Some((self.plan.entry(id).from, id, *mode, ends))
                }
                _ => None,
            })
            .collect();
        let of = |mode| delays.iter().filter(move |(.., m, _)| *m == mode);
        let replaced = of(Arithmetic::Replace).max_by_key(|(from, id, ..)| (*from, *id));
        // madsim's upper end is exclusive.
        let start = replaced.map_or((ns(base.start), ns(base.end) - 1.0), |(.., ends)| *ends);
        let scaled =
            of(Arithmetic::Scale).fold(start, |(low, high), (.., (a, b))| (low * a, high * b));
        let (low, high) =
            of(Arithmetic::Add).fold(scaled, |(low, high), (.., (a, b))| (low + a, high + b));
        let ends = |ns: f64| VirtualDuration::from_nanos_f64(ns).as_nanos();
        Duration::from_nanos(ends(low))..Duration::from_nanos(ends(high).saturating_add(1))
    }
}
