//! Whom a fault may hit that chooses when it fires: every node that may have the role, in every place.

use squall_core::NodeId;
use squall_core::plan::{Choice, Entry, LinkTarget, Plan, Primitive};
use std::collections::BTreeSet;

/// What entries do, once for each way in which the places that they name can be filled. Entries that differ
/// in nothing but which place of one choice they name are one.
pub(super) fn all<'a>(plan: &Plan, entries: impl Iterator<Item = &'a Entry>) -> Vec<Primitive> {
    let mut seen: BTreeSet<(&'static str, LinkTarget)> = BTreeSet::new();
    let mut all = Vec::new();
    for entry in entries {
        let places = places(plan, entry);
        if let Some(link) = entry.primitive.link().filter(|_| !places.is_empty()) {
            let stands_for = |node: NodeId| {
                let place = places.iter().find(|(place, _)| *place == node);
                place.map_or(node, |(_, choice)| choice.places[0])
            };
            let (from, to) = (stands_for(link.from), stands_for(link.to));
            if !seen.insert((entry.primitive.name(), LinkTarget { from, to })) {
                continue;
            }
        }
        all.extend(filled(&entry.primitive, &places));
    }
    all
}

/// The places that an entry names, each once, with who may fill them.
fn places<'a>(plan: &'a Plan, entry: &Entry) -> Vec<(NodeId, &'a Choice)> {
    let mut places: Vec<(NodeId, &Choice)> = Vec::new();
    entry.primitive.clone().for_each_node(&mut |node| {
        if let Some(choice) = plan.choice_of(entry, *node)
            && places.iter().all(|(place, _)| place != node)
        {
            places.push((*node, choice));
        }
    });
    places
}

/// The primitive with every candidate in every place; no link leads from a node to itself.
fn filled(primitive: &Primitive, places: &[(NodeId, &Choice)]) -> Vec<Primitive> {
    let Some(((place, choice), rest)) = places.split_first() else {
        return vec![primitive.clone()];
    };
    let mut all = Vec::new();
    for candidate in choice.candidates() {
        let mut one = primitive.clone();
        one.for_each_node(&mut |node| {
            if node == place {
                *node = candidate;
            }
        });
        let ways = filled(&one, rest).into_iter();
        all.extend(ways.filter(|way| way.link().is_none_or(|link| link.from != link.to)));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blast::exposed;
    use squall_core::depends::DependencyMap;
    use squall_core::plan::{
        Count, CutMode, CutScope, Firing, FiringId, IfNone, Land, On, PlannedFault, Role, Trigger,
        Whom,
    };
    use squall_core::{VirtualDuration, VirtualTime};

    const LEADER: NodeId = NodeId(100);
    const FOLLOWERS: [NodeId; 2] = [NodeId(101), NodeId(102)];

    /// A role, the places that those fill who have it, of nodes 0 to 2.
    fn choice(role: Role, places: &[NodeId]) -> Choice {
        let among = vec![NodeId(0), NodeId(1), NodeId(2)];
        Choice {
            text: format!("{} of kv", role.word()),
            places: places.to_vec(),
            terms: vec![(
                true,
                Whom::Role {
                    role,
                    of: "kv".to_owned(),
                    key: None,
                    among: among.clone(),
                },
            )],
            only: Vec::new(),
            without: Vec::new(),
            order: among,
            spread: Vec::new(),
            count: Count::All,
            apart: false,
            floor: None,
        }
    }

    /// The leader of three replicas is cut off from the others, both ways, when the time has come.
    fn plan() -> Plan {
        let firing = Some(FiringId {
            trigger: 0,
            ordinal: 0,
        });
        let ends = FOLLOWERS.iter().flat_map(|f| [(LEADER, *f), (*f, LEADER)]);
        let entries = ends.map(|(from, to)| Entry {
            from: VirtualTime::ZERO,
            until: None,
            primitive: Primitive::LinkCut {
                link: LinkTarget { from, to },
                mode: CutMode::Drop,
                scope: CutScope::All,
            },
            fault: 0,
            part: 0,
            firing,
        });
        let fault = PlannedFault {
            kind: "link-cut".to_owned(),
            label: "leader alone".to_owned(),
            land: Land::Any,
            notes: Vec::new(),
        };
        let choices = vec![
            choice(Role::Leader, &[LEADER]),
            choice(Role::Followers, &FOLLOWERS),
        ];
        let delay = VirtualDuration::from_nanos(1);
        let trigger = Trigger {
            fault: 0,
            on: On::At(VirtualTime::from_nanos(5)),
            from: VirtualTime::ZERO,
            until: VirtualTime::from_nanos(9),
            after: 1,
            cooldown: VirtualDuration::ZERO,
            ends: VirtualTime::from_nanos(100),
            patience: VirtualDuration::ZERO,
            if_none: IfNone::default(),
            firings: vec![Firing { delay, choices }],
        };
        Plan::new(vec![fault], entries.collect()).with_triggers(vec![trigger])
    }

    /// Both ends of a link may be places: who talks over any link between two that may have the roles
    /// is reached.
    #[test]
    fn a_link_between_two_roles_reaches_who_talks_between_any_two_that_may_have_them() {
        let plan = plan();
        let links = all(&plan, plan.entries().iter());
        let mut ends: Vec<(u32, u32)> = links
            .iter()
            .filter_map(|p| p.link().map(|link| (link.from.0, link.to.0)))
            .collect();
        ends.sort_unstable();
        ends.dedup();
        assert_eq!(ends, [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)]);
        assert_eq!(
            links.len(),
            12,
            "the leader's way out and its way in, once each"
        );

        let names = ["kv-0", "kv-1", "kv-2", "db-0"].map(str::to_owned);
        let mut map = DependencyMap::new(names.into(), Vec::new(), Vec::new(), Vec::new());
        let kv = map.unit("workload", "kv");
        map.talks(kv, NodeId(1), NodeId(2));
        let db = map.unit("workload", "db");
        map.talks(db, NodeId(2), NodeId(3));
        let reached = exposed(&map, &plan, &[0]);
        let reached: Vec<&str> = reached.iter().map(|e| e.name.as_str()).collect();
        assert_eq!(reached, ["kv"]);
    }
}
