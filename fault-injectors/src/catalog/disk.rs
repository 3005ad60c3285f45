//! Faults of disks. Targets are nodes, and with `path` some of their files.

use super::FaultKind;
use super::node::NODES;
use crate::lowering::{Lowering, Refusal};
use crate::param::{Args, Issue, Kind, Param, Unit};
use squall_core::disk::{DiskError, DiskOps};
use squall_core::plan::{Arithmetic, DiskSpace, DiskTarget, Family, Primitive};
use squall_core::{Law, Sample, VirtualDuration};

const PATH: Param = Param::new(
    "path",
    Kind::Text,
    "a file or directory, or names that begin so if it ends in `*`; all if missing",
);
const OPS: Param = Param::new(
    "ops",
    Kind::Choice(&["all", "read", "write", "fsync"]),
    "which operations; changes of names are writes",
)
.default("all");
/// What a device writes at once.
pub(super) const UNIT: Param = Param::new(
    "unit",
    Kind::Choice(&["512B", "4KiB"]),
    "bytes that the device writes at once",
)
.default("512B");

/// Rounds that one occurrence of an alternating fault may have.
const ROUNDS_MAX: u64 = 10_000;

pub(super) fn unit(args: &Args) -> u64 {
    match args.word("unit") {
        "4KiB" => 4_096,
        _ => 512,
    }
}

fn ops(args: &Args) -> DiskOps {
    match args.word("ops") {
        "read" => DiskOps::READ,
        "write" => DiskOps::WRITE,
        "fsync" => DiskOps::FSYNC,
        _ => DiskOps::ALL,
    }
}

/// The disks of the nodes named at `nodes`, or the files on them at `path`.
fn disks(args: &Args, lowering: &Lowering<'_>) -> Result<Vec<DiskTarget>, Refusal> {
    let path = args.text_opt("path").map(str::to_owned);
    let target = |node| DiskTarget {
        node,
        path: path.clone(),
    };
    Ok(lowering
        .nodes(args, "nodes")?
        .into_iter()
        .map(target)
        .collect())
}

pub(super) const DISK_SLOW: FaultKind = FaultKind {
    name: "disk-slow",
    family: Family::Disk,
    summary: "operations of disks take longer",
    doc: "Every operation that begins while it lasts is slower by a draw of its own; those under way \
          keep their time. `factor` acts on the service time at the device, so that a queue grows \
          behind it; `delay` comes on top and occupies nothing. The latest replacement wins, then \
          factors multiply, then delays sum.",
    params: &[
        NODES,
        PATH,
        OPS,
        Param::new(
            "delay",
            Kind::Law(Unit::Time),
            "what an operation takes longer",
        )
        .default("100ms")
        .one_of("delay"),
        Param::new(
            "factor",
            Kind::Law(Unit::Plain),
            "instead of `delay`: a factor on the service time",
        )
        .one_of("delay"),
        Param::new("p", Kind::Share, "share of the operations").default("1"),
    ],
    lowers_to: &["disk-latency"],
    needed: &["disk-latency"],
    source: "CM IOChaos; FIS ebs latency; TB means up to 100 ms read, 1000 ms write",
    own_length: None,
    lower: disk_slow,
};

fn disk_slow(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let (delay, mode) = match args.law_opt("factor") {
        Some(factor) => (factor, Arithmetic::Scale),
        None => (args.law("delay"), Arithmetic::Add),
    };
    for disk in disks(args, lowering)? {
        lowering.overlay(Primitive::DiskLatency {
            disk,
            ops: ops(args),
            delay: delay.clone(),
            mode,
            share: args.number("p"),
        });
    }
    Ok(())
}

pub(super) const DISK_PAUSE: FaultKind = FaultKind {
    name: "disk-pause",
    family: Family::Disk,
    summary: "no operation of the disks completes for a while",
    doc: "Operations that would complete while it lasts, also those under way when it begins, \
          complete at its end; none is lost. Several pauses are a union.",
    params: &[NODES, PATH, OPS],
    lowers_to: &["disk-hold"],
    needed: &["disk-hold"],
    source: "FIS ebs pause-volume-io",
    own_length: None,
    lower: disk_pause,
};

fn disk_pause(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    for disk in disks(args, lowering)? {
        let ops = ops(args);
        lowering.overlay(Primitive::DiskHold { disk, ops });
    }
    Ok(())
}

pub(super) const DISK_ERROR: FaultKind = FaultKind {
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

pub(super) const DISK_FULL: FaultKind = FaultKind {
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

pub(super) const LYING_FSYNC: FaultKind = FaultKind {
    name: "lying-fsync",
    family: Family::Disk,
    summary: "syncs are acknowledged and not done",
    doc: "A sync takes its usual time and makes nothing durable; a later honest one does. Nothing \
          shows before a loss of power: it needs a power-loss of the same nodes, and has landed \
          when that took something it had vouched for.",
    params: &[
        NODES,
        PATH,
        Param::new("p", Kind::Share, "share of the syncs").default("1"),
    ],
    lowers_to: &["lying-fsync"],
    needed: &["lying-fsync"],
    source: "JP lazyfs; MP sync failure",
    own_length: None,
    lower: lying_fsync,
};

fn lying_fsync(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let share = args.number("p");
    for disk in disks(args, lowering)? {
        lowering.overlay(Primitive::LyingFsync { disk, share });
    }
    Ok(())
}

pub(super) const TORN_WRITE: FaultKind = FaultKind {
    name: "torn-write",
    family: Family::Disk,
    summary: "a loss of power leaves parts of unsynced writes",
    doc: "Of an unsynced write that spans several units of the device, the first few survive. It \
          needs a power-loss of the same nodes, and has landed when that tore a write. The largest \
          chance and the smallest unit of several win.",
    params: &[
        NODES,
        Param::new("p", Kind::Share, "share of the unsynced writes").default("0.5"),
        UNIT,
    ],
    lowers_to: &["torn-write"],
    needed: &["torn-write"],
    source: "FDB; MP",
    own_length: None,
    lower: torn_write,
};

fn torn_write(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let (share, unit) = (args.number("p"), unit(args));
    for node in lowering.nodes(args, "nodes")? {
        lowering.overlay(Primitive::TornWrite { node, share, unit });
    }
    Ok(())
}

pub(super) const FSYNC_STALL: FaultKind = FaultKind {
    name: "fsync-stall",
    family: Family::Disk,
    summary: "some syncs take very long",
    doc: "A sync comes back late by a draw of its own; reads and writes pass meanwhile.",
    params: &[
        NODES,
        PATH,
        Param::new("delay", Kind::Law(Unit::Time), "what a sync takes longer")
            .default("uniform 1s 10s"),
        Param::new("p", Kind::Share, "share of the syncs").default("0.01"),
    ],
    lowers_to: &["disk-latency"],
    needed: &["disk-latency"],
    source: "database stalls",
    own_length: None,
    lower: fsync_stall,
};

fn fsync_stall(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    for disk in disks(args, lowering)? {
        lowering.overlay(Primitive::DiskLatency {
            disk,
            ops: DiskOps::FSYNC,
            delay: args.law("delay"),
            mode: Arithmetic::Add,
            share: args.number("p"),
        });
    }
    Ok(())
}

pub(super) const FAIL_SLOW_DISK: FaultKind = FaultKind {
    name: "fail-slow-disk",
    family: Family::Disk,
    summary: "disks are very slow from time to time, and say nothing",
    doc: "In each cycle, whose first beginning is drawn a node, the service time of every operation \
          is multiplied for a share of the time; then the disk is as good as new.",
    params: &[
        NODES,
        Param::new(
            "factor",
            Kind::Number {
                min: 1.0,
                max: 1000.0,
            },
            "factor on the service time; published cases are 10 to 1000",
        )
        .default("100"),
        Param::new("duty", Kind::Share, "share of the time in which it is slow").default("0.3"),
        Param::new(
            "cycle",
            Kind::Duration,
            "time from one slow spell to the next",
        )
        .default("10s"),
    ],
    lowers_to: &["disk-latency"],
    needed: &["disk-latency"],
    source: "FAST'18: three orders of magnitude, down to 100 KB/s",
    own_length: None,
    lower: fail_slow_disk,
};

fn fail_slow_disk(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let cycle = args.duration("cycle");
    let end = lowering.window.until.unwrap_or(lowering.stop);
    let end = end.min(lowering.stop);
    let length = end.since(lowering.window.from);
    if cycle.is_zero() || length.as_nanos() / cycle.as_nanos() > ROUNDS_MAX {
        let issue = Issue::new(format!("more than {ROUNDS_MAX} rounds"), 0..0);
        let issue = issue.help("make the fault shorter or its cycle longer");
        return Err(Refusal::arg("cycle", issue));
    }
    let slow = VirtualDuration::from_nanos_f64(cycle.as_nanos_f64() * args.number("duty"));
    for node in lowering.nodes(args, "nodes")? {
        let mut stream = lowering.node_stream("phase", node);
        let phase = stream.below(cycle.as_nanos().saturating_sub(slow.as_nanos()).max(1));
        let mut at = lowering.window.from + VirtualDuration::from_nanos(phase);
        while at < end {
            let primitive = Primitive::DiskLatency {
                disk: DiskTarget { node, path: None },
                ops: DiskOps::ALL,
                delay: Law::Constant(args.number("factor")),
                mode: Arithmetic::Scale,
                share: 1.0,
            };
            lowering.overlay_between(at, Some(at.saturating_add(slow)), primitive);
            at = at.saturating_add(cycle);
        }
    }
    Ok(())
}

pub(super) const BIT_ROT: FaultKind = FaultKind {
    name: "bit-rot",
    family: Family::Disk,
    summary: "bits of synced blocks flip",
    doc: "A block of 4 KiB rots when it is read, or as days go by, whether it is read or not; one bit \
          of it flips on the medium and stays flipped, after the end too, until the block is written \
          again. Blocks in the host's cache are as they were written. Silent rot is for the workload \
          to find; a checksum makes the read fail with EBADMSG.",
    params: &[
        NODES,
        PATH,
        Param::new("p", Kind::Share, "chance of a block").default("0.0001"),
        Param::new(
            "per",
            Kind::Choice(&["read", "day"]),
            "whether that is the chance each time it is read, or a day",
        )
        .default("read"),
        Param::new(
            "seen",
            Kind::Choice(&["silent", "checksum"]),
            "whether the device tells",
        )
        .default("silent"),
    ],
    lowers_to: &["bit-rot"],
    needed: &["bit-rot"],
    source: "JP 1e-3 to 1e-5",
    own_length: None,
    lower: bit_rot,
};

fn bit_rot(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    for disk in disks(args, lowering)? {
        lowering.overlay(Primitive::BitRot {
            disk,
            share: args.number("p"),
            at_rest: args.word("per") == "day",
            visible: args.word("seen") == "checksum",
        });
    }
    Ok(())
}

pub(super) const MISDIRECT: FaultKind = FaultKind {
    name: "misdirect",
    family: Family::Disk,
    summary: "writes go to, or reads come from, another address",
    doc: "A write goes astray when it leaves the cache: its own blocks keep the old bytes, and those \
          that many blocks away, of this file or another, are overwritten. A read gives the bytes of \
          the other address. The first fault in the order of the file that fires decides.",
    params: &[
        NODES,
        PATH,
        Param::new(
            "ops",
            Kind::Choice(&["write", "read"]),
            "which operations go astray",
        )
        .default("write"),
        Param::new("p", Kind::Number { min: 0.0, max: 0.1 }, "share of them").default("0.01"),
        Param::new(
            "distance",
            Kind::Law(Unit::Plain),
            "how far, in blocks of 4 KiB, forward or back",
        )
        .default("loguniform 1 1000"),
    ],
    lowers_to: &["misdirect"],
    needed: &["misdirect"],
    source: "TB 0-10 %",
    own_length: None,
    lower: misdirect,
};

fn misdirect(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    for disk in disks(args, lowering)? {
        lowering.overlay(Primitive::Misdirect {
            disk,
            ops: ops(args),
            share: args.number("p"),
            distance: args.law("distance"),
        });
    }
    Ok(())
}
