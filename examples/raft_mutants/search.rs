//! Searches for a mutant, each from a base with its own range of seeds.

use super::told::Told;
use super::{alarm, on_threads};
use squall::core::{Seed, World};
use squall::scenarios::Ready;
use std::sync::Mutex;
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
    /// Goes on until something is found, or so many seeds have been tried.
    fn go_on(&mut self, ready: &Ready, base: u64, seeds: u64) {
        let mut world = World::new(Seed(0), false);
        while self.found.is_none() && self.seeds < seeds && self.next(ready, base, &mut world) {}
    }
}

pub(crate) fn search(ready: &Ready, base: u64, seeds: u64) -> Search {
    let mut search = Search::default();
    search.go_on(ready, base, seeds);
    search
}

/// Seeds of each base between two looks at how many have found something.
const ROUND: u64 = 8;

/// Searches from all bases in step, until half of them have found something: the others take at least as many
/// seeds, so that the median does not depend on the rest, nor on how long a step is.
pub(crate) fn in_step(
    ready: &Ready,
    name: &str,
    (bases, jobs): (usize, usize),
    seeds: u64,
) -> Vec<Search> {
    let told = Told::new();
    let all: Vec<Mutex<Search>> = (0..bases).map(|_| Mutex::default()).collect();
    let of = |base: usize| all[base].lock().expect("no search panics");
    let mut tried = 0;
    while tried < seeds {
        tried = seeds.min(tried + ROUND);
        let found = on_threads(jobs, bases, |base| {
            let mut search = of(base);
            search.go_on(ready, base as u64 + 1, tried);
            search.found.is_some()
        });
        let found = found.into_iter().filter(|found| *found).count();
        if found >= bases.div_ceil(2) {
            break;
        }
        told.say(|| format!("{name}: {found} of {bases} bases found it within {tried} seeds"));
    }
    let ended = all.into_iter().map(Mutex::into_inner);
    ended
        .map(|search| search.expect("no search panics"))
        .collect()
}
