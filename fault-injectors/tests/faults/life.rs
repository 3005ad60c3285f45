//! Faults of the life of nodes, of domains and of clusters: golden plans, refusals.

use crate::common::{fault, flag, integer, minute, number, plan, text};
use crate::lowering::plan_of;
use squall_core::plan::Primitive;
use squall_faults::param::{Node, Raw};

fn life(out: &mut String, m: &[(&str, Node)]) {
    let at = [("at", text("1m"))];
    let one = ("nodes", text("gateway[1]"));
    let all = ("nodes", text("gateway"));
    plan_of(out, "node-restart", std::slice::from_ref(&one), &at);
    let nobody = [("nodes", text("kv[0]")), ("grace", text("1s"))];
    plan_of(out, "node-restart", &nobody, m);
    let zones = [
        all.clone(),
        ("order", text("zone")),
        ("at_once", integer(2)),
    ];
    plan_of(out, "rolling-restart", &zones, &at);
    let drawn = [
        all.clone(),
        ("order", text("random")),
        ("pause", text("1m")),
    ];
    plan_of(out, "rolling-restart", &drawn, &at);
    plan_of(out, "crash-loop", &[one.clone(), ("cap", text("30s"))], &at);
    plan_of(out, "drain", std::slice::from_ref(&one), m);
    plan_of(out, "drain", &[one.clone(), ("refuse_new", flag(false))], m);
    plan_of(out, "spot-reclaim", std::slice::from_ref(&one), &at);
    plan_of(out, "gray-hang", std::slice::from_ref(&one), m);
    let lemon = [("mtbf", text("3m")), ("down", text("1s"))];
    plan_of(
        out,
        "lemon-node",
        &[one, lemon[0].clone(), lemon[1].clone()],
        m,
    );
}

fn domains(out: &mut String, m: &[(&str, Node)]) {
    plan_of(out, "domain-loss", &[], m);
    let named = ("domain", text("b"));
    plan_of(
        out,
        "domain-loss",
        &[named.clone(), ("mode", text("crash"))],
        m,
    );
    let network = [
        ("level", text("rack")),
        ("domain", text("r1")),
        ("mode", text("network")),
    ];
    plan_of(out, "domain-loss", &network, m);
    plan_of(out, "tor-loss", &[("rack", text("r1"))], m);
    let at = [("at", text("1m"))];
    plan_of(out, "rack-burst", &[("size", integer(4))], &at);
}

fn clusters(out: &mut String, m: &[(&str, Node)]) {
    let one = ("nodes", text("gateway[1]"));
    let at = [("at", text("1m"))];
    plan_of(
        out,
        "torn-quorum",
        &[("nodes", text("majority of kv"))],
        &at,
    );
    plan_of(out, "gpu-fault", &[("nodes", text("kv"))], &at);
    plan_of(out, "leader-loss", &[("nodes", text("kv[0]"))], &at);
    let both = [
        ("nodes", text("gateway[0]")),
        ("peers", text("gateway")),
        ("direction", text("both")),
    ];
    plan_of(out, "leader-isolate", &both, m);
    let churn = [("workload", text("shop")), ("every", text("20s"))];
    plan_of(out, "membership-churn", &churn, m);
    let mixed = [("workload", text("shop")), ("nodes", text("gateway"))];
    plan_of(out, "mixed-versions", &mixed, m);
    plan_of(out, "straggler", std::slice::from_ref(&one), m);
    let health = ("health", text("shop.checkout"));
    plan_of(out, "slow-member", &[one.clone(), health], m);
    plan_of(out, "gray-link", &[("links", text("kv[0] -> kv[1]"))], m);
    let leak = [
        one.clone(),
        ("leak", text("10MiB/s")),
        ("after", text("10s")),
    ];
    plan_of(out, "bad-release", &leak, m);
    let service = ("service", text("shop.checkout"));
    plan_of(
        out,
        "bad-release",
        &[one, ("errors", number(0.02)), service],
        m,
    );
}

#[test]
fn golden_plans_of_nodes_that_live_together() {
    let m = minute();
    let mut out = String::new();
    life(&mut out, &m);
    domains(&mut out, &m);
    clusters(&mut out, &m);
    assert_eq!(out, include_str!("golden/life.txt"), "GOLDEN\n{out}GOLDEN");
}

fn wrong(kind: &str, args: &[(&str, Node)]) -> String {
    let wrong = plan(&[fault(kind, args, &minute())]).expect_err("it is wrong");
    let issue = &wrong[0].issue;
    format!(
        "{} | {}",
        issue.message,
        issue.help.clone().unwrap_or_default()
    )
}

#[test]
fn what_is_wrong_is_said_with_a_remedy() {
    let check = |got: String, parts: &[&str]| {
        for part in parts {
            assert!(got.contains(part), "{got:?} does not say {part:?}");
        }
    };
    check(
        wrong("domain-loss", &[("level", text("pdu"))]),
        &["no node has a pdu", "labels = { pdu"],
    );
    check(
        wrong("tor-loss", &[("rack", text("r3"))]),
        &["no node has rack `r3`", "did you mean `r1`"],
    );
    let words = ["checkout"].map(text).to_vec();
    let keep = Node {
        span: 0..0,
        raw: Raw::List(words),
    };
    let nodes = ("nodes", text("gateway"));
    check(
        wrong("gray-hang", &[nodes.clone(), ("keep", keep)]),
        &["no service is left", "keep fewer"],
    );
    check(
        wrong("bad-release", &[nodes.clone(), ("errors", number(0.1))]),
        &["errors of no service", "add service"],
    );
    let never = [
        nodes.clone(),
        ("leak", text("1MiB/s")),
        ("after", text("30s")),
    ];
    check(
        wrong("bad-release", &never),
        &["nothing leaks", "longer than `after`"],
    );
    check(
        wrong("slow-member", &[nodes, ("health", text("shop.checkot"))]),
        &["unknown service `shop.checkot`"],
    );
}

/// A node that comes up begins with all that it had: the crash ends where the drain does.
#[test]
fn a_restart_drains_first_and_takes_work_again_when_it_is_back() {
    let at = [("at", text("1m"))];
    let args = [
        ("nodes", text("gateway[1]")),
        ("grace", text("7s")),
        ("down", text("3s")),
    ];
    let plan = plan(&[fault("node-restart", &args, &at)]).expect("a plan");
    let [drain, crash] = plan.entries() else {
        panic!("{:?}", plan.entries());
    };
    assert!(matches!(drain.primitive, Primitive::Knob { .. }));
    assert!(matches!(crash.primitive, Primitive::Crash { .. }));
    assert_eq!(crash.from.since(drain.from).as_nanos(), 7_000_000_000);
    assert_eq!(crash.until, drain.until);
    let down = crash.until.map(|until| until.since(crash.from).as_nanos());
    assert_eq!(down, Some(3_000_000_000));
}
