//! Selectors against a topology. Ranges of the issues are bytes of the selector.

use super::{Filter, LinkSelector, Pick, Selector, Term, Who};
use crate::draws::Draws;
use crate::param::{Issue, suggest};
use crate::topology::{GroupRole, Topology};
use squall_core::plan::{LinkTarget, Role};
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

impl LinkSelector {
    /// Whether one of its ends names roles that nodes take and give up.
    pub fn has_roles(&self, topology: &Topology) -> bool {
        self.from.has_roles(topology) || self.to.has_roles(topology)
    }
    /// The links of `path of W`, without those that end at nodes that `never` spares; `None` if two ends
    /// are named.
    ///
    /// # Errors
    /// Nobody is called so, or it uses no link that may be hit.
    pub fn path(&self, topology: &Topology) -> Option<Result<Vec<LinkTarget>, Issue>> {
        let path = self.path.as_ref()?;
        let issue = |message: String| Issue::new(message, path.range.clone());
        let found = topology.paths.iter().find(|(name, _)| *name == path.unit);
        let Some((_, links)) = found else {
            let owner = path.unit.split(['.', '/']).next().unwrap_or_default();
            let unread = topology.paths_unread.iter().any(|unread| unread == owner);
            if unread {
                // Any link will do for a first lowering, whose plan nobody runs.
                let link = LinkTarget {
                    from: NodeId::from_index(0),
                    to: NodeId::from_index(1),
                };
                let there = topology.nodes().len() > 1;
                return Some(Ok(there.then_some(link).into_iter().collect()));
            }
            let known = topology.paths.iter().map(|(name, _)| name.as_str());
            let issue = issue(format!("nothing here is called `{}`", path.unit));
            let issue = issue.label("a path is that of a workload, a service or a loop");
            return Some(Err(issue.maybe_help(suggest(&path.unit, known))));
        };
        let spared = |node: &NodeId| topology.spared.contains(node);
        let hit = |link: &&LinkTarget| !spared(&link.from) && !spared(&link.to);
        let left: Vec<LinkTarget> = links.iter().filter(hit).copied().collect();
        Some(match (links.is_empty(), left.is_empty()) {
            (true, _) => Err(issue(format!("`{}` uses no link", path.unit))
                .label("all of it runs on one node, or it talks to nobody")
                .help("put its parts on different nodes, or name two ends: \"a -> b\"")),
            (_, true) => Err(issue(format!("no link of `{}` may be hit", path.unit))
                .label("each ends at a node that `never` spares")
                .help("take one out of `never`")),
            _ => Ok(left),
        })
    }
    /// Whether somebody may be at both ends.
    pub fn check(&self, topology: &Topology) -> Result<(), Issue> {
        self.from.candidates(topology)?;
        let to = self.to.candidates(topology);
        to.map_err(|issue| issue.shifted(self.to_start))?;
        apart(&self.from, &self.to, topology)
    }
    /// The directed links of one occurrence, sorted; a node has no link to itself.
    pub fn resolve(&self, topology: &Topology, draws: &Draws) -> Result<Vec<LinkTarget>, Issue> {
        if let Some(links) = self.path(topology) {
            return links;
        }
        let from = self.from.resolve(topology, draws)?;
        let to = self.to.resolve_apart(topology, draws, ("whom", &from));
        let to = to.map_err(|issue| issue.shifted(self.to_start))?;
        let links = pairs(&from, &to, self.both);
        if links.is_empty() {
            return Err(Issue::new("selector matches no link", 0..self.to_start)
                .label("both ends are the same node"));
        }
        Ok(links)
    }
}

/// Whether the ends of links may be different nodes, if each is the one node that has a role.
pub(crate) fn apart(from: &Selector, to: &Selector, topology: &Topology) -> Result<(), Issue> {
    let sole = |selector: &Selector| match selector.terms.as_slice() {
        [term] if term.is_role(topology) => match &term.who {
            Who::Role(role, of) if SOLE.contains(&role.as_str()) => {
                Some((role.clone(), of.clone()))
            }
            _ => None,
        },
        _ => None,
    };
    match (sole(from), sole(to)) {
        (Some(a), Some(b)) if a == b => {
            let end = from.text.trim_end().len();
            let issue = Issue::new("selector matches no link", 0..end);
            Err(issue
                .label(format!("one node is {} of `{}`, at both ends", a.0, a.1))
                .help(format!("name others: \"{} of {} -> ..\"", a.0, a.1)))
        }
        _ => Ok(()),
    }
}

/// Roles that one node has at a time.
const SOLE: [&str; 3] = ["leader", "holder", "owner"];

/// The links between two sets of nodes, sorted, each once.
pub(crate) fn pairs(from: &[NodeId], to: &[NodeId], both: bool) -> Vec<LinkTarget> {
    let mut links = Vec::new();
    for &a in from {
        for &b in to.iter().filter(|b| **b != a) {
            links.push(LinkTarget { from: a, to: b });
            if both {
                links.push(LinkTarget { from: b, to: a });
            }
        }
    }
    links.sort_unstable();
    links.dedup();
    links
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

impl Term {
    /// Whether it is a role that nodes take and give up.
    pub(crate) fn is_role(&self, topology: &Topology) -> bool {
        matches!(&self.who, Who::Role(role, of) if role_of(role, of, topology).is_some())
    }
    /// Its members; of a role everybody who may have it.
    pub(crate) fn candidates(&self, topology: &Topology) -> Result<Vec<NodeId>, Issue> {
        if let Who::Role(role, of) = &self.who
            && let Some(role) = role_of(role, of, topology)
        {
            return Ok(role.nodes.clone());
        }
        members_of(self, topology)
    }
}

/// The role behind a word of selectors: `followers of kv` are known by who leads.
fn role_of<'t>(word: &str, of: &str, topology: &'t Topology) -> Option<&'t GroupRole> {
    let fixed = topology.roles().iter();
    if fixed.clone().any(|r| r.role == word && r.of == of) {
        return None;
    }
    let role = Role::by_word(word)?.recorded();
    let (group, _) = crate::trigger::split_key(of);
    let mut roles = topology.group_roles().iter();
    roles.find(|r| r.role == role && r.of == group && !r.nodes.is_empty())
}

fn nobody(role: &str, of: &str, topology: &Topology, range: core::ops::Range<usize>) -> Issue {
    let issue = Issue::new(format!("nobody is ever {role} of `{of}`"), range);
    let known = topology.group_roles().iter();
    let known: Vec<String> = known.map(|r| format!("{} of {}", r.role, r.of)).collect();
    match known.is_empty() {
        true => issue.help("no workload of this scenario records roles: name nodes"),
        false => {
            let wanted = format!("{role} of {of}");
            issue.maybe_help(suggest(&wanted, known.iter().map(String::as_str)))
        }
    }
}

fn members_of(term: &Term, topology: &Topology) -> Result<Vec<NodeId>, Issue> {
    let range = || term.range.clone();
    let found = match &term.who {
        Who::Named(name) => {
            let found = topology.nodes_where(|n| n.name == *name || n.group == *name);
            if found.is_empty() {
                let groups = topology.groups();
                let nodes = topology.nodes().iter().map(|n| n.name.as_str());
                let help = suggest(name, groups.iter().copied().chain(nodes));
                return Err(Issue::new(
                    format!("selector names an unknown node group `{name}`"),
                    range(),
                )
                .label(format!("groups here: {}", groups.join(", ")))
                .maybe_help(help));
            }
            found
        }
        Who::Indexed(group, index) => {
            let members = topology.nodes_where(|n| n.group == *group);
            if members.is_empty() {
                let groups = topology.groups();
                return Err(Issue::new(
                    format!("selector names an unknown node group `{group}`"),
                    range(),
                )
                .label(format!("groups here: {}", groups.join(", ")))
                .maybe_help(suggest(group, groups)));
            }
            let Some(id) = members.get(*index as usize) else {
                return Err(
                    Issue::new(format!("`{group}` has no member {index}"), range())
                        .label(format!("members go from 0 to {}", members.len() - 1)),
                );
            };
            vec![*id]
        }
        Who::Label(key, value) => {
            let found = topology.nodes_where(|n| n.label(key) == Some(value));
            if found.is_empty() {
                let mut values: Vec<&str> = topology
                    .nodes()
                    .iter()
                    .filter_map(|n| n.label(key))
                    .collect();
                values.sort_unstable();
                values.dedup();
                return Err(Issue::new(format!("no node has {key} `{value}`"), range())
                    .maybe_help(suggest(value, values)));
            }
            found
        }
        Who::HostOf(name) => {
            let found = topology.workloads().iter().find(|(w, _)| w == name);
            let Some((_, nodes)) = found else {
                let known = topology.workloads().iter().map(|(w, _)| w.as_str());
                return Err(Issue::new(format!("unknown workload `{name}`"), range())
                    .maybe_help(suggest(name, known)));
            };
            nodes.clone()
        }
        Who::Role(role, of) => {
            let found = topology
                .roles()
                .iter()
                .find(|r| r.role == *role && r.of == *of);
            let Some(found) = found else {
                if let Some(known) = role_of(role, of, topology) {
                    let issue = Issue::new(format!("who is {role} of `{of}` changes"), range());
                    let known = topology.node(known.nodes[0]).group.clone();
                    return Err(issue
                        .label("known when a fault fires, and not here")
                        .help(format!("name nodes, for instance \"{known}\"")));
                }
                return Err(nobody(role, of, topology, range()));
            };
            found.nodes.clone()
        }
    };
    Ok(found)
}
