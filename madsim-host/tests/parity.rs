//! Parity of hosts: one plan, equal planned histories.
//!
//! Planned times are compared exactly; observed ones are a property of the host, and have a bound.

#![cfg(madsim)]

use squall_core::history::{FaultChange, What};
use squall_core::plan::{
    Change, CutMode, CutScope, Entry, KnobChange, Land, LinkTarget, Plan, PlannedFault, Primitive,
    Seen,
};
use squall_core::world::{Bounds, NodeSpec, World};
use squall_core::{EntryId, Key, KnobId, NodeId, Sample, Seed, VirtualDuration, VirtualTime};
use squall_madsim::{HostedRun, planned};
use std::time::Duration;

const NODES: u32 = 4;
const UNTIL: VirtualDuration = VirtualDuration::from_secs(60);

type Planned = Vec<(EntryId, FaultChange, VirtualTime)>;

/// 48 entries of the primitives that both hosts do natively, with overlaps, ties, steps 100 us apart
/// and entries that never end.
fn plan(seed: u64) -> Plan {
    let key = Key::new(Seed(seed), "parity", "plan");
    let mut faults = Vec::new();
    let mut entries = Vec::new();
    for fault in 0..16_u32 {
        faults.push(PlannedFault {
            kind: "parity".to_owned(),
            label: format!("parity#{fault}"),
            land: Land::Optional,
            notes: Vec::new(),
        });
        for part in 0..3 {
            let mut draw = key.at(u64::from(fault * 3 + part));
            let mut below = |n: u64| draw.below(n);
            // A grid of 100 us in 50 s, coarse in half of the cases to make ties.
            let grid = if below(2) == 0 {
                100_000
            } else {
                1_000_000_000
            };
            let from = below(50_000_000_000 / grid) * grid;
            let length = (1 + below(9_000_000_000 / grid)) * grid;
            let ends = below(8) != 0;
            let node = NodeId(u32::try_from(below(NODES.into())).expect("a small number"));
            let to = NodeId((node.0 + 1) % NODES);
            let primitive = match below(4) {
                0 => Primitive::Crash {
                    node,
                    seen: Seen::Reset,
                },
                1 => Primitive::Pause { node },
                2 => Primitive::LinkCut {
                    link: LinkTarget { from: node, to },
                    mode: CutMode::Drop,
                    scope: CutScope::All,
                },
                _ => Primitive::Knob {
                    knob: KnobId(0),
                    node: Some(node),
                    change: KnobChange::Set,
                    value: 2.0,
                },
            };
            entries.push(Entry {
                fault,
                part,
                from: VirtualTime::from_nanos(from),
                until: ends.then(|| VirtualTime::from_nanos(from + length)),
                firing: None,
                primitive,
            });
        }
    }
    Plan::new(faults, entries)
}

/// The planned history of the madsim host, whose nodes work all the time.
fn hosted(plan: &Plan) -> Planned {
    let mut run = HostedRun::new(Seed(7))
        .knob("load", 1.0)
        .plan(plan.clone())
        .until(UNTIL);
    for node in 0..NODES {
        run = run.node(&format!("n{node}"), |cx| async move {
            loop {
                tokio::time::sleep(Duration::from_millis(3)).await;
                let load = cx.knob("load").expect("the run declares it");
                cx.recorder().sample("load", load);
            }
        });
    }
    let hosted = run.run().expect("madsim can do this plan");

    // Observed times: never early, and late by some polls of 50 to 100 ns at most.
    for record in &hosted.records {
        if let What::Fault {
            change: FaultChange::Active | FaultChange::Healed,
            planned,
            ..
        } = record.what
        {
            let late = record.at.as_nanos().checked_sub(planned.as_nanos());
            let late = late.expect("no step is taken before its time");
            assert!(late < 10_000, "{late} ns late at {planned}");
            assert!(late <= hosted.lateness_max.as_nanos());
        }
    }
    planned(&hosted.records)
}

/// The planned history of the native host, whose nodes work all the time too. It is the timeline of
/// the plan, which is asserted here once for both.
fn native(plan: &Plan) -> Planned {
    let mut world = World::new(Seed(7), true);
    let load = world.add_knob(1.0);
    for node in 0..NODES {
        let node = world.add_node(&NodeSpec::new(format!("n{node}")));
        world.process(node, "worker", move |cx| async move {
            loop {
                cx.sleep(VirtualDuration::from_millis(3)).await;
                cx.knob(load);
            }
        });
    }
    world.set_plan(plan.clone());
    let stop = world.run(Bounds::until(VirtualTime::ZERO + UNTIL));
    let found = planned(world.finish(&stop).history.records());
    let steps = plan.timeline().into_iter();
    let steps = steps.filter(|step| step.at <= VirtualTime::ZERO + UNTIL);
    let steps = steps.map(|step| {
        let change = match step.change {
            Change::Start => FaultChange::Active,
            Change::End => FaultChange::Healed,
        };
        (step.entry, change, step.at)
    });
    assert_eq!(found, steps.collect::<Vec<_>>());
    found
}

#[test]
fn one_plan_gives_equal_planned_histories_on_both_hosts() {
    for seed in 1..=3 {
        let plan = plan(seed);
        assert!(plan.entries().len() >= 40);
        let (expected, found) = (native(&plan), hosted(&plan));
        assert!(expected.len() > plan.entries().len());
        // What makes the comparison worth its name.
        let gaps = expected.windows(2).map(|pair| pair[1].2.since(pair[0].2));
        let gaps: Vec<u64> = gaps.map(VirtualDuration::as_nanos).collect();
        assert!(gaps.contains(&0), "the plan has ties");
        let healed = |step: &(EntryId, FaultChange, VirtualTime)| step.1 == FaultChange::Healed;
        for pair in expected.windows(2).filter(|pair| pair[0].2 == pair[1].2) {
            assert!(
                healed(&pair[0]) || !healed(&pair[1]),
                "ends before starts: {pair:?}"
            );
        }
        let first = expected.iter().zip(&found).find(|(a, b)| a != b);
        assert_eq!(
            first, None,
            "first difference, native against madsim, of seed {seed}"
        );
        assert_eq!(expected.len(), found.len());
        assert_eq!(found, hosted(&plan), "twice the same");
    }
}

#[test]
fn steps_closer_than_madsims_shortest_sleep_are_taken_on_time() {
    let cut = |part: u32, from: u64| Entry {
        fault: 0,
        part,
        from: VirtualTime::from_nanos(from),
        until: Some(VirtualTime::from_nanos(from + 50_000)),
        firing: None,
        primitive: Primitive::LinkCut {
            link: LinkTarget {
                from: NodeId(0),
                to: NodeId(1),
            },
            mode: CutMode::Drop,
            scope: CutScope::All,
        },
    };
    let faults = plan(1).faults[..1].to_vec();
    let entries = (0..40).map(|n| cut(n, 1_000_000 + u64::from(n) * 100_000));
    let plan = Plan::new(faults, entries.collect());
    assert_eq!(hosted(&plan), native(&plan));
}
