//! What faults can change about agents and the layer that controls them. All are off without a fault.

use super::super::super::{Install, Knob, KnobRange};
use squall_core::{Cx, KnobId, VirtualDuration};

/// A knob by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Slug {
    WrongArguments,
    StuckLoop,
    FanOutBranch,
    FanOutDepth,
    CompactionLoss,
    PoisonedContext,
    SessionMixUp,
    GrantsRevoked,
    StrayCredential,
    PolicyClient,
    PolicyCacheAge,
    PolicyLag,
    KillPoll,
    KillDelay,
    ApprovalReplay,
    ApproverLoad,
    ApprovalDefault,
    AuditMode,
    CheckpointMode,
    PoisonTask,
    WrongToolName,
    UsageMissing,
    UsageLate,
    BatchLoad,
    Telemetry,
    LockOrder,
    ContextLimit,
    ContextOverflow,
    ScopeUnion,
    BudgetLag,
    MemoryAge,
    WorkflowVersion,
}

const fn share(name: &'static str, doc: &'static str) -> Knob {
    Knob {
        name,
        range: KnobRange::Number(0.0, 1.0),
        param: "",
        base: 0.0,
        doc,
    }
}
const fn flag(name: &'static str, doc: &'static str) -> Knob {
    Knob {
        name,
        range: KnobRange::Flag,
        param: "",
        base: 0.0,
        doc,
    }
}
const fn time(name: &'static str, param: &'static str, doc: &'static str) -> Knob {
    Knob {
        name,
        range: KnobRange::Seconds,
        param,
        base: 0.0,
        doc,
    }
}
const fn count(name: &'static str, max: f64, doc: &'static str) -> Knob {
    Knob {
        name,
        range: KnobRange::Number(0.0, max),
        param: "",
        base: 0.0,
        doc,
    }
}
const fn words(
    name: &'static str,
    words: &'static [&'static str],
    param: &'static str,
    doc: &'static str,
) -> Knob {
    Knob {
        name,
        range: KnobRange::Words(words),
        param,
        base: 0.0,
        doc,
    }
}

/// In the order of [`Slug`].
pub(in super::super) const KNOBS: [Knob; 32] = [
    share(
        "wrong-arguments",
        "share of the writes about another entity",
    ),
    share(
        "stuck-loop",
        "share of the steps that are done again instead of the next one",
    ),
    count(
        "fan-out-branch",
        64.0,
        "sub-agents that each agent starts; none with 0",
    ),
    count("fan-out-depth", 10.0, "how deep they go"),
    share(
        "compaction-loss",
        "share of the compactions that drop the constraint",
    ),
    share(
        "poisoned-context",
        "share of the reads after which the next action is an attacker's",
    ),
    share(
        "session-mix-up",
        "share of the writes for which another tenant's memory is found",
    ),
    flag(
        "grants-revoked",
        "whether the permission to write is taken away",
    ),
    share(
        "stray-credential",
        "share of the writes with a credential that was found somewhere",
    ),
    words(
        "policy-client",
        &["fail-closed", "fail-open", "cached"],
        "policy.client",
        "what a client does that has no decision",
    ),
    time(
        "policy-cache-age",
        "policy.cache_age",
        "how old a decision may be that is told before",
    ),
    time(
        "policy-lag",
        "",
        "how long ago what the policy server says was true",
    ),
    words(
        "kill-poll",
        &["gate", "between-turns"],
        "",
        "when an agent looks whether it was stopped",
    ),
    time(
        "kill-delay",
        "",
        "time until an agent can know that it was stopped",
    ),
    share(
        "approval-replay",
        "share of the approved writes whose arguments change afterwards",
    ),
    count(
        "approver-load",
        1e6,
        "approvals that somebody else has waiting",
    ),
    words(
        "approval-default",
        &["deny", "approve"],
        "control.approval_default",
        "what an approval is that nobody gives",
    ),
    words(
        "audit-mode",
        &["ok", "slow", "full", "lost"],
        "",
        "what the audit sink does with a record",
    ),
    words(
        "checkpoint-mode",
        &["ok", "slow", "read-only", "torn", "reorder"],
        "",
        "what the store does with a checkpoint",
    ),
    share(
        "poison-task",
        "share of the sessions that kill every worker that takes them",
    ),
    share(
        "wrong-tool-name",
        "share of the answers that ask for a tool that is not there",
    ),
    share(
        "usage-missing",
        "share of the model calls whose tokens the provider does not report",
    ),
    time(
        "usage-late",
        "",
        "time after a model call at which it reports them",
    ),
    Knob {
        name: "batch-load",
        range: KnobRange::Number(0.0, 1000.0),
        param: "",
        base: 1.0,
        doc: "factor on the calls of the batch work",
    },
    words(
        "telemetry",
        &["host", "calls-only"],
        "",
        "whether signals of the hosts are looked at, or times of calls alone",
    ),
    words(
        "lock-order",
        &["sorted", "as-named", "reversed"],
        "control.lock_order",
        "the order in which a write takes its locks",
    ),
    Knob {
        name: "context-limit",
        range: KnobRange::Number(0.0, 1e9),
        param: "control.context_limit",
        base: 1e6,
        doc: "tokens of a prompt that the model takes",
    },
    words(
        "context-overflow",
        &["error-400", "drop-head"],
        "",
        "what the provider does with a longer one",
    ),
    flag(
        "scope-union",
        "whether sub-agents are given what they or their parent may do, instead of what both may",
    ),
    time(
        "budget-lag",
        "control.budget_lag",
        "how long ago what a replica of the counter says was true",
    ),
    time(
        "memory-age",
        "",
        "how old what the store of memories gives is",
    ),
    count(
        "workflow-version",
        1e6,
        "the version of the workflow's code that a worker has",
    ),
];

/// Their numbers.
#[derive(Clone, Debug)]
pub(in super::super) struct ControlKnobs([KnobId; KNOBS.len()]);

impl ControlKnobs {
    pub(super) fn new(install: &Install<'_>) -> Self {
        Self(core::array::from_fn(|at| install.knob(KNOBS[at].name)))
    }
    pub(in super::super) fn read(&self, cx: &Cx, slug: Slug) -> f64 {
        cx.knob(self.0[slug as usize])
    }
    pub(super) fn is_set(&self, cx: &Cx, slug: Slug) -> bool {
        self.read(cx, slug) >= 0.5
    }
    pub(super) fn time(&self, cx: &Cx, slug: Slug) -> VirtualDuration {
        let seconds = self.read(cx, slug);
        VirtualDuration::from_secs_f64(seconds.clamp(0.0, 1e9))
    }
    /// As a whole number.
    pub(in super::super) fn whole(&self, cx: &Cx, slug: Slug) -> u64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "`as` saturates, and what is no number is zero"
        )]
        let whole = self.read(cx, slug).round() as u64;
        whole
    }
}
