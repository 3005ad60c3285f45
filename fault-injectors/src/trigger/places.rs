//! Places: node numbers beyond the world, which stand in overlays for who is found at the moment of
//! firing.
//!
//! A fault lowers with places as with nodes: they have names of their own, so that what is drawn for
//! one depends on nothing else. Cores and memory are the least of those who may fill the place.

use crate::draws::Draws;
use crate::lowering::Refusal;
use crate::param::{Args, Issue, Value};
use crate::selector::{Filter, Pick, Selector, Term, Who};
use crate::topology::{NodeInfo, Topology};
use squall_core::plan::{Choice, Count, Floor, Role, Whom};
use squall_core::{NodeId, Sample};
use std::rc::Rc;

/// Whether anything in the parameters of a fault is resolved at the moment of firing.
pub(crate) fn needs_places(args: &Args, topology: &Topology, floored: bool) -> bool {
    if floored {
        return true;
    }
    args.entries.iter().any(|arg| match &arg.value {
        Value::Selector(selector) => selector.has_roles(topology),
        Value::Links(links) => links.has_roles(topology),
        _ => false,
    })
}

/// The places of one fault, by the words that are to be resolved at the moment of firing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    /// Key of the parameter, whether the receivers of its links are meant, the places.
    list: Vec<(String, bool, Vec<NodeId>)>,
    /// Who may fill each place.
    candidates: Vec<(NodeId, Rc<[NodeId]>)>,
}

impl Places {
    /// The places that `args` need, entered in `topology`. `floored`: whether a floor makes its nodes
    /// wait, and whether the fault as a whole has one, for the senders of links and for named nodes.
    pub(crate) fn of(
        args: &Args,
        topology: &mut Topology,
        floored: (bool, bool),
    ) -> Result<Self, Refusal> {
        let mut places = Self::default();
        for arg in &args.entries {
            let selectors: Vec<(bool, &Selector, usize)> = match &arg.value {
                Value::Selector(selector) => vec![(false, selector, 0)],
                Value::Links(links) if links.path.is_some() => continue,
                Value::Links(links) => {
                    vec![(false, &links.from, 0), (true, &links.to, links.to_start)]
                }
                _ => continue,
            };
            for (receivers, selector, offset) in selectors {
                let whole = floored.1 && !receivers && arg.key != "to";
                let waits = floored.0 && (whole || selector.floor.is_some());
                if !selector.has_roles(topology) && !waits {
                    continue;
                }
                let candidates = selector.candidates(topology);
                let candidates = candidates
                    .map_err(|issue| Refusal::inside(&arg.place, issue.shifted(offset)))?;
                let count = most(selector, topology, candidates.len());
                let own = (0..count).map(|number| {
                    let name =
                        format!("{}{} {number}", arg.key, if receivers { " to" } else { "" });
                    topology.add_node(stand_in(&name, &candidates, topology))
                });
                let own: Vec<NodeId> = own.collect();
                let candidates: Rc<[NodeId]> = candidates.into();
                let each = own.iter().map(|place| (*place, Rc::clone(&candidates)));
                places.candidates.extend(each);
                let receivers = receivers || arg.key == "to";
                places.list.push((arg.key.clone(), receivers, own));
            }
        }
        Ok(places)
    }
    /// The places for the words at `key`, if these wait.
    pub(crate) fn at(&self, key: &str, receivers: bool) -> Option<&[NodeId]> {
        let found = self
            .list
            .iter()
            .find(|(k, r, _)| k == key && *r == receivers);
        found.map(|(.., places)| places.as_slice())
    }
    /// Who may fill `place`; `None` if it is a node itself.
    pub(crate) fn candidates(&self, place: NodeId) -> Option<&[NodeId]> {
        let found = self.candidates.iter().find(|(own, _)| *own == place);
        found.map(|(_, nodes)| &**nodes)
    }
}

/// The nodes over which a floor counts: those of the groups of whoever is named, and of a role those
/// that may have it.
pub(crate) fn whole(selector: &Selector, topology: &Topology) -> Result<Vec<NodeId>, Issue> {
    let mut set = Vec::new();
    for term in selector.terms.iter().filter(|term| !term.minus) {
        let named = term.candidates(topology)?;
        if term.is_role(topology) {
            set.extend(named);
            continue;
        }
        let mut groups: Vec<&str> = Vec::new();
        for id in &named {
            let group = topology.node(*id).group.as_str();
            if !groups.contains(&group) {
                groups.push(group);
            }
        }
        set.extend(topology.nodes_where(|node| groups.contains(&node.group.as_str())));
    }
    set.sort_unstable();
    set.dedup();
    Ok(set)
}

fn stand_in(name: &str, candidates: &[NodeId], topology: &Topology) -> NodeInfo {
    let nodes = || candidates.iter().map(|id| topology.node(*id));
    NodeInfo {
        name: format!("place {name}"),
        cores: nodes().map(|node| node.cores).min().unwrap_or(1),
        memory: nodes().map(|node| node.memory).min().unwrap_or(0),
        ..NodeInfo::default()
    }
}

/// How many can be taken at the most.
fn most(selector: &Selector, topology: &Topology, candidates: usize) -> usize {
    let mut set = 0;
    for term in selector.terms.iter().filter(|term| !term.minus) {
        let own = term
            .candidates(topology)
            .map_or(candidates, |all| all.len());
        set += match &term.who {
            Who::Role(role, _) if term.is_role(topology) => match Role::by_word(role) {
                Some(Role::Leader | Role::Holder | Role::Owner) => 1,
                // Who leads does not follow.
                Some(Role::Followers) => own.saturating_sub(1),
                _ => own,
            },
            _ => own,
        };
    }
    count(selector.pick, 0).of(set.min(candidates)).max(1)
}

fn count(pick: Pick, word: u64) -> Count {
    match pick {
        Pick::All => Count::All,
        Pick::Any(n) => Count::Most(n),
        Pick::Minority => Count::Minority,
        Pick::Majority => Count::Majority,
        Pick::Share { parts, up_to } => Count::Share {
            parts,
            up_to: up_to.then_some(word),
        },
    }
}

/// How `places` are filled. `purpose` names the draw, `before` says that the choice before is the
/// other end of links.
pub(crate) fn choice(
    selector: &Selector,
    topology: &Topology,
    draws: &Draws,
    places: &[NodeId],
    (purpose, before, floor): (&str, bool, Option<Floor>),
) -> Result<Choice, Issue> {
    let mut order = selector.candidates(topology)?;
    if selector.is_drawn() {
        order.sort_by_cached_key(|id| (draws.rank(purpose, &topology.node(*id).name), *id));
    }
    let mut made = Choice {
        text: selector.text.trim().to_owned(),
        places: places.to_vec(),
        terms: Vec::new(),
        only: Vec::new(),
        without: Vec::new(),
        spread: Vec::new(),
        count: Count::All,
        apart: before && selector.is_drawn(),
        floor,
        order,
    };
    // One word decides how many; with all others it draws nothing.
    let word = match selector.pick {
        Pick::Share { up_to: true, .. } => draws.stream("how many").next_u64(),
        _ => u64::MAX,
    };
    made.count = count(selector.pick, word);
    for term in &selector.terms {
        made.terms.push((term.minus, whom(term, topology)?));
    }
    for filter in &selector.filters {
        match filter {
            Filter::Only(term) => made.only.push(whom(term, topology)?),
            Filter::Without(terms) => {
                for term in terms {
                    made.without.push(whom(term, topology)?);
                }
            }
            Filter::Spread(label) => made.spread = spread(&made.order, label, topology),
        }
    }
    Ok(made)
}

/// Numbers of the values of a label.
fn spread(order: &[NodeId], label: &str, topology: &Topology) -> Vec<u32> {
    let mut values: Vec<Option<&str>> = Vec::new();
    let number = |id: &NodeId| {
        let value = topology.node(*id).label(label);
        let at = values.iter().position(|v| *v == value);
        let at = at.unwrap_or_else(|| {
            values.push(value);
            values.len() - 1
        });
        u32::try_from(at).expect("fewer than 2^32 values")
    };
    order.iter().map(number).collect()
}

fn whom(term: &Term, topology: &Topology) -> Result<Whom, Issue> {
    let nodes = term.candidates(topology)?;
    let Who::Role(word, name) = &term.who else {
        return Ok(Whom::Nodes(nodes));
    };
    if !term.is_role(topology) {
        return Ok(Whom::Nodes(nodes));
    }
    let (of, key) = split_key(name);
    Ok(Whom::Role {
        role: Role::by_word(word).expect("the parser knows the words of roles"),
        of: of.to_owned(),
        key,
        among: nodes,
    })
}

/// `kv/3` is part 3 of `kv`.
pub(crate) fn split_key(name: &str) -> (&str, Option<u64>) {
    let split = name.rsplit_once('/');
    let split = split.and_then(|(of, key)| Some((of, key.parse().ok()?)));
    split.map_or((name, None), |(of, key)| (of, Some(key)))
}
