//! Faults of what agents share: a contract, locks, budgets. The workload needs a control layer.

use super::super::FaultKind;
use super::super::knob::change;
use super::{WORKLOAD, knob};
use crate::param::{Kind, Param};
use squall_core::plan::{Family, KnobChange};

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
