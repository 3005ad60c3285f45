//! Whom a firing hits, how long it waits for somebody, and what it says if it hits nobody.

use super::*;

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
