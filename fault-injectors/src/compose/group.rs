//! Groups: faults one after the other or side by side, resolved in lowering into fixed windows.
//!
//! A group is a tree whose leaves are positions of faults. Lowering walks it from its start on: a leaf
//! is lowered where its turn is, and says when its last overlay ends; what follows it in a serial
//! starts then. Draws of a leaf are keyed by its label, and by which turn it is from the second on, so
//! that neither a removed member nor a `repeat` moves what another draws.
mod walk;

use crate::lowering::{Lowered, Refusal, Scene};
use crate::param::{Args, Issue};
use crate::timing::Timing;
use crate::trigger::{self, Taken};
use squall_core::{VirtualDuration, VirtualTime};
use std::sync::Arc;
use walk::Walk;

/// A group as the file has it.
#[derive(Clone, Debug)]
pub struct Group {
    /// Its label, the first part of its members' labels.
    pub label: String,
    /// When it starts and how often; a length is the most that it lasts.
    pub timing: Timing,
    /// Its members.
    pub root: Bundle,
    /// What it keeps free of faults at both ends of the run, if it wraps its members so.
    pub calm: Option<Calm>,
    /// Its record, for messages.
    pub record: Args,
}

/// Time without faults: in the beginning for a base line, in the end for the recovery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calm {
    /// Nothing starts before, from the start of the run on.
    pub warm_up: VirtualDuration,
    /// Everything has healed so long before the run stops.
    pub quiet: VirtualDuration,
}

impl Calm {
    /// What of a phase is left for faults in a run until `stop`; `None` if nothing is.
    fn within(
        self,
        phase: (VirtualTime, VirtualTime),
        stop: VirtualTime,
    ) -> Option<(VirtualTime, VirtualTime)> {
        let last = stop.since(VirtualTime::ZERO).saturating_sub(self.quiet);
        let from = phase.0.max(VirtualTime::ZERO + self.warm_up);
        let ends = phase.1.min(VirtualTime::ZERO + last);
        (from < ends).then_some((from, ends))
    }
}

/// A place in a group.
#[derive(Clone, Debug)]
pub struct Member {
    /// The group.
    pub group: Arc<Group>,
    /// Which leaf of it.
    pub leaf: usize,
}

/// How members stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// One after the other.
    Serial,
    /// Side by side.
    Parallel,
}

/// A part of a group.
#[derive(Clone, Debug)]
pub enum Part {
    /// The fault that is this leaf.
    Leaf(usize),
    /// A group in the group, with its own label and timing.
    Bundle(String, Timing, Bundle),
}

/// Members and how they are gone through.
#[derive(Clone, Debug)]
pub struct Bundle {
    /// How they stand to each other.
    pub order: Order,
    /// The members.
    pub parts: Vec<Part>,
    /// How often they are gone through.
    pub repeat: u32,
    /// Time between members of a serial, and between rounds.
    pub gap: VirtualDuration,
    /// Whether all members hit the same targets: their selectors are drawn once for all.
    pub together: bool,
}

impl Bundle {
    /// Its leaves, also those of groups in it.
    fn leaves(&self) -> Vec<usize> {
        let of = |part: &Part| match part {
            Part::Leaf(leaf) => vec![*leaf],
            Part::Bundle(_, _, inner) => inner.leaves(),
        };
        self.parts.iter().flat_map(of).collect()
    }
}

/// The groups of a scenario that have been lowered.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    done: Vec<(String, Vec<Result<Lowered, Issue>>)>,
}

impl Groups {
    /// What a member became. The first member that is asked for lowers the whole group. `taken`: what the
    /// plan takes away so far.
    pub(crate) fn lower(
        &mut self,
        scene: &Scene<'_>,
        member: &Member,
        taken: &[Taken],
    ) -> Result<Lowered, Issue> {
        let label = &member.group.label;
        if self.done.iter().all(|(done, _)| done != label) {
            let all = lower_group(scene, &member.group, taken);
            self.done.push((label.clone(), all));
        }
        let (_, all) = self
            .done
            .iter()
            .find(|(done, _)| done == label)
            .expect("it was just lowered");
        all[member.leaf].clone()
    }
}

fn lower_group(scene: &Scene<'_>, group: &Group, taken: &[Taken]) -> Vec<Result<Lowered, Issue>> {
    let mut leaves: Vec<Option<usize>> = Vec::new();
    for (index, fault) in scene.faults.iter().enumerate() {
        let member = fault.composed.member.as_ref();
        let Some(member) = member.filter(|m| m.group.label == group.label) else {
            continue;
        };
        leaves.resize(leaves.len().max(member.leaf + 1), None);
        leaves[member.leaf] = Some(index);
    }
    let phase = phase_of(scene, group);
    let ends = phase.as_ref().map_or(scene.stop, |phase| phase.1);
    let mut walk = Walk {
        scene,
        group,
        phase: (VirtualTime::ZERO, ends),
        results: leaves.iter().map(|_| Ok(Lowered::new(ends))).collect(),
        came: vec![false; leaves.len()],
        leaves,
        taken: taken.to_vec(),
        turns: 0,
    };
    let all = phase.and_then(|phase| {
        walk.phase = phase;
        walk.all()
    });
    if let Err(refusal) = all {
        let issue = refusal.locate(&group.record, &group.record);
        walk.results.fill(Err(issue));
    }
    walk.results
}

/// The part of the run in which the faults of a group may act.
fn phase_of(scene: &Scene<'_>, group: &Group) -> Result<(VirtualTime, VirtualTime), Refusal> {
    let phase = trigger::phase(&group.record, scene.topology, scene.stop)?;
    let Some(calm) = group.calm else {
        return Ok(phase);
    };
    calm.within(phase, scene.stop).ok_or_else(|| {
        let issue = Issue::new("no time is left between warm-up and quiet", 0..0);
        let (warm_up, quiet) = (calm.warm_up, calm.quiet);
        let stop = scene.stop.since(VirtualTime::ZERO);
        let issue = issue.label(format!("the run stops at {stop}"));
        let help =
            format!("make them shorter: set = {{ warm_up = \"{warm_up}\", quiet = \"{quiet}\" }}");
        Refusal::timing("use", issue.help(help))
    })
}
