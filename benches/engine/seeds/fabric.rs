//! W5 on the engine's own fabric: messages over links with a drawn delay, and a crash of node 4 from
//! 300 to 400 ms, whose 200 sends then start anew. Not the program that the peers ran.

use super::{NAMES, STEPS};
use squall::core::plan::{Entry, Land, Plan, PlannedFault, Primitive, Seen};
use squall::core::world::{Bounds, Handler, HandlerCx, LinkProfile, Message, NodeSpec, World};
use squall::core::{Key, Law, NodeId, PortId, Sample, Seed, VirtualDuration, VirtualTime};
use std::cell::Cell;
use std::rc::Rc;

struct Node {
    me: usize,
    ports: Rc<[PortId]>,
    key: Option<Key>,
    sent: u32,
    delivered: Rc<Cell<u64>>,
}

impl Handler for Node {
    fn start(&mut self, cx: &mut HandlerCx<'_>) {
        self.key = Some(cx.key("steps"));
        cx.listen(self.ports[self.me]);
        cx.after(VirtualDuration::from_millis(1), 0);
    }
    fn event(&mut self, cx: &mut HandlerCx<'_>, _: u64) {
        let mut draw = self.key.expect("it started").at(u64::from(self.sent));
        self.sent += 1;
        let other = 1 + usize::try_from(draw.below(4)).expect("a small number");
        cx.send(self.ports[(self.me + other) % NAMES.len()], [0; 8]);
        if self.sent < STEPS {
            let next = VirtualDuration::from_micros(1_000 + draw.below(4_001));
            cx.after(next, 0);
        }
    }
    fn message(&mut self, _: &mut HandlerCx<'_>, _: Message) {
        self.delivered.set(self.delivered.get() + 1);
    }
}

fn plan() -> Plan {
    let ms = |ms| VirtualTime::ZERO + VirtualDuration::from_millis(ms);
    let fault = PlannedFault {
        kind: "node-loss".to_owned(),
        label: "node-loss".to_owned(),
        land: Land::Any,
        notes: Vec::new(),
    };
    let crash = Entry {
        fault: 0,
        part: 0,
        from: ms(300),
        until: Some(ms(400)),
        firing: None,
        primitive: Primitive::Crash {
            node: NodeId(4),
            seen: Seen::Silent,
        },
    };
    Plan::new(vec![fault], vec![crash])
}

/// Messages delivered of one seed.
pub(super) fn run(world: &mut World, seed: u64) -> u64 {
    world.reset(Seed(seed), false);
    world.set_default_link(LinkProfile {
        delay: Law::Uniform {
            low: 1e6,
            high: 1e7,
        },
        ..LinkProfile::default()
    });
    let nodes = NAMES.map(|name| world.add_node(&NodeSpec::new(name)));
    let ports: Rc<[PortId]> = nodes.iter().map(|node| world.port(*node, "sink")).collect();
    let delivered = Rc::new(Cell::new(0));
    for (me, node) in nodes.into_iter().enumerate() {
        let (ports, delivered) = (Rc::clone(&ports), Rc::clone(&delivered));
        world.handler(node, move || Node {
            me,
            ports: Rc::clone(&ports),
            key: None,
            sent: 0,
            delivered: Rc::clone(&delivered),
        });
    }
    world.set_plan(plan());
    world.run(Bounds::until(VirtualTime::MAX));
    delivered.get()
}
