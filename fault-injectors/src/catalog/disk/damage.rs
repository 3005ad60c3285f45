//! Disks that lie, lose or damage what was written.

use super::{PATH, UNIT, disks, ops, unit};
use crate::catalog::FaultKind;
use crate::catalog::node::NODES;
use crate::lowering::{Lowering, Refusal};
use crate::param::{Args, Kind, Param, Unit};
use squall_core::plan::{Family, Primitive};

pub(in crate::catalog) const LYING_FSYNC: FaultKind = FaultKind {
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

pub(in crate::catalog) const TORN_WRITE: FaultKind = FaultKind {
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

pub(in crate::catalog) const BIT_ROT: FaultKind = FaultKind {
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

pub(in crate::catalog) const MISDIRECT: FaultKind = FaultKind {
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
