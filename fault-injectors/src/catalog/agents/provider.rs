//! Faults of what the provider takes, and of what it says beside the answer. The workload needs a control layer.

use super::super::FaultKind;
use super::{ON, P, WORKLOAD, set, set_word};
use crate::param::{Kind, Param};
use squall_core::plan::Family;

pub(in super::super) const WRONG_TOOL_NAME: FaultKind = FaultKind {
    name: "wrong-tool-name",
    family: Family::Knob,
    summary: "the model asks for a tool that is not there",
    doc: "Drawn an answer that asks for a tool. A harness that rejects the name asks again and pays again; \
          one that takes the tool whose name is nearest does something for which nobody asked. 4.7 % of \
          300 calls of a ToolBench sample are such.",
    params: &[WORKLOAD, P.default("0.047"), ON],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "agents M9; ToolBench sample 4.7 %",
    own_length: None,
    lower: |args, lowering| set(args, lowering, "wrong-tool-name", args.number("p")),
};

pub(in super::super) const BILLING_MISMATCH: FaultKind = FaultKind {
    name: "billing-mismatch",
    family: Family::Knob,
    summary: "reports of used tokens come late, or never",
    doc: "Drawn a model call: its report is missing; all others come `late` after the answer. The bill is \
          the same. A ledger that waits for reports is behind it, and so is the budget that goes by that \
          ledger; one that counts prompt and answer itself is not.",
    params: &[
        WORKLOAD,
        Param::new(
            "missing",
            Kind::Share,
            "share of the calls that are never reported",
        )
        .default("0.01"),
        Param::new(
            "late",
            Kind::Duration,
            "time after the answer at which the others are",
        )
        .default("1m"),
        ON,
    ],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "agents M13",
    own_length: None,
    lower: |args, lowering| {
        set(args, lowering, "usage-missing", args.number("missing"))?;
        let late = args.duration("late").as_secs_f64();
        set(args, lowering, "usage-late", late)
    },
};

pub(in super::super) const CONTEXT_OVERFLOW: FaultKind = FaultKind {
    name: "context-overflow",
    family: Family::Knob,
    summary: "prompts are longer than what the model takes",
    doc: "A longer prompt is refused with 400, and no retry helps; or its head is dropped and nobody is \
          told, so that the model answers without the constraint that stands there. An agent that makes its \
          context shorter, when it is refused or when fewer tokens were read than it sent, goes on. `nodes` \
          are those of the model.",
    params: &[
        WORKLOAD,
        Param::new(
            "mode",
            Kind::Choice(&["error-400", "drop-head"]),
            "what the provider does",
        )
        .default("error-400"),
        Param::new(
            "limit",
            Kind::Integer {
                min: 1,
                max: 1_000_000_000,
            },
            "tokens that the model takes; the default is that of many models",
        )
        .default("128000"),
        ON,
    ],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "agents C1",
    own_length: None,
    lower: |args, lowering| {
        set_word(
            args,
            lowering,
            ("context-overflow", &["error-400", "drop-head"], "mode"),
        )?;
        let limit = args.count("limit") as f64;
        set(args, lowering, "context-limit", limit)
    },
};
