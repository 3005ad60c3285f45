//! Whom a fault hits: nodes, links and services that its parameters name.

use super::{Lowering, Refusal};
use crate::param::{Args, Issue};
use crate::selector::Selector;
use crate::trigger;
use squall_core::plan::LinkTarget;
use squall_core::{NodeId, ServiceId};

impl Lowering<'_> {
    /// The nodes named at `key`, in topology order.
    pub fn nodes(&self, args: &Args, key: &'static str) -> Result<Vec<NodeId>, Refusal> {
        let mut nodes = self.nodes_drawn(args, key)?;
        nodes.sort_unstable();
        Ok(nodes)
    }
    /// The nodes named at `key`, in the order in which they were drawn.
    pub fn nodes_drawn(&self, args: &Args, key: &'static str) -> Result<Vec<NodeId>, Refusal> {
        self.found((args.selector(key), false), key, &[])
            .map_err(|issue| Refusal::arg(key, issue))
    }
    /// The targets of a selector: nodes, or places for nodes that are found when the fault fires.
    /// `apart`: the other end of the links.
    fn found(
        &self,
        (selector, receivers): (&Selector, bool),
        key: &str,
        apart: &[NodeId],
    ) -> Result<Vec<NodeId>, Issue> {
        let purpose = if receivers { "whom" } else { "who" };
        let own = selector.floor;
        let floor = match own.or(self.floor.filter(|_| !receivers)) {
            Some(floor) => Some(floor.over(trigger::whole(selector, self.topology)?)),
            None => None,
        };
        if let Some(floor) = floor.as_ref().filter(|f| f.least as usize >= f.of.len()) {
            let issue = Issue::new("the floor leaves nobody to hit", 0..selector.text.len());
            let (least, nodes) = (floor.least, floor.of.len());
            return Err(issue
                .label(format!("{least} of {nodes} nodes must be left"))
                .help("make `keep_healthy` smaller, or the groups of these nodes larger"));
        }
        if let Some(places) = self.places.at(key, receivers) {
            let mut found = self.found.borrow_mut();
            if found.choices.iter().any(|choice| choice.places == places) {
                return Ok(places.to_vec());
            }
            let before = receivers && !found.choices.is_empty();
            let how = (purpose, before, floor);
            let choice = trigger::choice(selector, self.topology, &self.who, places, how)?;
            found.choices.push(choice);
            return Ok(places.to_vec());
        }
        let mut nodes = selector.resolve_apart(self.topology, &self.who, (purpose, apart))?;
        if let Some(floor) = floor {
            let window = (self.window.from, self.window.until);
            let kept = trigger::kept(&floor, &nodes, window, &self.taken);
            let mut found = self.found.borrow_mut();
            found.floored |= kept < nodes.len();
            for node in nodes.drain(kept..) {
                let name = &self.topology.node(node).name;
                let note = format!("at {} its floor spares {name}", self.window.from);
                found.notes.push(note);
            }
            if nodes.is_empty() {
                found.missed = true;
                let note = format!("at {} its floor leaves nobody", self.window.from);
                found.notes.push(note);
                return Err(Issue::new("the floor leaves nobody", 0..0));
            }
        }
        Ok(nodes)
    }
    /// The nodes that `node` may be: itself, or those that may fill the place that it stands for.
    pub fn may_be<'n>(&'n self, node: &'n NodeId) -> &'n [NodeId] {
        let candidates = self.places.candidates(*node);
        candidates.unwrap_or(core::slice::from_ref(node))
    }
    /// An issue with what stands at `key`, if one of `nodes` is a place: its zone is not known before.
    pub fn known_zones(&self, key: &'static str, nodes: &[NodeId]) -> Result<(), Refusal> {
        let waits = |node: &NodeId| self.places.candidates(*node).is_some();
        if !nodes.iter().any(waits) {
            return Ok(());
        }
        let issue = Issue::new("the zones of these nodes are not known before", 0..0)
            .label("who is hit is found when the fault fires");
        let help = "choose another one, or name nodes and leave `keep_healthy` out";
        Err(Refusal::arg(key, issue.help(help)))
    }
    /// `nodes` in an order that somebody wrote: by number, zone by zone, or drawn for `purpose`.
    ///
    /// # Errors
    /// Zones of who is found when the fault fires.
    pub fn ordered(
        &self,
        (args, key): (&Args, &'static str),
        purpose: &str,
        mut nodes: Vec<NodeId>,
    ) -> Result<Vec<NodeId>, Refusal> {
        match args.word(key) {
            "random" => nodes = self.permutation(purpose, &nodes),
            "zone" => {
                self.known_zones(key, &nodes)?;
                nodes.sort_by_key(|node| (self.topology.node(*node).label("zone"), *node));
            }
            _ => {}
        }
        Ok(nodes)
    }
    /// All nodes of the world that a fault may hit, by number.
    pub fn everybody(&self) -> Vec<NodeId> {
        let nodes = (0..self.topology.nodes().len()).map(NodeId::from_index);
        let here = |node: &NodeId| self.places.candidates(*node).is_none();
        self.unspared(&nodes.filter(here).collect::<Vec<_>>())
    }
    /// Those of `nodes` that `never` does not spare.
    pub fn unspared(&self, nodes: &[NodeId]) -> Vec<NodeId> {
        let spared = &self.topology.spared;
        let left = nodes.iter().copied().filter(|node| !spared.contains(node));
        left.collect()
    }
    /// The links named by `links`, or by `from`, `to` and `both`.
    pub fn links(&self, args: &Args) -> Result<Vec<LinkTarget>, Refusal> {
        if let Some(links) = args.links_opt("links") {
            let refuse = |issue| Refusal::arg("links", issue);
            if let Some(path) = links.path(self.topology) {
                if self.floor.is_some() {
                    let issue = Issue::new("a path has no floor", 0..links.from.text.len());
                    let issue = issue.label("it is of links, and `keep_healthy` of nodes");
                    let help = "remove `keep_healthy`, or name two ends: \"a -> b\"";
                    return Err(refuse(issue.help(help)));
                }
                return path.map_err(refuse);
            }
            crate::selector::apart(&links.from, &links.to, self.topology).map_err(refuse)?;
            let from = self.found((&links.from, false), "links", &[]);
            let from = from.map_err(refuse)?;
            let to = self.found((&links.to, true), "links", &from);
            let to = to.map_err(|issue| refuse(issue.shifted(links.to_start)))?;
            let pairs = crate::selector::pairs(&from, &to, links.both);
            if pairs.is_empty() {
                let issue = Issue::new("selector matches no link", 0..links.to_start);
                return Err(refuse(issue.label("both ends are the same node")));
            }
            return Ok(pairs);
        }
        if args.selector_opt("to").is_none() {
            let issue = Issue::new("missing key `to`", 0..0).label("the receivers are not named");
            return Err(Refusal::arg(
                "from",
                issue.help("add `to`, or write links = \"a -> b\""),
            ));
        }
        if let Some(from) = args.selector_opt("from") {
            let apart = crate::selector::apart(from, args.selector("to"), self.topology);
            apart.map_err(|issue| Refusal::arg("from", issue))?;
        }
        let from = self.nodes(args, "from")?;
        let to = self.found((args.selector("to"), true), "to", &from);
        let to = to.map_err(|issue| Refusal::arg("to", issue))?;
        let links = crate::selector::pairs(&from, &to, args.flag("both"));
        if links.is_empty() {
            let issue =
                Issue::new("selector matches no link", 0..0).label("both ends are the same node");
            return Err(Refusal::arg("to", issue));
        }
        Ok(links)
    }
    /// The service named at `key`.
    pub fn service(&self, args: &Args, key: &'static str) -> Result<ServiceId, Refusal> {
        let name = args.text(key);
        let found = self.topology.find_service(name);
        found.map_err(|issue| Refusal::arg(key, issue))
    }
}
