//! One primitive of each sort with a second value of the same sort, and what their rules say.

mod calls;
pub(crate) mod host;
mod link;
mod signals;
mod storage;

use squall_core::plan::{
    Bandwidth, CallRule, CallScope, DiskTarget, KnobChange, LinkTarget, Primitive, QueueLimit,
    SignalRule,
};
use squall_core::{ChannelId, KnobId, Law, NodeId, ServiceId, VirtualDuration};

/// What a rule says of two overlays whose values differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// A set: their order means nothing.
    Set,
    /// The first, or the latest, of this sort is the one that shows.
    Order(&'static str),
    /// As that, against another of itself only.
    OrderOfItself,
}

/// A primitive and what is known of it.
pub(crate) struct Sample {
    pub(crate) name: &'static str,
    pub(crate) primitive: Primitive,
    /// The same sort with another value.
    pub(crate) again: Primitive,
    pub(crate) rule: Rule,
    /// What it did stays after its end: lost pages, drifted clocks, the memory of a node.
    pub(crate) stays: bool,
    /// Shows only with something that is not there: a loss of power, memory that somebody uses.
    pub(crate) quiet: bool,
    /// What it does to an event depends on how many there were before, or when.
    pub(crate) counts: bool,
    /// Under it there are fewer events, and so other draws, than without it.
    pub(crate) removes: bool,
}

const A: NodeId = NodeId(0);
const LINK: LinkTarget = LinkTarget {
    from: A,
    to: NodeId(1),
};

const fn ms(ms: u64) -> VirtualDuration {
    VirtualDuration::from_millis(ms)
}
const fn disk() -> DiskTarget {
    DiskTarget {
        node: A,
        path: None,
    }
}
const fn law(ms: u64) -> Law {
    Law::Constant(ms as f64 * 1e6)
}
const fn call(rule: CallRule) -> Primitive {
    Primitive::Call {
        client: None,
        service: ServiceId(0),
        only: CallScope::ALL,
        rule,
    }
}
const fn signal(rule: SignalRule) -> Primitive {
    Primitive::Signal {
        channel: ChannelId(0),
        rule,
    }
}
const fn knob(change: KnobChange, value: f64) -> Primitive {
    Primitive::Knob {
        knob: KnobId(0),
        node: None,
        change,
        value,
    }
}
fn speed(rate: f64) -> Bandwidth {
    Bandwidth {
        rate: Some(rate),
        burst: 100,
        queue: Some(QueueLimit::Messages(4)),
    }
}

fn sample(name: &'static str, primitive: Primitive, again: Primitive) -> Sample {
    Sample {
        name,
        primitive,
        again,
        rule: Rule::Set,
        stays: false,
        quiet: false,
        counts: false,
        removes: false,
    }
}

impl Sample {
    fn rule(mut self, rule: Rule) -> Self {
        self.rule = rule;
        self
    }
    fn stays(mut self) -> Self {
        self.stays = true;
        self
    }
    fn counts(mut self) -> Self {
        self.counts = true;
        self
    }
    fn removes(mut self) -> Self {
        self.removes = true;
        self
    }
    fn quiet(mut self) -> Self {
        self.quiet = true;
        self
    }
}

/// All of them; `share` is that of what happens by chance.
pub(crate) fn samples(share: f64) -> Vec<Sample> {
    let half = share / 2.0 + 0.1;
    let mut all = host::node();
    all.extend(link::link(share, half));
    all.extend(host::processors());
    all.extend(host::memory());
    all.extend(storage::storage(share, half));
    all.extend(host::time());
    all.extend(calls::calls(share, half));
    all.extend(signals::signals(share, half));
    all.extend([
        sample(
            "knob set",
            knob(KnobChange::Set, 20.0),
            knob(KnobChange::Set, 30.0),
        )
        .rule(Rule::OrderOfItself),
        sample(
            "knob scale",
            knob(KnobChange::Scale, 2.0),
            knob(KnobChange::Scale, 4.0),
        ),
        sample(
            "knob add",
            knob(KnobChange::Add, 1.0),
            knob(KnobChange::Add, 2.0),
        ),
    ]);
    all
}

/// Sorts that [`arm`] tells apart.
pub(crate) const ARMS: usize = 50;

/// Which sort a primitive is. Without `_`: a new one does not compile until it has a sample.
pub(crate) fn arm(primitive: &Primitive) -> usize {
    match primitive {
        Primitive::Crash { .. } => 0,
        Primitive::PowerLoss { .. } => 1,
        Primitive::Pause { .. } => 2,
        Primitive::LinkDelay { .. } => 3,
        Primitive::LinkLoss { .. } => 4,
        Primitive::LinkBurstLoss { .. } => 5,
        Primitive::LinkCorrupt { .. } => 6,
        Primitive::LinkDuplicate { .. } => 7,
        Primitive::LinkRate { .. } => 8,
        Primitive::LinkTrace { .. } => 9,
        Primitive::LinkReorder { .. } => 10,
        Primitive::LinkClog { .. } => 11,
        Primitive::LinkCut { .. } => 12,
        Primitive::LinkReset { .. } => 13,
        Primitive::LinkHold { .. } => 14,
        Primitive::CpuSpeed { .. } => 15,
        Primitive::CpuQuota { .. } => 16,
        Primitive::CpuSteal { .. } => 17,
        Primitive::MemoryPressure { .. } => 18,
        Primitive::MemoryLimit { .. } => 19,
        Primitive::OomKill { .. } => 20,
        Primitive::SwapDevice { .. } => 21,
        Primitive::DiskLatency { .. } => 22,
        Primitive::DiskHold { .. } => 23,
        Primitive::DiskError { .. } => 24,
        Primitive::DiskFull { .. } => 25,
        Primitive::LyingFsync { .. } => 26,
        Primitive::UnsyncedLoss { .. } => 27,
        Primitive::TornWrite { .. } => 28,
        Primitive::BitRot { .. } => 29,
        Primitive::Misdirect { .. } => 30,
        Primitive::ClockStep { .. } => 31,
        Primitive::ClockDrift { .. } => 32,
        Primitive::ClockFreeze { .. } => 33,
        Primitive::Knob { .. } => 34,
        Primitive::Call { rule, .. } => match rule {
            CallRule::Error { .. } => 35,
            CallRule::Delay { .. } => 36,
            CallRule::Hang { .. } => 37,
            CallRule::LostReply { .. } => 38,
            CallRule::Malformed { .. } => 39,
            CallRule::Stream { .. } => 40,
            CallRule::RateLimit { .. } => 41,
        },
        Primitive::Signal { rule, .. } => match rule {
            SignalRule::Delay { .. } | SignalRule::Reorder { .. } => 42,
            SignalRule::Bias { .. } => 43,
            SignalRule::Drift { .. } | SignalRule::Noise { .. } => 44,
            SignalRule::Outlier { .. } => 45,
            SignalRule::Stuck => 46,
            SignalRule::Saturate { .. } => 47,
            SignalRule::NonFinite { .. } => 48,
            SignalRule::Off { .. } => 49,
        },
    }
}
