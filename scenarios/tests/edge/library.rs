//! The shipped scenarios show what they say, over several seeds.

use crate::lab::{NoFiles, run};
use squall_core::Seed;
use squall_core::outcome::{Campaign, SeedResult};
use squall_core::property::Verdict;
use squall_core::world::World;
use squall_scenarios::{Ready, Settings, parse};

const SEEDS: u64 = 16;

fn load(path: &str, with: &[&str]) -> Ready {
    let full = format!("{}/library/{path}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&full).unwrap_or_else(|e| panic!("{full}: {e}"));
    let settings = Settings {
        with: with.iter().map(|w| (*w).to_owned()).collect(),
        ..Settings::default()
    };
    let scenario = parse(path, &text, &settings).unwrap_or_else(|e| panic!("{e}"));
    scenario.ready(&NoFiles).unwrap_or_else(|e| panic!("{e}"))
}

/// Runs a scenario and checks its expectation: the verdict of the campaign, and that the named
/// properties fail and no others.
fn campaign(path: &str, with: &[&str]) -> Campaign {
    let ready = load(path, with);
    let scenario = &ready.scenario;
    assert!(!scenario.about.source.is_empty(), "{path} cites nothing");
    let mut world = World::new(Seed(0), false);
    let seeds = scenario
        .seeds
        .clone()
        .take(usize::try_from(SEEDS).expect("a few"));
    let results: Vec<SeedResult> = seeds
        .map(|seed| {
            let run = ready.run(Seed(seed), false, &mut world);
            run.unwrap_or_else(|e| panic!("{e}")).result
        })
        .collect();
    // Again, in a new world and with all records kept.
    let first = &results[0];
    let again = run(&ready, first.seed.0).result;
    assert_eq!(again.digest, first.digest, "{path} runs differ");
    let lands: Vec<_> = scenario
        .faults
        .iter()
        .map(|fault| (fault.label.clone(), fault.land))
        .collect();
    let campaign = Campaign::new(results, &scenario.properties, &lands);
    println!("{path} {with:?}: {} in {SEEDS} seeds", campaign.verdict);
    for p in &campaign.properties {
        println!(
            "  {:<32} {:<14} failed {} checked {} closest {:?}",
            p.spec.name,
            p.verdict.to_string(),
            p.failed,
            p.checked,
            p.closest
        );
        assert!(p.exercised > 0, "{path}: {} was not exercised", p.spec.name);
    }
    for fault in &campaign.faults {
        println!("  {:<32} landed in {} seeds", fault.label, fault.landed);
        assert_eq!(fault.landed, SEEDS, "{path}: {} did not land", fault.label);
    }
    let expect = scenario.expect.as_ref().expect("it says what it shows");
    assert_eq!(campaign.verdict, expect.verdict, "{path} {with:?}");
    let named = |i: usize| expect.because.contains(&i);
    for (i, property) in campaign.properties.iter().enumerate() {
        assert_eq!(
            property.verdict == Verdict::Fail,
            named(i),
            "{}",
            property.spec.name
        );
    }
    campaign
}

/// What fails in one seed fails in all.
fn fails_always(campaign: &Campaign) {
    for property in &campaign.properties {
        let failed = property.failed;
        assert!(failed == 0 || failed == SEEDS, "{}", property.spec.name);
    }
}

#[test]
fn servo_jitter_passes_with_margin_and_the_full_delay_is_unstable() {
    let campaign_base = campaign("edge/servo-jitter.toml", &[]);
    for property in &campaign_base.properties {
        if let Some((margin, ..)) = property.closest {
            assert!(margin > 0.0, "{} has no margin", property.spec.name);
        }
    }
    fails_always(&campaign("edge/servo-jitter.toml", &["full-delay"]));
}

#[test]
fn a_swapping_host_breaks_the_loop_unless_its_memory_is_locked() {
    fails_always(&campaign("cross/loop-on-swapping-host.toml", &[]));
    campaign("cross/loop-on-swapping-host.toml", &["locked-memory"]);
}

#[test]
fn bursts_of_misses_are_stable_or_not_by_what_they_freeze() {
    campaign("edge/miss-policy.toml", &[]);
    campaign("edge/miss-policy.toml", &["frozen-state"]);
}
