//! Triggers: faults that wait for something to happen in the run, or for their targets.
//!
//! ```text
//! armed --matching records--> fired --delay--> targets found --> overlays, at offsets from here
//!                                       |          |
//!                                       |          +-- nobody has the role: waits, then misses
//!                                       +-- the floor leaves nobody: misses
//! ```
//!
//! Everything but the time and who has a role is in the plan before the run: of every firing its
//! delay, its overlays, and the order in which targets are taken. An overlay of a firing
//! ([`super::Entry::firing`]) counts its times from there, and may stand on *places*: node numbers
//! beyond the world, which a [`Choice`] fills.

mod bind;
mod choice;

pub use choice::{Choice, Count, Floor, Role, Whom};

use crate::history::NodeChange;
use crate::{NodeId, ServiceId, VirtualDuration, VirtualTime};
use serde::{Deserialize, Serialize};

/// One firing of one trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FiringId {
    /// Position in [`Plan::triggers`](super::Plan::triggers).
    pub trigger: u32,
    /// Which of its firings, from 0.
    pub ordinal: u32,
}

/// A fault, or one occurrence of it, that waits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trigger {
    /// Index in [`Plan::faults`](super::Plan::faults).
    pub fault: u32,
    /// What it waits for.
    pub on: On,
    /// It is armed from here on.
    pub from: VirtualTime,
    /// It is no longer armed from here on.
    pub until: VirtualTime,
    /// It fires at this match; counting starts again after each firing. At least 1.
    pub after: u32,
    /// Time after a match that fired in which matches do not count.
    pub cooldown: VirtualDuration,
    /// No overlay that has an end outlives this.
    pub ends: VirtualTime,
    /// How long a firing waits for somebody to have a role.
    pub patience: VirtualDuration,
    /// What it means that nobody had it.
    pub if_none: IfNone,
    /// What it does, firing by firing; it fires as often at the most.
    pub firings: Vec<Firing>,
}

/// What one firing needs beside its overlays.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Firing {
    /// Time from the match to the firing; a nanosecond at least, so that the instant of the record is
    /// complete.
    pub delay: VirtualDuration,
    /// Who fills the places in its overlays. One choice that nobody fits makes the firing miss.
    pub choices: Vec<Choice>,
}

/// What a trigger waits for. A filter that is `None` lets everything pass.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum On {
    /// A time; its targets are found then.
    At(VirtualTime),
    /// An event of a workload.
    Event {
        /// Its name, `<workload>.<event>`.
        name: String,
        /// Where it happens.
        nodes: Option<Vec<NodeId>>,
        /// Its first argument.
        a: Option<u64>,
        /// Its second argument.
        b: Option<u64>,
    },
    /// A node changes its state.
    Node {
        /// How.
        change: NodeChange,
        /// Which node.
        nodes: Option<Vec<NodeId>>,
    },
    /// A node takes a role, or gives it up.
    Role {
        /// The role, for instance `leader`.
        role: Option<String>,
        /// Of what, for instance `kv`.
        of: Option<String>,
        /// Which node.
        nodes: Option<Vec<NodeId>>,
        /// Whether it takes the role.
        gained: bool,
    },
    /// Another fault of the plan goes on in its life.
    Fault {
        /// Index in [`Plan::faults`](super::Plan::faults).
        fault: u32,
        /// How far.
        life: Life,
    },
    /// A client begins a call of a service. Nothing is recorded of it.
    Call {
        /// The service.
        service: ServiceId,
        /// The client's node.
        nodes: Option<Vec<NodeId>>,
    },
    /// A metric is beyond a limit. It is looked at only when it is sampled.
    Metric {
        /// Its name.
        name: String,
        /// The limit; it must be passed, not only reached.
        limit: f64,
        /// Whether above the limit is meant, and not below.
        above: bool,
        /// For how long every sample must be beyond it.
        hold: VirtualDuration,
        /// Whose samples.
        nodes: Option<Vec<NodeId>>,
    },
}

/// How far a fault is, for those that wait for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Life {
    /// Its first overlay came into force while none was.
    Started,
    /// It has an effect, for the first time since then.
    Landed,
    /// None of its overlays is in force any more.
    Ended,
}

/// What it means that a firing found nobody with a role.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IfNone {
    /// It waits for its patience, then it missed, which the report says.
    #[default]
    Miss,
    /// It does nothing, at once, and that is all right.
    Skip,
    /// It waits for its patience, then the run has failed.
    Fail,
}
