//! Faults that wait, from the file to the report: determinism, frozen plans, messages.

mod messages;

use squall_core::history::{NodeChange, TriggerChange, What};
use squall_core::plan::Plan;
use squall_core::property::Verdict;
use squall_core::recording::Recording;
use squall_core::{Seed, VirtualTime, World};
use squall_scenarios::{Files, Ready, SeedRun, Settings, parse};

struct NoFiles;
impl Files for NoFiles {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        Err(format!("no file {path} here"))
    }
}

fn ready(faults: &str) -> Ready {
    let text = format!(
        r#"
name = "waits"
stop = {{ at = "3m" }}
topology.nodes.w = {{ count = 3 }}
topology.nodes.m = {{ count = 2 }}
topology.nodes.t = {{}}

[workload.support.agents]
on = "w"
model = {{ on = "m" }}
tools = {{ on = "t" }}
arrivals = {{ rate = "2/s" }}

{faults}
"#
    );
    let scenario = parse("waits.toml", &text, &Settings::default());
    let scenario = scenario.unwrap_or_else(|report| panic!("{report}"));
    scenario.ready(&NoFiles).expect("no file is needed")
}

fn run(ready: &Ready, seed: u64) -> SeedRun {
    let mut world = World::new(Seed(seed), true);
    ready.run(Seed(seed), true, &mut world).expect("a plan")
}

fn recording(run: &SeedRun) -> &Recording {
    run.recording.as_ref().expect("records were kept")
}

/// The same seed again, and under its frozen plan: nothing differs but what is said of triggers.
fn repeats(ready: &Ready, seed: u64) -> (SeedRun, Plan) {
    let first = run(ready, seed);
    let again = run(ready, seed);
    assert_eq!(first.result, again.result);
    assert_eq!(recording(&first).records, recording(&again).records);
    let frozen = recording(&first).plan_as_run();
    let mut world = World::new(Seed(seed), true);
    let under = ready.run_plan(Seed(seed), frozen.clone(), true, &mut world);
    assert_eq!(under.result.digest, first.result.digest);
    let own = recording(&first).records.iter();
    let own = own.filter(|record| !matches!(record.what, What::Trigger { .. }));
    assert!(own.eq(&recording(&under).records));
    assert_eq!(under.result.properties, first.result.properties);
    assert_eq!(under.result.metrics, first.result.metrics);
    for (a, b) in first.result.faults.iter().zip(&under.result.faults) {
        let same = (a.landed, a.first_landing) == (b.landed, b.first_landing);
        assert!(same && a.planned == b.planned, "{a:?} {b:?}");
    }
    (first, frozen)
}

const WAITS: &str = r#"
[[fault]]
name = "kill"
keep_healthy = "quorum"
[fault.on]
event = "support.accepted"
after = 5
times = 3
cooldown = "20s"
delay = "uniform 10ms 90ms"
within = "30s..2m"
[fault.inject]
node-loss = { nodes = "any 2 of w", restart_after = "15s" }

[[fault]]
name = "slow"
on = { event = "fault:kill.started", times = 3 }
for = "uniform 2s 9s"
inject.link-delay = { links = "w -> m", delay = "exponential mean 300ms" }

[[fault]]
name = "wait"
on = { metric = "support.latency", above = "1s", times = 2, cooldown = "30s" }
for = "3s"
inject.cpu-slow = { nodes = "t", factor = 0.2 }

[[fault]]
name = "clock"
keep_healthy = 1
on = { event = "node-started", where = { node = "w" } }
for = "20s"
inject.clock-drift = { nodes = "any 1 of w", ppm = 50000 }

[[fault]]
name = "calls"
on = { event = "call", after = 100, where = { service = "support.model" } }
for = "2s"
inject.node-pause = { nodes = "m[0]" }

[[fault]]
name = "fixed"
at = "40s..50s"
for = "30s"
inject.link-loss = { links = "w <-> t", p = 0.2 }
"#;

#[test]
fn runs_repeat_and_so_do_frozen_plans() {
    let ready = ready(WAITS);
    for seed in 0..6 {
        let (first, frozen) = repeats(&ready, seed);
        assert!(frozen.triggers().is_empty());
        for fault in &first.result.faults {
            assert!(fault.landed > 0, "seed {seed}: {fault:?}");
        }
        let kill = first.result.faults[0].firings.expect("it waits");
        assert_eq!(
            (kill.fired, kill.dropped),
            (3, 3),
            "two of three must be left"
        );
    }
}

/// The draws of every other fault stay where they are when a triggered one goes, and until it first
/// fires the runs are the same.
#[test]
fn without_a_triggered_fault_nothing_differs_until_it_fires() {
    let (with, without) = (
        ready(WAITS),
        ready(
            WAITS
                .split("[[fault]]\nname = \"slow\"")
                .next()
                .expect("the head"),
        ),
    );
    let (a, b) = (run(&with, 3), run(&without, 3));
    let fired = recording(&a).records.iter().find(|record| {
        let What::Trigger { firing, change } = record.what else {
            return false;
        };
        firing.trigger != 0 && change == TriggerChange::Fired
    });
    let fired = fired.expect("something fires").at;
    let until = |run: &SeedRun| -> Vec<_> {
        let records = recording(run)
            .records
            .iter()
            .filter(|r| r.at < fired.min(VirtualTime::from_nanos(40_000_000_000)));
        records
            .filter(|r| !matches!(r.what, What::Trigger { .. }))
            .copied()
            .collect()
    };
    assert!(until(&a).len() > 100);
    assert_eq!(until(&a), until(&b));
}

/// Agents say who has a session where a fault asks, and only there.
#[test]
fn whoever_holds_a_session_is_hit() {
    let ready = ready(
        r#"
[[fault]]
name = "worker"
on = { event = "support.checkpoint", after = 40 }
inject.node-loss = { nodes = "holder of support", restart_after = "20s" }

[[fault]]
name = "third"
on = { event = "role-gained", where = { role = "holder", group = "support" }, after = 4 }
if_none = "skip"
inject.node-loss = { nodes = "holder of support/3", restart_after = "20s" }
"#,
    );
    let (first, _) = repeats(&ready, 1);
    let records = &recording(&first).records;
    let held = |key: Option<u64>, at: VirtualTime| {
        let mut last = None;
        for record in records.iter().take_while(|record| record.at < at) {
            if let What::Role {
                node,
                key: k,
                gained,
                term,
                ..
            } = record.what
                && gained
                && key.is_none_or(|key| key == k)
                && last.is_none_or(|(t, _)| term >= t)
            {
                last = Some((term, node));
            }
        }
        last
    };
    let down = |label: &str| {
        let plan = recording(&first).plan_as_run();
        let fault = plan.faults.iter().position(|f| f.label == label);
        let entry = plan.fixed().find(|(_, e)| Some(e.fault as usize) == fault);
        let (_, entry) = entry.expect("it acts");
        (entry.from, entry.primitive.node().expect("a node"))
    };
    let (at, node) = down("third");
    assert_eq!(held(Some(3), at).map(|(_, node)| node), Some(node));
    let (at, node) = down("worker");
    let is_down = records.iter().any(|record| {
        let change = NodeChange::Down;
        record.at == at && record.what == What::Node { node, change }
    });
    assert!(is_down);
    let silent = self::ready(WAITS);
    let records = run(&silent, 1);
    let roles = recording(&records).records.iter();
    let roles = roles.filter(|record| matches!(record.what, What::Role { .. }));
    assert_eq!(roles.count(), 0);
}

#[test]
fn that_nobody_has_a_role_may_fail_a_run() {
    let text = |if_none: &str| {
        format!(
            "[[fault]]\nat = \"10s\"\npatience = \"5s\"\nif_none = \"{if_none}\"\n\
             inject.node-loss = {{ nodes = \"holder of support/999999\", restart_after = \"5s\" }}\n"
        )
    };
    let failed = run(&ready(&text("fail")), 1);
    assert_eq!(failed.result.verdict, Verdict::Fail);
    let at = VirtualTime::from_nanos(15_000_000_000);
    assert_eq!(failed.result.faults[0].failed(), Some(at));
    let missed = run(&ready(&text("miss")), 1);
    assert_ne!(missed.result.verdict, Verdict::Fail);
    let firings = missed.result.faults[0].firings.expect("it waits");
    assert_eq!((firings.missed_role, firings.skipped), (1, 0));
    let skipped = run(&ready(&text("skip")), 1);
    let firings = skipped.result.faults[0].firings.expect("it waits");
    assert_eq!((firings.missed_role, firings.skipped), (0, 1));
    assert_eq!(skipped.result.digest, missed.result.digest);
}

#[test]
fn triggers_that_cannot_be_are_errors_with_a_caret() {
    let text = include_str!("broken.toml");
    let report = parse("broken.toml", text, &Settings::default()).expect_err("it is broken");
    let shown = report.render(false);
    assert_eq!(shown, include_str!("broken.txt"), "GOLDEN\n{shown}GOLDEN");
}

#[test]
fn a_plan_without_a_fault_that_has_a_role_runs_to_its_end() {
    let ready = ready(
        r#"
[[fault]]
name = "hold"
at = "30s"
for = "5s"
inject.node-pause = { nodes = "holder of support/3" }
"#,
    );
    let plan = ready.scenario.plan(Seed(1)).expect("a plan");
    let mut world = World::new(Seed(1), true);
    let run = ready.run_plan(Seed(1), plan.without(0), true, &mut world);
    assert_eq!(run.result.end, VirtualTime::from_nanos(180_000_000_000));
    assert!(matches!(
        run.result.stop,
        squall_core::outcome::Stop::Finished
    ));
}
