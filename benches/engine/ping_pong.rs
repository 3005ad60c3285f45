//! W3: two nodes, 64-byte messages, one millisecond each way, through the whole network model with
//! an asynchronous task at each end.

use crate::workload::Workload;
use squall::core::world::{Body, Bounds, LinkProfile, NodeSpec, World};
use squall::core::{Law, Seed, VirtualTime};
use std::hint::black_box;

const ROUND_TRIPS: u64 = 1_000_000;

fn run(trips: u64) -> u64 {
    let mut world = World::new(Seed(0), false);
    world.set_default_link(LinkProfile::with_delay(Law::Constant(1e6)));
    let a = world.add_node(&NodeSpec::new("a"));
    let b = world.add_node(&NodeSpec::new("b"));
    let (there, back) = (world.port(b, "ping"), world.port(a, "pong"));
    world.process(b, "pong", move |cx| async move {
        let inbox = cx.listen("ping");
        loop {
            let words = inbox.recv().await.body.words();
            cx.send(back, Body::Words(words));
        }
    });
    world.process(a, "ping", move |cx| async move {
        let inbox = cx.listen("pong");
        for i in 0..trips {
            cx.send(there, Body::Words([i; 8]));
            assert_eq!(inbox.recv().await.body.words()[7], i);
        }
    });
    world.run(Bounds::until(VirtualTime::MAX));
    world.now().as_nanos()
}

pub(crate) fn workloads() -> Vec<Workload> {
    let make = || {
        assert_eq!(run(1_000), 2_000_000_000, "r round trips end at 2r ms");
        || {
            black_box(run(ROUND_TRIPS));
        }
    };
    let workload = Workload::new("W3 ping-pong, a round trip", ROUND_TRIPS, make);
    vec![workload.target(800.0, ("madsim", 1600.0))]
}
