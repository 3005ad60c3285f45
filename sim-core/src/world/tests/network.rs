//! Connections, copies, damage and counters, from end to end.

use super::*;
use crate::plan::{
    Corrupt, Corruption, CutMode, CutScope, Duplicate, HoldBack, LinkTarget, Reorder, ResetEnds,
    Seen,
};
use crate::world::net::NetTotals;

const THERE: LinkTarget = LinkTarget {
    from: NodeId(0),
    to: NodeId(1),
};
const BACK: LinkTarget = LinkTarget {
    from: NodeId(1),
    to: NodeId(0),
};

/// When a call began and ended, in ms, and how: 200 for ok.
type Ended = (u64, u64, u16);

/// A client on node 0 calls an echo on node 1 at these times (ms), with a deadline or without; gives
/// the calls in the order in which they ended, and how many requests were served.
fn calls(
    at: &'static [u64],
    deadline: Option<u64>,
    plan: (Vec<(u64, Option<u64>, Primitive)>, u64),
) -> (Vec<Ended>, u64, Finished) {
    let (ended, served, finished, _) = calls_and_card(at, deadline, plan);
    (ended, served, finished)
}
/// The same, and what the client's network card counted.
fn calls_and_card(
    at: &'static [u64],
    deadline: Option<u64>,
    (faults, until): (Vec<(u64, Option<u64>, Primitive)>, u64),
) -> (Vec<Ended>, u64, Finished, NetTotals) {
    let (mut world, nodes) = world(&["client", "server"]);
    let port = world.port(nodes[1], "echo");
    let (count, served) = counter();
    world.process(nodes[1], "echo", move |cx| {
        let count = Rc::clone(&count);
        async move {
            let inbox = cx.listen("echo");
            loop {
                let incoming = inbox.accept().await;
                count.set(count.get() + 1);
                cx.sleep(ms(3)).await;
                incoming.reply(&cx, Reply::default());
            }
        }
    });
    let ended: Rc<RefCell<Vec<Ended>>> = Rc::default();
    let out = Rc::clone(&ended);
    world.process(nodes[0], "client", move |cx| {
        let out = Rc::clone(&out);
        async move {
            for &start in at {
                cx.sleep_until(at_ms(start)).await;
                let (cx, out) = (cx.clone(), Rc::clone(&out));
                cx.clone().spawn(async move {
                    let call = cx.call(port, Request::default());
                    let result = match deadline {
                        Some(deadline) => call.within(ms(deadline)).await,
                        None => call.await,
                    };
                    let now = cx.now().as_nanos() / 1_000_000;
                    let code = result.map_or_else(CallError::code, |_| 200);
                    out.borrow_mut().push((start, now, code));
                });
            }
        }
    });
    world.set_plan(plan(faults));
    let finished = run(&mut world, until);
    let ended = ended.borrow().clone();
    let card = world.shared.kernel.borrow().nodes[0].net;
    (ended, served.get(), finished, card)
}

fn loss_of_power(from: u64, until: Option<u64>) -> (u64, Option<u64>, Primitive) {
    let crash = Primitive::Crash {
        node: NodeId(1),
        seen: Seen::Silent,
    };
    (from, until, crash)
}

/// A dead host says nothing. What was sent to it on an open connection is sent again until the host is
/// back, which resets a connection that it does not know; the next call opens a new one.
#[test]
fn a_host_that_comes_back_resets_what_was_sent_to_the_dead_one() {
    let faults = vec![loss_of_power(50, Some(1000))];
    let (ended, served, _) = calls(&[0, 100, 1700], None, (faults, 3000));
    // Sent at 100, it reaches the dead host at 101; again after 200 and 400 ms and their ways, then
    // 800 ms later the host is up. A millisecond back.
    let resent = 101 + 201 + 401 + 801;
    assert_eq!(
        ended,
        [(0, 5, 200), (100, resent + 1, 2), (1700, 1705, 200)]
    );
    assert_eq!(served, 2);
}

/// A request that a host took before it died is acknowledged: the client sends nothing more and waits.
#[test]
fn a_request_that_was_taken_meets_silence_until_the_deadline() {
    let faults = vec![loss_of_power(2, Some(500))];
    let (ended, ..) = calls(&[0], Some(2000), (faults, 5000));
    assert_eq!(ended, [(0, 2000, 0)]);
}

/// The first packet of a new connection is sent again too, and a host that comes back takes it.
#[test]
fn a_new_connection_opens_when_the_host_comes_back() {
    let faults = vec![loss_of_power(0, Some(500))];
    let (ended, ..) = calls(&[100], None, (faults, 3000));
    assert_eq!(ended, [(100, 101 + 201 + 401 + 4, 200)]);
}

/// Fifteen retransmissions, then the connection gives up.
#[test]
fn a_connection_gives_up_after_fifteen_retransmissions() {
    let (ended, ..) = calls(&[0], None, (vec![loss_of_power(0, None)], 2_000_000));
    let waits: u64 = (0..15).map(|n| (200u64 << n).min(120_000)).sum();
    assert_eq!(waits, 804_600);
    assert_eq!(ended, [(0, waits + 16, 1)]);
}

/// A pool notices that an idle connection is gone: a call after a restart costs nothing.
#[test]
fn an_idle_connection_to_a_restarted_host_is_replaced() {
    let faults = vec![loss_of_power(50, Some(60))];
    let (ended, ..) = calls(&[0, 100], Some(1000), (faults, 2000));
    assert_eq!(ended, [(0, 5, 200), (100, 105, 200)]);
}

#[test]
fn a_reset_is_seen_at_one_end_or_both() {
    let reset = |ends| {
        let link = THERE;
        vec![(3, Some(4), Primitive::LinkReset { link, ends })]
    };
    let (ended, served, finished) = calls(&[0], Some(900), (reset(ResetEnds::Both), 1000));
    assert_eq!((ended, served), (vec![(0, 3, 2)], 1));
    assert_eq!(finished.faults[0].landed, 1);
    // The client's end only: the server works for nobody.
    let (ended, ..) = calls(&[0], Some(900), (reset(ResetEnds::From), 1000));
    assert_eq!(ended, [(0, 3, 2)]);
    // The server's end only: its reply goes nowhere, the client waits.
    let (ended, ..) = calls(&[0], Some(900), (reset(ResetEnds::To), 1000));
    assert_eq!(ended, [(0, 900, 0)]);
    // A request that is on its way finds no connection.
    let early = Primitive::LinkReset {
        link: BACK,
        ends: ResetEnds::From,
    };
    let (ended, served, _) = calls(&[10], Some(900), (vec![(11, Some(12), early)], 1000));
    assert_eq!((ended, served), (vec![(10, 12, 2)], 0));
    let (.., finished) = calls(&[100], Some(900), (reset(ResetEnds::Both), 1000));
    assert_eq!(finished.faults[0].landed, 0, "there was no connection");
}

/// The connection that was open is silent, each call on it until its deadline; then a new one works.
#[test]
fn half_open_connections_are_silent_until_they_are_given_up() {
    for link in [THERE, BACK] {
        let cut = Primitive::LinkCut {
            link,
            mode: CutMode::Drop,
            scope: CutScope::Existing,
        };
        let faults = vec![(50, Some(5000), cut)];
        let (ended, _, finished) = calls(&[0, 100, 200, 700], Some(500), (faults, 3000));
        assert_eq!(ended[0], (0, 5, 200));
        assert_eq!(ended[1..3], [(100, 600, 0), (200, 700, 0)]);
        assert_eq!(ended[3], (700, 705, 200));
        assert!(finished.faults[0].landed > 0);
    }
    // Where no connection was open nothing is cut.
    let cut = Primitive::LinkCut {
        link: THERE,
        mode: CutMode::Drop,
        scope: CutScope::Existing,
    };
    let (ended, _, finished) = calls(&[100], Some(500), (vec![(50, None, cut)], 1000));
    assert_eq!(
        (ended, finished.faults[0].landed),
        (vec![(100, 105, 200)], 0)
    );
}

/// At-least-once: the effect happens twice, the client sees one reply.
#[test]
fn a_request_that_comes_twice_is_served_twice() {
    let duplicate = Duplicate::new(1.0, 1);
    let there = Primitive::LinkDuplicate {
        link: THERE,
        duplicate,
    };
    let back = Primitive::LinkDuplicate {
        link: BACK,
        duplicate,
    };
    let faults = vec![(0, None, there), (0, None, back)];
    let (ended, served, finished) = calls(&[10, 50], Some(500), (faults, 1000));
    assert_eq!(ended, [(10, 15, 200), (50, 55, 200)]);
    assert_eq!(served, 4);
    let landed: Vec<_> = finished.faults.iter().map(|f| f.landed).collect();
    assert_eq!(landed, [2, 0], "replies are not copied");
}

/// A copy that comes when the call has long ended is served all the same, and only requests to the
/// service that is named are copied.
#[test]
fn a_copy_may_come_later_than_the_answer() {
    for (only, count) in [(None, 4), (Some(ServiceId(0)), 4), (Some(ServiceId(7)), 2)] {
        let duplicate = Duplicate {
            after: ms(20),
            only,
            ..Duplicate::new(1.0, 1)
        };
        let there = Primitive::LinkDuplicate {
            link: THERE,
            duplicate,
        };
        let faults = vec![(0, None, there)];
        let (ended, served, finished) = calls(&[10, 50], Some(500), (faults, 1000));
        assert_eq!(ended, [(10, 15, 200), (50, 55, 200)]);
        assert_eq!(served, count);
        assert_eq!(finished.faults[0].landed, count - 2);
    }
}

fn corrupt(seen: Corruption) -> Primitive {
    Primitive::LinkCorrupt {
        link: THERE,
        corrupt: Corrupt::new(1.0, seen),
    }
}

/// A connection sends a damaged request again, whoever would notice the damage.
#[test]
fn a_damaged_request_costs_a_retransmission() {
    for seen in [Corruption::Detected, Corruption::Silent] {
        let faults = vec![(0, Some(50), corrupt(seen))];
        let (ended, served, finished, card) = calls_and_card(&[10], None, (faults, 1000));
        assert_eq!(ended, [(10, 11 + 200 + 5, 200)]);
        assert_eq!(
            (card.retransmits, card.sent_packets, card.sent_bytes),
            (1, 2, 1024)
        );
        assert_eq!((card.received_packets, card.received_bytes), (1, 512));
        assert_eq!((served, finished.faults[0].landed), (1, 1));
    }
}

/// Numbered datagrams, one a millisecond; gives (number, damaged, arrival in ms), and both nodes'
/// counters.
fn datagrams(fault: Primitive) -> (Vec<(u64, bool, u64)>, [NetTotals; 2], Finished) {
    let (mut world, nodes) = world(&["a", "b"]);
    let port = world.port(nodes[1], "sink");
    let got: Rc<RefCell<Vec<(u64, bool, u64)>>> = Rc::default();
    let sink = Rc::clone(&got);
    world.process(nodes[1], "sink", move |cx| {
        let sink = Rc::clone(&sink);
        async move {
            let inbox = cx.listen("sink");
            loop {
                let message = inbox.recv().await;
                let at = cx.now().as_nanos() / 1_000_000;
                let number = message.body.words()[0];
                sink.borrow_mut().push((number, message.damaged, at));
            }
        }
    });
    world.process(nodes[0], "source", move |cx| async move {
        for i in 0..10 {
            cx.send_sized(port, Body::Words([i; 8]), 2000);
            cx.sleep(ms(1)).await;
        }
    });
    world.set_plan(plan(vec![(3, Some(5), fault)]));
    let finished = run(&mut world, 2000);
    let k = world.shared.kernel.borrow();
    let totals = [k.nodes[0].net, k.nodes[1].net];
    drop(k);
    let got = got.borrow().clone();
    (got, totals, finished)
}

#[test]
fn damage_is_dropped_or_marked_and_the_cards_count() {
    let (got, [there, here], _) = datagrams(corrupt(Corruption::Silent));
    let damaged = got.iter().filter(|(_, damaged, _)| *damaged);
    assert_eq!(damaged.map(|(n, ..)| *n).collect::<Vec<_>>(), [3, 4]);
    assert_eq!(got.len(), 10);
    assert_eq!((there.sent_bytes, there.sent_packets), (20_000, 20));
    assert_eq!((here.received_bytes, here.received_packets), (20_000, 20));
    assert_eq!((here.drops, there.drops, there.retransmits), (0, 0, 0));

    let (got, [_, here], finished) = datagrams(corrupt(Corruption::Detected));
    let numbers: Vec<u64> = got.iter().map(|(n, ..)| *n).collect();
    assert_eq!(numbers, [0, 1, 2, 5, 6, 7, 8, 9]);
    assert_eq!((here.drops, here.received_bytes), (2, 20_000));
    assert_eq!(finished.faults[0].landed, 2);
}

#[test]
fn a_datagram_held_back_by_messages_comes_after_them() {
    let reorder = |by| Primitive::LinkReorder {
        link: THERE,
        reorder: Reorder { share: 1.0, by },
    };
    let (got, ..) = datagrams(reorder(HoldBack::Messages(2)));
    let order: Vec<_> = got.iter().map(|(n, _, at)| (*n, *at)).collect();
    // Three and four wait for two of five, six and so on, and come right after the second.
    let wanted = [(5, 6), (6, 7), (3, 7), (4, 7), (7, 8), (8, 9), (9, 10)];
    assert_eq!(order[3..], wanted);
    let (got, ..) = datagrams(reorder(HoldBack::Messages(50)));
    // There are not so many: after a second they go on.
    assert_eq!(got[8..], [(3, false, 1003), (4, false, 1004)]);
}

/// Retransmissions and drops of the queue are counted at the sender.
#[test]
fn a_queue_that_overflows_is_counted() {
    let bandwidth = crate::plan::Bandwidth {
        rate: Some(1e6),
        burst: 0,
        queue: Some(crate::plan::QueueLimit::Messages(1)),
    };
    let link = THERE;
    let (got, [there, _], finished) = datagrams(Primitive::LinkRate { link, bandwidth });
    // Two milliseconds each: the second of two does not fit.
    assert_eq!((got.len(), there.drops), (9, 1));
    assert_eq!(finished.faults[0].landed, 2);
}

/// Behaviour is given by sets of nodes; what is not used costs nothing.
#[test]
fn memory_goes_by_links_used() {
    let mut world = World::new(Seed(1), false);
    let nodes: Vec<NodeId> = (0..20_000)
        .map(|i| world.add_node(&NodeSpec::new(format!("n{i}"))))
        .collect();
    world.set_links(
        &nodes,
        &nodes,
        true,
        LinkProfile::with_delay(Law::Constant(3e6)),
    );
    let hub = world.port(nodes[0], "hub");
    let (count, seen) = counter();
    world.process(nodes[0], "hub", move |cx| {
        let count = Rc::clone(&count);
        async move {
            let inbox = cx.listen("hub");
            loop {
                inbox.recv().await;
                assert_eq!(cx.now(), at_ms(3));
                count.set(count.get() + 1);
            }
        }
    });
    for &node in nodes.iter().skip(1).step_by(2) {
        world.process(node, "leaf", move |cx| async move {
            cx.send(hub, Body::Words([0; 8]));
        });
    }
    run(&mut world, 10);
    assert_eq!(seen.get(), 10_000);
    let k = world.shared.kernel.borrow();
    assert_eq!(k.links.len(), 10_000, "of four hundred million pairs");
}
