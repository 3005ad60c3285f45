//! Lowering: the faults of a scenario and a seed become a plan.

mod plan;
mod turn;

pub use plan::{check_start, lower};
pub(crate) use turn::{Lowered, Scene, Turn, lower_turn};

use crate::catalog::FaultKind;
use crate::compose::Composed;
use crate::draws::Draws;
use crate::param::{Args, Issue, Place};
use crate::selector::Selector;
use crate::timing::{Timing, Window};
use crate::topology::Topology;
use crate::trigger::{self, Bound, Places, Taken};
use core::cell::RefCell;
use squall_core::plan::{Choice, Land, LinkTarget, On, Primitive};
use squall_core::rng::SetupStream;
use squall_core::{NodeId, ServiceId, VirtualDuration, VirtualTime};

/// One fault of a scenario: checked words, nothing drawn yet.
#[derive(Clone, Debug)]
pub struct FaultUse {
    /// Which fault.
    pub kind: &'static FaultKind,
    /// Its label, unique in the scenario. Draws are keyed by it.
    pub label: String,
    /// Its own parameters.
    pub args: Args,
    /// When it acts.
    pub timing: Timing,
    /// What it takes to count as having happened.
    pub land: Land,
    /// Line of the scenario file, for messages.
    pub line: u32,
    /// Its whole record, for the places of its timing.
    pub record: Args,
    /// How it stands among others, and what of it changes.
    pub composed: Composed,
}

/// Overlays: from when, until when, what.
pub(crate) type Parts = Vec<(VirtualTime, Option<VirtualTime>, Primitive)>;

/// Rounds that one occurrence of an alternating fault may have.
const ROUNDS_MAX: u32 = 10_000;

/// Labels for faults given by (kind, author's name): the name, else the kind and its ordinal among
/// the faults of that kind, from 1; the first of a preset or of a sort of group is called as that.
pub fn labels<'a>(faults: impl IntoIterator<Item = (&'a str, Option<&'a str>)>) -> Vec<String> {
    let mut seen: Vec<(&str, u32)> = Vec::new();
    let mut labels = Vec::new();
    for (kind, name) in faults {
        let at = seen
            .iter()
            .position(|(k, _)| *k == kind)
            .unwrap_or_else(|| {
                seen.push((kind, 0));
                seen.len() - 1
            });
        seen[at].1 += 1;
        labels.push(match (name, seen[at].1) {
            (Some(name), _) => name.to_owned(),
            (None, 1) if crate::compose::is_composite(kind) => kind.to_owned(),
            (None, ordinal) => format!("{kind}#{ordinal}"),
        });
    }
    labels
}

/// Why a fault cannot be lowered: an issue with one of its keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    about: About,
    /// What is wrong; its range counts bytes of the key's string, and is empty for all of it.
    pub issue: Issue,
}

/// What a refusal is about.
#[derive(Clone, Debug, PartialEq, Eq)]
enum About {
    /// A parameter of the fault.
    Arg(&'static str),
    /// A key of its record.
    Timing(&'static str),
    /// A value inside of a table.
    Inside(Box<Place>),
}

impl Refusal {
    /// An issue with a parameter of the fault.
    pub fn arg(key: &'static str, issue: Issue) -> Self {
        let about = About::Arg(key);
        Self { about, issue }
    }
    /// An issue with its timing.
    pub fn timing(key: &'static str, issue: Issue) -> Self {
        let about = About::Timing(key);
        Self { about, issue }
    }
    /// An issue with a value inside of a table, at this place.
    pub fn inside(place: &Place, issue: Issue) -> Self {
        let about = About::Inside(Box::new(place.clone()));
        Self { about, issue }
    }
    /// The issue at its place in the file.
    pub fn locate(self, args: &Args, record: &Args) -> Issue {
        let (args, key) = match self.about {
            About::Arg(key) => (args, key),
            About::Timing(key) => (record, key),
            About::Inside(place) if self.issue.range.is_empty() => {
                return Issue {
                    range: place.span,
                    ..self.issue
                };
            }
            About::Inside(place) => return place.locate(self.issue),
        };
        let place: &Place = args.place(key);
        if self.issue.range.is_empty() || !args.given(key) {
            let end = match args.given(key) {
                true => place.span.end,
                false => place.span.end.min(place.span.start + 1),
            };
            return Issue {
                range: place.span.start..end,
                ..self.issue
            };
        }
        place.locate(self.issue)
    }
}

impl core::fmt::Display for LowerError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "fault {}: {}", self.fault, self.issue)
    }
}
impl std::error::Error for LowerError {}

/// Why a scenario cannot be lowered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LowerError {
    /// Position of the fault.
    pub fault: usize,
    /// What is wrong; its range is absolute in the file.
    pub issue: Issue,
}

/// What a fault itself waits for.
#[derive(Clone, Debug)]
struct Armed {
    on: On,
    times: u32,
    length: VirtualDuration,
    primitive: Primitive,
}

/// What a fault lowers with: its targets, its window, its draws, and where the result goes.
#[derive(Debug)]
pub struct Lowering<'a> {
    /// The world.
    pub topology: &'a Topology,
    /// The occurrence that is lowered.
    pub window: Window,
    /// The end of the run.
    pub stop: VirtualTime,
    draws: Draws,
    /// Where the draws of its targets come from: those of a preset may be the same for all its parts.
    who: Draws,
    entries: Parts,
    notes: Vec<String>,
    /// Who is found at the moment of firing.
    places: Places,
    found: RefCell<Found>,
    floor: Option<Bound>,
    /// What the plan takes away besides.
    taken: Vec<Taken>,
    /// What it does when something happens.
    armed: Vec<Armed>,
}

/// What looking for targets leaves behind.
#[derive(Debug, Default)]
struct Found {
    choices: Vec<Choice>,
    notes: Vec<String>,
    /// Whether the floor spared somebody.
    floored: bool,
    /// Whether it left nobody.
    missed: bool,
}

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
    /// A draw of a length for one round of a fault that goes in rounds.
    pub fn round_length(
        &self,
        purpose: &str,
        round: u32,
        law: &squall_core::Law,
    ) -> VirtualDuration {
        self.draws.occurrence(round).length(purpose, law)
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
        self.topology.service(name).ok_or_else(|| {
            let known = self.topology.services().iter().map(String::as_str);
            let issue = Issue::new(format!("unknown service `{name}`"), 0..name.len());
            Refusal::arg(key, issue.maybe_help(crate::param::suggest(name, known)))
        })
    }
    /// A stream of draws of this occurrence.
    pub fn stream(&self, purpose: &str) -> SetupStream {
        self.draws.stream(purpose)
    }
    /// A permutation of `nodes`, in which each keeps its place relative to the others.
    pub fn permutation(&self, purpose: &str, nodes: &[NodeId]) -> Vec<NodeId> {
        let mut nodes = nodes.to_vec();
        nodes.sort_by_cached_key(|id| {
            (self.draws.rank(purpose, &self.topology.node(*id).name), *id)
        });
        nodes
    }
    fn put(&mut self, from: VirtualTime, until: Option<VirtualTime>, primitive: Primitive) {
        // What `never` spares is spared also where the fault itself chooses its links.
        let spared = &self.topology.spared;
        let link = primitive.link();
        if link.is_some_and(|link| spared.contains(&link.from) || spared.contains(&link.to)) {
            return self.note("links that end at nodes that `never` spares are left out");
        }
        if from < self.stop && until.is_none_or(|until| until > from) {
            self.entries.push((from, until, primitive));
        }
    }
    /// Puts a primitive in force for the whole occurrence.
    pub fn overlay(&mut self, primitive: Primitive) {
        self.overlay_between(self.window.from, self.window.until, primitive);
    }
    /// Puts a primitive in force for a part of it; parts outside the occurrence are cut off.
    pub fn overlay_between(
        &mut self,
        from: VirtualTime,
        until: Option<VirtualTime>,
        primitive: Primitive,
    ) {
        let until = match (until, self.window.until) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        self.put(from, until, primitive);
    }
    /// Puts a primitive in force for a time that may outlast the occurrence: what follows from it.
    pub(crate) fn beyond(
        &mut self,
        from: VirtualTime,
        until: Option<VirtualTime>,
        primitive: Primitive,
    ) {
        self.put(from, until, primitive);
    }
    /// Puts a primitive in force when the occurrence is over: what follows from it, until `until`.
    pub fn afterwards(&mut self, until: Option<VirtualTime>, primitive: Primitive) {
        let Some(from) = self.window.until else {
            return;
        };
        self.put(from, until, primitive);
    }
    /// Does something each time a record of the run fits `on`, while the occurrence lasts: so often at
    /// the most, for `length` each.
    pub fn whenever(
        &mut self,
        on: On,
        (times, length): (u32, VirtualDuration),
        primitive: Primitive,
    ) {
        self.armed.push(Armed {
            on,
            times,
            length,
            primitive,
        });
    }
    /// Does something at an instant. The plan gives it the shortest length there is.
    pub fn instant(&mut self, at: VirtualTime, primitive: Primitive) {
        if at < self.stop {
            let until = at.saturating_add(VirtualDuration::from_nanos(1));
            self.entries.push((at, Some(until), primitive));
        }
    }
    /// `links` in an order drawn for `purpose`, in which each keeps its place relative to the others.
    pub fn shuffled(&self, purpose: &str, links: &[LinkTarget]) -> Vec<LinkTarget> {
        let mut links = links.to_vec();
        let name = |id: NodeId| &self.topology.node(id).name;
        links.sort_by_cached_key(|link| {
            let ends = format!("{}->{}", name(link.from), name(link.to));
            (self.draws.rank(purpose, &ends), *link)
        });
        links
    }
    /// Alternates until the occurrence is over: nothing for a draw of the law at the first of
    /// `keys`, then the primitives for a draw of the law at the second.
    pub fn alternate(
        &mut self,
        args: &Args,
        keys: (&'static str, &'static str),
        primitives: &[Primitive],
    ) -> Result<(), Refusal> {
        self.alternate_for(None, args, keys, primitives)
    }
    /// [`Lowering::alternate`] in the rhythm of one node.
    pub fn alternate_for(
        &mut self,
        node: Option<NodeId>,
        args: &Args,
        keys: (&'static str, &'static str),
        primitives: &[Primitive],
    ) -> Result<(), Refusal> {
        let (gap, hit) = (args.law(keys.0), args.law(keys.1));
        let draws = match node {
            Some(node) => self.draws.of(&self.topology.node(node).name),
            None => self.draws.clone(),
        };
        let end = self.window.until.unwrap_or(self.stop).min(self.stop);
        let least = VirtualDuration::from_nanos(1);
        let mut at = self.window.from;
        for round in 0..ROUNDS_MAX {
            let draws = draws.occurrence(round);
            at = at.saturating_add(draws.length(keys.0, &gap));
            if at >= end {
                return Ok(());
            }
            let until = at.saturating_add(draws.length(keys.1, &hit).max(least));
            for primitive in primitives {
                self.overlay_between(at, Some(until), primitive.clone());
            }
            at = until;
        }
        let issue = Issue::new(format!("more than {ROUNDS_MAX} rounds"), 0..0);
        Err(Refusal::arg(
            keys.0,
            issue.help("make the fault shorter or its rounds longer"),
        ))
    }
    /// The stream of draws of one node.
    pub fn node_stream(&self, purpose: &str, node: NodeId) -> SetupStream {
        self.draws
            .of(&self.topology.node(node).name)
            .stream(purpose)
    }
    /// One of `names`, drawn for `purpose`: one name more or less leaves the order of the others alone.
    ///
    /// # Panics
    /// If there are none.
    pub(crate) fn first_of<'n>(&self, purpose: &str, names: &[&'n str]) -> &'n str {
        let rank = |name: &&&str| self.draws.rank(purpose, name);
        names
            .iter()
            .min_by_key(rank)
            .expect("there is a name to draw")
    }
    /// The stream of draws of one channel.
    pub(crate) fn channel_stream(
        &self,
        purpose: &str,
        channel: &crate::topology::ChannelInfo,
    ) -> SetupStream {
        self.draws.of(&channel.name).stream(purpose)
    }
    /// The stream of one round of a fault that goes in rounds.
    pub fn round(&self, purpose: &str, round: u32) -> SetupStream {
        self.draws.occurrence(round).stream(purpose)
    }
    /// The overlays so far, for whoever cuts them to size.
    pub(crate) const fn entries_mut(&mut self) -> &mut Parts {
        &mut self.entries
    }
    /// Something a person should know.
    pub fn note(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !self.notes.contains(&text) {
            self.notes.push(text);
        }
    }
}
