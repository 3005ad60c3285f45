//! Which overlays are in force, and what they make of each target.
//!
//! madsim's clogs and pauses are flags: whoever clears one first clears it for all. So nothing is
//! toggled here. Holders are counted, and a target opens when its last holder is gone; values are
//! computed from all overlays in force.

use crate::capability::{Act, act, extremes, whole_net};
use squall_core::plan::{Arithmetic, Change, KnobChange, LinkTarget, Plan, Primitive, Step};
use squall_core::{EntryId, KnobId, NodeId, VirtualDuration, VirtualTime};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;

/// The active part of a plan, by what hosts ask of it. Every step touches one entry, and no question
/// looks at entries of another kind, so that plans with an entry a link stay cheap.
#[derive(Debug)]
pub(crate) struct Overlays {
    plan: Plan,
    /// How many active entries hold a node down, pause it, close a link.
    down: Holders<NodeId>,
    paused: Holders<NodeId>,
    closed: Holders<LinkTarget>,
    /// Active entries of speed and quota.
    cpu: BTreeSet<EntryId>,
    /// Active entries of knobs.
    knobs: BTreeSet<EntryId>,
    /// Delays and losses of the whole net.
    profiles: Vec<Profile>,
    profile_of: BTreeMap<EntryId, usize>,
}

/// Entries that together are one delay or loss of the whole net; in force while all are active.
#[derive(Debug)]
struct Profile {
    /// The one that stands for all.
    first: EntryId,
    members: usize,
    active: usize,
}

/// Counts who holds a target.
#[derive(Debug)]
struct Holders<T>(BTreeMap<T, usize>);

impl<T: Ord + Copy> Holders<T> {
    fn step(&mut self, target: T, change: Change) {
        let holders = self.0.entry(target).or_default();
        match change {
            Change::Start => *holders += 1,
            Change::End => *holders -= 1,
        }
    }
    fn count(&self, target: T) -> usize {
        self.0.get(&target).copied().unwrap_or(0)
    }
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
        let mut profile_of = BTreeMap::new();
        let mut profiles = Vec::new();
        for members in whole_net(&plan, nodes) {
            for id in &members {
                profile_of.insert(*id, profiles.len());
            }
            let first = members.iter().min().expect("a whole net has links");
            profiles.push(Profile {
                first: *first,
                members: members.len(),
                active: 0,
            });
        }
        Self {
            plan,
            down: Holders(BTreeMap::new()),
            paused: Holders(BTreeMap::new()),
            closed: Holders(BTreeMap::new()),
            cpu: BTreeSet::new(),
            knobs: BTreeSet::new(),
            profiles,
            profile_of,
        }
    }
    /// Takes a step of the timeline.
    pub(crate) fn step(&mut self, step: &Step) {
        let toggle = |set: &mut BTreeSet<EntryId>| match step.change {
            Change::Start => set.insert(step.entry),
            Change::End => set.remove(&step.entry),
        };
        match act(&self.plan.entry(step.entry).primitive) {
            Some(Act::Crash(node)) => self.down.step(node, step.change),
            Some(Act::Pause(node)) => self.paused.step(node, step.change),
            Some(Act::Close(link)) => self.closed.step(link, step.change),
            Some(Act::Profile(_)) => {
                let index = self.profile_of.get(&step.entry);
                let index = index.expect("an entry for a part of the net was refused at load");
                let profile = &mut self.profiles[*index];
                match step.change {
                    Change::Start => profile.active += 1,
                    Change::End => profile.active -= 1,
                }
            }
            Some(Act::Stall) => _ = toggle(&mut self.cpu),
            Some(Act::Knob(_)) => _ = toggle(&mut self.knobs),
            None => {}
        }
    }
    /// The entries of `set` in id order.
    fn of(&self, set: &BTreeSet<EntryId>) -> impl Iterator<Item = (EntryId, &Primitive)> {
        let entries = set.iter();
        entries.map(|id| (*id, &self.plan.entry(*id).primitive))
    }
    /// How many overlays hold `node` down.
    pub(crate) fn down(&self, node: NodeId) -> usize {
        self.down.count(node)
    }
    /// How many overlays pause `node`.
    pub(crate) fn paused(&self, node: NodeId) -> usize {
        self.paused.count(node)
    }
    /// How many overlays close `link`.
    pub(crate) fn closed(&self, link: LinkTarget) -> usize {
        self.closed.count(link)
    }
    /// Work done a second on `node`, relative to the base: the product, floor 0.001.
    pub(crate) fn speed(&self, node: NodeId) -> f64 {
        let factors = self.of(&self.cpu).filter_map(|(_, p)| match p {
            Primitive::CpuSpeed { node: held, factor } if *held == node => Some(*factor),
            _ => None,
        });
        factors.product::<f64>().max(0.001)
    }
    /// The quota of `node`: lowest share, ties by the longest period.
    pub(crate) fn quota(&self, node: NodeId) -> Option<Quota> {
        let quotas = self.of(&self.cpu).filter_map(|(_, p)| match p {
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
    /// What overlays make of `knob` on `node`, whose value is `base` without them, and which of them
    /// change it: the latest set wins, at one instant the highest id; then factors, then sums. This
    /// host knows no ranges: nothing is clamped.
    pub(crate) fn knob(
        &self,
        knob: KnobId,
        node: NodeId,
        base: f64,
    ) -> Option<(f64, Vec<EntryId>)> {
        let here: Vec<(EntryId, KnobChange, f64)> = self
            .of(&self.knobs)
            .filter_map(|(id, p)| match p {
                Primitive::Knob {
                    knob: held,
                    node: at,
                    change,
                    value,
                } if *held == knob && at.is_none_or(|at| at == node) => Some((id, *change, *value)),
                _ => None,
            })
            .collect();
        let of = |change| here.iter().filter(move |(_, c, _)| *c == change);
        let from = |id: EntryId| self.plan.entry(id).from;
        let (mut value, mut by) = (base, Vec::new());
        if let Some((id, _, set)) = of(KnobChange::Set).max_by_key(|(id, ..)| (from(*id), *id)) {
            value = *set;
            by.push(*id);
        }
        for (id, _, factor) in of(KnobChange::Scale) {
            value *= factor;
            by.push(*id);
        }
        for (id, _, more) in of(KnobChange::Add) {
            value += more;
            by.push(*id);
        }
        (!by.is_empty()).then_some((value, by))
    }
    /// One entry for each delay or loss that the whole net has now.
    fn profiles(&self) -> impl Iterator<Item = (EntryId, &Primitive)> {
        let complete = self.profiles.iter().filter(|p| p.active == p.members);
        complete.map(|p| (p.first, &self.plan.entry(p.first).primitive))
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
