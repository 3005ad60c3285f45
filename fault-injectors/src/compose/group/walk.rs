//! The walk through a group: every leaf is lowered where its turn is, and says when it has ended.

use super::{Bundle, Group, Order, Part};
use crate::draws::Draws;
use crate::lowering::{Lowered, Refusal, Scene, Turn, check_start, lower_turn};
use crate::param::Issue;
use crate::timing::{Length, Timing, Window};
use crate::trigger::Taken;
use squall_core::{Sample, VirtualTime};

/// Turns that all members of a group may have together in one seed.
const TURNS_MAX: usize = 10_000;
/// One lowering of a group.
pub(super) struct Walk<'a> {
    pub(super) scene: &'a Scene<'a>,
    pub(super) group: &'a Group,
    /// The part of the run in which it acts.
    pub(super) phase: (VirtualTime, VirtualTime),
    /// The faults, by their position in the scene.
    pub(super) leaves: Vec<Option<usize>>,
    pub(super) results: Vec<Result<Lowered, Issue>>,
    /// Which of them had a turn.
    pub(super) came: Vec<bool>,
    /// What the plan takes away besides, and what this group has so far.
    pub(super) taken: Vec<Taken>,
    pub(super) turns: usize,
}

/// Where the walk is.
#[derive(Clone, Debug)]
struct At {
    start: VirtualTime,
    /// Everything is cut off here.
    end: Option<VirtualTime>,
    /// Which occurrence and which rounds, from the outside in.
    round: Vec<u32>,
    /// Whether something waits for the end of this part.
    awaited: bool,
    /// The label for which targets are drawn, if they are the same for several faults.
    who: Option<String>,
}

impl Walk<'_> {
    /// Lowers all of it.
    pub(super) fn all(&mut self) -> Result<(), Refusal> {
        let (group, scene, phase) = (self.group, self.scene, self.phase);
        let draws = Draws::new(scene.seed, &group.label);
        check_start(&group.timing, &group.record, scene.topology, scene.stop)?;
        group.timing.check_every(&group.record)?;
        let mut refused = None;
        let length = phase.1.since(phase.0);
        let rest = VirtualTime::ZERO.saturating_add(length);
        let windows = group
            .timing
            .windows_by(&draws, rest, &mut |ordinal, after| {
                // Times of the group count from the start of its phase.
                let from = phase.0.saturating_add(after.since(VirtualTime::ZERO));
                let own = end_of(&group.timing, &draws.occurrence(ordinal), from);
                let at = At {
                    start: from,
                    // Also what would last forever has healed when the quiet begins.
                    end: earlier(own, group.calm.map(|_| phase.1)),
                    round: vec![ordinal],
                    awaited: false,
                    who: group.root.together.then(|| group.label.clone()),
                };
                let until = self.bundle(&group.root, &at).unwrap_or_else(|refusal| {
                    refused.get_or_insert(refusal);
                    Some(from)
                });
                let offset = |at: VirtualTime| VirtualTime::ZERO.saturating_add(at.since(phase.0));
                Window {
                    ordinal,
                    from: after,
                    until: until.map(offset),
                }
            })?;
        if let Some(refusal) = refused {
            return Err(refusal);
        }
        if windows.is_empty() {
            self.tell_all("no occurrence falls into the run");
        }
        let chance = group.timing.chance;
        if !draws.stream("chance").chance(chance) {
            for lowered in self.results.iter_mut().flatten() {
                lowered.leave_out(&format!("the chance of `{}` is {chance}", group.label));
            }
        }
        for (lowered, came) in self.results.iter_mut().zip(&self.came) {
            let Ok(lowered) = lowered else { continue };
            if lowered.drawn && lowered.is_empty() && lowered.notes.is_empty() {
                let note = match came {
                    true => "its turn comes, and nothing of it falls into that",
                    false => "its turn does not come while the run lasts",
                };
                lowered.notes.push(note.to_owned());
            }
        }
        Ok(())
    }

    fn tell_all(&mut self, note: &str) {
        for lowered in self.results.iter_mut().flatten() {
            lowered.notes.push(note.to_owned());
        }
    }

    /// Goes through a bundle; says when its last member has healed, `None` is never.
    fn bundle(&mut self, bundle: &Bundle, at: &At) -> Result<Option<VirtualTime>, Refusal> {
        let mut healed = Some(at.start);
        let mut start = at.start;
        for round in 0..bundle.repeat {
            let begun = start;
            let mut inside = At {
                start,
                ..at.clone()
            };
            inside.round.push(round);
            inside.awaited |= bundle.order == Order::Serial || bundle.repeat > 1;
            for part in &bundle.parts {
                let end = self.part(part, &inside)?;
                healed = healed.zip(end).map(|(a, b)| a.max(b));
                if bundle.order == Order::Serial {
                    let next = end.unwrap_or(VirtualTime::MAX);
                    inside.start = match next > inside.start {
                        true => next.saturating_add(bundle.gap),
                        // It took no time: it is not there, or its turn does not come.
                        false => inside.start,
                    };
                }
            }
            start = match bundle.order {
                Order::Serial => inside.start,
                Order::Parallel => healed
                    .unwrap_or(VirtualTime::MAX)
                    .saturating_add(bundle.gap),
            };
            let end = at.end.unwrap_or(self.phase.1).min(self.phase.1);
            if start >= end || start == begun {
                break;
            }
        }
        Ok(healed)
    }

    fn part(&mut self, part: &Part, at: &At) -> Result<Option<VirtualTime>, Refusal> {
        let (label, timing, bundle) = match part {
            Part::Leaf(leaf) => return self.leaf(*leaf, at),
            Part::Bundle(label, timing, bundle) => (label, timing, bundle),
        };
        let draws = Draws::new(self.scene.seed, label);
        let chance = draws.stream("chance").chance(timing.chance);
        let draws = in_round(draws, &at.round);
        let delay = timing.at.as_ref().map(|law| draws.length("at", law));
        let start = at.start.saturating_add(delay.unwrap_or_default());
        let own = end_of(timing, &draws, start);
        let inside = At {
            start,
            end: earlier(at.end, own),
            round: at.round.clone(),
            awaited: at.awaited && own.is_none(),
            who: match bundle.together {
                true => Some(label.clone()),
                false => at.who.clone(),
            },
        };
        if chance {
            return self.bundle(bundle, &inside);
        }
        // Gone through all the same, so that its errors do not depend on the seed; then taken back.
        let (before, taken) = (self.results.clone(), self.taken.len());
        self.bundle(bundle, &inside)?;
        self.taken.truncate(taken);
        for leaf in bundle.leaves() {
            if let (Some(Ok(now)), Some(Ok(before))) =
                (self.results.get_mut(leaf), before.get(leaf))
            {
                *now = before.clone();
                if now.is_empty() {
                    now.leave_out(&format!("the chance of `{label}` is {}", timing.chance));
                }
            }
        }
        Ok(Some(at.start))
    }

    /// One turn of a fault.
    fn leaf(&mut self, leaf: usize, at: &At) -> Result<Option<VirtualTime>, Refusal> {
        let over = at.start >= at.end.unwrap_or(self.phase.1).min(self.phase.1);
        let index = self.leaves.get(leaf).copied().flatten();
        let Some(index) = index.filter(|_| !over) else {
            return Ok(Some(at.start));
        };
        let fault = &self.scene.faults[index];
        self.came[leaf] = true;
        self.turns += 1;
        if self.turns > TURNS_MAX {
            let issue = Issue::new(format!("more than {TURNS_MAX} turns"), 0..0);
            let help = "let it repeat less often, or make its members longer";
            return Err(Refusal::timing("repeat", issue.help(help)));
        }
        let Ok(lowered) = &mut self.results[leaf] else {
            return Ok(Some(at.start));
        };
        let draws = Draws::new(self.scene.seed, &fault.label);
        let drawn = draws.stream("chance").chance(fault.timing.chance);
        let draws = in_round(draws, &at.round);
        let who = match &at.who {
            Some(label) => in_round(Draws::new(self.scene.seed, label), &at.round),
            None => draws.clone(),
        };
        let turn = Turn {
            start: at.start,
            end: at.end,
            phase: self.phase,
            draws: &draws,
            who: &who,
        };
        if at.awaited && fault.timing.length == Some(Length::Forever) {
            let issue = Issue::new("fault never heals, and something waits for it", 0..0)
                .help("write how long it lasts");
            let refusal = Refusal::timing("for", issue);
            self.results[leaf] = Err(refusal.locate(&fault.args, &fault.record));
            return Ok(Some(at.start));
        }
        let before = lowered.parts.len();
        match lower_turn(self.scene, index, &turn, drawn, &self.taken, lowered) {
            Ok(healed) if drawn => {
                self.taken.extend(lowered.takes_from(before));
                Ok(healed)
            }
            Ok(_) => {
                lowered.leave_out(&format!("its chance is {}", fault.timing.chance));
                Ok(Some(at.start))
            }
            Err(refusal) => {
                self.results[leaf] = Err(refusal.locate(&fault.args, &fault.record));
                Ok(Some(at.start))
            }
        }
    }
}

/// The draws of a turn: those of the label for the first one, so that `repeat` moves nothing.
fn in_round(draws: Draws, round: &[u32]) -> Draws {
    if round.iter().all(|n| *n == 0) {
        return draws;
    }
    let words: Vec<String> = round.iter().map(u32::to_string).collect();
    draws.of(&format!("turn {}", words.join(".")))
}

/// Where a length of a group cuts it off.
fn end_of(timing: &Timing, draws: &Draws, start: VirtualTime) -> Option<VirtualTime> {
    match &timing.length {
        Some(Length::Law(law)) => Some(start.saturating_add(draws.length("for", law))),
        Some(Length::Forever) | None => None,
    }
}

fn earlier(a: Option<VirtualTime>, b: Option<VirtualTime>) -> Option<VirtualTime> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
