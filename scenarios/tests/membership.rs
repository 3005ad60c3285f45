//! The membership workload: what its scenarios expect, planted bugs that are found, and bad parameters.

mod common;

use common::{assert_expected, events, library, metric, property, ready, run, samples, try_ready};
use squall_core::property::Verdict;
use squall_core::{Seed, World};
use squall_scenarios::Ready;

const CLUB: &str = "cluster/membership.toml";
const PARTITION: &str = "cluster/membership-partition.toml";
/// The scenario of a thousand members with a few.
const FEW: [&str; 2] = [
    "topology.nodes.m.count=25",
    "fault.cut off.inject.partition.split=minority-third",
];

#[test]
fn a_thousand_members_agree_in_the_end() {
    assert_expected(&library(CLUB, &[], &[]), 0..1);
}

#[test]
fn forty_members_do_under_many_seeds() {
    assert_expected(&library(CLUB, &[], &FEW), 0..40);
}

#[test]
fn healthy_members_are_thrown_out_by_the_slow_and_suspicion_keeps_them() {
    let fix = ["suspicion-and-local-health"];
    assert_expected(&library(PARTITION, &[], &[]), 0..1);
    assert_expected(&library(PARTITION, &fix, &[]), 0..1);
    // Sixty members take a thirtieth of the time. News are told as often as among a thousand: sixteen times.
    let sixty = [
        "topology.nodes.m.count=50",
        "topology.nodes.lossy.count=6",
        "topology.nodes.slow.count=4",
        "workload.club.membership.retransmit=8",
    ];
    assert_expected(&library(PARTITION, &[], &sixty), 0..6);
    assert_expected(&library(PARTITION, &fix, &sixty), 0..20);
}

/// The first alarm from a seed on: how many were tried, which invariant, and what it says.
fn alarm(ready: &Ready, base: u64, seeds: u64) -> Option<(u64, String, String)> {
    let mut world = World::new(Seed(0), false);
    (0..seeds).find_map(|seed| {
        let run = ready.run(Seed(base + seed), false, &mut world);
        let run = run.expect("its faults can be drawn");
        let failed = run.result.properties.iter();
        let failed = failed.filter(|p| p.outcome.verdict == Verdict::Fail);
        let first = failed.min_by_key(|p| p.outcome.first.as_ref().map(|v| v.at))?;
        let text = first.outcome.first.as_ref().map(|v| v.text.clone());
        Some((seed + 1, first.spec.name.clone(), text.unwrap_or_default()))
    })
}
/// The scenario of a thousand members with a few, and a bug.
fn planted(mutant: &str) -> Ready {
    let set = format!("workload.club.membership.mutant={mutant}");
    library(CLUB, &[], &[FEW[0], FEW[1], &set])
}

/// docs/membership.md has the table.
#[test]
fn planted_bugs_are_found() {
    let cases = [
        ("M01", "club.converged"),
        ("M02", "club.suspicion-ends"),
        ("M03", "club.incarnation-monotone"),
        ("M04", "club.told-ends"),
        ("M05", "club.routed-alive"),
        ("M07", "club.refuted-lives"),
        ("M09", "club.incarnation-monotone"),
        ("M10", "club.own-life"),
        ("M11", "club.converged"),
        ("M12", "club.converged"),
        ("M13", "club.routed-alive"),
    ];
    let mut wrong = Vec::new();
    for (mutant, by) in cases {
        let found = alarm(&planted(mutant), 0, 40);
        println!("{mutant}: {found:?}");
        if found.is_none_or(|(_, name, _)| name != by) {
            wrong.push(mutant);
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// Members that die where nothing else is wrong.
const DEATHS: &str = r#"
name = "deaths"
stop = { at = "3m" }
[topology]
nodes.m = { count = 100 }
links.default = { delay = "1ms" }
signals = "0s"
[workload.club.membership]
on = "m"
[[fault]]
at = "5s..1m"
for = "forever"
inject.node-loss = { nodes = "any 1 of m" }
[[property]]
always = "club.noticed"
"#;

/// Bugs that cost time and nothing else: nobody looks at who died, in a world in which the intact code sees all.
/// With M06 all wait for its turn; with M08 answers that come after their period count for whoever is asked then.
#[test]
fn planted_bugs_that_cost_time_are_found() {
    let far = [
        "topology.nodes.m.count=16",
        "topology.links.default.delay=700ms",
        "workload.club.membership.health_max=0",
    ];
    for (mutant, world) in [("M06", &[][..]), ("M08", &far)] {
        let intact = ready("deaths.toml", DEATHS, &[], world);
        assert_eq!(alarm(&intact, 0, 8), None, "{mutant}: the intact code");
        let set = format!("workload.club.membership.mutant={mutant}");
        let sets: Vec<&str> = world.iter().copied().chain([set.as_str()]).collect();
        let found = alarm(&ready("deaths.toml", DEATHS, &[], &sets), 0, 8);
        println!("{mutant}: {found:?}");
        assert!(found.is_some(), "{mutant}");
    }
}

/// The table of docs/membership.md: `cargo test -p squall-scenarios --test membership table -- --ignored
/// --nocapture`.
#[test]
#[ignore = "takes minutes, for the table in the documents"]
fn the_table_of_seeds_to_find() {
    use squall_scenarios::workloads::cluster::membership::Mutant;
    const SEEDS: u64 = 60;
    for mutant in Mutant::ALL {
        let bases = (0..10).map(|base| alarm(&planted(mutant.name()), base * 1_000_000, SEEDS));
        let bases: Vec<_> = bases.collect();
        let mut seeds: Vec<u64> = bases
            .iter()
            .map(|a| a.as_ref().map_or(SEEDS, |a| a.0))
            .collect();
        seeds.sort_unstable();
        let mut by: Vec<String> = bases.iter().flatten().map(|a| a.1.clone()).collect();
        let found = by.len();
        by.sort_unstable();
        by.dedup();
        println!(
            "| {} | {} | {found} of 10 | {} | {} | {} |",
            mutant.name(),
            mutant.doc(),
            seeds[4],
            seeds[8],
            by.join(", ").replace("club.", "")
        );
    }
}

const SMALL: &str = r#"
name = "small"
stop = { at = "60s" }
[topology]
nodes.m = { count = 12, memory = "176MiB", swap = "200 iops" }
links.default = { delay = "400us" }
[workload.club.membership]
on = "m"
suspicion_periods = 3
suspicion_factor = 2
sync = "5s"
settle = "20s"
load = { rate = "10/s" }
[[property]]
always = "club.converged"
[[property]]
always = "club.routed-alive"
"#;

#[test]
fn where_all_is_well_each_member_sends_a_ping_and_an_answer_a_period() {
    let ready = ready("small.toml", SMALL, &[], &[]);
    let run = run(&ready, 1, true);
    assert_eq!(property(&run.result, "club.converged").0, Verdict::Pass);
    for event in ["club.suspected", "club.convicted", "club.failed"] {
        assert_eq!(events(&run, event), 0, "{event}");
    }
    let (messages, _) = metric(&run.result, "club.messages");
    println!("{messages:.3} messages a member and period");
    // Two, and a view to somebody and its answer every five periods.
    assert!((2.3..2.5).contains(&messages), "{messages}");
    let routed = events(&run, "club.routed");
    assert!((500..700).contains(&routed), "{routed}");
}

fn with_fault(fault: &str) -> String {
    format!("{SMALL}\n[[fault]]\nat = \"10s\"\n{fault}\n")
}

/// Times of death, first probe and conviction, by the metrics.
#[test]
fn a_crash_is_found_in_time() {
    let text = with_fault("for = \"forever\"\ninject.node-loss = { nodes = \"m[5]\" }");
    let ready = ready("crash.toml", &text, &[], &[]);
    for seed in 0..10 {
        let run = run(&ready, seed, true);
        assert_eq!(property(&run.result, "club.converged").0, Verdict::Pass);
        assert_eq!(property(&run.result, "club.routed-alive").0, Verdict::Pass);
        let first = samples(&run, "club.first-detection");
        let all = samples(&run, "club.detection");
        assert_eq!((first.len(), all.len()), (1, 11), "seed {seed}");
        // Suspicions last 3 log10 12 = 3.2 periods at least and twice that at most.
        let (first, last) = (first[0].1, all.iter().map(|s| s.1).fold(0.0, f64::max));
        assert!(
            first < 6.0 && last > first + 3.2 && last < first + 8.0,
            "{first} {last}"
        );
        let (wrong, _) = metric(&run.result, "club.false-kill");
        assert_eq!(wrong, 0.0);
    }
}

/// Packets cost processor time and pages: a node that swaps, or whose processor is slow, looks dead.
#[test]
fn a_node_that_swaps_or_is_slow_is_held_for_dead() {
    let sets = [
        "workload.club.membership.working_set=128MiB",
        "workload.club.membership.pages=256",
    ];
    let storm = "for = \"30s\"\ninject.swap-storm = { nodes = \"m[5]\", overcommit = 2.0 }";
    let slow = "for = \"30s\"\ninject.cpu-slow = { nodes = \"m[5]\", factor = 0.001 }";
    let cpu = ["workload.club.membership.cpu=2ms"];
    for (fault, sets) in [(storm, &sets[..]), (slow, &cpu)] {
        let ready = ready("slow.toml", &with_fault(fault), &[], sets);
        let run = run(&ready, 3, true);
        let convicted = events(&run, "club.convicted") + events(&run, "club.buried");
        println!(
            "{convicted} verdicts, {} suspicions",
            events(&run, "club.suspected")
        );
        assert!(convicted >= 11, "{fault}: {convicted}");
        // The slow one may convict others, which refute it.
        let (wrong, _) = metric(&run.result, "club.false-kill");
        assert!(wrong < 0.5, "{fault}: {wrong}");
    }
}

#[test]
fn phi_finds_the_dead_one_sooner_and_nobody_else() {
    let text = with_fault("for = \"forever\"\ninject.node-loss = { nodes = \"m[5]\" }");
    let phi = ["workload.club.membership.phi.threshold=8"];
    let ready = ready("phi.toml", &text, &[], &phi);
    let run = run(&ready, 2, true);
    assert_eq!(property(&run.result, "club.converged").0, Verdict::Pass);
    let first = samples(&run, "club.first-detection");
    // A period and 5.6 times the smallest deviation of 100 ms.
    assert!(first[0].1 > 0.5 && first[0].1 < 1.7, "{first:?}");
    assert_eq!(metric(&run.result, "club.false-kill").0, 0.0);
    let (messages, _) = metric(&run.result, "club.messages");
    // Eleven heartbeats, and a view as before; less after the death.
    println!("phi: {messages:.3} messages a member and period");
    assert!((10.0..12.0).contains(&messages), "{messages}");
}

#[test]
fn a_seed_repeats_recorded_or_not() {
    let ready = library(CLUB, &[], &FEW);
    for seed in 0..3 {
        let digests = [false, true, false].map(|keep| run(&ready, seed, keep).result.digest);
        assert!(
            digests.windows(2).all(|pair| pair[0] == pair[1]),
            "seed {seed}"
        );
    }
}

#[test]
fn bad_parameters_are_told_with_a_remedy() {
    let cases: &[(&str, &[&str])] = &[
        ("mutant = \"M99\"", &["unknown word `M99`"]),
        (
            "ack = \"2s\"",
            &[
                "an answer may take 2s, and the period is over after 1s",
                "help: take half of `period`",
            ],
        ),
        ("ack = \"0s\"", &["an answer may take 0s"]),
        (
            "period = \"0s\"",
            &["a period of 0s is too short", "help: take 1ms or more"],
        ),
        (
            "join = { members = 12 }",
            &["12 of 12 members join later", "help: leave some members"],
        ),
        (
            "join = { members = 6 }\nchurn = { members = 6 }",
            &["6 of 6 members come and go: nobody stays"],
        ),
        (
            "seeds = 11\njoin = { members = 2 }",
            &["not all of the 11 seeds are always there", "lower `seeds`"],
        ),
        ("piggyback = 7", &["7 is out of range", "from 0 to 6"]),
        ("phi = { threshold = 0 }", &["0 is out of range"]),
    ];
    for (line, wanted) in cases {
        let text = SMALL.replace("on = \"m\"\n", &format!("on = \"m\"\n{line}\n"));
        let report = try_ready("bad.toml", &text, &[], &[]).expect_err(line);
        println!("{report}\n");
        for part in *wanted {
            assert!(report.contains(part), "{line}: no `{part}` in\n{report}");
        }
    }
    // All at once.
    let many = "ack = \"2s\"\njoin = { members = 12 }\npiggyback = 7\n";
    let text = SMALL.replace("on = \"m\"\n", &format!("on = \"m\"\n{many}"));
    let report = try_ready("bad.toml", &text, &[], &[]).unwrap_err();
    assert!(
        report.contains("1 error") || report.contains("errors"),
        "{report}"
    );
    let crowd = SMALL.replace("count = 12", "count = 1001");
    let crowd = crowd.replace("on = \"m\"\n", "on = \"m\"\nphi = {}\n");
    let report = try_ready("bad.toml", &crowd, &[], &[]).unwrap_err();
    assert!(
        report.contains("1001 members that all hear each other"),
        "{report}"
    );
}
