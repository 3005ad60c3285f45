//! What the primitives of disks do, as text.

use super::part;
use crate::param::{Unit, law_text, size_text};
use squall_core::disk::DiskOps;
use squall_core::plan::{Arithmetic, DiskSpace, Primitive};

/// [`part`] of operations of a disk.
fn part_of(share: f64, ops: DiskOps) -> String {
    let ops = ops.to_string();
    part(share, ops.strip_prefix("all ").unwrap_or(&ops))
}

/// What such a primitive does to its disk; nothing for others.
pub(super) fn effect(primitive: &Primitive) -> String {
    match primitive {
        Primitive::DiskLatency {
            ops,
            delay,
            mode,
            share,
            ..
        } => {
            let law = match mode {
                Arithmetic::Add => format!("+ {}", law_text(delay, Unit::Time)),
                Arithmetic::Scale => format!("x {}", law_text(delay, Unit::Plain)),
                Arithmetic::Replace => format!("= {}", law_text(delay, Unit::Time)),
            };
            format!("latency {law} for {}", part_of(*share, *ops))
        }
        Primitive::DiskHold { ops, .. } => format!("{ops} held"),
        Primitive::DiskError {
            ops, error, share, ..
        } => format!("{} for {}", error.errno(), part_of(*share, *ops)),
        Primitive::DiskFull { space, .. } => match space {
            DiskSpace::Free(bytes) => format!("{} left", size_text(*bytes)),
            DiskSpace::Fill { rate, reserve } => {
                let rate = size_text(rate_bytes(*rate));
                format!("filled by {rate} a second but for {}", size_text(*reserve))
            }
        },
        Primitive::LyingFsync { share, .. } => format!("{} lie", part(*share, "syncs")),
        Primitive::UnsyncedLoss { share, .. } => {
            format!("a loss of power takes {}", part(*share, "unsynced writes"))
        }
        Primitive::TornWrite { share, unit, .. } => {
            let unit = size_text(*unit);
            let part = part(*share, "unsynced writes");
            format!("a loss of power tears {part}, unit {unit}")
        }
        Primitive::BitRot {
            share,
            at_rest,
            visible,
            ..
        } => {
            let when = if *at_rest { "a day" } else { "a read" };
            let seen = if *visible {
                "a checksum tells"
            } else {
                "silent"
            };
            format!("{share} of blocks rot {when}, {seen}")
        }
        Primitive::Misdirect {
            ops,
            share,
            distance,
            ..
        } => {
            let blocks = law_text(distance, Unit::Plain);
            format!("{} go {blocks} blocks astray", part_of(*share, *ops))
        }
        _ => String::new(),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate of bytes comes from a size"
)]
fn rate_bytes(rate: f64) -> u64 {
    rate as u64
}
