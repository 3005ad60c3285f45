use super::*;
use core::future::poll_fn;
use core::pin::pin;
use core::task::Poll;

#[test]
fn sleeps_end_in_order_of_time_and_ties_in_order_of_scheduling() {
    let (mut world, nodes) = world(&["a"]);
    let order: Rc<RefCell<Vec<(u64, u32)>>> = Rc::default();
    for (i, delay) in [3u64, 1, 2, 1, 0].into_iter().enumerate() {
        let order = Rc::clone(&order);
        world.process(nodes[0], "sleeper", move |cx| {
            let order = Rc::clone(&order);
            async move {
                cx.sleep(ms(delay)).await;
                let now = cx.now().as_nanos() / 1_000_000;
                order
                    .borrow_mut()
                    .push((now, u32::try_from(i).expect("few")));
            }
        });
    }
    run(&mut world, 10);
    assert_eq!(*order.borrow(), [(0, 4), (1, 1), (1, 3), (2, 2), (3, 0)]);
}

/// Combinators bring wakers of their own: here one that polls two sleeps and takes the first.
#[test]
fn ordinary_combinators_work() {
    let (mut world, nodes) = world(&["a"]);
    let (count, seen) = counter();
    world.process(nodes[0], "p", move |cx| {
        let count = Rc::clone(&count);
        async move {
            let (mut one, mut two) = (pin!(cx.sleep(ms(5))), pin!(cx.sleep(ms(3))));
            poll_fn(|context| {
                if two.as_mut().poll(context).is_ready() || one.as_mut().poll(context).is_ready() {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                }
            })
            .await;
            assert_eq!(cx.now(), at_ms(3));
            let late = cx.timeout(ms(2), cx.sleep(ms(4))).await;
            assert_eq!((late, cx.now()), (Err(Elapsed), at_ms(5)));
            let early = cx.timeout(ms(4), cx.sleep(ms(4))).await;
            assert_eq!((early, cx.now()), (Ok(()), at_ms(9)));
            let foreign: futures_util::stream::FuturesUnordered<_> =
                (1..=3).map(|i| cx.sleep(ms(i))).collect();
            futures_util::StreamExt::count(foreign).await;
            assert_eq!(cx.now(), at_ms(12));
            count.set(1);
        }
    });
    run(&mut world, 20);
    assert_eq!(seen.get(), 1);
}

#[test]
fn a_run_goes_on_where_it_stopped_and_a_bound_on_events_says_so() {
    let build = || {
        let (mut world, nodes) = world(&["a"]);
        let name = world.name("tick");
        world.process(nodes[0], "ticker", move |cx| async move {
            loop {
                cx.sleep(ms(1)).await;
                cx.event(name, 0, 0);
            }
        });
        world
    };
    let (mut whole, mut parts) = (build(), build());
    let whole = run(&mut whole, 100);
    parts.run(Bounds::until(at_ms(33)));
    let parts = run(&mut parts, 100);
    assert_eq!((whole.digest, whole.events), (parts.digest, parts.events));

    let bounds = Bounds {
        until: at_ms(100),
        events_max: 10,
    };
    assert_eq!(build().run(bounds), Stop::EventsMax);
}

#[test]
fn a_world_is_as_good_as_new_after_a_reset() {
    fn build(world: &mut World) -> Digest {
        let node = world.add_node(&NodeSpec::new("a"));
        let name = world.name("x");
        world.process(node, "p", move |cx| async move {
            let mut draws = cx.stream("gap");
            for i in 0..100 {
                let gap = crate::Sample::between(&mut draws.next_thing(), 1.0, 9.0);
                cx.sleep(VirtualDuration::from_secs_f64(gap)).await;
                cx.event(name, i, 0);
            }
        });
        world.run(Bounds::until(VirtualTime::MAX));
        world.finish(&Stop::Quiet).digest
    }
    let mut world = World::new(Seed(1), false);
    let first = build(&mut world);
    world.reset(Seed(2), false);
    let other = build(&mut world);
    world.reset(Seed(1), true);
    let again = build(&mut world);
    assert_eq!(
        first, again,
        "recording and history of the arena change nothing"
    );
    assert_ne!(first, other);
}

#[test]
fn handlers_and_tasks_meet_in_one_world() {
    struct Echo {
        port: PortId,
        back: PortId,
    }
    impl Handler for Echo {
        fn start(&mut self, cx: &mut HandlerCx<'_>) {
            cx.listen(self.port);
        }
        fn event(&mut self, _: &mut HandlerCx<'_>, _: u64) {}
        fn message(&mut self, cx: &mut HandlerCx<'_>, message: Message) {
            cx.send(self.back, message.body.words());
        }
    }
    let (mut world, nodes) = world(&["a", "b"]);
    let (there, back) = (world.port(nodes[1], "echo"), world.port(nodes[0], "back"));
    world.handler(nodes[1], move || Echo { port: there, back });
    let (count, seen) = counter();
    world.process(nodes[0], "client", move |cx| {
        let count = Rc::clone(&count);
        async move {
            let inbox = cx.listen("back");
            for i in 0..5 {
                cx.send(there, Body::Words([i; 8]));
                assert_eq!(inbox.recv().await.body.words(), [i; 8]);
            }
            count.set(cx.now().as_nanos());
        }
    });
    run(&mut world, 100);
    assert_eq!(seen.get(), 10_000_000);
}

/// A loop that waits for nothing uses up events: it meets the bound instead of hanging the run.
#[test]
fn a_wait_of_no_length_is_an_event() {
    let (mut world, nodes) = world(&["a"]);
    world.process(nodes[0], "busy", move |cx| async move {
        loop {
            cx.sleep(VirtualDuration::ZERO).await;
        }
    });
    let bounds = Bounds {
        until: at_ms(1),
        events_max: 1_000,
    };
    assert_eq!(world.run(bounds), Stop::EventsMax);
    assert_eq!(world.now(), VirtualTime::ZERO);
}
