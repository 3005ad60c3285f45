//! Statistics of a campaign for people.

use super::signature::headline;
use super::{Cause, Interval, Of, Statistics, example};
use crate::words::{Outcome, number};
use std::fmt::Write as _;

/// Causes shown at the most; all of them stand in the JSON document.
const CAUSES_MAX: usize = 8;

/// `18.8 % (95 %: 11.1 % to 30.0 %)`.
pub(crate) fn share(rate: &Interval) -> String {
    let percent = |x: f64| number((x * 1000.0).round() / 10.0);
    format!(
        "{} % (95 %: {} % to {} %)",
        percent(rate.estimate),
        percent(rate.low),
        percent(rate.high)
    )
}

/// The lines of a campaign that has more than one seed: what fails how often and why, and which seeds
/// are long.
pub(crate) fn lines(outcome: &Outcome<'_>, statistics: &Statistics) -> String {
    let mut out = String::new();
    if let Some(rate) = statistics.rate.filter(|_| statistics.failing > 0) {
        let (failing, seeds) = (statistics.failing, statistics.seeds);
        let count = statistics.causes.len();
        let plural = if count == 1 { "" } else { "s" };
        let share = share(&rate);
        let _ = writeln!(
            out,
            "  failing    {failing} of {seeds} seeds, {share}, {count} cause{plural}"
        );
    }
    for (index, cause) in statistics.causes.iter().take(CAUSES_MAX).enumerate() {
        lines_of_cause(&mut out, outcome, (index + 1, cause));
    }
    let more = statistics.causes.len().saturating_sub(CAUSES_MAX);
    if more > 0 {
        let _ = writeln!(out, "  and {more} causes more: `--format json` has all");
    }
    if statistics.seeds > 1
        && let (Some(most), Some(median)) = (statistics.most_events, statistics.median_events)
    {
        let of = |of: Of<u64>| format!("{} ({} events)", of.seed, of.value);
        let _ = write!(
            out,
            "  seeds      longest {}, median {}",
            of(most),
            of(median)
        );
        if let (Some(slow), Some(median)) = (statistics.slowest_wall, statistics.median_wall) {
            let of = |of: Of<f64>| format!("{} ({} s)", of.seed, number(of.value));
            let _ = write!(
                out,
                "; by the wall slowest {}, median {}",
                of(slow),
                of(median)
            );
        }
        out.push('\n');
    }
    out
}

fn lines_of_cause(out: &mut String, outcome: &Outcome<'_>, (number, cause): (usize, &Cause)) {
    let (count, first) = (cause.seeds.len(), cause.seeds[0]);
    let plural = if count == 1 { "" } else { "s" };
    let _ = writeln!(
        out,
        "  cause {number:<4} {}: {}   {count} seed{plural}, first {first}",
        cause.kind, cause.property
    );
    if !cause.example.is_empty() {
        let _ = writeln!(
            out,
            "             {}  {}",
            cause.at,
            headline(&cause.example)
        );
    }
    if !cause.also.is_empty() {
        let also = cause
            .also
            .iter()
            .map(|(name, seeds)| format!("{name} ({seeds})"));
        let also = also.collect::<Vec<_>>().join(", ");
        let _ = writeln!(out, "             with it    {also}");
    }
    if let Some(seed) = example(outcome.campaign, cause) {
        let _ = writeln!(out, "             replay     {}", outcome.replay(seed));
    }
}
