//! The fields of every primitive, each named once: its key in a frozen plan, its unit and range, and
//! where it has no effect.
//!
//! Three things derive from this table: plans as text that people edit ([`crate::frozen`]), the dials
//! by which shrinking makes a fault weaker ([`crate::shrink`]), and the move of a plan to another
//! topology ([`crate::frozen::moved`]). A new primitive needs an arm in [`form`] and [`fields`], and a
//! value in [`templates`]; the compiler asks for the first two, a test for the third.

mod call;
mod disk;
mod host;
mod link;
mod signal;
mod templates;
mod words;

pub(crate) use templates::templates;

use squall_core::plan::{
    Arithmetic, CallRule, CutScope, Damage, DiskSpace, HoldBack, KnobChange, Limit, LinkTarget,
    Malformed, Poison, Primitive, Series, SignalRule, Swap, Thief,
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
            host::thief(by, visit);
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
        | Primitive::LinkHold { .. } => link::link_fields(primitive, visit),
        Primitive::MemoryPressure { .. }
        | Primitive::MemoryLimit { .. }
        | Primitive::SwapDevice { .. } => host::memory_fields(primitive, visit),
        Primitive::DiskLatency { .. }
        | Primitive::DiskHold { .. }
        | Primitive::DiskError { .. }
        | Primitive::DiskFull { .. }
        | Primitive::LyingFsync { .. }
        | Primitive::UnsyncedLoss { .. }
        | Primitive::TornWrite { .. }
        | Primitive::BitRot { .. }
        | Primitive::Misdirect { .. } => disk::disk_fields(primitive, visit),
        Primitive::ClockStep { .. }
        | Primitive::ClockDrift { .. }
        | Primitive::ClockFreeze { .. } => host::clock_fields(primitive, visit),
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
            call::scope_fields(only, visit);
            call::rule_fields(rule, visit);
        }
        Primitive::Signal { channel, rule } => {
            visit(
                name("channel", "the sensor or actuator"),
                Field::Channel(channel),
            );
            signal::signal_fields(rule, visit);
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

/// A `u32` as a whole number.
fn whole(at: Name, value: &mut u32, weak: Weak, visit: &mut Visit<'_>) {
    let mut wide = u64::from(*value);
    visit(at, Field::Count(&mut wide, SMALL, weak));
    *value = u32::try_from(wide).unwrap_or(u32::MAX);
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

/// A `u32` as a whole number, if there is one.
fn whole_opt(at: Name, value: &mut Option<u32>, visit: &mut Visit<'_>) {
    let mut wide = value.map(u64::from);
    visit(at, Field::CountOpt(&mut wide, SMALL));
    *value = wide.map(|wide| u32::try_from(wide).unwrap_or(u32::MAX));
}

/// Any number.
const ANY: (f64, f64) = (f64::MIN, f64::MAX);
