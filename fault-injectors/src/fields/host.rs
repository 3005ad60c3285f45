//! Fields of processors, memory and clocks.

use super::words::word;
use super::{Field, LESS, NODE, POSITIVE, SHARE, UNIT, Visit, Weak, name, one_of, whole, words};
use squall_core::memory::{Activity, Arrival};
use squall_core::plan::{Damage, Limit, Primitive, Swap, Thief};

pub(super) fn thief(by: &mut Thief, visit: &mut Visit<'_>) {
    match by {
        Thief::Host {
            share,
            burst,
            phase,
        } => {
            visit(SHARE, Field::Number(share, UNIT, LESS));
            visit(
                name("burst", "length of one burst"),
                Field::Length(burst, Weak::Fixed),
            );
            visit(
                name("phase", "when the first begins"),
                Field::Length(phase, Weak::Fixed),
            );
        }
        Thief::Hogs(count) => {
            let hogs = name("hogs", "processes that never wait");
            visit(hogs, Field::Number(count, POSITIVE, LESS));
        }
        Thief::Cores(count) => whole(name("cores", "cores that are gone"), count, LESS, visit),
    }
}

pub(super) fn memory_fields(primitive: &mut Primitive, visit: &mut Visit<'_>) {
    match primitive {
        Primitive::MemoryPressure {
            node,
            size,
            activity,
            arrival,
        } => {
            visit(NODE, Field::Node(node));
            match size {
                Damage::Bytes(bytes) => visit(name("bytes", "taken"), Field::Size(bytes, LESS)),
                Damage::Overcommit(ratio) => {
                    let at = name("overcommit", "working sets over the memory left for them");
                    visit(at, Field::Number(ratio, POSITIVE, Weak::Towards(1.0)));
                }
            }
            activity_fields(activity, visit);
            arrival_fields(arrival, visit);
        }
        Primitive::MemoryLimit { node, limit } => {
            visit(NODE, Field::Node(node));
            match limit {
                Limit::Bytes(bytes) => visit(name("bytes", "left"), Field::Size(bytes, Weak::Up)),
                Limit::OfWorkingSet(share) => {
                    let at = name("share", "of the working sets that has room");
                    visit(at, Field::Number(share, POSITIVE, Weak::Towards(1.0)));
                }
            }
        }
        Primitive::SwapDevice { node, device } => {
            visit(NODE, Field::Node(node));
            match device {
                Swap::Preset(_) | Swap::Disk | Swap::Iops(_) => {
                    visit(name("device", "the device"), Field::Device(device));
                }
                Swap::Slow(factor) => {
                    let at = name("factor", "on every service time");
                    visit(at, Field::Number(factor, (1e-9, 1e9), Weak::Towards(1.0)));
                }
                Swap::Off => {}
            }
        }
        _ => unreachable!("only primitives of memory come here"),
    }
}

fn activity_fields(activity: &mut Activity, visit: &mut Visit<'_>) {
    let (mut idle, mut every) = match activity {
        Activity::Idle => (true, None),
        Activity::Active => (false, None),
        Activity::Every(period) => (false, Some(*period)),
    };
    let at = |key, doc| one_of("touch", key, doc);
    visit(
        at("idle", "whether it only holds its pages"),
        Field::Flag(&mut idle),
    );
    let touched = at(
        "touch_every",
        "each page once in this time; busy if missing",
    );
    visit(touched, Field::LengthOpt(&mut every));
    *activity = match (idle, every) {
        (_, Some(period)) => Activity::Every(period),
        (true, None) => Activity::Idle,
        (false, None) => Activity::Active,
    };
}

fn arrival_fields(arrival: &mut Arrival, visit: &mut Visit<'_>) {
    let (mut ramp, mut leak) = match arrival {
        Arrival::Burst { ramp } => (Some(*ramp), None),
        Arrival::Linear { over } => (None, Some(*over)),
    };
    let at = |key, doc| one_of("arrival", key, doc);
    let burst = at("ramp", "shortest time for the pages that displace others");
    visit(burst, Field::LengthOpt(&mut ramp));
    visit(
        at("leak_over", "evenly over this time"),
        Field::LengthOpt(&mut leak),
    );
    *arrival = match leak {
        Some(over) => Arrival::Linear { over },
        None => Arrival::Burst {
            ramp: ramp.unwrap_or_default(),
        },
    };
}

pub(super) fn clock_fields(primitive: &mut Primitive, visit: &mut Visit<'_>) {
    match primitive {
        Primitive::ClockStep {
            node,
            offset_ns,
            strobe,
            end,
        } => {
            visit(NODE, Field::Node(node));
            visit(
                name("offset", "what is added, with its sign"),
                Field::Offset(offset_ns),
            );
            visit(
                name("strobe", "off and on so often"),
                Field::LengthOpt(strobe),
            );
            word(
                name("end", "what becomes of it"),
                end,
                words::STEP_END,
                visit,
            );
        }
        Primitive::ClockDrift {
            node,
            ppm,
            wall_only,
        } => {
            visit(NODE, Field::Node(node));
            let fast = name("ppm", "parts per million by which it is fast");
            visit(fast, Field::Number(ppm, (-1e6, 1e6), LESS));
            visit(
                name("wall_only", "whether the monotonic clock is spared"),
                Field::Flag(wall_only),
            );
        }
        Primitive::ClockFreeze { node, clock, end } => {
            visit(NODE, Field::Node(node));
            word(name("clock", "which clock"), clock, words::CLOCKS, visit);
            word(
                name("end", "where it goes on"),
                end,
                words::FREEZE_END,
                visit,
            );
        }
        _ => unreachable!("only primitives of clocks come here"),
    }
}
