//! Disks that refuse.

use super::{OPS, PATH, disks, ops};
use crate::catalog::FaultKind;
use crate::catalog::node::NODES;
use crate::lowering::{Lowering, Refusal};
use crate::param::{Args, Issue, Kind, Param};
use squall_core::disk::{DiskError, DiskOps};
use squall_core::plan::{DiskSpace, Family, Primitive};

pub(in crate::catalog) const DISK_ERROR: FaultKind = FaultKind {
    name: "disk-error",
    family: Family::Disk,
    summary: "operations of disks fail",
    doc: "An operation that fails has no effect, and is told at once. `mode` detach makes all of \
          them fail with ENODEV, read-only all writes with EROFS; what is on the disk stays. \
          Several errors are independent; the first in the order of the file is the one that shows.",
    params: &[
        NODES,
        PATH,
        OPS,
        Param::new(
            "errno",
            Kind::Choice(&["EIO", "ENOSPC", "EROFS", "ENODEV", "EACCES", "ETIMEDOUT"]),
            "the error",
        )
        .default("EIO"),
        Param::new("p", Kind::Share, "share of the operations").default("0.1"),
        Param::new(
            "mode",
            Kind::Choice(&["error", "detach", "read-only"]),
            "what happened to the disk; other than error it says which operations fail, and how",
        )
        .default("error"),
    ],
    lowers_to: &["disk-error"],
    needed: &["disk-error"],
    source: "CM IOChaos fault; FDB; TB 0-10 %",
    own_length: None,
    lower: disk_error,
};

fn disk_error(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let given = || {
        DiskError::by_errno(args.word("errno")).expect("the table lists errors of the engine only")
    };
    let (ops, error, share) = match args.word("mode") {
        "detach" => (DiskOps::ALL, DiskError::NoDevice, 1.0),
        "read-only" => (DiskOps::WRITE, DiskError::ReadOnly, 1.0),
        _ => (ops(args), given(), args.number("p")),
    };
    if args.word("mode") != "error" {
        for key in ["errno", "p", "ops"] {
            if args.given(key) {
                let issue = Issue::new(format!("`mode` says what `{key}` would say"), 0..0);
                return Err(Refusal::arg(key, issue.help("remove one of the two")));
            }
        }
    }
    for disk in disks(args, lowering)? {
        lowering.overlay(Primitive::DiskError {
            disk,
            ops,
            error,
            share,
        });
    }
    Ok(())
}

pub(in crate::catalog) const DISK_FULL: FaultKind = FaultKind {
    name: "disk-full",
    family: Family::Disk,
    summary: "disks have no space left, or fill up",
    doc: "A write that needs more blocks than are free fails with ENOSPC and writes nothing; one \
          inside blocks that its file has passes. With `fill` somebody else takes space at that \
          rate until `reserve` is left. At the end the space is free again. The least free space \
          wins, rates add.",
    params: &[
        NODES,
        Param::new("free", Kind::Size, "space that is left")
            .default("0B")
            .one_of("space"),
        Param::new(
            "fill",
            Kind::ByteRate,
            "instead of `free`: how fast it fills",
        )
        .one_of("space"),
        Param::new("reserve", Kind::Size, "space that a `fill` leaves").default("0B"),
    ],
    lowers_to: &["disk-full"],
    needed: &["disk-full"],
    source: "LI fill 80 %; Tarsnap logs",
    own_length: None,
    lower: disk_full,
};

fn disk_full(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let space = match args.number_opt("fill") {
        Some(rate) => DiskSpace::Fill {
            rate,
            reserve: args.size("reserve"),
        },
        None => DiskSpace::Free(args.size("free")),
    };
    for node in lowering.nodes(args, "nodes")? {
        lowering.overlay(Primitive::DiskFull { node, space });
    }
    Ok(())
}
