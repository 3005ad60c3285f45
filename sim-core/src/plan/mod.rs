//! The plan: the faults of one seed, lowered to primitives with fixed times and fixed targets.
//!
//! A plan is plain data. It can be printed, edited, shrunk and replayed; hosts apply it, and nothing
//! in it is drawn any more. Every entry is an *overlay*: {id, target, value, from, until}. The
//! effective value of a target is computed from its base value and the set of active overlays, in
//! id order, so that the end of one fault can never undo another.
//!
//! What waits for something to happen in the run is a [`Trigger`]: what it will do is in the plan, only
//! its time and who has a role are not. [`Plan::frozen`] puts in what a run found out.

mod call;
mod network;
mod primitive;
mod signal;
mod timeline;
mod trigger;

pub use call::{CallRule, CallScope, LimitUnit, Malformed, RetryAfter, Shard};
pub use network::{
    Bandwidth, Corrupt, Corruption, CutScope, Duplicate, GilbertElliott, HoldBack, QueueLimit,
    Reorder, ResetEnds, Series, Traced,
};
pub use primitive::{
    Arithmetic, Clocks, CutMode, Damage, DiskSpace, DiskTarget, Family, FreezeEnd, KnobChange,
    Limit, LinkTarget, Primitive, Seen, StepEnd, Swap, Thief,
};
pub use signal::{Poison, SignalRule};
pub use timeline::{Change, Step};
pub use trigger::{Choice, Count, Firing, FiringId, Floor, IfNone, Life, On, Role, Trigger, Whom};

use crate::{EntryId, NodeId, VirtualTime};
use serde::{Deserialize, Serialize};

/// One primitive in force on one target for a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Index in [`Plan::faults`] of the fault that asked for it.
    pub fault: u32,
    /// Index inside the lowering of that fault.
    pub part: u32,
    /// When it comes into force.
    pub from: VirtualTime,
    /// When it ends; `None` lasts until the end of the run.
    pub until: Option<VirtualTime>,
    /// What it does, and to whom.
    pub primitive: Primitive,
    /// The firing it waits for: then `from` and `until` count from that as if it were the start of the
    /// run.
    #[serde(default)]
    pub firing: Option<FiringId>,
}

/// What the plan remembers of a named fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedFault {
    /// The fault's name in the catalogue, for instance `swap-storm`.
    pub kind: String,
    /// Its label in this scenario: the author's name for it, or the kind and its ordinal among the
    /// faults of that kind (`link-loss#2`). Event draws are keyed by it, so that removing one fault
    /// moves no draw of another.
    pub label: String,
    /// Whether a seed in which it had no effect is not a proof of anything.
    pub land: Land,
    /// What a person should know about how it was lowered: targets dropped, values clamped.
    pub notes: Vec<String>,
}

impl PlannedFault {
    /// How the note begins that says that its chance left the fault out of this seed.
    pub const NOT_DRAWN: &str = "not drawn";

    /// Whether its chance left it out of this seed: that is no miss.
    pub fn not_drawn(&self) -> bool {
        self.notes
            .iter()
            .any(|note| note.starts_with(Self::NOT_DRAWN))
    }
}

/// What it takes for a fault to count as having happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Land {
    /// It must land in at least one seed of a campaign.
    #[default]
    Any,
    /// It must land in every seed.
    EverySeed,
    /// It may miss.
    Optional,
}

/// The faults of one seed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The named faults, in the order of the file.
    pub faults: Vec<PlannedFault>,
    /// Their primitives, in id order: (fault, part). [`EntryId`] is the position here.
    entries: Vec<Entry>,
    /// What waits for something to happen.
    #[serde(default)]
    triggers: Vec<Trigger>,
    /// Nodes that need a clock which can be wrong, though no entry says so any more.
    #[serde(default)]
    clocks: Vec<NodeId>,
}

impl Plan {
    /// A plan of these faults; entries are put in id order.
    ///
    /// # Panics
    /// If an entry names a fault that is not there, has no length, or starts after its end.
    pub fn new(faults: Vec<PlannedFault>, mut entries: Vec<Entry>) -> Self {
        entries.sort_by_key(|e| (e.fault, e.part));
        for entry in &entries {
            assert!(
                (entry.fault as usize) < faults.len(),
                "an entry belongs to a fault of the plan"
            );
            assert!(
                entry.until.is_none_or(|until| until > entry.from),
                "an overlay has a length"
            );
        }
        Self {
            faults,
            entries,
            ..Self::default()
        }
    }
    /// The plan without what the fault at `index` does. Faults keep their places and labels, so that no
    /// draw of another one moves.
    #[must_use]
    pub fn without(&self, index: usize) -> Self {
        let mut plan = self.clone();
        plan.entries.retain(|entry| entry.fault as usize != index);
        // A trigger keeps its number, to which others of the plan refer; it has nothing left to do.
        let own = plan.triggers.iter_mut();
        own.filter(|trigger| trigger.fault as usize == index)
            .for_each(|trigger| trigger.firings.clear());
        plan
    }
    /// These entries instead, in id order; faults and [`Plan::clocks`] stay.
    ///
    /// # Panics
    /// As [`Plan::new`]; and if it has triggers, of which entries may be parts: freeze it first.
    #[must_use]
    pub fn with_entries(&self, entries: Vec<Entry>) -> Self {
        assert!(
            self.triggers.is_empty(),
            "a plan is frozen before it is edited"
        );
        Self::new(self.faults.clone(), entries).with_clocks(self.clocks.clone())
    }
    /// Nodes that have a clock which can be wrong, though no entry may say so any more: they could have
    /// got one before the plan was frozen, and their timers go by it.
    pub fn clocks(&self) -> &[NodeId] {
        &self.clocks
    }
    /// With these [`Plan::clocks`].
    #[must_use]
    pub fn with_clocks(self, clocks: Vec<NodeId>) -> Self {
        Self { clocks, ..self }
    }
    /// The primitives in id order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
    /// The primitive `id`.
    pub fn entry(&self, id: EntryId) -> &Entry {
        &self.entries[id.index()]
    }
    /// The fault that asked for `id`.
    pub fn fault_of(&self, id: EntryId) -> &PlannedFault {
        &self.faults[self.entry(id).fault as usize]
    }
    /// The overlays whose times are fixed, by id: those that wait for a firing and those that never
    /// come into force are left out.
    pub fn fixed(&self) -> impl Iterator<Item = (EntryId, &Entry)> {
        let all = self.entries.iter().enumerate();
        let fixed = all.filter(|(_, e)| e.firing.is_none() && !e.is_void());
        fixed.map(|(index, entry)| (EntryId::from_index(index), entry))
    }
    /// The end of the last overlay that ends; the start of the run if none does. Recovery counts
    /// from here. Of a plan with triggers that has not run only its fixed overlays are known.
    pub fn last_heal(&self) -> VirtualTime {
        let ends = self.fixed().filter_map(|(_, e)| e.until);
        ends.max().unwrap_or(VirtualTime::ZERO)
    }
    /// The start of the first overlay whose time is fixed, if there is any.
    pub fn first_start(&self) -> Option<VirtualTime> {
        self.fixed().map(|(_, e)| e.from).min()
    }
}
