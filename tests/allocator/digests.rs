//! Addresses and contents of memory change no digest of any shipped scenario.

use crate::heap;
use squall::core::Seed;
use squall::core::world::World;
use squall::scenarios::Settings;
use squall::{load, scenario_files};
use std::collections::BTreeSet;
use std::path::Path;

/// Digests of three seeds of every shipped scenario, each file read anew.
fn digests() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/library");
    let files = scenario_files(&root).expect("the library can be read");
    let mut world = World::new(Seed(0), false);
    let mut all = Vec::new();
    for path in files {
        let ready = load(&path, &Settings::default()).unwrap_or_else(|e| panic!("{e}"));
        let first = ready.scenario.seeds.start;
        for seed in first..first + 3 {
            let run = ready.run(Seed(seed), false, &mut world);
            let run = run.unwrap_or_else(|e| panic!("{e}"));
            all.push(format!("{} {seed} {}", path.display(), run.result.digest));
        }
    }
    all
}

/// Where boxes lie, relative to their page.
fn addresses() -> Vec<usize> {
    let boxes: Vec<Box<[u64; 4]>> = (0..64).map(|i| Box::new([i; 4])).collect();
    boxes
        .iter()
        .map(|b| &raw const **b as usize % 4096)
        .collect()
}

/// One test: the allocator counts for the whole program, so what counts runs one after the other.
#[test]
fn memory_is_counted_and_disturbed() {
    let patterns = [0x1234_5678_9abc_def1, 0x0fed_cba9_8765_4321];
    let places: BTreeSet<Vec<usize>> = patterns.map(|p| heap::under(p, addresses)).into();
    assert_eq!(places.len(), 2, "the allocator is disturbed indeed");
    let [one, two] = patterns.map(|pattern| heap::under(pattern, digests));
    assert_eq!(one, two);
    crate::budgets::everything_keeps_to_its_budget();
    crate::growth::a_world_does_not_grow_over_100_000_seeds();
    crate::growth::a_scenario_does_not_grow_over_its_seeds();
}
