//! Lowering of the faults of calls and load: golden plans, refusals, and the draws of who is hit.

use crate::common::{fault, integer, minute, number, plan, text};
use crate::lowering::plan_of;
use squall_core::plan::{CallRule, Primitive};
use squall_core::{Seed, VirtualTime};
use squall_faults::lower;
use squall_faults::param::{Node, Raw};

fn list(texts: &[&str]) -> Node {
    Node {
        span: 0..0,
        raw: Raw::List(texts.iter().map(|t| text(t)).collect()),
    }
}

#[test]
fn golden_plans_of_calls() {
    let m = minute();
    let mut out = String::new();
    let service = ("service", text("shop.checkout"));
    let one = std::slice::from_ref(&service);
    let with = |more: Vec<(&'static str, Node)>| {
        let mut args = vec![service.clone()];
        args.extend(more);
        args
    };
    let mut golden = |name: &str, args: &[(&str, Node)]| plan_of(&mut out, name, args, &m);
    let scale = vec![
        ("mode", text("scale")),
        ("factor", text("uniform 2 4")),
        ("method", integer(3)),
    ];
    golden("call-delay", &with(scale));
    golden(
        "call-delay",
        &with(vec![("mode", text("replace")), ("replica", text("kv[1]"))]),
    );
    golden(
        "rate-limit",
        &with(vec![("rate", text("5/s")), ("retry_after", text("wrong"))]),
    );
    golden("double-delivery", &with(vec![("client", text("model"))]));
    golden("error-in-body", &with(vec![("method", integer(1))]));
    golden("empty-reply", one);
    golden(
        "malformed-reply",
        &with(vec![("mode", text("fields-removed"))]),
    );
    golden("stale-read", &with(vec![("age", text("5m"))]));
    golden("health-lie", &with(vec![("says", text("fail"))]));
    golden(
        "stream-cut",
        &with(vec![("after", integer(200)), ("p", number(0.1))]),
    );
    golden("stream-drip", &with(vec![("stall", text("3s"))]));
    golden("one-shard", one);
    golden(
        "one-shard",
        &with(vec![("shard", integer(2)), ("what", text("hang"))]),
    );
    golden("fast-failer", &with(vec![("replica", text("any 1 of kv"))]));
    golden("slow-error", one);
    let names = ("names", list(&["shop.checkout"]));
    golden(
        "dns-fault",
        &[names, ("client", text("model")), ("ttl", text("20s"))],
    );
    golden("cert-expiry", &with(vec![("replica", text("kv[0]"))]));
    let shop = ("workload", text("shop"));
    let scaled = [
        ("name", text("shop.timeout")),
        ("value", number(3.0)),
        ("how", text("scale")),
    ];
    golden("knob-set", &scaled);
    let added = [
        ("name", text("shop.timeout")),
        ("value", text("2s")),
        ("how", text("add")),
    ];
    golden("knob-set", &added);
    golden("load-ramp", &[shop.clone(), ("steps", integer(3))]);
    let crowd = [
        ("steps", integer(3)),
        ("decay", text("5s")),
        ("rise", text("3s")),
    ];
    let mut args = vec![shop.clone()];
    args.extend(crowd);
    golden("flash-crowd", &args);
    golden(
        "retry-policy",
        &[
            shop.clone(),
            ("attempts", integer(4)),
            ("timeout", text("2s")),
        ],
    );
    golden(
        "resource-limit",
        &[shop, ("value", integer(2)), ("nodes", text("kv[0]"))],
    );
    assert_eq!(out, include_str!("golden/calls.txt"), "GOLDEN\n{out}GOLDEN");
}

fn message(kind: &str, args: &[(&str, Node)]) -> String {
    let errors = plan(&[fault(kind, args, &minute())]).expect_err("it cannot be lowered");
    let issue = &errors[0].issue;
    format!(
        "{} / {}",
        issue.message,
        issue.help.as_deref().unwrap_or("")
    )
}

#[test]
fn what_cannot_be_meant_is_refused_with_a_remedy() {
    let service = ("service", text("shop.checkout"));
    let said = message(
        "one-shard",
        &[
            service.clone(),
            ("shards", integer(4)),
            ("shard", integer(4)),
        ],
    );
    assert_eq!(said, "there is no shard 4 of 4 / shards count from 0 to 3");
    let said = message("call-delay", &[service.clone(), ("factor", number(2.0))]);
    assert_eq!(said, "`factor` is not for mode add / write `delay`");
    let said = message("dns-fault", &[("names", list(&["shop.chekout"]))]);
    assert_eq!(
        said,
        "unknown service `shop.chekout` / did you mean `shop.checkout`?"
    );
    let said = message("dns-fault", &[("names", list(&[]))]);
    assert!(said.starts_with("no name is hit"), "{said}");
    let said = message("retry-policy", &[("workload", text("shop"))]);
    assert!(said.starts_with("nothing of the policy changes"), "{said}");
    let jitter = Node {
        span: 0..0,
        raw: Raw::Flag(true),
    };
    let said = message(
        "retry-policy",
        &[("workload", text("shop")), ("jitter", jitter)],
    );
    assert!(
        said.starts_with("`shop` has no knob `retry-jitter`"),
        "{said}"
    );
    let said = message(
        "retry-policy",
        &[("workload", text("shap")), ("attempts", integer(2))],
    );
    assert_eq!(said, "unknown workload `shap` / did you mean `shop`?");
    let how = ("how", text("scale"));
    let said = message(
        "knob-set",
        &[
            ("name", text("shop.mode")),
            ("value", number(2.0)),
            how.clone(),
        ],
    );
    assert_eq!(said, "`shop.mode` can only be set / leave `how` out");
    let said = message(
        "knob-set",
        &[("name", text("shop.load")), ("value", number(-2.0)), how],
    );
    assert!(said.starts_with("a factor is not negative"), "{said}");
}

/// Which shard and when a cached name is over are draws of the fault: another seed, another draw.
#[test]
fn who_is_hit_is_drawn_before_the_run() {
    let stop = VirtualTime::from_nanos(600_000_000_000);
    let world = crate::common::world();
    let service = ("service", text("shop.checkout"));
    let shards = [service, ("shards", integer(1000))];
    let faults = [fault("one-shard", &shards, &minute())];
    let shard = |seed| {
        let plan = lower(Seed(seed), &faults, &world, stop).expect("a plan");
        match plan.entries()[0].primitive {
            Primitive::Call {
                only,
                rule: CallRule::Error { .. },
                ..
            } => only.shard.expect("a shard").index,
            _ => panic!("one-shard lowers to an error"),
        }
    };
    assert_eq!(shard(1), shard(1));
    assert!((2..9).any(|seed| shard(seed) != shard(1)));
    let names = [("names", list(&["shop.checkout"])), ("ttl", text("25s"))];
    let faults = [fault("dns-fault", &names, &minute())];
    let plan = lower(Seed(1), &faults, &world, stop).expect("a plan");
    let mut starts: Vec<u64> = plan.entries().iter().map(|e| e.from.as_nanos()).collect();
    assert!(
        starts
            .iter()
            .all(|at| (60_000_000_000..85_000_000_000).contains(at)),
        "{starts:?}"
    );
    starts.dedup();
    assert_eq!(
        starts.len(),
        world.nodes().len(),
        "each client has a cache of its own"
    );
}
