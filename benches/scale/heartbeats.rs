//! 10,000 nodes for an hour of virtual time: every node sends a heartbeat a second to its successor
//! through the network, one node in a hundred crashes and comes back, its successor notices.

use crate::{peak_mib, timed};
use squall::core::plan::{Entry, Land, Plan, PlannedFault, Primitive, Seen};
use squall::core::world::{Bounds, Handler, HandlerCx, LinkProfile, Message, NodeSpec, World};
use squall::core::{Law, NameId, NodeId, PortId, Seed, VirtualDuration, VirtualTime};
use std::cell::Cell;
use std::rc::Rc;

const NODES: u32 = 10_000;
const CRASHES: u32 = NODES / 100;
const HOUR_S: u64 = 3_600;
const PERIOD: VirtualDuration = VirtualDuration::from_secs(1);
/// A peer that was silent for so long is suspected.
const PATIENCE: VirtualDuration = VirtualDuration::from_secs(5);

struct Member {
    own: PortId,
    next: PortId,
    phase: VirtualDuration,
    heard: VirtualTime,
    suspects: bool,
    suspected: NameId,
    count: Rc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    arrived: Cell<u64>,
    suspected: Cell<u32>,
}

impl Handler for Member {
    fn start(&mut self, cx: &mut HandlerCx<'_>) {
        cx.listen(self.own);
        self.heard = cx.now();
        cx.after(self.phase, 0);
    }
    fn event(&mut self, cx: &mut HandlerCx<'_>, _: u64) {
        cx.send(self.next, [u64::from(cx.node().0); 8]);
        cx.after(PERIOD, 0);
        if !self.suspects && cx.now().since(self.heard) > PATIENCE {
            self.suspects = true;
            self.count.suspected.set(self.count.suspected.get() + 1);
            cx.record(self.suspected, 1, 0);
        }
    }
    fn message(&mut self, cx: &mut HandlerCx<'_>, _: Message) {
        self.heard = cx.now();
        self.suspects = false;
        self.count.arrived.set(self.count.arrived.get() + 1);
    }
}

/// Every 36 s another node, 97 places on, is down for half a minute.
fn plan() -> Plan {
    let fault = PlannedFault {
        kind: "node-loss".into(),
        label: "node-loss".into(),
        land: Land::EverySeed,
        notes: Vec::new(),
    };
    let entry = |part| {
        let from = VirtualTime::ZERO + VirtualDuration::from_secs(u64::from(part) * 35 + 10);
        Entry {
            fault: 0,
            part,
            from,
            until: Some(from + VirtualDuration::from_secs(30)),
            firing: None,
            primitive: Primitive::Crash {
                node: NodeId(part * 97),
                seen: Seen::Silent,
            },
        }
    };
    Plan::new(vec![fault], (0..CRASHES).map(entry).collect())
}

pub(crate) fn run() {
    let count = Rc::new(Counts::default());
    let (cpu, (events, landed, digest)) = timed(|| {
        let mut world = World::new(Seed(1), false);
        world.set_default_link(LinkProfile {
            delay: Law::Uniform {
                low: 200_000.0,
                high: 800_000.0,
            },
            loss: 0.0,
            ..LinkProfile::default()
        });
        let suspected = world.name("suspected");
        let nodes: Vec<NodeId> = (0..NODES)
            .map(|i| world.add_node(&NodeSpec::new(format!("n{i}"))))
            .collect();
        let ports: Vec<PortId> = nodes
            .iter()
            .map(|node| world.port(*node, "heartbeat"))
            .collect();
        for (i, node) in nodes.iter().enumerate() {
            let (own, next) = (ports[i], ports[(i + 1) % ports.len()]);
            let count = Rc::clone(&count);
            world.handler(*node, move || Member {
                own,
                next,
                phase: VirtualDuration::from_micros(100 * i as u64),
                heard: VirtualTime::ZERO,
                suspects: false,
                suspected,
                count: Rc::clone(&count),
            });
        }
        world.set_plan(plan());
        let until = VirtualTime::ZERO + VirtualDuration::from_secs(HOUR_S);
        let stop = world.run(Bounds::until(until));
        let finished = world.finish(&stop);
        (finished.events, finished.faults[0].landed, finished.digest)
    });
    let (arrived, suspected) = (count.arrived.get(), count.suspected.get());
    let sent = u64::from(NODES) * HOUR_S;
    assert!(
        arrived > sent - 20_000 && arrived < sent,
        "{arrived} of {sent} heartbeats arrived"
    );
    assert_eq!((landed, suspected), (u64::from(CRASHES), CRASHES));
    let ns = cpu * 1e9 / events as f64;
    println!(
        "heartbeats   {NODES} nodes, 1 h, {events} events, {arrived} messages, {CRASHES} crashes \
         noticed, digest {digest}\n             {cpu:.2} s CPU (bar 10), {ns:.0} ns an event, peak \
         {:.0} MiB (bar 2048)",
        peak_mib().unwrap_or(f64::NAN)
    );
}
