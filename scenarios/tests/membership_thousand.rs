//! A thousand members in a world with a network: how soon somebody finds a death, and how soon all know.
//!
//! `membership_laws` holds the laws of the published tables for members driven by hand, period by period.
//! Here processes, clocks and links are in between, as in every scenario, and periods do not begin together.

mod common;
#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what was compared is said aloud"
)]
#[path = "queueing/table.rs"]
mod table;

use common::{ready, run, samples};
use squall_core::history::{Record, What};
use squall_core::{Key, NodeId, Sample, Seed};
use squall_scenarios::SeedRun;
use table::Estimate;

const MEMBERS: u32 = 1_000;

/// Members die at once, and nothing else is wrong.
const DEATHS: &str = r#"
name = "deaths"
stop = { at = "14s" }
[topology]
nodes.m = { count = 1000 }
links.default = { delay = "lognormal median 400us p99 2ms" }
signals = "0s"
[workload.club.membership]
on = "m"
sync = "0s"
[[fault]]
name = "die"
at = "2s"
for = "forever"
inject.node-loss = { nodes = "any 40 of m" }
"#;

/// How long after a death the first probe of the dead one has failed, over all of them. Who gossips about it
/// has no part in that.
fn first_detections(set: &str, seeds: u64) -> Vec<f64> {
    let sets = ["workload.club.membership.gossip=0s", set];
    let ready = ready("deaths.toml", DEATHS, &[], &sets);
    let of = |seed| samples(&run(&ready, seed, true), "club.first-detection");
    let all = (0..seeds).flat_map(of).map(|(_, periods)| periods);
    all.collect()
}

/// Each of the n - d that are left probes any of the others with the same chance once a period, and at times
/// of its own: the first probe of a dead one begins after (n - 1) / (n - d) periods in the mean, and fails
/// when its period ends.
#[test]
fn a_death_among_a_thousand_is_found_as_soon_as_the_law_says() {
    const DEAD: u32 = 40;
    let law = 1.0 + f64::from(MEMBERS - 1) / f64::from(MEMBERS - DEAD);
    for order in ["round-robin", "random"] {
        let order_set = format!("workload.club.membership.order={order}");
        let found = first_detections(&order_set, 16);
        let Estimate { mean, error } = Estimate::of(&found);
        println!("{order}: first detection after {mean:.3} +- {error:.3} periods, law {law:.3}");
        assert_eq!(found.len(), 16 * DEAD as usize, "each death is found, once");
        assert!((mean - law).abs() < 3.0 * error, "{mean} for {law}");
        // Each waits for the end of a period; a ping was under way to some.
        assert!(found.iter().all(|periods| *periods > 0.99));
    }
    // The bug of the table: all look at the same members in the same order.
    let found = first_detections("workload.club.membership.mutant=M06", 2);
    let missing = 2 * DEAD as usize - found.len();
    assert!(
        missing > 0 || Estimate::of(&found).mean > 2.0 * law,
        "{missing} missing"
    );
}

/// When each member suspects somebody for the first time, in seconds, in order.
fn suspects_at(run: &SeedRun) -> Vec<f64> {
    let recording = run.recording.as_ref().expect("it was kept");
    let names = &recording.header.names;
    let mut seen = vec![false; MEMBERS as usize];
    let mut first = |record: &Record| match record.what {
        What::Event {
            name,
            node: NodeId(node),
            ..
        } if names.text(name) == "club.suspected" => {
            let again = std::mem::replace(&mut seen[node as usize], true);
            (!again).then(|| record.at.as_secs_f64())
        }
        _ => None,
    };
    recording.records.iter().filter_map(&mut first).collect()
}

/// Rounds of gossip in a period: long ones, so that news travel by gossip.
const ROUNDS: u32 = 50;

/// Rounds until all of `n` know what one tells: each who knows tells `fanout` others in each round, and
/// who pings another one, once in [`ROUNDS`], tells it or hears it with the answer. The first one's own next
/// ping goes out when it suspects, so that two begin.
fn rounds(n: u32, fanout: usize, seed: u64) -> f64 {
    let mut draw = Key::new(Seed(seed), "push", "thousand").at(0);
    let mut other = move |not: &[u32]| loop {
        let one = u32::try_from(draw.below(u64::from(n))).expect("below n");
        if !not.contains(&one) {
            return one;
        }
    };
    let mut knows = vec![false; n as usize];
    knows[..2].fill(true);
    for round in 1u32.. {
        let before = knows.clone();
        for me in 0..n {
            if before[me as usize] {
                let mut told = vec![me];
                while told.len() <= fanout {
                    told.push(other(&told));
                }
                told.iter().for_each(|one| knows[*one as usize] = true);
            }
            if me % ROUNDS == round % ROUNDS {
                let pinged = other(&[me]);
                let either = before[me as usize] || before[pinged as usize];
                knows[me as usize] |= either;
                knows[pinged as usize] |= either;
            }
        }
        if knows.iter().all(|knows| *knows) {
            return f64::from(round);
        }
    }
    unreachable!("somebody is told in each round")
}

#[test]
fn all_of_a_thousand_know_of_a_death_after_as_many_rounds_as_the_law_says() {
    const SEEDS: u64 = 16;
    for fanout in [1, 3] {
        let fanout_set = format!("workload.club.membership.fanout={fanout}");
        let sets = [
            "stop.at=80s",
            "fault.die.inject.node-loss.nodes=any 1 of m",
            "workload.club.membership.period=10s",
            "workload.club.membership.ack=5s",
            // Forty times, so that nobody falls silent before the last one knows.
            "workload.club.membership.retransmit=10",
            &fanout_set,
        ];
        let ready = ready("deaths.toml", DEATHS, &[], &sets);
        let measured = |seed| {
            let at = suspects_at(&run(&ready, seed, true));
            assert_eq!(
                at.len(),
                MEMBERS as usize - 1,
                "all who are left, seed {seed}"
            );
            (at[at.len() - 1] - at[0]) / 0.2
        };
        let found: Vec<f64> = (0..SEEDS).map(measured).collect();
        let law = |seed| rounds(MEMBERS, fanout, seed);
        let law: Vec<f64> = (0..20 * SEEDS).map(law).collect();
        let Estimate { mean, error } = Estimate::of(&found);
        let law = Estimate::of(&law).mean;
        println!("fan-out {fanout}: all know after {mean:.2} +- {error:.2} rounds, law {law:.2}");
        assert!((mean / law - 1.0).abs() < 0.05, "{mean} for {law}");
    }
}
