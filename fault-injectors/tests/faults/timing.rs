//! Occurrences against their rules, for arbitrary timings.

use crate::common::stop;
use proptest::prelude::*;
use squall_core::{Law, Seed, VirtualDuration, VirtualTime};
use squall_faults::timing::{Dist, Every, Length, Overlap, Timing, Window};
use squall_faults::{Draws, Refusal};

fn timings() -> impl Strategy<Value = Timing> {
    let ms = |range| prop::strategy::Strategy::prop_map(range, VirtualDuration::from_millis);
    let law = (1u64..60_000, 1u64..60_000).prop_map(|(a, b)| Law::Uniform {
        low: a.min(b) as f64 * 1e6,
        high: a.max(b) as f64 * 1e6,
    });
    let dist = prop_oneof![
        Just(Dist::Constant),
        Just(Dist::Uniform),
        Just(Dist::Exponential),
        (1.0f64..50.0).prop_map(Dist::Hyperexponential),
    ];
    let overlap = prop_oneof![
        Just(Overlap::Skip),
        Just(Overlap::Queue),
        Just(Overlap::Stack),
        Just(Overlap::Error),
    ];
    let every = (
        (ms(500u64..90_000), 0.0f64..1.0),
        dist,
        prop::option::of(ms(0u64..700_000)),
        prop::option::of(1u64..20),
        overlap,
    )
        .prop_map(|((mean, least), dist, until, count, overlap)| Every {
            mean,
            dist,
            least: VirtualDuration::from_nanos_f64(mean.as_nanos_f64() * least),
            until,
            count,
            overlap,
        });
    let length = prop_oneof![law.clone().prop_map(Length::Law), Just(Length::Forever)];
    (prop::option::of(law), length, every).prop_map(|(at, length, every)| Timing {
        at,
        length: Some(length),
        every: Some(every),
        chance: 1.0,
    })
}

fn windows(timing: &Timing, seed: u64) -> Result<Vec<Window>, Refusal> {
    timing.windows(None, &Draws::new(Seed(seed), "test"), stop())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn occurrences_keep_their_rules(timing in timings(), seed in any::<u64>()) {
        let every = timing.every.clone().expect("every timing here repeats");
        let Ok(found) = windows(&timing, seed) else {
            prop_assert_eq!(every.overlap, Overlap::Error);
            return Ok(());
        };
        prop_assert_eq!(&Ok(found.clone()), &windows(&timing, seed));
        let end = every.until.map_or(stop(), |d| stop().min(VirtualTime::ZERO + d));
        prop_assert!(every.count.is_none_or(|count| found.len() as u64 <= count));
        for window in &found {
            prop_assert!(window.from < end);
            prop_assert!(window.until.is_none_or(|until| until > window.from));
        }
        for pair in found.windows(2) {
            prop_assert!(pair[0].ordinal < pair[1].ordinal && pair[0].from < pair[1].from);
            let apart = pair[0].until.is_some_and(|until| until <= pair[1].from);
            prop_assert!(apart || every.overlap == Overlap::Stack);
            // One that waits for the end of another may begin soon before the next.
            let gap = pair[1].from.since(pair[0].from);
            prop_assert!(gap >= every.least || every.overlap == Overlap::Queue);
        }
    }

    /// A shorter campaign of occurrences is a prefix of a longer one.
    #[test]
    fn a_count_cuts_the_end_only(timing in timings(), seed in any::<u64>()) {
        let mut all = timing;
        let count = |timing: &mut Timing, n| if let Some(every) = &mut timing.every { every.count = n };
        count(&mut all, None);
        let mut few = all.clone();
        count(&mut few, Some(3));
        if let (Ok(all), Ok(few)) = (windows(&all, seed), windows(&few, seed)) {
            prop_assert_eq!(&all[..all.len().min(3)], &few[..]);
        }
    }
}

/// Gaps have the mean and the variance that were asked for, whatever part of them is fixed.
#[test]
fn gaps_have_the_moments_of_their_law() {
    for (dist, least, cv2) in [
        (Dist::Exponential, 0, 1.0),
        // Half of the gap varies: a quarter of the variance.
        (Dist::Exponential, 500, 0.25),
        (Dist::Hyperexponential(2.4), 0, 2.4),
        (Dist::Constant, 300, 0.0),
    ] {
        let timing = Timing {
            length: Some(Length::Law(Law::Constant(1.0))),
            every: Some(Every {
                mean: VirtualDuration::from_millis(1000),
                dist,
                least: VirtualDuration::from_millis(least),
                until: None,
                count: None,
                overlap: Overlap::Stack,
            }),
            ..Timing::default()
        };
        let mut gaps = Vec::new();
        for seed in 0..40 {
            let found = windows(&timing, seed).expect("nothing is wrong");
            gaps.extend(
                found
                    .windows(2)
                    .map(|w| w[1].from.since(w[0].from).as_secs_f64()),
            );
        }
        let n = gaps.len() as f64;
        let mean = gaps.iter().sum::<f64>() / n;
        let variance = gaps
            .iter()
            .map(|gap| (gap - mean) * (gap - mean))
            .sum::<f64>()
            / n;
        // Five standard errors, of a variance with heavy tails roughly.
        assert!(
            (mean - 1.0).abs() < 5.0 * (cv2 / n).sqrt() + 1e-9,
            "{dist:?}: {mean}"
        );
        let wanted: f64 = cv2;
        assert!(
            (variance - wanted).abs() < 0.15 * wanted + 1e-9,
            "{dist:?}: {variance} {n}"
        );
    }
}
