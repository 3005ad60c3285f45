use super::*;
use squall_core::VirtualTime;
use squall_core::history::Digest;
use squall_core::outcome::{PropertyResult, Stop};
use squall_core::property::{PropertyKind, PropertyOutcome, PropertySpec};

fn property(name: &str, verdict: Verdict) -> PropertyResult {
    PropertyResult {
        spec: PropertySpec {
            name: name.into(),
            kind: PropertyKind::Never { event: name.into() },
            line: 1,
            optional: false,
        },
        outcome: PropertyOutcome {
            verdict,
            checked: 1,
            violations: 0,
            margin: None,
            measured: None,
            first: None,
        },
    }
}

fn metric(name: &str, mean: f64) -> MetricResult {
    let summary = Summary {
        count: 10,
        mean,
        ..Summary::default()
    };
    MetricResult {
        name: name.into(),
        unit: "s".into(),
        summary,
    }
}

fn seed(number: u64, verdict: Verdict, metrics: Vec<MetricResult>) -> SeedResult {
    SeedResult {
        seed: Seed(number),
        stop: Stop::Finished,
        verdict,
        digest: Digest::default(),
        end: VirtualTime::ZERO,
        events: 1,
        records: 1,
        properties: vec![property("quick", verdict)],
        metrics,
        faults: Vec::new(),
    }
}

fn side<'a>(name: &'a str, seeds: &'a [SeedResult], hosts: &'a [String]) -> Side<'a> {
    Side { name, seeds, hosts }
}

fn mean<'a>(comparison: &'a Comparison, name: &str) -> Option<&'a MetricDifference> {
    let mut metrics = comparison.metrics.iter();
    metrics.find(|m| m.name == name && m.statistic == "mean")
}

#[test]
fn seeds_and_metrics_are_matched_by_name_and_the_rest_is_listed() {
    use Verdict::{Fail, Pass};
    let a: Vec<SeedResult> = (0..6)
        .map(|n| {
            let verdict = if n < 3 { Fail } else { Pass };
            let latency = metric("shop.latency", 2.0 + n as f64);
            seed(n, verdict, vec![metric("shop.depth", 1.0), latency])
        })
        .collect();
    let b: Vec<SeedResult> = (1..9)
        .map(|n| {
            let wobble = if n % 2 == 0 { 0.01 } else { -0.01 };
            let latency = metric("shop.latency", 1.0 + n as f64 + wobble);
            let mut metrics = vec![latency, metric("web-0.pswpin", 7.0)];
            metrics.insert(0, metric("shop.age", 1.0));
            seed(n, Pass, metrics)
        })
        .collect();
    let hosts = ["web-0".to_owned()];
    let comparison = compare(&side("a", &a, &hosts), &side("b", &b, &hosts));
    assert_eq!(comparison.seeds, (1..6).map(Seed).collect::<Vec<_>>());
    assert_eq!(comparison.only, [vec!["shop.depth"], vec!["shop.age"]]);
    let latency = mean(&comparison, "shop.latency").expect("both have it");
    // Latencies differ by seed far more than by side: only pairs show the difference.
    assert!((latency.paired.difference.estimate + 1.0).abs() < 0.01);
    assert!(latency.paired.difference.high < -0.9, "{latency:?}");
    // A signal that stayed at zero is not in the results of the first side.
    let swap = mean(&comparison, "web-0.pswpin").expect("silence is zero");
    assert_eq!((swap.paired.a, swap.paired.b), (0.0, 7.0));
    assert_eq!(comparison.finding, Finding::Better);
    let quick = &comparison.properties[0];
    assert_eq!(quick.flips, [(Seed(1), Fail, Pass), (Seed(2), Fail, Pass)]);
    assert_eq!(
        (quick.fails_a, quick.fails_b, quick.mended(), quick.broken()),
        (2, 0, 2, 0)
    );
    let text = text(&comparison, false);
    for part in [
        "B is better",
        "fail -> pass: 0x1 0x2",
        "only in A  shop.depth",
        "exit code 0",
    ] {
        assert!(text.contains(part), "no `{part}` in\n{text}");
    }
}

#[test]
fn what_breaks_is_worse_and_what_is_not_decided_is_undecided() {
    use Verdict::{Fail, Inconclusive, Pass};
    let of = |verdicts: &[Verdict]| -> Vec<SeedResult> {
        let numbered = (0..).zip(verdicts);
        numbered
            .map(|(n, v)| seed(n, *v, vec![metric("m", 1.0)]))
            .collect()
    };
    let finding = |a: &[Verdict], b: &[Verdict]| {
        compare(&side("a", &of(a), &[]), &side("b", &of(b), &[])).finding
    };
    assert_eq!(finding(&[Pass, Pass], &[Pass, Fail]), Finding::Worse);
    assert_eq!(finding(&[Fail, Pass], &[Pass, Fail]), Finding::Mixed);
    assert_eq!(finding(&[Fail, Pass], &[Fail, Pass]), Finding::None);
    assert_eq!(
        finding(&[Pass, Pass], &[Pass, Inconclusive]),
        Finding::Undecided
    );
    assert_eq!(finding(&[], &[Pass]), Finding::Undecided);
    assert_eq!(Finding::Worse.exit_code(), 100);
    assert_eq!(Finding::Undecided.exit_code(), 3);
}

/// A run that panics breaks what no property names, and its numbers are those of a part.
#[test]
fn a_panic_is_shown_counts_as_broken_and_moves_no_metric() {
    let panics = |number, built: bool| -> SeedResult {
        let mut result = seed(number, Verdict::Fail, vec![metric("m", 900.0)]);
        result.stop = Stop::Panicked("the ice broke".into());
        result.end = VirtualTime::from_nanos(3_000_000_000);
        result.properties = match built {
            true => vec![property("quick", Verdict::Pass)],
            false => Vec::new(),
        };
        result
    };
    let calm = |number| seed(number, Verdict::Pass, vec![metric("m", 1.0)]);
    // The first seed panics before it has properties: those of the others are compared all the same.
    let a: Vec<SeedResult> = (0..4).map(calm).collect();
    let b = [panics(0, false), panics(1, true), calm(2), calm(3)];
    let worse = compare(&side("a", &a, &[]), &side("b", &b, &[]));
    assert_eq!(worse.finding, Finding::Worse);
    assert_eq!(worse.properties.len(), 1);
    let m = mean(&worse, "m").expect("two whole seeds");
    assert_eq!((m.paired.seeds, m.paired.b), (2, 1.0));
    let shown = text(&worse, false);
    for part in [
        "B is worse: it breaks what A keeps in up to 2 seeds",
        "B broken seed 0x0 at 00:03.000: model code panicked: the ice broke",
        "B broken seed 0x1 at 00:03.000",
        "metrics are of the seeds that ran to their end on both sides",
    ] {
        assert!(shown.contains(part), "no `{part}` in\n{shown}");
    }
    let document = document(&worse, "squall 0");
    assert_eq!(document["broken_b"][0]["text"], "the ice broke");
    let better = compare(&side("b", &b, &[]), &side("a", &a, &[]));
    assert_eq!(better.finding, Finding::Better);
    let both = compare(&side("b", &b, &[]), &side("b", &b, &[]));
    assert_eq!(both.finding, Finding::None, "the same seeds panic");
    let all = [panics(0, false)];
    let all = compare(&side("a", &a, &[]), &side("b", &all, &[]));
    assert_eq!(
        all.finding,
        Finding::Worse,
        "nothing else is left to compare"
    );
}
