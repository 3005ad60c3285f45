//! What waits: lowering of triggers, roles and floors.

use crate::common::{fault, integer, number, stop, text, world};
use proptest::prelude::*;
use squall_core::plan::{Count, On, Plan, Whom};
use squall_core::{NodeId, Seed, VirtualTime};
use squall_faults::param::{Node, NodeKey, Raw};
use squall_faults::topology::{GroupRole, Phases};
use squall_faults::{FaultUse, LowerError, Topology, lower, plan_text};

fn table(entries: &[(&str, Node)]) -> Node {
    let key = |name: &str| NodeKey {
        name: name.into(),
        span: 0..0,
    };
    let raw = Raw::Table(entries.iter().map(|(k, v)| (key(k), v.clone())).collect());
    Node { span: 0..0, raw }
}

/// The world with roles, events and metrics.
fn lab() -> Topology {
    let mut lab = world();
    lab.add_event("shop.sold");
    lab.add_metric("shop.queue", "1");
    lab.add_metric("shop.latency", "s");
    lab.add_group_role(GroupRole {
        role: "leader".into(),
        of: "kv".into(),
        nodes: lab.nodes_where(|n| n.group == "kv"),
    });
    lab
}

fn named(mut fault: FaultUse, label: &str) -> FaultUse {
    fault.label = label.into();
    fault
}

fn plan(faults: &[FaultUse]) -> Result<Plan, Vec<LowerError>> {
    lower(Seed(0x11), faults, &lab(), stop())
}

fn on(entries: &[(&str, Node)]) -> (&'static str, Node) {
    ("on", table(entries))
}

fn loss(nodes: &str, when: &[(&str, Node)]) -> FaultUse {
    let args = [("nodes", text(nodes)), ("restart_after", text("10s"))];
    fault("node-loss", &args, when)
}

#[test]
fn plans_with_triggers_as_they_print() {
    let sold = on(&[
        ("event", text("shop.sold")),
        (
            "where",
            table(&[("node", text("gateway")), ("a", integer(7))]),
        ),
        ("after", integer(3)),
        ("times", integer(2)),
        ("delay", text("uniform 10ms 90ms")),
        ("within", text("1m..8m")),
        ("cooldown", text("30s")),
    ]);
    let elected = on(&[
        ("event", text("leader-elected")),
        ("where", table(&[("group", text("kv"))])),
        ("after", integer(2)),
    ]);
    let landed = on(&[("event", text("fault:pick.landed"))]);
    let call = on(&[
        ("event", text("call")),
        ("where", table(&[("service", text("shop.checkout"))])),
        ("after", integer(1000)),
    ]);
    let slow = on(&[
        ("metric", text("shop.latency")),
        ("above", text("250ms")),
        ("for", text("1s")),
    ]);
    let host = on(&[("metric", text("kv-0.node_load1")), ("below", number(2.0))]);
    let crashed = on(&[
        ("event", text("node-crashed")),
        ("where", table(&[("node", text("kv - kv[0]"))])),
    ]);
    let minute = ("for", text("1m"));
    let delay = [
        ("links", text("leader of kv -> followers of kv")),
        ("delay", text("1s")),
    ];
    let faults = [
        named(
            loss("any 2 of kv", &[sold, ("keep_healthy", text("quorum"))]),
            "pick",
        ),
        named(
            loss("leader of kv", &[elected, ("patience", text("3s"))]),
            "leader",
        ),
        named(
            fault("link-delay", &delay, &[("at", text("2m")), minute.clone()]),
            "far",
        ),
        named(
            fault(
                "node-pause",
                &[("nodes", text("model"))],
                &[landed, minute.clone()],
            ),
            "echo",
        ),
        named(
            fault(
                "node-pause",
                &[("nodes", text("model"))],
                &[call, minute.clone()],
            ),
            "calls",
        ),
        named(
            fault(
                "node-pause",
                &[("nodes", text("model"))],
                &[slow, minute.clone()],
            ),
            "slow",
        ),
        named(
            fault(
                "node-pause",
                &[("nodes", text("model"))],
                &[host, minute.clone()],
            ),
            "host",
        ),
        named(
            fault(
                "node-pause",
                &[("nodes", text("model"))],
                &[crashed, minute],
            ),
            "crash",
        ),
        named(
            loss(
                "any 1 of followers of kv",
                &[("at", text("4m")), ("if_none", text("fail"))],
            ),
            "follower",
        ),
    ];
    let plan = plan(&faults).expect("a plan");
    let shown = plan_text(&plan, &lab());
    assert_eq!(
        shown,
        include_str!("golden/triggers.txt"),
        "GOLDEN\n{shown}GOLDEN"
    );
    // Every fault numbers its places anew, and none is a node.
    for (index, trigger) in plan.triggers().iter().enumerate() {
        for choice in trigger.firings.iter().flat_map(|firing| &firing.choices) {
            let places = choice.places.iter();
            assert!(places.clone().all(|p| p.index() >= lab().nodes().len()));
            let others = plan.triggers().iter().enumerate();
            let others = others.filter(|(other, _)| *other != index);
            let others = others
                .flat_map(|(_, t)| &t.firings)
                .flat_map(|f| &f.choices);
            let others: Vec<_> = others.flat_map(|choice| &choice.places).collect();
            assert!(places.clone().all(|place| !others.contains(&place)));
        }
    }
}

/// Everything of a trigger but the numbers that say where it stands.
fn own(plan: &Plan, label: &str) -> String {
    let index = plan.faults.iter().position(|f| f.label == label);
    let index = u32::try_from(index.expect("the fault is there")).expect("few");
    let nodes = u32::try_from(lab().nodes().len()).expect("few");
    let mut triggers: Vec<_> = plan
        .triggers()
        .iter()
        .filter(|t| t.fault == index)
        .cloned()
        .collect();
    let mut entries: Vec<_> = plan
        .entries()
        .iter()
        .filter(|e| e.fault == index)
        .cloned()
        .collect();
    let mut places = Vec::new();
    for trigger in &mut triggers {
        trigger.fault = 0;
        for choice in trigger.firings.iter_mut().flat_map(|f| &mut f.choices) {
            places.extend(core::mem::take(&mut choice.places));
        }
    }
    let first = places.iter().min().map_or(0, |place| place.0);
    for entry in &mut entries {
        entry.fault = 0;
        entry.firing.as_mut().expect("it waits").trigger = 0;
        entry.primitive.for_each_node(&mut |node| {
            if node.0 >= nodes {
                node.0 -= first;
            }
        });
    }
    format!("{triggers:?} {entries:?}")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    /// A triggered fault draws as if it were alone; and its delays, lengths and targets differ from
    /// firing to firing.
    #[test]
    fn removing_a_fault_moves_no_draw_of_a_trigger(seed in any::<u64>()) {
        let waits = |label| {
            let sold = on(&[
                ("event", text("shop.sold")),
                ("times", integer(3)),
                ("delay", text("exponential mean 60ms")),
            ]);
            let when = [sold, ("for", text("uniform 5s 20s")), ("keep_healthy", integer(1))];
            let args = [("nodes", text("any 2 of kv"))];
            named(fault("node-pause", &args, &when), label)
        };
        let fixed = named(loss("any 1 of kv", &[("at", text("1m..3m"))]), "fixed");
        let role = named(loss("leader of kv", &[("at", text("2m"))]), "role");
        let all = [role, waits("first"), fixed, waits("second")];
        let lower = |faults: &[FaultUse]| lower(Seed(seed), faults, &lab(), stop()).expect("a plan");
        let (whole, alone) = (lower(&all), lower(&all[3..]));
        prop_assert_eq!(own(&whole, "second"), own(&alone, "second"));
        let firings = &alone.triggers()[0].firings;
        prop_assert_ne!(firings[0].delay, firings[1].delay);
        let lengths: Vec<_> = alone.entries().iter().map(|e| e.until).collect();
        prop_assert_ne!(lengths[0], lengths[2]);
        prop_assert_eq!(lengths[0], lengths[1], "two nodes of one firing");
    }
}

#[test]
fn words_become_choices() {
    let choice = |nodes: &str, when: &[(&str, Node)]| {
        let mut faults = [loss(nodes, when)];
        faults[0].label = "x".into();
        let plan = plan(&faults).expect("a plan");
        plan.triggers()[0].firings[0].choices[0].clone()
    };
    let at = ("at", text("2m"));
    let leader = choice("leader of kv", std::slice::from_ref(&at));
    assert_eq!(leader.places.len(), 1);
    let kv = lab().nodes_where(|n| n.group == "kv");
    assert!(
        matches!(&leader.terms[0].1, Whom::Role { of, key: None, among, .. } if of == "kv" && *among == kv)
    );
    let part = choice("leader of kv/3 + gateway", std::slice::from_ref(&at));
    assert!(matches!(&part.terms[0].1, Whom::Role { key: Some(3), .. }));
    let gateways = lab().nodes_where(|n| n.group == "gateway").len();
    assert_eq!(
        (part.places.len(), part.order.len()),
        (1 + gateways, 5 + gateways),
        "one leads, and anyone of kv may"
    );
    let not = choice("minority of kv not leader of kv", std::slice::from_ref(&at));
    assert_eq!((not.count, not.places.len()), (Count::Minority, 2));
    assert_eq!(not.order.len(), 5, "the leader may be any of them");
    let share = choice("up to 50% of followers of kv", std::slice::from_ref(&at));
    assert!(matches!(
        share.count,
        Count::Share {
            parts: 5000,
            up_to: Some(_)
        }
    ));
    let quorum = choice("leader of kv", &[at, ("keep_healthy", text("quorum"))]);
    let floor = quorum.floor.expect("a floor");
    assert_eq!((floor.least, floor.of), (3, kv));
}

#[test]
fn a_floor_of_fixed_faults_counts_what_the_plan_takes_down() {
    let at = |at: &str| ("at", text(at));
    let least = |n| ("keep_healthy", integer(n));
    let hit = |faults: &[FaultUse], label: &str| {
        let plan = plan(faults).expect("a plan");
        let index = plan
            .faults
            .iter()
            .position(|f| f.label == label)
            .expect("it is there");
        let own = plan.entries().iter().filter(|e| e.fault as usize == index);
        (own.count(), plan.faults[index].notes.join("; "))
    };
    // Three of five must be left; the file's order does not matter, and ends do not overlap starts.
    let first = named(loss("kv[0]", &[at("1m")]), "first");
    let second = named(loss("any 3 of kv", &[at("55s"), least(3)]), "second");
    let (count, notes) = hit(&[second.clone(), first.clone()], "second");
    let before = hit(std::slice::from_ref(&second), "second").0;
    assert_eq!(before, 2);
    assert!((1..=2).contains(&count), "{notes}");
    assert!(
        notes.starts_with("at 00:55.000 its floor spares kv-"),
        "{notes}"
    );
    let later = named(loss("any 3 of kv", &[at("70s"), least(3)]), "second");
    assert_eq!(
        hit(&[first.clone(), later], "second").0,
        2,
        "kv-0 is back at 70 s"
    );
    let nobody = named(loss("kv[1]", &[at("1m"), least(4)]), "second");
    let (count, notes) = hit(&[first.clone(), nobody], "second");
    assert_eq!(count, 0);
    assert!(notes.contains("its floor leaves nobody"), "{notes}");
    // A node that cannot be talked to is not left.
    let cut = [("links", text("kv[0] <-> kv"))];
    let cut = named(
        fault("link-cut", &cut, &[at("1m"), ("for", text("1m"))]),
        "cut",
    );
    let loss = named(loss("kv[1] + kv[2]", &[at("90s"), least(3)]), "second");
    assert_eq!(hit(&[cut, loss.clone()], "second").0, 1);
    assert_eq!(hit(&[loss], "second").0, 2);
}

#[test]
fn phases_move_faults_and_end_them() {
    let mut lab = lab();
    lab.phases = Phases {
        warm_up: squall_core::VirtualDuration::from_secs(60),
        heal: squall_core::VirtualDuration::from_secs(60),
    };
    let lower = |fault: FaultUse| lower(Seed(1), &[fault], &lab, stop());
    let s = |s: u64| VirtualTime::from_nanos(s * 1_000_000_000);
    let pause = |when: &[(&str, Node)]| fault("node-pause", &[("nodes", text("kv[0]"))], when);
    let entry = |fault: FaultUse| {
        let plan = lower(fault).expect("a plan");
        (plan.entries()[0].from, plan.entries()[0].until)
    };
    let times = [("at", text("30s")), ("for", text("1m"))];
    assert_eq!(entry(pause(&times)), (s(90), Some(s(150))));
    // Ten minutes less a minute: all is healed by then, unless it never heals.
    let times = [("at", text("7m")), ("for", text("5m"))];
    assert_eq!(entry(pause(&times)), (s(480), Some(s(540))));
    let times = [("at", text("7m")), ("for", text("forever"))];
    assert_eq!(entry(pause(&times)), (s(480), None));
    let times = [("at", text("8m")), ("for", text("1s"))];
    let error = lower(pause(&times)).expect_err("it heals by then");
    assert_eq!(
        error[0].issue.message,
        "fault starts after its phase has ended"
    );
    let times = [
        ("at", text("30s")),
        ("for", text("1m")),
        ("phase", text("warm-up")),
    ];
    assert_eq!(entry(pause(&times)), (s(30), Some(s(60))));
    let times = [
        ("at", text("1s")),
        ("for", text("1s")),
        ("phase", text("heal")),
    ];
    let error = lower(pause(&times)).expect_err("nothing starts then");
    assert_eq!(
        error[0].issue.message,
        "nothing may start while the run heals"
    );
    // Repetitions stop with the phase, and triggers are armed in it.
    let every = table(&[("mean", text("1m"))]);
    let plan = lower(pause(&[("every", every), ("for", text("1s"))])).expect("a plan");
    let starts: Vec<_> = plan.entries().iter().map(|e| e.from).collect();
    assert_eq!((starts[0], starts.len()), (s(120), 7));
    let sold = on(&[("event", text("shop.sold")), ("within", text("1m..20m"))]);
    let plan = lower(pause(&[sold, ("for", text("1s"))])).expect("a plan");
    let trigger = &plan.triggers()[0];
    assert_eq!(
        (trigger.from, trigger.until, trigger.ends),
        (s(120), s(540), s(540))
    );
    assert!(matches!(trigger.on, On::Event { .. }));
}

#[test]
fn nobody_that_is_spared_is_ever_hit() {
    let mut lab = lab();
    lab.spared = vec![NodeId(3), NodeId(4)];
    let at = [("at", text("2m"))];
    for seed in 0..20 {
        let faults = [
            named(loss("any 3 of kv", &at), "a"),
            named(loss("any 1 of followers of kv", &at), "b"),
        ];
        let plan = lower(Seed(seed), &faults, &lab, stop()).expect("a plan");
        let hit = plan
            .entries()
            .iter()
            .filter(|e| e.fault == 0)
            .filter_map(|e| e.primitive.node());
        assert_eq!(hit.filter(|node| lab.spared.contains(node)).count(), 0);
        let choice = &plan.triggers()[0].firings[0].choices[0];
        assert!(!choice.order.iter().any(|node| lab.spared.contains(node)));
    }
    let error = lower(Seed(1), &[loss("kv[0]", &at)], &lab, stop()).expect_err("it is spared");
    assert_eq!(
        error[0].issue.label,
        "everybody it names is spared by `never`"
    );
}

#[test]
fn the_long_form_has_the_words_of_the_short_one() {
    let entries = |nodes: Node| {
        let args = [("nodes", nodes), ("restart_after", text("10s"))];
        let fault = named(fault("node-loss", &args, &[("at", text("2m"))]), "x");
        let plan = plan(&[fault]).expect("a plan");
        let choices = plan.triggers().iter().flat_map(|t| &t.firings);
        let choices: Vec<_> = choices.flat_map(|f| f.choices.clone()).collect();
        (plan.entries().to_vec(), choices)
    };
    let list = |words: &[&str]| Node {
        span: 0..0,
        raw: Raw::List(words.iter().map(|word| text(word)).collect()),
    };
    for (long, short) in [
        (table(&[("of", text("gateway"))]), "all of gateway"),
        (
            table(&[
                ("of", text("kv + gateway")),
                ("pick", text("any 3")),
                ("except", list(&["kv-0", "zone=a"])),
                ("keep_healthy", integer(4)),
            ]),
            "any 3 of kv + gateway except {kv-0, zone=a} keep_healthy 4",
        ),
        (
            table(&[
                ("of", text("kv")),
                ("pick", text("minority")),
                ("not", text("leader of kv")),
                ("spread", text("zone")),
                ("keep_healthy", text("quorum")),
            ]),
            "minority of kv not leader of kv spread zone keep_healthy quorum",
        ),
    ] {
        let (long, mut choices) = entries(long);
        let (plain, others) = entries(text(short));
        assert_eq!(long, plain, "{short}");
        for (choice, other) in choices.iter_mut().zip(&others) {
            choice.text.clone_from(&other.text);
        }
        assert_eq!(choices, others, "{short}");
    }
    // A floor of its own is stronger than that of the fault, which holds for the others.
    let args = [("nodes", text("all of kv keep_healthy 4"))];
    let when = [
        ("at", text("2m")),
        ("for", text("1m")),
        ("keep_healthy", integer(1)),
    ];
    let own = plan(&[fault("node-pause", &args, &when)]).expect("a plan");
    assert_eq!(own.entries().len(), 1);
}
