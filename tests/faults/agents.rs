//! The faults of agents, in a world of two crews: one that works, and one to which nobody comes.

use squall::core::outcome::{FaultResult, MetricResult};
use squall::core::world::World;
use squall::core::{Seed, VirtualDuration};
use squall::scenarios::{Settings, parse};

/// What a fault takes here, beside its time: busy target, then idle one.
pub(crate) const CASES: &[(&str, &str, &str)] = &[
    (
        "model-slow",
        "{ workload = 'crew' }",
        "{ workload = 'quiet' }",
    ),
    (
        "slow-tokens",
        "{ workload = 'crew' }",
        "{ workload = 'quiet' }",
    ),
    (
        "model-rate-limit",
        "{ workload = 'crew', rate = '1000/s', burst = 1000 }",
        "{ workload = 'crew', rate = '1e9/s' }",
    ),
    (
        "model-error",
        "{ workload = 'crew' }",
        "{ workload = 'quiet', p = 1.0 }",
    ),
    (
        "first-token-stall",
        "{ workload = 'crew', p = 0.3 }",
        "{ workload = 'quiet', p = 1.0 }",
    ),
    (
        "answer-cut",
        "{ workload = 'crew', p = 0.5 }",
        // No answer has so many tokens.
        "{ workload = 'crew', after = 1000000, p = 1.0 }",
    ),
    (
        "malformed-tool-call",
        "{ workload = 'crew', p = 0.3 }",
        "{ workload = 'quiet', p = 1.0 }",
    ),
    (
        "refusal",
        "{ workload = 'crew', p = 0.3 }",
        "{ workload = 'quiet', p = 1.0 }",
    ),
    (
        "wrong-arguments",
        "{ workload = 'crew', p = 1.0 }",
        "{ workload = 'quiet', p = 1.0 }",
    ),
    (
        "model-drift",
        "{ workload = 'crew' }",
        "{ workload = 'quiet' }",
    ),
    (
        "prefix-cache-flush",
        "{ workload = 'crew' }",
        "{ workload = 'quiet' }",
    ),
    (
        "provider-outage",
        "{ workload = 'crew' }",
        "{ workload = 'quiet' }",
    ),
    (
        "partial-success",
        "{ workload = 'crew', p = 0.5 }",
        "{ workload = 'quiet', p = 1.0 }",
    ),
    (
        "plausible-lie",
        "{ workload = 'crew', p = 0.5 }",
        "{ workload = 'quiet', p = 1.0 }",
    ),
    // The authority looks, whoever comes.
    ("permission-revoked", "{ workload = 'crew' }", ""),
    (
        "schema-change",
        "{ workload = 'crew' }",
        "{ workload = 'quiet' }",
    ),
    (
        "idempotency-forget",
        "{ workload = 'crew', ttl = '0s' }",
        "{ workload = 'quiet' }",
    ),
    // The tools look at their slots before they serve, whoever comes.
    ("slots-exhausted", "{ workload = 'crew', slots = 0.0 }", ""),
    (
        "compaction-loss",
        "{ workload = 'crew', p = 1.0 }",
        "{ workload = 'quiet', p = 1.0 }",
    ),
    (
        "poisoned-context",
        "{ workload = 'crew', p = 1.0 }",
        "{ workload = 'quiet', p = 1.0 }",
    ),
    (
        "session-mix-up",
        "{ workload = 'crew', p = 1.0 }",
        "{ workload = 'quiet', p = 1.0 }",
    ),
    (
        "worker-crash-at",
        "{ workload = 'crew', nodes = 'worker', down = '5s' }",
        "{ workload = 'quiet', nodes = 'worker' }",
    ),
    (
        "zombie-worker",
        "{ nodes = 'worker', stall = '8s' }",
        "{ nodes = 'idle', stall = '8s' }",
    ),
    (
        "stuck-loop",
        "{ workload = 'crew' }",
        "{ workload = 'quiet' }",
    ),
    (
        "fan-out",
        "{ workload = 'crew', branch = 2, depth = 2 }",
        "{ workload = 'quiet' }",
    ),
    (
        "context-resend",
        "{ workload = 'crew' }",
        "{ workload = 'quiet' }",
    ),
    (
        "checkpoint-fault",
        "{ workload = 'crew', mode = 'read-only' }",
        "{ workload = 'quiet' }",
    ),
    (
        "policy-down",
        "{ workload = 'crew' }",
        "{ workload = 'quiet' }",
    ),
    (
        "policy-lag",
        "{ workload = 'crew', delay = '60s' }",
        "{ workload = 'quiet' }",
    ),
    (
        "stray-credential",
        "{ workload = 'crew', p = 1.0 }",
        "{ workload = 'quiet', p = 1.0 }",
    ),
    (
        "audit-fault",
        "{ workload = 'crew' }",
        "{ workload = 'quiet', mode = 'lost' }",
    ),
    (
        "kill-switch-delay",
        "{ workload = 'crew', delay = '20s' }",
        "{ workload = 'quiet' }",
    ),
    (
        "approval-replay",
        "{ workload = 'crew', p = 1.0 }",
        "{ workload = 'quiet', p = 1.0 }",
    ),
    (
        "approver-overload",
        "{ workload = 'crew' }",
        "{ workload = 'quiet' }",
    ),
    (
        "wrong-tool-name",
        "{ workload = 'crew', p = 0.3 }",
        "{ workload = 'quiet', p = 1.0 }",
    ),
    (
        "billing-mismatch",
        "{ workload = 'crew' }",
        "{ workload = 'quiet' }",
    ),
    (
        "poison-task",
        "{ workload = 'crew', p = 0.3, down = '2s' }",
        "{ workload = 'quiet', p = 1.0 }",
    ),
    (
        "lost-ack",
        "{ workload = 'crew', p = 0.2 }",
        "{ workload = 'quiet', p = 1.0 }",
    ),
    // Batch work comes whoever comes.
    ("priority-inversion", "{ workload = 'crew' }", ""),
    (
        "misattribution",
        "{ workload = 'crew', nodes = 'worker', overcommit = 2.0 }",
        "{ workload = 'quiet', nodes = 'idle' }",
    ),
    (
        "slow-lock",
        "{ workload = 'crew', hold = '3s' }",
        "{ workload = 'quiet' }",
    ),
    (
        "crossed-locks",
        "{ workload = 'crew' }",
        "{ workload = 'quiet' }",
    ),
    (
        "stale-budget",
        "{ workload = 'crew', lag = '1m' }",
        "{ workload = 'quiet' }",
    ),
    (
        "context-overflow",
        "{ workload = 'crew', limit = 20000 }",
        "{ workload = 'quiet', limit = 1 }",
    ),
    (
        "memory-rollback",
        "{ workload = 'crew' }",
        "{ workload = 'quiet' }",
    ),
    (
        "code-change-in-flight",
        "{ workload = 'crew' }",
        "{ workload = 'quiet' }",
    ),
    (
        "scope-union",
        "{ workload = 'crew' }",
        "{ workload = 'quiet' }",
    ),
];

/// Faults with a length of their own.
const OWN_LENGTH: [&str; 1] = ["zombie-worker"];

/// What has to be there for a fault to show, beside it.
fn world(kind: &str) -> &'static str {
    match kind {
        "kill-switch-delay" => "kill_at = '61s'",
        "policy-lag" => "revocation_grace = '1s'",
        "priority-inversion" => "contract = '6/s'\nbatch = '1/s'\nbucket = 'shared'",
        "slow-lock" => "locks = 4",
        "crossed-locks" => "locks = 2",
        "stale-budget" => "tenant_budget = 8e6\nbudget_counter = 'replica'",
        "memory-rollback" => "memory = 'store'",
        "code-change-in-flight" => "code = 'latest'",
        "scope-union" => "delegate = 0.8\ndelegation = 'token'",
        "misattribution" => "read_pages = 1000\nread_memory = '512MiB'\nslow_call = '5s'",
        _ => "",
    }
}
fn beside(kind: &str) -> &'static str {
    match kind {
        // Keys matter where something comes twice, and contexts where something is tried again.
        "idempotency-forget" => {
            "[[fault]]\nname = 'lost'\nat = '50s'\nfor = '60s'\n\
             inject.lost-reply = { service = 'crew.tools', p = 0.3 }\n"
        }
        "context-resend" => {
            "[[fault]]\nname = 'errors'\nat = '50s'\nfor = '60s'\n\
             inject.call-error = { service = 'crew.model', p = 0.5 }\n"
        }
        "code-change-in-flight" => {
            "[[fault]]\nname = 'lost'\nat = '65s'\n\
             inject.node-loss = { nodes = 'worker[0]', restart_after = '5s' }\n"
        }
        "policy-lag" => {
            "[[fault]]\nname = 'revoked'\nat = '62s'\nfor = '20s'\n\
             inject.permission-revoked = { workload = 'crew' }\n"
        }
        _ => "",
    }
}

fn scenario(kind: &str, arguments: &str) -> String {
    let length = match OWN_LENGTH.contains(&kind) {
        true => "",
        false => "for = '30s'",
    };
    let (control, second) = (world(kind), beside(kind));
    // Memory is short on workers that read what the model answers.
    let short = match kind {
        "misattribution" => ", memory = '1GiB', swap = 'hdd'",
        _ => "",
    };
    let crew = |name: &str, rate: &str| {
        format!(
            "[workload.{name}.agents]\non = 'worker'\ndeadline = '5m'\n\
             arrivals = {{ rate = '{rate}', sessions = 200, calls = '10', gap_max = '1s' }}\n\
             model = {{ on = 'model' }}\npolicy = {{ on = 'policy' }}\nidempotency = true\n\
             tools = {{ on = 'tools', writes = 0.5, timeout = '5s' }}\n\
             [workload.{name}.agents.control]\nwindow = 1000\napproval_time = '1s'\n{control}\n"
        )
    };
    format!(
        "name = 'one fault'\nstop = {{ at = '3m' }}\n[topology]\nnodes.worker = {{ count = 2{short} }}\n\
         nodes.model = {{}}\nnodes.tools = {{ cores = 4 }}\nnodes.policy = {{}}\nnodes.idle = {{}}\n{}{}\
         {second}[[fault]]\nname = 'it'\nat = '60s'\n{length}\nland = 'optional'\ninject.{kind} = {arguments}\n",
        crew("crew", "0.5/s"),
        crew("quiet", "0.0000001/s"),
    )
}

/// What the fault did, and what the crew felt.
fn run(kind: &str, arguments: &str) -> (FaultResult, Vec<MetricResult>) {
    let text = scenario(kind, arguments);
    let scenario = parse(kind, &text, &Settings::default()).unwrap_or_else(|e| panic!("{e}"));
    let ready = scenario
        .ready(&squall::Place::default())
        .unwrap_or_else(|e| panic!("{e}"));
    let mut world = World::new(Seed(1), false);
    let run = ready
        .run(Seed(1), false, &mut world)
        .unwrap_or_else(|e| panic!("{e}"));
    let felt = run.result.metrics.iter();
    let felt = felt.filter(|m| m.name.starts_with("crew."));
    let it = run.result.faults.iter().find(|f| f.label == "it");
    let it = it.expect("it was planned").clone();
    (it, felt.cloned().collect())
}

/// The same world without the fault: it hits a node where nothing runs.
fn calm(kind: &str) -> Vec<MetricResult> {
    let text = scenario(kind, "{}");
    let at = text.rfind("[[fault]]").expect("the fault comes last");
    let scenario = parse(kind, &text[..at], &Settings::default()).unwrap_or_else(|e| panic!("{e}"));
    let ready = scenario
        .ready(&squall::Place::default())
        .unwrap_or_else(|e| panic!("{e}"));
    let mut world = World::new(Seed(1), false);
    let run = ready
        .run(Seed(1), false, &mut world)
        .unwrap_or_else(|e| panic!("{e}"));
    let felt = run.result.metrics.iter();
    felt.filter(|m| m.name.starts_with("crew."))
        .cloned()
        .collect()
}

#[test]
fn every_fault_of_agents_lands_on_a_crew_that_works() {
    for (kind, busy, _) in CASES {
        let (result, _) = run(kind, busy);
        assert!(result.landed > 0, "{kind} has no effect: {result:?}");
        let first = result.first_landing.expect("what landed has a first time");
        let from = VirtualDuration::from_secs(60);
        assert!(
            first.since(squall::core::VirtualTime::ZERO) >= from,
            "{kind} acts before its time"
        );
    }
}

/// What a hardened crew stops or sees through, and what only the back end's records show, moves no
/// metric; all others do.
#[test]
fn faults_of_agents_change_the_run() {
    let felt_by_nobody = |(kind, busy, _): &&(&str, &str, &str)| run(kind, busy).1 == calm(kind);
    let unfelt: Vec<&str> = CASES
        .iter()
        .filter(felt_by_nobody)
        .map(|(kind, ..)| *kind)
        .collect();
    assert_eq!(
        unfelt,
        [
            "wrong-arguments",
            "plausible-lie",
            "schema-change",
            "idempotency-forget",
            "compaction-loss",
            "poisoned-context",
            "session-mix-up",
            "fan-out",
            "approval-replay",
            "billing-mismatch",
            "crossed-locks",
            "memory-rollback",
        ]
    );
}

#[test]
fn no_fault_of_agents_lands_on_an_idle_crew() {
    for (kind, _, idle) in CASES.iter().filter(|(.., idle)| !idle.is_empty()) {
        let (result, felt) = run(kind, idle);
        assert_eq!(
            felt,
            calm(kind),
            "{kind} changes the run and does not say so"
        );
        assert_eq!(
            result.landed, 0,
            "{kind} claims an effect on a crew to which nobody comes"
        );
        assert!(result.planned > 0, "{kind} was planned");
    }
}
