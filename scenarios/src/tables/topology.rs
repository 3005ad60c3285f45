//! The tables of `[topology]`: nodes, links, clocks.

use crate::file::memory;
use squall_faults::catalog::{link_capacity, link_quality};
use squall_faults::param::{DISK_PRESETS, Kind, Param, Unit};

pub(super) const TOPOLOGY: &[Param] = &[
    Param::new(
        "nodes",
        Kind::Map(&Kind::Table(NODES)),
        "groups of nodes by name",
    )
    .required(),
    Param::new(
        "links",
        Kind::Map(&Kind::Table(LINK)),
        "`default`, and pairs such as `\"gateway -> model\"`; later ones win",
    )
    .default(""),
    Param::new(
        "wan",
        Kind::Table(WAN),
        "a matrix of links in a file; `links` win over it",
    ),
    Param::new(
        "date",
        Kind::Date,
        "what a right clock reads when a run starts, UTC; for date-jump",
    )
    .default("2026-01-01T00:00:00Z"),
    Param::new(
        "signals",
        Kind::Duration,
        "time between two samples of what an operator sees of the hosts; `0s` is never",
    )
    .default("1s"),
];

const CLOCK: &[Param] = &[
    Param::new(
        "offset",
        Kind::Signed(Unit::Time),
        "what the wall clock is ahead of the time; `±` and laws are drawn a node",
    )
    .default("0s"),
    Param::new(
        "drift_ppm",
        Kind::Signed(Unit::Plain),
        "parts per million by which the oscillator is fast, -100000 to 100000; drawn likewise",
    )
    .default("0"),
];

const NODES: &[Param] = &[
    Param::new(
        "count",
        Kind::Integer {
            min: 1,
            max: 100_000,
        },
        "nodes of the group: `<group>-0` and on",
    )
    .default("1"),
    Param::new(
        "cores",
        Kind::Integer { min: 1, max: 4096 },
        "processors of a node",
    )
    .default("4"),
    Param::new("memory", Kind::Size, "memory of a node").default("8GiB"),
    Param::new("swap", Kind::Device, "its swap device; none if missing"),
    Param::new(
        "disk",
        Kind::Choice(&DISK_PRESETS),
        "its disk; a swap device `disk` is a file on it, and shares its queue",
    )
    .default("vdisk"),
    Param::new("disk_size", Kind::Size, "size of its disk").default("64GiB"),
    Param::new(
        "clock",
        Kind::Table(CLOCK),
        "what is wrong with its clocks without any fault",
    )
    .default(""),
    Param::new(
        "swap_size",
        Kind::Size,
        "size of its swap space; as much as memory if missing",
    ),
    Param::new(
        "paging",
        Kind::Table(memory::PAGING),
        "what its kernel does about memory beside the limit; nothing if missing",
    ),
    Param::new(
        "memory_groups",
        Kind::Map(&Kind::Table(memory::GROUP)),
        "groups of processes with a limit of their own, also inside each other: slices, pods",
    )
    .default(""),
    Param::new("zone", Kind::Text, "`a` for all, or `spread a b c` in turn"),
    Param::new(
        "labels",
        Kind::Map(&Kind::Text),
        "other labels for selectors: one for all, or `spread a b c` in turn",
    )
    .default(""),
];

const WAN: &[Param] = &[
    Param::new(
        "file",
        Kind::File,
        "csv with columns `from`, `to`, and keys of links such as `delay`, `loss`, `rate`",
    )
    .required(),
    Param::new(
        "missing",
        Kind::Choice(&["error", "default"]),
        "what an ordered pair without a row is",
    )
    .default("error"),
];

/// What a link is without faults.
pub(crate) const LINK: &[Param] = &[
    Param::new("delay", Kind::Law(Unit::Time), "one-way delay").default("250us"),
    Param::new("loss", Kind::Share, "share of the messages lost").default("0"),
    Param::new(
        "burst_loss",
        Kind::Table(link_quality::BURST_LOSS_PARAMS),
        "loss in bursts, a Gilbert-Elliott chain",
    ),
    Param::new(
        "corrupt",
        Kind::Share,
        "share of the messages damaged; the receiver's host drops them",
    )
    .default("0"),
    Param::new(
        "duplicate",
        Kind::Share,
        "share of the messages that come twice",
    )
    .default("0"),
    link_capacity::RATE,
    link_capacity::QUEUE,
    link_capacity::BURST,
    Param::new(
        "reorder",
        Kind::Table(REORDER),
        "messages that are held back",
    ),
];

const REORDER: &[Param] = &[
    Param::new("p", Kind::Share, "share of the messages").required(),
    link_quality::BY,
];
