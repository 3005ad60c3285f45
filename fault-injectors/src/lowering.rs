//! Lowering: the faults of a scenario and a seed become a plan.

mod draws;
mod overlays;
mod plan;
mod refusal;
mod targets;
mod turn;

pub use plan::{check_start, lower};
pub use refusal::{LowerError, Refusal};
pub(crate) use turn::{Lowered, Scene, Turn, lower_turn};

use crate::catalog::FaultKind;
use crate::compose::Composed;
use crate::draws::Draws;
use crate::param::Args;
use crate::timing::{Timing, Window};
use crate::topology::Topology;
use crate::trigger::{Bound, Places, Taken};
use core::cell::RefCell;
use squall_core::plan::{Choice, Land, On, Primitive};
use squall_core::{VirtualDuration, VirtualTime};

/// One fault of a scenario: checked words, nothing drawn yet.
#[derive(Clone, Debug)]
pub struct FaultUse {
    /// Which fault.
    pub kind: &'static FaultKind,
    /// Its label, unique in the scenario. Draws are keyed by it.
    pub label: String,
    /// Its own parameters.
    pub args: Args,
    /// When it acts.
    pub timing: Timing,
    /// What it takes to count as having happened.
    pub land: Land,
    /// Line of the scenario file, for messages.
    pub line: u32,
    /// Its whole record, for the places of its timing.
    pub record: Args,
    /// How it stands among others, and what of it changes.
    pub composed: Composed,
}

/// Overlays: from when, until when, what.
pub(crate) type Parts = Vec<(VirtualTime, Option<VirtualTime>, Primitive)>;

/// Labels for faults given by (kind, author's name): the name, else the kind and its ordinal among
/// the faults of that kind, from 1; the first of a preset or of a sort of group is called as that.
pub fn labels<'a>(faults: impl IntoIterator<Item = (&'a str, Option<&'a str>)>) -> Vec<String> {
    let mut seen: Vec<(&str, u32)> = Vec::new();
    let mut labels = Vec::new();
    for (kind, name) in faults {
        let at = seen
            .iter()
            .position(|(k, _)| *k == kind)
            .unwrap_or_else(|| {
                seen.push((kind, 0));
                seen.len() - 1
            });
        seen[at].1 += 1;
        labels.push(match (name, seen[at].1) {
            (Some(name), _) => name.to_owned(),
            (None, 1) if crate::compose::is_composite(kind) => kind.to_owned(),
            (None, ordinal) => format!("{kind}#{ordinal}"),
        });
    }
    labels
}

/// What a fault itself waits for.
#[derive(Clone, Debug)]
struct Armed {
    on: On,
    times: u32,
    length: VirtualDuration,
    primitive: Primitive,
}

/// What a fault lowers with: its targets, its window, its draws, and where the result goes.
#[derive(Debug)]
pub struct Lowering<'a> {
    /// The world.
    pub topology: &'a Topology,
    /// The occurrence that is lowered.
    pub window: Window,
    /// The end of the run.
    pub stop: VirtualTime,
    draws: Draws,
    /// Where the draws of its targets come from: those of a preset may be the same for all its parts.
    who: Draws,
    entries: Parts,
    notes: Vec<String>,
    /// Who is found at the moment of firing.
    places: Places,
    found: RefCell<Found>,
    floor: Option<Bound>,
    /// What the plan takes away besides.
    taken: Vec<Taken>,
    /// What it does when something happens.
    armed: Vec<Armed>,
}

/// What looking for targets leaves behind.
#[derive(Debug, Default)]
struct Found {
    choices: Vec<Choice>,
    notes: Vec<String>,
    /// Whether the floor spared somebody.
    floored: bool,
    /// Whether it left nobody.
    missed: bool,
}

impl Lowering<'_> {
    /// The overlays so far, for whoever cuts them to size.
    pub(crate) const fn entries_mut(&mut self) -> &mut Parts {
        &mut self.entries
    }
    /// Something a person should know.
    pub fn note(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !self.notes.contains(&text) {
            self.notes.push(text);
        }
    }
}
