//! Settings and variants: what they change, and what is refused.

use super::*;

#[test]
fn settings_change_values_and_keep_comments() {
    let scenario = with(
        &[],
        &[
            "stop.at=5m",
            "seeds=0..8",
            "topology.nodes.gateway.count=7",
            "workload.support.agents.retry.budget=0.5",
            "fault.swap-storm.inject.swap-storm.overcommit=2.0",
            "fault.flaky.every.until=4m",
            "fault.0.at=1m",
        ],
    )
    .unwrap();
    assert_eq!(scenario.stop.to_string(), "5m");
    assert_eq!(scenario.seeds, 0..8);
    assert_eq!(scenario.topology.nodes().len(), 9);
    assert!(scenario.text.contains("# what CI runs"));
    assert!(
        scenario.text.contains("overcommit = 2.0"),
        "{}",
        scenario.text
    );
    let again = parse("effective.toml", &scenario.text, &Settings::default()).unwrap();
    assert_eq!(with(&[], &["seeds=17"]).unwrap().seeds, 17..18);
    assert_eq!(again.faults.len(), 2);
    assert_eq!(
        again.plan(Seed(3)).unwrap(),
        scenario.plan(Seed(3)).unwrap()
    );
}

#[test]
fn a_key_that_excludes_another_takes_its_place() {
    let scenario = with(&[], &["workload.support.agents.arrivals.trace=a.csv"]).unwrap();
    assert_eq!(scenario.files()[0].path, "a.csv");
    let arrivals = scenario.workloads[0].args.table("arrivals");
    assert_eq!(
        (arrivals.number_opt("rate"), arrivals.text("trace")),
        (None, "a.csv")
    );
}

#[test]
fn settings_that_cannot_be_made_are_refused() {
    let bad = |set: &str, expect: &str| {
        let shown = with(&[], &[set]).unwrap_err();
        for part in expect.split(" | ") {
            assert!(shown.contains(part), "{part}\n{shown}");
        }
    };
    bad(
        "stop.att=5m",
        "unknown key `att` | --set stop.att=5m | did you mean `at`?",
    );
    bad(
        "stop.at=45",
        "duration has no unit | example.toml with --set stop.at=45 | write \"45s\"",
    );
    bad(
        "topology.nodes.gatway.count=1",
        "there is no `gatway` in `nodes` | did you mean `gateway`?",
    );
    bad(
        "workload.support.edge.period=1s",
        "`support` is not `edge` here | it is `agents`",
    );
    bad(
        "fault.flakey.at=1s",
        "there is no `flakey` in this list | did you mean `flaky`?",
    );
    bad("seeds.x=1", "`seeds` has no parts");
    bad("name..x=1", "empty part of a key");
    assert!(with(&[], &["seeds"]).is_err());
    assert!(
        with(&["retry-budgt"], &[])
            .unwrap_err()
            .contains("did you mean `retry-budget`?")
    );
}

#[test]
fn variants_apply_in_order_and_before_settings() {
    let scenario = with(&["retry-budget", "trace"], &[]).unwrap();
    let args = &scenario.workloads[0].args;
    assert_eq!(args.table("retry").number_opt("budget"), Some(0.1));
    assert_eq!(scenario.faults[1].args.number_opt("p"), Some(0.1));
    let scenario = with(
        &["retry-budget"],
        &["workload.support.agents.retry.budget=0.2"],
    )
    .unwrap();
    assert_eq!(
        scenario.workloads[0]
            .args
            .table("retry")
            .number_opt("budget"),
        Some(0.2)
    );
}

#[test]
fn broken_variants_are_found_when_the_file_is_read() {
    let text =
        format!("{EXAMPLE}\n[with.bad]\nset.\"stop.art\" = 1\n[with.worse]\nset.\"stop.at\" = 1\n");
    let shown = parse("x.toml", &text, &Settings::default())
        .unwrap_err()
        .render(false);
    assert!(shown.contains("unknown key `art`"), "{shown}");
    assert!(
        shown.contains("set.\"stop.art\" = 1\n   |           ^^^"),
        "{shown}"
    );
    assert!(
        shown.contains("variant `worse`: duration has no unit"),
        "{shown}"
    );
    assert!(shown.contains("x.toml: 2 errors"), "{shown}");
}
