//! Lowering: the faults of a scenario and a seed become a plan.

use crate::catalog::FaultKind;
use crate::compose::{Composed, Groups};
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
    /// What it is a part of, and what changes while it lasts.
    pub composed: Composed,
}

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
    /// Where the draws of its targets come from: those of a preset may be the same for all its parts.
    who: Draws,
    entries: Parts,
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
        let resolved = args.selector(key).resolve(self.topology, &self.who);
        resolved.map_err(|issue| Refusal::arg(key, issue))
    }
    /// The links named by `links`, or by `from`, `to` and `both`.
    pub fn links(&self, args: &Args) -> Result<Vec<LinkTarget>, Refusal> {
        if let Some(links) = args.links_opt("links") {
            let resolved = links.resolve(self.topology, &self.who);
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
            .resolve_apart(self.topology, &self.who, apart);
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
    let mut groups = Groups::default();
    for (index, fault) in faults.iter().enumerate() {
        let lowered = match &fault.composed.member {
            None => lower_one(seed, fault, topology, stop),
            Some(member) => groups.lower(seed, member, faults, topology, stop),
        };
        match lowered {
            Ok(lowered) => {
                let mut notes = lowered.notes;
                for (from, until, primitive) in lowered.entries {
                    if until.is_some_and(|until| until > stop) {
                        notes.push(format!("cut short: the run stops at {stop}"));
                    }
                    entries.push(Entry {
                        fault: u32::try_from(index).expect("fewer than 2^32 faults"),
                        part: u32::try_from(entries.len()).expect("fewer than 2^32 entries"),
                        from,
                        until: until.map(|until| until.min(stop)),
                        primitive,
                    });
                }
                notes.dedup();
                planned.push(PlannedFault {
                    kind: fault.kind.name.to_owned(),
                    label: fault.label.clone(),
                    land: match fault.land {
                        Land::EverySeed if !lowered.drawn => Land::Optional,
                        land => land,
                    },
                    notes,
                });
            }
            Err(issue) => errors.push(LowerError {
                fault: index,
                issue,
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

/// Overlays: from when, until when, what.
pub(crate) type Parts = Vec<(VirtualTime, Option<VirtualTime>, Primitive)>;

/// What a fault became.
#[derive(Clone, Debug)]
pub(crate) struct Lowered {
    pub(crate) entries: Parts,
    pub(crate) notes: Vec<String>,
    /// Whether its chance let it happen.
    pub(crate) drawn: bool,
}

impl Lowered {
    /// Nothing yet.
    pub(crate) const fn new() -> Self {
        Self {
            entries: Vec::new(),
            notes: Vec::new(),
            drawn: true,
        }
    }
    /// It does not happen in this seed. It was lowered all the same once, so that its errors do not
    /// depend on the seed.
    pub(crate) fn leave_out(&mut self, why: String) {
        self.entries.clear();
        self.notes = vec![why];
        self.drawn = false;
    }
}

/// A fault that stands alone.
fn lower_one(
    seed: Seed,
    fault: &FaultUse,
    topology: &Topology,
    stop: VirtualTime,
) -> Result<Lowered, Issue> {
    let refused = |refusal: Refusal| refusal.locate(&fault.args, &fault.record);
    let draws = Draws::new(seed, &fault.label);
    let mut lowered = Lowered::new();
    let turn = Turn {
        seed,
        start: VirtualTime::ZERO,
        end: None,
        who: &draws,
        draws: &draws,
    };
    fault.timing.check_start(stop).map_err(refused)?;
    let drawn = draws.stream("chance").chance(fault.timing.chance);
    lower_turn(fault, &turn, drawn, topology, stop, &mut lowered).map_err(refused)?;
    if !drawn {
        lowered.leave_out(format!("not drawn: its chance is {}", fault.timing.chance));
    }
    Ok(lowered)
}

/// When a fault of a group has its turn; a fault that stands alone has one that is the whole run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turn<'a> {
    pub(crate) seed: Seed,
    /// Its times count from here.
    pub(crate) start: VirtualTime,
    /// It is cut off here.
    pub(crate) end: Option<VirtualTime>,
    pub(crate) draws: &'a Draws,
    /// Where the draws of its targets come from.
    pub(crate) who: &'a Draws,
}

/// Lowers one turn of a fault: all its occurrences, or the first alone. Says when it has healed;
/// `None` is never.
pub(crate) fn lower_turn(
    fault: &FaultUse,
    turn: &Turn<'_>,
    all: bool,
    topology: &Topology,
    stop: VirtualTime,
    lowered: &mut Lowered,
) -> Result<Option<VirtualTime>, Refusal> {
    let own = fault.kind.own_length;
    // A length of its own that nobody wrote, a default, gives way to `for`.
    let own = own.filter(|key| fault.args.given(key) || !fault.timing.has_length());
    let own = own.and_then(|key| fault.args.duration_opt(key));
    fault.timing.check_length(own, fault.kind.own_length)?;
    fault.composed.check_ramp(fault, own)?;
    // Once a seed, whatever turn this is.
    let drawn_args = fault
        .composed
        .draw_args(fault, &Draws::new(turn.seed, &fault.label))?;
    let args = drawn_args.as_ref().unwrap_or(&fault.args);
    let start = turn.start.since(VirtualTime::ZERO);
    let end = turn.end.unwrap_or(stop).min(stop);
    let rest = VirtualTime::ZERO + end.since(turn.start);
    let mut windows = fault.timing.windows(own, turn.draws, rest)?;
    let mut lowering = Lowering {
        topology,
        window: Window {
            ordinal: 0,
            from: VirtualTime::ZERO,
            until: None,
        },
        stop,
        draws: turn.draws.clone(),
        who: turn.who.clone(),
        entries: Vec::new(),
        notes: std::mem::take(&mut lowered.notes),
    };
    if windows.is_empty() {
        lowering.note("no occurrence falls into the run");
    }
    if !all {
        windows.truncate(1);
    }
    let mut healed = Some(turn.start);
    for window in windows {
        let until = window.until.map(|until| until.saturating_add(start));
        lowering.window = Window {
            ordinal: window.ordinal,
            from: window.from.saturating_add(start),
            until: match (until, turn.end) {
                (Some(until), Some(end)) => Some(until.min(end)),
                (until, end) => until.or(end),
            },
        };
        let from = lowering.window.from;
        if turn.end.is_some_and(|end| from >= end) {
            continue;
        }
        lowering.draws = turn.draws.occurrence(window.ordinal);
        lowering.who = turn.who.occurrence(window.ordinal);
        healed = healed.zip(lowering.window.until).map(|(a, b)| a.max(b));
        match &fault.composed.ramp {
            None => (fault.kind.lower)(args, &mut lowering)?,
            Some(ramp) => ramp.lower(fault.kind, args, &mut lowering)?,
        }
    }
    for (_, until, _) in &lowering.entries {
        healed = healed.zip(*until).map(|(a, b)| a.max(b));
    }
    lowered.entries.append(&mut lowering.entries);
    lowered.notes = lowering.notes;
    Ok(healed)
}
