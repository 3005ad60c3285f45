//! Faults of what agents share: a contract, locks, budgets. The workload needs a control layer.

use super::super::FaultKind;
use super::super::knob::change;
use super::tool::writes;
use super::{ON, P, WORKLOAD, call, knob, set, set_word};
use crate::param::{Kind, Param};
use squall_core::Law;
use squall_core::plan::{Arithmetic, CallRule, Family, KnobChange};

pub(in super::super) const PRIORITY_INVERSION: FaultKind = FaultKind {
    name: "priority-inversion",
    family: Family::Knob,
    summary: "batch work fills the contract that sessions use",
    doc: "The calls of the batch work are multiplied; factors of several faults multiply. In one queue for \
          all, sessions that somebody waits for stand behind what nobody waits for, also long after the \
          end. The workload needs a contract and batch work in it.",
    params: &[
        WORKLOAD,
        Param::new(
            "factor",
            Kind::Number {
                min: 0.001,
                max: 1000.0,
            },
            "factor on the calls of the batch work",
        )
        .default("10"),
    ],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "agents O9",
    own_length: None,
    lower: |args, lowering| {
        let (load, _) = knob(args, lowering, "batch-load")?;
        let scale = (KnobChange::Scale, args.number("factor"));
        change(args, lowering, load, scale)
    },
};

pub(in super::super) const SLOW_LOCK: FaultKind = FaultKind {
    name: "slow-lock",
    family: Family::Call,
    summary: "who holds a lock around a tool holds it long",
    doc: "Drawn a write: it takes `hold` longer, with the locks that it has, and so does every wait for \
          one of them. The write itself may be given up and tried again meanwhile. What waits shows only \
          in a workload with `locks`.",
    params: &[
        WORKLOAD,
        Param::new(
            "hold",
            Kind::Duration,
            "time by which a lock is held longer",
        )
        .default("30s"),
        P.default("0.1"),
    ],
    lowers_to: &["call-delay"],
    needed: &["call-delay"],
    source: "agents T11",
    own_length: None,
    lower: |args, lowering| {
        let delay = CallRule::Delay {
            delay: Law::Constant(args.duration("hold").as_nanos_f64()),
            mode: Arithmetic::Add,
            share: args.number("p"),
        };
        call(args, lowering, "tools", (writes(), delay))
    },
};

pub(in super::super) const CROSSED_LOCKS: FaultKind = FaultKind {
    name: "crossed-locks",
    family: Family::Knob,
    summary: "agents take the same locks in another order than others do",
    doc: "A write takes its two locks as its arguments name them, or from the highest down, instead of from \
          the lowest up; on the workers of `nodes`, or on all. Two agents that have one lock each and want \
          the other's wait for ever, unless somebody sees the circle or gives up. The workload needs \
          `locks`.",
    params: &[
        WORKLOAD,
        Param::new(
            "order",
            Kind::Choice(&["as-named", "reversed"]),
            "how locks are taken",
        )
        .default("as-named"),
        ON,
    ],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "agents O8",
    own_length: None,
    lower: |args, lowering| {
        let words = ["sorted", "as-named", "reversed"];
        set_word(args, lowering, ("lock-order", &words, "order"))
    },
};

pub(in super::super) const STALE_BUDGET: FaultKind = FaultKind {
    name: "stale-budget",
    family: Family::Knob,
    summary: "the counter of a tenant's budget is read late",
    doc: "What a worker reads of the counter was true `lag` ago. Who permits a call by that permits what \
          others have spent meanwhile, and the budget is exceeded by what comes in `lag`; who reserves at \
          the counter itself is not misled. The workload needs a `tenant_budget`.",
    params: &[
        WORKLOAD,
        Param::new("lag", Kind::Duration, "how long ago what is read was true").default("5s"),
        ON,
    ],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "agents G8",
    own_length: None,
    lower: |args, lowering| {
        let lag = args.duration("lag").as_secs_f64();
        set(args, lowering, "budget-lag", lag)
    },
};
