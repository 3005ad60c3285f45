use super::*;
use crate::plan::{
    Arithmetic, Bandwidth, Corrupt, Corruption, CutMode, CutScope, Duplicate, GilbertElliott,
    HoldBack, LinkTarget, QueueLimit, Reorder,
};
use crate::{Law, NodeId, Seed};
use proptest::prelude::*;

const ENDS: LinkTarget = LinkTarget {
    from: NodeId(0),
    to: NodeId(1),
};

fn link() -> Link {
    made(LinkProfile::with_delay(Law::Constant(1000.0)))
}
fn made(profile: LinkProfile) -> Link {
    let key = Key::new(Seed(1), "link/a->b", "link");
    Link::new((NodeId(0), NodeId(1)), key, Rc::new(profile))
}
fn key(n: u32) -> Key {
    Key::new(Seed(1), "fault", "event").child(u64::from(n))
}
fn datagram(now: u64, bytes: u32) -> Packet {
    Packet {
        now,
        bytes,
        opened: None,
        connection: false,
        copyable: true,
    }
}

/// What became of a message and its copies.
#[derive(Clone, Debug, PartialEq)]
enum Fate {
    Cut(CutMode),
    Lost,
    Passed(Option<Corruption>, Vec<Transit>),
}

/// Sends a message over a link, calm or not.
fn send(link: &mut Link, packet: Packet, landed: &mut Vec<EntryId>) -> Fate {
    match link.transmit() {
        Calm::After(delay) => return Fate::Passed(None, vec![Transit::At(packet.now + delay)]),
        Calm::Lost => return Fate::Lost,
        Calm::No => {}
    }
    match link.judge(&packet, landed) {
        (_, Judged::Cut(mode)) => Fate::Cut(mode),
        (_, Judged::Lost) => Fate::Lost,
        (ordinal, Judged::Passes { copies, damage }) => {
            let pass = |copy| link.pass(&packet, (ordinal, copy), copy, landed);
            Fate::Passed(damage, (0..=copies).map(pass).collect())
        }
    }
}
fn arrival(fate: &Fate) -> Option<u64> {
    match fate {
        Fate::Passed(_, transits) => match transits[0] {
            Transit::At(at) => Some(at),
            _ => None,
        },
        _ => None,
    }
}
fn put(link: &mut Link, id: u32, primitive: &Primitive) {
    link.overlay(EntryId(id), primitive, key(id), (u64::from(id), true));
}
fn take(link: &mut Link, id: u32, primitive: &Primitive) {
    link.overlay(EntryId(id), primitive, key(id), (0, false));
}

fn delay(law: Law, mode: Arithmetic, correlation: f64) -> Primitive {
    Primitive::LinkDelay {
        link: ENDS,
        delay: law,
        mode,
        correlation,
    }
}
fn loss(share: f64) -> Primitive {
    Primitive::LinkLoss {
        link: ENDS,
        share,
        correlation: 0.0,
    }
}
fn rate(rate: f64, burst: u64, queue: Option<QueueLimit>) -> Primitive {
    let bandwidth = Bandwidth {
        rate: Some(rate),
        burst,
        queue,
    };
    Primitive::LinkRate {
        link: ENDS,
        bandwidth,
    }
}
fn corrupt(share: f64, seen: Corruption) -> Primitive {
    let corrupt = Corrupt { share, seen };
    Primitive::LinkCorrupt {
        link: ENDS,
        corrupt,
    }
}
fn duplicate(share: f64, copies: u32) -> Primitive {
    let duplicate = Duplicate { share, copies };
    Primitive::LinkDuplicate {
        link: ENDS,
        duplicate,
    }
}
fn reorder(share: f64, by: HoldBack) -> Primitive {
    let reorder = Reorder { share, by };
    Primitive::LinkReorder {
        link: ENDS,
        reorder,
    }
}
fn cut(mode: CutMode, scope: CutScope) -> Primitive {
    Primitive::LinkCut {
        link: ENDS,
        mode,
        scope,
    }
}
fn burst_loss(p: f64, r: f64) -> Primitive {
    let chain = GilbertElliott {
        p,
        r,
        loss_good: 0.0,
        loss_bad: 1.0,
        step: None,
    };
    Primitive::LinkBurstLoss { link: ENDS, chain }
}

#[test]
fn a_calm_link_is_small() {
    assert!(size_of::<Link>() <= 88, "{}", size_of::<Link>());
    assert!(link().weather.is_none());
}

#[test]
fn replace_then_scale_then_add() {
    let mut link = link();
    let constant = |v, mode| delay(Law::Constant(v), mode, 0.0);
    put(&mut link, 3, &constant(50.0, Arithmetic::Add));
    put(&mut link, 1, &constant(3.0, Arithmetic::Scale));
    put(&mut link, 2, &constant(200.0, Arithmetic::Replace));
    let mut landed = Vec::new();
    let mut arrival = || arrival(&send(&mut link, datagram(0, 64), &mut landed));
    assert_eq!(arrival(), Some(650));
    assert_eq!(landed, [EntryId(1), EntryId(2), EntryId(3)]);
    take(&mut link, 2, &constant(200.0, Arithmetic::Replace));
    let fate = send(&mut link, datagram(0, 64), &mut landed);
    assert_eq!(self::arrival(&fate), Some(3050));
}

#[test]
fn losses_are_independent_and_correlation_keeps_the_law() {
    let mut link = link();
    put(&mut link, 1, &loss(0.2));
    put(&mut link, 2, &loss(0.5));
    let mut landed = Vec::new();
    let n = 20_000;
    let lost = (0..n)
        .filter(|_| send(&mut link, datagram(0, 64), &mut landed) == Fate::Lost)
        .count();
    let share = lost as f64 / f64::from(n);
    assert!((share - 0.6).abs() < 0.015, "{share}");

    let mut link = self::link();
    let law = Law::Normal { mean: 5e4, sd: 1e4 };
    put(&mut link, 1, &delay(law, Arithmetic::Replace, 0.25));
    let draws: Vec<f64> = (0..n)
        .map(|_| {
            let fate = send(&mut link, datagram(0, 64), &mut landed);
            (arrival(&fate).expect("nothing is lost") as f64 - 5e4) / 1e4
        })
        .collect();
    let mean = draws.iter().sum::<f64>() / f64::from(n);
    let square = draws.iter().map(|z| z * z).sum::<f64>() / f64::from(n);
    let lag = draws.windows(2).map(|w| w[0] * w[1]).sum::<f64>() / f64::from(n);
    assert!(
        mean.abs() < 0.03 && (square - 1.0).abs() < 0.04,
        "{mean} {square}"
    );
    assert!((lag - 0.25).abs() < 0.03, "{lag}");
}

#[test]
fn cuts_drop_or_refuse_and_spare_what_they_should() {
    let mut link = link();
    let mut landed = Vec::new();
    let mut fate = |link: &mut Link, packet| send(link, packet, &mut landed);
    put(&mut link, 1, &cut(CutMode::Refuse, CutScope::All));
    assert_eq!(fate(&mut link, datagram(9, 64)), Fate::Cut(CutMode::Refuse));
    put(&mut link, 2, &cut(CutMode::Drop, CutScope::All));
    assert_eq!(fate(&mut link, datagram(9, 64)), Fate::Cut(CutMode::Drop));
    take(&mut link, 1, &cut(CutMode::Refuse, CutScope::All));
    assert_eq!(fate(&mut link, datagram(9, 64)), Fate::Cut(CutMode::Drop));
    take(&mut link, 2, &cut(CutMode::Drop, CutScope::All));
    assert!(link.weather.is_none(), "nothing is left of it");

    put(&mut link, 3, &cut(CutMode::Drop, CutScope::Above(1400)));
    assert!(arrival(&fate(&mut link, datagram(9, 1400))).is_some());
    assert_eq!(fate(&mut link, datagram(9, 1401)), Fate::Cut(CutMode::Drop));
    take(&mut link, 3, &cut(CutMode::Drop, CutScope::Above(1400)));

    put(&mut link, 5, &cut(CutMode::Drop, CutScope::Existing));
    let of = |opened| Packet {
        opened: Some(opened),
        connection: true,
        ..datagram(9, 64)
    };
    assert!(arrival(&fate(&mut link, datagram(9, 64))).is_some());
    assert_eq!(fate(&mut link, of(4)), Fate::Cut(CutMode::Drop));
    assert!(arrival(&fate(&mut link, of(5))).is_some());
}

#[test]
fn holds_release_when_the_last_one_ends() {
    let mut link = link();
    let mut landed = Vec::new();
    let hold = Primitive::LinkHold { link: ENDS };
    put(&mut link, 3, &hold);
    put(&mut link, 4, &hold);
    let fate = send(&mut link, datagram(10, 64), &mut landed);
    assert_eq!(fate, Fate::Passed(None, vec![Transit::Held]));
    let gone = |link: &mut Link, id| link.overlay(EntryId(id), &hold, key(id), (99, false));
    assert!(gone(&mut link, 3).is_empty());
    assert_eq!(gone(&mut link, 4), [(0, 1010)]);
    assert!(link.weather.is_none());
}

/// A message passes: cut, loss, corrupt, duplicate, queue, delay, reorder, hold. A later stage does
/// not see what an earlier one has ended, and counts nothing for it.
#[test]
fn the_stages_follow_each_other() {
    let stages = [
        cut(CutMode::Drop, CutScope::All),
        loss(1.0),
        corrupt(1.0, Corruption::Silent),
        duplicate(1.0, 1),
        rate(64e9, 0, None),
        delay(Law::Constant(5.0), Arithmetic::Add, 0.0),
        reorder(1.0, HoldBack::Time(VirtualDuration::from_nanos(7))),
        Primitive::LinkHold { link: ENDS },
    ];
    // By the first stage that is in force: who counts something.
    let counted = |first: usize| {
        let mut link = link();
        for (id, stage) in (0..).zip(&stages).skip(first) {
            put(&mut link, id, stage);
        }
        let mut landed = Vec::new();
        let fate = send(&mut link, datagram(100, 64), &mut landed);
        (fate, landed.iter().map(|id| id.0).collect::<Vec<_>>())
    };
    assert_eq!(counted(0), (Fate::Cut(CutMode::Drop), vec![0]));
    assert_eq!(counted(1), (Fate::Lost, vec![1]));
    let held = || vec![Transit::Held; 2];
    let (fate, landed) = counted(2);
    assert_eq!(fate, Fate::Passed(Some(Corruption::Silent), held()));
    // Once for the message, then once for the message and its copy.
    assert_eq!(landed, [2, 3, 4, 5, 6, 7, 4, 5, 6, 7]);
    // The copy waits behind the message, and both are held for as long as they would have taken.
    let mut link = link();
    for (id, stage) in (0..).zip(&stages).skip(2) {
        put(&mut link, id, stage);
    }
    send(&mut link, datagram(100, 64), &mut Vec::new());
    let free = link.overlay(EntryId(7), &stages[7], key(7), (100, false));
    assert_eq!(
        free,
        [(0, 100 + 1 + 1000 + 5 + 7), (1, 100 + 2 + 1000 + 5 + 7)]
    );
}

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

/// Held back by three messages: the third later one takes it along.
#[test]
fn a_message_held_back_is_overtaken_by_so_many() {
    let mut link = link();
    let primitive = reorder(1.0, HoldBack::Messages(3));
    put(&mut link, 1, &primitive);
    let mut landed = Vec::new();
    let fate = send(&mut link, datagram(0, 64), &mut landed);
    let Fate::Passed(None, transits) = fate else {
        panic!("{fate:?}")
    };
    let Transit::HeldBack(number) = transits[0] else {
        panic!("{transits:?}")
    };
    take(&mut link, 1, &primitive);
    let weather = link.weather().expect("a message still waits");
    let mut free = Vec::new();
    for at in [2000, 2001] {
        weather.overtaken(at, &mut free);
    }
    assert!(free.is_empty());
    let mut alone = weather.clone();
    weather.overtaken(2002, &mut free);
    assert_eq!(free, [(0, 2002)]);
    link.clear_up(0);
    assert!(link.weather.is_none());
    // Where nothing follows it goes on by itself.
    assert_eq!(alone.waited_enough(number), Some((0, 1000)));
    assert_eq!(alone.waited_enough(number), None);
}

/// A message clogs the link for itself and for those that depart while it is clogged.
#[test]
fn a_clog_lets_all_go_at_its_end() {
    let clog = |share| Primitive::LinkClog {
        link: ENDS,
        share,
        length: Law::Constant(1e6),
    };
    let mut link = link();
    let mut landed = Vec::new();
    put(&mut link, 1, &clog(0.02));
    let at = |i: u64| 10_000 * i;
    let mut waited = 0;
    for i in 0..10_000 {
        let arrival = arrival(&send(&mut link, datagram(at(i), 64), &mut landed));
        let wait = arrival.expect("nothing is lost") - at(i) - 1000;
        assert!(wait <= 1_000_000 - 1000);
        waited += usize::from(wait > 0);
    }
    assert_eq!(landed.len(), waited);
    // A hundred messages a millisecond, two clogs in them: all but e^-2 wait.
    let share = waited as f64 / 1e4;
    assert!((share - 0.865).abs() < 0.03, "{share}");
}

fn any_overlay() -> impl Strategy<Value = Primitive> {
    let law = (1.0..1e6).prop_map(|mean| Law::Exponential { mean });
    prop_oneof![
        (law, 0..3).prop_map(|(law, mode)| {
            let mode = [Arithmetic::Add, Arithmetic::Scale, Arithmetic::Replace][mode as usize];
            delay(law, mode, 0.0)
        }),
        (0.0..0.5).prop_map(loss),
        (0.01..0.3, 0.1..0.9).prop_map(|(p, r)| burst_loss(p, r)),
        (0.0..0.5, prop::bool::ANY).prop_map(|(share, silent)| {
            let seen = if silent {
                Corruption::Silent
            } else {
                Corruption::Detected
            };
            corrupt(share, seen)
        }),
        (0.0..0.5, 1..4u32).prop_map(|(share, copies)| duplicate(share, copies)),
        (1e4..1e7, 0..5000u64, 1..20u32).prop_map(|(bytes, burst, queue)| {
            rate(bytes, burst, Some(QueueLimit::Messages(queue)))
        }),
        (0.0..0.5, 1..1000u64).prop_map(|(share, us)| {
            reorder(share, HoldBack::Time(VirtualDuration::from_micros(us)))
        }),
        prop::bool::ANY.prop_map(|drop| {
            let mode = if drop { CutMode::Drop } else { CutMode::Refuse };
            cut(mode, CutScope::Above(1000))
        }),
        Just(Primitive::LinkHold { link: ENDS }),
        (0.0..0.2, 1e4..1e7).prop_map(|(share, mean)| Primitive::LinkClog {
            link: ENDS,
            share,
            length: Law::Exponential { mean },
        }),
    ]
}

/// Fates of 200 messages of growing size, and who landed on each.
fn fates(link: &mut Link) -> Vec<(Fate, Vec<EntryId>)> {
    let message = |i: u32| {
        let mut landed = Vec::new();
        let fate = send(
            link,
            datagram(u64::from(i) * 100_000, 100 + 10 * i),
            &mut landed,
        );
        (fate, landed)
    };
    (0..200).map(message).collect()
}

proptest! {
    /// Two overlays that start at one instant do the same in whatever order they come, and the end of
    /// one leaves the link as if it had never been.
    #[test]
    fn overlays_commute_and_one_that_ends_leaves_the_other(a in any_overlay(), b in any_overlay()) {
        let start = |link: &mut Link, id: u32, primitive: &Primitive| {
            link.overlay(EntryId(id), primitive, key(id), (0, true));
        };
        let both = |first: bool| {
            let mut link = link();
            if first {
                start(&mut link, 1, &a);
                start(&mut link, 2, &b);
            } else {
                start(&mut link, 2, &b);
                start(&mut link, 1, &a);
            }
            link
        };
        prop_assert!(fates(&mut both(true)) == fates(&mut both(false)));

        let mut alone = link();
        start(&mut alone, 2, &b);
        let mut left = both(true);
        take(&mut left, 1, &a);
        prop_assert!(fates(&mut left) == fates(&mut alone));
    }

    /// An overlay moves no draw of another: beside one that only delays, the other loses, damages and
    /// copies the same messages.
    #[test]
    fn an_overlay_moves_no_draw_of_another(b in any_overlay(), mean in 1.0..1e6) {
        let start = |link: &mut Link, id: u32, primitive: &Primitive| {
            link.overlay(EntryId(id), primitive, key(id), (0, true));
        };
        let law = Law::Exponential { mean };
        let (mut alone, mut beside) = (link(), link());
        start(&mut alone, 2, &b);
        start(&mut beside, 1, &delay(law, Arithmetic::Add, 0.0));
        start(&mut beside, 2, &b);
        let shape = |fates: Vec<(Fate, Vec<EntryId>)>| {
            fates.into_iter().map(|(fate, landed)| {
                let fate = match fate {
                    Fate::Passed(damage, transits) => (None, damage, transits.len()),
                    other => (Some(other), None, 0),
                };
                (fate, landed.contains(&EntryId(2)))
            }).collect::<Vec<_>>()
        };
        // What these change goes by what the other one does, though their draws do not.
        let replace = Arithmetic::Replace;
        let delays = matches!(&b, Primitive::LinkDelay { mode, .. } if *mode == replace)
            || matches!(b, Primitive::LinkClog { .. });
        prop_assume!(!delays);
        prop_assert!(shape(fates(&mut alone)) == shape(fates(&mut beside)));
    }
}
