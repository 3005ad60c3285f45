//! What services are: replicas, queues, records, versions.

use super::super::guard::{cache, codel};
use super::{COUNT, PAGES, REPLICAS};
use squall_faults::param::{Kind, Param, Shape, Unit};

pub(super) const SERVICE: &[Param] = &[
    Param::new("on", Kind::Selector(Shape::Nodes), "its nodes"),
    Param::new("replicas", REPLICAS, "its replicas"),
    Param::new("cpu", Kind::Law(Unit::Time), "processor time of a visit"),
    Param::new("concurrency", COUNT, "visits that a replica serves at once"),
    Param::new("working_set", Kind::Size, "memory of a replica"),
    Param::new("pages", PAGES, "pages that a visit touches"),
    cache::PARAM,
];

pub(super) const QUEUE: &[Param] = &[
    Param::new(
        "capacity",
        Kind::Integer {
            min: 0,
            max: 100_000_000,
        },
        "visits that may wait; more are refused with 503",
    )
    .default("1000"),
    Param::new(
        "discipline",
        Kind::Choice(&["fifo", "lifo", "adaptive-lifo"]),
        "who is next; adaptive-lifo takes the latest while more wait than `lifo_above`, or the queue stands \
         by `codel`, and the first otherwise",
    )
    .default("fifo"),
    Param::new("lifo_above", COUNT, "visits that wait, for adaptive-lifo").default("16"),
    Param::new(
        "critical_first",
        Kind::Flag,
        "whether critical visits are next before all others",
    )
    .default("false"),
    codel::PARAM,
    Param::new(
        "deadline_drop",
        Kind::Flag,
        "whether a visit whose time left is below the median of `cpu` is dropped instead of served",
    )
    .default("false"),
];

pub(super) const STORE: &[Param] = &[
    Param::new("record", Kind::Size, "bytes that it writes").default("4KiB"),
    Param::new(
        "fsync",
        Kind::Flag,
        "whether it waits until they are durable",
    )
    .default("true"),
    Param::new(
        "read",
        Kind::Share,
        "share of the visits that read a record back",
    )
    .default("0.1"),
];

pub(super) const VERSION: &[Param] = &[
    Param::new(
        "cpu",
        Kind::Number {
            min: 0.01,
            max: 1000.0,
        },
        "factor on the processor time",
    )
    .default("1"),
    Param::new("errors", Kind::Share, "share of the visits that fail").default("0"),
    Param::new(
        "speaks",
        Kind::Choice(&["old", "new"]),
        "the form of its requests; version 1 does not read a new one, and answers 400",
    )
    .default("old"),
];
