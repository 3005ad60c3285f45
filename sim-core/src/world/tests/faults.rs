use super::*;
use crate::history::FaultChange;
use crate::plan::{Arithmetic, CutMode, CutScope, LinkTarget, Seen};

/// Node 0 sends a numbered datagram every millisecond; gives (number, arrival in ms) at node 1.
fn stream(faults: Vec<(u64, Option<u64>, Primitive)>, until: u64) -> (Vec<(u64, u64)>, Finished) {
    let (mut world, nodes) = world(&["a", "b"]);
    let port = world.port(nodes[1], "sink");
    let got: Rc<RefCell<Vec<(u64, u64)>>> = Rc::default();
    let sink = Rc::clone(&got);
    world.process(nodes[1], "sink", move |cx| {
        let sink = Rc::clone(&sink);
        async move {
            let inbox = cx.listen("sink");
            loop {
                let number = inbox.recv().await.body.words()[0];
                sink.borrow_mut()
                    .push((number, cx.now().as_nanos() / 1_000_000));
            }
        }
    });
    world.process(nodes[0], "source", move |cx| async move {
        for i in 0.. {
            cx.send(port, Body::Words([i; 8]));
            cx.sleep(ms(1)).await;
        }
    });
    world.set_plan(plan(faults));
    let finished = run(&mut world, until);
    let got = got.borrow().clone();
    (got, finished)
}

const LINK: LinkTarget = LinkTarget {
    from: NodeId(0),
    to: NodeId(1),
};

#[test]
fn a_cut_kills_what_departs_and_what_arrives_under_it() {
    let cut = Primitive::LinkCut {
        link: LINK,
        mode: CutMode::Drop,
        scope: CutScope::All,
    };
    let (got, finished) = stream(vec![(10, Some(20), cut)], 30);
    let numbers: Vec<u64> = got.iter().map(|(number, _)| *number).collect();
    // Sent at 9 it arrives at 10, where the cut begins; sent at 20 it passes.
    assert_eq!(numbers, (0..9).chain(20..30).collect::<Vec<_>>());
    assert_eq!(finished.faults[0].landed, 11);
    assert_eq!(finished.faults[0].first_landing, Some(at_ms(10)));
}

#[test]
fn overlapping_cuts_heal_when_the_last_one_ends_and_holds_lose_nothing() {
    let cut = |mode| Primitive::LinkCut {
        link: LINK,
        mode,
        scope: CutScope::All,
    };
    let faults = vec![
        (5, Some(15), cut(CutMode::Drop)),
        (10, Some(25), cut(CutMode::Drop)),
    ];
    let (got, _) = stream(faults, 40);
    assert!(
        !got.iter().any(|(number, _)| (5..25).contains(number)),
        "{got:?}"
    );

    let hold = Primitive::LinkHold { link: LINK };
    let (got, finished) = stream(vec![(5, Some(15), hold)], 30);
    let numbers: Vec<u64> = got.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (0..30).collect::<Vec<_>>());
    assert_eq!(got[7], (7, 15));
    assert_eq!(finished.faults[0].landed, 10);
}

#[test]
fn delay_and_pause_make_late_and_a_pause_ends_in_a_burst() {
    let delay = Primitive::LinkDelay {
        link: LINK,
        delay: Law::Constant(7e6),
        mode: Arithmetic::Add,
        correlation: 0.0,
    };
    let (got, _) = stream(vec![(5, Some(6), delay)], 30);
    assert!(got.contains(&(5, 13)) && got.contains(&(6, 7)));

    let pause = Primitive::Pause { node: NodeId(1) };
    let (got, finished) = stream(vec![(5, Some(15), pause)], 30);
    let burst = got.iter().filter(|(_, at)| *at == 15).count();
    assert_eq!(burst, 11, "{got:?}");
    assert_eq!(finished.faults[0].landed, 1);
}

#[test]
fn a_crash_loses_volatile_state_and_processes_start_again() {
    let crash = Primitive::Crash {
        node: NodeId(0),
        seen: Seen::Silent,
    };
    let (got, finished) = stream(vec![(10, Some(20), crash)], 30);
    let numbers: Vec<u64> = got.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (0..10).chain(0..10).collect::<Vec<_>>());
    let changes = finished
        .history
        .records()
        .iter()
        .filter_map(|record| match record.what {
            What::Fault {
                change, planned, ..
            } => Some((change, planned, record.at)),
            _ => None,
        });
    let changes = changes.collect::<Vec<_>>();
    assert_eq!(
        changes,
        [
            (FaultChange::Active, at_ms(10), at_ms(10)),
            (FaultChange::Landed, at_ms(10), at_ms(10)),
            (FaultChange::Healed, at_ms(20), at_ms(20)),
        ]
    );
}

/// Destructors of a crashed process must not act: a guard that says goodbye stays silent.
#[test]
fn the_dead_do_not_say_goodbye() {
    struct Goodbye(Cx, PortId);
    impl Drop for Goodbye {
        fn drop(&mut self) {
            self.0.send(self.1, Body::Words([99; 8]));
            let name = self.0.name("goodbye");
            self.0.event(name, 0, 0);
        }
    }
    let (mut world, nodes) = world(&["a", "b"]);
    let port = world.port(nodes[1], "sink");
    let (count, seen) = counter();
    world.process(nodes[1], "sink", move |cx| {
        let count = Rc::clone(&count);
        async move {
            let inbox = cx.listen("sink");
            loop {
                inbox.recv().await;
                count.set(count.get() + 1);
            }
        }
    });
    world.process(nodes[0], "polite", move |cx| async move {
        let guard = Goodbye(cx.clone(), port);
        cx.sleep(ms(1_000)).await;
        drop(guard);
    });
    let crash = Primitive::Crash {
        node: NodeId(0),
        seen: Seen::Silent,
    };
    world.set_plan(plan(vec![(10, None, crash)]));
    let finished = run(&mut world, 2_000);
    assert_eq!(seen.get(), 0);
    let events = finished.history.records().iter();
    assert!(
        !events
            .into_iter()
            .any(|r| matches!(r.what, What::Event { .. }))
    );
}

#[test]
fn an_idle_target_does_not_land() {
    let pause = Primitive::Pause { node: NodeId(0) };
    let (mut world, _) = world(&["idle"]);
    let speed = Primitive::CpuSpeed {
        node: NodeId(0),
        factor: 0.5,
    };
    world.set_plan(plan(vec![(5, Some(15), pause), (5, Some(15), speed)]));
    let finished = run(&mut world, 30);
    assert!(finished.faults.iter().all(|fault| fault.landed == 0));
}

#[test]
fn a_node_is_up_when_the_last_of_two_losses_is_over() {
    let crash = || Primitive::Crash {
        node: NodeId(0),
        seen: Seen::Silent,
    };
    let faults = vec![(10, Some(20), crash()), (15, Some(30), crash())];
    let (got, finished) = stream(faults, 40);
    let numbers: Vec<u64> = got.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (0..10).chain(0..10).collect::<Vec<_>>());
    let landed: Vec<_> = finished.faults.iter().map(|f| f.landed).collect();
    assert_eq!(
        landed,
        [1, 0],
        "the second hit a node that was down already"
    );
}

/// What a handler scheduled before its node crashed does not reach the one that comes after.
#[test]
fn events_of_an_earlier_start_are_lost() {
    struct Ticker(Rc<Cell<u64>>);
    impl Handler for Ticker {
        fn start(&mut self, cx: &mut HandlerCx<'_>) {
            cx.after(ms(10), cx.now().as_nanos());
        }
        fn event(&mut self, cx: &mut HandlerCx<'_>, started: u64) {
            // Each start has one event, ten milliseconds later.
            assert_eq!(cx.now().as_nanos() - started, 10_000_000);
            self.0.set(self.0.get() + 1);
        }
    }
    let (mut world, nodes) = world(&["a"]);
    let (count, seen) = counter();
    world.handler(nodes[0], move || Ticker(Rc::clone(&count)));
    let crash = Primitive::Crash {
        node: NodeId(0),
        seen: Seen::Silent,
    };
    world.set_plan(plan(vec![(5, Some(7), crash)]));
    run(&mut world, 50);
    assert_eq!(
        seen.get(),
        1,
        "the event of the first start is gone with it"
    );
}
