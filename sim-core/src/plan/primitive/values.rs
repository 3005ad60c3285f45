//! What primitives are told: amounts, and which of several ways.

use crate::VirtualDuration;
use serde::{Deserialize, Serialize};

/// What is left on a disk that fills up.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum DiskSpace {
    /// This many bytes.
    Free(u64),
    /// Less and less.
    Fill {
        /// Bytes that somebody writes, a second.
        rate: f64,
        /// Bytes that are left when that stops.
        reserve: u64,
    },
}

/// What the peers of a crashed node see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Seen {
    /// Nothing: the host is gone.
    #[default]
    Silent,
    /// A reset: the process is gone and its host says so.
    Reset,
}

/// How a delay combines with what is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Arithmetic {
    /// Added to the rest.
    #[default]
    Add,
    /// A factor on the rest.
    Scale,
    /// Instead of the rest.
    Replace,
}

/// What an overlay does to a knob.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KnobChange {
    /// It takes a value.
    #[default]
    Set,
    /// It is multiplied by a factor.
    Scale,
    /// Something is added to it.
    Add,
}

/// Whether the sender notices a cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CutMode {
    /// Calls fail at once.
    Refuse,
    /// Silence.
    #[default]
    Drop,
}

/// Who takes processor time from a node, and how much.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Thief {
    /// The host of a virtual machine: all cores of the node stand still for `burst`, again and again,
    /// so that the share is taken on average. Of several, the longest burst gives the rhythm.
    Host {
        /// Share taken, 0 to 1.
        share: f64,
        /// Length of one burst; zero takes the share evenly.
        burst: VirtualDuration,
        /// When the first burst begins: a time of the run, modulo the rhythm.
        phase: VirtualDuration,
    },
    /// Processes on the node that never wait: they share the cores fairly with its work, so the
    /// share taken is hogs / (hogs + runnable) as soon as there is not a core for everybody.
    Hogs(f64),
    /// Whole cores that are gone; one is always left.
    Cores(u32),
}

/// How much memory an intruder takes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Damage {
    /// This many bytes.
    Bytes(u64),
    /// As much as makes (working sets of the node) / (memory left for them) this ratio.
    Overcommit(f64),
}

/// How much memory a limit leaves.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Limit {
    /// This many bytes, page tables and the kernel's share included.
    Bytes(u64),
    /// Room for this share of the working sets of the node.
    OfWorkingSet(f64),
}

/// A swap device: a preset of the memory model, or something done to the node's own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Swap {
    /// A preset by name, for instance `zram`.
    Preset(String),
    /// A file on the node's own disk: the two share its queue.
    Disk,
    /// The node's device, limited to this many reads a second.
    Iops(f64),
    /// The device in force, with every service time multiplied by this factor, above 0.
    Slow(f64),
    /// None: what does not fit is killed instead of evicted. Pages that are swapped out already can
    /// still be read.
    Off,
}

/// What becomes of the offset of a [`Primitive::ClockStep`](super::Primitive::ClockStep) at its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepEnd {
    /// It is gone at once: the clock steps back.
    #[default]
    Back,
    /// It stays.
    Keep,
    /// It goes away at 500 ppm, the fastest that `adjtime` slews; the clock never runs backwards.
    Slew,
}

/// Which clocks of a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Clocks {
    /// The wall clock.
    #[default]
    Wall,
    /// The monotonic clock, by which timers fire.
    Monotonic,
    /// Both.
    Both,
}

/// Where a clock goes on after a [`Primitive::ClockFreeze`](super::Primitive::ClockFreeze).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FreezeEnd {
    /// Where it would be without the freeze.
    #[default]
    Jump,
    /// Where it stood: the time is lost for good.
    Lag,
}
