//! Faults of what an agent has in its context. The workload needs a control layer.

use super::super::FaultKind;
use super::{ON, P, WORKLOAD, set};
use squall_core::plan::Family;

pub(in super::super) const COMPACTION_LOSS: FaultKind = FaultKind {
    name: "compaction-loss",
    family: Family::Knob,
    summary: "compactions of a context drop a constraint of the task",
    doc: "Drawn a compaction, which comes when a context has grown by the window. An agent that has lost \
          the constraint may do what the task forbids, for the rest of its session.",
    params: &[WORKLOAD, P.default("0.2"), ON],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "agents C2",
    own_length: None,
    lower: |args, lowering| set(args, lowering, "compaction-loss", args.number("p")),
};

pub(in super::super) const POISONED_CONTEXT: FaultKind = FaultKind {
    name: "poisoned-context",
    family: Family::Knob,
    summary: "what a tool reads tells the agent what to do",
    doc: "Drawn a read: with this share the next write of the session is an attacker's. 0.05 to 0.3 is \
          what studies of injected prompts see.",
    params: &[WORKLOAD, P.default("0.1"), ON],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "agents C4",
    own_length: None,
    lower: |args, lowering| set(args, lowering, "poisoned-context", args.number("p")),
};

pub(in super::super) const SESSION_MIX_UP: FaultKind = FaultKind {
    name: "session-mix-up",
    family: Family::Knob,
    summary: "an agent is given another tenant's memory",
    doc: "Keys of the memory's cache collide. Drawn a write: it is done with what another tenant's agent \
          remembers.",
    params: &[WORKLOAD, P.default("0.001"), ON],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "agents C5",
    own_length: None,
    lower: |args, lowering| set(args, lowering, "session-mix-up", args.number("p")),
};
