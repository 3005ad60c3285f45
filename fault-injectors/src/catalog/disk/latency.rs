//! Disks that are slow, or stand still.

use super::{OPS, PATH, disks, ops};
use crate::catalog::FaultKind;
use crate::catalog::node::NODES;
use crate::lowering::{Lowering, Refusal};
use crate::param::{Args, Issue, Kind, Param, Unit};
use squall_core::disk::DiskOps;
use squall_core::plan::{Arithmetic, DiskTarget, Family, Primitive};
use squall_core::{Law, Sample, VirtualDuration};

/// Rounds that one occurrence of an alternating fault may have.
const ROUNDS_MAX: u64 = 10_000;

pub(in crate::catalog) const DISK_SLOW: FaultKind = FaultKind {
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

pub(in crate::catalog) const DISK_PAUSE: FaultKind = FaultKind {
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

pub(in crate::catalog) const FSYNC_STALL: FaultKind = FaultKind {
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

pub(in crate::catalog) const FAIL_SLOW_DISK: FaultKind = FaultKind {
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
