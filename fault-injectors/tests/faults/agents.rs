//! Lowering of the faults of agents: golden plans, in a world with a workload of agents.

use crate::common::{fault, integer, minute, number, stop, text, world};
use squall_core::Seed;
use squall_faults::param::Node;
use squall_faults::topology::{KnobInfo, KnobKind};
use squall_faults::{Topology, catalog, lower, plan_text};

/// The world of the other golden plans, and `w`: agents on the gateways, with the knobs and services
/// that their faults name.
fn agents() -> Topology {
    let mut world = world();
    let gateways = world.nodes_where(|n| n.group == "gateway");
    world.place("w", gateways);
    for service in ["w.model", "w.tools", "w.policy"] {
        let id = world.add_service(service);
        world.serve(id, world.nodes_where(|n| n.group == "model"));
    }
    let any = || KnobKind::Number { min: 0.0, max: 1e9 };
    let words = |words: &[&str]| KnobKind::Words(words.iter().map(|w| (*w).to_owned()).collect());
    let slots = ("slots", any(), 16.0);
    let mut knobs: Vec<(&str, KnobKind, f64)> = [
        "wrong-arguments",
        "stuck-loop",
        "fan-out-branch",
        "fan-out-depth",
        "compaction-loss",
        "poisoned-context",
        "session-mix-up",
        "stray-credential",
        "approval-replay",
        "approver-load",
        "prefix-cache-loss",
        "model-out",
        "poison-task",
        "wrong-tool-name",
        "usage-missing",
        "batch-load",
        "context-limit",
        "workflow-version",
    ]
    .map(|slug| (slug, any(), 0.0))
    .into();
    let times = [
        "policy-cache-age",
        "policy-lag",
        "kill-delay",
        "idempotency-ttl",
        "usage-late",
        "budget-lag",
        "memory-age",
    ];
    knobs.extend(times.map(|slug| (slug, KnobKind::Seconds, 0.0)));
    knobs.extend(
        ["grants-revoked", "resend-context", "scope-union"].map(|slug| (slug, KnobKind::Flag, 0.0)),
    );
    knobs.extend([
        slots,
        (
            "policy-client",
            words(&["fail-closed", "fail-open", "cached"]),
            0.0,
        ),
        ("kill-poll", words(&["gate", "between-turns"]), 0.0),
        ("approval-default", words(&["deny", "approve"]), 0.0),
        ("audit-mode", words(&["ok", "slow", "full", "lost"]), 0.0),
        (
            "checkpoint-mode",
            words(&["ok", "slow", "read-only", "torn", "reorder"]),
            0.0,
        ),
        ("telemetry", words(&["host", "calls-only"]), 0.0),
        (
            "lock-order",
            words(&["sorted", "as-named", "reversed"]),
            0.0,
        ),
        ("context-overflow", words(&["error-400", "drop-head"]), 0.0),
    ]);
    for (slug, kind, base) in knobs {
        let name = format!("w.{slug}");
        world.add_knob(KnobInfo { name, kind, base });
    }
    world
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "whoever changes a plan on purpose writes the file anew"
)]
fn golden_plans_of_agents() {
    let world = agents();
    let mut out = String::new();
    let mut golden = |name: &str, args: &[(&str, Node)]| {
        let plan = lower(Seed(0x11), &[fault(name, args, &minute())], &world, stop());
        let plan = plan.unwrap_or_else(|e| panic!("{name}: {e:?}"));
        let kind = catalog::find(name).expect("a fault of the catalogue");
        for entry in plan.entries() {
            let part = entry.primitive.name();
            assert!(
                kind.lowers_to.contains(&part),
                "{name} does not declare {part}"
            );
        }
        out.push_str(&format!("{name}\n{}", plan_text(&plan, &world)));
    };
    let w = ("workload", text("w"));
    let one = std::slice::from_ref(&w);
    for plain in [
        "model-slow",
        "slow-tokens",
        "model-error",
        "first-token-stall",
        "answer-cut",
        "malformed-tool-call",
        "refusal",
        "wrong-arguments",
        "model-drift",
        "prefix-cache-flush",
        "provider-outage",
        "partial-success",
        "plausible-lie",
        "permission-revoked",
        "schema-change",
        "idempotency-forget",
        "slots-exhausted",
        "compaction-loss",
        "poisoned-context",
        "session-mix-up",
        "stuck-loop",
        "fan-out",
        "context-resend",
        "checkpoint-fault",
        "policy-down",
        "policy-lag",
        "stray-credential",
        "audit-fault",
        "kill-switch-delay",
        "approval-replay",
        "approver-overload",
        "wrong-tool-name",
        "billing-mismatch",
        "lost-ack",
        "priority-inversion",
        "slow-lock",
        "crossed-locks",
        "stale-budget",
        "context-overflow",
        "memory-rollback",
        "code-change-in-flight",
        "scope-union",
    ] {
        golden(plain, one);
    }
    let rate = ("rate", text("100000/s"));
    golden("model-rate-limit", &[w.clone(), rate.clone()]);
    let output = [
        w.clone(),
        rate,
        ("unit", text("output-tokens")),
        ("burst", number(50.0)),
    ];
    golden("model-rate-limit", &output);
    golden("policy-down", &[w.clone(), ("client", text("cached"))]);
    let pages = [w.clone(), ("nodes", text("gateway[0]"))];
    golden("misattribution", &pages);
    golden("poison-task", &[w.clone(), ("times", integer(2))]);
    let crash = [w, ("nodes", text("gateway[0]")), ("times", integer(2))];
    golden("worker-crash-at", &crash);
    golden("zombie-worker", &[("nodes", text("gateway[1]"))]);
    golden(
        "zombie-worker",
        &[("nodes", text("gateway[1]")), ("cause", text("swap"))],
    );
    let cut = [("nodes", text("model[0]")), ("cause", text("partition"))];
    golden("zombie-worker", &cut);
    let golden = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/faults/golden/agents.txt"
    );
    if std::env::var("SQUALL_GOLDEN").is_ok_and(|word| word == "write") {
        std::fs::write(golden, &out).expect("a file that can be written");
    }
    let shipped = std::fs::read_to_string(golden).expect("a file");
    assert_eq!(out, shipped, "GOLDEN\n{out}GOLDEN");
}

/// Who is no workload of agents is told so, whatever the fault acts on.
#[test]
fn a_workload_of_another_kind_is_refused() {
    let world = agents();
    for (kind, workload, said) in [
        ("model-error", "shop", "`shop` is no workload of agents"),
        ("stuck-loop", "shop", "`shop` is no workload of agents"),
        ("stuck-loop", "ww", "unknown workload `ww`"),
    ] {
        let args = [("workload", text(workload))];
        let errors = lower(Seed(1), &[fault(kind, &args, &minute())], &world, stop());
        assert_eq!(
            errors.expect_err("it cannot be lowered")[0].issue.message,
            said
        );
    }
    let many = [
        ("workload", text("w")),
        ("branch", integer(64)),
        ("depth", integer(10)),
    ];
    let errors = lower(
        Seed(1),
        &[fault("fan-out", &many, &minute())],
        &world,
        stop(),
    );
    let message = errors.expect_err("too many agents").remove(0).issue.message;
    assert!(message.ends_with("agents a session"), "{message}");
}
