use super::*;
use crate::Sample;
use crate::plan::LinkTarget;

/// What each of two pairs of nodes sees: the arrival times of 200 datagrams over links with drawn
/// delays and losses, and the draws of the senders.
fn pairs(extra_node: bool, extra_faults: bool) -> Vec<Vec<u64>> {
    let mut world = World::new(Seed(5), false);
    world.set_default_link(LinkProfile {
        delay: Law::Exponential { mean: 1e6 },
        loss: 0.1,
        ..LinkProfile::default()
    });
    if extra_node {
        let node = world.add_node(&NodeSpec::new("newcomer"));
        world.process(node, "p", |cx| async move {
            let mut draws = cx.stream("gap");
            for _ in 0..1000 {
                let gap = draws.next_thing().exponential(1e5);
                cx.sleep(VirtualDuration::from_nanos_f64(gap)).await;
            }
        });
    }
    let seen: Vec<Rc<RefCell<Vec<u64>>>> = vec![Rc::default(), Rc::default()];
    let mut ends = Vec::new();
    for (pair, seen) in seen.iter().enumerate() {
        let from = world.add_node(&NodeSpec::new(format!("from-{pair}")));
        let to = world.add_node(&NodeSpec::new(format!("to-{pair}")));
        ends.push(LinkTarget { from, to });
        let port = world.port(to, "sink");
        let seen = Rc::clone(seen);
        world.process(to, "sink", move |cx| {
            let seen = Rc::clone(&seen);
            async move {
                let inbox = cx.listen("sink");
                loop {
                    inbox.recv().await;
                    seen.borrow_mut().push(cx.now().as_nanos());
                }
            }
        });
        world.process(from, "source", move |cx| async move {
            let mut draws = cx.stream("gap");
            for i in 0..200 {
                let gap = draws.next_thing().exponential(2e6);
                cx.sleep(VirtualDuration::from_nanos_f64(gap)).await;
                cx.send(port, Body::Words([i; 8]));
            }
        });
    }
    let loss = |link| Primitive::LinkLoss {
        link,
        share: 0.2,
        correlation: 0.0,
    };
    let mut faults = Vec::new();
    if extra_faults {
        faults.push((0, None, loss(ends[0])));
        let crash = Primitive::Crash {
            node: ends[0].to,
            seen: crate::plan::Seen::Silent,
        };
        faults.push((50, Some(100), crash));
    }
    let mut plan = plan(faults);
    for (index, fault) in plan.faults.iter_mut().enumerate() {
        fault.label = format!("extra-{index}");
    }
    // The fault that both runs have is last in one and first in the other.
    let common = self::plan(vec![(20, None, loss(ends[1]))]);
    let mut all = plan.faults.clone();
    all.extend(common.faults.iter().map(|fault| PlannedFault {
        label: "common".into(),
        ..fault.clone()
    }));
    let shift = u32::try_from(plan.faults.len()).expect("few");
    let mut entries = plan.entries().to_vec();
    entries.extend(common.entries().iter().map(|entry| Entry {
        fault: entry.fault + shift,
        ..entry.clone()
    }));
    world.set_plan(Plan::new(all, entries));
    world.run(Bounds::until(at_ms(1_000)));
    seen.iter().map(|seen| seen.borrow().clone()).collect()
}

#[test]
fn adding_a_node_leaves_every_other_draw_where_it_was() {
    assert_eq!(pairs(false, false), pairs(true, false));
}

#[test]
fn removing_a_fault_leaves_every_other_draw_where_it_was() {
    let (with, without) = (pairs(false, true), pairs(false, false));
    assert_ne!(
        with[0], without[0],
        "the extra faults act on the first pair"
    );
    assert_eq!(with[1], without[1]);
    // What gets through on the first pair comes at the same times as without the faults.
    assert!(with[0].iter().all(|at| without[0].contains(at)));
    assert!(with[0].len() < without[0].len());
}
