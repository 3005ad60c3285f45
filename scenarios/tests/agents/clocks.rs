//! Wrong clocks: leases and deadlines are times of day of whoever wrote them.

use crate::common::{properties, ready, run};
use squall_core::history::What;
use squall_core::property::Verdict;
use squall_scenarios::SeedRun;

const BASE: &str = r#"
name = "clocks"
stop = { at = "60m" }
[topology]
nodes.worker = { count = 3 }
nodes.endpoint = { count = 1 }
nodes.tool = { count = 1 }
signals = "0s"
[workload.w.agents]
on = "worker"
arrivals = { rate = "0.2/s", sessions = 60, calls = "uniform 4 16" }
model = { on = "endpoint" }
tools = { on = "tool" }
deadline = "40m"
lease = "30s"
idempotency = false
[[property]]
always = "w.at-most-once-effect"
[[property]]
always = "w.checkpoint-monotone"
[[fault]]
name = "clock"
at = "4m"
for = "5m"
land = "optional"
"#;

fn with(inject: &str, set: &[&str]) -> SeedRun {
    run(&ready(&format!("{BASE}{inject}\n"), &[], set), 1, true)
}

fn count(run: &SeedRun, event: &str) -> usize {
    let recording = run.recording.as_ref().unwrap();
    let is = |what: &What| match what {
        What::Event { name, .. } => recording.header.names.text(*name) == event,
        _ => false,
    };
    recording.records.iter().filter(|r| is(&r.what)).count()
}

/// A worker whose clock runs ahead by more than a lease believes all others dead, and takes what they
/// have. Without fencing both go on, and effects happen twice.
#[test]
fn a_clock_that_is_ahead_steals_leases() {
    let step = |offset: &str| {
        format!("inject.clock-step = {{ nodes = \"worker[0]\", offset = \"{offset}\" }}")
    };
    let calm = with(&step("0s"), &[]);
    assert_eq!(
        (count(&calm, "w.resumed"), calm.result.faults[0].landed),
        (0, 0)
    );
    let little = with(&step("5s"), &[]);
    assert_eq!(
        count(&little, "w.resumed"),
        0,
        "less than a lease does no harm"
    );
    assert!(little.result.faults[0].landed > 0, "though it was read");

    let unfenced = with(&step("2m"), &["workload.w.agents.fencing=false"]);
    assert!(count(&unfenced, "w.resumed") > 0);
    let failed = properties(&unfenced.result, Verdict::Fail);
    assert!(failed.contains(&"w.at-most-once-effect"), "{failed:?}");

    // The others are ahead of a worker that is behind, which is the same.
    let behind = with(&step("-2m"), &["workload.w.agents.fencing=false"]);
    assert!(count(&behind, "w.resumed") > 0);
}

/// Fencing stops the one that lost its lease.
#[test]
fn fencing_holds_under_a_wrong_clock() {
    let step = "inject.clock-step = { nodes = \"worker[0]\", offset = \"2m\" }";
    let fenced = with(step, &["workload.w.agents.fencing=true"]);
    assert!(count(&fenced, "w.fenced") > 0);
    let failed = properties(&fenced.result, Verdict::Fail);
    assert!(!failed.contains(&"w.checkpoint-monotone"), "{failed:?}");
}

/// A date in the year 2038 is after every deadline.
#[test]
fn sessions_run_out_of_time_when_the_date_jumps() {
    let jump = "inject.date-jump = { nodes = \"worker\", to = \"2038-01-19T03:14:08Z\" }";
    let calm = with(
        "inject.date-jump = { nodes = \"endpoint\", to = \"2038-01-19\" }",
        &[],
    );
    assert_eq!(
        (count(&calm, "w.failed"), calm.result.faults[0].landed),
        (0, 0)
    );
    let jumped = with(jump, &[]);
    assert!(
        count(&jumped, "w.failed") > 5,
        "{}",
        count(&jumped, "w.failed")
    );
}

/// A frozen monotonic clock stops heartbeats: the lease runs out by the clocks of the others.
#[test]
fn a_worker_whose_timers_stand_loses_its_lease() {
    let freeze = "inject.clock-freeze = { nodes = \"worker[1]\", clock = \"monotonic\" }";
    let frozen = with(freeze, &[]);
    assert!(frozen.result.faults[0].landed > 0);
    assert!(count(&frozen, "w.resumed") > 0);
}
