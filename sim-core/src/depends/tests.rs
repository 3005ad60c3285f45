use super::*;
use crate::plan::{CutMode, CutScope, Primitive, SignalRule};

/// A shop on two web nodes whose cart asks a database, and a robot beside the database.
fn shop() -> DependencyMap {
    let names = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect();
    let (web0, web1, db) = (NodeId(0), NodeId(1), NodeId(2));
    let nodes = names(&["web-0", "web-1", "db-0"]);
    let mut map = DependencyMap::new(
        nodes,
        names(&["shop.service"]),
        names(&["db.load"]),
        names(&["robot.sensor-0", "robot.actuator-0"]),
    );
    let shop = map.unit("workload", "shop");
    let [front, cart, data] =
        ["shop.front", "shop.cart", "shop.db"].map(|name| map.unit("service", name));
    for node in [web0, web1] {
        map.runs_on(front, node);
        map.talks(front, node, web1);
    }
    map.runs_on(cart, web1);
    map.runs_on(data, db);
    map.talks(cart, web1, db);
    map.needs(shop, front);
    map.needs(front, cart);
    map.needs(cart, data);
    map.calls(cart, ServiceId(0));
    map.reads(data, KnobId(0));
    let robot = map.unit("loop", "robot/0");
    map.runs_on(robot, db);
    let (eye, arm) = (
        map.unit("sensor", "robot.sensor-0"),
        map.unit("actuator", "robot.actuator-0"),
    );
    map.speaks(eye, ChannelId(0));
    map.speaks(arm, ChannelId(1));
    map.needs(robot, eye);
    map.needs(robot, arm);
    map.needs(arm, robot);
    map
}

fn reached(primitive: &Primitive) -> Vec<(String, u32, String)> {
    let exposed = shop().exposed([primitive].into_iter());
    exposed
        .into_iter()
        .map(|e| (e.name, e.hops, e.why))
        .collect()
}

fn row(name: &str, hops: u32, why: &str) -> (String, u32, String) {
    (name.to_owned(), hops, why.to_owned())
}

#[test]
fn a_node_reaches_what_runs_on_it_and_what_needs_that() {
    assert_eq!(
        reached(&Primitive::Pause { node: NodeId(2) }),
        [
            row("robot.actuator-0", 1, "needs robot/0"),
            row("db-0", 0, "is db-0"),
            row("robot/0", 0, "runs on db-0"),
            row("shop.cart", 1, "needs shop.db"),
            row("shop.db", 0, "runs on db-0"),
            row("shop.front", 2, "needs shop.cart"),
            row("shop", 3, "needs shop.front"),
        ]
    );
    let of_web = reached(&Primitive::Pause { node: NodeId(0) });
    let names: Vec<&str> = of_web.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(names, ["web-0", "shop.front", "shop"]);
    assert_eq!(of_web[1].2, "runs on web-0 (1 of 2 nodes)");
}

#[test]
fn a_link_reaches_who_sends_over_it_or_waits_for_answers() {
    let cut = |from, to| Primitive::LinkCut {
        link: LinkTarget {
            from: NodeId(from),
            to: NodeId(to),
        },
        mode: CutMode::Drop,
        scope: CutScope::All,
    };
    let both = [reached(&cut(1, 2)), reached(&cut(2, 1))];
    for (found, way) in both.iter().zip(["web-1->db-0", "db-0->web-1"]) {
        assert_eq!(
            found[0],
            row("shop.cart", 0, &format!("its messages take {way}"))
        );
        assert_eq!(found.len(), 3, "{found:?}");
    }
    assert_eq!(reached(&cut(0, 2)), [], "nobody sends there");
}

#[test]
fn calls_and_knobs_reach_who_goes_by_them_and_their_neighbours() {
    let call = |client| Primitive::Call {
        client,
        service: ServiceId(0),
        only: crate::plan::CallScope::ALL,
        rule: crate::plan::CallRule::Hang { share: 1.0 },
    };
    assert_eq!(
        reached(&call(None))[0],
        row("shop.cart", 0, "calls shop.service")
    );
    assert_eq!(reached(&call(Some(NodeId(1))))[0].0, "shop.cart");
    assert_eq!(
        reached(&call(Some(NodeId(2)))),
        [],
        "it does not call from there"
    );
    let turned = reached(&Primitive::Knob {
        knob: KnobId(0),
        node: None,
        change: crate::plan::KnobChange::Set,
        value: 2.0,
    });
    assert!(turned.contains(&row("db-0", 1, "carries shop.db")));
    assert!(turned.contains(&row("robot/0", 1, "shares db-0 with shop.db")));
    assert!(turned.contains(&row("shop.db", 0, "goes by db.load")));
}

/// A knob that is turned on one node reaches that node, and others only for who does not run there.
#[test]
fn a_knob_that_is_turned_on_a_node_reaches_that_node() {
    let mut map = shop();
    let front = map.unit("service", "shop.front");
    map.reads(front, KnobId(0));
    let turned = |node| Primitive::Knob {
        knob: KnobId(0),
        node: Some(NodeId(node)),
        change: crate::plan::KnobChange::Set,
        value: 2.0,
    };
    let hosts = |node| -> Vec<String> {
        let exposed = map.exposed([&turned(node)].into_iter()).into_iter();
        let hosts = exposed.filter(|e| e.kind == HOST);
        hosts.map(|e| e.name).collect()
    };
    // The database reads the knob too, and does not run on these.
    assert_eq!(hosts(0), ["db-0", "web-0"]);
    assert_eq!(hosts(2), ["db-0", "web-0", "web-1"]);
    let why = map.exposed([&turned(1)].into_iter());
    let front = why.iter().find(|e| e.name == "shop.front");
    assert_eq!(
        front.map(|e| e.why.as_str()),
        Some("goes by db.load on web-1")
    );
}

#[test]
fn a_subject_belongs_to_the_unit_with_the_longest_name() {
    let map = shop();
    let owner = |subject| map.owner(subject).map(|unit| unit.name.as_str());
    assert_eq!(owner("shop.latency"), Some("shop"));
    assert_eq!(owner("shop.cart.latency"), Some("shop.cart"));
    assert_eq!(owner("web-1.node_load1"), Some("web-1"));
    assert_eq!(owner("shopping.latency"), None);
    assert!(map.knows("shop.front", "shop.cart") && !map.knows("shop.cart", "shop.front"));
}

#[test]
fn a_channel_reaches_its_device_the_loop_and_what_the_loop_moves() {
    let signal = |channel| Primitive::Signal {
        channel: ChannelId(channel),
        rule: SignalRule::Stuck,
    };
    assert_eq!(
        reached(&signal(0)),
        [
            row("robot.actuator-0", 2, "needs robot/0"),
            row("robot/0", 1, "needs robot.sensor-0"),
            row("robot.sensor-0", 0, "its own signal is disturbed"),
        ]
    );
    let of_arm = reached(&signal(1));
    let names: Vec<&str> = of_arm.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(
        names,
        ["robot.actuator-0", "robot/0"],
        "no sensor hears of it"
    );
}
