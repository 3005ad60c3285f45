//! When triggers fire.

use super::*;

#[test]
fn the_second_event_fires_a_nanosecond_later_and_counting_starts_again() {
    let mut on_write = trigger(event("kv.write"), vec![firing(Vec::new()); 2]);
    on_write.after = 2;
    on_write.from = at_ms(100);
    let ran = Ran::of(&crash(NodeId(2), vec![on_write]));
    // Writes at 100, 110: it fires. At 120 and 130 again, while the first hold still lasts.
    assert_eq!(ran.downs(), [(2, 110 * MS + 1)]);
    let fired = ran.records().iter().filter_map(|record| match record.what {
        What::Trigger {
            change: TriggerChange::Fired,
            firing,
        } => Some((firing.ordinal, record.at.as_nanos())),
        _ => None,
    });
    let fired: Vec<_> = fired.collect();
    assert_eq!(fired, [(0, 110 * MS + 1), (1, 130 * MS + 1)]);
    assert_eq!(ran.firings().fired, 2);
    assert_eq!(ran.finished.faults[0].landed, 1);
    ran.repeats_frozen();
    assert_eq!(Ran::of(&ran.plan).finished.digest, ran.finished.digest);
}

#[test]
fn filters_windows_delays_and_cooldowns_hold() {
    let filtered = |nodes, a| On::Event {
        name: "kv.write".into(),
        nodes,
        a,
        b: None,
    };
    let mut late = trigger(
        filtered(Some(vec![NodeId(1)]), None),
        vec![firing(Vec::new()); 3],
    );
    late.firings[0].delay = ms(7);
    late.cooldown = ms(60);
    let ran = Ran::of(&crash(NodeId(2), vec![late.clone()]));
    // b writes from 100 on; the next match that counts is at 160, then at 400.
    let downs = [(2, 107 * MS), (2, 160 * MS + 1), (2, 400 * MS + 1)];
    assert_eq!(ran.downs(), downs);
    ran.repeats_frozen();
    late.until = at_ms(160);
    let ran = Ran::of(&crash(NodeId(2), vec![late]));
    assert_eq!(ran.downs(), [(2, 107 * MS)]);
    ran.repeats_frozen();
    let by_argument = trigger(filtered(None, Some(250)), vec![firing(Vec::new())]);
    let ran = Ran::of(&crash(NodeId(0), vec![by_argument]));
    assert_eq!(ran.downs(), [(0, 250 * MS + 1)]);
}

#[test]
fn a_fault_never_triggers_itself_but_others_do() {
    let on_crash = On::Node {
        change: NodeChange::Down,
        nodes: None,
    };
    let own = trigger(event("kv.write"), vec![firing(Vec::new())]);
    // The second trigger belongs to the same fault: its own crash is no match.
    let echo = trigger(on_crash.clone(), vec![firing(Vec::new())]);
    let plan = crash(NodeId(2), vec![own.clone(), echo.clone()]);
    assert_eq!(Ran::of(&plan).firings().fired, 1);
    let other = Trigger { fault: 1, ..echo };
    let ran = Ran::of(&crash(NodeId(2), vec![own, other]));
    assert_eq!(ran.finished.faults[1].firings.map(|f| f.fired), Some(1));
}

#[test]
fn the_life_of_another_fault_is_an_event() {
    for (life, at) in [
        (Life::Started, 700),
        (Life::Landed, 750),
        (Life::Ended, 750),
    ] {
        let on = On::Fault { fault: 1, life };
        let ran = Ran::of(&crash(
            NodeId(0),
            vec![trigger(on, vec![firing(Vec::new())])],
        ));
        assert_eq!(ran.downs(), [(0, at * MS + 1)], "{life:?}");
        ran.repeats_frozen();
    }
}

#[test]
fn a_metric_is_looked_at_when_it_is_sampled() {
    let queue = |hold| On::Metric {
        name: "kv.queue".into(),
        limit: 40.0,
        above: true,
        hold,
        nodes: None,
    };
    let mut on = trigger(queue(ms(25)), vec![firing(Vec::new())]);
    // 50 is the first above 40; the first sample 25 ms later is at 80.
    let ran = Ran::of(&crash(NodeId(1), vec![on.clone()]));
    assert_eq!(ran.downs(), [(1, 80 * MS + 1)]);
    ran.repeats_frozen();
    on.on = queue(ms(70));
    let ran = Ran::of(&crash(NodeId(1), vec![on]));
    assert_eq!(ran.downs(), [], "it falls to zero every 100 ms");

    // A signal of a host is recorded when it changes; it is looked at with every sample.
    let up = On::Metric {
        name: "b.node_up".into(),
        limit: 0.5,
        above: true,
        hold: ms(120),
        nodes: None,
    };
    let ran = Ran::of(&crash(
        NodeId(1),
        vec![trigger(up, vec![firing(Vec::new())])],
    ));
    assert_eq!(ran.downs(), [(1, 200 * MS + 1)]);
    ran.repeats_frozen();
}

/// Calls of a service are counted though nothing is recorded of them.
#[test]
fn the_third_call_of_a_service_fires() {
    let (mut world, nodes) = world(&["client", "server"]);
    let service = world.service("kv");
    let port = world.port(nodes[1], "kv");
    world.process(nodes[0], "p", move |cx| async move {
        loop {
            cx.sleep(ms(10)).await;
            let call = cx.call(port, super::super::Request::default());
            let _ = call.within(ms(1)).await;
        }
    });
    let on = On::Call {
        service,
        nodes: None,
    };
    let mut third = trigger(on, vec![firing(Vec::new())]);
    third.after = 3;
    let mut plan = crash(NodeId(1), vec![third]);
    plan.faults.truncate(2);
    // The fixed fault is on a node that this world does not have.
    let entries = plan.entries()[..1].to_vec();
    let triggers = plan.triggers().to_vec();
    world.set_plan(Plan::new(plan.faults, entries).with_triggers(triggers));
    let finished = run(&mut world, 100);
    let active = finished.history.records().iter().find(|record| {
        matches!(
            record.what,
            What::Fault {
                change: FaultChange::Active,
                ..
            }
        )
    });
    // 10, 21, 32: each call is given up after a millisecond.
    let at = active.map(|record| record.at.as_nanos());
    assert_eq!(at, Some(32 * MS + 1));
}
