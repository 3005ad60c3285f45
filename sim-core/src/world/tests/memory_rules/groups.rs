//! Groups of a node: limits inside limits, and kills inside them.

use super::*;
use crate::property::Stat;

/// A pod over its limit swaps; its neighbours on the same node do not.
#[test]
fn a_pod_over_its_limit_swaps_alone() {
    let run = |limit: Option<u64>| {
        let mut rig = Rig::new(1_024, vec![service("pod", 128), service("other", 128)]);
        rig.rules.groups = vec![group("pod", limit), group("other", Some(200))];
        rig.run(20)
    };
    let (tight, wide) = (run(Some(100)), run(Some(200)));
    assert!(tight.latency("pod", Stat::P99) > 3.0 * wide.latency("pod", Stat::P99));
    assert!(tight.latency("other", Stat::Max) < 1.0);
    assert!(wide.latency("pod", Stat::Max) < 1.0);
}

/// A limit around two pods binds both, and none outside.
#[test]
fn a_slice_binds_what_is_in_it() {
    let services = ["a", "b", "outside"]
        .map(|name| service(name, 128))
        .to_vec();
    let mut rig = Rig::new(1_024, services);
    let inside = |name: &str| MemoryGroup {
        inside: Some("slice".to_owned()),
        ..group(name, None)
    };
    rig.rules.groups = vec![group("slice", Some(200)), inside("a"), inside("b")];
    let seen = rig.run(20);
    for name in ["a", "b"] {
        let p99 = seen.latency(name, Stat::P99);
        assert!(p99 > 0.6, "{name}: {p99}");
    }
    assert!(seen.latency("outside", Stat::Max) < 1.0);
}

/// Without swap the kernel kills inside the group: its processes begin again, all others live on.
#[test]
fn a_kill_restarts_its_group_alone() {
    let mut rig = Rig::new(
        1_024,
        ["pod", "other", "free"].map(|n| service(n, 128)).to_vec(),
    );
    rig.swap = None;
    rig.rules.groups = vec![group("pod", Some(200)), group("other", Some(200))];
    let calm = rig.run(5);
    assert_eq!(calm.kills(), 0);
    // 128 MiB and what belongs to it do not fit into 120.
    rig.rules.groups[0].limit.max_bytes = Some(120 * MIB);
    let seen = rig.run(5);
    let lives = |name| Rig::lives(&seen, name);
    assert!(seen.kills() > 10, "{}", seen.kills());
    assert_eq!(lives("pod"), seen.kills() + 1);
    assert_eq!((lives("other"), lives("free")), (1, 1));
    for name in ["other", "free"] {
        let count = |seen: &Seen| seen.stat(&format!("{name}.latency"), Stat::Count);
        assert_eq!(
            count(&seen),
            count(&calm),
            "{name} served what it serves without a kill"
        );
    }
}

/// The connections of the killed break; those of its neighbours on the node do not.
#[test]
fn a_kill_resets_the_connections_of_its_group() {
    let mut world = World::new(Seed(5), true);
    let spec = NodeSpec::new("host").cores(4).memory(512 * MIB, None);
    let rules = MemoryRules {
        groups: vec![group("pod", Some(100)), group("other", None)],
        ..MemoryRules::default()
    };
    let host = world.add_node(&spec.memory_rules(rules));
    let client = world.add_node(&NodeSpec::new("client"));
    for name in ["pod", "other"] {
        let port = world.port(host, name);
        world.process(host, &format!("{name}/server"), move |cx| async move {
            let inbox = cx.listen(name);
            loop {
                let call = inbox.accept().await;
                let (reset, late) = (name == "pod", VirtualDuration::from_secs(2));
                if reset && cx.now().as_secs_f64() < 2.0 {
                    // Too much for the pod, while the call is in hand.
                    let _ = cx.memory_set(128 * MIB, 0.9, 0.5);
                }
                cx.sleep(late).await;
                call.reply(&cx, Reply::of([7; 4]));
            }
        });
        let result = world.name(&format!("{name}.result"));
        world.process(client, name, move |cx| async move {
            for _ in 0..2 {
                cx.sleep(VirtualDuration::from_secs(1)).await;
                let answer = cx.call(port, Request::default()).await;
                let code = match answer {
                    Ok(_) => 0,
                    Err(CallError::Reset) => 1,
                    Err(_) => 2,
                };
                cx.event(result, code, 0);
            }
        });
    }
    let finished = run(&mut world, 10_000);
    let names = world.names();
    let results = |of: &str| {
        let id = names.find(&format!("{of}.result")).expect("it called");
        let records = finished.history.records().iter();
        let codes = records.filter_map(|r| match r.what {
            What::Event { name, a, .. } if name == id => Some(a),
            _ => None,
        });
        codes.collect::<Vec<_>>()
    };
    assert_eq!(
        results("pod"),
        [1, 0],
        "reset, then served by the next life"
    );
    assert_eq!(results("other"), [0, 0]);
}

/// A process that is killed says nothing any more, not even in its destructors.
#[test]
fn the_killed_say_no_goodbye() {
    struct Goodbye(Cx, crate::NameId);
    impl Drop for Goodbye {
        fn drop(&mut self) {
            self.0.event(self.1, 0, 0);
        }
    }
    let mut world = World::new(Seed(5), true);
    let spec = NodeSpec::new("host").cores(4).memory(512 * MIB, None);
    let rules = MemoryRules {
        groups: vec![group("pod", Some(100))],
        ..MemoryRules::default()
    };
    let host = world.add_node(&spec.memory_rules(rules));
    let (began, goodbye) = (world.name("began"), world.name("goodbye"));
    world.process(host, "pod", move |cx| async move {
        cx.event(began, 0, 0);
        let _guard = Goodbye(cx.clone(), goodbye);
        cx.sleep(VirtualDuration::from_secs(1)).await;
        let _ = cx.memory_set(128 * MIB, 0.9, 0.5);
        cx.sleep(VirtualDuration::from_secs(60)).await;
    });
    let finished = run(&mut world, 10_000);
    let count = |id| {
        let records = finished.history.records().iter();
        let of = records.filter(|r| matches!(r.what, What::Event { name, .. } if name == id));
        of.count()
    };
    assert!(count(began) > 5, "{} lives", count(began));
    assert_eq!(count(goodbye), 0);
}

/// Groups that never bind change no bit of a run.
#[test]
fn groups_that_do_not_bind_change_nothing() {
    let run = |groups: Vec<MemoryGroup>| {
        let mut rig = Rig::new(200, vec![service("pod", 128), service("other", 128)]);
        rig.rules.groups = groups;
        rig.run(10).digest()
    };
    let wide = vec![group("pod", Some(4_096)), group("other", Some(4_096))];
    assert_eq!(run(wide), run(Vec::new()));
}

#[test]
#[should_panic(expected = "a group stands behind the one it is in")]
fn a_group_inside_none_is_refused() {
    let mut rig = Rig::new(200, Vec::new());
    rig.rules.groups = vec![MemoryGroup {
        inside: Some("slice".to_owned()),
        ..group("pod", None)
    }];
    rig.run(1);
}
