//! Nodes, processors, memory and clocks.

use super::{A, Sample, ms, sample};
use squall_core::VirtualDuration;
use squall_core::memory::{Activity, Arrival};
use squall_core::plan::{Clocks, Damage, FreezeEnd, Limit, Primitive, Seen, StepEnd, Swap, Thief};

pub(super) fn node() -> Vec<Sample> {
    let crash = |seen| Primitive::Crash { node: A, seen };
    let power = |seen| Primitive::PowerLoss {
        node: A,
        seen,
        wipe: false,
    };
    vec![
        sample("crash", crash(Seen::Silent), crash(Seen::Reset)).removes(),
        sample("power-loss", power(Seen::Silent), power(Seen::Reset)).removes(),
        sample(
            "pause",
            Primitive::Pause { node: A },
            Primitive::Pause { node: A },
        )
        .removes(),
    ]
}

pub(super) fn processors() -> Vec<Sample> {
    let speed = |factor| Primitive::CpuSpeed { node: A, factor };
    let quota = |quota| Primitive::CpuQuota {
        node: A,
        quota: ms(quota),
        period: ms(40),
        phase: VirtualDuration::ZERO,
    };
    let steal = |share| Primitive::CpuSteal {
        node: A,
        by: Thief::Host {
            share,
            burst: VirtualDuration::ZERO,
            phase: VirtualDuration::ZERO,
        },
    };
    vec![
        sample("speed", speed(0.5), speed(0.25)),
        sample("quota", quota(4), quota(8)),
        sample("steal", steal(0.5), steal(0.3)),
    ]
}

/// They show on a node whose working set nearly fills its memory: see `memory` of this test.
pub(crate) fn memory() -> Vec<Sample> {
    let press = |mib: u64| Primitive::MemoryPressure {
        node: A,
        size: Damage::Bytes(mib << 20),
        activity: Activity::Idle,
        arrival: Arrival::Burst {
            ramp: VirtualDuration::ZERO,
        },
    };
    let limit = |mib: u64| Primitive::MemoryLimit {
        node: A,
        limit: Limit::Bytes(mib << 20),
    };
    let swap = |device| Primitive::SwapDevice { node: A, device };
    let kill = Primitive::OomKill { node: A };
    vec![
        sample("pressure", press(16), press(24)).quiet().stays(),
        sample("limit", limit(48), limit(40)).quiet().stays(),
        sample("oom-kill", kill.clone(), kill).quiet().stays(),
        sample(
            "swap-device",
            swap(Swap::Slow(4.0)),
            swap(Swap::Iops(100.0)),
        )
        .quiet()
        .stays(),
    ]
}

pub(super) fn time() -> Vec<Sample> {
    let step = |ms: i64| Primitive::ClockStep {
        node: A,
        offset_ns: ms * 1_000_000,
        strobe: None,
        end: StepEnd::Back,
    };
    let drift = |ppm| Primitive::ClockDrift {
        node: A,
        ppm,
        wall_only: true,
    };
    let freeze = |clock| Primitive::ClockFreeze {
        node: A,
        clock,
        end: FreezeEnd::Jump,
    };
    vec![
        sample("clock-step", step(70), step(-30)),
        sample("clock-drift", drift(500.0), drift(-200.0)).stays(),
        sample("clock-freeze", freeze(Clocks::Wall), freeze(Clocks::Wall)),
    ]
}
