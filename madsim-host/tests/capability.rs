//! The capability table, and what is decided by a plan as a whole.

#![cfg(madsim)]

use squall_core::memory::{Activity, Arrival};
use squall_core::plan::{
    Arithmetic, CallRule, CallScope, CutMode, CutScope, Damage, Duplicate, Entry, KnobChange,
    Limit, LinkTarget, Malformed, Plan, PlannedFault, Primitive, ResetEnds, Seen, SignalRule, Swap,
};
use squall_core::{ChannelId, KnobId, Law, NodeId, ServiceId, VirtualDuration, VirtualTime};
use squall_madsim::{Shape, Support, check, support};

const NODE: NodeId = NodeId(0);

fn word(primitive: &Primitive) -> &'static str {
    match support(primitive) {
        Support::Native => "native",
        Support::Approximated(_) => "approximated",
        Support::Refused(_) => "refused",
    }
}

fn delay(law: Law, mode: Arithmetic, correlation: f64) -> Primitive {
    Primitive::LinkDelay {
        link: link(0, 1),
        delay: law,
        mode,
        correlation,
    }
}

fn link(from: u32, to: u32) -> LinkTarget {
    LinkTarget {
        from: NodeId(from),
        to: NodeId(to),
    }
}

#[test]
fn node_and_link_primitives() {
    let uniform = || Law::Uniform {
        low: 1e6,
        high: 2e6,
    };
    let (add, replace) = (Arithmetic::Add, Arithmetic::Replace);
    let cut = |mode| Primitive::LinkCut {
        link: link(0, 1),
        mode,
        scope: CutScope::All,
    };
    let loss = |correlation| Primitive::LinkLoss {
        link: link(0, 1),
        share: 0.1,
        correlation,
    };
    let crash = |seen| Primitive::Crash { node: NODE, seen };
    for (primitive, expected) in [
        (crash(Seen::Reset), "native"),
        (crash(Seen::Silent), "approximated"),
        (Primitive::Pause { node: NODE }, "native"),
        (delay(Law::Constant(1e6), add, 0.0), "native"),
        (delay(uniform(), replace, 0.0), "native"),
        (delay(uniform(), add, 0.0), "approximated"),
        (delay(Law::Constant(1e6), add, 0.5), "refused"),
        (delay(Law::Constant(-1e6), add, 0.0), "refused"),
        (delay(Law::Exponential { mean: 1e6 }, add, 0.0), "refused"),
        (loss(0.0), "approximated"),
        (loss(0.3), "refused"),
        (cut(CutMode::Drop), "native"),
        (cut(CutMode::Refuse), "refused"),
        (Primitive::LinkHold { link: link(0, 1) }, "approximated"),
    ] {
        assert_eq!(word(&primitive), expected, "{primitive:?}");
    }
}

#[test]
fn other_primitives() {
    let speed = |factor| Primitive::CpuSpeed { node: NODE, factor };
    let quota = |us| Primitive::CpuQuota {
        node: NODE,
        quota: VirtualDuration::from_micros(us),
        period: VirtualDuration::from_millis(100),
        phase: VirtualDuration::ZERO,
    };
    let call = Primitive::Call {
        client: None,
        service: ServiceId(0),
        only: CallScope::ALL,
        rule: CallRule::Hang { share: 1.0 },
    };
    let memory = Primitive::MemoryPressure {
        node: NODE,
        size: Damage::Overcommit(1.6),
        activity: Activity::Active,
        arrival: Arrival::Burst {
            ramp: VirtualDuration::ZERO,
        },
    };
    let swap = Primitive::SwapDevice {
        node: NODE,
        device: Swap::Iops(800.0),
    };
    let knob = Primitive::Knob {
        knob: KnobId(0),
        node: None,
        change: KnobChange::Set,
        value: 1.0,
    };
    for (primitive, expected) in [
        (speed(0.5), "approximated"),
        (speed(2.0), "refused"),
        (speed(f64::NAN), "refused"),
        (quota(50_000), "approximated"),
        (quota(500), "refused"),
        (quota(99_500), "refused"),
        (memory, "refused"),
        (swap, "refused"),
        (
            Primitive::Signal {
                channel: ChannelId(0),
                rule: SignalRule::Stuck,
            },
            "refused",
        ),
        (call, "refused"),
        (knob, "native"),
    ] {
        assert_eq!(word(&primitive), expected, "{primitive:?}");
    }
}

/// A plan of one fault with these primitives; the second half of a pair is when it starts.
fn plan(primitives: Vec<(Primitive, u64)>) -> Plan {
    let fault = PlannedFault {
        kind: "link-delay".to_owned(),
        label: "link-delay#1".to_owned(),
        land: squall_core::plan::Land::Any,
        notes: Vec::new(),
    };
    let entries = (0..).zip(primitives);
    let entries = entries.map(|(part, (primitive, from))| Entry {
        fault: 0,
        part,
        from: VirtualTime::from_nanos(from),
        until: Some(VirtualTime::from_nanos(100)),
        firing: None,
        primitive,
    });
    Plan::new(vec![fault], entries.collect())
}

fn delay_on(from: u32, to: u32) -> Primitive {
    Primitive::LinkDelay {
        link: link(from, to),
        delay: Law::Constant(1e6),
        mode: Arithmetic::Add,
        correlation: 0.0,
    }
}

#[test]
fn what_waits_is_refused_by_its_name_and_a_frozen_plan_is_not() {
    use squall_core::history;
    use squall_core::plan::{Firing, FiringId, IfNone, On, Trigger};
    let pause = Primitive::Pause { node: NodeId(0) };
    let fixed = plan(vec![(pause, 0)]);
    let firing = FiringId {
        trigger: 0,
        ordinal: 0,
    };
    let waiting = fixed.entries().iter().map(|entry| Entry {
        firing: Some(firing),
        ..entry.clone()
    });
    let trigger = Trigger {
        fault: 0,
        on: On::Event {
            name: "kv.write".to_owned(),
            nodes: None,
            a: None,
            b: None,
        },
        from: VirtualTime::ZERO,
        until: VirtualTime::MAX,
        after: 1,
        cooldown: VirtualDuration::ZERO,
        ends: VirtualTime::MAX,
        patience: VirtualDuration::ZERO,
        if_none: IfNone::Miss,
        firings: vec![Firing::default()],
    };
    let waiting = Plan::new(fixed.faults.clone(), waiting.collect()).with_triggers(vec![trigger]);
    let shape = Shape { nodes: 1, knobs: 0 };
    let refused = check(&waiting, &shape).expect_err("nothing waits here");
    let text = refused[0].to_string();
    assert!(
        text.starts_with("`pause` of fault `link-delay#1`: waits for"),
        "{text}"
    );
    let fired = history::Record {
        at: VirtualTime::from_nanos(7),
        what: history::What::Trigger {
            firing,
            change: history::TriggerChange::Fired,
        },
    };
    assert_eq!(check(&waiting.frozen(&[fired]), &shape), Ok(Vec::new()));
    // That it never fired leaves nothing to do.
    let never = waiting.frozen(&[]);
    assert!(never.timeline().is_empty());
    assert_eq!(check(&never, &shape), Ok(Vec::new()));
}

#[test]
fn a_delay_needs_every_link_the_same_value_and_the_same_time() {
    let refused = |nodes, primitives| {
        let shape = Shape { nodes, knobs: 0 };
        check(&plan(primitives), &shape)
            .err()
            .unwrap_or_default()
            .len()
    };
    let all = |nodes: u32| {
        let pairs = (0..nodes).flat_map(move |from| (0..nodes).map(move |to| (from, to)));
        let links = pairs.filter(|(from, to)| from != to);
        links
            .map(|(from, to)| (delay_on(from, to), 0))
            .collect::<Vec<_>>()
    };
    assert_eq!(refused(3, all(3)), 0);
    // A fourth node: now some links are without it.
    assert_eq!(refused(4, all(3)), 6);
    // One link less, later, or by another value.
    assert_eq!(refused(3, all(3)[1..].to_vec()), 5);
    let mut later = all(3);
    later[2].1 = 50;
    assert_eq!(refused(3, later), 6);
    let mut other = all(3);
    other[2].0 = delay(Law::Constant(2e6), Arithmetic::Add, 0.0);
    assert_eq!(refused(3, other), 6);
    // Twice the same is two delays of the whole net; one of them in part is refused alone.
    let twice = || all(3).into_iter().chain(all(3)).collect::<Vec<_>>();
    assert_eq!(refused(3, twice()), 0);
    assert_eq!(refused(3, twice()[..9].to_vec()), 3);
}

#[test]
fn a_limit_names_fault_primitive_and_reason() {
    let shape = Shape { nodes: 2, knobs: 1 };
    let knob = |knob| Primitive::Knob {
        knob: KnobId(knob),
        node: None,
        change: KnobChange::Set,
        value: 1.0,
    };
    let primitives = vec![
        (Primitive::Pause { node: NodeId(1) }, 0),
        (Primitive::Pause { node: NodeId(2) }, 0),
        (delay_on(0, 2), 0),
        (knob(0), 0),
        (knob(1), 0),
        (delay_on(0, 1), 0),
    ];
    let limits = check(&plan(primitives), &shape).expect_err("half of it is impossible");
    let text: Vec<String> = limits.iter().map(ToString::to_string).collect();
    assert_eq!(
        text,
        [
            "`pause` of fault `link-delay#1`: names a node that this run does not have",
            "`delay` of fault `link-delay#1`: names a node that this run does not have",
            "`knob` of fault `link-delay#1`: names a knob that this run does not declare",
            "`delay` of fault `link-delay#1`: holds for the whole net only: plan the same value on \
             every link between nodes, in both directions, for the same time",
        ]
    );
    let entries: Vec<u32> = limits.iter().map(|limit| limit.entry.0).collect();
    assert_eq!(entries, [1, 2, 4, 5]);
}

/// `squall list faults` shows what this host can do without knowing this crate: the two agree about
/// every primitive, on the values that suit this host best.
#[test]
fn the_list_of_faults_says_the_same() {
    use squall_faults::catalog::{Support as Listed, primitive_on_madsim};
    let service = ServiceId(0);
    let call = |rule| Primitive::Call {
        client: None,
        service,
        only: CallScope::ALL,
        rule,
    };
    let best = [
        Primitive::Crash {
            node: NODE,
            seen: Seen::Silent,
        },
        Primitive::Pause { node: NODE },
        delay(Law::Constant(1e6), Arithmetic::Replace, 0.0),
        Primitive::LinkLoss {
            link: link(0, 1),
            share: 0.5,
            correlation: 0.0,
        },
        Primitive::LinkCut {
            link: link(0, 1),
            mode: CutMode::Drop,
            scope: CutScope::All,
        },
        Primitive::LinkCut {
            link: link(0, 1),
            mode: CutMode::Drop,
            scope: CutScope::Existing,
        },
        Primitive::LinkReset {
            link: link(0, 1),
            ends: ResetEnds::Both,
        },
        Primitive::LinkClog {
            link: link(0, 1),
            share: 0.5,
            length: Law::Constant(1e9),
        },
        Primitive::LinkDuplicate {
            link: link(0, 1),
            duplicate: Duplicate::new(0.5, 1),
        },
        Primitive::LinkHold { link: link(0, 1) },
        Primitive::CpuSpeed {
            node: NODE,
            factor: 0.5,
        },
        Primitive::CpuQuota {
            node: NODE,
            quota: VirtualDuration::from_millis(20),
            period: VirtualDuration::from_millis(100),
            phase: VirtualDuration::ZERO,
        },
        Primitive::MemoryPressure {
            node: NODE,
            size: Damage::Bytes(1),
            activity: Activity::Active,
            arrival: Arrival::Burst {
                ramp: VirtualDuration::ZERO,
            },
        },
        Primitive::MemoryLimit {
            node: NODE,
            limit: Limit::Bytes(1),
        },
        Primitive::OomKill { node: NODE },
        Primitive::SwapDevice {
            node: NODE,
            device: Swap::Iops(800.0),
        },
        Primitive::PowerLoss {
            node: NODE,
            seen: Seen::Reset,
            wipe: false,
        },
        Primitive::UnsyncedLoss {
            node: NODE,
            share: 1.0,
        },
        call(CallRule::Hang { share: 1.0 }),
        call(CallRule::LostReply { share: 1.0 }),
        call(CallRule::Malformed {
            mode: Malformed::Empty,
            share: 1.0,
        }),
        call(CallRule::Stream {
            cut: None,
            factor: 2.0,
            stall: VirtualDuration::ZERO,
            share: 1.0,
        }),
        Primitive::Signal {
            channel: ChannelId(0),
            rule: SignalRule::Stuck,
        },
        Primitive::Signal {
            channel: ChannelId(0),
            rule: SignalRule::Off { passes: None },
        },
        Primitive::Knob {
            knob: KnobId(0),
            node: None,
            change: KnobChange::Set,
            value: 1.0,
        },
    ];
    for primitive in best {
        let listed = primitive_on_madsim(primitive.name());
        let name = primitive.name();
        match support(&primitive) {
            Support::Refused(_) => assert_eq!(listed, Listed::None, "{name}"),
            Support::Approximated(_) => assert!(matches!(listed, Listed::Partial(_)), "{name}"),
            // Native here, but for the whole net only.
            Support::Native if name == "delay" => {
                assert!(matches!(listed, Listed::Partial(_)), "{name}");
            }
            Support::Native => assert_eq!(listed, Listed::Full, "{name}"),
        }
    }
}
