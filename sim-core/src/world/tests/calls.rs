use super::*;
use crate::history::{Outcome, Part};
use crate::plan::{CallRule, CallScope, LimitUnit, RetryAfter};

/// A server on node 1 that takes `work` for each call, and a client on node 0 that calls `calls`
/// times with a deadline of 50 ms; gives the results as codes, 200 for ok.
fn exchange(calls: u64, faults: Vec<(u64, Option<u64>, Primitive)>) -> (Vec<u16>, Finished) {
    let (mut world, nodes) = world(&["client", "server"]);
    let server = world.port(nodes[1], "echo");
    let (call, serve) = (world.name("call"), world.name("serve"));
    world.process(nodes[1], "echo", move |cx| async move {
        let inbox = cx.listen("echo");
        loop {
            let incoming = inbox.accept().await;
            let operation = incoming.operation(&cx, serve);
            operation.cx().compute(ms(3)).await;
            let key = incoming.request.key;
            operation.end(Outcome::Ok);
            incoming.reply(&cx, Reply::of([key, 0, 0, 0]));
        }
    });
    let results: Rc<RefCell<Vec<u16>>> = Rc::default();
    let out = Rc::clone(&results);
    world.process(nodes[0], "client", move |cx| {
        let out = Rc::clone(&out);
        async move {
            for key in 0..calls {
                let operation = cx.operation(call);
                let request = Request {
                    key,
                    ..Request::default()
                };
                let result = operation.cx().call(server, request).within(ms(50)).await;
                if let Ok(reply) = result {
                    assert_eq!(reply.args[0], key);
                }
                out.borrow_mut()
                    .push(result.map_or_else(CallError::code, |_| 200));
                operation.end(Outcome::Ok);
                cx.sleep_until(at_ms(100 * (key + 1))).await;
            }
        }
    });
    world.set_plan(plan(faults));
    let finished = run(&mut world, 100 * calls);
    let results = results.borrow().clone();
    (results, finished)
}

fn rule(rule: CallRule) -> Primitive {
    Primitive::Call {
        client: None,
        service: ServiceId(0),
        only: CallScope::ALL,
        rule,
    }
}

#[test]
fn a_call_goes_there_and_back_and_its_time_is_split() {
    let (results, finished) = exchange(1, Vec::new());
    assert_eq!(results, [200]);
    let parts = finished
        .history
        .records()
        .iter()
        .filter_map(|record| match record.what {
            What::SpanTime { span, part, ns } => Some((span.0, part, ns / 1_000_000)),
            _ => None,
        });
    let parts = parts.collect::<Vec<_>>();
    assert_eq!(
        parts,
        [(1, Part::Run, 3), (0, Part::Network, 2), (0, Part::Peer, 3)]
    );
    let parents = finished
        .history
        .records()
        .iter()
        .filter_map(|record| match record.what {
            What::SpanStart { span, parent, .. } => Some((span.0, parent.0)),
            _ => None,
        });
    assert_eq!(parents.collect::<Vec<_>>(), [(0, u32::MAX), (1, 0)]);
}

#[test]
fn errors_delays_hangs_and_lost_replies() {
    let error = CallRule::Error {
        status: 503,
        share: 1.0,
        after_effect: false,
        retry_after: None,
        work: VirtualDuration::ZERO,
    };
    let delay = CallRule::Delay {
        delay: Law::Constant(20e6),
        mode: crate::plan::Arithmetic::Add,
        share: 1.0,
    };
    let (results, finished) = exchange(
        6,
        vec![
            (0, Some(100), rule(error)),
            (100, Some(200), rule(CallRule::Hang { share: 1.0 })),
            (200, Some(300), rule(CallRule::LostReply { share: 1.0 })),
            (400, Some(500), rule(delay)),
        ],
    );
    assert_eq!(results, [503, 0, 0, 200, 200, 200]);
    let landed: Vec<_> = finished.faults.iter().map(|fault| fault.landed).collect();
    assert_eq!(landed, [1, 1, 1, 1]);
}

#[test]
fn a_rate_limit_refuses_what_does_not_fit() {
    let limit = CallRule::RateLimit {
        rate: 5.0,
        burst: 1.0,
        unit: LimitUnit::Calls,
        status: 429,
        retry_after: RetryAfter::Exact,
    };
    let (results, finished) = exchange(8, vec![(0, None, rule(limit))]);
    // A call about every 100 ms against a token every 200 ms.
    assert_eq!(results.iter().filter(|code| **code == 429).count(), 4);
    assert_eq!(finished.faults[0].landed, 4);
}

#[test]
fn the_death_of_a_server_is_silent_or_a_reset() {
    let crash = |seen| Primitive::Crash {
        node: NodeId(1),
        seen,
    };
    use crate::plan::Seen;
    let (results, finished) = exchange(
        6,
        vec![
            (2, Some(150), crash(Seen::Silent)),
            (302, Some(450), crash(Seen::Reset)),
        ],
    );
    // Dead while serving, dead, alive, reset while serving, refused, alive.
    assert_eq!(&results[..2], [0, 0]);
    assert_eq!(results[2], 200);
    assert!(results.contains(&2) || results.contains(&1), "{results:?}");
    assert_eq!(results[5], 200);
    assert!(finished.faults.iter().all(|fault| fault.landed == 1));
}

/// What waits in a port is served, though its client has gone: a server cannot know.
#[test]
fn a_call_outlives_the_patience_of_its_client() {
    let pause = Primitive::Pause { node: NodeId(1) };
    let (results, finished) = exchange(4, vec![(0, Some(210), pause)]);
    assert_eq!(results, [0, 0, 200, 200]);
    let records = finished.history.records().iter();
    let served = records.filter(|r| {
        matches!(
            r.what,
            What::SpanStart {
                node: NodeId(1),
                ..
            }
        )
    });
    assert_eq!(served.count(), 4, "two of them for nobody");
}

#[test]
fn where_nobody_listens_a_call_is_refused_after_a_round_trip() {
    let (mut world, nodes) = world(&["client", "server"]);
    let port = world.port(nodes[1], "nobody");
    let (count, seen) = counter();
    world.process(nodes[0], "client", move |cx| {
        let count = Rc::clone(&count);
        async move {
            let result = cx.call(port, Request::default()).within(ms(50)).await;
            assert_eq!((result, cx.now()), (Err(CallError::Refused), at_ms(2)));
            count.set(1);
        }
    });
    run(&mut world, 100);
    assert_eq!(seen.get(), 1);
}

/// Over a link whose delays would reorder everything, calls of a connection arrive as they were sent.
#[test]
fn messages_of_a_connection_do_not_overtake() {
    let (mut world, nodes) = world(&["client", "server"]);
    world.set_link(
        nodes[0],
        nodes[1],
        LinkProfile::with_delay(Law::Exponential { mean: 20e6 }),
    );
    let port = world.port(nodes[1], "echo");
    let order: Rc<RefCell<Vec<u64>>> = Rc::default();
    let arrived = Rc::clone(&order);
    world.process(nodes[1], "echo", move |cx| {
        let arrived = Rc::clone(&arrived);
        async move {
            let inbox = cx.listen("echo");
            loop {
                let key = inbox.accept().await.request.key;
                arrived.borrow_mut().push(key);
            }
        }
    });
    world.process(nodes[0], "client", move |cx| async move {
        for key in 0..50 {
            let call = cx.clone();
            cx.spawn(async move {
                let request = Request {
                    key,
                    ..Request::default()
                };
                let _ = call.call(port, request).within(ms(500)).await;
            });
            cx.sleep(ms(1)).await;
        }
    });
    run(&mut world, 2_000);
    assert_eq!(*order.borrow(), (0..50).collect::<Vec<_>>());
}

/// Several readers of one inbox are served in the order in which they came, and one that gives up
/// leaves its turn to the next.
#[test]
fn readers_are_served_in_their_order() {
    let (mut world, nodes) = world(&["a", "b"]);
    let port = world.port(nodes[1], "sink");
    let order: Rc<RefCell<Vec<(u64, u64)>>> = Rc::default();
    let served = Rc::clone(&order);
    world.process(nodes[1], "readers", move |cx| {
        let served = Rc::clone(&served);
        async move {
            let inbox = cx.listen("sink");
            for reader in 0..4 {
                let (inbox, served, cx) = (inbox.clone(), Rc::clone(&served), cx.clone());
                cx.clone().spawn(async move {
                    // The first one has no patience.
                    let patience = if reader == 0 { ms(3) } else { ms(100) };
                    if let Ok(message) = cx.timeout(patience, inbox.recv()).await {
                        served.borrow_mut().push((reader, message.body.words()[0]));
                    }
                });
            }
        }
    });
    world.process(nodes[0], "source", move |cx| async move {
        cx.sleep(ms(5)).await;
        for i in 0..3 {
            cx.send(port, Body::Words([i; 8]));
        }
    });
    run(&mut world, 50);
    assert_eq!(*order.borrow(), [(1, 0), (2, 1), (3, 2)]);
}
