//! JUnit: a test suite a scenario file, a test case a seed.

use crate::findings;
use crate::statistics::{self, Statistics};
use crate::terminal::undecided;
use crate::words::Outcome;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use squall_core::outcome::{SeedResult, Stop};
use squall_core::property::Verdict;

/// The report of campaigns, as XML.
///
/// # Errors
/// None in practice: writing goes to memory.
pub fn report(outcomes: &[Outcome<'_>]) -> Result<String, quick_junit::SerializeError> {
    let mut report = Report::new("squall");
    for outcome in outcomes {
        let mut suite = TestSuite::new(outcome.path);
        let statistics = Statistics::of(outcome.campaign, outcome.wall_s);
        properties(&mut suite, &statistics);
        let walls = outcome.wall_s.iter().copied().chain(std::iter::repeat(0.0));
        for (seed, wall) in outcome.campaign.seeds.iter().zip(walls) {
            let mut case = TestCase::new(format!("seed_{}", seed.seed), status(outcome, seed));
            case.set_classname(outcome.path);
            case.set_time(core::time::Duration::from_secs_f64(wall.max(0.0)));
            suite.add_test_case(case);
        }
        suite.add_test_case(whole(outcome, &statistics));
        report.add_test_suite(suite);
    }
    report.to_string()
}

/// What the seeds say together, as properties of the suite.
fn properties(suite: &mut TestSuite, statistics: &Statistics) {
    if let Some(rate) = &statistics.rate {
        suite.add_property(("squall.failure-rate", statistics::share(rate).as_str()));
    }
    for (index, cause) in statistics.causes.iter().enumerate() {
        let text = format!(
            "{}: {}: {} ({}, first {})",
            cause.kind,
            cause.property,
            cause.signature,
            crate::words::seeds(cause.seeds.len()),
            cause.seeds[0]
        );
        suite.add_property((
            format!("squall.cause-{}", index + 1).as_str(),
            text.as_str(),
        ));
    }
    let of = |name: &str, of: Option<statistics::Of<u64>>| {
        of.map(|of| {
            (
                name.to_owned(),
                format!("{} ({} events)", of.seed, of.value),
            )
        })
    };
    let seeds = [
        of("squall.longest-seed", statistics.most_events),
        of("squall.median-seed", statistics.median_events),
    ];
    for (name, value) in seeds.into_iter().flatten() {
        suite.add_property((name.as_str(), value.as_str()));
    }
}

fn status(outcome: &Outcome<'_>, seed: &SeedResult) -> TestCaseStatus {
    let allowed = outcome.expectation.is_some_and(|e| e.allows(seed));
    if seed.verdict != Verdict::Fail || allowed {
        return TestCaseStatus::success();
    }
    let mut text = String::new();
    if let Stop::Panicked(panic) = &seed.stop {
        text.push_str(&format!("model code panicked at {}: {panic}\n", seed.end));
    }
    for property in findings::failing(seed) {
        let first = property.outcome.first.as_ref();
        let what = first.map_or_else(String::new, |v| format!("{}: {}", v.at, v.text));
        text.push_str(&format!("{}: {what}\n", property.spec.name));
    }
    for fault in &seed.faults {
        if let Some(firings) = fault.firings.filter(|firings| firings.failed.is_some()) {
            text.push_str(&format!(
                "fault {}: {}\n",
                fault.label,
                firings.why_failed()
            ));
        }
    }
    text.push_str(&outcome.replay(seed));
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_message(text);
    status
}

/// What only all seeds together can say: what was never tested, and what was expected.
fn whole(outcome: &Outcome<'_>, statistics: &Statistics) -> TestCase {
    let status = match outcome.exit_code() {
        0 => TestCaseStatus::success(),
        code => {
            let kind = if code == 100 {
                NonSuccessKind::Failure
            } else {
                NonSuccessKind::Error
            };
            let mut status = TestCaseStatus::non_success(kind);
            status.set_message(match outcome.differs {
                Some(seed) => format!("nondeterminism: seed {seed} ended in two digests"),
                None => format!(
                    "verdict of the campaign: {}\n{}{}",
                    outcome.campaign.verdict,
                    undecided(outcome),
                    statistics::lines(outcome, statistics)
                ),
            });
            status
        }
    };
    let mut case = TestCase::new("campaign", status);
    case.set_classname(outcome.path);
    case
}
