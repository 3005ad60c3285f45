//! Lowering: the faults of a scenario and a seed become a plan.

use crate::catalog::FaultKind;
use crate::conflict;
use crate::draws::Draws;
use crate::param::{Args, Issue, Place};
use crate::timing::{Timing, Window};
use crate::topology::Topology;
use squall_core::plan::{Entry, Land, LinkTarget, Plan, PlannedFault, Primitive};
use squall_core::rng::SetupStream;
use squall_core::{NodeId, Sample, Seed, ServiceId, VirtualDuration, VirtualTime};

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
}

/// Rounds that one occurrence of an alternating fault may have.
const ROUNDS_MAX: u32 = 10_000;

/// Labels for faults given by (kind, author's name): the name, else the kind and its ordinal among
/// the faults of that kind, from 1.
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
        labels.push(match name {
            Some(name) => name.to_owned(),
            None => format!("{kind}#{}", seen[at].1),
        });
    }
    labels
}

/// Why a fault cannot be lowered: an issue with one of its keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    key: &'static str,
    timing: bool,
    /// What is wrong; its range counts bytes of the key's string, and is empty for all of it.
    pub issue: Issue,
}

impl Refusal {
    /// An issue with a parameter of the fault.
    pub fn arg(key: &'static str, issue: Issue) -> Self {
        Self {
            key,
            timing: false,
            issue,
        }
    }
    /// An issue with its timing.
    pub fn timing(key: &'static str, issue: Issue) -> Self {
        Self {
            key,
            timing: true,
            issue,
        }
    }
    /// The issue at its place in the file.
    pub fn locate(self, args: &Args, record: &Args) -> Issue {
        let args = if self.timing { record } else { args };
        let place: &Place = args.place(self.key);
        if self.issue.range.is_empty() || !args.given(self.key) {
            let end = match args.given(self.key) {
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
    entries: Vec<(VirtualTime, Option<VirtualTime>, Primitive)>,
    notes: Vec<String>,
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
        let resolved = args.selector(key).resolve(self.topology, &self.draws);
        resolved.map_err(|issue| Refusal::arg(key, issue))
    }
    /// The links named by `links`, or by `from`, `to` and `both`.
    pub fn links(&self, args: &Args) -> Result<Vec<LinkTarget>, Refusal> {
        if let Some(links) = args.links_opt("links") {
            let resolved = links.resolve(self.topology, &self.draws);
            return resolved.map_err(|issue| Refusal::arg("links", issue));
        }
        if args.selector_opt("to").is_none() {
            let issue = Issue::new("missing key `to`", 0..0).label("the receivers are not named");
            return Err(Refusal::arg(
                "from",
                issue.help("add `to`, or write links = \"a -> b\""),
            ));
        }
        let from = self.nodes(args, "from")?;
        let apart = ("whom", from.as_slice());
        let to = args
            .selector("to")
            .resolve_apart(self.topology, &self.draws, apart);
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
        if from < self.stop && until.is_none_or(|until| until > from) {
            self.entries.push((from, until, primitive));
        }
    }
    /// Puts a primitive in force for a time that may outlast the occurrence: what follows from it.
    pub(crate) fn beyond(
        &mut self,
        from: VirtualTime,
        until: Option<VirtualTime>,
        primitive: Primitive,
    ) {
        if from < self.stop && until.is_none_or(|until| until > from) {
            self.entries.push((from, until, primitive));
        }
    }
    /// Puts a primitive in force when the occurrence is over: what follows from it, until `until`.
    pub fn afterwards(&mut self, until: Option<VirtualTime>, primitive: Primitive) {
        let Some(from) = self.window.until else {
            return;
        };
        if from < self.stop && until.is_none_or(|until| until > from) {
            self.entries.push((from, until, primitive));
        }
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
    /// Something a person should know.
    pub fn note(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !self.notes.contains(&text) {
            self.notes.push(text);
        }
    }
}

/// Lowers all faults of a scenario for one seed. Every fault is tried, so that all errors are found.
///
/// The faults keep their order; `stop` is the end of the run, and no overlay outlives it.
pub fn lower(
    seed: Seed,
    faults: &[FaultUse],
    topology: &Topology,
    stop: VirtualTime,
) -> Result<Plan, Vec<LowerError>> {
    let mut planned = Vec::with_capacity(faults.len());
    let mut entries = Vec::new();
    let mut errors = Vec::new();
    for (index, fault) in faults.iter().enumerate() {
        match lower_one(seed, fault, topology, stop) {
            Ok((mut plan, parts)) => {
                for (from, until, primitive) in parts {
                    if until.is_some_and(|until| until > stop) {
                        plan.notes
                            .push(format!("cut short: the run stops at {stop}"));
                    }
                    entries.push(Entry {
                        fault: u32::try_from(index).expect("fewer than 2^32 faults"),
                        part: u32::try_from(entries.len()).expect("fewer than 2^32 entries"),
                        from,
                        until: until.map(|until| until.min(stop)),
                        firing: None,
                        primitive,
                    });
                }
                plan.notes.dedup();
                planned.push(plan);
            }
            Err(refusal) => errors.push(LowerError {
                fault: index,
                issue: refusal.locate(&fault.args, &fault.record),
            }),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    number_parts(&mut entries);
    let errors = conflict::find(&entries, faults, topology);
    if errors.is_empty() {
        Ok(Plan::new(planned, entries))
    } else {
        Err(errors)
    }
}

/// Parts count from zero in each fault, so that removing one fault renumbers no other.
fn number_parts(entries: &mut [Entry]) {
    let mut last = None;
    let mut part = 0;
    for entry in entries {
        part = if last == Some(entry.fault) {
            part + 1
        } else {
            0
        };
        last = Some(entry.fault);
        entry.part = part;
    }
}

type Parts = Vec<(VirtualTime, Option<VirtualTime>, Primitive)>;

fn lower_one(
    seed: Seed,
    fault: &FaultUse,
    topology: &Topology,
    stop: VirtualTime,
) -> Result<(PlannedFault, Parts), Refusal> {
    let draws = Draws::new(seed, &fault.label);
    let own = fault.kind.own_length;
    // A length of its own that nobody wrote, a default, gives way to `for`.
    let own = own.filter(|key| fault.args.given(key) || !fault.timing.has_length());
    let own = own.and_then(|key| fault.args.duration_opt(key));
    fault.timing.check_start(stop)?;
    fault.timing.check_length(own, fault.kind.own_length)?;
    let mut lowering = Lowering {
        topology,
        window: Window {
            ordinal: 0,
            from: VirtualTime::ZERO,
            until: None,
        },
        stop,
        draws: draws.clone(),
        entries: Vec::new(),
        notes: Vec::new(),
    };
    let drawn = draws.stream("chance").chance(fault.timing.chance);
    let mut windows = fault.timing.windows(own, &draws, stop)?;
    if windows.is_empty() {
        lowering.note("no occurrence falls into the run");
    }
    if !drawn {
        // It is lowered all the same once, so that its errors do not depend on the seed.
        windows.truncate(1);
    }
    for window in windows {
        lowering.window = window;
        lowering.draws = draws.occurrence(window.ordinal);
        (fault.kind.lower)(&fault.args, &mut lowering)?;
    }
    let mut land = fault.land;
    if !drawn {
        lowering.entries.clear();
        lowering.notes = vec![format!(
            "{}: its chance is {}",
            PlannedFault::NOT_DRAWN,
            fault.timing.chance
        )];
        if land == Land::EverySeed {
            land = Land::Optional;
        }
    }
    let planned = PlannedFault {
        kind: fault.kind.name.to_owned(),
        label: fault.label.clone(),
        land,
        notes: lowering.notes,
    };
    Ok((planned, lowering.entries))
}
