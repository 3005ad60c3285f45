//! Fields of disks.

use super::words::word;
use super::{
    Field, LESS, NODE, PATH, POSITIVE, SHARE, UNIT, Visit, Weak, delay_field, name, words,
};
use crate::param::Unit;
use squall_core::disk::DiskOps;
use squall_core::plan::{DiskSpace, DiskTarget, Primitive};

fn disk_target(disk: &mut DiskTarget, visit: &mut Visit<'_>) {
    visit(NODE, Field::Node(&mut disk.node));
    visit(PATH, Field::Path(&mut disk.path));
}

fn ops_fields(ops: &mut DiskOps, visit: &mut Visit<'_>) {
    visit(
        name("reads", "whether reads are hit"),
        Field::Flag(&mut ops.read),
    );
    visit(
        name("writes", "whether writes are hit"),
        Field::Flag(&mut ops.write),
    );
    visit(
        name("syncs", "whether syncs are hit"),
        Field::Flag(&mut ops.fsync),
    );
}

pub(super) fn disk_fields(primitive: &mut Primitive, visit: &mut Visit<'_>) {
    match primitive {
        Primitive::DiskLatency {
            disk,
            ops,
            delay,
            mode,
            share,
        } => {
            disk_target(disk, visit);
            ops_fields(ops, visit);
            delay_field(delay, *mode, visit);
            visit(SHARE, Field::Number(share, UNIT, LESS));
        }
        Primitive::DiskHold { disk, ops } => {
            disk_target(disk, visit);
            ops_fields(ops, visit);
        }
        Primitive::DiskError {
            disk,
            ops,
            error,
            share,
        } => {
            disk_target(disk, visit);
            ops_fields(ops, visit);
            word(name("error", "the error"), error, words::DISK_ERROR, visit);
            visit(SHARE, Field::Number(share, UNIT, LESS));
        }
        Primitive::DiskFull { node, space } => {
            visit(NODE, Field::Node(node));
            match space {
                DiskSpace::Free(bytes) => visit(name("free", "left"), Field::Size(bytes, Weak::Up)),
                DiskSpace::Fill { rate, reserve } => {
                    let at = name("rate", "bytes written a second");
                    visit(at, Field::Number(rate, POSITIVE, LESS));
                    visit(
                        name("reserve", "left in the end"),
                        Field::Size(reserve, Weak::Up),
                    );
                }
            }
        }
        Primitive::LyingFsync { disk, share } => {
            disk_target(disk, visit);
            visit(SHARE, Field::Number(share, UNIT, LESS));
        }
        Primitive::UnsyncedLoss { node, share } => {
            visit(NODE, Field::Node(node));
            visit(SHARE, Field::Number(share, UNIT, LESS));
        }
        Primitive::TornWrite { node, share, unit } => {
            visit(NODE, Field::Node(node));
            visit(SHARE, Field::Number(share, UNIT, LESS));
            visit(
                name("unit", "bytes written at once"),
                Field::Size(unit, Weak::Fixed),
            );
        }
        Primitive::BitRot {
            disk,
            share,
            at_rest,
            visible,
        } => {
            disk_target(disk, visit);
            visit(SHARE, Field::Number(share, UNIT, LESS));
            visit(
                name("at_rest", "a day instead of a read"),
                Field::Flag(at_rest),
            );
            visit(
                name("visible", "whether a checksum tells"),
                Field::Flag(visible),
            );
        }
        Primitive::Misdirect {
            disk,
            ops,
            share,
            distance,
        } => {
            disk_target(disk, visit);
            ops_fields(ops, visit);
            visit(SHARE, Field::Number(share, UNIT, LESS));
            let blocks = name("distance", "blocks of 4 KiB");
            visit(blocks, Field::Law(distance, Unit::Plain, Weak::Fixed));
        }
        _ => unreachable!("only primitives of disks come here"),
    }
}
