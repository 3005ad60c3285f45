//! Primitives: what a host can do to a target. Stacking rules stand beside each value.

use crate::memory::{Activity, Arrival};
use crate::{KnobId, Law, NodeId, ServiceId, VirtualDuration};
use core::fmt;
use serde::{Deserialize, Serialize};

/// One thing a host can do to one target, for a time.
///
/// Matches on it are exhaustive on purpose: a new primitive makes the compiler list every host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Primitive {
    /// The node is down for as long as the overlay lasts; its end starts the node. A node is up when
    /// no such hold is left. Landed: the node was up.
    Crash {
        /// The node.
        node: NodeId,
        /// What its peers see.
        seen: Seen,
    },
    /// No code of the node runs; timers and packets wait and fire in a burst. Union of holds.
    /// Landed: time in which work was due.
    Pause {
        /// The node.
        node: NodeId,
    },
    /// Messages of a directed link take longer. The latest replace wins, then all scales multiply,
    /// then all adds sum. Landed: messages whose delay it changed.
    LinkDelay {
        /// The link.
        link: LinkTarget,
        /// Nanoseconds for add and replace, a factor for scale.
        delay: Law,
        /// How it combines with the base.
        mode: Arithmetic,
        /// Correlation with the previous message's draw, 0 to 1.
        correlation: f64,
    },
    /// Messages of a directed link are lost. Independent: a message survives if it survives each.
    /// Landed: messages it dropped.
    LinkLoss {
        /// The link.
        link: LinkTarget,
        /// Share lost, 0 to 1.
        share: f64,
        /// Correlation with the previous message's draw, 0 to 1.
        correlation: f64,
    },
    /// Nothing passes a directed link. Union; drop beats refuse. A message dies if a cut is active
    /// at departure or at arrival. Landed: messages it killed.
    LinkCut {
        /// The link.
        link: LinkTarget,
        /// Whether senders notice.
        mode: CutMode,
    },
    /// Messages of a directed link wait, none is lost; they are released in send order when the last
    /// hold ends. Landed: messages it held.
    LinkHold {
        /// The link.
        link: LinkTarget,
    },
    /// Work takes longer: factor on the work done a second. Product, floor 0.001. Landed: work that
    /// was stretched.
    CpuSpeed {
        /// The node.
        node: NodeId,
        /// Work done a second, relative to the base; above 0.
        factor: f64,
    },
    /// At most `quota` of running time, summed over the cores, in each period. The lowest
    /// quota/period wins, ties: the longest period. Landed: time in which a task was throttled.
    CpuQuota {
        /// The node.
        node: NodeId,
        /// Running time a period.
        quota: VirtualDuration,
        /// Length of a period; boundaries at `phase` plus multiples of it.
        period: VirtualDuration,
        /// First boundary.
        phase: VirtualDuration,
    },
    /// An intruder takes resident memory. Bytes add, touch rates add. Landed: pages it displaced.
    MemoryPressure {
        /// The node.
        node: NodeId,
        /// How much it takes.
        size: Damage,
        /// Whether it goes on touching its pages, or only holds them.
        activity: Activity,
        /// How its pages appear.
        arrival: Arrival,
    },
    /// The node's memory is smaller. The lowest wins; one above what the node has changes nothing.
    /// Landed: pages reclaimed under it, and kills.
    MemoryLimit {
        /// The node.
        node: NodeId,
        /// How much is left.
        limit: Limit,
    },
    /// The kernel kills who has most pages, at the start. If that is a process of the node, its peers
    /// see a reset, and it starts again when the overlay ends and no other holds it down; if it is an
    /// intruder, that is gone. Landed: somebody was killed.
    OomKill {
        /// The node.
        node: NodeId,
    },
    /// The node's swap device is another one, slower or off. The latest device wins, slow-down
    /// factors multiply. Landed: reads it served; without a device: kills for want of it.
    SwapDevice {
        /// The node.
        node: NodeId,
        /// The device.
        device: Swap,
    },
    /// Something happens to calls of a service; each rule says how two of a kind combine.
    Call {
        /// The client's node, or every client.
        client: Option<NodeId>,
        /// The service called.
        service: ServiceId,
        /// What happens.
        rule: CallRule,
    },
    /// A named parameter of a workload takes another value on one node, or everywhere. The latest
    /// set wins. Landed: the workload read it or acted on it.
    Knob {
        /// The parameter.
        knob: KnobId,
        /// The node where it changes; `None` is everywhere.
        node: Option<NodeId>,
        /// Its value.
        value: f64,
    },
}

/// A directed link, by its ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LinkTarget {
    /// The sender.
    pub from: NodeId,
    /// The receiver.
    pub to: NodeId,
}

/// Families of primitives, for tables and host capabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// Crash and pause.
    Node,
    /// Delay, loss, cut, hold.
    Link,
    /// Speed, quota.
    Cpu,
    /// Pressure, limit, kill, swap device.
    Memory,
    /// Errors, delays, rate limits of calls.
    Call,
    /// Parameters of workloads.
    Knob,
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
    /// The node's device, limited to this many reads a second.
    Iops(f64),
    /// The device in force, with every service time multiplied by this factor, above 0.
    Slow(f64),
    /// None: what does not fit is killed instead of evicted. Pages that are swapped out already can
    /// still be read.
    Off,
}

/// What happens to calls. Stages: rate limit, early error, delay, hang, then the effect, then a lost
/// reply or a late error. The first stage that ends a call ends it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum CallRule {
    /// The service answers with an error. Independent; the first in id order that fires.
    Error {
        /// Status of the answer, as in HTTP.
        status: u16,
        /// Share of the calls, 0 to 1.
        share: f64,
        /// Whether the effect has happened when the error is sent.
        after_effect: bool,
        /// Hint to the client.
        retry_after: Option<VirtualDuration>,
    },
    /// Calls reach the service later. As link delays.
    Delay {
        /// Nanoseconds for add and replace, a factor on the link's delay for scale.
        delay: Law,
        /// How it combines.
        mode: Arithmetic,
        /// Share of the calls, 0 to 1.
        share: f64,
    },
    /// The call is accepted, then nothing happens until the caller gives up. Union.
    Hang {
        /// Share of the calls, 0 to 1.
        share: f64,
    },
    /// The effect happens, the reply is never sent. Independent.
    LostReply {
        /// Share of the calls, 0 to 1.
        share: f64,
    },
    /// A token bucket in front of the service. A call must pass every bucket.
    RateLimit {
        /// Tokens a second.
        rate: f64,
        /// Size of the bucket in tokens.
        burst: f64,
        /// Whether a call costs its declared `cost` instead of one token.
        by_cost: bool,
        /// Status of the refusal.
        status: u16,
        /// Whether the refusal says truthfully when to come again.
        retry_after: bool,
    },
}

impl Primitive {
    /// The family this belongs to.
    pub const fn family(&self) -> Family {
        match self {
            Self::Crash { .. } | Self::Pause { .. } => Family::Node,
            Self::LinkDelay { .. }
            | Self::LinkLoss { .. }
            | Self::LinkCut { .. }
            | Self::LinkHold { .. } => Family::Link,
            Self::CpuSpeed { .. } | Self::CpuQuota { .. } => Family::Cpu,
            Self::MemoryPressure { .. }
            | Self::MemoryLimit { .. }
            | Self::OomKill { .. }
            | Self::SwapDevice { .. } => Family::Memory,
            Self::Call { .. } => Family::Call,
            Self::Knob { .. } => Family::Knob,
        }
    }
    /// Its name in the fault catalogue's words.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Crash { .. } => "crash",
            Self::Pause { .. } => "pause",
            Self::LinkDelay { .. } => "delay",
            Self::LinkLoss { .. } => "loss",
            Self::LinkCut { .. } => "cut",
            Self::LinkHold { .. } => "hold",
            Self::CpuSpeed { .. } => "speed",
            Self::CpuQuota { .. } => "quota",
            Self::MemoryPressure { .. } => "pressure",
            Self::MemoryLimit { .. } => "limit",
            Self::OomKill { .. } => "oom-kill",
            Self::SwapDevice { .. } => "swap-device",
            Self::Call { rule, .. } => match rule {
                CallRule::Error { .. } => "error",
                CallRule::Delay { .. } => "call-delay",
                CallRule::Hang { .. } => "hang",
                CallRule::LostReply { .. } => "lost-reply",
                CallRule::RateLimit { .. } => "rate-limit",
            },
            Self::Knob { .. } => "knob",
        }
    }
    /// The node it acts on; for a link the sender, for a call the client. `None`: no single one.
    pub const fn node(&self) -> Option<NodeId> {
        match self {
            Self::Crash { node, .. }
            | Self::Pause { node }
            | Self::CpuSpeed { node, .. }
            | Self::CpuQuota { node, .. }
            | Self::MemoryPressure { node, .. }
            | Self::MemoryLimit { node, .. }
            | Self::OomKill { node }
            | Self::SwapDevice { node, .. } => Some(*node),
            Self::LinkDelay { link, .. }
            | Self::LinkLoss { link, .. }
            | Self::LinkCut { link, .. }
            | Self::LinkHold { link } => Some(link.from),
            Self::Call { client, .. } => *client,
            Self::Knob { node, .. } => *node,
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
            Self::Call => "call",
            Self::Knob => "knob",
        })
    }
}
