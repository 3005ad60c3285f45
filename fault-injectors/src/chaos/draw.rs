//! One seed's climate.

use super::recipe::{How, needs_role, recipe};
use super::start::{Again, DELAY_MAX, Moment, Start};
use super::values::around;
use super::{Chaos, LABEL};
use crate::catalog::FaultKind;
use crate::compose::{Composed, fill, node_at, record_of};
use crate::draws::Draws;
use crate::lowering::{FaultUse, lower};
use crate::param::Need;
use crate::timing::{self, Timing};
use crate::topology::{GroupRole, Topology};
use squall_core::plan::Land;
use squall_core::{Law, NodeId, Sample, Seed, VirtualDuration, VirtualTime};

/// A drawn fault: words of the scenario format.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// Its slot, from 1: its label is `chaos/<slot>`, and its draws are keyed by that.
    pub slot: u32,
    /// Which fault.
    pub kind: &'static FaultKind,
    /// Its parameters, as far as they are not the default.
    pub args: Vec<(&'static str, String)>,
    /// When it starts.
    pub start: Start,
    /// How long it lasts.
    pub length: String,
    /// Whether it hits who has a role when it starts; nobody if nobody has it.
    pub asks: bool,
    /// It as a fault of the file.
    pub fault: FaultUse,
}

/// When a fault acts.
struct When {
    start: Start,
    length: String,
}

/// Chance of a kind to be on in a seed, and of a slot beyond the first to be used.
const ON: f64 = 0.5;
/// The shortest and the longest fault, as shares of the time of its slot.
const LENGTH: (f64, f64) = (0.02, 0.5);
/// The same of one of several spells, as shares of the time from one to the next.
const SPELL: (f64, f64) = (0.1, 0.8);
/// Values that cannot be, more cores than there are for instance, are drawn again so many times, each
/// time for a shorter fault.
const ATTEMPTS: u32 = 8;

/// What holds for all slots of a seed.
struct Climate<'a> {
    chaos: &'a Chaos,
    topology: &'a Topology,
    seed: Seed,
    draws: Draws,
    /// Nodes that may be hit.
    victims: Vec<NodeId>,
    /// Those of them that may be down.
    down: Vec<NodeId>,
    /// Kinds that are on.
    kinds: Vec<&'static FaultKind>,
    /// Shapes of a partition; empty unless the seed has partitions. Then no node is down, unless all may be.
    splits: Vec<&'static str>,
    /// Whether the budget has no bound: all nodes may be hit, and down together.
    boundless: bool,
    /// Roles of which somebody may be hit, in words.
    roles: Vec<String>,
}

impl Chaos {
    /// The faults of a seed, in the order of their slots.
    pub fn draw(&self, seed: Seed, topology: &Topology) -> Vec<Drawn> {
        let climate = Climate::new(self, seed, topology);
        (0..self.faults)
            .filter_map(|slot| climate.slot(slot))
            .collect()
    }

    /// The drawn faults as those of a file.
    pub fn faults(&self, seed: Seed, topology: &Topology) -> Vec<FaultUse> {
        self.draw(seed, topology)
            .into_iter()
            .map(|drawn| drawn.fault)
            .collect()
    }
}

impl Chaos {
    /// A drawn fault made shorter, `parts` of 16, and with the defaults of its parameters if it is to be
    /// `plain`; as it was where that cannot be.
    pub fn lessened(&self, drawn: &Drawn, parts: u32, plain: bool) -> Drawn {
        let given = |key: &str| {
            let param = drawn.kind.params.iter().find(|p| p.key == key);
            !plain || !param.is_some_and(|p| matches!(p.need, Need::Default(_)))
        };
        let args: Vec<_> = drawn
            .args
            .iter()
            .filter(|(key, _)| given(key))
            .cloned()
            .collect();
        let whole = crate::param::duration(&drawn.length).unwrap_or_default();
        let ns = whole.as_nanos_f64() / 16.0 * f64::from(parts.clamp(1, 16));
        let length = exact(ns.round().max(1.0));
        let when = When {
            start: drawn.start.clone(),
            length: length.clone(),
        };
        let fault = self.fault(drawn.slot, drawn.kind, &args, (&when, drawn.asks));
        let lessened = fault.map(|fault| Drawn {
            args,
            length,
            fault,
            ..drawn.clone()
        });
        lessened.unwrap_or_else(|| drawn.clone())
    }
}

/// Whether a fault takes nodes out: down, stopped, or cut off.
pub(super) fn takes_out(kind: &FaultKind) -> bool {
    const OUT: [&str; 7] = [
        "crash",
        "power-loss",
        "oom-kill",
        "pause",
        "cut",
        "cut-existing",
        "hold",
    ];
    kind.lowers_to.iter().any(|name| OUT.contains(name))
}

/// Nodes on the smaller side of a partition of `n`.
const fn side(split: &str, n: usize) -> usize {
    match split.as_bytes() {
        b"isolate-one" => 1,
        b"minority-third" => n.saturating_sub(1) / 3,
        _ => n / 2,
    }
}

impl<'a> Climate<'a> {
    fn new(chaos: &'a Chaos, seed: Seed, topology: &'a Topology) -> Self {
        let draws = Draws::new(seed, LABEL);
        let mut order = chaos.pool.clone();
        order.sort_by_cached_key(|id| (draws.rank("victim", &topology.node(*id).name), *id));
        let n = order.len();
        let room = n
            .saturating_sub(chaos.keep_healthy)
            .min(chaos.nodes_max)
            .max(1);
        let mut victims = order;
        victims.truncate(1 + draws.stream("victims").index(room));
        let boundless = chaos.keep_healthy == 0 && chaos.nodes_max.min(chaos.down_max) >= n;
        // Whoever has a role may be anybody; so one place among those who are down is theirs.
        let roles = match chaos.roles {
            true => roles(topology, &chaos.pool),
            false => Vec::new(),
        };
        let reserved = usize::from(!roles.is_empty() && !boundless);
        let down_max = chaos.down_max.saturating_sub(reserved);
        let down = victims.iter().copied().take(down_max).collect();
        let on = |kind: &FaultKind| draws.of(kind.name).stream("on").chance(ON);
        let partition = chaos
            .kinds
            .iter()
            .any(|kind| kind.name == "partition" && on(kind));
        let fits = |split: &&&str| {
            let side = side(split, n);
            boundless
                || side >= 1
                    && side <= chaos.down_max
                    && side + victims.len() + chaos.keep_healthy <= n
        };
        let shapes = ["isolate-one", "minority-third", "halves", "bridge"];
        let enough = |split: &&&str| n >= if **split == "bridge" { 3 } else { 2 };
        let splits: Vec<&'static str> = match partition {
            true => shapes.iter().filter(enough).filter(fits).copied().collect(),
            false => Vec::new(),
        };
        let mut climate = Self {
            chaos,
            topology,
            seed,
            draws: draws.clone(),
            victims,
            down,
            kinds: Vec::new(),
            splits,
            boundless,
            roles,
        };
        let possible: Vec<&'static FaultKind> = chaos
            .kinds
            .iter()
            .copied()
            .filter(|kind| climate.possible(kind))
            .collect();
        climate.kinds = possible.iter().copied().filter(|kind| on(kind)).collect();
        if climate.kinds.is_empty() {
            climate.kinds = possible;
        }
        climate
    }

    /// Whether a fault finds what it needs, and the budget has room for it in this seed.
    fn possible(&self, kind: &FaultKind) -> bool {
        let Ok(recipe) = recipe(kind) else {
            return false;
        };
        if kind.name == "partition" {
            return !self.splits.is_empty();
        }
        let partitioned = !self.splits.is_empty() && !self.boundless;
        let nobody = self.down.is_empty() && self.roles.is_empty();
        if takes_out(kind) && (nobody || partitioned) {
            return false;
        }
        if needs_role(kind) && self.roles.is_empty() {
            return false;
        }
        recipe.iter().all(|(_, how)| match how {
            How::Links => self.topology.nodes().len() > 1,
            How::Service => !self.topology.services().is_empty(),
            How::Workload => !loaded(self.topology).is_empty(),
            _ => true,
        })
    }

    /// The fault of a slot, if it is used.
    fn slot(&self, slot: u32) -> Option<Drawn> {
        let draws = self.draws.of(&format!("{}", slot + 1));
        if slot > 0 && !draws.stream("used").chance(ON) {
            return None;
        }
        // Slots of one lane follow each other; those of different lanes may meet.
        let lanes = self.chaos.concurrent.min(self.chaos.faults);
        let (lane, turn) = (slot % lanes, slot / lanes);
        let turns = self.chaos.faults.div_ceil(lanes);
        let kinds = self.kinds.iter().copied();
        // Two partitions at one time would be a larger one.
        let mut kinds: Vec<&'static FaultKind> = kinds
            .filter(|kind| kind.name != "partition" || lane == 0 || self.boundless)
            .collect();
        kinds.sort_by_cached_key(|kind| (draws.rank("kind", kind.name), kind.name));
        let again = |attempt: u32| match attempt {
            0 => draws.clone(),
            attempt => draws.of(&format!("again {attempt}")),
        };
        let place = (slot + 1, turn, turns);
        // What this world has no room for gives way to the next kind.
        kinds.into_iter().find_map(|kind| {
            (0..ATTEMPTS).find_map(|attempt| self.attempt(kind, place, &again(attempt), attempt))
        })
    }

    /// The fault of a slot with the values of one attempt, if it can be.
    fn attempt(
        &self,
        kind: &'static FaultKind,
        (slot, turn, turns): (u32, u32, u32),
        draws: &Draws,
        attempt: u32,
    ) -> Option<Drawn> {
        let recipe = recipe(kind).ok()?;
        let spells = self.spells(draws);
        // Two who had a role, one after the other, would be more than one.
        let lane = (slot - 1) % self.chaos.concurrent.min(self.chaos.faults);
        let may_ask = self.boundless || lane == 0 || !takes_out(kind);
        let asks =
            may_ask && (needs_role(kind) || self.asks(recipe.iter().map(|(_, how)| *how), draws));
        if needs_role(kind) && !asks {
            return None;
        }
        if !asks && kind.name != "partition" && takes_out(kind) && self.down.is_empty() {
            return None;
        }
        let value = |(param, how): &(&'static crate::param::Param, How)| {
            // Values that exclude each other, in ways that only their fault knows, are drawn apart.
            let default =
                matches!(how, How::OneOf(_) | How::Around(_)) && param.need != Need::Required;
            if attempt > 0 && default && draws.of(param.key).stream("default").chance(ON) {
                return None;
            }
            let mut stream = draws.of(param.key).stream("value");
            Some((
                param.key,
                self.value(kind, (param, *how), (draws, spells, asks), &mut stream)?,
            ))
        };
        let mut args: Vec<(&'static str, String)> = recipe.iter().filter_map(value).collect();
        if kind.name == "partition" {
            let split = draws.stream("split").choice(&self.splits);
            args.push(("split", (*split).to_owned()));
        }
        let when = self.when((turn, turns), (draws, spells), attempt);
        let fault = self.chaos.fault(slot, kind, &args, (&when, asks))?;
        let plan = lower(
            self.seed,
            std::slice::from_ref(&fault),
            self.topology,
            self.chaos.stop,
        )
        .ok()?;
        // Also what follows from it, a clock that is slewed back, is over before the next one.
        let share = f64::from(turn + 1) / f64::from(turns);
        let last = self
            .chaos
            .from
            .saturating_add(VirtualDuration::from_nanos_f64(self.span() * share));
        // Times of one that waits count from its start, a nanosecond after its instant.
        let whole = crate::param::duration(&when.length).unwrap_or_default();
        let own = VirtualTime::ZERO + whole + VirtualDuration::from_nanos(1);
        let healed = plan.entries().iter().all(|e| {
            let last = if e.firing.is_some() { own } else { last };
            e.until.is_some_and(|until| until <= last)
        });
        // One that would do nothing in this seed is no fault.
        let acts = !plan.entries().is_empty();
        (healed && acts).then_some(Drawn {
            slot,
            kind,
            args,
            start: when.start,
            length: when.length,
            asks,
            fault,
        })
    }

    fn value(
        &self,
        kind: &FaultKind,
        (param, how): (&crate::param::Param, How),
        (draws, spells, asks): (&Draws, u32, bool),
        stream: &mut impl Sample,
    ) -> Option<String> {
        let name = |id: &NodeId| self.topology.node(*id).name.clone();
        let names = |ids: &[NodeId]| ids.iter().map(name).collect::<Vec<_>>().join(" + ");
        let some = || match (asks, spells) {
            (true, _) => draws.stream("role").choice(&self.roles).clone(),
            (false, 1) => names(&self.some(kind, draws)),
            // Each spell draws so many of those who may be hit.
            (false, _) => {
                let mut from = self.from(kind).to_vec();
                from.sort_unstable();
                match 1 + draws.stream("how many").index(from.len()) {
                    all if all == from.len() => names(&from),
                    some => format!("any {some} of {}", names(&from)),
                }
            }
        };
        Some(match how {
            How::Nodes => some(),
            How::Role => draws.stream("role").choice(&self.roles).clone(),
            How::Pool => names(&self.chaos.pool),
            How::Links => {
                // Peers may lose each other while others still reach both sides.
                let all = match draws.stream("whom").chance(ON) {
                    true => names(&self.chaos.pool),
                    false => self.topology.groups().join(" + "),
                };
                let some = some();
                match draws.stream("direction").index(3) {
                    0 => format!("{some} -> {all}"),
                    1 => format!("{all} -> {some}"),
                    _ => format!("{some} <-> {all}"),
                }
            }
            How::Service => draws
                .stream("service")
                .choice(self.topology.services())
                .clone(),
            How::Workload => draws
                .stream("workload")
                .choice(&loaded(self.topology))
                .clone(),
            How::Words(words) => fill(words, stream),
            How::OneOf(words) => (*stream.choice(words)).to_owned(),
            How::Around(words) => around(&param.kind, words, stream)?,
        })
    }

    /// Those of the victims whom a fault may hit.
    fn from(&self, kind: &FaultKind) -> &[NodeId] {
        match takes_out(kind) {
            true => &self.down,
            false => &self.victims,
        }
    }
    /// How many spells a fault may have; few are as likely as many.
    fn spells(&self, draws: &Draws) -> u32 {
        let most = f64::from(self.chaos.spells);
        let law = Law::Loguniform {
            low: 1.0,
            high: most + 1.0,
        };
        let drawn = match self.chaos.spells {
            1 => 1.0,
            _ => law.sample(&mut draws.stream("spells")),
        };
        (2..=self.chaos.spells)
            .take_while(|n| f64::from(*n) <= drawn)
            .last()
            .unwrap_or(1)
    }
    /// Whether a fault hits who has a role.
    fn asks(&self, mut recipe: impl Iterator<Item = How>, draws: &Draws) -> bool {
        let targets = recipe.any(|how| matches!(how, How::Nodes | How::Links));
        targets && !self.roles.is_empty() && draws.stream("asks").chance(ON)
    }
    /// Some of the victims, in topology order.
    fn some(&self, kind: &FaultKind, draws: &Draws) -> Vec<NodeId> {
        let from = self.from(kind);
        let mut some = from.to_vec();
        some.sort_by_cached_key(|id| (draws.rank("who", &self.topology.node(*id).name), *id));
        some.truncate(1 + draws.stream("how many").index(from.len()));
        some.sort_unstable();
        some
    }

    /// The time of the climate, in nanoseconds.
    fn span(&self) -> f64 {
        self.chaos.until.since(self.chaos.from).as_nanos_f64()
    }

    /// Start, length and repetition, in whole milliseconds.
    fn when(
        &self,
        (turn, turns): (u32, u32),
        (draws, spells): (&Draws, u32),
        attempt: u32,
    ) -> When {
        let ms = |ns: f64| (ns / 1e6).floor().max(1.0) * 1e6;
        let turn_ns = self.span() / f64::from(turns);
        let each = turn_ns / f64::from(spells);
        let shorter = f64::from(1u32 << attempt);
        let (low, high) = if spells > 1 { SPELL } else { LENGTH };
        let law = Law::Loguniform {
            low: each * low / shorter,
            high: each * high / shorter,
        };
        let length = ms(law.sample(&mut draws.stream("length")));
        let begin = self.chaos.from.as_secs_f64() * 1e9 + turn_ns * f64::from(turn);
        let at = ms(begin + draws.stream("at").between(0.0, (each - length).max(0.0)));
        let last = ms(begin + turn_ns - length);
        // The latest moment from which it is over in time: it may start so long after it, and a nanosecond.
        let latest = last - DELAY_MAX - 1e6;
        let moments = &self.chaos.moments;
        let waits = !moments.is_empty() && draws.stream("on").chance(ON);
        let start = match waits && at < latest {
            true => Start::On(Moment {
                event: draws.stream("moment").choice(moments).clone(),
                times: spells,
                within: format!("{}..{}", exact(at), exact(latest)),
                cooldown: exact(length + DELAY_MAX),
            }),
            false => Start::At {
                at: exact(at),
                again: (spells > 1).then(|| Again {
                    mean: exact(ms(each)),
                    until: exact(last),
                }),
            },
        };
        When {
            start,
            length: exact(length),
        }
    }
}

/// A time in words, to the nanosecond.
fn exact(ns: f64) -> String {
    crate::param::law_text(&Law::Constant(ns), crate::param::Unit::Time)
}

/// Roles that only nodes of the pool may have, as selectors.
pub(super) fn roles(topology: &Topology, pool: &[NodeId]) -> Vec<String> {
    let inside = |role: &&GroupRole| role.nodes.iter().all(|node| pool.contains(node));
    let roles = topology.group_roles().iter().filter(inside);
    let word = |role: &GroupRole| match role.role.as_str() {
        "primary" => "primaries".to_owned(),
        role => role.to_owned(),
    };
    roles
        .map(|role| format!("any 1 of {} of {}", word(role), role.of))
        .collect()
}

/// Workloads that have a load.
fn loaded(topology: &Topology) -> Vec<String> {
    let named = topology.workloads().iter().map(|(name, _)| name.clone());
    named
        .filter(|name| topology.knob(&format!("{name}.load")).is_some())
        .collect()
}

impl Chaos {
    /// Drawn words as a fault of the file; `None` for words that cannot be.
    fn fault(
        &self,
        slot: u32,
        kind: &'static FaultKind,
        args: &[(&'static str, String)],
        (when, asks): (&When, bool),
    ) -> Option<FaultUse> {
        let mut issues = Vec::new();
        let place = &self.place;
        let node = |(key, words): &(&'static str, String)| {
            let param = kind.params.iter().find(|p| p.key == *key);
            let param = param.expect("a recipe names parameters of its fault");
            (*key, node_at(&param.kind, words, &place.span))
        };
        let given = args.iter().map(node).collect();
        let args = record_of(kind.params, given, place, &mut issues);
        let text = |words: &str| node_at(&crate::param::Kind::Text, words, &place.span);
        let mut timing = when.start.nodes(&place.span);
        timing.push(("for", text(&when.length)));
        if asks {
            timing.push(("if_none", text("skip")));
        }
        let record = record_of(timing::PARAMS, timing, place, &mut issues);
        issues.is_empty().then(|| FaultUse {
            kind,
            label: format!("{LABEL}/{slot}"),
            args,
            timing: Timing::from_args(&record),
            land: Land::Optional,
            line: self.line,
            record,
            composed: Composed::default(),
        })
    }
}
