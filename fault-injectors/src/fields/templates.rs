//! One primitive of every form, with no strength: what a frozen plan is read into.

use squall_core::disk::{DiskError, DiskOps};
use squall_core::memory::{Activity, Arrival};
use squall_core::plan::{
    Arithmetic, Bandwidth, CallRule, CallScope, Clocks, Corrupt, Corruption, CutMode, CutScope,
    Damage, DiskSpace, DiskTarget, Duplicate, FreezeEnd, GilbertElliott, HoldBack, KnobChange,
    Limit, LimitUnit, LinkTarget, Malformed, Poison, Primitive, Reorder, ResetEnds, RetryAfter,
    Seen, Series, SignalRule, StepEnd, Swap, Thief, Traced,
};
use squall_core::{ChannelId, KnobId, Law, NodeId, ServiceId, VirtualDuration};

const NODE: NodeId = NodeId(0);
const LINK: LinkTarget = LinkTarget {
    from: NODE,
    to: NODE,
};
const ZERO: Law = Law::Constant(0.0);
const NO_TIME: VirtualDuration = VirtualDuration::ZERO;
const MODES: [Arithmetic; 3] = [Arithmetic::Add, Arithmetic::Scale, Arithmetic::Replace];
const NO_OPS: DiskOps = DiskOps {
    read: false,
    write: false,
    fsync: false,
};

fn disk() -> DiskTarget {
    DiskTarget {
        node: NODE,
        path: None,
    }
}

/// Every form once.
pub(crate) fn templates() -> Vec<Primitive> {
    let mut all = nodes();
    all.extend(links());
    all.extend(memory());
    all.extend(disks());
    all.extend(clocks());
    all.extend(calls());
    all.extend(signals());
    let changes = [KnobChange::Set, KnobChange::Scale, KnobChange::Add];
    all.extend(changes.map(|change| Primitive::Knob {
        knob: KnobId(0),
        node: None,
        change,
        value: 0.0,
    }));
    all
}

fn nodes() -> Vec<Primitive> {
    let node = NODE;
    let steal = |by| Primitive::CpuSteal { node, by };
    vec![
        Primitive::Crash {
            node,
            seen: Seen::Silent,
        },
        Primitive::PowerLoss {
            node,
            seen: Seen::Silent,
            wipe: false,
        },
        Primitive::Pause { node },
        Primitive::CpuSpeed { node, factor: 1.0 },
        Primitive::CpuQuota {
            node,
            quota: NO_TIME,
            period: NO_TIME,
            phase: NO_TIME,
        },
        steal(Thief::Host {
            share: 0.0,
            burst: NO_TIME,
            phase: NO_TIME,
        }),
        steal(Thief::Hogs(0.0)),
        steal(Thief::Cores(0)),
    ]
}

fn links() -> Vec<Primitive> {
    let link = LINK;
    let delay = |mode| Primitive::LinkDelay {
        link,
        delay: ZERO,
        mode,
        correlation: 0.0,
    };
    let cut = |scope| Primitive::LinkCut {
        link,
        mode: CutMode::Drop,
        scope,
    };
    let trace = |traced| Primitive::LinkTrace {
        link,
        traced,
        series: Series::new(vec![(0, 0.0)], None),
    };
    let mut all: Vec<Primitive> = MODES.into_iter().map(delay).collect();
    all.extend([CutScope::All, CutScope::Existing, CutScope::Above(0)].map(cut));
    all.extend([Traced::Delay, Traced::Capacity].map(trace));
    all.extend([
        Primitive::LinkLoss {
            link,
            share: 0.0,
            correlation: 0.0,
        },
        Primitive::LinkBurstLoss {
            link,
            chain: GilbertElliott {
                p: 0.0,
                r: 1.0,
                loss_good: 0.0,
                loss_bad: 1.0,
                step: None,
            },
        },
        Primitive::LinkCorrupt {
            link,
            corrupt: Corrupt::new(0.0, Corruption::Detected),
        },
        Primitive::LinkDuplicate {
            link,
            duplicate: Duplicate::new(0.0, 1),
        },
        Primitive::LinkRate {
            link,
            bandwidth: Bandwidth {
                rate: None,
                burst: 0,
                queue: None,
            },
        },
        Primitive::LinkReorder {
            link,
            reorder: Reorder {
                share: 0.0,
                by: HoldBack::Time(NO_TIME),
            },
        },
        Primitive::LinkClog {
            link,
            share: 0.0,
            length: ZERO,
        },
        Primitive::LinkReset {
            link,
            ends: ResetEnds::Both,
        },
        Primitive::LinkHold { link },
    ]);
    all
}

fn memory() -> Vec<Primitive> {
    let node = NODE;
    let pressure = |size| Primitive::MemoryPressure {
        node,
        size,
        activity: Activity::Active,
        arrival: Arrival::Burst { ramp: NO_TIME },
    };
    let swap = |device| Primitive::SwapDevice { node, device };
    vec![
        pressure(Damage::Bytes(0)),
        pressure(Damage::Overcommit(1.0)),
        Primitive::MemoryLimit {
            node,
            limit: Limit::Bytes(0),
        },
        Primitive::MemoryLimit {
            node,
            limit: Limit::OfWorkingSet(1.0),
        },
        Primitive::OomKill { node },
        swap(Swap::Disk),
        swap(Swap::Slow(1.0)),
        swap(Swap::Off),
    ]
}

fn disks() -> Vec<Primitive> {
    let (node, ops) = (NODE, NO_OPS);
    let latency = |mode| Primitive::DiskLatency {
        disk: disk(),
        ops,
        delay: ZERO,
        mode,
        share: 0.0,
    };
    let mut all: Vec<Primitive> = MODES.into_iter().map(latency).collect();
    all.extend([
        Primitive::DiskHold { disk: disk(), ops },
        Primitive::DiskError {
            disk: disk(),
            ops,
            error: DiskError::Io,
            share: 0.0,
        },
        Primitive::DiskFull {
            node,
            space: DiskSpace::Free(0),
        },
        Primitive::DiskFull {
            node,
            space: DiskSpace::Fill {
                rate: 0.0,
                reserve: 0,
            },
        },
        Primitive::LyingFsync {
            disk: disk(),
            share: 0.0,
        },
        Primitive::UnsyncedLoss { node, share: 0.0 },
        Primitive::TornWrite {
            node,
            share: 0.0,
            unit: 1,
        },
        Primitive::BitRot {
            disk: disk(),
            share: 0.0,
            at_rest: false,
            visible: false,
        },
        Primitive::Misdirect {
            disk: disk(),
            ops,
            share: 0.0,
            distance: Law::Constant(1.0),
        },
    ]);
    all
}

fn clocks() -> Vec<Primitive> {
    let node = NODE;
    vec![
        Primitive::ClockStep {
            node,
            offset_ns: 0,
            strobe: None,
            end: StepEnd::Back,
        },
        Primitive::ClockDrift {
            node,
            ppm: 0.0,
            wall_only: false,
        },
        Primitive::ClockFreeze {
            node,
            clock: Clocks::Wall,
            end: FreezeEnd::Jump,
        },
    ]
}

fn calls() -> Vec<Primitive> {
    let call = |rule| Primitive::Call {
        client: None,
        service: ServiceId(0),
        only: CallScope::ALL,
        rule,
    };
    let delay = |mode| {
        call(CallRule::Delay {
            delay: ZERO,
            mode,
            share: 0.0,
        })
    };
    let damaged = |mode| call(CallRule::Malformed { mode, share: 0.0 });
    let mut all: Vec<Primitive> = MODES.into_iter().map(delay).collect();
    all.extend([
        call(CallRule::Error {
            status: 500,
            share: 0.0,
            after_effect: false,
            retry_after: None,
            work: NO_TIME,
        }),
        damaged(Malformed::ErrorBody),
        damaged(Malformed::Stale { age: NO_TIME }),
        damaged(Malformed::Forced { ok: false }),
        call(CallRule::Stream {
            cut: None,
            factor: 1.0,
            stall: NO_TIME,
            share: 0.0,
        }),
        call(CallRule::Hang { share: 0.0 }),
        call(CallRule::LostReply { share: 0.0 }),
        call(CallRule::RateLimit {
            rate: 0.0,
            burst: 0.0,
            unit: LimitUnit::Calls,
            status: 429,
            retry_after: RetryAfter::None,
        }),
    ]);
    all
}

fn signals() -> Vec<Primitive> {
    let signal = |rule| Primitive::Signal {
        channel: ChannelId(0),
        rule,
    };
    let poisoned = |poison| SignalRule::NonFinite { poison, share: 0.0 };
    let rules = [
        SignalRule::Delay { delay: ZERO },
        SignalRule::Reorder {
            share: 0.0,
            depth: 1,
            copies: 0.0,
        },
        SignalRule::Bias { offset: 0.0 },
        SignalRule::Drift { rate: 0.0 },
        SignalRule::Noise { sd: 0.0 },
        SignalRule::Outlier {
            share: 0.0,
            size: 0.0,
        },
        SignalRule::Stuck,
        SignalRule::Saturate {
            limit: None,
            rate: None,
        },
        poisoned(Poison::Nan),
        poisoned(Poison::Cast(1.0)),
        SignalRule::Off { passes: None },
    ];
    rules.map(signal).into()
}
