//! Delay and loss of the whole net: in force with the plan, composed, and gone afterwards.

use squall_core::Law;
use squall_core::plan::{Arithmetic, Primitive};

use super::ping::{between, count, run};
use super::plans::{link, lossy, plan, slow};

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
