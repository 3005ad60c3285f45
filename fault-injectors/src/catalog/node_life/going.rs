//! Nodes that are told to go: they take no new work, or are gone after a notice.

use super::super::FaultKind;
use super::super::node::{NODES, SEEN, seen};
use super::{CORDON, REFUSE, drain};
use crate::param::{Kind, Param};
use squall_core::VirtualDuration;
use squall_core::plan::{Family, Primitive};
pub(in super::super) const DRAIN: FaultKind = FaultKind {
    name: "drain",
    family: Family::Knob,
    summary: "nodes are taken out of service, and stay up",
    doc: "The workloads on the node drain: callers that see it keep away while there are other replicas; \
          with `refuse_new` new work is answered with 503 as well. What was accepted is finished. At the \
          end it takes work again.",
    params: &[
        NODES,
        Param::new("refuse_new", Kind::Flag, "whether new work is refused, too").default("true"),
    ],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "LI and KR node drain",
    own_length: None,
    lower: |args, lowering| {
        let value = if args.flag("refuse_new") {
            REFUSE
        } else {
            CORDON
        };
        let window = lowering.window;
        for node in lowering.nodes(args, "nodes")? {
            drain(lowering, node, (window.from, window.until), value);
        }
        Ok(())
    },
};

pub(in super::super) const SPOT_RECLAIM: FaultKind = FaultKind {
    name: "spot-reclaim",
    family: Family::Node,
    summary: "the provider takes nodes back, with a notice, and gives others later",
    doc: "From the notice on the workloads on the node drain. After `notice` it is gone, with its disk; \
          `replace_after` later another machine of the same name starts, with an empty one. Peers see \
          silence.",
    params: &[
        NODES,
        Param::new(
            "notice",
            Kind::Duration,
            "time from the notice to the end (two minutes: recalled, not checked)",
        )
        .default("2m"),
        Param::new(
            "replace_after",
            Kind::Duration,
            "time until another machine is there; instead of `for`",
        )
        .default("5m"),
        SEEN,
    ],
    lowers_to: &["knob", "power-loss"],
    needed: &["power-loss"],
    source: "FIS spot interruption",
    own_length: Some("replace_after"),
    lower: |args, lowering| {
        let window = lowering.window;
        let length = match args.given("replace_after") || window.until.is_none() {
            true => args.duration("replace_after"),
            false => window.until.unwrap_or(lowering.stop).since(window.from),
        };
        let gone = window.from.saturating_add(args.duration("notice"));
        let until = Some(gone.saturating_add(length.max(VirtualDuration::from_nanos(1))));
        let seen = seen(args);
        for node in lowering.nodes(args, "nodes")? {
            drain(lowering, node, (window.from, until), REFUSE);
            let wipe = true;
            lowering.beyond(gone, until, Primitive::PowerLoss { node, seen, wipe });
        }
        Ok(())
    },
};
