//! Nodes that look well and are not: they answer for their health and do no work, or fail more often than others.

use super::super::FaultKind;
use super::super::node::NODES;
use super::RESTARTS_MAX;
use crate::lowering::{Lowering, Refusal};
use crate::param::{Args, Issue, Kind, Param};
use squall_core::plan::{CallRule, CallScope, Family, Primitive, Seen};
use squall_core::{Sample, ServiceId, VirtualDuration};
pub(in super::super) const GRAY_HANG: FaultKind = FaultKind {
    name: "gray-hang",
    family: Family::Call,
    summary: "nodes answer nothing but their health checks",
    doc: "Calls of every service that the nodes offer are accepted, and never answered, but for the services \
          whose last word is in `keep`: to whoever asks for their health they are well. Datagrams pass. \
          What was accepted before is answered.",
    params: &[
        NODES,
        Param::new(
            "keep",
            Kind::List(&Kind::Text),
            "services that go on, by the last word of their names",
        )
        .default("health, heartbeat"),
    ],
    lowers_to: &["hang"],
    needed: &["hang"],
    source: "Huang et al., Gray failure, HotOS 2017; AN hang",
    own_length: None,
    lower: gray_hang,
};

fn gray_hang(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let keep = args.list("keep").iter();
    let keep = keep.filter_map(|arg| match &arg.value {
        crate::param::Value::Text(word) => Some(word.as_str()),
        _ => None,
    });
    let keep: Vec<&str> = keep.collect();
    let services = lowering.topology.services().iter().enumerate();
    let hangs = services.filter(|(_, name)| {
        let last = name.rsplit('.').next().unwrap_or(name);
        !keep.contains(&last)
    });
    let hangs: Vec<ServiceId> = hangs.map(|(i, _)| ServiceId::from_index(i)).collect();
    if hangs.is_empty() {
        let issue = Issue::new("no service is left that could hang", 0..0);
        return Err(Refusal::arg("keep", issue.help("keep fewer services")));
    }
    for node in lowering.nodes(args, "nodes")? {
        for service in &hangs {
            lowering.overlay(Primitive::Call {
                client: None,
                service: *service,
                only: CallScope {
                    server: Some(node),
                    ..CallScope::ALL
                },
                rule: CallRule::Hang { share: 1.0 },
            });
        }
    }
    Ok(())
}

pub(in super::super) const LEMON_NODE: FaultKind = FaultKind {
    name: "lemon-node",
    family: Family::Node,
    summary: "nodes that fail far more often than others, and look well in between",
    doc: "Each node has a renewal process of its own: up for an exponential time with a mean of `mtbf` over \
          `factor`, then down for `down`. Nothing but the number of its failures tells it from the others.",
    params: &[
        NODES,
        Param::new(
            "factor",
            Kind::Number {
                min: 1.0,
                max: 1000.0,
            },
            "failure rate, relative to the usual",
        )
        .default("20"),
        Param::new("mtbf", Kind::Duration, "mean time up of a usual node").default("1h"),
        Param::new("down", Kind::Duration, "time down").default("30s"),
    ],
    lowers_to: &["crash"],
    needed: &["crash"],
    source: "arXiv 2410.21680: lemon nodes",
    own_length: None,
    lower: lemon_node,
};

fn lemon_node(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let mean = args.duration("mtbf").as_nanos_f64() / args.number("factor");
    let end = lowering
        .window
        .until
        .unwrap_or(lowering.stop)
        .min(lowering.stop);
    let down = args.duration("down").max(VirtualDuration::from_nanos(1));
    for node in lowering.nodes(args, "nodes")? {
        let mut stream = lowering.node_stream("renewal", node);
        let mut at = lowering.window.from;
        for round in 0.. {
            at = at.saturating_add(VirtualDuration::from_nanos_f64(stream.exponential(mean)));
            if at >= end {
                break;
            }
            if round >= RESTARTS_MAX {
                let issue =
                    Issue::new(format!("more than {RESTARTS_MAX} failures of a node"), 0..0);
                return Err(Refusal::arg("mtbf", issue.help("make it longer")));
            }
            let until = at.saturating_add(down);
            let seen = Seen::Silent;
            lowering.overlay_between(at, Some(until), Primitive::Crash { node, seen });
            at = until;
        }
    }
    Ok(())
}
