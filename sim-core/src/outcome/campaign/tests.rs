//! Which faults count as having missed, over the seeds of a campaign.

use super::*;
use crate::outcome::Stop;
use crate::plan::Family;
use crate::{Seed, VirtualTime};

const LANDED: Option<Missed> = None;
const IDLE: Option<Missed> = Some(Missed::Idle(Family::Call));
const NOT_DRAWN: Option<Missed> = Some(Missed::NotDrawn);

/// Whether a fault that must land so has missed, if seed by seed it landed, or did not for these reasons.
fn missed(land: Land, seeds: &[Option<Missed>]) -> bool {
    let result = |missed: Option<Missed>| FaultResult {
        label: "it".to_owned(),
        planned: u64::from(missed != NOT_DRAWN),
        landed: u64::from(missed.is_none()),
        first_landing: None,
        active: VirtualDuration::ZERO,
        missed,
        firings: None,
    };
    let seed = |(number, missed): (u64, &Option<Missed>)| SeedResult {
        seed: Seed(number),
        stop: Stop::Finished,
        verdict: Verdict::Pass,
        digest: crate::history::Digest::default(),
        end: VirtualTime::ZERO,
        events: 0,
        records: 0,
        properties: Vec::new(),
        metrics: Vec::new(),
        faults: vec![result(*missed)],
    };
    let seeds = (0..).zip(seeds).map(seed).collect();
    let campaign = Campaign::new(seeds, &[], &[("it".to_owned(), land)]);
    let missed = campaign.faults[0].missed;
    let inconclusive = campaign.verdict == Verdict::Inconclusive;
    assert_eq!(
        missed, inconclusive,
        "a fault that missed makes a campaign inconclusive"
    );
    missed
}

#[test]
fn each_seed_or_any_or_none_must_see_a_fault() {
    use Land::{Any, EverySeed, Optional};
    let cases: [(&[Option<Missed>], [bool; 3]); 6] = [
        // What happened in the seeds; whether that is a miss for `any`, `every seed` and `optional`.
        (&[LANDED, LANDED], [false, false, false]),
        (&[LANDED, IDLE], [false, true, false]),
        (&[IDLE, IDLE], [true, true, false]),
        // A seed that the chance left out asks for nothing, but one of them must have it.
        (&[LANDED, NOT_DRAWN], [false, false, false]),
        (&[LANDED, NOT_DRAWN, IDLE], [false, true, false]),
        (&[NOT_DRAWN, NOT_DRAWN], [true, true, false]),
    ];
    for (seeds, expected) in cases {
        let found = [Any, EverySeed, Optional].map(|land| missed(land, seeds));
        assert_eq!(found, expected, "{seeds:?}");
    }
}
