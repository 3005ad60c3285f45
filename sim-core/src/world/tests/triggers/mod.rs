//! Triggers: when they fire, whom they hit, and that a frozen plan repeats the run.

mod fire;
mod whom;

use super::*;
use crate::history::{FaultChange, Miss, NodeChange, Record, TriggerChange};
use crate::outcome::Firings;
use crate::plan::{
    Choice, Count, CutMode, CutScope, Firing, FiringId, Floor, IfNone, Life, LinkTarget, On, Role,
    Seen, Trigger, Whom,
};

/// Three nodes that lead in turn: every 100 ms the next one takes the lead if it is up, in a higher
/// term; every 10 ms each that leads records `kv.write`, and how many it wrote.
fn lab() -> (World, Vec<NodeId>) {
    let (mut world, nodes) = world(&["a", "b", "c"]);
    let leader = world.role("leader", "kv");
    let (write, queue) = (world.name("kv.write"), world.name("kv.queue"));
    for (place, node) in (0u64..).zip(&nodes) {
        world.process(*node, "kv", move |cx| async move {
            let mut draws = cx.stream("noise");
            loop {
                let now = cx.now().as_nanos() / 1_000_000;
                let turn = now / 100;
                if turn % 3 == place && now % 100 == 0 {
                    cx.take_role(leader, turn + 1);
                }
                if turn % 3 == place {
                    cx.event(write, now, turn);
                    cx.sample(queue, (now % 100) as f64);
                }
                cx.sleep(ms(10)).await;
                cx.stream("noise");
                draws.next_thing();
            }
        });
    }
    (world, nodes)
}

const PLACE: NodeId = NodeId(100);

fn firing(choices: Vec<Choice>) -> Firing {
    Firing {
        delay: VirtualDuration::ZERO,
        choices,
    }
}

fn trigger(on: On, firings: Vec<Firing>) -> Trigger {
    Trigger {
        fault: 0,
        on,
        from: VirtualTime::ZERO,
        until: VirtualTime::MAX,
        after: 1,
        cooldown: VirtualDuration::ZERO,
        ends: at_ms(1000),
        patience: VirtualDuration::ZERO,
        if_none: IfNone::Miss,
        firings,
    }
}

fn event(name: &str) -> On {
    On::Event {
        name: name.into(),
        nodes: None,
        a: None,
        b: None,
    }
}

fn leader() -> Choice {
    Choice {
        text: "leader of kv".into(),
        places: vec![PLACE],
        terms: vec![(
            false,
            Whom::Role {
                role: Role::Leader,
                of: "kv".into(),
                key: None,
                among: vec![NodeId(0), NodeId(1), NodeId(2)],
            },
        )],
        only: Vec::new(),
        without: Vec::new(),
        order: vec![NodeId(0), NodeId(1), NodeId(2)],
        spread: Vec::new(),
        count: Count::All,
        apart: false,
        floor: None,
    }
}

/// A crash of `node` for 30 ms in every firing of the first trigger, beside a fixed pause of c.
fn crash(node: NodeId, triggers: Vec<Trigger>) -> Plan {
    let fault = |label: &str| PlannedFault {
        kind: "x".into(),
        label: label.into(),
        land: Land::Any,
        notes: Vec::new(),
    };
    let entries = (0u32..)
        .zip(&triggers[0].firings)
        .map(|(ordinal, _)| Entry {
            fault: triggers[0].fault,
            part: ordinal,
            from: at_ms(0),
            until: Some(at_ms(30)),
            firing: Some(FiringId {
                trigger: 0,
                ordinal,
            }),
            primitive: Primitive::Crash {
                node,
                seen: Seen::Silent,
            },
        });
    let fixed = Entry {
        fault: 1,
        part: 0,
        from: at_ms(700),
        until: Some(at_ms(750)),
        firing: None,
        primitive: Primitive::Pause { node: NodeId(2) },
    };
    let entries = entries.chain([fixed]).collect();
    Plan::new(vec![fault("triggered"), fault("fixed")], entries).with_triggers(triggers)
}

struct Ran {
    finished: Finished,
    plan: Plan,
}

impl Ran {
    fn of(plan: &Plan) -> Self {
        let (mut world, _) = lab();
        world.sample_hosts(ms(50));
        world.set_plan(plan.clone());
        let finished = run(&mut world, 1000);
        let plan = plan.clone();
        Self { finished, plan }
    }
    fn records(&self) -> &[Record] {
        self.finished.history.records()
    }
    fn firings(&self) -> Firings {
        self.finished.faults[0].firings.expect("it has a trigger")
    }
    /// Nodes that went down, with the time in nanoseconds.
    fn downs(&self) -> Vec<(u32, u64)> {
        let down = |record: &Record| match record.what {
            What::Node {
                node,
                change: NodeChange::Down,
            } => Some((node.0, record.at.as_nanos())),
            _ => None,
        };
        self.records().iter().filter_map(down).collect()
    }
    /// Runs again under the frozen plan: all is as it was but for the records of triggers.
    fn repeats_frozen(&self) {
        let frozen = self.plan.frozen(self.records());
        assert!(frozen.triggers().is_empty());
        assert_eq!(frozen.entries().len(), self.plan.entries().len());
        let again = Self::of(&frozen);
        let own = self.records().iter().filter(|r| r.is_digested());
        assert!(own.eq(again.records()));
        assert_eq!(again.finished.digest, self.finished.digest);
        assert_eq!(
            again.finished.history.checkpoints(),
            self.finished.history.checkpoints()
        );
        assert_eq!(again.plan.frozen(again.records()), again.plan);
    }
}

const MS: u64 = 1_000_000;
