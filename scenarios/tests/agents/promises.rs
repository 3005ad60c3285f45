//! Each promise with a control layer that breaks it, and the same run with one that does not. And
//! what every workload owes: equal digests, and draws that move no others.

use crate::common::{metric, properties, ready, result, run};
use squall_core::history::{Part, What};
use squall_core::property::Verdict;
use std::collections::BTreeMap;

const BASE: &str = r#"
name = "promises"
stop = { at = "80m" }
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
[[property]]
always = "w.at-most-once-effect"
[[property]]
always = "w.no-ghost-result"
[[property]]
always = "w.terminates"
[[property]]
always = "w.retry-amplification"
[[property]]
always = "w.token-budget"
[[property]]
always = "w.checkpoint-monotone"
"#;

/// Exactly `promise` fails with the settings of `broken`, and nothing with those of `sound`.
fn check(promise: &str, fault: &str, broken: &[&str], sound: &[&str]) {
    let text = if fault.is_empty() {
        BASE.to_owned()
    } else {
        format!("{BASE}\n[[fault]]\nat = \"2m\"\n{fault}\n")
    };
    let sound = result(&ready(&text, &[], sound), 1);
    assert_eq!(properties(&sound, Verdict::Fail), [""; 0], "{sound:#?}");
    let broken = result(&ready(&text, &[], broken), 1);
    assert_eq!(properties(&broken, Verdict::Fail), [promise], "{broken:#?}");
    assert!(
        broken.faults.iter().all(|f| f.landed > 0),
        "{:?}",
        broken.faults
    );
}

#[test]
fn effects_repeat_without_keys() {
    check(
        "w.at-most-once-effect",
        "for = \"4m\"\ninject.lost-reply = { service = \"w.tools\", p = 0.3 }",
        &["workload.w.agents.idempotency=false"],
        &[],
    );
}

#[test]
fn a_body_that_nobody_reads_is_a_ghost() {
    check(
        "w.no-ghost-result",
        "for = \"2m\"\ninject.config-push = { name = \"w.tool-version\", value = 1 }",
        &["workload.w.agents.tools.check_body=false"],
        &[],
    );
}

#[test]
fn sessions_of_a_lost_worker_must_go_on() {
    check(
        "w.terminates",
        "for = \"1m\"\ninject.node-loss = { nodes = \"any 1 of worker\" }",
        &["workload.w.agents.recovery=none"],
        &[],
    );
}

#[test]
fn retries_without_a_budget_multiply() {
    check(
        "w.retry-amplification",
        "for = \"4m\"\ninject.call-error = { service = \"w.model\", p = 0.7 }",
        &["workload.w.agents.retry.attempts=20"],
        &[
            "workload.w.agents.retry.attempts=20",
            "workload.w.agents.retry.budget=0.1",
        ],
    );
}

#[test]
fn tokens_that_nobody_reserves_are_overspent() {
    check(
        "w.token-budget",
        "",
        &[
            "workload.w.agents.budget.tokens=300000",
            "workload.w.agents.budget.enforce=false",
        ],
        &["workload.w.agents.budget.tokens=300000"],
    );
}

#[test]
fn a_worker_that_comes_back_must_be_fenced() {
    check(
        "w.checkpoint-monotone",
        "for = \"2m\"\ninject.node-pause = { nodes = \"any 1 of worker\" }",
        &["workload.w.agents.fencing=false"],
        &[],
    );
}

/// Twice, with and without the history kept.
#[test]
fn the_same_seed_gives_the_same_digest() {
    let fault =
        "[[fault]]\nat = \"2m\"\nfor = \"1m\"\ninject.node-loss = { nodes = \"any 1 of worker\" }";
    let ready = ready(&format!("{BASE}\n{fault}\n"), &[], &[]);
    let digests: Vec<_> = (0..3).map(|seed| result(&ready, seed).digest).collect();
    for (seed, digest) in (0..).zip(&digests) {
        assert_eq!(run(&ready, seed, true).result.digest, *digest);
    }
    assert_ne!(digests[0], digests[1]);
}

/// A further session changes nothing about what the others spend.
#[test]
fn sessions_draw_for_themselves() {
    let spent = |sessions: &str| {
        let set = format!("workload.w.agents.arrivals.sessions={sessions}");
        let recording = run(&ready(BASE, &[], &[&set]), 4, true).recording.unwrap();
        let mut by_session: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        for record in &recording.records {
            if let What::Event { name, a, b, .. } = record.what
                && recording.header.names.text(name) == "w.spent"
            {
                by_session.entry(a).or_default().push(b);
            }
        }
        by_session
    };
    let (few, more) = (spent("8"), spent("20"));
    assert_eq!((few.len(), more.len()), (8, 20));
    for (session, tokens) in few {
        assert_eq!(more[&session], tokens);
    }
}

/// Faults of the workload's own knobs have an effect, and heal.
#[test]
fn knobs_are_read() {
    let faults = r#"
[[fault]]
at = "1m"
for = "2m"
inject.load-step = { workload = "w", factor = 3 }
[[fault]]
at = "1m"
for = "10m"
inject.knob-set = { name = "w.model-latency", value = 3 }
[[fault]]
at = "1m"
for = "10m"
inject.knob-set = { name = "w.retry-attempts", value = 1 }
[[fault]]
at = "1m"
for = "10m"
inject.call-error = { service = "w.model", p = 0.1 }
"#;
    let calm = result(&ready(BASE, &[], &[]), 2);
    let hit = result(&ready(&format!("{BASE}{faults}"), &[], &[]), 2);
    assert!(hit.faults.iter().all(|f| f.landed > 0), "{:?}", hit.faults);
    let p50 = |result| metric(result, "w.model-latency").p50;
    assert!(p50(&hit) > 1.5 * p50(&calm), "{} {}", p50(&hit), p50(&calm));
    assert_eq!(
        metric(&hit, "w.attempts").max.to_bits(),
        3f64.to_bits(),
        "one try, redelivered twice"
    );
}

/// The time of a step splits: a tool on a paging host stalls, its caller waits for a peer.
#[test]
fn spans_say_where_the_time_went() {
    let text = BASE.replace(
        "nodes.tool = { count = 1 }",
        "nodes.tool = { count = 1, memory = \"512MiB\", swap = \"hdd\" }",
    );
    let faults = r#"
[[fault]]
at = "2m"
for = "4m"
inject.swap-storm = { nodes = "tool", overcommit = 2.5 }
[[fault]]
at = "2m"
for = "4m"
inject.call-error = { service = "w.model", p = 0.2 }
"#;
    let ready = ready(
        &format!("{text}{faults}"),
        &[],
        &["workload.w.agents.tools.working_set=256MiB"],
    );
    let run = run(&ready, 2, true);
    assert!(
        run.result.faults.iter().all(|f| f.landed > 0),
        "{:?}",
        run.result.faults
    );
    let recording = run.recording.unwrap();
    let (mut names, mut parts) = (BTreeMap::new(), BTreeMap::new());
    for record in &recording.records {
        match record.what {
            What::SpanStart { span, name, .. } => {
                names.insert(span, recording.header.names.text(name));
            }
            What::SpanTime { span, part, ns } => {
                *parts.entry((names[&span], part)).or_insert(0) += ns
            }
            _ => {}
        }
    }
    let seconds = |name, part| parts.get(&(name, part)).map_or(0.0, |ns| *ns as f64 / 1e9);
    assert!(seconds("w.tool-run", Part::PageFault) > 1.0, "{parts:?}");
    assert!(seconds("w.tool-run", Part::Run) > 1.0, "{parts:?}");
    assert!(
        seconds("w.tool-call", Part::Peer) > seconds("w.tool-run", Part::PageFault),
        "{parts:?}"
    );
    assert!(seconds("w.model-call", Part::Backoff) > 1.0, "{parts:?}");
    assert!(seconds("w.model-call", Part::Peer) > 100.0, "{parts:?}");
    assert!(seconds("w.model-call", Part::Network) > 0.01, "{parts:?}");
}
