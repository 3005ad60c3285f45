//! Delay and loss of the whole net: in force with the plan, composed, and gone afterwards.

use squall_core::plan::{Arithmetic, Primitive};
use squall_core::{Law, Seed};
use squall_madsim::{Cx, HostedRun, planned};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::time::sleep;

use super::ping::{between, count, run};
use super::plans::{cut, link, lossy, ms, plan, slow};

/// Smallest and largest round trip of the answers between two instants, in milliseconds.
fn round_trips(hosted: &squall_madsim::Hosted, from: u64, until: u64) -> (u64, u64) {
    let took = || {
        let answers = between(hosted, "ping.answered", from, until).into_iter();
        answers.map(|(_, ns)| ns / 1_000_000)
    };
    let ends = took().min().zip(took().max());
    ends.expect("some pings are answered")
}

#[test]
fn delays_add_up_and_end_one_by_one() {
    // 2 ms each way, and 1 ms that madsim takes for each send and each receive; 30 ms more from 2
    // to 5 s, 10 ms more from 4 to 7 s.
    let hosted = run(plan(vec![
        (2_000, 5_000, slow(30.0)),
        (4_000, 7_000, slow(10.0)),
    ]));
    for (from, until, trip) in [
        (100, 2_000, 8),
        (2_100, 4_000, 68),
        (4_150, 5_000, 88),
        (5_150, 7_000, 28),
        (7_100, 10_000, 8),
    ] {
        let (low, high) = round_trips(&hosted, from, until);
        assert!(
            trip <= low && high <= trip + 1,
            "{from}..{until} ms: {low} to {high} ms, not {trip}"
        );
    }
}

#[test]
fn the_latest_replace_wins_and_scales_multiply_it() {
    let delay = |delay: f64, mode| {
        let on = |from, to| Primitive::LinkDelay {
            link: link(from, to),
            delay: Law::Constant(delay),
            mode,
            correlation: 0.0,
        };
        vec![on(0, 1), on(1, 0)]
    };
    let hosted = run(plan(vec![
        (2_000, 8_000, delay(20e6, Arithmetic::Replace)),
        (4_000, 6_000, delay(10e6, Arithmetic::Replace)),
        (5_000, 6_000, delay(3.0, Arithmetic::Scale)),
    ]));
    for (from, until, trip) in [
        (2_100, 4_000, 44),
        (4_100, 5_000, 24),
        (5_100, 6_000, 64),
        (6_100, 8_000, 44),
        (8_100, 10_000, 8),
    ] {
        let (low, high) = round_trips(&hosted, from, until);
        assert!(
            trip <= low && high <= trip + 1,
            "{from}..{until} ms: {low} to {high} ms, not {trip}"
        );
    }
}

#[test]
fn losses_are_independent() {
    // A quarter survives both overlays on each way: 1/16 of the round trips, of 150 in 3 s.
    let hosted = run(plan(vec![
        (2_000, 8_000, lossy(0.5)),
        (5_000, 8_000, lossy(0.5)),
    ]));
    let answered = |from, until| count(&hosted, "ping.answered", from, until);
    let (one, both) = (answered(2_010, 5_000), answered(5_010, 8_000));
    assert!(
        (22..=52).contains(&one),
        "{one} of about 143, not a quarter"
    );
    assert!(
        (2..=18).contains(&both),
        "{both} of about 143, not a sixteenth"
    );
    assert!(answered(8_010, 10_000) > 80);
}

#[test]
fn sixty_nodes_with_an_entry_a_link() {
    const NODES: u32 = 60;
    let pairs = || (0..NODES).flat_map(|from| (0..NODES).map(move |to| (from, to)));
    let links = || pairs().filter(|(from, to)| from != to);
    let slow = |(from, to)| Primitive::LinkDelay {
        link: link(from, to),
        delay: Law::Constant(5e6),
        mode: Arithmetic::Add,
        correlation: 0.0,
    };
    let mut run = HostedRun::new(Seed(1))
        .plan(plan(vec![
            (1_000, 3_000, links().map(slow).collect()),
            (
                2_000,
                4_000,
                links().map(|(from, to)| cut(from, to)).collect(),
            ),
        ]))
        .until(ms(6_000));
    for node in 0..NODES {
        run = run.node(&format!("n{node}"), gossip);
    }
    let hosted = run.run().expect("madsim can do this plan");
    assert_eq!(planned(&hosted.records).len(), 4 * 60 * 59);
    let heard = |from, until| count(&hosted, "gossip.heard", from, until);
    assert!(heard(0, 1_000) > 400, "{}", heard(0, 1_000));
    assert!(heard(1_050, 2_000) > 400, "{}", heard(1_050, 2_000));
    assert_eq!(heard(2_050, 4_000), 0);
    assert!(heard(4_050, 6_000) > 800, "{}", heard(4_050, 6_000));
}

/// Sends a datagram to the next node every 100 ms.
async fn gossip(cx: Cx) {
    let socket = UdpSocket::bind("0.0.0.0:7").await.expect("port 7 is free");
    let socket = Arc::new(socket);
    let (inbox, ears) = (Arc::clone(&socket), cx.recorder());
    tokio::spawn(async move {
        let mut buffer = [0; 4];
        while inbox.recv_from(&mut buffer).await.is_ok() {
            ears.event("gossip.heard", 0, 0);
        }
    });
    let next = format!("n{}:7", (cx.node().0 + 1) % 60);
    loop {
        // A name or an address that is away is not the sender's concern.
        let _ = socket.send_to(next.as_str(), &[1]).await;
        sleep(Duration::from_millis(100)).await;
    }
}
