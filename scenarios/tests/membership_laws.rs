//! Published laws of membership protocols: every row of groups S, G, P and A of
//! `../shared/data/cluster/reference_tables.csv`, each within the tolerance that stands there.
//!
//! * S: the time until a dead member is probed, with members of the workload driven period by period.
//! * G: rounds of push gossip until everybody knows, with the same members.
//! * P: when the phi-accrual detector convicts.
//! * A: how often a majority is not there, in closed form and by importance sampling.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "what was compared is said aloud"
)]

#[path = "queueing/table.rs"]
mod table;

use squall_core::{Key, Sample, Seed};
use squall_scenarios::workloads::cluster::membership::swim::{
    Member, News, Note, Order, Rules, Send, State, Swim,
};
use squall_scenarios::workloads::cluster::membership::{Phi, PhiRules};
use std::collections::VecDeque;
use std::rc::Rc;
use table::{Estimate, Row, rows};

const SEEDS: u64 = 30;
/// Never, in a test.
const FAR: u64 = 1 << 50;

/// Rules under which nothing happens but probes, one a period of 1,000.
fn probes_only(places: u32, order: Order) -> Rc<Rules> {
    Rc::new(Rules {
        period: 1_000,
        ack: 500,
        order,
        relays: 0,
        gossip: 0,
        sync: 0,
        health_max: 0,
        ..Rules::lifeguard(places)
    })
}

fn members(rules: &Rc<Rules>, seed: u64, now: u64) -> Vec<Swim> {
    let member = |me: Member| {
        let key = Key::new(Seed(seed), &format!("member/{me}"), "laws");
        Swim::new((me, 0), Rc::clone(rules), key, now)
    };
    (0..rules.places).map(member).collect()
}

/// One period: everybody who is not `dead` probes somebody, and who is asked answers. Gives who asked whom.
fn period(members: &mut [Swim], dead: Option<Member>, until: u64) -> Vec<(Member, Member)> {
    let mut asked = Vec::new();
    for me in 0..members.len() {
        let from = Member::try_from(me).unwrap();
        if Some(from) == dead {
            continue;
        }
        while members[me].deadline() < until {
            let now = members[me].deadline();
            members[me].tick(now);
            for send in members[me].outputs().sends {
                let Send::Packet(to, packet) = send else {
                    continue;
                };
                asked.push((from, to));
                if Some(to) == dead {
                    continue;
                }
                let target = &mut members[to as usize];
                target.receive(now, from, &packet);
                for answer in target.outputs().sends {
                    if let Send::Packet(_, packet) = answer {
                        members[me].receive(now, to, &packet);
                    }
                }
            }
            members[me].outputs();
        }
    }
    asked
}

/// How many of `trials` probes and more fail where each packet is lost with a chance of `loss` and arrives at
/// once otherwise. Nobody is out: suspicions last for ever.
fn failed_probes(relays: u32, loss: f64, trials: u32, seed: u64) -> f64 {
    let rules = Rc::new(Rules {
        relays,
        suspicion_periods: 1e9,
        ..Rules::clone(&probes_only(20, Order::RoundRobin))
    });
    let mut members = members(&rules, seed, 0);
    let mut draw = Key::new(Seed(seed), "loss", "laws").at(0);
    let (mut probes, mut failed) = (0, 0);
    while probes < trials {
        let deadline = |at: &usize| members[*at].deadline();
        let me = (0..members.len()).min_by_key(deadline).unwrap();
        let now = members[me].deadline();
        members[me].tick(now);
        let mut acted = VecDeque::from([me]);
        while let Some(me) = acted.pop_front() {
            let outputs = members[me].outputs();
            for note in outputs.notes {
                if let Note::Probed(_, answered) = note {
                    probes += 1;
                    failed += u32::from(!answered);
                }
            }
            for send in outputs.sends {
                let Send::Packet(to, packet) = send else {
                    continue;
                };
                if !draw.chance(loss) {
                    members[to as usize].receive(now, Member::try_from(me).unwrap(), &packet);
                    acted.push_back(to as usize);
                }
            }
        }
    }
    f64::from(failed) / f64::from(probes)
}

/// Of incidents.md, membership-partition: at 30 % loss a probe of two packets fails with a chance of 0.51, and
/// one that three others pass on as well, over four packets each, with 0.51 x 0.76^3 = 0.224.
#[test]
fn a_probe_fails_as_often_as_its_packets_are_lost() {
    for (loss, relays, law) in [
        (0.3, 0, 0.51),
        (0.3, 3, 0.224),
        (0.1, 0, 0.19),
        (0.1, 1, 0.0653),
    ] {
        let batch = |seed| failed_probes(relays, loss, 2_000, seed);
        let found = Estimate::of(&(0..SEEDS).map(batch).collect::<Vec<_>>());
        let (mean, error) = (found.mean, found.error);
        println!("loss {loss}, {relays} relays: {mean:.4} +- {error:.4} fail, law {law}");
        assert!((mean / law - 1.0).abs() < 0.03, "{mean} for {law}");
    }
}

/// Periods until the first of the others has probed a member that dies when the first one begins.
fn first_detection(rules: &Rc<Rules>, seed: u64, victim: Member) -> u32 {
    let mut members = members(rules, seed, 0);
    for count in 1..200 {
        let asked = period(&mut members, Some(victim), u64::from(count) * rules.period);
        if asked.iter().any(|(_, to)| *to == victim) {
            return count;
        }
    }
    panic!("nobody probes {victim} in 200 periods")
}

/// The same for every member at once, again and again: whom others probe does not depend on whether it
/// answers, until somebody has probed it.
fn first_detections(rules: &Rc<Rules>, seed: u64, trials: u32) -> Vec<f64> {
    let mut members = members(rules, seed, 0);
    let mut waits = vec![None; members.len()];
    let begins = 2 * trials / rules.places;
    let mut found = Vec::new();
    for now in 1u32.. {
        if now <= begins {
            waits.iter_mut().for_each(|since| {
                since.get_or_insert(now);
            });
        } else if waits.iter().all(Option::is_none) {
            break;
        }
        for (_, to) in period(&mut members, None, u64::from(now) * rules.period) {
            if let Some(since) = waits[to as usize].take() {
                found.push(f64::from(now - since + 1));
            }
        }
    }
    found
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn members_of(row: &Row) -> u32 {
    let words: Vec<&str> = row.setup.split_whitespace().collect();
    let at = words.iter().position(|word| *word == "members,").unwrap();
    words[at - 1].parse().unwrap()
}

#[test]
fn s01_the_first_detection_of_random_probing() {
    let test = "s01_the_first_detection_of_random_probing";
    let Some(all) = rows("S01", test) else {
        return;
    };
    let mut ok = true;
    for row in &all {
        let n = members_of(row);
        let rules = probes_only(n, Order::Random);
        let batch = |seed: u64| {
            if n > 10 {
                return mean(&first_detections(&rules, seed, 4_000));
            }
            let trials = (0..700).map(|trial| {
                let victim = Member::try_from(trial).unwrap() % n;
                f64::from(first_detection(&rules, seed * 1_000 + trial, victim))
            });
            mean(&trials.collect::<Vec<f64>>())
        };
        // 30 batches of 700 or more.
        let batches: Vec<f64> = (0..SEEDS).map(batch).collect();
        ok &= row.check(Estimate::of(&batches));
    }
    assert!(ok, "see above");
}

/// S02: with ever more members the mean goes to e/(e-1), which a thousand come nearer than the tolerance.
#[test]
fn s02_the_limit_of_random_probing() {
    let test = "s02_the_limit_of_random_probing";
    let (Some(limit), Some(finite)) = (rows("S02", test), rows("S01", test)) else {
        return;
    };
    let e = std::f64::consts::E;
    assert!((limit[0].value() - e / (e - 1.0)).abs() < 5e-6, "{limit:?}");
    let law = |n: f64| 1.0 / (1.0 - libm::pow(1.0 - 1.0 / (n - 1.0), n - 1.0));
    for row in &finite {
        let n = f64::from(members_of(row));
        assert!((law(n) - row.value()).abs() < 1e-5, "{row:?}");
    }
    let rules = probes_only(1_000, Order::Random);
    let batch = |seed: u64| mean(&first_detections(&rules, SEEDS + seed, 1_000));
    let found = Estimate::of(&(0..SEEDS).map(batch).collect::<Vec<_>>());
    // The row is a limit and names no tolerance: that of S01 is taken.
    println!(
        "S02 {} measured {:.5} +- {:.5}",
        limit[0].said, found.mean, found.error
    );
    assert!((found.mean / limit[0].value() - 1.0).abs() < 0.03);
}

/// Bound of rows S03: no member lets 2n - 1 periods pass between two probes of the same other one. That
/// some come close says that the bound is one.
#[test]
fn s03_round_robin_never_takes_longer_than_its_bound() {
    let mut widest = 0.0f64;
    for n in [4u32, 10, 40] {
        let rules = probes_only(n, Order::RoundRobin);
        for seed in 0..SEEDS {
            let mut members = members(&rules, seed, 0);
            let mut last = vec![vec![0u32; n as usize]; n as usize];
            for now in 1..=8 * n {
                for (from, to) in period(&mut members, None, u64::from(now) * rules.period) {
                    let since = &mut last[from as usize][to as usize];
                    let gap = now - *since;
                    assert!(gap < 2 * n, "{from} probes {to} after {gap} of {n} members");
                    widest = widest.max(f64::from(gap) / f64::from(2 * n - 1));
                    *since = now;
                }
            }
            for row in (0..).zip(&last) {
                let (from, row) = row;
                for (to, since) in (0..).zip(row).filter(|(to, _)| *to != from) {
                    assert!(8 * n - since < 2 * n, "{from} does not probe {to} any more");
                }
            }
            let victim = Member::try_from(seed).unwrap() % n;
            assert!(first_detection(&rules, seed, victim) < 2 * n);
        }
    }
    println!("S03 round-robin probing: widest gap {widest:.2} of 2n - 1");
    assert!(
        widest > 0.8,
        "{widest}: the order is not drawn anew in each pass"
    );
    if let Some(all) = rows("S03", "s03_round_robin_never_takes_longer_than_its_bound") {
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].said, "2n-1", "the bound above");
    }
}

/// Rounds until all of `n` members know what one of them begins to tell.
fn rounds(n: u32, fanout: u32, seed: u64) -> f64 {
    let rules = Rc::new(Rules {
        period: FAR,
        ack: FAR - 1,
        gossip: 1,
        fanout,
        sync: 0,
        retransmit: 1e6,
        ..Rules::lifeguard(n)
    });
    let mut members = members(&rules, seed, 0);
    // Somebody suspects the first one, which has to say that it is well.
    let suspicion = News {
        member: 0,
        state: State::Suspect,
        incarnation: 0,
        from: 1,
    };
    members[0].receive_news(0, &[suspicion]);
    let mut knows = vec![false; n as usize];
    knows[0] = true;
    for round in 1u32..1_000 {
        let now = u64::from(round);
        let mut under_way = Vec::new();
        for member in members.iter_mut().zip(&knows).filter(|(_, knows)| **knows) {
            let member = member.0;
            member.tick(now);
            under_way.extend(member.outputs().sends);
        }
        for send in under_way {
            if let Send::Packet(to, packet) = send {
                members[to as usize].receive(now, 0, &packet);
                knows[to as usize] = true;
            }
        }
        if knows.iter().all(|knows| *knows) {
            return f64::from(round);
        }
    }
    panic!("{n} members do not all hear it in 1000 rounds")
}

#[test]
fn g01_rounds_of_push_gossip() {
    let Some(all) = rows("G01", "g01_rounds_of_push_gossip") else {
        return;
    };
    let mut ok = true;
    for row in &all {
        let number = |key| row.number(key).unwrap();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole"
        )]
        let (n, fanout) = (number("n=") as u32, number("fanout=") as u32);
        let trials = if n > 1_000 { SEEDS } else { 10 * SEEDS };
        let found: Vec<f64> = (0..trials).map(|seed| rounds(n, fanout, seed)).collect();
        ok &= row.check(Estimate::of(&found));
    }
    assert!(ok, "see above");
}

/// Members that gossip about one that left, and those of them who begin: so many that it does not die out at once.
const GOSSIPS: u32 = 2_000;
const BEGIN: u32 = 20;

/// The share of them that never hear of it, where everybody who does tells it so many times and each telling
/// is lost with a chance of `loss`.
fn never_hear(tellings: f64, loss: f64, seed: u64) -> f64 {
    let rules = Rc::new(Rules {
        period: FAR,
        ack: FAR - 1,
        gossip: 1,
        fanout: 1,
        sync: 0,
        // Two thousand are told `retransmit` times the four digits of their number.
        retransmit: tellings / 4.0,
        ..Rules::lifeguard(GOSSIPS + 1)
    });
    let mut members = members(&rules, seed, 0);
    let mut draw = Key::new(Seed(seed), "loss", "laws").at(0);
    let left = News {
        member: 0,
        state: State::Left,
        incarnation: 0,
        from: 0,
    };
    let mut knows = vec![false; members.len()];
    for first in 1..=BEGIN as usize {
        members[first].receive_news(0, &[left]);
        knows[first] = true;
    }
    for now in 1..60 {
        let mut under_way = Vec::new();
        for member in &mut members {
            member.tick(now);
            under_way.extend(member.outputs().sends);
        }
        for send in under_way {
            if let Send::Packet(to, packet) = send
                && to != 0
                && !draw.chance(loss)
            {
                members[to as usize].receive(now, 0, &packet);
                knows[to as usize] = true;
            }
        }
    }
    let missed = knows[1..].iter().filter(|knows| !**knows).count();
    missed as f64 / f64::from(GOSSIPS)
}

/// Of k tellings by each who hears it, k (1 - loss) come through, and a share s never hears it with
/// s = e^(-k (1 - loss) (1 - s)), the final size of an epidemic: why `retransmit` has to make up for loss.
#[test]
fn who_never_hears_of_something_follows_from_how_often_it_is_told() {
    for (tellings, loss) in [(4.0, 0.0), (4.0, 0.3), (8.0, 0.5)] {
        let through = tellings * (1.0 - loss);
        let others = 1.0 - f64::from(BEGIN) / f64::from(GOSSIPS);
        let law = (0..200).fold(0.5, |s, _| others * libm::exp(-through * (1.0 - s)));
        let batch = |seed| never_hear(tellings, loss, seed);
        let found = Estimate::of(&(0..SEEDS).map(batch).collect::<Vec<_>>());
        let (mean, error) = (found.mean, found.error);
        println!(
            "{tellings} tellings, loss {loss}: {mean:.4} +- {error:.4} never hear, law {law:.4}"
        );
        assert!((mean - law).abs() < 4.0 * error, "{mean} for {law}");
    }
}

#[test]
fn p01_when_phi_convicts() {
    let Some(all) = rows("P01", "p01_when_phi_convicts") else {
        return;
    };
    const MS: f64 = 1e6;
    let mut ok = true;
    for row in &all {
        let rules = PhiRules {
            threshold: row.number("phi=").unwrap(),
            window: 1_000,
            deviation_min: MS,
            expected: 1_000.0 * MS,
        };
        let convicts = |seed: u64| {
            let mut draw = Key::new(Seed(seed), "heartbeats", "laws").at(0);
            let (mut now, mut phi) = (0.0, Phi::new(0));
            for _ in 0..rules.window {
                now += ((1_000.0 + 200.0 * draw.normal()) * MS).max(0.0);
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "ns"
                )]
                phi.heartbeat(now as u64, &rules);
            }
            (phi.convicts_at(&rules) as f64 - now) / MS
        };
        let found: Vec<f64> = (0..10 * SEEDS).map(convicts).collect();
        ok &= row.check(Estimate::of(&found));
    }
    assert!(ok, "see above");
}

#[test]
fn a01_how_often_a_majority_is_not_there() {
    let Some(all) = rows("A01", "a01_how_often_a_majority_is_not_there") else {
        return;
    };
    let mut ok = true;
    for row in &all {
        let n = row.number("n=").unwrap();
        let words = row.setup.rsplit(' ').next().unwrap();
        let p: f64 = words.parse().unwrap();
        // More nodes are out than a majority can do without.
        let most = (n - 1.0) / 2.0;
        // Each node is out with a chance of a half, and what that makes of the weight is taken back.
        let tilted = 0.5;
        let sample = |seed: u64| {
            let mut draw = Key::new(Seed(seed), "quorum", "laws").at(0);
            let draws: u32 = 20_000;
            let mut sum = 0.0;
            for _ in 0..draws {
                let (mut out, mut weight) = (0.0, 1.0);
                let mut left = n;
                while left > 0.0 {
                    left -= 1.0;
                    match draw.chance(tilted) {
                        true => {
                            out += 1.0;
                            weight *= p / tilted;
                        }
                        false => weight *= (1.0 - p) / (1.0 - tilted),
                    }
                }
                sum += if out > most { weight } else { 0.0 };
            }
            sum / f64::from(draws)
        };
        let found: Vec<f64> = (0..SEEDS).map(sample).collect();
        ok &= row.check(Estimate::of(&found));
    }
    assert!(ok, "see above");
}

/// A suspicion of one's own probe is what a probe without an answer ends in.
#[test]
fn a_probe_without_an_answer_is_noted_at_the_end_of_its_period() {
    let rules = probes_only(3, Order::RoundRobin);
    let mut members = members(&rules, 1, 0);
    let mut noted = false;
    for now in 0..5_000 {
        members[0].tick(now);
        let notes = members[0].outputs().notes;
        noted |= notes
            .iter()
            .any(|note| matches!(note, Note::Suspected(_, 0, true)));
    }
    assert!(noted);
}
