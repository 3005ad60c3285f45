//! The raft workload: what its scenarios expect, planted bugs that are found, and bad parameters.

mod common;

use common::{assert_expected, events, library, property, ready, run, try_ready};
use squall_core::property::Verdict;
use squall_core::{Seed, World};

const RAFT: &str = "cluster/raft.toml";
const CLIMATE: &str = "cluster/raft-climate.toml";
const FLAP: &str = "cluster/raft-flap.toml";
const CUT: &str = "cluster/power-cut.toml";

#[test]
fn under_general_faults_every_invariant_holds() {
    assert_expected(&library(RAFT, &[], &[]), 0..12);
    assert_expected(&library(CLIMATE, &[], &[]), 0..12);
}

#[test]
fn a_deaf_replica_and_a_leader_alone() {
    assert_expected(&library(FLAP, &[], &[]), 0..4);
    assert_expected(&library(FLAP, &["pre-vote-and-read-index"], &[]), 0..4);
}

#[test]
fn acknowledged_before_the_fsync_is_lost_in_a_power_cut() {
    assert_expected(&library(CUT, &[], &[]), 0..3);
    assert_expected(&library(CUT, &["fsync-first"], &[]), 0..3);
}

/// The first alarm of a mutant, over a few seeds.
fn alarm(mutant: &str, seeds: u64) -> Option<(String, String)> {
    let set = format!("workload.kv.raft.mutant={mutant}");
    let ready = library(RAFT, &[], &[&set]);
    let mut world = World::new(Seed(0), false);
    (0..seeds).find_map(|seed| {
        let run = ready.run(Seed(seed), false, &mut world);
        let run = run.expect("its faults can be drawn");
        let failed = run.result.properties.iter();
        let failed = failed.filter(|p| p.outcome.verdict == Verdict::Fail);
        let first = failed.min_by_key(|p| p.outcome.first.as_ref().map(|v| v.at))?;
        let text = first.outcome.first.as_ref().map(|v| v.text.clone());
        Some((first.spec.name.clone(), text.unwrap_or_default()))
    })
}

/// The quick ones; docs/raft.md has the table of all.
#[test]
fn planted_bugs_are_found() {
    let cases = [
        ("B01", "kv.monotone"),
        ("B10", "kv.leader-completeness"),
        ("B11", "kv.committed-immutable"),
        ("B13", "kv.quorum-commit"),
        ("B15", "kv.log-bounds"),
        ("B16", "kv.state-machine-safety"),
        ("B21", "kv.quorum-commit"),
        ("B22", "kv.one-leader"),
    ];
    for (mutant, by) in cases {
        let (name, text) = alarm(mutant, 20).unwrap_or_else(|| panic!("{mutant} was not found"));
        println!("{mutant}: {name}: {text}");
        assert_eq!(name, by, "{mutant}: {text}");
    }
}

#[test]
fn a_wrong_history_is_told_by_its_shortest_wrong_beginning() {
    let ready = library(FLAP, &[], &[]);
    let told = (0..8).find_map(|seed| {
        let run = run(&ready, seed, false);
        let all = run.result.properties;
        let found = all.into_iter().find(|p| p.spec.name == "kv.linearizable")?;
        found.outcome.first.map(|violation| violation.text)
    });
    let told = told.expect("an unchecked read of a leader that is none any more");
    assert!(told.starts_with("no order explains operation "), "{told}");
    assert!(
        told.contains("the shortest beginning that is wrong has "),
        "{told}"
    );
    let last = told.lines().last().unwrap();
    assert!(last.contains(": get -> 0x"), "a read is wrong: {last}");
}

const SMALL: &str = r#"
name = "small"
stop = { at = "6s" }
[topology]
nodes.kv = { count = 3 }
links.default = { delay = "400us" }
[workload.kv.raft]
on = "kv"
load = { until = "4s" }
settle = "1s"
[[property]]
always = "kv.linearizable"
[[property]]
always = "kv.one-leader"
[[property]]
always = "kv.converged"
"#;

#[test]
fn without_faults_clients_are_served_by_one_leader() {
    let ready = ready("small.toml", SMALL, &[], &[]);
    let run = run(&ready, 1, true);
    for name in ["kv.linearizable", "kv.one-leader", "kv.converged"] {
        assert_eq!(property(&run.result, name).0, Verdict::Pass, "{name}");
    }
    assert_eq!(events(&run, "kv.leader-elected"), 1);
    assert_eq!(events(&run, "kv.gave-up"), 0);
    assert!(events(&run, "kv.applied") > 100);
}

/// The promises that hold for any store find the reads of a leader that is none any more, and nothing
/// where the store is right.
#[test]
fn operations_are_judged_by_the_promises_of_any_store() {
    let text = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/library/cluster/raft-flap.toml"
    ));
    let mut text = text.unwrap_or_else(|error| panic!("{error}"));
    for are in ["linearizable", "session-guarantees", "no-lost-write"] {
        text += &format!(
            "\n[[property]]\nname = \"{are}\"\noperations = {{ are = \"{are}\", reads = [\"kv.get\"], writes = [\"kv.put\"] }}\n"
        );
    }
    let set = [
        "workload.kv.raft.load.cas=0",
        "workload.kv.raft.load.appends=0",
    ];
    let verdicts = |with: &[&str], name: &str| {
        let ready = ready("flap.toml", &text, with, &set);
        let of = |seed| property(&run(&ready, seed, false).result, name).0;
        [of(0), of(1), of(2), of(3), of(4), of(5)]
    };
    for name in ["linearizable", "no-lost-write"] {
        let wrong = verdicts(&[], name);
        assert!(wrong.contains(&Verdict::Fail), "{name}: {wrong:?}");
    }
    for name in ["linearizable", "session-guarantees", "no-lost-write"] {
        let right = verdicts(&["pre-vote-and-read-index"], name);
        assert_eq!(right, [Verdict::Pass; 6], "{name}");
    }
}

#[test]
fn a_seed_repeats_recorded_or_not() {
    let ready = library(RAFT, &[], &[]);
    for seed in 0..3 {
        let digests = [false, true, false].map(|keep| run(&ready, seed, keep).result.digest);
        assert!(
            digests.windows(2).all(|pair| pair[0] == pair[1]),
            "seed {seed}"
        );
    }
}

/// Messages between replicas are doubled: their content is shared.
#[test]
fn messages_of_replicas_are_doubled() {
    let doubled = format!(
        "{SMALL}\n[[fault]]\nat = \"1s\"\nfor = \"3s\"\ninject.link-duplicate = {{ links = \"kv -> kv\", p = 0.5 }}\n"
    );
    let ready = ready("doubled.toml", &doubled, &[], &[]);
    let run = run(&ready, 1, false);
    assert!(
        run.result.faults.iter().all(|fault| fault.landed > 0),
        "{:?}",
        run.result.faults
    );
    assert_eq!(property(&run.result, "kv.linearizable").0, Verdict::Pass);
}

#[test]
fn bad_parameters_are_told_with_a_remedy() {
    let cases: &[(&str, &[&str])] = &[
        ("mutant = \"B23\"", &["unknown word `B23`"]),
        (
            "election_max = \"100ms\"",
            &[
                "the longest time-out, 100ms, is below the shortest, 150ms",
                "help: raise it, or lower `election`",
            ],
        ),
        (
            "heartbeat = \"200ms\"",
            &["a heartbeat every 200ms cannot keep time-outs of 150ms from running out"],
        ),
        ("heartbeat = \"0s\"", &["a heartbeat every 0s"]),
        (
            "pre_vote = false",
            &[
                "leases need `pre_vote`: without it a vote breaks them",
                "help: set `reads = \"read-index\"`",
            ],
        ),
        (
            "membership = { spare = 3 }",
            &[
                "3 of 3 replicas do not vote: nobody is left",
                "help: leave some voters",
            ],
        ),
        (
            "membership = { min = 4 }",
            &[
                "3 replicas vote at first, fewer than 4",
                "help: lower `min`, or name more nodes",
            ],
        ),
        ("clients = \"any 1 of kv\"", &["nothing is drawn here"]),
        ("clients = \"kw\"", &["unknown node group `kw`"]),
        (
            "batch = 0",
            &[
                "0 is out of range",
                "expected a whole number from 1 to 100000",
            ],
        ),
    ];
    for (line, wanted) in cases {
        let text = SMALL.replace("on = \"kv\"\n", &format!("on = \"kv\"\n{line}\n"));
        let report = try_ready("bad.toml", &text, &[], &[]).expect_err(line);
        println!("{report}\n");
        for part in *wanted {
            assert!(report.contains(part), "{line}: no `{part}` in\n{report}");
        }
    }
    // All at once.
    let many = "election_max = \"100ms\"\nheartbeat = \"0s\"\npre_vote = false\n";
    let text = SMALL.replace("on = \"kv\"\n", &format!("on = \"kv\"\n{many}"));
    let report = try_ready("bad.toml", &text, &[], &[]).unwrap_err();
    assert!(report.contains("3 errors"), "{report}");
    let crowd = SMALL.replace("count = 3", "count = 65");
    let report = try_ready("bad.toml", &crowd, &[], &[]).unwrap_err();
    assert!(report.contains("65 replicas are more than 64"), "{report}");
}
