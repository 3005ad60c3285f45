//! Names of primitives, and the families that they belong to.

use super::super::{CutScope, Traced};
use super::Primitive;
use core::fmt;
use serde::{Deserialize, Serialize};

/// Families of primitives, for tables and host capabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// Crash, loss of power, pause.
    Node,
    /// Delay, loss, corruption, copies, bandwidth, order, cut, hold, reset.
    Link,
    /// Speed, quota, steal.
    Cpu,
    /// Pressure, limit, kill, swap device.
    Memory,
    /// Latency, errors, space, lies, losses, rot.
    Disk,
    /// Offset, drift, freeze.
    Clock,
    /// Errors, delays, damage, rate limits of calls.
    Call,
    /// What sensors say and actuators hear.
    Signal,
    /// Parameters of workloads.
    Knob,
}

impl Primitive {
    /// The family this belongs to.
    pub const fn family(&self) -> Family {
        match self {
            Self::Crash { .. } | Self::PowerLoss { .. } | Self::Pause { .. } => Family::Node,
            Self::LinkDelay { .. }
            | Self::LinkLoss { .. }
            | Self::LinkBurstLoss { .. }
            | Self::LinkCorrupt { .. }
            | Self::LinkDuplicate { .. }
            | Self::LinkRate { .. }
            | Self::LinkTrace { .. }
            | Self::LinkReorder { .. }
            | Self::LinkClog { .. }
            | Self::LinkCut { .. }
            | Self::LinkReset { .. }
            | Self::LinkHold { .. } => Family::Link,
            Self::CpuSpeed { .. } | Self::CpuQuota { .. } | Self::CpuSteal { .. } => Family::Cpu,
            Self::MemoryPressure { .. }
            | Self::MemoryLimit { .. }
            | Self::OomKill { .. }
            | Self::SwapDevice { .. } => Family::Memory,
            Self::DiskLatency { .. }
            | Self::DiskHold { .. }
            | Self::DiskError { .. }
            | Self::DiskFull { .. }
            | Self::LyingFsync { .. }
            | Self::UnsyncedLoss { .. }
            | Self::TornWrite { .. }
            | Self::BitRot { .. }
            | Self::Misdirect { .. } => Family::Disk,
            Self::ClockStep { .. } | Self::ClockDrift { .. } | Self::ClockFreeze { .. } => {
                Family::Clock
            }
            Self::Call { .. } => Family::Call,
            Self::Signal { .. } => Family::Signal,
            Self::Knob { .. } => Family::Knob,
        }
    }
    /// Its name in the fault catalogue's words.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Crash { .. } => "crash",
            Self::PowerLoss { .. } => "power-loss",
            Self::Pause { .. } => "pause",
            Self::LinkDelay { .. } => "delay",
            Self::LinkLoss { .. } => "loss",
            Self::LinkBurstLoss { .. } => "burst-loss",
            Self::LinkCorrupt { .. } => "corrupt",
            Self::LinkDuplicate { .. } => "duplicate",
            Self::LinkRate { .. } => "bandwidth",
            Self::LinkTrace { traced, .. } => match traced {
                Traced::Delay => "delay-trace",
                Traced::Capacity => "capacity-trace",
            },
            Self::LinkReorder { .. } => "reorder",
            Self::LinkClog { .. } => "clog",
            Self::LinkCut { scope, .. } => match scope {
                CutScope::All | CutScope::Above(_) => "cut",
                CutScope::Existing => "cut-existing",
            },
            Self::LinkReset { .. } => "reset",
            Self::LinkHold { .. } => "hold",
            Self::CpuSpeed { .. } => "speed",
            Self::CpuQuota { .. } => "quota",
            Self::CpuSteal { .. } => "steal",
            Self::MemoryPressure { .. } => "pressure",
            Self::MemoryLimit { .. } => "limit",
            Self::OomKill { .. } => "oom-kill",
            Self::SwapDevice { .. } => "swap-device",
            Self::DiskLatency { .. } => "disk-latency",
            Self::DiskHold { .. } => "disk-hold",
            Self::DiskError { .. } => "disk-error",
            Self::DiskFull { .. } => "disk-full",
            Self::LyingFsync { .. } => "lying-fsync",
            Self::UnsyncedLoss { .. } => "unsynced-loss",
            Self::TornWrite { .. } => "torn-write",
            Self::BitRot { .. } => "bit-rot",
            Self::Misdirect { .. } => "misdirect",
            Self::ClockStep { .. } => "clock-step",
            Self::ClockDrift { .. } => "clock-drift",
            Self::ClockFreeze { .. } => "clock-freeze",
            Self::Call { rule, .. } => rule.name(),
            Self::Signal { rule, .. } => rule.name(),
            Self::Knob { .. } => "knob",
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Node => "node",
            Self::Link => "link",
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Disk => "disk",
            Self::Clock => "clock",
            Self::Call => "call",
            Self::Signal => "signal",
            Self::Knob => "knob",
        })
    }
}
