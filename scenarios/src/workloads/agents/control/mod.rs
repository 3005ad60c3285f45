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
mod blame;
mod config;
mod contract;
mod counter;
mod delegation;
mod delivery;
mod depends;
mod fan_out;
mod gate;
mod knobs;
mod locks;
mod mind;
mod names;
pub(super) mod params;
mod policy;
mod promises;
mod recall;
mod turn;
mod usage;
mod versions;
mod window;

pub(super) use backend::{admit, executed};
pub(super) use blame::read as read_answer;
pub(super) use config::{ControlConfig, read};
pub(super) use contract::{batch, contracted};
pub(super) use counter::{reserve, settle};
pub(super) use delivery::take;
pub(super) use depends::{Shared, depends};
pub(super) use fan_out::fan_out;
pub(super) use gate::{Stop, gate};
pub(super) use knobs::KNOBS;
use knobs::{ControlKnobs, Slug};
pub(super) use locks::{Owner, lock, unlock};
pub(super) use mind::Meant;
pub(super) use names::{ControlNames, EVENTS};
pub(super) use policy::{authority, operator, parts, serve};
pub(super) use promises::{INVARIANTS, promise};
pub(super) use recall::{goal, remember};
pub(super) use turn::{Write, after_read, checkpoint, decode, point, repeats, too_early, turn};
pub(super) use usage::usage;
pub(super) use versions::{choose, replay};
pub(super) use window::{prompt, shortens};

use super::super::Install;
use squall_core::{Key, PortId, VirtualTime};
use std::cell::RefCell;
use std::collections::BTreeMap;

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
    /// When the next place in the contract is due, by queue.
    places: [VirtualTime; 2],
    locks: locks::Locks,
    /// Tokens by tenant.
    tenants: BTreeMap<u64, counter::Counter>,
    /// What agents wrote into the store of memories, by stream: when, and how much they had done.
    written: BTreeMap<u32, Vec<(VirtualTime, u64)>>,
    /// By stream.
    workflows: BTreeMap<u32, versions::Workflow>,
}

/// What one agent has in its context, beyond tokens.
#[derive(Clone, Copy, Debug)]
struct Memory {
    /// Whether the constraint of its task still stands there.
    constraint: bool,
    /// Whether the model did not read the head of the last prompt, where the constraint stands.
    cut: bool,
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
            cut: false,
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
    PoisonTask,
    ToolName,
    Usage,
    Lock,
    Delegate,
}
