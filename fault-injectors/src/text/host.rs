//! What the primitives of nodes, processors, memory and clocks do, as text.

use crate::param::size_text;
use squall_core::VirtualDuration;
use squall_core::memory::{Activity, Arrival};
use squall_core::plan::{Clocks, Damage, FreezeEnd, Limit, Primitive, Seen, StepEnd, Swap, Thief};

/// What such a primitive does to its node; nothing for others.
pub(super) fn effect(primitive: &Primitive) -> String {
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
        _ => String::new(),
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
