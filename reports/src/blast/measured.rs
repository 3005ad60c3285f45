//! What a fault did to each unit: the same seed with it and without it.

use squall_core::depends::{DependencyMap, JobEvent, Sign};
use squall_core::history::{Outcome, What};
use squall_core::outcome::SeedResult;
use squall_core::property::{Stat, Verdict};
use squall_core::recording::Recording;
use squall_core::{NameId, Names, SpanId, VirtualDuration, VirtualTime};
use std::collections::{BTreeMap, BTreeSet};

/// Trouble counts as harm if there is more of it than this multiple of the trouble without the fault:
/// a disturbed schedule moves a few events from one instant to another.
const TROUBLE_FACTOR: f64 = 1.1;
/// Operations are slower if their 99 % quantile is more than this multiple of the one without the fault:
/// the tolerance that scenarios give to recovery.
const SLOWER_FACTOR: f64 = 1.2;
/// Fewer operations on either side than this have no 99 % quantile to speak of.
const OPERATIONS_MIN: u64 = 20;

/// How a unit fared on one side.
#[derive(Clone, Debug, Default, PartialEq)]
struct Fared {
    /// Events that are trouble for it.
    trouble: u64,
    /// Its operations that ended.
    operations: u64,
    /// Those of them that did not end well.
    failed: u64,
    /// Their 99 % quantile, in seconds.
    p99_s: Option<f64>,
}

/// What a fault did to a unit in one seed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Harm {
    /// Properties about it that hold without the fault and are broken with it.
    pub promises: Vec<String>,
    /// Whether there is more trouble with the fault.
    pub trouble: bool,
    /// Whether more of its operations fail.
    pub failures: bool,
    /// Whether its operations are slower.
    pub slower: bool,
    /// Whether anything in the records or the properties says how it fares at all.
    pub watched: bool,
}

impl Harm {
    /// Whether it was reached.
    pub fn any(&self) -> bool {
        !self.promises.is_empty() || self.trouble || self.failures || self.slower
    }
}

/// A seed as it ran.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// What it says.
    pub result: &'a SeedResult,
    /// What happened.
    pub recording: &'a Recording,
}

/// What the fault did to each unit of the map, in its order.
pub fn harm(map: &DependencyMap, with: Run<'_>, without: Run<'_>) -> Vec<Harm> {
    let [fared_with, fared_without] = [with, without].map(|run| fared(map, run.recording));
    let mut harms: Vec<Harm> = fared_with
        .iter()
        .zip(&fared_without)
        .map(|(with, without)| compared(with, without))
        .collect();
    for (a, b) in with
        .result
        .properties
        .iter()
        .zip(&without.result.properties)
    {
        let Some(owner) = map.owner(a.spec.kind.subject()) else {
            continue;
        };
        let mut at = map
            .units()
            .position(|(u, _)| (u.kind, &u.name) == (owner.kind, &owner.name));
        let broken = a.outcome.verdict == Verdict::Fail && b.outcome.verdict != Verdict::Fail;
        let harm = at.take().and_then(|at| harms.get_mut(at));
        if let Some(harm) = harm {
            harm.watched = true;
            if broken {
                harm.promises.push(a.spec.name.clone());
            }
        }
    }
    harms
}

fn compared(with: &Fared, without: &Fared) -> Harm {
    let more = |a: u64, b: u64| a > b && a as f64 > b as f64 * TROUBLE_FACTOR;
    let enough = with.operations.min(without.operations) >= OPERATIONS_MIN;
    let slower = with.p99_s.zip(without.p99_s);
    Harm {
        promises: Vec::new(),
        trouble: more(with.trouble, without.trouble),
        failures: more(with.failed, without.failed),
        slower: enough && slower.is_some_and(|(a, b)| a > b * SLOWER_FACTOR),
        watched: [with, without]
            .iter()
            .any(|side| side.operations + side.trouble > 0),
    }
}

/// Units by the names of records that are signs for them.
#[derive(Default)]
struct Watch<'a> {
    /// Of spans: whose operations they are.
    operations: BTreeMap<NameId, Vec<usize>>,
    /// Of events.
    events: BTreeMap<NameId, Vec<(usize, &'a Sign)>>,
}

impl<'a> Watch<'a> {
    fn new(map: &'a DependencyMap, names: &Names) -> Self {
        let mut watch = Self::default();
        let signs = map.units().map(|(_, signs)| signs).enumerate();
        for (unit, sign) in signs.flat_map(|(unit, signs)| signs.iter().map(move |s| (unit, s))) {
            if let Sign::Operation(name) = sign
                && let Some(name) = names.find(name)
            {
                watch.operations.entry(name).or_default().push(unit);
            }
            for name in sign
                .events()
                .into_iter()
                .filter_map(|name| names.find(name))
            {
                watch.events.entry(name).or_default().push((unit, sign));
            }
        }
        watch
    }
}

/// How each unit of the map fared in one run, in the order of the map.
fn fared(map: &DependencyMap, recording: &Recording) -> Vec<Fared> {
    let names = &recording.header.names;
    let watch = Watch::new(map, names);
    let mut fared = vec![Fared::default(); map.units().count()];
    let mut times: Vec<Vec<f64>> = vec![Vec::new(); fared.len()];
    let mut ended = |fared: &mut Fared, unit: usize, took: VirtualDuration, well: bool| {
        times[unit].push(took.as_secs_f64());
        fared.operations += 1;
        fared.failed += u64::from(!well);
    };
    let mut spans: BTreeMap<SpanId, (NameId, VirtualTime)> = BTreeMap::new();
    let mut jobs: BTreeMap<(usize, u64), VirtualTime> = BTreeMap::new();
    for record in &recording.records {
        match record.what {
            What::Event { name, a, .. } => {
                let text = names.text(name);
                for &(unit, sign) in watch.events.get(&name).into_iter().flatten() {
                    fared[unit].trouble += u64::from(sign.is_trouble(record, text));
                    let Sign::Job(job) = sign else { continue };
                    match job.reads(text, a) {
                        Some(JobEvent::Begins) => drop(jobs.insert((unit, a), record.at)),
                        Some(event) => {
                            if let Some(start) = jobs.remove(&(unit, a)) {
                                let well = event == JobEvent::Done;
                                ended(&mut fared[unit], unit, record.at.since(start), well);
                            }
                        }
                        None => {}
                    }
                }
            }
            What::SpanStart { span, name, .. } if watch.operations.contains_key(&name) => {
                spans.insert(span, (name, record.at));
            }
            What::SpanEnd { span, outcome } => {
                let Some((name, start)) = spans.remove(&span) else {
                    continue;
                };
                for &unit in watch.operations.get(&name).into_iter().flatten() {
                    let well = outcome == Outcome::Ok;
                    ended(&mut fared[unit], unit, record.at.since(start), well);
                }
            }
            _ => {}
        }
    }
    for (fared, times) in fared.iter_mut().zip(&mut times) {
        fared.p99_s = Stat::P99.of(times);
    }
    fared
}

/// A unit over all seeds: where it was predicted to be reached, and where it was.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UnitBlast {
    /// Kind of the unit.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Seeds in which it was predicted and reached.
    pub hit: u64,
    /// Seeds in which it was predicted and not reached, though something watched it.
    pub spared: u64,
    /// Seeds in which it was reached and not predicted.
    pub surprise: u64,
    /// Seeds in which it was predicted and nothing says how it fared.
    pub unwatched: u64,
    /// Properties about it that only the fault breaks, and in how many seeds.
    pub promises: BTreeMap<String, u64>,
    /// What else showed, and in how many seeds.
    pub signs: BTreeMap<&'static str, u64>,
}

/// The blast radius of a fault over seeds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Blast {
    /// Label of the fault.
    pub fault: String,
    /// Seeds that ran.
    pub seeds: u64,
    /// Seeds in which it had an effect.
    pub landed: u64,
    /// Seeds in which model code panicked with it or without it: of these no unit is counted.
    pub panicked: u64,
    /// The units that were predicted or reached in any seed, by kind and name.
    pub units: Vec<UnitBlast>,
}

impl Blast {
    /// An empty one.
    pub fn new(fault: &str) -> Self {
        Self {
            fault: fault.to_owned(),
            ..Self::default()
        }
    }
    /// Adds a seed: what was predicted for its plan, and what was measured, in the order of the map;
    /// nothing if model code panicked. Seeds must come in their order.
    pub fn add(
        &mut self,
        map: &DependencyMap,
        predicted: &[squall_core::depends::Exposure],
        harms: Option<&[Harm]>,
        landed: bool,
    ) {
        self.seeds += 1;
        self.landed += u64::from(landed);
        let Some(harms) = harms else {
            self.panicked += 1;
            return;
        };
        let predicted: BTreeSet<(&str, &str)> = predicted
            .iter()
            .map(|e| (e.kind.as_str(), e.name.as_str()))
            .collect();
        for ((unit, _), harm) in map.units().zip(harms) {
            let expected = predicted.contains(&(unit.kind, unit.name.as_str()));
            if !expected && !harm.any() {
                continue;
            }
            let known = |u: &UnitBlast| u.kind == unit.kind && u.name == unit.name;
            let at = self.units.iter().position(known).unwrap_or_else(|| {
                self.units.push(UnitBlast {
                    kind: unit.kind.to_owned(),
                    name: unit.name.clone(),
                    ..UnitBlast::default()
                });
                self.units.len() - 1
            });
            self.units[at].count(expected, harm);
        }
        self.units
            .sort_by(|a, b| (&a.kind, &a.name).cmp(&(&b.kind, &b.name)));
    }
}

impl UnitBlast {
    fn count(&mut self, expected: bool, harm: &Harm) {
        match (expected, harm.any()) {
            (true, true) => self.hit += 1,
            (false, true) => self.surprise += 1,
            (true, false) if harm.watched => self.spared += 1,
            (true, false) => self.unwatched += 1,
            (false, false) => {}
        }
        for promise in &harm.promises {
            *self.promises.entry(promise.clone()).or_default() += 1;
        }
        let signs = [
            (harm.trouble, "more trouble"),
            (harm.failures, "more failures"),
            (harm.slower, "slower"),
        ];
        for (_, sign) in signs.into_iter().filter(|(shown, _)| *shown) {
            *self.signs.entry(sign).or_default() += 1;
        }
    }
}
