//! The control layer: what keeps the effects of agents authorised, unique, bounded and stoppable.
//!
//! ```text
//! answer -> decode -> [ mind: what it wants to do ] -> gate: kill, taint, owner, constraint, decision,
//!           approval, audit -> tool call with its labels -> back end: permission, fence, effect
//! ```
//!
//! * A workload has it if its table `control` is there; without it nothing here runs, draws or records.
//! * **The mind** (`mind`) is a seeded automaton: what it does wrong, and what others make it do, are
//!   shares that faults set. **The gate** (`gate`) is the harness around it; each of its checks is a
//!   parameter. **The back end** (`backend`) records what happened: that is the ground truth, which no
//!   check sees.
//! * **The authority** (`policy`) knows what is granted at any time; its server answers with what was
//!   granted some time ago.
//! * The promises (`promises`) read records only.

mod backend;
mod config;
mod fan_out;
mod gate;
mod knobs;
mod mind;
pub(super) mod params;
mod policy;
mod promises;
mod turn;

pub(super) use backend::{admit, executed};
pub(super) use config::{ControlConfig, read};
pub(super) use fan_out::fan_out;
pub(super) use gate::{Stop, gate};
pub(super) use knobs::KNOBS;
use knobs::{ControlKnobs, Slug};
pub(super) use policy::{authority, operator, parts, serve};
pub(super) use promises::{INVARIANTS, promise};
pub(super) use turn::{Write, after_read, checkpoint, decode, point, repeats, too_early, turn};

use super::super::{Install, Word, word};
use squall_core::{Key, NameId, PortId, VirtualTime};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Events of the control layer, beside those that every workload of agents has.
pub(super) const EVENTS: [Word; 24] = [
    word(
        "wanted",
        "a task wants an effect (a: effect, b: hash of its arguments)",
    ),
    word(
        "executed",
        "the back end did it (a: effect, b: hash of its arguments)",
    ),
    word(
        "executed-as",
        "with these labels (a: effect, b: bits, see `labels`)",
    ),
    word(
        "decided",
        "permission for an effect was given (a: effect, b: tenant)",
    ),
    word(
        "denied",
        "permission for an effect was refused (a: effect, b: tenant)",
    ),
    word(
        "revoked",
        "the authority took the permission to write away (a: tenants)",
    ),
    word("granted", "it gave it back (a: tenants)"),
    word(
        "approved",
        "somebody approved an effect (a: effect, b: hash of its arguments)",
    ),
    word("audited", "the record of an intent is durable (a: effect)"),
    word("poisoned", "an action is an attacker's (a: effect)"),
    word(
        "constraint-lost",
        "a compaction dropped a constraint (a: stream)",
    ),
    word(
        "mixed-up",
        "an agent was given another tenant's memory (a: effect, b: tenant)",
    ),
    word(
        "blocked",
        "the gate stopped an action (a: effect, b: why, see the table of the guide)",
    ),
    word("kill", "an operator stopped all agents"),
    word("killed", "a session ended for that (a: stream)"),
    word(
        "agents",
        "agents of a session at once (a: session, b: how many)",
    ),
    word("refused-agent", "an agent was not started (a: session)"),
    word(
        "repeated",
        "a step was done again without a change (a: stream, b: times in a row)",
    ),
    word(
        "checkpoint-lost",
        "a checkpoint was not written (a: stream)",
    ),
    word(
        "before-intent",
        "a worker is about to write an intent down (a: effect)",
    ),
    word("after-intent", "it has (a: effect)"),
    word(
        "after-effect",
        "the effect has happened, and the worker was told (a: effect)",
    ),
    word(
        "after-result",
        "the result is known to the agent (a: effect)",
    ),
    word(
        "after-checkpoint",
        "and progress was written down (a: effect)",
    ),
];

macro_rules! control_names {
    ($($field:ident $slug:literal),* $(,)?) => {
        /// Numbers of the names of the control layer's events.
        #[derive(Clone, Copy, Debug)]
        pub(super) struct ControlNames { $(pub(super) $field: NameId,)* }
        impl ControlNames {
            fn new(mut name: impl FnMut(&'static str) -> NameId) -> Self {
                Self { $($field: name($slug),)* }
            }
            /// Those of a workload without a control layer: no record has them.
            pub(super) const fn none() -> Self {
                Self { $($field: NameId::NONE,)* }
            }
        }
    };
}
control_names! {
    wanted "wanted", executed "executed", executed_as "executed-as", decided "decided", denied "denied",
    revoked "revoked", granted "granted", approved "approved", audited "audited", poisoned "poisoned",
    constraint_lost "constraint-lost", mixed_up "mixed-up", blocked "blocked", kill "kill",
    killed "killed", agents "agents", refused_agent "refused-agent", repeated "repeated",
    checkpoint_lost "checkpoint-lost", before_intent "before-intent", after_intent "after-intent",
    after_effect "after-effect", after_result "after-result", after_checkpoint "after-checkpoint",
}

/// What the control layer of one workload knows in one world.
#[derive(Debug)]
pub(super) struct Control {
    pub(super) names: ControlNames,
    pub(super) knobs: ControlKnobs,
    pub(super) key: Key,
    /// Ports of the policy server.
    pub(super) policy: Vec<PortId>,
    pub(super) state: RefCell<State>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    /// When the permission to write came and went, by the authority: time and whether it holds.
    grants: Vec<(VirtualTime, bool)>,
    /// When an operator stopped all agents.
    killed: Option<VirtualTime>,
    /// What agents remember, by stream.
    memories: BTreeMap<u32, Memory>,
    /// Agents of a session, at once.
    agents: BTreeMap<u32, u64>,
    /// Approvals that somebody looks at.
    approving: u64,
}

/// What one agent has in its context, beyond tokens.
#[derive(Clone, Copy, Debug)]
struct Memory {
    /// Whether the constraint of its task still stands there.
    constraint: bool,
    /// Whether something from outside tells it what to do next.
    poisoned: bool,
    /// Whether it believes something that is not so.
    misled: bool,
    /// Times that the step was done in a row.
    repeats: u64,
    /// Tokens, the next compaction excepted.
    tokens: f64,
    /// The last decision that it was given: when, and what.
    decision: Option<(VirtualTime, bool)>,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            constraint: true,
            poisoned: false,
            misled: false,
            repeats: 0,
            tokens: 0.0,
            decision: None,
        }
    }
}

impl State {
    fn memory(&mut self, stream: u32) -> &mut Memory {
        self.memories.entry(stream).or_default()
    }
    /// Whether writing was permitted at `at`.
    fn permitted(&self, at: VirtualTime) -> bool {
        let last = self.grants.iter().rev().find(|(since, _)| *since <= at);
        last.is_none_or(|(_, holds)| *holds)
    }
}

impl Control {
    pub(super) fn new(install: &mut Install<'_>, config: &ControlConfig, path: &str) -> Self {
        let service = install.full("policy");
        let names = ControlNames::new(|slug| install.name(slug));
        let ports = config.policy_nodes.iter();
        let policy = ports
            .map(|node| install.world.port(*node, &service))
            .collect();
        Self {
            names,
            knobs: ControlKnobs::new(install),
            key: Key::new(install.world.seed(), path, "control"),
            policy,
            state: RefCell::default(),
        }
    }
    /// The key of a draw about one effect.
    fn draws(&self, purpose: Purpose, about: u64) -> Key {
        self.key.child(purpose as u64).child(about)
    }
}

/// What is drawn: each has a stream of its own.
#[derive(Clone, Copy, Debug)]
enum Purpose {
    Loop,
    WrongArguments,
    Temptation,
    Poison,
    MixUp,
    Stray,
    Approval,
    Replay,
    Compaction,
}
