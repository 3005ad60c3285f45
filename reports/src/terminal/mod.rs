//! What a person reads: verdict first, then what was promised and broken, when, under which faults,
//! and the one command that repeats it.

mod lines;
mod seed;

pub(crate) use lines::{line_of_property, width};
pub(crate) use seed::happened;
pub use seed::seed;

use crate::statistics::{self, Statistics};
use crate::words::{self, Outcome};
use lines::line_of_fault;
use squall_core::outcome::Campaign;
use squall_core::property::Verdict;
use squall_core::recording::Recording;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Digest over the digests of all seeds: one number for the campaign.
pub fn campaign_digest(outcome: &Outcome<'_>) -> squall_core::history::Digest {
    let mut digest = squall_core::history::Digest::default();
    for seed in &outcome.campaign.seeds {
        digest.word(seed.digest.as_u64());
    }
    digest
}

/// The report of a campaign. `failure` is the recording of its first failing seed.
pub fn campaign(outcome: &Outcome<'_>, failure: Option<&Recording>, wall_s: f64) -> String {
    let mut out = String::new();
    let campaign = outcome.campaign;
    let word = match (outcome.expected(), campaign.verdict) {
        (Some(true), Verdict::Fail) => "EXPECTED",
        (Some(false), _) => "UNEXPECTED",
        (_, Verdict::Pass) => "PASS",
        (_, Verdict::Fail) => "FAIL",
        (_, Verdict::NotExercised) => "NOT EXERCISED",
        (_, Verdict::Inconclusive) => "INCONCLUSIVE",
    };
    let failing = campaign.failing().count();
    let _ = write!(
        out,
        "{word}   {}   {}   {wall_s:.1} s",
        outcome.path,
        words::seeds(campaign.seeds.len())
    );
    if failing > 0 {
        let _ = write!(out, "   {failing} failing");
    }
    let _ = writeln!(out, "   campaign digest {}", campaign_digest(outcome));
    if campaign.properties.is_empty() {
        out.push_str(
            "  nothing is promised: add a [[property]]; `squall list properties` shows the kinds\n",
        );
    }
    let width = width(campaign);
    for property in &campaign.properties {
        line_of_property(&mut out, property, width, Some(campaign.seeds.len()));
    }
    for fault in &campaign.faults {
        line_of_fault(&mut out, fault, width, campaign.seeds.len());
    }
    line_of_bound(&mut out, outcome);
    let statistics = Statistics::of(campaign, outcome.wall_s);
    out.push_str(&statistics::lines(outcome, &statistics));
    if let (Some(first), Some(recording)) = (campaign.failing().next(), failure) {
        out.push('\n');
        out.push_str(&seed(outcome, first, recording, false));
    }
    summary(&mut out, outcome);
    out
}

/// A line for each property of a campaign of one seed.
pub fn properties(outcome: &Outcome<'_>) -> String {
    let mut out = String::new();
    for property in &outcome.campaign.properties {
        line_of_property(&mut out, property, width(outcome.campaign), None);
    }
    out
}

/// Seeds that their bound on events ended early: the campaign decides nothing, whatever its lines say.
fn line_of_bound(out: &mut String, outcome: &Outcome<'_>) {
    let seeds = &outcome.campaign.seeds;
    let mut stopped = seeds
        .iter()
        .filter_map(|seed| Some((seed, outcome.bound(seed)?)));
    if let Some((first, why)) = stopped.next() {
        let (count, first) = (stopped.count() + 1, first.seed);
        let _ = writeln!(
            out,
            "  ??   {why} ({count} of {} seeds, first {first})",
            seeds.len()
        );
    }
}

/// The lines that say why a campaign with no violation is no pass: of properties that were not tested
/// or not decided, of faults that did not land, of a bound that ended seeds early.
pub(crate) fn undecided(outcome: &Outcome<'_>) -> String {
    let mut out = String::new();
    let campaign = outcome.campaign;
    let width = width(campaign);
    for property in &campaign.properties {
        if matches!(
            property.verdict,
            Verdict::NotExercised | Verdict::Inconclusive
        ) {
            line_of_property(&mut out, property, width, Some(campaign.seeds.len()));
        }
    }
    for fault in &campaign.faults {
        line_of_fault(&mut out, fault, width, campaign.seeds.len());
    }
    line_of_bound(&mut out, outcome);
    out
}

/// How many faults landed in any seed, of how many: those of a group or of a climate one by one.
fn landed(campaign: &Campaign) -> (usize, usize) {
    let mut faults: BTreeMap<&str, bool> = BTreeMap::new();
    for fault in campaign.seeds.iter().flat_map(|seed| &seed.faults) {
        *faults.entry(fault.label.as_str()).or_default() |= fault.landed > 0;
    }
    (
        faults.values().filter(|landed| **landed).count(),
        faults.len(),
    )
}

fn summary(out: &mut String, outcome: &Outcome<'_>) {
    let campaign = outcome.campaign;
    let count = |verdict| {
        campaign
            .properties
            .iter()
            .filter(|p| p.verdict == verdict)
            .count()
    };
    let mut parts = vec![format!("{} ok", count(Verdict::Pass))];
    let mut part = |n: usize, text: &str| {
        if n > 0 {
            parts.push(format!("{n} {text}"));
        }
    };
    part(count(Verdict::Fail), "violated");
    part(count(Verdict::Inconclusive), "inconclusive");
    part(count(Verdict::NotExercised), "not exercised");
    let (landed, drawn) = landed(campaign);
    if drawn > 0 {
        parts.push(format!("{landed} of {drawn} faults landed"));
    }
    let _ = write!(out, "{}", parts.join(", "));
    if let (Some(expectation), Some(met)) = (outcome.expectation, outcome.expected()) {
        let says = if met { "as" } else { "against what" };
        let _ = write!(
            out,
            "; verdict {}, {says} its [expect] says",
            campaign.verdict
        );
        if !met {
            let _ = write!(out, " ({})", expectation.verdict);
        }
    }
    let _ = writeln!(out, "   exit code {}", outcome.exit_code());
}
