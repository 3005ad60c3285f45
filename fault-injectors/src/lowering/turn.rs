//! One turn of a fault: all its occurrences, lowered one by one.

use super::{FaultUse, Found, Lowering, Refusal};
use crate::draws::Draws;
use crate::param::Issue;
use crate::timing::Window;
use crate::topology::Topology;
use crate::trigger::{self, Bound, Places, Taken, Waits};
use core::cell::RefCell;
use squall_core::plan::{Choice, Firing, FiringId, On, PlannedFault, Primitive, Trigger};
use squall_core::{Sample, Seed, VirtualDuration, VirtualTime};

/// What is lowered, and where.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scene<'a> {
    pub(crate) seed: Seed,
    pub(crate) faults: &'a [FaultUse],
    pub(crate) labels: &'a [&'a str],
    pub(crate) topology: &'a Topology,
    pub(crate) stop: VirtualTime,
}

/// What a fault became; firings count its own triggers, and places begin after the nodes.
#[derive(Clone, Debug)]
pub(crate) struct Lowered {
    pub(crate) parts: Vec<Part>,
    pub(crate) triggers: Vec<Trigger>,
    pub(crate) notes: Vec<String>,
    /// Whether its chance let it happen.
    pub(crate) drawn: bool,
    /// No overlay with an end outlives this.
    pub(crate) ends: VirtualTime,
}

/// An overlay, or what a firing makes of one.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) from: VirtualTime,
    pub(crate) until: Option<VirtualTime>,
    pub(crate) firing: Option<FiringId>,
    pub(crate) primitive: Primitive,
}

/// When a fault of a group has its turn; a fault that stands alone has one that is its phase.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turn<'a> {
    /// Its times count from here.
    pub(crate) start: VirtualTime,
    /// It is cut off here.
    pub(crate) end: Option<VirtualTime>,
    /// The part of the run in which it may act.
    pub(crate) phase: (VirtualTime, VirtualTime),
    pub(crate) draws: &'a Draws,
    /// Where the draws of its targets come from.
    pub(crate) who: &'a Draws,
}

impl Lowered {
    /// Nothing yet, of a fault that may act until `ends`.
    pub(crate) const fn new(ends: VirtualTime) -> Self {
        Self {
            parts: Vec::new(),
            triggers: Vec::new(),
            notes: Vec::new(),
            drawn: true,
            ends,
        }
    }
    /// Whether it does nothing.
    pub(crate) const fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }
    /// What it takes away at times that are fixed.
    pub(crate) fn takes(&self) -> impl Iterator<Item = Taken> {
        self.takes_from(0)
    }
    /// The same of its parts from `first` on.
    pub(crate) fn takes_from(&self, first: usize) -> impl Iterator<Item = Taken> {
        let fixed = self.parts[first..]
            .iter()
            .filter(|part| part.firing.is_none());
        fixed.filter_map(|part| Taken::by(part.from, part.until, &part.primitive))
    }
    /// It does not happen in this seed: `why` is for instance `its chance is 0.5`. It was lowered all
    /// the same once, so that its errors do not depend on the seed.
    pub(crate) fn leave_out(&mut self, why: &str) {
        self.parts.clear();
        self.triggers.clear();
        self.notes = vec![format!("{}: {why}", PlannedFault::NOT_DRAWN)];
        self.drawn = false;
    }

    /// Takes one occurrence out of the lowering. `firings` are those of what it waits for.
    fn take(
        &mut self,
        lowering: &mut Lowering<'_>,
        choices: Vec<Choice>,
        (waits, firings): (&Waits, &mut Vec<Firing>),
    ) {
        let entries = core::mem::take(&mut lowering.entries);
        let start = lowering.window.from;
        let number = |n: usize| u32::try_from(n).expect("fewer than 2^32 firings");
        let firing = match &waits.on {
            Some(_) => {
                let delay = waits.delay(&lowering.draws);
                firings.push(Firing { delay, choices });
                Some((0, number(firings.len() - 1)))
            }
            None if choices.is_empty() => None,
            // Targets are found at a fixed time.
            None => {
                let delay = VirtualDuration::ZERO;
                let at = vec![Firing { delay, choices }];
                self.triggers.push(waits.trigger(0, On::At(start), at));
                Some((number(self.triggers.len() - 1), 0))
            }
        };
        let offset = |at: VirtualTime| VirtualTime::ZERO.saturating_add(at.since(start));
        for (from, until, primitive) in entries {
            let (from, until) = match firing {
                Some(_) => (offset(from), until.map(offset)),
                None => (from, until),
            };
            if firing.is_none() {
                lowering.taken.extend(Taken::by(from, until, &primitive));
            }
            self.parts.push(Part {
                from,
                until,
                firing: firing.map(|(trigger, ordinal)| FiringId { trigger, ordinal }),
                primitive,
            });
        }
    }
}

impl Lowered {
    /// What the occurrence itself waits for: it is armed as long as that lasts.
    fn arm(&mut self, lowering: &mut Lowering<'_>, waits: &Waits) -> Result<(), Refusal> {
        let all = core::mem::take(&mut lowering.armed);
        if !all.is_empty() && waits.on.is_some() {
            let issue = Issue::new("this fault waits for an event of its own", 0..0);
            return Err(Refusal::timing("on", issue.help("give it `at` and `for`")));
        }
        for armed in all {
            let firings = vec![Firing::default(); armed.times as usize];
            let mut trigger = waits.trigger(0, armed.on, firings);
            trigger.from = lowering.window.from;
            let until = lowering.window.until.unwrap_or(trigger.ends);
            trigger.until = until.min(trigger.ends);
            let at = u32::try_from(self.triggers.len()).expect("fewer than 2^32 triggers");
            self.triggers.push(trigger);
            for ordinal in 0..armed.times {
                self.parts.push(Part {
                    from: VirtualTime::ZERO,
                    until: Some(VirtualTime::ZERO.saturating_add(armed.length)),
                    firing: Some(FiringId {
                        trigger: at,
                        ordinal,
                    }),
                    primitive: armed.primitive.clone(),
                });
            }
        }
        Ok(())
    }
}

/// A fault that stands alone, by its position. `taken`: what the plan takes away so far.
pub(super) fn lower_one(
    scene: &Scene<'_>,
    index: usize,
    taken: &[Taken],
) -> Result<Lowered, Issue> {
    let fault = &scene.faults[index];
    let refused = |refusal: Refusal| refusal.locate(&fault.args, &fault.record);
    let draws = Draws::new(scene.seed, &fault.label);
    let phase = trigger::phase(&fault.record, scene.topology, scene.stop).map_err(refused)?;
    super::check_start(&fault.timing, &fault.record, scene.topology, scene.stop)
        .map_err(refused)?;
    let turn = Turn {
        start: phase.0,
        end: None,
        phase,
        who: &draws,
        draws: &draws,
    };
    let drawn = draws.stream("chance").chance(fault.timing.chance);
    let mut lowered = Lowered::new(phase.1);
    lower_turn(scene, index, &turn, drawn, taken, &mut lowered).map_err(refused)?;
    if !drawn {
        lowered.leave_out(&format!("its chance is {}", fault.timing.chance));
    }
    Ok(lowered)
}

/// Lowers one turn of the fault `index`: all its occurrences, or the first alone. Says when it has healed;
/// `None` is never.
pub(crate) fn lower_turn(
    scene: &Scene<'_>,
    index: usize,
    turn: &Turn<'_>,
    all: bool,
    taken: &[Taken],
    lowered: &mut Lowered,
) -> Result<Option<VirtualTime>, Refusal> {
    let (fault, topology) = (&scene.faults[index], scene.topology);
    let own = fault.kind.own_length;
    // A length of its own that nobody wrote, a default, gives way to `for`.
    let own = own.filter(|key| fault.args.given(key) || !fault.timing.has_length());
    let own = own.and_then(|key| fault.args.duration_opt(key));
    fault.timing.check_length(own, fault.kind.own_length)?;
    fault.timing.check_every(&fault.record)?;
    fault.composed.check_ramp(fault, own)?;
    trigger::check_floor(&fault.record)?;
    let mut waits = Waits::of(&fault.record, topology, scene.labels, index, turn.phase)?;
    waits.end_by(turn.end);
    let floor = Bound::of(&fault.record).or_else(|| {
        let group = fault.composed.member.as_ref().map(|member| &member.group);
        group.and_then(|group| Bound::of(&group.record))
    });
    // Once a seed, whatever turn this is.
    let drawn_args = fault
        .composed
        .draw_args(fault, &Draws::new(scene.seed, &fault.label))?;
    let args = drawn_args.as_ref().unwrap_or(&fault.args);
    let mut extended = None;
    let waits_for_floor = (floor.is_some() || trigger::has_floor(fault)) && waits.on.is_some();
    let floored = (waits_for_floor, floor.is_some());
    let places = match trigger::needs_places(args, topology, waits_for_floor) {
        false => Places::default(),
        true => {
            let topology = extended.insert(topology.clone());
            Places::of(args, topology, floored)?
        }
    };
    let mut windows = windows(fault, turn, &waits, own)?;
    let mut lowering = Lowering {
        topology: extended.as_ref().unwrap_or(topology),
        window: Window {
            ordinal: 0,
            from: VirtualTime::ZERO,
            until: None,
        },
        stop: turn.phase.1,
        draws: turn.draws.clone(),
        who: turn.who.clone(),
        entries: Vec::new(),
        notes: core::mem::take(&mut lowered.notes),
        places,
        found: RefCell::default(),
        floor,
        taken: taken.to_vec(),
        armed: Vec::new(),
    };
    if windows.is_empty() {
        lowering.note("no occurrence falls into the run");
    }
    if !all {
        windows.truncate(1);
    }
    let mut firings = Vec::new();
    let mut healed = Some(turn.start);
    for window in windows {
        lowering.window = window;
        lowering.draws = turn.draws.occurrence(window.ordinal);
        lowering.who = turn.who.occurrence(window.ordinal);
        healed = later(healed, window.until);
        let result = match &fault.composed.ramp {
            None => (fault.kind.lower)(args, &mut lowering),
            Some(ramp) => ramp.lower(fault.kind, args, &mut lowering),
        };
        let found: Found = lowering.found.take();
        lowering.notes.extend(found.notes);
        // Some faults need more than one target, and their floor may leave fewer.
        if found.missed || (found.floored && result.is_err()) {
            lowering.entries.clear();
            lowering.armed.clear();
            if !found.missed {
                lowering.note(format!("at {} its floor leaves too few", window.from));
            }
            continue;
        }
        result?;
        if !lowering.armed.is_empty() && !found.choices.is_empty() {
            let issue = Issue::new(
                "who has a role is not known while this fault is armed",
                0..0,
            );
            return Err(Refusal::arg("nodes", issue.help("name the nodes")));
        }
        for armed in &lowering.armed {
            let last = window.until.map(|until| until.saturating_add(armed.length));
            healed = later(healed, last);
        }
        for (_, until, _) in &lowering.entries {
            healed = later(healed, *until);
        }
        lowered.take(&mut lowering, found.choices, (&waits, &mut firings));
        lowered.arm(&mut lowering, &waits)?;
    }
    if let Some(on) = &waits.on {
        lowered.triggers.push(waits.trigger(0, on.clone(), firings));
    }
    lowered.notes = lowering.notes;
    Ok(healed)
}

/// The later of two ends; `None` is never.
fn later(a: Option<VirtualTime>, b: Option<VirtualTime>) -> Option<VirtualTime> {
    a.zip(b).map(|(a, b)| a.max(b))
}

/// The occurrences of a turn, at their times; those of a fault that waits count from its firing.
fn windows(
    fault: &FaultUse,
    turn: &Turn<'_>,
    waits: &Waits,
    own: Option<VirtualDuration>,
) -> Result<Vec<Window>, Refusal> {
    if waits.on.is_some() {
        let window = |ordinal| {
            fault
                .timing
                .window(ordinal, VirtualTime::ZERO, own, turn.draws)
        };
        return Ok((0..waits.times).map(window).collect());
    }
    let ends = turn.end.unwrap_or(turn.phase.1).min(turn.phase.1);
    let rest = VirtualTime::ZERO.saturating_add(ends.since(turn.start));
    let windows = trigger::later(fault.timing.windows(own, turn.draws, rest)?, turn.start);
    let Some(end) = turn.end else {
        return Ok(windows);
    };
    let cut = |window: Window| Window {
        until: Some(window.until.map_or(end, |until| until.min(end))),
        ..window
    };
    let inside = windows.into_iter().filter(|window| window.from < end);
    Ok(inside.map(cut).collect())
}
