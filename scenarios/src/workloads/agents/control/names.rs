//! Events of the control layer, and their numbers.

use crate::workloads::{Word, word};
use squall_core::NameId;

/// Events of the control layer, beside those that every workload of agents has.
pub(in super::super) const EVENTS: [Word; 43] = [
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
    word(
        "taken",
        "a worker took a session (a: stream, b: epoch, which counts the takes)",
    ),
    word(
        "poison-taken",
        "one that kills whoever takes it (a: stream)",
    ),
    word(
        "parked",
        "a session was put aside after too many takes (a: stream, b: epoch)",
    ),
    word(
        "tool-unknown",
        "the model asked for a tool that is not there (a: call)",
    ),
    word(
        "recorded",
        "tokens were written down as spent (a: session, b: tokens)",
    ),
    word(
        "usage-lost",
        "the provider did not report the tokens of a call (a: call, b: tokens)",
    ),
    word(
        "admitted",
        "a call may use the contract (a: call, b: nanoseconds that it waits for that)",
    ),
    word(
        "batch-call",
        "a call of the batch work took its place in the contract (b: nanoseconds that it waits)",
    ),
    word(
        "slow-call",
        "a model call took long (a: call, b: whose time it was: 1 the model's, 2 the host's)",
    ),
    word(
        "blamed",
        "what the telemetry says about it (a: call, b: as in slow-call)",
    ),
    word(
        "lock-wait",
        "an agent waits for a lock (a: stream, b: lock)",
    ),
    word("lock-held", "it has it (a: stream, b: lock)"),
    word("lock-free", "and has it no more (a: stream, b: lock)"),
    word("lock-left", "it waits no longer (a: stream, b: lock)"),
    word(
        "lock-refused",
        "it would wait for itself, and does not (a: stream, b: lock)",
    ),
    word(
        "overflow",
        "a prompt is longer than what the model takes (a: call, b: tokens too many)",
    ),
    word(
        "compacted",
        "a context was made shorter (a: stream, b: tokens left)",
    ),
    word(
        "did",
        "an effect did a thing that a task wants (a: stream, b: which, from 1)",
    ),
    word(
        "chose",
        "a workflow decided at a step, or again in a replay (a: stream and step, b: what)",
    ),
];

macro_rules! control_names {
    ($($field:ident $slug:literal),* $(,)?) => {
        /// Numbers of the names of the control layer's events.
        #[derive(Clone, Copy, Debug)]
        pub(in super::super) struct ControlNames { $(pub(in super::super) $field: NameId,)* }
        impl ControlNames {
            pub(super) fn new(mut name: impl FnMut(&'static str) -> NameId) -> Self {
                Self { $($field: name($slug),)* }
            }
            /// Those of a workload without a control layer: no record has them.
            pub(in super::super) const fn none() -> Self {
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
    taken "taken", poison_taken "poison-taken", parked "parked", tool_unknown "tool-unknown",
    recorded "recorded", usage_lost "usage-lost", admitted "admitted", batch_call "batch-call",
    slow_call "slow-call", blamed "blamed", lock_wait "lock-wait", lock_held "lock-held",
    lock_free "lock-free", lock_left "lock-left", lock_refused "lock-refused", overflow "overflow",
    compacted "compacted", did "did", chose "chose",
}
