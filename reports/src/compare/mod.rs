//! Two campaigns on the same seeds: what differs between them, and how sure that is.

mod beyond;
mod document;
mod paired;
mod text;

pub use beyond::Beyond;
pub use document::document;
pub use paired::{Paired, holm, paired, sign_test};
pub use text::text;

use squall_core::Seed;
use squall_core::outcome::{MetricResult, SeedResult};
use squall_core::property::{Summary, Verdict};
use std::collections::{BTreeMap, BTreeSet};

/// One side of a comparison.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// What it is, for people: `shop.toml --with retry-budget`.
    pub name: &'a str,
    /// Its results, in seed order.
    pub seeds: &'a [SeedResult],
    /// Names of the nodes whose signals are sampled. A signal that is missing in a seed was zero.
    pub hosts: &'a [String],
}

/// Statistics of a metric that are compared.
pub const STATISTICS: [&str; 5] = ["count", "mean", "p50", "p99", "max"];

/// The difference of one statistic of one metric.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricDifference {
    /// The metric.
    pub name: String,
    /// The statistic, of [`STATISTICS`].
    pub statistic: &'static str,
    /// The metric's unit; of a count none.
    pub unit: String,
    /// Whether it is a signal of a host.
    pub host: bool,
    /// The difference.
    pub paired: Paired,
    /// The p value that counts all comparisons of this kind together, by [`holm`].
    pub p_adjusted: f64,
}

/// What became of a property from one side to the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PropertyDifference {
    /// The property.
    pub name: String,
    /// Seeds that fail on the first side.
    pub fails_a: u64,
    /// Seeds that fail on the second side.
    pub fails_b: u64,
    /// Seeds with another verdict, in seed order: first side, second side.
    pub flips: Vec<(Seed, Verdict, Verdict)>,
}

impl PropertyDifference {
    /// Seeds that fail on the second side only.
    pub fn broken(&self) -> u64 {
        self.flips
            .iter()
            .filter(|(_, _, b)| *b == Verdict::Fail)
            .count() as u64
    }
    /// Seeds that fail on the first side only.
    pub fn mended(&self) -> u64 {
        self.flips
            .iter()
            .filter(|(_, a, _)| *a == Verdict::Fail)
            .count() as u64
    }
}

/// What a comparison says in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The second side keeps promises that the first breaks, and breaks none that it keeps.
    Better,
    /// The second side breaks promises that the first keeps, and keeps none that it breaks.
    Worse,
    /// Both of these.
    Mixed,
    /// The same promises are kept, some numbers differ.
    Numbers,
    /// No difference was seen.
    None,
    /// There was nothing to compare, or a side was not decided.
    Undecided,
}

impl Finding {
    /// The exit code: 100 where the second side breaks a promise that the first keeps.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Better | Self::Numbers | Self::None => 0,
            Self::Worse | Self::Mixed => 100,
            Self::Undecided => 3,
        }
    }
    /// Its word in the JSON document.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "worse",
            Self::Mixed => "mixed",
            Self::Numbers => "numbers",
            Self::None => "none",
            Self::Undecided => "undecided",
        }
    }
}

/// Two campaigns on the same seeds.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// What the sides are.
    pub names: [String; 2],
    /// The seeds that both have.
    pub seeds: Vec<Seed>,
    /// What fails seeds of either side besides properties, panics above all.
    pub beyond: [Vec<Beyond>; 2],
    /// Properties that both have, in the order of the first side.
    pub properties: Vec<PropertyDifference>,
    /// Metrics that both have, by name.
    pub metrics: Vec<MetricDifference>,
    /// Faults that had an effect in another number of seeds: label, first side, second side. What differs
    /// may be due to that.
    pub landed: Vec<(String, u64, u64)>,
    /// Properties and metrics that only one side has, by name.
    pub only: [Vec<String>; 2],
    /// What it says.
    pub finding: Finding,
}

/// Compares two sides, matched by seed and by name.
pub fn compare(a: &Side<'_>, b: &Side<'_>) -> Comparison {
    let other: BTreeMap<Seed, &SeedResult> = b.seeds.iter().map(|s| (s.seed, s)).collect();
    let both = a
        .seeds
        .iter()
        .filter_map(|a| Some((a, *other.get(&a.seed)?)));
    let both: Vec<(&SeedResult, &SeedResult)> = both.collect();
    let mut only = [Vec::new(), Vec::new()];
    let properties = properties(&both, &mut only);
    // What a run counts until it panics is no measure of a whole run.
    let mut whole = both.clone();
    whole.retain(|(a, b)| !beyond::panicked(a) && !beyond::panicked(b));
    let metrics = metrics(&whole, (a.hosts, b.hosts), &mut only);
    let beyond = [
        beyond::beyond(both.iter().map(|(a, _)| *a)),
        beyond::beyond(both.iter().map(|(_, b)| *b)),
    ];
    let finding = finding(&both, &beyond, &properties, &metrics);
    Comparison {
        names: [a.name.to_owned(), b.name.to_owned()],
        seeds: both.iter().map(|(a, _)| a.seed).collect(),
        landed: landed(&both),
        beyond,
        properties,
        metrics,
        only,
        finding,
    }
}

/// Faults by label, with the seeds of either side in which they had an effect, where these differ.
fn landed(both: &[(&SeedResult, &SeedResult)]) -> Vec<(String, u64, u64)> {
    let mut counts: BTreeMap<&str, [u64; 2]> = BTreeMap::new();
    for (a, b) in both {
        for (side, seed) in [a, b].into_iter().enumerate() {
            for fault in &seed.faults {
                counts.entry(&fault.label).or_default()[side] += u64::from(fault.landed > 0);
            }
        }
    }
    let differ = counts.into_iter().filter(|(_, [a, b])| a != b);
    differ
        .map(|(label, [a, b])| (label.to_owned(), a, b))
        .collect()
}

fn properties(
    both: &[(&SeedResult, &SeedResult)],
    only: &mut [Vec<String>; 2],
) -> Vec<PropertyDifference> {
    // A run that panicked while it was built has no properties; every other one has all.
    let names = |mut seeds: Box<dyn Iterator<Item = &SeedResult> + '_>| -> Vec<String> {
        let with = seeds.find(|seed| !seed.properties.is_empty());
        let properties = with.map_or(&[][..], |seed| &seed.properties);
        properties.iter().map(|p| p.spec.name.clone()).collect()
    };
    let of_a = names(Box::new(both.iter().map(|(a, _)| *a)));
    let of_b = names(Box::new(both.iter().map(|(_, b)| *b)));
    only[0].extend(of_a.iter().filter(|name| !of_b.contains(name)).cloned());
    only[1].extend(of_b.iter().filter(|name| !of_a.contains(name)).cloned());
    let verdict = |seed: &SeedResult, name: &str| {
        let found = seed.properties.iter().find(|p| p.spec.name == name);
        found.map(|p| p.outcome.verdict)
    };
    let difference = |name: &String| {
        let mut difference = PropertyDifference {
            name: name.clone(),
            fails_a: 0,
            fails_b: 0,
            flips: Vec::new(),
        };
        for (a, b) in both {
            let (Some(of_a), Some(of_b)) = (verdict(a, name), verdict(b, name)) else {
                continue;
            };
            difference.fails_a += u64::from(of_a == Verdict::Fail);
            difference.fails_b += u64::from(of_b == Verdict::Fail);
            if of_a != of_b {
                difference.flips.push((a.seed, of_a, of_b));
            }
        }
        difference
    };
    of_a.iter()
        .filter(|name| of_b.contains(name))
        .map(difference)
        .collect()
}

fn metrics(
    both: &[(&SeedResult, &SeedResult)],
    (hosts_a, hosts_b): (&[String], &[String]),
    only: &mut [Vec<String>; 2],
) -> Vec<MetricDifference> {
    let mut sides = [BTreeSet::new(), BTreeSet::new()];
    let mut units: BTreeMap<&str, &str> = BTreeMap::new();
    for (a, b) in both {
        for (side, seed) in sides.iter_mut().zip([a, b]) {
            side.extend(seed.metrics.iter().map(|m| m.name.as_str()));
            units.extend(
                seed.metrics
                    .iter()
                    .map(|m| (m.name.as_str(), m.unit.as_str())),
            );
        }
    }
    let silent = |hosts: &[String], name: &str| {
        let owns = |host: &String| {
            name.strip_prefix(host.as_str())
                .is_some_and(|r| r.starts_with('.'))
        };
        hosts.iter().any(owns)
    };
    let mut differences = Vec::new();
    for (name, unit) in &units {
        let (zero_a, zero_b) = (silent(hosts_a, name), silent(hosts_b, name));
        let has = [
            sides[0].contains(name) || zero_a,
            sides[1].contains(name) || zero_b,
        ];
        if !(has[0] && has[1]) {
            only[usize::from(has[1])].push((*name).to_owned());
            continue;
        }
        let summary = |seed: &SeedResult, zero: bool| {
            let at = seed
                .metrics
                .binary_search_by(|m: &MetricResult| m.name.as_str().cmp(name));
            let found = at.ok().map(|at| seed.metrics[at].summary);
            found.or_else(|| zero.then(Summary::default))
        };
        let pairs = both
            .iter()
            .map(|(a, b)| Some((summary(a, zero_a)?, summary(b, zero_b)?)));
        let pairs: Vec<(Summary, Summary)> = pairs.flatten().collect();
        for statistic in STATISTICS {
            let numbers = pairs
                .iter()
                .map(|(a, b)| (of(a, statistic), of(b, statistic)));
            let numbers: Vec<(f64, f64)> = numbers.collect();
            // A signal without a sample on one side has no count to speak of.
            let counts = statistic == "count" && (zero_a || zero_b);
            if let Some(paired) = paired(&numbers).filter(|_| !counts) {
                differences.push(MetricDifference {
                    name: (*name).to_owned(),
                    statistic,
                    host: zero_a || zero_b,
                    unit: if statistic == "count" { "" } else { unit }.to_owned(),
                    paired,
                    p_adjusted: 1.0,
                });
            }
        }
    }
    let values: Vec<f64> = differences.iter().map(|d| d.paired.p).collect();
    for (difference, p) in differences.iter_mut().zip(holm(&values)) {
        difference.p_adjusted = p;
    }
    differences
}

fn of(summary: &Summary, statistic: &str) -> f64 {
    match statistic {
        "count" => summary.count as f64,
        "mean" => summary.mean,
        "p50" => summary.p50,
        "p99" => summary.p99,
        _ => summary.max,
    }
}

fn finding(
    both: &[(&SeedResult, &SeedResult)],
    beyond: &[Vec<Beyond>; 2],
    properties: &[PropertyDifference],
    metrics: &[MetricDifference],
) -> Finding {
    let [only_a, only_b] = beyond::one_sided(beyond);
    let broken = only_b > 0 || properties.iter().any(|p| p.broken() > 0);
    let mended = only_a > 0 || properties.iter().any(|p| p.mended() > 0);
    // That a seed ran into a bound says nothing about who is better.
    let undecided = |seed: &SeedResult| seed.verdict == Verdict::Inconclusive;
    let undecided = both.iter().any(|(a, b)| undecided(a) != undecided(b));
    match (mended, broken) {
        (true, true) => Finding::Mixed,
        (false, true) => Finding::Worse,
        (true, false) if properties.is_empty() => Finding::Better,
        _ if properties.is_empty() && metrics.is_empty() => Finding::Undecided,
        _ if undecided => Finding::Undecided,
        (true, false) => Finding::Better,
        _ if metrics.iter().any(|m| m.p_adjusted < LEVEL) => Finding::Numbers,
        _ => Finding::None,
    }
}

/// Below this p value a difference counts as seen.
pub(crate) const LEVEL: f64 = 0.05;

#[cfg(test)]
mod tests;
