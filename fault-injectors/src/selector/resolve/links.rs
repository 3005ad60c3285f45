//! Selectors of links: the pairs between two ends, or the links of a path.

use super::super::{LinkSelector, Selector, Who};
use crate::draws::Draws;
use crate::param::{Issue, suggest};
use crate::topology::Topology;
use squall_core::NodeId;
use squall_core::plan::LinkTarget;

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
