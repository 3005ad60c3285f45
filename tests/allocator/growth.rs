//! Arenas are used again from seed to seed: memory does not grow.

use crate::heap;
use squall::core::plan::{
    CutMode, CutScope, Entry, Land, LinkTarget, Plan, PlannedFault, Primitive, Seen,
};
use squall::core::world::{Bounds, Handler, HandlerCx, Message, NodeSpec, World};
use squall::core::{Key, PortId, Sample, Seed, VirtualDuration, VirtualTime};
use squall::scenarios::{Settings, parse};

const NODES: u32 = 5;
const NAMES: [&str; 5] = ["0", "1", "2", "3", "4"];
/// Messages of a node.
const STEPS: u64 = 12;

/// Sends to its neighbours through the network, at drawn times.
struct Node {
    ports: [PortId; 5],
    key: Option<Key>,
    step: u64,
}

impl Handler for Node {
    fn start(&mut self, cx: &mut HandlerCx<'_>) {
        cx.listen(self.ports[cx.node().index()]);
        self.key = Some(cx.key("steps"));
        cx.after(VirtualDuration::from_millis(1), 0);
    }
    fn event(&mut self, cx: &mut HandlerCx<'_>, _: u64) {
        let mut draw = self.key.expect("it has started").at(self.step);
        let hop = 1 + draw.index(4);
        cx.send(self.ports[(cx.node().index() + hop) % 5], [self.step; 8]);
        self.step += 1;
        if self.step < STEPS {
            cx.after(VirtualDuration::from_micros(1_000 + draw.below(4_000)), 0);
        }
    }
    fn message(&mut self, _: &mut HandlerCx<'_>, _: Message) {}
}

/// A node crashes and comes back, and a link is cut for a while.
fn plan() -> Plan {
    let fault = |label: &str| PlannedFault {
        kind: label.to_owned(),
        label: label.to_owned(),
        land: Land::Any,
        notes: Vec::new(),
    };
    let ms = |n| VirtualTime::ZERO + VirtualDuration::from_millis(n);
    let entry = |fault, primitive| Entry {
        fault,
        part: 0,
        from: ms(10),
        until: Some(ms(20)),
        firing: None,
        primitive,
    };
    let [n0, n1, n4] = [0, 1, 4].map(squall::core::NodeId);
    let crash = Primitive::Crash {
        node: n4,
        seen: Seen::Silent,
    };
    let cut = Primitive::LinkCut {
        link: LinkTarget { from: n0, to: n1 },
        mode: CutMode::Drop,
        scope: CutScope::All,
    };
    Plan::new(
        vec![fault("crash"), fault("cut")],
        vec![entry(0, crash), entry(1, cut)],
    )
}

fn run(world: &mut World, seed: u64, plan: &Plan) {
    world.reset(Seed(seed), false);
    let nodes: Vec<_> = NAMES
        .iter()
        .map(|name| world.add_node(&NodeSpec::new(*name)))
        .collect();
    let ports = [0, 1, 2, 3, 4].map(|i: usize| world.port(nodes[i], "in"));
    for node in &nodes {
        world.handler(*node, move || Node {
            ports,
            key: None,
            step: 0,
        });
    }
    world.set_plan(plan.clone());
    let stop = world.run(Bounds::until(VirtualTime::MAX));
    assert!(world.events() > u64::from(NODES) * STEPS);
    drop(world.finish(&stop));
}

pub(crate) fn a_world_does_not_grow_over_100_000_seeds() {
    let plan = plan();
    let mut world = World::new(Seed(0), false);
    let mut alive_after = |seeds: core::ops::Range<u64>| {
        for seed in seeds {
            run(&mut world, seed, &plan);
        }
        // The last seed of each stretch is the same, so that it leaves the same behind.
        run(&mut world, 7, &plan);
        heap::live()
    };
    let early = alive_after(0..1_000);
    let late = alive_after(1_000..100_000);
    println!("bytes alive after 1,000 seeds: {early}, after 100,000: {late}");
    assert_eq!(early, late);
}

const FILE: &str = r#"
name = "small"
stop = { at = "2s" }
[topology]
nodes.web = { count = 4 }
nodes.client = {}
links.default = { delay = "lognormal median 400us p99 2ms" }
[workload.shop.cluster]
on = "web"
clients = "client"
graph.chain = 2
arrivals.rate = "50/s"
[[fault]]
at = "500ms..1s"
for = "500ms"
inject.node-loss = { nodes = "any 1 of web" }
[[property]]
always = "shop.conservation"
"#;

pub(crate) fn a_scenario_does_not_grow_over_its_seeds() {
    let scenario = parse("small.toml", FILE, &Settings::default());
    let scenario = scenario.unwrap_or_else(|e| panic!("{e}"));
    let ready = scenario.ready(&squall::Place::default());
    let ready = ready.unwrap_or_else(|e| panic!("{e}"));
    let mut world = World::new(Seed(0), false);
    // The same seeds again and again: what they need at most is then known after the first round.
    let mut alive_after_round = || {
        for seed in 0..150 {
            let run = ready.run(Seed(seed), false, &mut world);
            drop(run.unwrap_or_else(|e| panic!("{e}")));
        }
        heap::live()
    };
    let early = alive_after_round();
    let late = (0..5).map(|_| alive_after_round()).last();
    println!("bytes alive after 150 seeds: {early}, after 900: {late:?}");
    assert_eq!(Some(early), late);
}
