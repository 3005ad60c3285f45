//! Channels: every rule alone, two at once, and what lands.

use super::*;
use crate::ChannelId;
use crate::plan::{Poison, SignalRule};

const CHANNEL: ChannelId = ChannelId(0);

fn on(rule: SignalRule) -> Primitive {
    Primitive::Signal {
        channel: CHANNEL,
        rule,
    }
}

type Got = Vec<(u64, f64)>;

/// Sample number i, of value i, every millisecond through a channel of resolution 0.01; gives
/// (arrival in ms, value) of what comes out.
fn stream(faults: Vec<(u64, Option<u64>, Primitive)>, until: u64) -> (Got, Finished) {
    let (mut world, nodes) = world(&["a"]);
    let channel = world.channel("loop.sensor-0", 0.01);
    assert_eq!(channel, CHANNEL);
    let got: Rc<RefCell<Got>> = Rc::default();
    let sink = Rc::clone(&got);
    world.process(nodes[0], "source", move |cx| {
        let sink = Rc::clone(&sink);
        async move {
            for i in 0u32.. {
                let sink = Rc::clone(&sink);
                cx.through(channel, f64::from(i), move |cx, value| {
                    let at = cx.now().as_nanos() / 1_000_000;
                    sink.borrow_mut().push((at, value));
                });
                cx.sleep(ms(1)).await;
            }
        }
    });
    world.set_plan(plan(faults));
    let finished = run(&mut world, until);
    // A run ends with its last instant.
    let mut got = got.borrow().clone();
    got.retain(|(at, _)| *at < until);
    (got, finished)
}

/// What comes out under rules that are all in force from 3 ms to 6 ms, and how often each landed.
fn under(rules: &[SignalRule]) -> (Vec<f64>, Vec<u64>) {
    let faults = rules.iter().map(|rule| (3, Some(6), on(rule.clone())));
    let (got, finished) = stream(faults.collect(), 9);
    let landed = finished.faults.iter().map(|fault| fault.landed);
    (got.iter().map(|(_, v)| *v).collect(), landed.collect())
}

fn bias(offset: f64) -> SignalRule {
    SignalRule::Bias { offset }
}
fn limit(limit: f64) -> SignalRule {
    SignalRule::Saturate {
        limit: Some(limit),
        rate: None,
    }
}
fn poison(poison: Poison) -> SignalRule {
    SignalRule::NonFinite { poison, share: 1.0 }
}
const OFF: SignalRule = SignalRule::Off { passes: None };

#[test]
fn a_channel_without_a_fault_gives_what_it_gets_at_once() {
    let (got, _) = stream(Vec::new(), 3);
    assert_eq!(got, [(0, 0.0), (1, 1.0), (2, 2.0)]);
}

#[test]
fn every_rule_changes_what_it_says_and_is_over_at_its_end() {
    let check = |rule: SignalRule, want: &[f64], landed: u64| {
        let (got, counts) = under(std::slice::from_ref(&rule));
        assert_eq!(got, want, "{rule:?}");
        assert_eq!(counts, [landed], "{rule:?}");
    };
    let whole = |middle: [f64; 3]| {
        let [a, b, c] = middle;
        [0.0, 1.0, 2.0, a, b, c, 6.0, 7.0, 8.0]
    };
    check(bias(10.0), &whole([13.0, 14.0, 15.0]), 3);
    // Below the resolution: another value, but nothing that counts.
    check(bias(0.005), &whole([3.005, 4.005, 5.005]), 0);
    check(
        SignalRule::Drift { rate: 1000.0 },
        &whole([3.0, 5.0, 7.0]),
        2,
    );
    // Stuck at what came before it began; the third sample is no exception.
    check(SignalRule::Stuck, &whole([2.0, 2.0, 2.0]), 3);
    check(limit(4.0), &whole([3.0, 4.0, 4.0]), 1);
    check(
        SignalRule::Saturate {
            limit: None,
            rate: Some(500.0),
        },
        &whole([2.5, 3.0, 3.5]),
        3,
    );
    check(
        poison(Poison::Inf),
        &whole([f64::INFINITY, f64::INFINITY, f64::INFINITY]),
        3,
    );
    let cast = -2_147_483_648.0 * 0.5;
    check(poison(Poison::Cast(0.5)), &whole([cast, cast, cast]), 3);
    check(OFF, &[0.0, 1.0, 2.0, 6.0, 7.0, 8.0], 3);
    let slow = SignalRule::Off { passes: Some(2) };
    check(slow, &[0.0, 1.0, 2.0, 3.0, 5.0, 6.0, 7.0, 8.0], 1);
    let (got, counts) = under(&[poison(Poison::Nan)]);
    assert!(got[3..6].iter().all(|v| v.is_nan()) && counts == [3]);
    let (got, _) = under(&[poison(Poison::Garbage)]);
    assert!(got.iter().all(|v| v.is_finite()) && got[3] != got[4] && got[3] != 3.0);
}

#[test]
fn stages_have_an_order_and_the_order_in_the_file_does_not_matter() {
    // (two rules, what comes out at 3, 4 and 5 ms, how often each landed)
    type Pair = ([SignalRule; 2], Vec<f64>, [u64; 2]);
    let pairs: Vec<Pair> = vec![
        ([bias(1.0), bias(2.0)], vec![6.0, 7.0, 8.0], [3, 3]),
        // What sticks is the value before the fault, not one that was shifted.
        ([bias(1.0), SignalRule::Stuck], vec![2.0; 3], [3, 3]),
        ([bias(10.0), limit(4.0)], vec![4.0; 3], [3, 3]),
        ([limit(4.0), limit(3.0)], vec![3.0; 3], [1, 2]),
        (
            [limit(4.0), poison(Poison::Inf)],
            vec![f64::INFINITY; 3],
            [1, 3],
        ),
        // Nobody consumed the poison.
        ([poison(Poison::Inf), OFF], vec![], [0, 3]),
    ];
    for ([a, b], want, [x, y]) in pairs {
        let (got, landed) = under(&[a.clone(), b.clone()]);
        let middle: Vec<f64> = got[3..got.len() - 3].to_vec();
        assert_eq!((middle, landed), (want.clone(), vec![x, y]), "{a:?}, {b:?}");
        let (got, landed) = under(&[b.clone(), a.clone()]);
        let middle: Vec<f64> = got[3..got.len() - 3].to_vec();
        assert_eq!((middle, landed), (want, vec![y, x]), "{b:?}, {a:?}");
    }
}

#[test]
fn one_that_ends_leaves_the_other() {
    let faults = vec![(2, Some(6), on(bias(10.0))), (4, Some(8), on(bias(100.0)))];
    let (got, _) = stream(faults, 9);
    let got: Vec<f64> = got.iter().map(|(_, v)| *v).collect();
    let want = [0.0, 1.0, 12.0, 13.0, 114.0, 115.0, 106.0, 107.0, 8.0];
    assert_eq!(got, want);
    // Two that stick are one: it holds what it held until the last one is over.
    let stuck = || on(SignalRule::Stuck);
    let (got, _) = stream(vec![(2, Some(5), stuck()), (4, Some(7), stuck())], 9);
    let got: Vec<f64> = got.iter().map(|(_, v)| *v).collect();
    assert_eq!(got, [0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 7.0, 8.0]);
}

#[test]
fn delays_add_and_what_is_under_way_meets_the_later_stages_when_it_arrives() {
    let late = |ms: f64| {
        on(SignalRule::Delay {
            delay: Law::Constant(ms * 1e6),
        })
    };
    let faults = vec![
        (2, Some(4), late(2.0)),
        (3, Some(4), late(1.0)),
        (4, Some(5), on(bias(50.0))),
    ];
    let (got, finished) = stream(faults, 8);
    let want = [
        (0, 0.0),
        (1, 1.0),
        // Left at 2, came under the bias that began at 4; the one of 3 came after it.
        (4, 52.0),
        (4, 54.0),
        (5, 5.0),
        (6, 6.0),
        (6, 3.0),
        (7, 7.0),
    ];
    let mut sorted = got.clone();
    let mut wanted = want.to_vec();
    let key = |a: &(u64, f64), b: &(u64, f64)| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1));
    sorted.sort_by(key);
    wanted.sort_by(key);
    assert_eq!(sorted, wanted);
    let landed: Vec<u64> = finished.faults.iter().map(|f| f.landed).collect();
    assert_eq!(landed, [2, 1, 2]);
}

#[test]
fn a_held_sample_is_overtaken_by_so_many_and_freed_at_the_end() {
    let reorder = |share| {
        on(SignalRule::Reorder {
            share,
            depth: 2,
            copies: 0.0,
        })
    };
    // All are held back, so none overtakes: they come when the fault ends.
    let (got, finished) = stream(vec![(2, Some(5), reorder(1.0))], 7);
    let numbers: Vec<(u64, f64)> = got[2..].to_vec();
    assert_eq!(finished.faults[0].landed, 0);
    assert_eq!(numbers.len(), 5, "{got:?}");
    assert!(numbers[..3].iter().all(|(at, _)| *at == 5), "{got:?}");
    // Some are: each of those comes right after the second later one.
    let (got, finished) = stream(vec![(1, Some(400), reorder(0.2))], 500);
    let (mut overtaken, mut seen) = (0, Vec::new());
    for (at, (_, value)) in got.iter().enumerate() {
        let later = got[..at].iter().filter(|(_, v)| v > value).count();
        overtaken += u64::from(later > 0);
        assert!(later <= 2 || *value < 400.0, "{value} after {later}");
        seen.push(*value);
    }
    seen.sort_by(f64::total_cmp);
    let all: Vec<f64> = (0..500).map(f64::from).collect();
    assert_eq!(seen, all, "none is lost, none comes twice");
    assert!((50..110).contains(&overtaken), "{overtaken}");
    assert_eq!(finished.faults[0].landed, overtaken);
    // Copies come at once.
    let twice = on(SignalRule::Reorder {
        share: 0.0,
        depth: 1,
        copies: 1.0,
    });
    let (got, finished) = stream(vec![(1, Some(2), twice)], 3);
    assert_eq!(got, [(0, 0.0), (1, 1.0), (1, 1.0), (2, 2.0)]);
    assert_eq!(finished.faults[0].landed, 1);
}

#[test]
fn draws_are_of_the_sample_and_the_fault() {
    let noise = on(SignalRule::Noise { sd: 1.0 });
    let (alone, finished) = stream(vec![(0, None, noise.clone())], 2000);
    let off: Vec<f64> = (0..2000u32)
        .zip(&alone)
        .map(|(i, (_, v))| v - f64::from(i))
        .collect();
    let mean = off.iter().sum::<f64>() / 2000.0;
    let square = off.iter().map(|x| x * x).sum::<f64>() / 2000.0;
    // Four standard errors: 1 / sqrt(2000), and sqrt(2 / 2000) of the variance.
    assert!(
        mean.abs() < 0.09 && (square - 1.0).abs() < 0.13,
        "{mean} {square}"
    );
    assert!(finished.faults[0].landed > 1900);
    // Another fault, before it in the plan, moves none of its draws.
    let outlier = on(SignalRule::Outlier {
        share: 0.1,
        size: 500.0,
    });
    let (both, finished) = stream(vec![(0, None, noise), (0, None, outlier)], 2000);
    let far = both.iter().zip(&alone).filter(|(b, a)| b != a);
    let far: Vec<f64> = far.map(|(b, a)| b.1 - a.1).collect();
    assert!((140..270).contains(&far.len()), "{}", far.len());
    assert!(far.iter().all(|d| (d.abs() - 500.0).abs() < 1e-9));
    assert!(far.iter().any(|d| *d > 0.0) && far.iter().any(|d| *d < 0.0));
    assert_eq!(finished.faults[1].landed, far.len() as u64);
    // Two noises add their variances.
    let (got, _) = {
        let noise = |label: u64| (label, None, on(SignalRule::Noise { sd: 3.0 }));
        stream(vec![noise(0)], 4000)
    };
    let square = |got: &Got| {
        let n = got.len() as f64;
        let off = (0u32..).zip(got).map(|(i, (_, v))| v - f64::from(i));
        off.map(|x| x * x).sum::<f64>() / n
    };
    assert!((square(&got) / 9.0 - 1.0).abs() < 0.1);
}

#[test]
fn what_is_under_way_dies_with_its_process() {
    let late = on(SignalRule::Delay {
        delay: Law::Constant(5e6),
    });
    let crash = Primitive::Crash {
        node: NodeId(0),
        seen: crate::plan::Seen::Silent,
    };
    let (got, _) = stream(vec![(1, Some(20), late), (3, Some(10), crash)], 18);
    // The samples of 1 and 2 were under way at 3; the node starts again at 10, from number 0.
    assert_eq!(got, [(0, 0.0), (15, 0.0), (16, 1.0), (17, 2.0)]);
}
