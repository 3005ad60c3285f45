//! Bottlenecks and recordings.

use super::*;

/// A saturated link delivers its rate to the byte; what does not fit into the queue is dropped from
/// its tail, and the queue never holds more than its limit.
#[test]
fn a_saturated_link_delivers_exactly_its_rate() {
    let mut link = link();
    put(&mut link, 1, &rate(1e6, 0, Some(QueueLimit::Bytes(10_000))));
    let (mut landed, mut out) = (Vec::new(), Vec::new());
    let (mut waiting, mut dropped) = (0, 0);
    // Two bytes offered for each one that passes: 1000 bytes every half millisecond.
    for i in 0..20_000u64 {
        let now = 100 + i * 500_000;
        let fate = send(&mut link, datagram(now, 1000), &mut landed);
        match arrival(&fate) {
            Some(at) => out.push(at),
            None => {
                let lost = Fate::Passed(None, vec![Transit::Lost]);
                assert_eq!(fate, lost);
                dropped += 1;
            }
        }
        waiting = waiting.max(out.iter().rev().take_while(|at| **at - 1000 > now).count());
    }
    assert_eq!(waiting, 10, "ten messages of 1000 bytes fit");
    let gaps = out.windows(2).map(|w| w[1] - w[0]);
    assert!(
        gaps.into_iter().all(|gap| gap == 1_000_000),
        "one a millisecond"
    );
    assert_eq!(out.len() + dropped, 20_000);
    assert!((out.len() as i64 - 10_010).abs() <= 1, "{}", out.len());
    // Every message but the first waits or is dropped.
    assert!(landed.len() >= 20_000 - 1 && landed.iter().all(|id| *id == EntryId(1)));
}

/// M/D/1 at load 0.8: the mean wait is rho / (2 (1 - rho)) services, two of them.
#[test]
fn random_arrivals_wait_as_long_as_in_an_m_d_1_queue() {
    let mut link = made(LinkProfile::default());
    put(&mut link, 1, &rate(1e6, 0, None));
    let draws = Key::new(Seed(9), "source", "gap");
    let (mut now, mut wait) = (0.0, 0.0);
    let n = 400_000u64;
    let mut landed = Vec::new();
    for i in 0..n {
        now += draws.at(i).exponential(1e6 / 0.8);
        let at = VirtualDuration::from_nanos_f64(now).as_nanos();
        let fate = send(&mut link, datagram(at, 1000), &mut landed);
        landed.clear();
        wait += arrival(&fate).expect("nothing is dropped") as f64 - now - 1e6;
    }
    let mean = wait / n as f64 / 1e6;
    assert!((mean - 2.0).abs() < 0.06, "{mean} services");
}

#[test]
fn a_burst_passes_at_once_and_limits_count_messages_or_all_in_flight() {
    let mut landed = Vec::new();
    let mut arrivals = |primitive: &Primitive, n: u64| {
        let mut link = link();
        put(&mut link, 1, primitive);
        landed.clear();
        let now = 10_000_000_000;
        let send = |_| arrival(&send(&mut link, datagram(now, 1000), &mut landed)).map(|t| t - now);
        (0..n).map(send).collect::<Vec<_>>()
    };
    let ms = 1_000_000;
    // Three of 1000 bytes are a burst, then one a millisecond.
    let burst = arrivals(&rate(1e6, 3000, None), 5);
    let at = |ns: u64| Some(1000 + ns);
    assert_eq!(burst, [at(0), at(0), at(0), at(ms), at(2 * ms)]);
    let queue = Some(QueueLimit::Messages(2));
    assert_eq!(
        arrivals(&rate(1e6, 0, queue), 4),
        [at(ms), at(2 * ms), None, None]
    );
    let flying = Primitive::LinkRate {
        link: ENDS,
        bandwidth: Bandwidth {
            rate: None,
            burst: 0,
            queue: Some(QueueLimit::InFlight(3)),
        },
    };
    assert_eq!(arrivals(&flying, 5), [at(0), at(0), at(0), None, None]);
    assert_eq!(landed.len(), 2);
}

/// The base is no overlay: an overlay that is no tighter than it changes nothing and says so.
#[test]
fn a_looser_bottleneck_does_not_land() {
    let profile = LinkProfile {
        bandwidth: Some(Bandwidth {
            rate: Some(1e6),
            burst: 0,
            queue: Some(QueueLimit::Messages(2)),
        }),
        ..LinkProfile::default()
    };
    let mut link = made(profile);
    put(&mut link, 1, &rate(1e6, 0, Some(QueueLimit::Messages(2))));
    let mut landed = Vec::new();
    for _ in 0..5 {
        send(&mut link, datagram(0, 1000), &mut landed);
    }
    assert!(landed.is_empty(), "{landed:?}");
    put(&mut link, 2, &rate(1e5, 0, None));
    send(&mut link, datagram(1_000_000_000, 1000), &mut landed);
    assert_eq!(landed, [EntryId(2)]);
}

#[test]
fn recorded_delay_and_capacity_are_followed() {
    let ms = 1_000_000;
    let trace = |traced, points: Vec<(u64, f64)>| Primitive::LinkTrace {
        link: ENDS,
        traced,
        series: crate::plan::Series::new(points, None),
    };
    let mut link = link();
    let mut landed = Vec::new();
    let points = vec![(0, 5e6), (10 * ms, 1e6)];
    put(&mut link, 1, &trace(crate::plan::Traced::Delay, points));
    let mut at = |link: &mut Link, now| arrival(&send(link, datagram(now, 1000), &mut landed));
    assert_eq!(at(&mut link, 1), Some(1 + 5 * ms));
    assert_eq!(at(&mut link, 1 + 10 * ms), Some(1 + 11 * ms));

    let mut link = made(LinkProfile::default());
    // A megabyte a second for two milliseconds, nothing for three, then two megabytes a second.
    let points = vec![(0, 1e6), (2 * ms, 0.0), (5 * ms, 2e6)];
    put(&mut link, 0, &trace(crate::plan::Traced::Capacity, points));
    let out: Vec<_> = (0..4)
        .map(|_| at(&mut link, 0).expect("it passes"))
        .collect();
    assert_eq!(out, [ms, 2 * ms, 5 * ms + ms / 2, 6 * ms]);
}

/// A bottleneck that ends leaves its queue: what comes later does not overtake what waits.
#[test]
fn a_queue_drains_when_its_limit_is_gone() {
    let mut link = link();
    let primitive = rate(1e6, 0, None);
    put(&mut link, 1, &primitive);
    let mut landed = Vec::new();
    let mut at = |link: &mut Link, now| arrival(&send(link, datagram(now, 1000), &mut landed));
    let ms = 1_000_000;
    assert_eq!(
        [at(&mut link, 1), at(&mut link, 1)],
        [Some(1 + ms + 1000), Some(1 + 2 * ms + 1000)]
    );
    take(&mut link, 1, &primitive);
    assert_eq!(at(&mut link, 2), Some(1 + 2 * ms + 1000));
    link.clear_up(3 * ms);
    assert!(link.weather.is_none());
    assert_eq!(at(&mut link, 3 * ms), Some(3 * ms + 1000));
}
