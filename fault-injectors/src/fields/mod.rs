//! The fields of every primitive, each named once: its key in a frozen plan, its unit and range, and
//! where it has no effect.
//!
//! Three things derive from this table: plans as text that people edit ([`crate::frozen`]), the dials
//! by which shrinking makes a fault weaker ([`crate::shrink`]), and the move of a plan to another
//! topology ([`crate::frozen::moved`]). A new primitive needs an arm in [`form`] and [`fields`], and a
//! value in [`templates`]; the compiler asks for the first two, a test for the third.

mod templates;
mod words;

pub(crate) use templates::templates;

use squall_core::disk::DiskOps;
use squall_core::memory::{Activity, Arrival};
use squall_core::plan::{
    Arithmetic, CallRule, CallScope, CutScope, Damage, DiskSpace, DiskTarget, GilbertElliott,
    HoldBack, KnobChange, Limit, LinkTarget, Malformed, Poison, Primitive, QueueLimit, Series,
    Shard, SignalRule, Swap, Thief, Traced,
};
use squall_core::{ChannelId, KnobId, Law, NodeId, ServiceId, VirtualDuration};
use words::word;

use crate::param::Unit;

/// In which direction a field grows weaker.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Weak {
    /// It has no strength: a target, a word, a rhythm.
    Fixed,
    /// Towards this value, at which the primitive does nothing.
    Towards(f64),
    /// Upwards, without an end: limits and rates that leave more.
    Up,
}

/// One field of a primitive, open for reading and writing.
#[derive(Debug)]
pub(crate) enum Field<'a> {
    /// A node by name.
    Node(&'a mut NodeId),
    /// A node by name; missing is all of them.
    NodeOpt(&'a mut Option<NodeId>),
    /// A directed link, `a -> b`.
    Link(&'a mut LinkTarget),
    /// Files of a disk; missing is all of them.
    Path(&'a mut Option<String>),
    /// A service by name.
    Service(&'a mut ServiceId),
    /// A service by name; missing is all of them.
    ServiceOpt(&'a mut Option<ServiceId>),
    /// A sensor or actuator by name.
    Channel(&'a mut ChannelId),
    /// A knob by name.
    Knob(&'a mut KnobId),
    /// What a knob is set to. It grows weaker towards the knob's base.
    KnobValue(&'a mut f64),
    /// One of some words, by position.
    Word(&'static [&'static str], &'a mut usize),
    /// True or false; false if missing.
    Flag(&'a mut bool),
    /// A number within bounds.
    Number(&'a mut f64, (f64, f64), Weak),
    /// A number within bounds, if there is one.
    NumberOpt(&'a mut Option<f64>, (f64, f64), Weak),
    /// A whole number within bounds.
    Count(&'a mut u64, (u64, u64), Weak),
    /// A whole number, if there is one.
    CountOpt(&'a mut Option<u64>, (u64, u64)),
    /// Bytes.
    Size(&'a mut u64, Weak),
    /// Bytes, if there is a number of them.
    SizeOpt(&'a mut Option<u64>),
    /// Bytes a second; missing is no limit.
    RateOpt(&'a mut Option<f64>, Weak),
    /// A length of time.
    Length(&'a mut VirtualDuration, Weak),
    /// A length of time, if there is one.
    LengthOpt(&'a mut Option<VirtualDuration>),
    /// Nanoseconds with a sign.
    Offset(&'a mut i64),
    /// A distribution.
    Law(&'a mut Law, Unit, Weak),
    /// How long a message is held back.
    HoldBack(&'a mut HoldBack),
    /// A swap device in words.
    Device(&'a mut Swap),
    /// Recorded values by time.
    Series(&'a mut Series, Weak),
}

/// Key, meaning, and the group of keys that exclude each other, if it is in one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Name {
    pub(crate) key: &'static str,
    pub(crate) doc: &'static str,
    pub(crate) group: &'static str,
}

/// What is called for every field, in the order of a written plan.
pub(crate) type Visit<'v> = dyn FnMut(Name, Field<'_>) + 'v;

const fn name(key: &'static str, doc: &'static str) -> Name {
    Name {
        key,
        doc,
        group: "",
    }
}
const fn one_of(group: &'static str, key: &'static str, doc: &'static str) -> Name {
    Name { key, doc, group }
}

const NODE: Name = name("node", "the node");
const LINK: Name = name("link", "the directed link, `a -> b`");
const SHARE: Name = name("share", "share that it hits");
const SEEN: Name = name("seen", "what peers see");
const PATH: Name = name(
    "path",
    "files by name, or names that begin so; all if missing",
);
const CORRELATION: Name = name("correlation", "with the draw before, 0 to 1");
/// From nothing to everything.
const UNIT: (f64, f64) = (0.0, 1.0);
/// Any number that is not negative.
const POSITIVE: (f64, f64) = (0.0, f64::MAX);
const LESS: Weak = Weak::Towards(0.0);
const SMALL: (u64, u64) = (0, u32::MAX as u64);

/// The name of a primitive in a frozen plan: unique for every set of fields.
pub(crate) fn form(primitive: &Primitive) -> &'static str {
    let by = |mode: &Arithmetic, names: [&'static str; 3]| match mode {
        Arithmetic::Add => names[0],
        Arithmetic::Scale => names[1],
        Arithmetic::Replace => names[2],
    };
    match primitive {
        Primitive::LinkDelay { mode, .. } => by(mode, ["delay-add", "delay-scale", "delay-set"]),
        Primitive::DiskLatency { mode, .. } => by(
            mode,
            ["disk-latency-add", "disk-latency-scale", "disk-latency-set"],
        ),
        Primitive::LinkCut { scope, .. } => match scope {
            CutScope::All => "cut",
            CutScope::Existing => "cut-existing",
            CutScope::Above(_) => "cut-above",
        },
        Primitive::CpuSteal { by, .. } => match by {
            Thief::Host { .. } => "steal-host",
            Thief::Hogs(_) => "steal-hogs",
            Thief::Cores(_) => "steal-cores",
        },
        Primitive::MemoryPressure { size, .. } => match size {
            Damage::Bytes(_) => "pressure-bytes",
            Damage::Overcommit(_) => "pressure-overcommit",
        },
        Primitive::MemoryLimit { limit, .. } => match limit {
            Limit::Bytes(_) => "limit-bytes",
            Limit::OfWorkingSet(_) => "limit-share",
        },
        Primitive::SwapDevice { device, .. } => match device {
            Swap::Preset(_) | Swap::Disk | Swap::Iops(_) => "swap-device",
            Swap::Slow(_) => "swap-slow",
            Swap::Off => "swap-off",
        },
        Primitive::DiskFull { space, .. } => match space {
            DiskSpace::Free(_) => "disk-full",
            DiskSpace::Fill { .. } => "disk-fill",
        },
        Primitive::Call {
            rule: CallRule::Delay { mode, .. },
            ..
        } => by(
            mode,
            ["call-delay-add", "call-delay-scale", "call-delay-set"],
        ),
        Primitive::Call {
            rule: CallRule::Malformed { mode, .. },
            ..
        } => match mode {
            Malformed::Stale { .. } => "stale",
            Malformed::Forced { .. } => "forced",
            _ => "malformed",
        },
        Primitive::Knob { change, .. } => match change {
            KnobChange::Set => "knob",
            KnobChange::Scale => "knob-scale",
            KnobChange::Add => "knob-add",
        },
        Primitive::Signal { rule, .. } => match rule {
            SignalRule::NonFinite {
                poison: Poison::Cast(_),
                ..
            } => "non-finite-cast",
            rule => rule.name(),
        },
        Primitive::Crash { .. }
        | Primitive::PowerLoss { .. }
        | Primitive::Pause { .. }
        | Primitive::LinkLoss { .. }
        | Primitive::LinkBurstLoss { .. }
        | Primitive::LinkCorrupt { .. }
        | Primitive::LinkDuplicate { .. }
        | Primitive::LinkRate { .. }
        | Primitive::LinkTrace { .. }
        | Primitive::LinkReorder { .. }
        | Primitive::LinkClog { .. }
        | Primitive::LinkReset { .. }
        | Primitive::LinkHold { .. }
        | Primitive::CpuSpeed { .. }
        | Primitive::CpuQuota { .. }
        | Primitive::OomKill { .. }
        | Primitive::DiskHold { .. }
        | Primitive::DiskError { .. }
        | Primitive::LyingFsync { .. }
        | Primitive::UnsyncedLoss { .. }
        | Primitive::TornWrite { .. }
        | Primitive::BitRot { .. }
        | Primitive::Misdirect { .. }
        | Primitive::ClockStep { .. }
        | Primitive::ClockDrift { .. }
        | Primitive::ClockFreeze { .. }
        | Primitive::Call { .. } => primitive.name(),
    }
}

/// Shows every field of a primitive to `visit`.
pub(crate) fn fields(primitive: &mut Primitive, visit: &mut Visit<'_>) {
    match primitive {
        Primitive::Crash { node, seen } => {
            visit(NODE, Field::Node(node));
            word(SEEN, seen, words::SEEN, visit);
        }
        Primitive::PowerLoss { node, seen, wipe } => {
            visit(NODE, Field::Node(node));
            word(SEEN, seen, words::SEEN, visit);
            visit(
                name("wipe", "whether the disk is empty afterwards"),
                Field::Flag(wipe),
            );
        }
        Primitive::Pause { node } | Primitive::OomKill { node } => visit(NODE, Field::Node(node)),
        Primitive::CpuSpeed { node, factor } => {
            visit(NODE, Field::Node(node));
            let work = name("factor", "work done a second, relative to normal");
            visit(work, Field::Number(factor, (1e-9, 1e9), Weak::Towards(1.0)));
        }
        Primitive::CpuQuota {
            node,
            quota,
            period,
            phase,
        } => {
            visit(NODE, Field::Node(node));
            visit(
                name("quota", "running time a period"),
                Field::Length(quota, Weak::Up),
            );
            visit(
                name("period", "length of a period"),
                Field::Length(period, Weak::Fixed),
            );
            visit(
                name("phase", "first boundary"),
                Field::Length(phase, Weak::Fixed),
            );
        }
        Primitive::CpuSteal { node, by } => {
            visit(NODE, Field::Node(node));
            thief(by, visit);
        }
        Primitive::LinkDelay { .. }
        | Primitive::LinkLoss { .. }
        | Primitive::LinkBurstLoss { .. }
        | Primitive::LinkCorrupt { .. }
        | Primitive::LinkDuplicate { .. }
        | Primitive::LinkRate { .. }
        | Primitive::LinkTrace { .. }
        | Primitive::LinkReorder { .. }
        | Primitive::LinkClog { .. }
        | Primitive::LinkCut { .. }
        | Primitive::LinkReset { .. }
        | Primitive::LinkHold { .. } => link_fields(primitive, visit),
        Primitive::MemoryPressure { .. }
        | Primitive::MemoryLimit { .. }
        | Primitive::SwapDevice { .. } => memory_fields(primitive, visit),
        Primitive::DiskLatency { .. }
        | Primitive::DiskHold { .. }
        | Primitive::DiskError { .. }
        | Primitive::DiskFull { .. }
        | Primitive::LyingFsync { .. }
        | Primitive::UnsyncedLoss { .. }
        | Primitive::TornWrite { .. }
        | Primitive::BitRot { .. }
        | Primitive::Misdirect { .. } => disk_fields(primitive, visit),
        Primitive::ClockStep { .. }
        | Primitive::ClockDrift { .. }
        | Primitive::ClockFreeze { .. } => clock_fields(primitive, visit),
        Primitive::Call {
            client,
            service,
            only,
            rule,
        } => {
            visit(
                name("client", "the client's node; all if missing"),
                Field::NodeOpt(client),
            );
            visit(
                name("service", "the service called"),
                Field::Service(service),
            );
            scope_fields(only, visit);
            rule_fields(rule, visit);
        }
        Primitive::Signal { channel, rule } => {
            visit(
                name("channel", "the sensor or actuator"),
                Field::Channel(channel),
            );
            signal_fields(rule, visit);
        }
        Primitive::Knob {
            knob,
            node,
            change,
            value,
        } => {
            visit(name("knob", "the parameter"), Field::Knob(knob));
            visit(
                name("node", "where; everywhere if missing"),
                Field::NodeOpt(node),
            );
            match change {
                KnobChange::Set => visit(
                    name("value", "its value: a number, or one of its words"),
                    Field::KnobValue(value),
                ),
                KnobChange::Scale => visit(
                    name("factor", "multiplied with"),
                    Field::Number(value, POSITIVE, Weak::Towards(1.0)),
                ),
                KnobChange::Add => visit(name("add", "added"), Field::Number(value, ANY, LESS)),
            }
        }
    }
}

fn thief(by: &mut Thief, visit: &mut Visit<'_>) {
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

/// A `u32` as a whole number.
fn whole(at: Name, value: &mut u32, weak: Weak, visit: &mut Visit<'_>) {
    let mut wide = u64::from(*value);
    visit(at, Field::Count(&mut wide, SMALL, weak));
    *value = u32::try_from(wide).unwrap_or(u32::MAX);
}

fn link_fields(primitive: &mut Primitive, visit: &mut Visit<'_>) {
    let spared = name("bytes", "larger messages are cut");
    match primitive {
        Primitive::LinkDelay {
            link,
            delay,
            mode,
            correlation,
        } => {
            visit(LINK, Field::Link(link));
            delay_field(delay, *mode, visit);
            visit(CORRELATION, Field::Number(correlation, UNIT, Weak::Fixed));
        }
        Primitive::LinkLoss {
            link,
            share,
            correlation,
        } => {
            visit(LINK, Field::Link(link));
            visit(SHARE, Field::Number(share, UNIT, LESS));
            visit(CORRELATION, Field::Number(correlation, UNIT, Weak::Fixed));
        }
        Primitive::LinkBurstLoss { link, chain } => {
            visit(LINK, Field::Link(link));
            let GilbertElliott {
                p,
                r,
                loss_good,
                loss_bad,
                step,
            } = chain;
            visit(
                name("p", "chance of a step to bad"),
                Field::Number(p, UNIT, LESS),
            );
            visit(
                name("r", "chance of a step back"),
                Field::Number(r, UNIT, Weak::Fixed),
            );
            visit(
                name("loss_good", "share lost in good"),
                Field::Number(loss_good, UNIT, LESS),
            );
            visit(
                name("loss_bad", "share lost in bad"),
                Field::Number(loss_bad, UNIT, LESS),
            );
            visit(
                name("step", "time between steps; a message if missing"),
                Field::LengthOpt(step),
            );
        }
        Primitive::LinkCorrupt { link, corrupt } => {
            visit(LINK, Field::Link(link));
            visit(SHARE, Field::Number(&mut corrupt.share, UNIT, LESS));
            let who = name("seen", "who notices");
            word(who, &mut corrupt.seen, words::CORRUPTION, visit);
        }
        Primitive::LinkDuplicate { link, duplicate } => {
            visit(LINK, Field::Link(link));
            visit(SHARE, Field::Number(&mut duplicate.share, UNIT, LESS));
            let copies = name("copies", "copies of each, beside itself");
            whole(copies, &mut duplicate.copies, Weak::Fixed, visit);
            visit(
                name("after", "how much later copies come"),
                Field::Length(&mut duplicate.after, Weak::Fixed),
            );
            visit(
                name("only", "requests to this service; everything if missing"),
                Field::ServiceOpt(&mut duplicate.only),
            );
        }
        Primitive::LinkRate { link, bandwidth } => {
            visit(LINK, Field::Link(link));
            visit(
                name("rate", "no limit if missing"),
                Field::RateOpt(&mut bandwidth.rate, Weak::Up),
            );
            let burst = name("burst", "bytes that pass at once after a pause");
            visit(burst, Field::Size(&mut bandwidth.burst, Weak::Fixed));
            queue_fields(&mut bandwidth.queue, visit);
        }
        Primitive::LinkTrace {
            link,
            traced,
            series,
        } => {
            visit(LINK, Field::Link(link));
            let weak = match traced {
                Traced::Delay => LESS,
                Traced::Capacity => Weak::Up,
            };
            let doc = "time and value, nanoseconds or bytes a second: [\"0s 5000000\"]; the last may be \"2s again\"";
            visit(name("series", doc), Field::Series(series, weak));
        }
        Primitive::LinkReorder { link, reorder } => {
            visit(LINK, Field::Link(link));
            visit(SHARE, Field::Number(&mut reorder.share, UNIT, LESS));
            visit(
                name("by", "how long they wait"),
                Field::HoldBack(&mut reorder.by),
            );
        }
        Primitive::LinkClog {
            link,
            share,
            length,
        } => {
            visit(LINK, Field::Link(link));
            visit(SHARE, Field::Number(share, UNIT, LESS));
            visit(
                name("length", "time clogged"),
                Field::Law(length, Unit::Time, LESS),
            );
        }
        Primitive::LinkCut { link, mode, scope } => {
            visit(LINK, Field::Link(link));
            word(
                name("mode", "whether senders notice"),
                mode,
                words::CUT_MODE,
                visit,
            );
            match scope {
                CutScope::All | CutScope::Existing => {}
                CutScope::Above(bytes) => visit(spared, Field::Size(bytes, Weak::Up)),
            }
        }
        Primitive::LinkReset { link, ends } => {
            visit(LINK, Field::Link(link));
            word(
                name("ends", "which ends see it"),
                ends,
                words::RESET_ENDS,
                visit,
            );
        }
        Primitive::LinkHold { link } => visit(LINK, Field::Link(link)),
        _ => unreachable!("only primitives of links come here"),
    }
}

/// The delay of a link, a disk or a call: what it counts depends on how it combines.
fn delay_field(delay: &mut Law, mode: Arithmetic, visit: &mut Visit<'_>) {
    let (at, unit, weak) = match mode {
        Arithmetic::Add => (name("delay", "added"), Unit::Time, LESS),
        Arithmetic::Scale => (
            name("factor", "on what is there"),
            Unit::Plain,
            Weak::Towards(1.0),
        ),
        Arithmetic::Replace => (name("delay", "instead of what is there"), Unit::Time, LESS),
    };
    visit(at, Field::Law(delay, unit, weak));
}

fn queue_fields(queue: &mut Option<QueueLimit>, visit: &mut Visit<'_>) {
    let narrow = |n: u32| Some(u64::from(n));
    let (mut bytes, mut messages, mut flight) = match queue {
        None => (None, None, None),
        Some(QueueLimit::Bytes(n)) => (Some(*n), None, None),
        Some(QueueLimit::Messages(n)) => (None, narrow(*n), None),
        Some(QueueLimit::InFlight(n)) => (None, None, narrow(*n)),
    };
    let at = |key, doc| one_of("queue", key, doc);
    visit(at("queue", "bytes that wait"), Field::SizeOpt(&mut bytes));
    let waiting = at("queue_messages", "messages that wait");
    visit(waiting, Field::CountOpt(&mut messages, SMALL));
    let under_way = at("in_flight", "messages under way");
    visit(under_way, Field::CountOpt(&mut flight, SMALL));
    let small = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    *queue = (bytes.map(QueueLimit::Bytes))
        .or(messages.map(|n| QueueLimit::Messages(small(n))))
        .or(flight.map(|n| QueueLimit::InFlight(small(n))));
}

fn memory_fields(primitive: &mut Primitive, visit: &mut Visit<'_>) {
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

fn disk_fields(primitive: &mut Primitive, visit: &mut Visit<'_>) {
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

fn clock_fields(primitive: &mut Primitive, visit: &mut Visit<'_>) {
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

/// Which calls a rule is for.
fn scope_fields(only: &mut CallScope, visit: &mut Visit<'_>) {
    let CallScope {
        method,
        server,
        shard,
        new_connections,
    } = only;
    whole_opt(
        name("method", "method, tool or model; all if missing"),
        method,
        visit,
    );
    visit(
        name("server", "the replica on this node; all if missing"),
        Field::NodeOpt(server),
    );
    let (mut index, mut of) = (shard.map(|s| s.index), shard.map(|s| s.of));
    let part = "part of the keys, from 0; all if missing";
    whole_opt(name("shard", part), &mut index, visit);
    whole_opt(name("shards", "how many parts there are"), &mut of, visit);
    *shard = index.map(|index| Shard {
        index,
        of: of.unwrap_or(1),
    });
    visit(
        name("new_connections", "whether only new connections are hit"),
        Field::Flag(new_connections),
    );
}

/// A `u32` as a whole number, if there is one.
fn whole_opt(at: Name, value: &mut Option<u32>, visit: &mut Visit<'_>) {
    let mut wide = value.map(u64::from);
    visit(at, Field::CountOpt(&mut wide, SMALL));
    *value = wide.map(|wide| u32::try_from(wide).unwrap_or(u32::MAX));
}

fn rule_fields(rule: &mut CallRule, visit: &mut Visit<'_>) {
    let status_name = name("status", "of the answer, as in HTTP");
    let code = |status: &mut u16, visit: &mut Visit<'_>| {
        let mut wide = u64::from(*status);
        visit(status_name, Field::Count(&mut wide, (0, 999), Weak::Fixed));
        *status = u16::try_from(wide).unwrap_or(999);
    };
    match rule {
        CallRule::Error {
            status,
            share,
            after_effect,
            retry_after,
            work,
        } => {
            code(status, visit);
            visit(SHARE, Field::Number(share, UNIT, LESS));
            let late = name("after_effect", "whether the effect happens first");
            visit(late, Field::Flag(after_effect));
            visit(
                name("retry_after", "hint to the client"),
                Field::LengthOpt(retry_after),
            );
            visit(
                name("work", "processor time that the error takes"),
                Field::Length(work, LESS),
            );
        }
        CallRule::Malformed { mode, share } => {
            match mode {
                Malformed::Stale { age } => {
                    visit(name("age", "how old it is"), Field::Length(age, LESS));
                }
                Malformed::Forced { ok } => {
                    let says = name("ok", "whether it says that all is well");
                    visit(says, Field::Flag(ok));
                }
                mode => {
                    let what = name("mode", "what is wrong with the reply");
                    word(what, mode, words::MALFORMED, visit);
                }
            }
            visit(SHARE, Field::Number(share, UNIT, LESS));
        }
        CallRule::Stream {
            cut,
            factor,
            stall,
            share,
        } => {
            whole_opt(
                name("cut", "it ends after so many units; not at all if missing"),
                cut,
                visit,
            );
            let pace = name("factor", "on the time between units");
            visit(pace, Field::Number(factor, POSITIVE, Weak::Towards(1.0)));
            visit(
                name("stall", "the first unit comes so much later"),
                Field::Length(stall, LESS),
            );
            visit(SHARE, Field::Number(share, UNIT, LESS));
        }
        CallRule::Delay { delay, mode, share } => {
            delay_field(delay, *mode, visit);
            visit(SHARE, Field::Number(share, UNIT, LESS));
        }
        CallRule::Hang { share } | CallRule::LostReply { share } => {
            visit(SHARE, Field::Number(share, UNIT, LESS));
        }
        CallRule::RateLimit {
            rate,
            burst,
            unit,
            status,
            retry_after,
        } => {
            visit(
                name("rate", "tokens a second"),
                Field::Number(rate, POSITIVE, Weak::Up),
            );
            visit(
                name("burst", "size of the bucket"),
                Field::Number(burst, POSITIVE, Weak::Fixed),
            );
            word(
                name("unit", "what a call costs"),
                unit,
                words::LIMIT_UNIT,
                visit,
            );
            code(status, visit);
            let hint = name("retry_after", "what it says about when to come again");
            word(hint, retry_after, words::RETRY_AFTER, visit);
        }
    }
}

/// Any number.
const ANY: (f64, f64) = (f64::MIN, f64::MAX);

fn signal_fields(rule: &mut SignalRule, visit: &mut Visit<'_>) {
    match rule {
        SignalRule::Delay { delay } => {
            visit(name("delay", "added"), Field::Law(delay, Unit::Time, LESS));
        }
        SignalRule::Reorder {
            share,
            depth,
            copies,
        } => {
            visit(SHARE, Field::Number(share, UNIT, LESS));
            whole(
                name("depth", "later samples that arrive first"),
                depth,
                Weak::Fixed,
                visit,
            );
            visit(
                name("copies", "share that arrives twice"),
                Field::Number(copies, UNIT, LESS),
            );
        }
        SignalRule::Bias { offset } => {
            visit(name("offset", "added"), Field::Number(offset, ANY, LESS));
        }
        SignalRule::Drift { rate } => {
            visit(
                name("rate", "growth a second"),
                Field::Number(rate, ANY, LESS),
            );
        }
        SignalRule::Noise { sd } => {
            visit(
                name("sd", "standard deviation"),
                Field::Number(sd, POSITIVE, LESS),
            );
        }
        SignalRule::Outlier { share, size } => {
            visit(SHARE, Field::Number(share, UNIT, LESS));
            visit(
                name("size", "added or taken away"),
                Field::Number(size, ANY, LESS),
            );
        }
        SignalRule::Stuck => {}
        SignalRule::Saturate { limit, rate } => {
            let most = name("limit", "largest absolute value");
            visit(most, Field::NumberOpt(limit, POSITIVE, Weak::Up));
            let change = name("rate", "largest change a second");
            visit(change, Field::NumberOpt(rate, POSITIVE, Weak::Up));
        }
        SignalRule::NonFinite { poison, share } => {
            match poison {
                Poison::Cast(bit) => {
                    let at = name("bit", "what one bit of the field counts");
                    visit(at, Field::Number(bit, ANY, Weak::Fixed));
                }
                other => word(
                    name("poison", "what arrives instead"),
                    other,
                    words::POISON,
                    visit,
                ),
            }
            visit(SHARE, Field::Number(share, UNIT, LESS));
        }
        SignalRule::Off { passes } => {
            let mut wide = passes.map(u64::from);
            let at = name(
                "passes",
                "every so many samples one passes; none if missing",
            );
            visit(at, Field::CountOpt(&mut wide, (1, SMALL.1)));
            *passes = wide.map(|n| u32::try_from(n).unwrap_or(u32::MAX));
        }
    }
}
