//! All faults of a seed, put together into a plan.

use super::turn::{Lowered, Scene, lower_one};
use super::{FaultUse, LowerError, Refusal};
use crate::compose::Groups;
use crate::conflict;
use crate::param::{Args, Issue};
use crate::timing::Timing;
use crate::topology::{Phases, Topology};
use crate::trigger::{self, Bound, Taken};
use squall_core::plan::{Entry, FiringId, Land, Plan, PlannedFault, Trigger};
use squall_core::{NodeId, Seed, VirtualTime};

/// Lowers all faults of a scenario for one seed. Every fault is tried, so that all errors are found.
///
/// The faults keep their order; `stop` is the end of the run, and no overlay outlives it.
pub fn lower(
    seed: Seed,
    faults: &[FaultUse],
    topology: &Topology,
    stop: VirtualTime,
) -> Result<Plan, Vec<LowerError>> {
    let mut lowered: Vec<Option<Lowered>> = faults.iter().map(|_| None).collect();
    let mut errors = Vec::new();
    let mut groups = Groups::default();
    let labels: Vec<&str> = faults.iter().map(|fault| fault.label.as_str()).collect();
    let scene = Scene {
        seed,
        faults,
        labels: &labels,
        topology,
        stop,
    };
    let mut taken: Vec<Taken> = Vec::new();
    // Floors are bounded against what the others take away: those without one go first.
    let floored = |index: &usize| has_floor(&faults[*index], faults);
    let order = (0..faults.len()).filter(|index| !floored(index));
    for index in order.chain((0..faults.len()).filter(floored)) {
        let result = match &faults[index].composed.member {
            None => lower_one(&scene, index, &taken),
            Some(member) => groups.lower(&scene, member, &taken),
        };
        match result {
            Ok(result) => {
                taken.extend(result.takes());
                lowered[index] = Some(result);
            }
            Err(issue) => errors.push(LowerError {
                fault: index,
                issue,
            }),
        }
    }
    if !errors.is_empty() {
        errors.sort_by_key(|error| error.fault);
        return Err(errors);
    }
    let lowered = faults.iter().zip(lowered.into_iter().flatten()).collect();
    let (planned, mut entries, triggers) = join(lowered, topology, stop);
    number_parts(&mut entries);
    let errors = conflict::find(&entries, faults, topology);
    if errors.is_empty() {
        Ok(Plan::new(planned, entries).with_triggers(triggers))
    } else {
        Err(errors)
    }
}

/// Whether a fault has a floor, or one of its group has: that is lowered as a whole.
fn has_floor(fault: &FaultUse, faults: &[FaultUse]) -> bool {
    let Some(member) = &fault.composed.member else {
        return trigger::has_floor(fault);
    };
    let group = &member.group;
    let mate = |other: &&FaultUse| {
        let of = other.composed.member.as_ref();
        of.is_some_and(|of| of.group.label == group.label)
    };
    let mut mates = faults.iter().filter(mate);
    Bound::of(&group.record).is_some() || mates.any(trigger::has_floor)
}

/// Puts the faults together: triggers and places get numbers that are unique in the plan.
fn join(
    lowered: Vec<(&FaultUse, Lowered)>,
    topology: &Topology,
    stop: VirtualTime,
) -> (Vec<PlannedFault>, Vec<Entry>, Vec<Trigger>) {
    let (mut planned, mut entries, mut triggers) = (Vec::new(), Vec::new(), Vec::new());
    let nodes = topology.nodes().len();
    let mut places = 0;
    for (index, (fault, lowered)) in lowered.into_iter().enumerate() {
        let mut plan = PlannedFault {
            kind: fault.kind.name.to_owned(),
            label: fault.label.clone(),
            land: match fault.land {
                Land::EverySeed if !lowered.drawn => Land::Optional,
                land => land,
            },
            notes: lowered.notes,
        };
        let ends = lowered.ends;
        let number = u32::try_from(index).expect("fewer than 2^32 faults");
        let before = u32::try_from(triggers.len()).expect("fewer than 2^32 triggers");
        let (shift, mut last) = (places, 0);
        let mut move_place = |node: &mut NodeId| {
            if node.index() >= nodes {
                last = last.max(node.index() + 1 - nodes);
                *node = NodeId::from_index(node.index() + shift);
            }
        };
        for mut trigger in lowered.triggers {
            let choices = trigger.firings.iter_mut().flat_map(|f| &mut f.choices);
            choices.for_each(|choice| choice.places.iter_mut().for_each(&mut move_place));
            triggers.push(Trigger {
                fault: number,
                ..trigger
            });
        }
        for mut part in lowered.parts {
            part.primitive.for_each_node(&mut move_place);
            let fixed = part.firing.is_none();
            if fixed && part.until.is_some_and(|until| until > ends) {
                plan.notes.push(match ends == stop {
                    true => format!("cut short: the run stops at {stop}"),
                    false => format!("cut short: its phase ends at {ends}"),
                });
            }
            entries.push(Entry {
                fault: number,
                part: 0,
                from: part.from,
                until: match fixed {
                    true => part.until.map(|until| until.min(ends)),
                    false => part.until,
                },
                firing: part.firing.map(|firing| FiringId {
                    trigger: firing.trigger + before,
                    ..firing
                }),
                primitive: part.primitive,
            });
        }
        places += last;
        plan.notes.dedup();
        planned.push(plan);
    }
    (planned, entries, triggers)
}

/// Whether a fault starts in its phase, whatever the seed.
pub fn check_start(
    timing: &Timing,
    record: &Args,
    topology: &Topology,
    stop: VirtualTime,
) -> Result<(), Refusal> {
    let Ok((from, ends)) = trigger::phase(record, topology, stop) else {
        return Ok(());
    };
    let length = ends.since(from);
    let checked = timing.check_start(VirtualTime::ZERO.saturating_add(length));
    checked.map_err(|refusal| match topology.phases == Phases::default() {
        true => refusal,
        false => Refusal::timing(
            "at",
            Issue::new("fault starts after its phase has ended", 0..0)
                .label(format!("its phase lasts {length}"))
                .help("start it earlier, or let `stop.at` be later"),
        ),
    })
}

/// Parts count from zero in each fault, so that removing one fault renumbers no other.
fn number_parts(entries: &mut [Entry]) {
    let mut last = None;
    let mut part = 0;
    for entry in entries {
        part = if last == Some(entry.fault) {
            part + 1
        } else {
            0
        };
        last = Some(entry.fault);
        entry.part = part;
    }
}
