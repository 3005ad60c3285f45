//! Faults of tools and their back end.

use super::super::FaultKind;
use super::{ON, P, WORKLOAD, call, set};
use crate::param::{Kind, Param};
use squall_core::VirtualDuration;
use squall_core::plan::{CallRule, CallScope, Family, Malformed};

/// The number of writes among the methods of the tools.
const WRITE: u32 = 1;

/// Calls that have an effect.
pub(super) const fn writes() -> CallScope {
    CallScope {
        method: Some(WRITE),
        ..CallScope::ALL
    }
}

pub(in super::super) const PERMISSION_REVOKED: FaultKind = FaultKind {
    name: "permission-revoked",
    family: Family::Knob,
    summary: "the permission to write is taken away in the middle of a task",
    doc: "The authority takes it away at the start and gives it back at the end, and records both, at \
          most 250 ms later. What is permitted afterwards is up to those who ask, and when: once a \
          session, before each effect, or at the effect. The workload needs a control layer.",
    params: &[WORKLOAD],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "agents T7",
    own_length: None,
    lower: |args, lowering| set(args, lowering, "grants-revoked", 1.0),
};

pub(in super::super) const IDEMPOTENCY_FORGET: FaultKind = FaultKind {
    name: "idempotency-forget",
    family: Family::Knob,
    summary: "the back end forgets keys before the last retry",
    doc: "A key is known for `ttl` after its first use; a request that comes again later is a new one. \
          It shows where a reply is lost and a retry comes late.",
    params: &[
        WORKLOAD,
        Param::new("ttl", Kind::Duration, "time for which a key is known").default("1m"),
        ON,
    ],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "agents T10",
    own_length: None,
    lower: |args, lowering| {
        let ttl = args.duration("ttl").as_secs_f64();
        set(args, lowering, "idempotency-ttl", ttl)
    },
};

pub(in super::super) const SLOTS_EXHAUSTED: FaultKind = FaultKind {
    name: "slots-exhausted",
    family: Family::Knob,
    summary: "tools serve fewer calls at once",
    doc: "Calls that are being served end; new ones wait until one of the slots that are left is free.",
    params: &[
        WORKLOAD,
        Param::new(
            "slots",
            Kind::Share,
            "share of the slots that is left; at least one",
        )
        .default("0.5"),
        ON,
    ],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "agents T12",
    own_length: None,
    lower: |args, lowering| {
        let (_, knob) = super::knob(args, lowering, "slots")?;
        let left = (knob.base * args.number("slots")).round().max(1.0);
        set(args, lowering, "slots", left)
    },
};

pub(in super::super) const PLAUSIBLE_LIE: FaultKind = FaultKind {
    name: "plausible-lie",
    family: Family::Call,
    summary: "tools answer about something else than what was asked",
    doc: "The effect has happened; the answer is whole, and of another entity.",
    params: &[WORKLOAD, P.default("0.01")],
    lowers_to: &["malformed"],
    needed: &["malformed"],
    source: "agents T6",
    own_length: None,
    lower: |args, lowering| {
        let (mode, share) = (Malformed::OtherEntity, args.number("p"));
        let rule = CallRule::Malformed { mode, share };
        call(args, lowering, "tools", (CallScope::ALL, rule))
    },
};

pub(in super::super) const SCHEMA_CHANGE: FaultKind = FaultKind {
    name: "schema-change",
    family: Family::Call,
    summary: "answers of tools lack fields",
    doc: "As after a release of the tool that nobody was told of: the effect has happened, and who reads \
          the answer finds fields missing.",
    params: &[WORKLOAD, P.default("1")],
    lowers_to: &["malformed"],
    needed: &["malformed"],
    source: "agents T8",
    own_length: None,
    lower: |args, lowering| {
        let (mode, share) = (Malformed::FieldsRemoved, args.number("p"));
        let rule = CallRule::Malformed { mode, share };
        call(args, lowering, "tools", (CallScope::ALL, rule))
    },
};

pub(in super::super) const PARTIAL_SUCCESS: FaultKind = FaultKind {
    name: "partial-success",
    family: Family::Call,
    summary: "writes report an error after a part of them has happened",
    doc: "A write is one item here, so that each write is done or not by the share; those that are done \
          are reported as failed all the same.",
    params: &[
        WORKLOAD,
        Param::new("k_of_n", Kind::Share, "share of the items that are done").default("0.5"),
        P.default("0.1"),
    ],
    lowers_to: &["error"],
    needed: &["error"],
    source: "agents T3",
    own_length: None,
    lower: |args, lowering| {
        let (done, share) = (args.number("k_of_n"), args.number("p"));
        let error = |after_effect, share| CallRule::Error {
            status: 500,
            share,
            after_effect,
            retry_after: None,
            work: VirtualDuration::ZERO,
        };
        // Of all writes p are hit: (1 - k) p before the effect, and of the others the rest.
        let before = share * (1.0 - done);
        let after = if before < 1.0 {
            (share - before) / (1.0 - before)
        } else {
            0.0
        };
        call(args, lowering, "tools", (writes(), error(false, before)))?;
        call(args, lowering, "tools", (writes(), error(true, after)))
    },
};
