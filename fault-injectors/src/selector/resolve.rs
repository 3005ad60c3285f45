//! Selectors against a topology. Ranges of the issues are bytes of the selector.

mod links;
mod members;

pub(crate) use links::{apart, pairs};

use super::{Filter, Pick, Selector, Term};
use crate::draws::Draws;
use crate::param::Issue;
use crate::topology::Topology;
use members::members_of;
use squall_core::{NodeId, Sample};

impl Selector {
    /// The whole set, in topology order, before anything is picked from it. Never empty. Nodes that
    /// `never` spares are in it: they are held back from faults alone.
    pub fn members(&self, topology: &Topology) -> Result<Vec<NodeId>, Issue> {
        let set = self.set(topology, false)?;
        self.enough(set)
    }
    /// The set without the nodes that `never` spares: whom a fault may hit. Never empty.
    pub fn targets(&self, topology: &Topology) -> Result<Vec<NodeId>, Issue> {
        let set = self.set(topology, false)?;
        self.enough(self.unspared(set, topology)?)
    }
    /// Everybody whom a fault may find in the set: of a role whoever may have it. What roles take away stays.
    pub fn candidates(&self, topology: &Topology) -> Result<Vec<NodeId>, Issue> {
        let set = self.set(topology, true)?;
        self.enough(self.unspared(set, topology)?)
    }
    /// Whether it names roles that nodes take and give up, so that it is resolved when a fault fires.
    pub fn has_roles(&self, topology: &Topology) -> bool {
        let of_filter = |filter: &Filter| match filter {
            Filter::Only(term) => term.is_role(topology),
            Filter::Without(terms) => terms.iter().any(|term| term.is_role(topology)),
            Filter::Spread(_) => false,
        };
        self.terms.iter().any(|term| term.is_role(topology)) || self.filters.iter().any(of_filter)
    }

    /// The set; `roles`: of everybody who may have them.
    fn set(&self, topology: &Topology, roles: bool) -> Result<Vec<NodeId>, Issue> {
        let members = |term: &Term| match roles && term.is_role(topology) {
            true => term.candidates(topology),
            false => members_of(term, topology),
        };
        let stays = |term: &Term| roles && term.is_role(topology);
        let mut set = Vec::new();
        for term in &self.terms {
            let nodes = members(term)?;
            if !term.minus {
                set.extend(nodes);
            } else if !stays(term) {
                set.retain(|node| !nodes.contains(node));
            }
        }
        for filter in &self.filters {
            match filter {
                Filter::Only(term) => {
                    let nodes = members(term)?;
                    set.retain(|node| nodes.contains(node));
                }
                Filter::Without(terms) => {
                    for term in terms.iter().filter(|term| !stays(term)) {
                        let nodes = members(term)?;
                        set.retain(|node| !nodes.contains(node));
                    }
                }
                Filter::Spread(_) => {}
            }
        }
        set.sort_unstable();
        set.dedup();
        Ok(set)
    }
    /// The set without the nodes that `never` spares.
    fn unspared(&self, mut set: Vec<NodeId>, topology: &Topology) -> Result<Vec<NodeId>, Issue> {
        let named = set.len();
        set.retain(|node| !topology.spared.contains(node));
        if set.is_empty() && named > 0 {
            let issue = Issue::new("selector matches no node", 0..self.text.len());
            let issue = issue.label("everybody it names is spared by `never`");
            return Err(issue.help("name others, or take them out of `never`"));
        }
        Ok(set)
    }
    /// The set, if as many can be picked from it as are wanted.
    fn enough(&self, set: Vec<NodeId>) -> Result<Vec<NodeId>, Issue> {
        let wanted = match self.pick {
            Pick::Any(n) => n as usize,
            _ => 1,
        };
        let most = match self.pick {
            Pick::Minority => set.len().saturating_sub(1) / 2,
            _ => set.len(),
        };
        if most >= wanted {
            return Ok(set);
        }
        let whole = 0..self.text.len();
        Err(match set.len() {
            0 => Issue::new("selector matches no node", whole).label("nobody is left"),
            n if wanted > n => Issue::new("selector picks more than there are", whole)
                .label(format!("{wanted} wanted, {n} there"))
                .help(format!("write `any {n} of ..`, or `all of ..`")),
            n => Issue::new("selector picks nobody", whole)
                .label(format!("there are {n} nodes to pick from"))
                .help("a minority needs three nodes; name more, or write `any 1 of ..`"),
        })
    }

    /// The targets of one occurrence, in the order in which they were drawn; `all` in topology order.
    pub fn resolve(&self, topology: &Topology, draws: &Draws) -> Result<Vec<NodeId>, Issue> {
        self.resolve_apart(topology, draws, ("who", &[]))
    }

    /// [`Selector::resolve`] for the other end of a link: nodes of `apart` are drawn last.
    pub(crate) fn resolve_apart(
        &self,
        topology: &Topology,
        draws: &Draws,
        (purpose, apart): (&str, &[NodeId]),
    ) -> Result<Vec<NodeId>, Issue> {
        let mut set = self.targets(topology)?;
        if !self.is_drawn() {
            return Ok(set);
        }
        set.sort_by_cached_key(|id| {
            let rank = draws.rank(purpose, &topology.node(*id).name);
            (apart.contains(id), rank, *id)
        });
        for filter in &self.filters {
            if let Filter::Spread(label) = filter {
                set = spread(&set, label, topology);
            }
        }
        set.truncate(self.pick.count(set.len(), draws));
        Ok(set)
    }
}

impl Pick {
    /// How many of `n`.
    fn count(self, n: usize, draws: &Draws) -> usize {
        match self {
            Self::All => n,
            Self::Any(count) => count as usize,
            Self::Minority => (n - 1) / 2,
            Self::Majority => n / 2 + 1,
            Self::Share { parts, up_to } => {
                let most = (n * parts as usize).div_ceil(10_000).max(1);
                if up_to {
                    1 + draws.stream("how many").index(most)
                } else {
                    most
                }
            }
        }
    }
}

/// `set` round robin over the values of a label, each in the order of its first member.
fn spread(set: &[NodeId], label: &str, topology: &Topology) -> Vec<NodeId> {
    let mut rounds: Vec<(Option<&str>, u32)> = Vec::new();
    let mut keyed = Vec::with_capacity(set.len());
    for &id in set {
        let value = topology.node(id).label(label);
        let at = rounds
            .iter()
            .position(|(v, _)| *v == value)
            .unwrap_or_else(|| {
                rounds.push((value, 0));
                rounds.len() - 1
            });
        keyed.push(((rounds[at].1, at), id));
        rounds[at].1 += 1;
    }
    keyed.sort_unstable_by_key(|(key, _)| *key);
    keyed.into_iter().map(|(_, id)| id).collect()
}
