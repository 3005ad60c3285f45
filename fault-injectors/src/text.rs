//! A plan as text: who, what, when, how much, in which direction.

mod calls;
mod grouped;
mod network;
mod signal;
mod trigger;

pub use grouped::plan_summary;

use crate::param::{Unit, law_text, size_text};
use crate::topology::{KnobKind, Topology};
use squall_core::NodeId;
use squall_core::disk::DiskOps;
use squall_core::memory::{Activity, Arrival};
use squall_core::plan::{
    Arithmetic, Clocks, CutMode, CutScope, Damage, DiskSpace, DiskTarget, Entry, FreezeEnd,
    KnobChange, Limit, LinkTarget, Plan, Primitive, Seen, StepEnd, Swap, Thief,
};
use squall_core::words::number;
use squall_core::{KnobId, ServiceId, VirtualDuration};
use std::fmt::Write as _;

/// The timeline of a plan, one line an overlay, in the order in which they start; then what waits for
/// something to happen, with the times of its overlays from then on; then the notes.
pub fn plan_text(plan: &Plan, topology: &Topology) -> String {
    let mut entries: Vec<&Entry> = plan.fixed().map(|(_, entry)| entry).collect();
    entries.sort_by_key(|e| (e.from, e.fault, e.part));
    let lines: Vec<[String; 4]> = entries
        .iter()
        .map(|entry| {
            let until = match entry.until {
                _ if matches!(entry.primitive, Primitive::LinkReset { .. }) => "once".to_owned(),
                Some(until) => format!("for {}", until.since(entry.from)),
                None => "forever".to_owned(),
            };
            [
                format!("{}  {until}", entry.from),
                plan.faults[entry.fault as usize].label.clone(),
                target(&entry.primitive, topology),
                effect(&entry.primitive, topology),
            ]
        })
        .collect();
    let mut text = rows(&lines, "  ");
    text.push_str(&trigger::triggers(plan, topology, &|length| {
        length.to_string()
    }));
    if text.is_empty() {
        text.push_str("  no fault acts\n");
    }
    for fault in &plan.faults {
        for note in &fault.notes {
            let _ = writeln!(text, "  {}: {note}", fault.label);
        }
    }
    text
}

/// Lines of four columns, the last of which is as long as it is. An empty column is left out.
fn rows(lines: &[[String; 4]], indent: &str) -> String {
    let width = |column: usize| {
        let lengths = lines.iter().map(|row| row[column].chars().count());
        lengths.max().unwrap_or(0)
    };
    let widths = [width(0), width(1), width(2)];
    let mut text = String::new();
    for row in lines {
        text.push_str(indent);
        for (cell, width) in row.iter().zip(widths).filter(|(_, width)| *width > 0) {
            let _ = write!(text, "{cell:<width$}  ");
        }
        let _ = writeln!(text, "{}", row[3]);
    }
    text
}

/// What a primitive acts on.
pub fn target(primitive: &Primitive, topology: &Topology) -> String {
    let node = |id: &NodeId| match topology.nodes().get(id.index()) {
        Some(node) => node.name.clone(),
        None => format!("node {}", id.0),
    };
    let link = |link: &LinkTarget| format!("{}->{}", node(&link.from), node(&link.to));
    match primitive {
        Primitive::Crash { node: id, .. }
        | Primitive::PowerLoss { node: id, .. }
        | Primitive::Pause { node: id }
        | Primitive::CpuSpeed { node: id, .. }
        | Primitive::CpuQuota { node: id, .. }
        | Primitive::CpuSteal { node: id, .. }
        | Primitive::MemoryPressure { node: id, .. }
        | Primitive::MemoryLimit { node: id, .. }
        | Primitive::OomKill { node: id }
        | Primitive::ClockStep { node: id, .. }
        | Primitive::ClockDrift { node: id, .. }
        | Primitive::ClockFreeze { node: id, .. }
        | Primitive::SwapDevice { node: id, .. }
        | Primitive::DiskFull { node: id, .. }
        | Primitive::UnsyncedLoss { node: id, .. }
        | Primitive::TornWrite { node: id, .. } => node(id),
        Primitive::DiskLatency { disk, .. }
        | Primitive::DiskHold { disk, .. }
        | Primitive::DiskError { disk, .. }
        | Primitive::LyingFsync { disk, .. }
        | Primitive::BitRot { disk, .. }
        | Primitive::Misdirect { disk, .. } => {
            let DiskTarget { node: id, path } = disk;
            let path = path
                .as_ref()
                .map_or(String::new(), |path| format!(":{path}"));
            format!("{}{path}", node(id))
        }
        Primitive::LinkDelay { link: l, .. }
        | Primitive::LinkLoss { link: l, .. }
        | Primitive::LinkBurstLoss { link: l, .. }
        | Primitive::LinkCorrupt { link: l, .. }
        | Primitive::LinkDuplicate { link: l, .. }
        | Primitive::LinkRate { link: l, .. }
        | Primitive::LinkTrace { link: l, .. }
        | Primitive::LinkReorder { link: l, .. }
        | Primitive::LinkClog { link: l, .. }
        | Primitive::LinkReset { link: l, .. }
        | Primitive::LinkCut { link: l, .. }
        | Primitive::LinkHold { link: l } => link(l),
        Primitive::Call {
            client,
            service,
            only,
            ..
        } => {
            let client = client.as_ref().map_or("*".to_owned(), node);
            let service = service_name(*service, topology);
            let server = only
                .server
                .map_or(String::new(), |id| format!("@{}", node(&id)));
            format!("{client}->{service}{server}{}", calls::scope(only))
        }
        Primitive::Signal { channel, .. } => {
            let known = topology.channels().get(channel.index());
            known.map_or(format!("channel {}", channel.0), |info| info.name.clone())
        }
        Primitive::Knob { node: id, .. } => id.as_ref().map_or("everywhere".to_owned(), node),
    }
}

/// What a primitive does to it.
pub fn effect(primitive: &Primitive, topology: &Topology) -> String {
    match primitive {
        Primitive::Crash { seen, .. } => match seen {
            Seen::Silent => "down, peers see silence".into(),
            Seen::Reset => "down, peers see a reset".into(),
        },
        Primitive::PowerLoss { seen, wipe, .. } => {
            let peers = match seen {
                Seen::Silent => "silence",
                Seen::Reset => "a reset",
            };
            let disk = if *wipe { ", the disk is wiped" } else { "" };
            format!("power lost, peers see {peers}{disk}")
        }
        Primitive::Pause { .. } => "paused".into(),
        Primitive::LinkDelay {
            delay,
            mode,
            correlation,
            ..
        } => {
            let mut text = match mode {
                Arithmetic::Add => format!("delay + {}", law_text(delay, Unit::Time)),
                Arithmetic::Scale => format!("delay x {}", law_text(delay, Unit::Plain)),
                Arithmetic::Replace => format!("delay = {}", law_text(delay, Unit::Time)),
            };
            if *correlation > 0.0 {
                let _ = write!(text, ", correlation {correlation}");
            }
            text
        }
        Primitive::LinkLoss {
            share, correlation, ..
        } => match *correlation > 0.0 {
            true => format!("loss {share}, correlation {correlation}"),
            false => format!("loss {share}"),
        },
        Primitive::LinkBurstLoss { .. }
        | Primitive::LinkCorrupt { .. }
        | Primitive::LinkDuplicate { .. }
        | Primitive::LinkRate { .. }
        | Primitive::LinkTrace { .. }
        | Primitive::LinkReorder { .. }
        | Primitive::LinkClog { .. }
        | Primitive::LinkReset { .. } => network::effect(primitive),
        Primitive::LinkCut { mode, scope, .. } => {
            let how = match mode {
                CutMode::Drop => "silently",
                CutMode::Refuse => "senders notice",
            };
            match scope {
                CutScope::All => format!("cut, {how}"),
                CutScope::Existing => format!("open connections cut, {how}"),
                CutScope::Above(bytes) => format!("cut above {}, {how}", size_text(*bytes)),
            }
        }
        Primitive::LinkHold { .. } => "held".into(),
        Primitive::CpuSpeed { factor, .. } => format!("speed x {factor}"),
        Primitive::CpuQuota { quota, period, .. } => format!("at most {quota} of each {period}"),
        Primitive::CpuSteal { by, .. } => match by {
            Thief::Host { share, burst, .. } if burst.is_zero() => {
                format!("{share} of the processor time stolen")
            }
            Thief::Host { share, burst, .. } => {
                format!("{share} of the processor time stolen, {burst} at a time")
            }
            Thief::Hogs(count) => format!("{count} hogs on the processors"),
            Thief::Cores(count) => format!("{count} cores gone"),
        },
        Primitive::MemoryPressure {
            size,
            activity,
            arrival,
            ..
        } => pressure_text(*size, *activity, *arrival),
        Primitive::MemoryLimit { limit, .. } => match limit {
            Limit::Bytes(bytes) => format!("memory limited to {}", size_text(*bytes)),
            Limit::OfWorkingSet(share) => format!("memory limited to {share} of the working sets"),
        },
        Primitive::OomKill { .. } => "largest process killed".into(),
        Primitive::SwapDevice { device, .. } => match device {
            Swap::Slow(factor) => format!("swap device x {factor} slower"),
            Swap::Off => "no swap device".into(),
            Swap::Preset(name) => format!("swap device {name}"),
            Swap::Disk => "swap on the disk".into(),
            Swap::Iops(iops) => format!("swap device at {iops} iops"),
        },
        Primitive::DiskLatency { .. }
        | Primitive::DiskHold { .. }
        | Primitive::DiskError { .. }
        | Primitive::DiskFull { .. }
        | Primitive::LyingFsync { .. }
        | Primitive::UnsyncedLoss { .. }
        | Primitive::TornWrite { .. }
        | Primitive::BitRot { .. }
        | Primitive::Misdirect { .. } => disk_text(primitive),
        Primitive::ClockStep {
            offset_ns,
            strobe,
            end,
            ..
        } => step_text(*offset_ns, *strobe, *end),
        Primitive::ClockDrift { ppm, wall_only, .. } => match wall_only {
            true => format!("wall clock {ppm:+} ppm"),
            false => format!("clocks {ppm:+} ppm"),
        },
        Primitive::ClockFreeze { clock, end, .. } => {
            let clock = match clock {
                Clocks::Wall => "wall clock stands",
                Clocks::Monotonic => "monotonic clock stands",
                Clocks::Both => "clocks stand",
            };
            let end = match end {
                FreezeEnd::Jump => "jumps at the end",
                FreezeEnd::Lag => "lags afterwards",
            };
            format!("{clock}, {end}")
        }
        Primitive::Signal { rule, .. } => signal::effect(rule),
        Primitive::Call { rule, .. } => calls::rule(rule),
        Primitive::Knob {
            knob,
            change,
            value,
            ..
        } => knob_text(*knob, (*change, *value), topology),
    }
}

fn step_text(offset_ns: i64, strobe: Option<VirtualDuration>, end: StepEnd) -> String {
    let sign = if offset_ns < 0 { '-' } else { '+' };
    let size = VirtualDuration::from_nanos(offset_ns.unsigned_abs());
    let rhythm = strobe.map_or(String::new(), |period| format!(" every other {period}"));
    let end = match end {
        StepEnd::Back => "",
        StepEnd::Keep => ", kept",
        StepEnd::Slew => ", slewed away afterwards",
    };
    format!("wall clock {sign} {size}{rhythm}{end}")
}

fn pressure_text(size: Damage, activity: Activity, arrival: Arrival) -> String {
    let size = match size {
        Damage::Bytes(bytes) => size_text(bytes),
        Damage::Overcommit(ratio) => format!("overcommit {ratio}"),
    };
    let intruder = match activity {
        Activity::Active => "active".to_owned(),
        Activity::Idle => "idle".to_owned(),
        Activity::Every(period) => format!("each page every {period}"),
    };
    match arrival {
        Arrival::Burst { ramp } => format!("memory taken: {size}, {intruder}, ramp {ramp}"),
        Arrival::Linear { over } => format!("memory leaks: {size} over {over}, {intruder}"),
    }
}

/// `all calls`, or `8 % of the calls`.
fn part(share: f64, what: &str) -> String {
    if share >= 1.0 {
        return format!("all {what}");
    }
    let percent = (share * 1e6).round() / 1e4;
    // A share too small for that is said as it is.
    match percent > 0.0 || share <= 0.0 {
        true => format!("{percent} % of the {what}"),
        false => format!("{share} of the {what}"),
    }
}

/// [`part`] of operations of a disk.
fn part_of(share: f64, ops: DiskOps) -> String {
    let ops = ops.to_string();
    part(share, ops.strip_prefix("all ").unwrap_or(&ops))
}

fn disk_text(primitive: &Primitive) -> String {
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
        other => other.name().to_owned(),
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

fn knob_text(knob: KnobId, (change, value): (KnobChange, f64), topology: &Topology) -> String {
    let Some(info) = topology.knobs().get(knob.index()) else {
        return format!("knob {} {} {value}", knob.0, change_sign(change));
    };
    if change == KnobChange::Scale {
        return format!("{} x {}", info.name, number(value));
    }
    let text = match &info.kind {
        KnobKind::Flag => (value > 0.5).to_string(),
        KnobKind::Seconds => VirtualDuration::from_secs_f64(value).to_string(),
        KnobKind::Words(words) => {
            let found = words
                .iter()
                .enumerate()
                .find(|(i, _)| (*i as f64 - value).abs() < 0.5);
            found.map_or(value.to_string(), |(_, word)| word.clone())
        }
        KnobKind::Number { .. } => number(value),
    };
    format!("{} {} {text}", info.name, change_sign(change))
}

const fn change_sign(change: KnobChange) -> &'static str {
    match change {
        KnobChange::Set => "=",
        KnobChange::Scale => "x",
        KnobChange::Add => "+",
    }
}

fn service_name(service: ServiceId, topology: &Topology) -> String {
    let name = topology.services().get(service.index());
    name.map_or(format!("service {}", service.0), Clone::clone)
}
