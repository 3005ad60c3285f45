//! Records: typed, compact, at most 48 bytes.

use super::Digest;
use crate::plan::FiringId;
use crate::{EntryId, NameId, NodeId, SpanId, VirtualTime};
use serde::{Deserialize, Serialize};

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// When.
    pub at: VirtualTime,
    /// What.
    pub what: What,
}

const _: () = assert!(
    core::mem::size_of::<Record>() <= 48,
    "a record fits 48 bytes"
);

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum What {
    /// A node changed its state.
    Node {
        /// The node.
        node: NodeId,
        /// How it changed.
        change: NodeChange,
    },
    /// A planned overlay came or went; `planned` is the time the plan says, `Record::at` the time
    /// the host did it.
    Fault {
        /// The overlay.
        entry: EntryId,
        /// What happened to it.
        change: FaultChange,
        /// When the plan says.
        planned: VirtualTime,
    },
    /// A client began an operation.
    Invoke {
        /// The operation, unique in the run.
        op: u32,
        /// The client's node.
        node: NodeId,
        /// What kind of operation.
        name: NameId,
        /// What it is about.
        key: u64,
        /// Its argument.
        value: u64,
    },
    /// An operation ended.
    Return {
        /// The operation.
        op: u32,
        /// How it ended.
        outcome: Outcome,
        /// What came back.
        value: u64,
    },
    /// An event of a workload: an effect, a decision, a retry. The workload documents `a` and `b`.
    Event {
        /// Name of the event, `<workload>.<event>`.
        name: NameId,
        /// Where.
        node: NodeId,
        /// First argument.
        a: u64,
        /// Second argument.
        b: u64,
    },
    /// One sample of a metric or signal.
    Sample {
        /// Name of the metric.
        name: NameId,
        /// Where.
        node: NodeId,
        /// Value, in the metric's unit.
        value: f64,
    },
    /// An operation with split time began.
    SpanStart {
        /// The span.
        span: SpanId,
        /// The span it is part of.
        parent: SpanId,
        /// Where.
        node: NodeId,
        /// What.
        name: NameId,
    },
    /// Part of a span's time, written when the span ends, before its [`What::SpanEnd`].
    SpanTime {
        /// The span.
        span: SpanId,
        /// What the time went to.
        part: Part,
        /// How much, in nanoseconds.
        ns: u64,
    },
    /// A span ended.
    SpanEnd {
        /// The span.
        span: SpanId,
        /// How its operation ended.
        outcome: Outcome,
    },
    /// A node took a role, or gave it up. A workload says so where it believes it: two nodes may hold
    /// one role.
    Role {
        /// The node.
        node: NodeId,
        /// The role, for instance `leader`.
        role: NameId,
        /// Of what, for instance `kv`.
        of: NameId,
        /// Of which part of it: a shard, a session; 0 where there is one only.
        key: u64,
        /// The term, epoch or view in which it has it: of two nodes the one with the higher has it.
        term: u64,
        /// Whether it took it.
        gained: bool,
    },
    /// A trigger of the plan went on. It says why a fault began, which the plan does not, and is no
    /// part of the digest: the same run under the frozen plan
    /// ([`Plan::frozen`](crate::plan::Plan::frozen)) has none.
    Trigger {
        /// Which firing of which trigger.
        firing: FiringId,
        /// What happened.
        change: TriggerChange,
    },
}

/// The life of a trigger and its firings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TriggerChange {
    /// It watches from here on.
    Armed,
    /// The floor keeps a target from being hit.
    Dropped {
        /// The target.
        node: NodeId,
    },
    /// A place in the overlays of the firing is filled; written before [`TriggerChange::Fired`].
    Hit {
        /// The place.
        place: NodeId,
        /// The node.
        node: NodeId,
    },
    /// It fires: the offsets of its overlays count from here.
    Fired,
    /// It fired at nobody.
    Missed(Miss),
}

/// Why a firing hit nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Miss {
    /// Nobody had the role in time.
    Role,
    /// The floor left nobody.
    Floor,
    /// Who had the role is spared: `never` names it.
    Spared,
    /// The time of the fault was over: its group was cut off, or its phase had ended.
    Late,
}

/// Changes of a node's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NodeChange {
    /// Started, at the beginning or after a crash.
    Up,
    /// Crashed.
    Down,
    /// Stopped running.
    Paused,
    /// Runs again.
    Resumed,
    /// The kernel killed its largest process for want of memory.
    OutOfMemory,
}

/// The life of an overlay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FaultChange {
    /// In force.
    Active,
    /// Its first effect.
    Landed,
    /// Over.
    Healed,
    /// For the first time, what it makes of a knob lies outside the knob's range, and is clamped.
    Clamped,
}

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Outcome {
    /// It happened.
    Ok,
    /// It did not happen.
    Fail,
    /// Nobody knows whether it happened.
    Info,
}

/// What the time of a span went to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Running on a core.
    Run,
    /// Waiting for a core.
    CpuWait,
    /// Waiting for the next quota period.
    Throttled,
    /// Waiting for pages to come back from swap, or for memory to be reclaimed.
    PageFault,
    /// Waiting for the disk.
    Disk,
    /// Messages under way.
    Network,
    /// Waiting for a peer to answer.
    Peer,
    /// Waiting in a queue for admission.
    Queue,
    /// Waiting before another attempt.
    Backoff,
}

impl Part {
    /// All parts, in the order of reports.
    pub const ALL: [Self; 9] = [
        Self::Run,
        Self::CpuWait,
        Self::Throttled,
        Self::PageFault,
        Self::Disk,
        Self::Network,
        Self::Peer,
        Self::Queue,
        Self::Backoff,
    ];
    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Run => "running",
            Self::CpuWait => "waiting for cpu",
            Self::Throttled => "throttled",
            Self::PageFault => "page-fault stall",
            Self::Disk => "disk",
            Self::Network => "network",
            Self::Peer => "waiting for a peer",
            Self::Queue => "queued",
            Self::Backoff => "back-off",
        }
    }
}

impl Record {
    /// Whether two records are the same to the digest: bit by bit, so that a sample that is no
    /// number equals itself.
    pub fn same(&self, other: &Self) -> bool {
        if !self.is_digested() || !other.is_digested() {
            return self == other;
        }
        let [mut one, mut two] = [Digest::default(); 2];
        one.record(self);
        two.record(other);
        one == two
    }
    /// Whether it moves the digest: all do but those of triggers.
    pub const fn is_digested(&self) -> bool {
        !matches!(self.what, What::Trigger { .. })
    }
    /// Adds the canonical words of this record to `digest`. Changing this changes every digest, so
    /// it raises the engine epoch.
    pub(crate) fn digest(&self, digest: &mut Digest) {
        if !self.is_digested() {
            return;
        }
        let pair = |high: u32, low: u32| (u64::from(high) << 32) | u64::from(low);
        digest.word(self.at.as_nanos());
        match self.what {
            What::Node { node, change } => digest.words(&[pair(1, node.0), change as u64]),
            What::Fault {
                entry,
                change,
                planned,
            } => digest.words(&[pair(2, entry.0), change as u64, planned.as_nanos()]),
            What::Invoke {
                op,
                node,
                name,
                key,
                value,
            } => digest.words(&[pair(3, op), pair(node.0, name.0), key, value]),
            What::Return { op, outcome, value } => {
                digest.words(&[pair(4, op), outcome as u64, value]);
            }
            What::Event { name, node, a, b } => {
                digest.words(&[pair(5, name.0), pair(node.0, 0), a, b])
            }
            What::Sample { name, node, value } => {
                digest.words(&[pair(6, name.0), pair(node.0, 0), value.to_bits()]);
            }
            What::SpanStart {
                span,
                parent,
                node,
                name,
            } => digest.words(&[pair(7, span.0), pair(parent.0, node.0), pair(0, name.0)]),
            What::SpanTime { span, part, ns } => digest.words(&[pair(8, span.0), part as u64, ns]),
            What::SpanEnd { span, outcome } => digest.words(&[pair(9, span.0), outcome as u64]),
            What::Role {
                node,
                role,
                of,
                key,
                term,
                gained,
            } => {
                let head = [pair(10, node.0), pair(role.0, of.0)];
                digest.words(&[head[0], head[1], key, term, u64::from(gained)]);
            }
            What::Trigger { .. } => {}
        }
    }
}
