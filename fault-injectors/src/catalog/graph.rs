//! Faults of graphs of services: what clients and caches have learnt is lost, demand falls on few items,
//! balancers judge too fast.

use super::FaultKind;
use super::knob::{ON, WORKLOAD};
use super::load::set_given;
use crate::lowering::{Lowering, Refusal};
use crate::param::{Args, Kind, Param};
use squall_core::plan::Family;

const SHARE: Kind = Kind::Number {
    min: 0.001,
    max: 1.0,
};

pub(super) const COLD_CLIENTS: FaultKind = FaultKind {
    name: "cold-clients",
    family: Family::Knob,
    summary: "callers lose their connections, and connect again at once",
    doc: "When it begins each process drops that share of its unused connections, the oldest first, and closes \
          those in use after their call. Every new one costs the way there and back and processor time at \
          the replica: a herd. What happens later in its time is as usual, so a short `for` is enough; it \
          lands where a caller asks for a connection in that time.",
    params: &[
        WORKLOAD,
        Param::new(
            "share",
            SHARE,
            "share of the unused connections of a process",
        )
        .default("1.0"),
        ON,
    ],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "reconnect herds; faults.md section 3.9",
    own_length: None,
    lower: |args, lowering| set_given(args, lowering, ("share", "cold")).map(|_| ()),
};

pub(super) const CACHE_FLUSH: FaultKind = FaultKind {
    name: "cache-flush",
    family: Family::Knob,
    summary: "caches of services lose their entries",
    doc: "When it begins each cache drops that share of its entries, drawn by item; fills under way go on. \
          What happens later in its time is as usual, so a short `for` is enough; it lands where a \
          visit looks something up in that time.",
    params: &[
        WORKLOAD,
        Param::new("share", SHARE, "share of the entries").default("1.0"),
        ON,
    ],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "Bronson et al., HotOS'21: the look-aside cache (2nd)",
    own_length: None,
    lower: |args, lowering| set_given(args, lowering, ("share", "cache-flush")).map(|_| ()),
};

pub(super) const HOT_KEY: FaultKind = FaultKind {
    name: "hot-key",
    family: Family::Knob,
    summary: "a share of the requests is about few items",
    doc: "Each request is about one of the first `keys` items with the given chance, evenly among them, and about \
          what it would be about otherwise: drawn by request, and independent of all else. It matters \
          where items do: for caches, and where an item has its replica. The latest of two wins.",
    params: &[
        WORKLOAD,
        Param::new("share", SHARE, "share of the requests").default("0.3"),
        Param::new(
            "keys",
            Kind::Integer {
                min: 1,
                max: 10_000_000,
            },
            "how many items",
        )
        .default("1"),
    ],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "faults.md section 3.9",
    own_length: None,
    lower: hot_key,
};

fn hot_key(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    set_given(args, lowering, ("share", "hot-share"))?;
    set_given(args, lowering, ("keys", "hot-items"))?;
    Ok(())
}

pub(super) const EAGER_EJECTION: FaultKind = FaultKind {
    name: "eager-ejection",
    family: Family::Knob,
    summary: "health checks give up so early that healthy replicas fail them",
    doc: "Checks of callers end after `timeout`, for instance the 99 % quantile of the service's time, and so many \
          that fail in a row are enough. What a check found before counts on. Without a bound on how many may \
          be kept away from, the fewer that are left are slower, and fail theirs.",
    params: &[
        WORKLOAD,
        Param::new("timeout", Kind::Duration, "when a check has failed").required(),
        Param::new(
            "failures",
            Kind::Integer { min: 1, max: 1000 },
            "failed checks in a row until a replica is avoided",
        )
        .default("1"),
        ON,
    ],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "faults.md section 6; Amazon Builders' Library, health checks (unverified)",
    own_length: None,
    lower: eager_ejection,
};

fn eager_ejection(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    set_given(args, lowering, ("timeout", "health-timeout"))?;
    set_given(args, lowering, ("failures", "health-failures"))?;
    Ok(())
}
