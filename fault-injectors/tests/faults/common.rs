//! A small world and a short way to write faults.

use squall_core::plan::{Land, Plan};
use squall_core::{Seed, VirtualDuration, VirtualTime};
use squall_faults::param::{Node, NodeKey, Raw, read};
use squall_faults::topology::{ChannelInfo, ChannelKind, KnobInfo, KnobKind, NodeInfo};
use squall_faults::{Composed, FaultUse, LowerError, Timing, Topology, catalog, lower, timing};

pub(crate) fn stop() -> VirtualTime {
    VirtualTime::from_nanos(600_000_000_000)
}

/// `gateway-0..3` in zones a b c, `kv-0..5`, `model-0..2`; workload `shop` on the gateways.
pub(crate) fn world() -> Topology {
    let mut world = Topology::default();
    for (index, zone) in ["a", "b", "c"].iter().enumerate() {
        world.add_node(NodeInfo {
            name: format!("gateway-{index}"),
            group: "gateway".into(),
            index: u32::try_from(index).expect("three gateways"),
            labels: vec![
                ("zone".into(), (*zone).into()),
                ("rack".into(), if index < 2 { "r1" } else { "r2" }.into()),
            ],
            cores: 4,
            memory: 8 << 30,
        });
    }
    world.add_group("kv", 5);
    world.add_group("model", 2);
    let checkout = world.add_service("shop.checkout");
    world.serve(checkout, world.nodes_where(|n| n.group == "kv"));
    for (name, kind, base) in [
        (
            "shop.load",
            KnobKind::Number {
                min: 0.0,
                max: 10.0,
            },
            1.0,
        ),
        ("shop.timeout", KnobKind::Seconds, 1.0),
        (
            "shop.mode",
            KnobKind::Words(vec!["open".into(), "closed".into()]),
            0.0,
        ),
        ("shop.audit", KnobKind::Flag, 1.0),
        (
            "shop.retry-attempts",
            KnobKind::Number {
                min: 1.0,
                max: 100.0,
            },
            1.0,
        ),
        (
            "shop.slots",
            KnobKind::Number {
                min: 0.0,
                max: 100.0,
            },
            16.0,
        ),
    ] {
        let name = name.into();
        world.add_knob(KnobInfo { name, kind, base });
    }
    world.place("shop", world.nodes_where(|n| n.group == "gateway"));
    control_loop(&mut world);
    world.add_knob(KnobInfo {
        name: "shop.drain".into(),
        kind: KnobKind::Words(["off", "cordon", "refuse"].map(str::to_owned).to_vec()),
        base: 0.0,
    });
    for slug in [
        "cold",
        "cache-flush",
        "hot-share",
        "hot-items",
        "health-failures",
    ] {
        world.add_knob(KnobInfo {
            name: format!("shop.{slug}"),
            kind: KnobKind::Number { min: 0.0, max: 1e7 },
            base: 0.0,
        });
    }
    world.add_knob(KnobInfo {
        name: "shop.health-timeout".into(),
        kind: KnobKind::Seconds,
        base: 1.0,
    });
    group_of_versions(&mut world);
    world
}

/// Members and versions of `shop`.
fn group_of_versions(world: &mut Topology) {
    for (name, kind, base) in [
        (
            "shop.member",
            KnobKind::Words(["in", "out"].map(str::to_owned).to_vec()),
            0.0,
        ),
        ("shop.version", KnobKind::Number { min: 1.0, max: 2.0 }, 1.0),
    ] {
        let name = name.into();
        world.add_knob(KnobInfo { name, kind, base });
    }
}

/// Workload `loop` on `kv-0` with two sensors on `kv-1` and an actuator on `kv-2`, every 10 ms.
fn control_loop(world: &mut Topology) {
    for slug in [
        "loss",
        "lost",
        "burst_begin",
        "burst_end",
        "overrun",
        "miss_output",
        "miss_state",
        "gain",
        "lag",
        "dead_zone",
        "sensor_step",
        "sensor_scale",
    ] {
        world.add_knob(KnobInfo {
            name: format!("loop.{slug}"),
            kind: KnobKind::Number {
                min: -1000.0,
                max: 1000.0,
            },
            base: 0.0,
        });
    }
    for (slug, index, node, kind) in [
        ("sensor", 0, 1, ChannelKind::Sensor),
        ("sensor", 1, 1, ChannelKind::Sensor),
        ("actuator", 0, 2, ChannelKind::Actuator),
    ] {
        let kv = world.nodes_where(|n| n.group == "kv");
        world.add_channel(ChannelInfo {
            name: format!("loop.{slug}-{index}"),
            group: format!("loop.{slug}"),
            kind,
            node: kv[node],
            period: VirtualDuration::from_millis(10),
            noise: if index == 0 { 0.5 } else { 0.0 },
            resolution: 0.0,
        });
    }
    let first = world.nodes_where(|n| n.name == "kv-0");
    world.place("loop", first);
}

pub(crate) fn text(s: &str) -> Node {
    Node::text(s)
}
pub(crate) fn number(x: f64) -> Node {
    Node {
        span: 0..0,
        raw: Raw::Float(x),
    }
}
pub(crate) fn integer(i: i64) -> Node {
    Node {
        span: 0..0,
        raw: Raw::Integer(i),
    }
}
pub(crate) fn flag(b: bool) -> Node {
    Node {
        span: 0..0,
        raw: Raw::Flag(b),
    }
}

/// A fault from its parameters; `when` are timing keys.
pub(crate) fn fault(kind: &str, args: &[(&str, Node)], when: &[(&str, Node)]) -> FaultUse {
    let kind = catalog::find(kind).expect("a fault of the catalogue");
    let table = |entries: &[(&str, Node)]| {
        let key = |name: &str| NodeKey {
            name: name.into(),
            span: 0..0,
        };
        let raw = Raw::Table(entries.iter().map(|(k, v)| (key(k), v.clone())).collect());
        Node { span: 0..0, raw }
    };
    let mut issues = Vec::new();
    let args = read(kind.params, &table(args), &mut issues);
    let record = read(timing::PARAMS, &table(when), &mut issues);
    assert!(issues.is_empty(), "{issues:?}");
    FaultUse {
        kind,
        label: format!("{}#1", kind.name),
        timing: Timing::from_args(&record),
        args,
        land: Land::Any,
        line: 1,
        record,
        composed: Composed::default(),
    }
}

pub(crate) fn minute() -> Vec<(&'static str, Node)> {
    vec![("at", text("1m")), ("for", text("30s"))]
}

pub(crate) fn plan(faults: &[FaultUse]) -> Result<Plan, Vec<LowerError>> {
    lower(Seed(0x11), faults, &world(), stop())
}
