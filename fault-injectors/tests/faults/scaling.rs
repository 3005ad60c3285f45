//! Lowering of the faults of schedulers: golden plans, in a world with a workload that is one.

use crate::common::{fault, minute, number, stop, text, world};
use squall_core::Seed;
use squall_faults::param::Node;
use squall_faults::topology::{KnobInfo, KnobKind};
use squall_faults::{Topology, catalog, lower, plan_text};

/// The world of the other golden plans, and `sched`: a scheduler on the nodes `kv`.
fn scheduler() -> Topology {
    let mut world = world();
    let kv = world.nodes_where(|n| n.group == "kv");
    world.place("sched", kv);
    let registry = world.add_service("sched.registry");
    world.serve(registry, world.nodes_where(|n| n.group == "model"));
    let share = KnobKind::Number { min: 0.0, max: 1.0 };
    let words = ["none", "cpu-instead-of-queue"].map(str::to_owned);
    for (slug, kind, base) in [
        ("metric-lag", KnobKind::Seconds, 0.0),
        ("wrong-metric", KnobKind::Words(words.to_vec()), 0.0),
        ("boot", KnobKind::Seconds, 60.0),
        ("boot-fail", share, 0.0),
    ] {
        let name = format!("sched.{slug}");
        world.add_knob(KnobInfo { name, kind, base });
    }
    world
}

#[test]
fn golden_plans_of_schedulers() {
    let world = scheduler();
    let mut out = String::new();
    let mut golden = |name: &str, more: &[(&str, Node)]| {
        let args = [&[("workload", text("sched"))], more].concat();
        let plan = lower(Seed(0x11), &[fault(name, &args, &minute())], &world, stop());
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
    golden("metric-lag", &[]);
    golden("metric-lag", &[("wrong", text("cpu-instead-of-queue"))]);
    golden("slow-provision", &[("nodes", text("kv[0] + kv[1]"))]);
    golden("image-pull-fail", &[("p", number(0.5))]);
    assert_eq!(
        out,
        include_str!("golden/scaling.txt"),
        "GOLDEN\n{out}GOLDEN"
    );
}

/// Who is no scheduler is told so, whatever the fault acts on.
#[test]
fn a_workload_of_another_kind_is_no_scheduler() {
    for kind in ["metric-lag", "slow-provision", "image-pull-fail"] {
        let args = [("workload", text("shop"))];
        let refused = lower(
            Seed(0x11),
            &[fault(kind, &args, &minute())],
            &scheduler(),
            stop(),
        );
        let said = format!("{:?}", refused.expect_err("the shop is none"));
        assert!(
            said.contains("`shop` is no workload of the scheduler"),
            "{said}"
        );
    }
}
