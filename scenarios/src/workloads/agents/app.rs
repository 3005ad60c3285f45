//! What the processes of one workload share in one world.

use super::config::Config;
use super::control::Control;
use super::source::Source;
use super::store::{Allowance, Store};
use squall_core::world::{MemorySet, RoleOf};
use squall_core::{Cx, Key, KnobId, NameId, PortId, Seed, VirtualDuration, VirtualTime, WallTime};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

/// Bits of a call's number that count the steps of its stream.
pub(super) const SEQ_BITS: u32 = 24;

/// The number of a call or effect: its stream and its step.
pub(super) fn call_key(stream: u32, seq: u32) -> u64 {
    (u64::from(stream) << SEQ_BITS) | u64::from(seq)
}

/// Stream and step of a call's number, as `3:17`.
pub(super) fn call_text(key: u64) -> String {
    format!("{}:{}", key >> SEQ_BITS, key & ((1 << SEQ_BITS) - 1))
}

macro_rules! names {
    ($($field:ident $slug:literal),* $(,)?) => {
        /// Numbers of names in records.
        #[derive(Clone, Copy, Debug)]
        pub(super) struct Names { $(pub(super) $field: NameId,)* }
        impl Names {
            pub(super) fn new(mut name: impl FnMut(&'static str) -> NameId) -> Self {
                Self { $($field: name($slug),)* }
            }
        }
    };
}
names! {
    accepted "accepted", done "done", failed "failed", resumed "resumed", fenced "fenced",
    checkpoint "checkpoint", retried "retried", limited "limited", effect "effect",
    duplicated "duplicated-effect", suppressed "duplicate-suppressed", result_ok "result-ok",
    tool_error "tool-error", spent "spent", over_budget "over-budget",
    latency "latency", task_latency "task-latency", model_latency "model-latency",
    tool_latency "tool-latency", attempts "attempts", tokens "tokens",
    step "step", model_call "model-call", tool_call "tool-call", tool_run "tool-run",
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Knobs {
    pub(super) load: KnobId,
    pub(super) attempts: KnobId,
    pub(super) tool_version: KnobId,
    pub(super) model_latency: KnobId,
    pub(super) timeout: KnobId,
    pub(super) backoff: KnobId,
    pub(super) budget: KnobId,
    pub(super) jitter: KnobId,
    pub(super) resend: KnobId,
    pub(super) slots: KnobId,
    pub(super) key_ttl: KnobId,
    pub(super) cache_loss: KnobId,
    pub(super) model_out: KnobId,
}

/// Keys of draws: by session and ordinal, wherever they are made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keys {
    pub(super) arrival: Key,
    pub(super) back_off: Key,
    pub(super) noise: Key,
    pub(super) tool: Key,
    pub(super) write: Key,
}

impl Keys {
    pub(super) fn new(seed: Seed, path: &str) -> Self {
        let key = |purpose| Key::new(seed, path, purpose);
        Self {
            arrival: key("arrival"),
            back_off: key("back-off"),
            noise: key("noise"),
            tool: key("tool"),
            write: key("write"),
        }
    }
}

/// What the tools' back end keeps, durably: it outlives the node.
#[derive(Debug, Default)]
pub(super) struct Backend {
    /// Keys it was given, and when.
    pub(super) known: BTreeMap<u64, VirtualTime>,
    /// Effects that happened: the ground truth, of which no tool knows.
    pub(super) happened: BTreeSet<u64>,
}

/// Everything of one workload.
#[derive(Debug)]
pub(super) struct App {
    pub(super) config: Arc<Config>,
    pub(super) source: Source,
    pub(super) names: Names,
    /// Who has a session, if a fault asks.
    pub(super) holder: Option<RoleOf>,
    pub(super) knobs: Knobs,
    pub(super) keys: Keys,
    pub(super) model: Vec<PortId>,
    pub(super) tools: Vec<PortId>,
    /// Recorded sessions in the order in which they start, and when.
    pub(super) starts: Vec<(VirtualDuration, u32)>,
    pub(super) store: RefCell<Store>,
    pub(super) backend: RefCell<Backend>,
    /// What keeps effects authorised, if the workload has it.
    pub(super) control: Option<Control>,
}

/// A worker's process, as its sessions see it.
#[derive(Clone, Debug)]
pub(super) struct Agent {
    pub(super) app: Rc<App>,
    pub(super) cx: Cx,
    pub(super) worker: usize,
    /// What it needs to read answers, if that costs something.
    pub(super) memory: Option<MemorySet>,
    /// Of the process: lost with it.
    pub(super) allowance: Rc<RefCell<Allowance>>,
}

impl Agent {
    pub(super) fn config(&self) -> &Config {
        &self.app.config
    }
    pub(super) fn event(&self, name: NameId, a: u64, b: u64) {
        self.cx.event(name, a, b);
    }
    /// Says that this worker has a session now, or no longer.
    pub(super) fn holds(&self, stream: u32, epoch: u32, now: bool) {
        let Some(role) = self.app.holder else { return };
        let (role, term) = (role.part(u64::from(stream)), u64::from(epoch));
        match now {
            true => self.cx.take_role(role, term),
            false => self.cx.leave_role(role, term),
        }
    }
    pub(super) fn now(&self) -> VirtualTime {
        self.cx.now()
    }
    /// The worker's wall clock: leases and deadlines go by it.
    pub(super) fn wall(&self) -> WallTime {
        self.cx.wall_clock()
    }
}
