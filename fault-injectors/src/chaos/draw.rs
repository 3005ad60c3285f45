//! One seed's climate.

use super::recipe::{How, recipe};
use super::values::around;
use super::{Chaos, LABEL};
use crate::catalog::FaultKind;
use crate::compose::{Composed, fill, node_at, record_of};
use crate::draws::Draws;
use crate::lowering::{FaultUse, lower};
use crate::param::{Need, Node};
use crate::timing::{self, Timing};
use crate::topology::Topology;
use squall_core::plan::Land;
use squall_core::{Law, NodeId, Sample, Seed, VirtualDuration};

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
    pub at: String,
    /// How long it lasts.
    pub length: String,
    /// It as a fault of the file.
    pub fault: FaultUse,
}

/// Chance of a kind to be on in a seed, and of a slot beyond the first to be used.
const ON: f64 = 0.5;
/// The shortest and the longest fault, as shares of the time of its slot.
const LENGTH: (f64, f64) = (0.02, 0.5);
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
    /// Shapes of a partition; empty unless the seed has partitions instead of nodes that are down.
    splits: Vec<&'static str>,
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
        let fault = self.fault(drawn.slot, drawn.kind, &args, (&drawn.at, &length));
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
        let down = victims.iter().copied().take(chaos.down_max).collect();
        let on = |kind: &FaultKind| draws.of(kind.name).stream("on").chance(ON);
        let partition = chaos
            .kinds
            .iter()
            .any(|kind| kind.name == "partition" && on(kind));
        let fits = |split: &&&str| {
            let side = side(split, n);
            side >= 1 && side <= chaos.down_max && side + victims.len() + chaos.keep_healthy <= n
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
        if takes_out(kind) && (self.down.is_empty() || !self.splits.is_empty()) {
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
            .filter(|kind| kind.name != "partition" || lane == 0)
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
                self.value(kind, param, *how, draws, &mut stream)?,
            ))
        };
        let mut args: Vec<(&'static str, String)> = recipe.iter().filter_map(value).collect();
        if kind.name == "partition" {
            let split = draws.stream("split").choice(&self.splits);
            args.push(("split", (*split).to_owned()));
        }
        let (at, length) = self.when((turn, turns), draws, attempt);
        let fault = self.chaos.fault(slot, kind, &args, (&at, &length))?;
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
        let healed = plan
            .entries()
            .iter()
            .all(|e| e.until.is_some_and(|until| until <= last));
        // One that would do nothing in this seed is no fault.
        let acts = !plan.entries().is_empty();
        (healed && acts).then_some(Drawn {
            slot,
            kind,
            args,
            at,
            length,
            fault,
        })
    }

    fn value(
        &self,
        kind: &FaultKind,
        param: &crate::param::Param,
        how: How,
        draws: &Draws,
        stream: &mut impl Sample,
    ) -> Option<String> {
        let name = |id: &NodeId| self.topology.node(*id).name.clone();
        let names = |ids: &[NodeId]| ids.iter().map(name).collect::<Vec<_>>().join(" + ");
        Some(match how {
            How::Nodes => names(&self.some(kind, draws)),
            How::Split => names(&self.chaos.pool),
            How::Links => {
                let (some, all) = (
                    names(&self.some(kind, draws)),
                    self.topology.groups().join(" + "),
                );
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

    /// Some of the victims, in topology order.
    fn some(&self, kind: &FaultKind, draws: &Draws) -> Vec<NodeId> {
        let from = if takes_out(kind) {
            &self.down
        } else {
            &self.victims
        };
        let mut some = from.clone();
        some.sort_by_cached_key(|id| (draws.rank("who", &self.topology.node(*id).name), *id));
        some.truncate(1 + draws.stream("how many").index(from.len()));
        some.sort_unstable();
        some
    }

    /// The time of the climate, in nanoseconds.
    fn span(&self) -> f64 {
        self.chaos.until.since(self.chaos.from).as_nanos_f64()
    }

    /// Start and length, both in whole milliseconds.
    fn when(&self, (turn, turns): (u32, u32), draws: &Draws, attempt: u32) -> (String, String) {
        let ms = |ns: f64| (ns / 1e6).floor().max(1.0) * 1e6;
        let each = self.span() / f64::from(turns);
        let shorter = f64::from(1u32 << attempt);
        let law = Law::Loguniform {
            low: each * LENGTH.0 / shorter,
            high: each * LENGTH.1 / shorter,
        };
        let length = ms(law.sample(&mut draws.stream("length")));
        let begin = self.chaos.from.as_secs_f64() * 1e9 + each * f64::from(turn);
        let at = ms(begin + draws.stream("at").between(0.0, (each - length).max(0.0)));
        (exact(at), exact(length))
    }
}

/// A time in words, to the nanosecond.
fn exact(ns: f64) -> String {
    crate::param::law_text(&Law::Constant(ns), crate::param::Unit::Time)
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
        (at, length): (&str, &str),
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
        let when: Vec<(&str, Node)> = vec![("at", text(at)), ("for", text(length))];
        let record = record_of(timing::PARAMS, when, place, &mut issues);
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
