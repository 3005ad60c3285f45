//! One primitive of each sort with a second value of the same sort, and what their rules say.

use squall_core::disk::{DiskError, DiskOps};
use squall_core::memory::{Activity, Arrival};
use squall_core::plan::{
    Arithmetic, Bandwidth, CallRule, CallScope, Clocks, Corrupt, Corruption, CutMode, CutScope,
    Damage, DiskSpace, DiskTarget, Duplicate, FreezeEnd, GilbertElliott, HoldBack, KnobChange,
    Limit, LimitUnit, LinkTarget, Malformed, Poison, Primitive, QueueLimit, Reorder, ResetEnds,
    RetryAfter, Seen, Series, SignalRule, StepEnd, Swap, Thief, Traced,
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
    let mut all = node();
    all.extend(link(share, half));
    all.extend(machine());
    all.extend(storage(share, half));
    all.extend(time());
    all.extend(calls(share, half));
    all.extend(signals(share, half));
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

fn node() -> Vec<Sample> {
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

fn link(share: f64, half: f64) -> Vec<Sample> {
    let link = LINK;
    let delay = |ms, mode| Primitive::LinkDelay {
        link,
        delay: law(ms),
        mode,
        correlation: 0.0,
    };
    let scale = |by| Primitive::LinkDelay {
        link,
        delay: Law::Constant(by),
        mode: Arithmetic::Scale,
        correlation: 0.0,
    };
    let loss = |share| Primitive::LinkLoss {
        link,
        share,
        correlation: 0.0,
    };
    let burst = |p| Primitive::LinkBurstLoss {
        link,
        // At the full share it stays in bad: how many messages there were means nothing then.
        chain: GilbertElliott {
            p,
            r: 0.6 * (1.0 - share),
            loss_good: 0.0,
            loss_bad: 1.0,
            step: None,
        },
    };
    let corrupt = |share, seen| Primitive::LinkCorrupt {
        link,
        corrupt: Corrupt { share, seen },
    };
    let copies = |copies| Primitive::LinkDuplicate {
        link,
        duplicate: Duplicate {
            share,
            copies,
            after: VirtualDuration::ZERO,
            only: None,
        },
    };
    let rate = |rate| Primitive::LinkRate {
        link,
        bandwidth: speed(rate),
    };
    let trace = |ms: u64| Primitive::LinkTrace {
        link,
        traced: Traced::Delay,
        series: Series::new(vec![(0, ms as f64 * 1e6)], None),
    };
    let reorder = |ms_| Primitive::LinkReorder {
        link,
        reorder: Reorder {
            share,
            by: HoldBack::Time(ms(ms_)),
        },
    };
    let clog = |share| Primitive::LinkClog {
        link,
        share,
        length: law(30),
    };
    let cut = |mode| Primitive::LinkCut {
        link,
        mode,
        scope: CutScope::All,
    };
    let reset = Primitive::LinkReset {
        link,
        ends: ResetEnds::Both,
    };
    let hold = Primitive::LinkHold { link };
    vec![
        sample(
            "delay add",
            delay(7, Arithmetic::Add),
            delay(9, Arithmetic::Add),
        ),
        sample(
            "delay replace",
            delay(4, Arithmetic::Replace),
            delay(5, Arithmetic::Replace),
        )
        .rule(Rule::Order("delay")),
        sample("delay scale", scale(2.0), scale(3.0)),
        sample("loss", loss(share), loss(half)).removes(),
        sample("burst-loss", burst(share), burst(half)).removes(),
        sample(
            "corrupt",
            corrupt(share, Corruption::Detected),
            corrupt(half, Corruption::Silent),
        ),
        sample("duplicate", copies(1), copies(2)),
        sample("rate", rate(20_000.0), rate(30_000.0)),
        sample("delay-trace", trace(3), trace(6)).rule(Rule::Order("delay")),
        sample("reorder", reorder(25), reorder(35)),
        sample("clog", clog(share), clog(half)),
        sample("cut", cut(CutMode::Drop), cut(CutMode::Refuse)),
        sample("reset", reset.clone(), reset).quiet(),
        sample("hold", hold.clone(), hold),
    ]
}

fn machine() -> Vec<Sample> {
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
        sample("speed", speed(0.5), speed(0.25)),
        sample("quota", quota(4), quota(8)),
        sample("steal", steal(0.5), steal(0.3)),
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

fn storage(share: f64, half: f64) -> Vec<Sample> {
    let slow = |by, mode| Primitive::DiskLatency {
        disk: disk(),
        ops: DiskOps::ALL,
        delay: by,
        mode,
        share: 1.0,
    };
    let hold = Primitive::DiskHold {
        disk: disk(),
        ops: DiskOps::ALL,
    };
    let error = |error, share| Primitive::DiskError {
        disk: disk(),
        ops: DiskOps::ALL,
        error,
        share,
    };
    let full = |bytes| Primitive::DiskFull {
        node: A,
        space: DiskSpace::Free(bytes),
    };
    let lying = |share| Primitive::LyingFsync {
        disk: disk(),
        share,
    };
    let unsynced = |share| Primitive::UnsyncedLoss { node: A, share };
    let torn = |share, unit| Primitive::TornWrite {
        node: A,
        share,
        unit,
    };
    let rot = |share| Primitive::BitRot {
        disk: disk(),
        share,
        at_rest: false,
        visible: true,
    };
    let astray = |distance| Primitive::Misdirect {
        disk: disk(),
        ops: DiskOps::WRITE,
        share,
        distance: Law::Constant(distance),
    };
    vec![
        sample(
            "disk add",
            slow(law(5), Arithmetic::Add),
            slow(law(8), Arithmetic::Add),
        ),
        sample(
            "disk replace",
            slow(law(3), Arithmetic::Replace),
            slow(law(4), Arithmetic::Replace),
        )
        .rule(Rule::OrderOfItself)
        .removes(),
        sample(
            "disk scale",
            slow(Law::Constant(60.0), Arithmetic::Scale),
            slow(Law::Constant(90.0), Arithmetic::Scale),
        )
        .counts()
        .removes(),
        sample("disk-hold", hold.clone(), hold).removes(),
        sample(
            "disk-error",
            error(DiskError::Io, share),
            error(DiskError::ReadOnly, share),
        )
        .rule(Rule::OrderOfItself)
        .removes(),
        sample("disk-full", full(0), full(1_000)).removes(),
        sample("lying-fsync", lying(share), lying(half))
            .quiet()
            .removes(),
        sample("unsynced-loss", unsynced(share), unsynced(half)).quiet(),
        sample("torn-write", torn(share, 512), torn(half, 4_096)).quiet(),
        sample("bit-rot", rot(share), rot(half)).quiet(),
        sample("misdirect", astray(1.0), astray(2.0))
            .rule(Rule::OrderOfItself)
            .quiet(),
    ]
}

fn time() -> Vec<Sample> {
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

fn calls(share: f64, half: f64) -> Vec<Sample> {
    let error = |status, share| {
        let (after_effect, retry_after, work) = (false, None, VirtualDuration::ZERO);
        call(CallRule::Error {
            status,
            share,
            after_effect,
            retry_after,
            work,
        })
    };
    let delay = |by, mode| {
        call(CallRule::Delay {
            delay: by,
            mode,
            share: 1.0,
        })
    };
    let damaged = |mode, share| call(CallRule::Malformed { mode, share });
    let stream = |factor| {
        call(CallRule::Stream {
            cut: None,
            factor,
            stall: ms(3),
            share,
        })
    };
    let limit = |rate, status| {
        let (burst, unit, retry_after) = (1.0, LimitUnit::Calls, RetryAfter::None);
        call(CallRule::RateLimit {
            rate,
            burst,
            unit,
            status,
            retry_after,
        })
    };
    vec![
        sample("call-error", error(503, share), error(500, share)).rule(Rule::OrderOfItself),
        sample(
            "call-delay add",
            delay(law(5), Arithmetic::Add),
            delay(law(8), Arithmetic::Add),
        ),
        sample(
            "call-hang",
            call(CallRule::Hang { share }),
            call(CallRule::Hang { share: half }),
        ),
        sample(
            "lost-reply",
            call(CallRule::LostReply { share }),
            call(CallRule::LostReply { share: half }),
        ),
        sample(
            "malformed",
            damaged(Malformed::PartialJson, share),
            damaged(Malformed::FieldsRemoved, half),
        ),
        sample("stream", stream(2.0), stream(3.0)).quiet(),
        sample("rate-limit", limit(3.0, 429), limit(2.0, 430))
            .rule(Rule::OrderOfItself)
            .counts(),
    ]
}

fn signals(share: f64, half: f64) -> Vec<Sample> {
    let late = |by| signal(SignalRule::Delay { delay: law(by) });
    let reorder = |depth| {
        signal(SignalRule::Reorder {
            share,
            depth,
            copies: 0.0,
        })
    };
    let bias = |offset| signal(SignalRule::Bias { offset });
    let drift = |rate| signal(SignalRule::Drift { rate });
    let noise = |sd| signal(SignalRule::Noise { sd });
    let outlier = |share, size| signal(SignalRule::Outlier { share, size });
    let limit = |limit| {
        signal(SignalRule::Saturate {
            limit: Some(limit),
            rate: None,
        })
    };
    let poison = |poison| signal(SignalRule::NonFinite { poison, share });
    vec![
        sample("signal delay", late(3), late(5)),
        sample("signal reorder", reorder(2), reorder(3)),
        sample("bias", bias(1.0), bias(-3.0)),
        sample("signal drift", drift(1.0), drift(0.5)),
        sample("noise", noise(1.0), noise(2.0)).counts(),
        sample("outlier", outlier(share, 50.0), outlier(half, 90.0))
            .rule(Rule::OrderOfItself)
            .counts(),
        sample(
            "stuck",
            signal(SignalRule::Stuck),
            signal(SignalRule::Stuck),
        ),
        sample("saturate", limit(4.0), limit(3.0)),
        sample("non-finite", poison(Poison::Nan), poison(Poison::Inf)).rule(Rule::OrderOfItself),
        sample(
            "off",
            signal(SignalRule::Off { passes: None }),
            signal(SignalRule::Off { passes: None }),
        ),
    ]
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
