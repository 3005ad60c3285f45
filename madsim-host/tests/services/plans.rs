//! Plans by hand, in milliseconds.

use squall_core::plan::{
    Arithmetic, CutMode, CutScope, Entry, Land, LinkTarget, Plan, PlannedFault, Primitive, Seen,
};
use squall_core::property::{PropertyKind, PropertySpec};
use squall_core::{Law, NodeId, VirtualDuration, VirtualTime};

/// An instant, in milliseconds.
pub(crate) const fn at(ms: u64) -> VirtualTime {
    VirtualTime::from_nanos(ms * 1_000_000)
}

pub(crate) const fn ms(ms: u64) -> VirtualDuration {
    VirtualDuration::from_millis(ms)
}

/// One fault, `fault-<n>`, for each list of primitives, in force from the first to the second time.
pub(crate) fn plan(faults: Vec<(u64, u64, Vec<Primitive>)>) -> Plan {
    let planned = (0..faults.len()).map(|n| PlannedFault {
        kind: "test".to_owned(),
        label: format!("fault-{n}"),
        land: Land::Any,
        notes: Vec::new(),
    });
    let planned = planned.collect();
    let mut entries = Vec::new();
    for (fault, (from, until, primitives)) in (0..).zip(faults) {
        for (part, primitive) in (0..).zip(primitives) {
            entries.push(Entry {
                fault,
                part,
                from: at(from),
                until: Some(at(until)),
                firing: None,
                primitive,
            });
        }
    }
    Plan::new(planned, entries)
}

pub(crate) const fn crash(node: u32) -> Primitive {
    Primitive::Crash {
        node: NodeId(node),
        seen: Seen::Reset,
    }
}

pub(crate) const fn pause(node: u32) -> Primitive {
    Primitive::Pause { node: NodeId(node) }
}

pub(crate) const fn link(from: u32, to: u32) -> LinkTarget {
    LinkTarget {
        from: NodeId(from),
        to: NodeId(to),
    }
}

/// A cut in one direction.
pub(crate) const fn cut(from: u32, to: u32) -> Primitive {
    Primitive::LinkCut {
        link: link(from, to),
        mode: CutMode::Drop,
        scope: CutScope::All,
    }
}

/// A cut in both directions between two nodes.
pub(crate) fn partition(a: u32, b: u32) -> Vec<Primitive> {
    vec![cut(a, b), cut(b, a)]
}

/// `ms` more on both directions between the nodes 0 and 1, which is the whole net of two nodes.
pub(crate) fn slow(ms: f64) -> Vec<Primitive> {
    let delay = |from, to| Primitive::LinkDelay {
        link: link(from, to),
        delay: Law::Constant(ms * 1e6),
        mode: Arithmetic::Add,
        correlation: 0.0,
    };
    vec![delay(0, 1), delay(1, 0)]
}

/// A share of messages lost in both directions between the nodes 0 and 1.
pub(crate) fn lossy(share: f64) -> Vec<Primitive> {
    let loss = |from, to| Primitive::LinkLoss {
        link: link(from, to),
        share,
        correlation: 0.0,
    };
    vec![loss(0, 1), loss(1, 0)]
}

/// A promise called `name`.
pub(crate) fn promise(name: &str, kind: PropertyKind) -> PropertySpec {
    PropertySpec {
        name: name.to_owned(),
        kind,
        line: 0,
        optional: false,
    }
}
