//! Host signals: its clock, and whether it is up.

use super::{Row, row};

pub(super) const ROWS: [Row; 2] = [
    row(
        "clock",
        ("node_timex_offset_seconds", "s"),
        "what the wall clock is ahead; the largest is the largest error",
        |r| r.clock_offset,
    ),
    row("node", ("node_up", ""), "whether the node is up", |r| {
        f64::from(u8::from(r.up))
    }),
];
