//! A comparison for people.

use super::beyond::one_sided;
use super::{Beyond, Comparison, Finding, LEVEL, MetricDifference, PropertyDifference, sign_test};
use crate::words::number;
use squall_core::Seed;
use squall_core::property::Verdict;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Differences of metrics shown at the most, unless all are asked for.
const METRICS_MAX: usize = 20;
/// Names shown at the most that only one side has.
const ONLY_MAX: usize = 12;
/// Panics of a side that are shown with their text.
const BEYOND_MAX: usize = 3;
/// Seeds named at the most, a kind of flip.
const SEEDS_MAX: usize = 12;

/// The text of a comparison; `all` shows every metric, also those without a difference.
pub fn text(comparison: &Comparison, all: bool) -> String {
    let mut out = String::new();
    let [a, b] = &comparison.names;
    let count = comparison.seeds.len();
    let plural = if count == 1 { "" } else { "s" };
    let _ = writeln!(out, "COMPARE    {count} seed{plural}, each on both sides");
    let _ = writeln!(out, "  A        {a}\n  B        {b}");
    let _ = writeln!(out, "  finding  {}", sentence(comparison));
    for (side, beyond) in ["A", "B"].into_iter().zip(&comparison.beyond) {
        lines_beyond(&mut out, side, beyond);
    }
    if comparison.beyond.iter().flatten().any(|b| b.panic) {
        out.push_str("           metrics are of the seeds that ran to their end on both sides\n");
    }
    if !comparison.properties.is_empty() {
        let _ = writeln!(
            out,
            "  {:<44} {:>8} {:>8} {:>8} {:>8}",
            "promises: seeds that break them", "A", "B", "A only", "B only"
        );
    }
    for property in &comparison.properties {
        line_of_property(&mut out, property);
    }
    for (label, a, b) in &comparison.landed {
        let _ = writeln!(out, "  landed   {label}: in {a} seeds of A, in {b} of B");
    }
    metrics(&mut out, comparison, all);
    for (side, only) in ["A", "B"].into_iter().zip(&comparison.only) {
        if !only.is_empty() {
            let named = only.iter().take(ONLY_MAX).map(String::as_str);
            let named = named.collect::<Vec<_>>().join(", ");
            let more = match only.len().saturating_sub(ONLY_MAX) {
                0 => String::new(),
                more => format!(" and {more} more: `--format json` has all"),
            };
            let _ = writeln!(out, "  only in {side}  {named}{more}");
        }
    }
    let _ = writeln!(out, "  exit code {}", comparison.finding.exit_code());
    out
}

/// What a comparison says, as a sentence.
pub(super) fn sentence(comparison: &Comparison) -> String {
    let sum = |of: fn(&PropertyDifference) -> u64| -> u64 {
        // A seed may break several promises: what counts is the seeds of the promise with most of them.
        comparison.properties.iter().map(of).max().unwrap_or(0)
    };
    let [only_a, only_b] = one_sided(&comparison.beyond);
    let mended = sum(PropertyDifference::mended).max(only_a);
    let broken = sum(PropertyDifference::broken).max(only_b);
    let sure = |p: f64| format!("p {}", number((p * 1e4).round() / 1e4));
    match comparison.finding {
        Finding::Better => format!(
            "B is better: it keeps what A breaks in up to {mended} seeds, and breaks nothing that A keeps ({})",
            sure(sign_test(mended, 0))
        ),
        Finding::Worse => format!(
            "B is worse: it breaks what A keeps in up to {broken} seeds, and keeps nothing that A breaks ({})",
            sure(sign_test(0, broken))
        ),
        Finding::Mixed => format!(
            "mixed: B keeps what A breaks in up to {mended} seeds, and breaks what A keeps in up to {broken} ({})",
            sure(sign_test(mended, broken))
        ),
        Finding::Numbers => "the same promises are kept; numbers differ".to_owned(),
        Finding::None => "no difference was seen".to_owned(),
        Finding::Undecided if comparison.properties.is_empty() && comparison.metrics.is_empty() => {
            "nothing to compare: the sides have no seed with a property or metric in common"
                .to_owned()
        }
        Finding::Undecided => "not decided: seeds of one side are inconclusive".to_owned(),
    }
}

/// What fails seeds of a side besides its promises.
fn lines_beyond(out: &mut String, side: &str, beyond: &[Beyond]) {
    for Beyond {
        seed,
        at,
        panic,
        text,
    } in beyond.iter().take(BEYOND_MAX)
    {
        let what = if *panic { "model code panicked: " } else { "" };
        let _ = writeln!(out, "  {side} broken seed {seed} at {at}: {what}{text}");
    }
    if let Some(more) = beyond.len().checked_sub(BEYOND_MAX).filter(|n| *n > 0) {
        let rest = beyond[BEYOND_MAX..].iter().take(SEEDS_MAX);
        let seeds = rest.map(|b| b.seed.to_string()).collect::<Vec<_>>();
        let _ = writeln!(out, "           and {more} more: {}", seeds.join(" "));
    }
}

fn line_of_property(out: &mut String, property: &PropertyDifference) {
    let _ = writeln!(
        out,
        "    {:<42} {:>8} {:>8} {:>8} {:>8}",
        property.name,
        property.fails_a,
        property.fails_b,
        property.mended(),
        property.broken()
    );
    let mut kinds: BTreeMap<(Verdict, Verdict), Vec<Seed>> = BTreeMap::new();
    for (seed, a, b) in &property.flips {
        kinds.entry((*a, *b)).or_default().push(*seed);
    }
    for ((a, b), seeds) in kinds {
        let named = seeds.iter().take(SEEDS_MAX).map(Seed::to_string);
        let named = named.collect::<Vec<_>>().join(" ");
        let more = match seeds.len().saturating_sub(SEEDS_MAX) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let _ = writeln!(out, "      {a} -> {b}: {named}{more}");
    }
}

fn metrics(out: &mut String, comparison: &Comparison, all: bool) {
    let mut shown: Vec<&MetricDifference> = comparison.metrics.iter().collect();
    let differ = |d: &MetricDifference| d.paired.difference.estimate != 0.0;
    let seen = comparison
        .metrics
        .iter()
        .filter(|d| d.paired.p < LEVEL)
        .count();
    if !all {
        shown.retain(|d| differ(d) && (d.paired.p < LEVEL || comparison.seeds.len() < 2));
        // What workloads measure stands before signals of hosts, of these what changed most first.
        let change = |d: &&MetricDifference| {
            let paired = d.paired;
            let scale = paired.a.abs().max(paired.b.abs()).max(f64::MIN_POSITIVE);
            (paired.difference.estimate / scale).abs()
        };
        shown.sort_by(|x, y| {
            let change = change(y).total_cmp(&change(x));
            x.host.cmp(&y.host).then(change).then(x.name.cmp(&y.name))
        });
    }
    let limit = if all { usize::MAX } else { METRICS_MAX };
    if !shown.is_empty() {
        let _ = writeln!(
            out,
            "  {:<44} {:>10} {:>10} {:>10}   95 % interval",
            "metrics: mean over seeds", "A", "B", "B - A"
        );
    }
    for difference in shown.iter().take(limit) {
        line_of_metric(out, difference);
    }
    let count = comparison.metrics.len();
    if let Some(more) = shown.len().checked_sub(limit).filter(|more| *more > 0) {
        let _ = writeln!(out, "    and {more} more that differ: `--all` shows them");
    }
    if count > 0 {
        let chance = number((count as f64 * LEVEL).round());
        let _ = writeln!(
            out,
            "  caveat   {seen} of {count} numbers differ at 95 %; of so many {chance} would by chance alone.\n           \
             `*` holds for all of them together (Holm)"
        );
        if comparison.seeds.len() < 2 {
            out.push_str("           one seed gives no interval: run more\n");
        }
    }
}

fn line_of_metric(out: &mut String, difference: &MetricDifference) {
    let paired = &difference.paired;
    let name = format!("{} {}", difference.name, difference.statistic);
    let name = match difference.unit.as_str() {
        "" | "1" => name,
        unit => format!("{name} ({unit})"),
    };
    let sure = if difference.p_adjusted < LEVEL {
        " *"
    } else {
        ""
    };
    let interval = match paired.difference.low.is_finite() {
        true => format!(
            "{} to {}",
            number(paired.difference.low),
            number(paired.difference.high)
        ),
        false => "not known".to_owned(),
    };
    let relative = match paired.a == 0.0 {
        true => String::new(),
        false => format!(
            "  {:+.1} %",
            paired.difference.estimate / paired.a.abs() * 100.0
        ),
    };
    let _ = writeln!(
        out,
        "    {name:<42} {:>10} {:>10} {:>10}   {interval}{relative}{sure}",
        number(paired.a),
        number(paired.b),
        number(paired.difference.estimate)
    );
}
