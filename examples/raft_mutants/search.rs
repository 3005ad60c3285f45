//! Searches for a mutant, each from a base with its own range of seeds.

use super::alarm;
use squall::core::{Seed, World};
use squall::scenarios::Ready;
use std::time::Instant;

/// Seeds of one base are this far from those of the next.
const BASE_STEP: u64 = 1_000_000;

/// What a search came to.
#[derive(Default)]
pub(crate) struct Search {
    pub(crate) seeds: u64,
    pub(crate) found: Option<String>,
    pub(crate) virtual_s: f64,
    pub(crate) wall_s: f64,
}

impl Search {
    /// Tries the next seed of a base. Whether the search goes on.
    fn next(&mut self, ready: &Ready, base: u64, world: &mut World) -> bool {
        let began = Instant::now();
        let seed = Seed(base * BASE_STEP + self.seeds);
        self.seeds += 1;
        if let Ok(run) = ready.run(seed, false, world) {
            self.virtual_s += run.result.end.as_secs_f64();
            self.found = alarm(&run).map(|(name, _)| name);
        }
        self.wall_s += began.elapsed().as_secs_f64();
        self.found.is_none()
    }
}

pub(crate) fn search(ready: &Ready, base: u64, seeds: u64) -> Search {
    let mut world = World::new(Seed(0), false);
    let mut search = Search::default();
    while search.seeds < seeds && search.next(ready, base, &mut world) {}
    search
}

/// Searches from all bases in step, until half of them have found something.
pub(crate) fn in_step(ready: &Ready, bases: usize, seeds: u64) -> Vec<Search> {
    let mut world = World::new(Seed(0), false);
    let mut all: Vec<Search> = (0..bases).map(|_| Search::default()).collect();
    for _ in 0..seeds {
        for (base, search) in (1..).zip(&mut all) {
            if search.found.is_none() {
                search.next(ready, base, &mut world);
            }
        }
        if all.iter().filter(|s| s.found.is_some()).count() >= bases.div_ceil(2) {
            break;
        }
    }
    all
}
