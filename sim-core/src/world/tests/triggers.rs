//! Triggers: when they fire, whom they hit, and that a frozen plan repeats the run.

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

#[test]
fn the_second_event_fires_a_nanosecond_later_and_counting_starts_again() {
    let mut on_write = trigger(event("kv.write"), vec![firing(Vec::new()); 2]);
    on_write.after = 2;
    on_write.from = at_ms(100);
    let ran = Ran::of(&crash(NodeId(2), vec![on_write]));
    // Writes at 100, 110: it fires. At 120 and 130 again, while the first hold still lasts.
    assert_eq!(ran.downs(), [(2, 110 * MS + 1)]);
    let fired = ran.records().iter().filter_map(|record| match record.what {
        What::Trigger {
            change: TriggerChange::Fired,
            firing,
        } => Some((firing.ordinal, record.at.as_nanos())),
        _ => None,
    });
    let fired: Vec<_> = fired.collect();
    assert_eq!(fired, [(0, 110 * MS + 1), (1, 130 * MS + 1)]);
    assert_eq!(ran.firings().fired, 2);
    assert_eq!(ran.finished.faults[0].landed, 1);
    ran.repeats_frozen();
    assert_eq!(Ran::of(&ran.plan).finished.digest, ran.finished.digest);
}

#[test]
fn filters_windows_delays_and_cooldowns_hold() {
    let filtered = |nodes, a| On::Event {
        name: "kv.write".into(),
        nodes,
        a,
        b: None,
    };
    let mut late = trigger(
        filtered(Some(vec![NodeId(1)]), None),
        vec![firing(Vec::new()); 3],
    );
    late.firings[0].delay = ms(7);
    late.cooldown = ms(60);
    let ran = Ran::of(&crash(NodeId(2), vec![late.clone()]));
    // b writes from 100 on; the next match that counts is at 160, then at 400.
    let downs = [(2, 107 * MS), (2, 160 * MS + 1), (2, 400 * MS + 1)];
    assert_eq!(ran.downs(), downs);
    ran.repeats_frozen();
    late.until = at_ms(160);
    let ran = Ran::of(&crash(NodeId(2), vec![late]));
    assert_eq!(ran.downs(), [(2, 107 * MS)]);
    ran.repeats_frozen();
    let by_argument = trigger(filtered(None, Some(250)), vec![firing(Vec::new())]);
    let ran = Ran::of(&crash(NodeId(0), vec![by_argument]));
    assert_eq!(ran.downs(), [(0, 250 * MS + 1)]);
}

#[test]
fn a_fault_never_triggers_itself_but_others_do() {
    let on_crash = On::Node {
        change: NodeChange::Down,
        nodes: None,
    };
    let own = trigger(event("kv.write"), vec![firing(Vec::new())]);
    // The second trigger belongs to the same fault: its own crash is no match.
    let echo = trigger(on_crash.clone(), vec![firing(Vec::new())]);
    let plan = crash(NodeId(2), vec![own.clone(), echo.clone()]);
    assert_eq!(Ran::of(&plan).firings().fired, 1);
    let other = Trigger { fault: 1, ..echo };
    let ran = Ran::of(&crash(NodeId(2), vec![own, other]));
    assert_eq!(ran.finished.faults[1].firings.map(|f| f.fired), Some(1));
}

#[test]
fn the_life_of_another_fault_is_an_event() {
    for (life, at) in [
        (Life::Started, 700),
        (Life::Landed, 750),
        (Life::Ended, 750),
    ] {
        let on = On::Fault { fault: 1, life };
        let ran = Ran::of(&crash(
            NodeId(0),
            vec![trigger(on, vec![firing(Vec::new())])],
        ));
        assert_eq!(ran.downs(), [(0, at * MS + 1)], "{life:?}");
        ran.repeats_frozen();
    }
}

#[test]
fn a_metric_is_looked_at_when_it_is_sampled() {
    let queue = |hold| On::Metric {
        name: "kv.queue".into(),
        limit: 40.0,
        above: true,
        hold,
        nodes: None,
    };
    let mut on = trigger(queue(ms(25)), vec![firing(Vec::new())]);
    // 50 is the first above 40; the first sample 25 ms later is at 80.
    let ran = Ran::of(&crash(NodeId(1), vec![on.clone()]));
    assert_eq!(ran.downs(), [(1, 80 * MS + 1)]);
    ran.repeats_frozen();
    on.on = queue(ms(70));
    let ran = Ran::of(&crash(NodeId(1), vec![on]));
    assert_eq!(ran.downs(), [], "it falls to zero every 100 ms");

    // A signal of a host is recorded when it changes; it is looked at with every sample.
    let up = On::Metric {
        name: "b.node_up".into(),
        limit: 0.5,
        above: true,
        hold: ms(120),
        nodes: None,
    };
    let ran = Ran::of(&crash(
        NodeId(1),
        vec![trigger(up, vec![firing(Vec::new())])],
    ));
    assert_eq!(ran.downs(), [(1, 200 * MS + 1)]);
    ran.repeats_frozen();
}

#[test]
fn who_leads_at_the_moment_of_firing_is_hit() {
    let on_role = On::Role {
        role: Some("leader".into()),
        of: Some("kv".into()),
        nodes: None,
        gained: true,
    };
    let mut second = trigger(on_role, vec![firing(vec![leader()]); 2]);
    second.after = 2;
    let ran = Ran::of(&crash(PLACE, vec![second.clone()]));
    // a, b: b is hit as it has taken over. c, a: a.
    assert_eq!(ran.downs(), [(1, 100 * MS + 1), (0, 300 * MS + 1)]);
    ran.repeats_frozen();
    // By a delay it is somebody else's turn.
    second.firings[0].delay = ms(150);
    let ran = Ran::of(&crash(PLACE, vec![second]));
    assert_eq!(ran.downs(), [(2, 250 * MS), (0, 300 * MS + 1)]);
    ran.repeats_frozen();
}

#[test]
fn a_firing_waits_for_a_leader_as_long_as_its_patience() {
    let on = On::At(at_ms(50));
    let mut early = trigger(on, vec![firing(vec![leader()])]);
    let Whom::Role { among, .. } = &mut early.firings[0].choices[0].terms[0].1 else {
        panic!("it is a role");
    };
    // Nobody but c counts, which leads from 200 on.
    *among = vec![NodeId(2)];
    early.patience = ms(200);
    let ran = Ran::of(&crash(PLACE, vec![early.clone()]));
    assert_eq!(ran.downs(), [(2, 200 * MS + 1)]);
    ran.repeats_frozen();

    early.patience = ms(100);
    let ran = Ran::of(&crash(PLACE, vec![early.clone()]));
    assert_eq!((ran.downs(), ran.firings().missed_role), (Vec::new(), 1));
    let missed = ran.records().iter().find_map(|record| match record.what {
        What::Trigger {
            change: TriggerChange::Missed(miss),
            ..
        } => Some((record.at, miss)),
        _ => None,
    });
    assert_eq!(missed, Some((at_ms(150), Miss::Role)));
    assert_eq!(ran.firings().failed, None);
    ran.repeats_frozen();

    early.if_none = IfNone::Fail;
    let ran = Ran::of(&crash(PLACE, vec![early.clone()]));
    assert_eq!(ran.firings().failed, Some(at_ms(150)));
    early.if_none = IfNone::Skip;
    let ran = Ran::of(&crash(PLACE, vec![early]));
    let firings = ran.firings();
    assert_eq!((firings.skipped, firings.missed_role), (1, 0));
}

/// Followers are taken in drawn order, and the floor drops from the end.
#[test]
fn a_floor_keeps_nodes_that_are_up_running_and_connected() {
    let followers = |least: Option<u32>| {
        let mut choice = leader();
        let Whom::Role { role, .. } = &mut choice.terms[0].1 else {
            panic!("it is a role");
        };
        *role = Role::Followers;
        choice.order = vec![NodeId(2), NodeId(0), NodeId(1)];
        choice.places = vec![PLACE, NodeId(101)];
        choice.floor = least.map(|least| Floor {
            least,
            of: vec![NodeId(0), NodeId(1), NodeId(2)],
        });
        trigger(On::At(at_ms(150)), vec![firing(vec![choice])])
    };
    let both = |trigger: Trigger, others: Vec<(u64, u64, Primitive)>| {
        let plan = crash(PLACE, vec![trigger.clone()]);
        let mut entries = plan.entries().to_vec();
        let mut second = entries[0].clone();
        second.part = 1;
        second.primitive = Primitive::Crash {
            node: NodeId(101),
            seen: Seen::Silent,
        };
        entries.push(second);
        for (part, (from, until, primitive)) in (1u32..).zip(others) {
            entries.push(Entry {
                fault: 1,
                part,
                from: at_ms(from),
                until: Some(at_ms(until)),
                firing: None,
                primitive,
            });
        }
        let plan = Plan::new(plan.faults.clone(), entries).with_triggers(vec![trigger]);
        let ran = Ran::of(&plan);
        ran.repeats_frozen();
        let at = ran.downs().into_iter().filter(|(_, at)| *at == 150 * MS);
        let hit: Vec<u32> = at.map(|(node, _)| node).collect();
        (hit, ran.firings())
    };
    // b leads: c and a follow.
    assert_eq!(both(followers(None), vec![]).0, [2, 0]);
    let (hit, firings) = both(followers(Some(2)), vec![]);
    assert_eq!((hit, firings.dropped), (vec![2], 1));
    let (hit, firings) = both(followers(Some(3)), vec![]);
    assert_eq!((hit, firings.dropped, firings.missed_floor), (vec![], 2, 1));
    // With b not running, even if only from this instant on, nobody may be hit.
    for from in [140, 150] {
        let pause = Primitive::Pause { node: NodeId(1) };
        let (hit, _) = both(followers(Some(2)), vec![(from, 160, pause)]);
        assert_eq!(hit, [], "paused from {from}");
    }
    // A cut of one direction disconnects the two.
    let link = LinkTarget {
        from: NodeId(1),
        to: NodeId(0),
    };
    let cut = Primitive::LinkCut {
        link,
        mode: CutMode::Drop,
        scope: CutScope::All,
    };
    let (hit, _) = both(followers(Some(2)), vec![(100, 200, cut)]);
    assert_eq!(hit, []);
}

/// Calls of a service are counted though nothing is recorded of them.
#[test]
fn the_third_call_of_a_service_fires() {
    let (mut world, nodes) = world(&["client", "server"]);
    let service = world.service("kv");
    let port = world.port(nodes[1], "kv");
    world.process(nodes[0], "p", move |cx| async move {
        loop {
            cx.sleep(ms(10)).await;
            let call = cx.call(port, super::super::Request::default());
            let _ = call.within(ms(1)).await;
        }
    });
    let on = On::Call {
        service,
        nodes: None,
    };
    let mut third = trigger(on, vec![firing(Vec::new())]);
    third.after = 3;
    let mut plan = crash(NodeId(1), vec![third]);
    plan.faults.truncate(2);
    // The fixed fault is on a node that this world does not have.
    let entries = plan.entries()[..1].to_vec();
    let triggers = plan.triggers().to_vec();
    world.set_plan(Plan::new(plan.faults, entries).with_triggers(triggers));
    let finished = run(&mut world, 100);
    let active = finished.history.records().iter().find(|record| {
        matches!(
            record.what,
            What::Fault {
                change: FaultChange::Active,
                ..
            }
        )
    });
    // 10, 21, 32: each call is given up after a millisecond.
    let at = active.map(|record| record.at.as_nanos());
    assert_eq!(at, Some(32 * MS + 1));
}

/// What a run says of firings that hit nobody.
fn misses(ran: &Ran) -> Vec<(u64, Miss)> {
    let missed = ran.records().iter().filter_map(|record| match record.what {
        What::Trigger {
            change: TriggerChange::Missed(miss),
            ..
        } => Some((record.at.as_nanos(), miss)),
        _ => None,
    });
    missed.collect()
}

/// A firing whose time is over neither waits nor hits.
#[test]
fn patience_ends_when_the_time_of_the_fault_is_over() {
    let mut early = trigger(On::At(at_ms(50)), vec![firing(vec![leader()])]);
    let Whom::Role { among, .. } = &mut early.firings[0].choices[0].terms[0].1 else {
        panic!("it is a role");
    };
    // It leads from 200 on, after the group was cut off.
    *among = vec![NodeId(2)];
    (early.patience, early.ends) = (ms(200), at_ms(120));
    let ran = Ran::of(&crash(PLACE, vec![early.clone()]));
    assert_eq!(misses(&ran), [(120 * MS, Miss::Role)]);
    let firings = ran.firings();
    assert_eq!((firings.fired, firings.missed_role), (0, 1));
    assert_eq!(
        ran.finished.faults[0].missed,
        Some(crate::outcome::Missed::NoRole)
    );
    ran.repeats_frozen();
    // The role is taken at the last instant: the look after it is too late.
    early.ends = VirtualTime::from_nanos(200 * MS + 1);
    let ran = Ran::of(&crash(PLACE, vec![early]));
    assert_eq!(misses(&ran), [(200 * MS + 1, Miss::Late)]);
    let firings = ran.firings();
    assert_eq!((firings.fired, firings.missed_late), (0, 1));

    let mut delayed = trigger(event("kv.write"), vec![firing(vec![leader()])]);
    delayed.firings[0].delay = ms(150);
    delayed.ends = at_ms(120);
    let ran = Ran::of(&crash(PLACE, vec![delayed]));
    assert_eq!(misses(&ran), [(150 * MS, Miss::Late)]);
    let firings = ran.firings();
    assert_eq!((firings.fired, firings.missed_late), (0, 1));
    assert_eq!(
        ran.finished.faults[0].missed,
        Some(crate::outcome::Missed::Late)
    );
    ran.repeats_frozen();
}

/// That somebody has the role, and no fault may hit it, is said.
#[test]
fn a_leader_that_never_spares_is_told_from_nobody() {
    let mut spared = leader();
    // a and b lead in the first 200 ms, and are spared.
    spared.order = vec![NodeId(2)];
    let mut waits = trigger(On::At(at_ms(50)), vec![firing(vec![spared])]);
    waits.patience = ms(100);
    let ran = Ran::of(&crash(PLACE, vec![waits.clone()]));
    assert_eq!(misses(&ran), [(150 * MS, Miss::Spared)]);
    assert_eq!(
        ran.finished.faults[0].missed,
        Some(crate::outcome::Missed::Spared)
    );
    waits.if_none = IfNone::Fail;
    let ran = Ran::of(&crash(PLACE, vec![waits.clone()]));
    assert!(ran.firings().why_failed().contains("never"));
    // Once c leads it is hit.
    waits.patience = ms(200);
    let ran = Ran::of(&crash(PLACE, vec![waits]));
    assert_eq!(ran.downs(), [(2, 200 * MS + 1)]);
}
