//! 100,000 members of one cluster: the protocol of the membership workload in plain event handlers. Each
//! probes one other a second through the network; ten of them die, or a hundred, and all others hear of it.

use crate::{peak_mib, timed};
use squall::core::plan::{Entry, Land, Plan, PlannedFault, Primitive, Seen};
use squall::core::world::{
    Body, Bounds, Handler, HandlerCx, LinkProfile, Message, NodeSpec, World,
};
use squall::core::{Law, NodeId, PortId, Seed, VirtualDuration, VirtualTime};
use squall::scenarios::workloads::cluster::membership::swim::{
    Member, News, Note, Packet, Rules, Send, Swim, Sync, news_bytes,
};
use std::cell::Cell;
use std::rc::Rc;

const MEMBERS: u32 = 100_000;
/// Each death is heard by all, and told on by each a hundred times: what they cost is their number.
const FEW: u32 = 10;
const MANY: u32 = 100;
const SECONDS: u64 = 40;
const S: u64 = 1_000_000_000;

#[derive(Debug, Default)]
struct Counts {
    sent: Cell<u64>,
    probes: Cell<u64>,
    verdicts: Cell<u64>,
    wrong: Cell<u64>,
}

fn add(count: &Cell<u64>, by: u64) {
    count.set(count.get() + by);
}

struct Node {
    me: Member,
    dead: u32,
    rules: Rc<Rules>,
    ports: Rc<Vec<PortId>>,
    count: Rc<Counts>,
    swim: Option<Swim>,
    /// When it will be called, at the latest.
    armed: u64,
}

impl Node {
    fn act(&mut self, cx: &mut HandlerCx<'_>) {
        let Some(swim) = &mut self.swim else {
            return;
        };
        let outputs = swim.outputs();
        for note in outputs.notes {
            match note {
                Note::Period => add(&self.count.probes, 1),
                Note::Dead(member, ..) => {
                    add(&self.count.verdicts, 1);
                    add(&self.count.wrong, u64::from(!is_doomed(member, self.dead)));
                }
                _ => {}
            }
        }
        for send in outputs.sends {
            add(&self.count.sent, 1);
            let (to, body, bytes) = match send {
                Send::Packet(to, packet) => (to, Body::Words(packet.words()), packet.bytes()),
                Send::News(to, news) => {
                    let bytes = news_bytes(news.len());
                    (to, Body::Shared(news), bytes)
                }
                Send::View(to, view) => {
                    let bytes = view.bytes();
                    (to, Body::Shared(view), bytes)
                }
            };
            cx.send_sized(self.ports[to as usize], body, bytes);
        }
        let deadline = swim.deadline();
        if deadline < self.armed {
            let now = cx.now().as_nanos();
            self.armed = deadline;
            cx.after(VirtualDuration::from_nanos(deadline.saturating_sub(now)), 0);
        }
    }
}

impl Handler for Node {
    fn start(&mut self, cx: &mut HandlerCx<'_>) {
        cx.listen(self.ports[self.me as usize]);
        let now = cx.now().as_nanos();
        self.swim = Some(Swim::new(
            (self.me, 0),
            Rc::clone(&self.rules),
            cx.key("swim"),
            now,
        ));
        self.act(cx);
    }
    fn event(&mut self, cx: &mut HandlerCx<'_>, _: u64) {
        let now = cx.now().as_nanos();
        if now >= self.armed {
            self.armed = u64::MAX;
        }
        if let Some(swim) = &mut self.swim {
            swim.tick(now);
        }
        self.act(cx);
    }
    fn message(&mut self, cx: &mut HandlerCx<'_>, message: Message) {
        let (now, from) = (cx.now().as_nanos(), message.from.0);
        let Some(swim) = &mut self.swim else {
            return;
        };
        match message.body {
            Body::Words(words) => {
                let packet = Packet::read(words).expect("packets are whole");
                swim.receive(now, from, &packet);
            }
            Body::Shared(body) => match body.downcast::<Vec<News>>() {
                Ok(news) => swim.receive_news(now, &news),
                Err(body) => {
                    let view = body.downcast::<Sync>().expect("news or a view");
                    swim.receive_view(now, from, &view);
                }
            },
            Body::Boxed(_) => {}
        }
        self.act(cx);
    }
}

/// Whether a member is one of the `dead`, who are evenly spread.
const fn is_doomed(member: Member, dead: u32) -> bool {
    member % (MEMBERS / dead) == 7
}

/// One each ten milliseconds from the third second on, for good.
fn plan(dead: u32) -> Plan {
    let fault = PlannedFault {
        kind: "node-loss".into(),
        label: "node-loss".into(),
        land: Land::EverySeed,
        notes: Vec::new(),
    };
    let doomed = (0..MEMBERS).filter(|member| is_doomed(*member, dead));
    let entry = |(part, member): (u32, Member)| Entry {
        fault: 0,
        part,
        from: VirtualTime::ZERO + VirtualDuration::from_millis(3_000 + u64::from(part) * 10),
        until: None,
        firing: None,
        primitive: Primitive::Crash {
            node: NodeId(member),
            seen: Seen::Silent,
        },
    };
    Plan::new(vec![fault], (0..).zip(doomed).map(entry).collect())
}

/// Ten deaths.
pub(crate) fn few() {
    run(FEW);
}
/// A hundred.
pub(crate) fn many() {
    run(MANY);
}

fn run(dead: u32) {
    let count = Rc::new(Counts::default());
    let before = peak_mib();
    let (cpu, (events, digest)) = timed(|| {
        let mut world = World::new(Seed(1), false);
        world.set_default_link(LinkProfile {
            delay: Law::Uniform {
                low: 200_000.0,
                high: 800_000.0,
            },
            loss: 0.0,
            ..LinkProfile::default()
        });
        let nodes: Vec<NodeId> = (0..MEMBERS)
            .map(|i| world.add_node(&NodeSpec::new(format!("n{i}"))))
            .collect();
        let ports = nodes.iter().map(|node| world.port(*node, "member"));
        let ports: Rc<Vec<PortId>> = Rc::new(ports.collect());
        // Two periods a factor of ten, so that all is over in time: 10 s to 30 s.
        let rules = Rc::new(Rules {
            suspicion_periods: 2.0,
            suspicion_factor: 3.0,
            sync: 0,
            ..Rules::lifeguard(MEMBERS)
        });
        for (me, node) in (0..).zip(&nodes) {
            let (rules, ports, count) = (Rc::clone(&rules), Rc::clone(&ports), Rc::clone(&count));
            world.handler(*node, move || Node {
                me,
                dead,
                rules: Rc::clone(&rules),
                ports: Rc::clone(&ports),
                count: Rc::clone(&count),
                swim: None,
                armed: u64::MAX,
            });
        }
        world.set_plan(plan(dead));
        let stop = world.run(Bounds::until(VirtualTime::from_nanos(SECONDS * S)));
        let finished = world.finish(&stop);
        (finished.events, finished.digest)
    });
    let (sent, probes) = (count.sent.get(), count.probes.get());
    let (verdicts, wrong) = (count.verdicts.get(), count.wrong.get());
    let all = u64::from(MEMBERS - dead) * u64::from(dead);
    assert_eq!(wrong, 0, "members that run are held for dead");
    assert!(
        verdicts > all / 100 * 95,
        "{verdicts} of {all} times a member hears that another one is dead"
    );
    let peak = peak_mib().unwrap_or(f64::NAN);
    println!(
        "membership   {MEMBERS} members, {SECONDS} s, {probes} periods, {sent} messages, {dead} deaths, \
         {verdicts} of {all} verdicts, none wrong, digest {digest}\n             {cpu:.2} s CPU, {:.0} ns \
         an event of {events}, peak {peak:.0} MiB, {:.0} KiB a member",
        cpu * 1e9 / events as f64,
        (peak - before.unwrap_or(0.0)) * 1024.0 / f64::from(MEMBERS)
    );
}
