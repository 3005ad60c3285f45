//! Lowering: the faults of a scenario and a seed become a plan.

use crate::catalog::FaultKind;
use crate::conflict;
use crate::draws::Draws;
use crate::param::{Args, Issue, Place};
use crate::selector::Selector;
use crate::timing::{Timing, Window};
use crate::topology::{Phases, Topology};
use crate::trigger::{self, Bound, Places, Taken, Waits};
use core::cell::RefCell;
use squall_core::plan::{
    Choice, Entry, Firing, FiringId, Land, LinkTarget, On, Plan, PlannedFault, Primitive, Trigger,
};
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
    /// Who is found at the moment of firing.
    places: Places,
    found: RefCell<Found>,
    floor: Option<Bound>,
    /// What the plan takes away besides.
    taken: Vec<Taken>,
}

/// What looking for targets leaves behind.
#[derive(Debug, Default)]
struct Found {
    choices: Vec<Choice>,
    notes: Vec<String>,
    /// Whether the floor left nobody.
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
            let choice = trigger::choice(selector, self.topology, &self.draws, places, how)?;
            found.choices.push(choice);
            return Ok(places.to_vec());
        }
        let mut nodes = selector.resolve_apart(self.topology, &self.draws, (purpose, apart))?;
        if let Some(floor) = floor {
            let window = (self.window.from, self.window.until);
            let kept = trigger::kept(&floor, &nodes, window, &self.taken);
            let mut found = self.found.borrow_mut();
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
    /// The links named by `links`, or by `from`, `to` and `both`.
    pub fn links(&self, args: &Args) -> Result<Vec<LinkTarget>, Refusal> {
        if let Some(links) = args.links_opt("links") {
            let refuse = |issue| Refusal::arg("links", issue);
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
    let mut lowered: Vec<Option<Lowered>> = faults.iter().map(|_| None).collect();
    let mut errors = Vec::new();
    let mut taken = Vec::new();
    let labels: Vec<&str> = faults.iter().map(|fault| fault.label.as_str()).collect();
    // Floors are bounded against what the others take away: those without one go first.
    let floored = |index: &usize| trigger::has_floor(&faults[*index]);
    let order = (0..faults.len()).filter(|index| !floored(index));
    for index in order.chain((0..faults.len()).filter(floored)) {
        let fault = &faults[index];
        let others = (labels.as_slice(), index, taken.as_slice());
        match lower_one(seed, fault, topology, stop, others) {
            Ok(result) => {
                let fixed = result.parts.iter().filter(|part| part.firing.is_none());
                taken.extend(fixed.filter_map(|p| Taken::by(p.from, p.until, &p.primitive)));
                lowered[index] = Some(result);
            }
            Err(refusal) => errors.push(LowerError {
                fault: index,
                issue: refusal.locate(&fault.args, &fault.record),
            }),
        }
    }
    if !errors.is_empty() {
        errors.sort_by_key(|error| error.fault);
        return Err(errors);
    }
    let lowered = lowered.into_iter().flatten().collect();
    let (planned, mut entries, triggers) = join(lowered, topology, stop);
    number_parts(&mut entries);
    let errors = conflict::find(&entries, faults, topology);
    if errors.is_empty() {
        Ok(Plan::new(planned, entries).with_triggers(triggers))
    } else {
        Err(errors)
    }
}

/// What one fault becomes; firings count its own triggers, and places begin after the nodes.
struct Lowered {
    planned: PlannedFault,
    parts: Vec<Part>,
    triggers: Vec<Trigger>,
    /// No overlay with an end outlives this.
    ends: VirtualTime,
}

struct Part {
    from: VirtualTime,
    until: Option<VirtualTime>,
    firing: Option<FiringId>,
    primitive: Primitive,
}

/// Puts the faults together: triggers and places get numbers that are unique in the plan.
fn join(
    lowered: Vec<Lowered>,
    topology: &Topology,
    stop: VirtualTime,
) -> (Vec<PlannedFault>, Vec<Entry>, Vec<Trigger>) {
    let (mut planned, mut entries, mut triggers) = (Vec::new(), Vec::new(), Vec::new());
    let nodes = topology.nodes().len();
    let mut places = 0;
    for (index, fault) in lowered.into_iter().enumerate() {
        let Lowered {
            planned: mut plan,
            parts,
            triggers: own,
            ends,
        } = fault;
        let number = u32::try_from(index).expect("fewer than 2^32 faults");
        let before = u32::try_from(triggers.len()).expect("fewer than 2^32 triggers");
        let (shift, mut last) = (places, 0);
        let mut move_place = |node: &mut NodeId| {
            if node.index() >= nodes {
                last = last.max(node.index() + 1 - nodes);
                *node = NodeId::from_index(node.index() + shift);
            }
        };
        for mut trigger in own {
            let choices = trigger.firings.iter_mut().flat_map(|f| &mut f.choices);
            choices.for_each(|choice| choice.places.iter_mut().for_each(&mut move_place));
            triggers.push(Trigger {
                fault: number,
                ..trigger
            });
        }
        for mut part in parts {
            part.primitive.for_each_node(&mut move_place);
            let fixed = part.firing.is_none();
            if fixed && part.until.is_some_and(|until| until > ends) {
                plan.notes.push(match ends == stop {
                    true => format!("cut short: the run stops at {stop}"),
                    false => format!("cut short: its phase ends at {ends}"),
                });
            }
            entries.push(Entry {
                fault: number,
                part: 0,
                from: part.from,
                until: match fixed {
                    true => part.until.map(|until| until.min(ends)),
                    false => part.until,
                },
                firing: part.firing.map(|firing| FiringId {
                    trigger: firing.trigger + before,
                    ..firing
                }),
                primitive: part.primitive,
            });
        }
        places += last;
        plan.notes.dedup();
        planned.push(plan);
    }
    (planned, entries, triggers)
}

/// Whether a fault starts in its phase, whatever the seed.
pub fn check_start(
    timing: &Timing,
    record: &Args,
    topology: &Topology,
    stop: VirtualTime,
) -> Result<(), Refusal> {
    let Ok((from, ends)) = trigger::phase(record, topology, stop) else {
        return Ok(());
    };
    let length = ends.since(from);
    let checked = timing.check_start(VirtualTime::ZERO.saturating_add(length));
    checked.map_err(|refusal| match topology.phases == Phases::default() {
        true => refusal,
        false => Refusal::timing(
            "at",
            Issue::new("fault starts after its phase has ended", 0..0)
                .label(format!("its phase lasts {length}"))
                .help("start it earlier, or let `stop.at` be later"),
        ),
    })
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

/// Lowers one fault. `others`: the labels of all, the position of this one, and what the plan takes
/// away so far.
fn lower_one(
    seed: Seed,
    fault: &FaultUse,
    topology: &Topology,
    stop: VirtualTime,
    (labels, own_index, taken): (&[&str], usize, &[Taken]),
) -> Result<Lowered, Refusal> {
    let draws = Draws::new(seed, &fault.label);
    let own = fault.kind.own_length;
    // A length of its own that nobody wrote, a default, gives way to `for`.
    let own = own.filter(|key| fault.args.given(key) || !fault.timing.has_length());
    let own = own.and_then(|key| fault.args.duration_opt(key));
    let phase = trigger::phase(&fault.record, topology, stop)?;
    let main = VirtualTime::ZERO.saturating_add(phase.1.since(phase.0));
    check_start(&fault.timing, &fault.record, topology, stop)?;
    fault.timing.check_length(own, fault.kind.own_length)?;
    trigger::check_floor(&fault.record)?;
    let waits = Waits::of(&fault.record, topology, labels, own_index, phase)?;
    let floor = Bound::of(&fault.record);
    let mut extended = None;
    let waits_for_floor = trigger::has_floor(fault) && waits.on.is_some();
    let floored = (waits_for_floor, floor.is_some());
    let places = match trigger::needs_places(&fault.args, topology, waits_for_floor) {
        false => Places::default(),
        true => {
            let topology = extended.insert(topology.clone());
            let places = Places::of(&fault.args, topology, floored);
            places?
        }
    };
    let mut lowering = Lowering {
        topology: extended.as_ref().unwrap_or(topology),
        window: Window {
            ordinal: 0,
            from: VirtualTime::ZERO,
            until: None,
        },
        stop: phase.1,
        draws: draws.clone(),
        entries: Vec::new(),
        notes: Vec::new(),
        places,
        found: RefCell::default(),
        floor,
        taken: taken.to_vec(),
    };
    let drawn = draws.stream("chance").chance(fault.timing.chance);
    let mut windows = match &waits.on {
        // Times count from the firing.
        Some(_) => (0..waits.times)
            .map(|ordinal| fault.timing.window(ordinal, VirtualTime::ZERO, own, &draws))
            .collect(),
        None => trigger::later(fault.timing.windows(own, &draws, main)?, phase.0),
    };
    if windows.is_empty() {
        lowering.note("no occurrence falls into the run");
    }
    if !drawn {
        // It is lowered all the same once, so that its errors do not depend on the seed.
        windows.truncate(1);
    }
    let mut lowered = Gathered::default();
    for window in windows {
        lowering.window = window;
        lowering.draws = draws.occurrence(window.ordinal);
        let result = (fault.kind.lower)(&fault.args, &mut lowering);
        let found = lowering.found.take();
        lowering.notes.extend(found.notes);
        if found.missed {
            lowering.entries.clear();
            continue;
        }
        result?;
        lowered.take(&mut lowering, found.choices, &waits);
    }
    lowered.close(&waits);
    let mut land = fault.land;
    if !drawn {
        lowered = Gathered::default();
        lowering.notes = vec![format!("not drawn: its chance is {}", fault.timing.chance)];
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
    Ok(Lowered {
        planned,
        parts: lowered.parts,
        triggers: lowered.triggers,
        ends: phase.1,
    })
}

/// The occurrences of one fault, as they come.
#[derive(Default)]
struct Gathered {
    parts: Vec<Part>,
    triggers: Vec<Trigger>,
    firings: Vec<Firing>,
}

impl Gathered {
    /// Takes one occurrence out of the lowering.
    fn take(&mut self, lowering: &mut Lowering<'_>, choices: Vec<Choice>, waits: &Waits) {
        let entries = core::mem::take(&mut lowering.entries);
        let start = lowering.window.from;
        let number = |n: usize| u32::try_from(n).expect("fewer than 2^32 firings");
        let firing = match &waits.on {
            Some(_) => {
                let delay = waits.delay(&lowering.draws);
                self.firings.push(Firing { delay, choices });
                Some((0, number(self.firings.len() - 1)))
            }
            None if choices.is_empty() => None,
            // Targets are found at a fixed time.
            None => {
                let delay = VirtualDuration::ZERO;
                let firings = vec![Firing { delay, choices }];
                self.triggers.push(waits.trigger(0, On::At(start), firings));
                Some((number(self.triggers.len() - 1), 0))
            }
        };
        let offset = |at: VirtualTime| VirtualTime::ZERO.saturating_add(at.since(start));
        for (from, until, primitive) in entries {
            let (from, until) = match firing {
                Some(_) => (offset(from), until.map(offset)),
                None => (from, until),
            };
            if firing.is_none() {
                lowering.taken.extend(Taken::by(from, until, &primitive));
            }
            self.parts.push(Part {
                from,
                until,
                firing: firing.map(|(trigger, ordinal)| FiringId { trigger, ordinal }),
                primitive,
            });
        }
    }
    /// All firings are there.
    fn close(&mut self, waits: &Waits) {
        if let Some(on) = &waits.on {
            let firings = core::mem::take(&mut self.firings);
            self.triggers.push(waits.trigger(0, on.clone(), firings));
        }
    }
}
