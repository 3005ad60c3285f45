//! The cache of a replica: what it answered lately it answers again without the work. Entries live for a
//! time; a miss does the whole visit and fills. Against stampedes on an item there are two remedies: one
//! fill at a time, for which the others wait (single flight), and a fill before the entry is too old, drawn
//! so that few do it (early refresh after Vattani, Chierichetti and Lowenstein, VLDB 2015).

use super::turn::{Giver, Turn, turn};
use squall_core::{Key, Law, Sample, VirtualDuration};
use squall_faults::param::{Args, Kind, Param, Unit};
use std::collections::BTreeMap;

pub(crate) const PARAM: Param = Param::new(
    "cache",
    Kind::Table(TABLE),
    "what its replicas keep of their answers, by item; nothing if missing",
);

const TABLE: &[Param] = &[
    Param::new(
        "ttl",
        Kind::Law(Unit::Time),
        "how long an entry lives, drawn when it is filled",
    )
    .default("60s"),
    Param::new("hit", Kind::Law(Unit::Time), "processor time of a visit that hits").default("50us"),
    Param::new(
        "single_flight",
        Kind::Flag,
        "whether a miss waits where the item is being filled already",
    )
    .default("true"),
    Param::new(
        "early",
        Kind::Number {
            min: 0.0,
            max: 100.0,
        },
        "how eagerly entries are filled again before their time is up, in times of a fill; 0 is never",
    )
    .default("0"),
    Param::new(
        "filled",
        Kind::Flag,
        "whether it is full at the start of the run, with entries of all ages; never after a restart",
    )
    .default("false"),
];

/// The parameters.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rules {
    ttl: Law,
    pub(crate) hit: Law,
    pub(crate) single_flight: bool,
    early: f64,
    filled: bool,
}

impl Rules {
    pub(crate) fn read(args: &Args) -> Self {
        Self {
            ttl: args.law("ttl"),
            hit: args.law("hit"),
            single_flight: args.flag("single_flight"),
            early: args.number("early"),
            filled: args.flag("filled"),
        }
    }
    fn life(&self, draw: &mut impl Sample) -> VirtualDuration {
        VirtualDuration::from_nanos_f64(self.ttl.sample(draw).max(0.0))
    }
}

/// An entry; times are readings of the process's monotonic clock.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Entry {
    expires: VirtualDuration,
    /// How long its fill took.
    fill: VirtualDuration,
}

/// What a replica keeps.
#[derive(Debug)]
pub(crate) struct Cache {
    entries: BTreeMap<u64, Entry>,
    flights: BTreeMap<u64, Vec<Giver<bool>>>,
    /// Whether items that were never asked for count as filled.
    filled: bool,
    /// The share of the flush whose fault lasts, and all so far: what goes is drawn by flush and item.
    flushed: f64,
    flushes: Vec<f64>,
    key: Key,
}

/// What a visit finds.
#[derive(Debug)]
pub(crate) enum Found {
    /// The answer.
    Hit,
    /// Nothing: the visit does the work. Tell [`Cache::filled`] how it went.
    Miss,
    /// The item is being filled; whether that went well will be said.
    Wait(Turn<bool>),
}

impl Cache {
    /// An empty one; of the first process in a run one that is filled, if the rules say so.
    pub(crate) fn new(rules: &Rules, first: bool, key: Key) -> Self {
        Self {
            entries: BTreeMap::new(),
            flights: BTreeMap::new(),
            filled: first && rules.filled,
            flushed: 0.0,
            flushes: Vec::new(),
            key,
        }
    }
    /// Whether the flush with this number takes an item.
    fn goes(key: Key, (number, share): (usize, f64), item: u64) -> bool {
        key.child(number as u64).at(item).chance(share)
    }
    /// Looks an item up.
    pub(crate) fn find(
        &mut self,
        rules: &Rules,
        item: u64,
        now: VirtualDuration,
        draw: &mut impl Sample,
    ) -> Found {
        let known = match self.entries.get(&item) {
            Some(entry) => Some(*entry),
            None if self.filled => self.old(rules, item, draw),
            None => None,
        };
        let fills = self.flights.contains_key(&item);
        if let Some(entry) = known {
            let ahead = entry.fill.scaled(rules.early * draw.exponential(1.0));
            let early = rules.early > 0.0 && !fills && now.saturating_add(ahead) >= entry.expires;
            if now < entry.expires && !early {
                return Found::Hit;
            }
        }
        if !fills {
            self.flights.insert(item, Vec::new());
            return Found::Miss;
        }
        if !rules.single_flight {
            return Found::Miss;
        }
        let (giver, waits) = turn();
        let line = self.flights.get_mut(&item).expect("it is being filled");
        line.push(giver);
        Found::Wait(waits)
    }
    /// A miss has done the work since `since`, or failed; those who wait are told.
    pub(crate) fn filled(
        &mut self,
        rules: &Rules,
        item: u64,
        (since, now): (VirtualDuration, VirtualDuration),
        ok: bool,
        draw: &mut impl Sample,
    ) {
        if ok {
            let entry = Entry {
                expires: now.saturating_add(rules.life(draw)),
                fill: now.saturating_sub(since),
            };
            self.entries.insert(item, entry);
        }
        for giver in self.flights.remove(&item).into_iter().flatten() {
            // One who has gone needs no answer.
            let _ = giver.give(ok);
        }
    }
    /// An entry from before the run, at its first use: some of its life is behind it.
    fn old(&mut self, rules: &Rules, item: u64, draw: &mut impl Sample) -> Option<Entry> {
        let mut flushes = self.flushes.iter().copied().enumerate();
        if flushes.any(|flush| Self::goes(self.key, flush, item)) {
            return None;
        }
        let entry = Entry {
            expires: rules.life(draw).scaled(draw.unit()),
            fill: VirtualDuration::ZERO,
        };
        self.entries.insert(item, entry);
        Some(entry)
    }
    /// Drops a share of the entries once, when a fault begins that says so; `share` is what it says now.
    pub(crate) fn flush(&mut self, share: f64) {
        if share == core::mem::replace(&mut self.flushed, share) || share <= 0.0 {
            return;
        }
        let flush = (self.flushes.len(), share);
        self.flushes.push(share);
        let key = self.key;
        self.entries
            .retain(|item, _| !Self::goes(key, flush, *item));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use squall_core::Seed;

    const KEY: Key = Key::new(Seed(1), "cache", "test");

    fn draw(n: u64) -> impl Sample {
        KEY.at(n)
    }
    fn rules() -> Rules {
        Rules {
            ttl: Law::Constant(10e9),
            hit: Law::Constant(0.0),
            single_flight: true,
            early: 0.0,
            filled: false,
        }
    }
    fn at(secs: u64) -> VirtualDuration {
        VirtualDuration::from_secs(secs)
    }

    #[test]
    fn an_entry_lives_for_its_time_and_one_fills_for_all() {
        let rules = rules();
        let mut cache = Cache::new(&rules, true, KEY);
        let find = |cache: &mut Cache, secs| cache.find(&rules, 5, at(secs), &mut draw(0));
        assert!(matches!(find(&mut cache, 0), Found::Miss));
        let Found::Wait(waits) = find(&mut cache, 1) else {
            panic!("it is being filled");
        };
        cache.filled(&rules, 5, (at(0), at(2)), true, &mut draw(0));
        assert_eq!(waits.leave(), Some(true));
        assert!(matches!(find(&mut cache, 11), Found::Hit));
        assert!(matches!(find(&mut cache, 12), Found::Miss));
        cache.filled(&rules, 5, (at(12), at(13)), false, &mut draw(0));
        assert!(
            matches!(find(&mut cache, 13), Found::Miss),
            "a failure fills nothing"
        );
    }

    #[test]
    fn without_single_flight_all_who_miss_fill() {
        let rules = Rules {
            single_flight: false,
            ..rules()
        };
        let mut cache = Cache::new(&rules, true, KEY);
        for _ in 0..3 {
            let found = cache.find(&rules, 5, at(0), &mut draw(0));
            assert!(matches!(found, Found::Miss));
        }
    }

    /// The chance to fill t before the end is exp(-t / (beta x fill)).
    #[test]
    fn an_early_refresh_comes_with_the_chance_of_the_paper() {
        let rules = Rules {
            early: 2.0,
            ..rules()
        };
        let mut early = 0;
        for n in 0..20_000 {
            let mut cache = Cache::new(&rules, true, KEY);
            cache.filled(&rules, 5, (at(0), at(1)), true, &mut draw(0));
            // Filled at 1 s in 1 s: it ends at 11 s. Two seconds before, the chance is exp(-1).
            early += u32::from(matches!(
                cache.find(&rules, 5, at(9), &mut draw(n)),
                Found::Miss
            ));
        }
        let share = f64::from(early) / 20_000.0;
        assert!((share - libm::exp(-1.0)).abs() < 0.015, "{share}");
        // While one fills early the others have the old answer.
        let mut cache = Cache::new(&rules, true, KEY);
        cache.filled(&rules, 5, (at(0), at(1)), true, &mut draw(0));
        cache.flights.insert(5, Vec::new());
        let found = (0..100).map(|n| cache.find(&rules, 5, at(10), &mut draw(n)));
        assert!(found.into_iter().all(|found| matches!(found, Found::Hit)));
    }

    #[test]
    fn a_filled_cache_is_so_in_its_first_life_and_until_it_is_flushed() {
        let rules = Rules {
            filled: true,
            ..rules()
        };
        let hits = |cache: &mut Cache| {
            let hit = |item: &u64| {
                matches!(
                    cache.find(&rules, *item, at(5), &mut draw(*item)),
                    Found::Hit
                )
            };
            (0..1000).filter(hit).count()
        };
        let half = hits(&mut Cache::new(&rules, true, KEY));
        assert!(
            (430..570).contains(&half),
            "half of them have ended by then: {half}"
        );
        assert_eq!(
            hits(&mut Cache::new(&rules, false, KEY)),
            0,
            "a restart begins with nothing"
        );
        let mut cache = Cache::new(&rules, true, KEY);
        cache.flush(1.0);
        assert_eq!(hits(&mut cache), 0);
        let mut part = Cache::new(&rules, true, KEY);
        part.flush(0.5);
        let quarter = hits(&mut part);
        assert!(
            (190..310).contains(&quarter),
            "half of that half: {quarter}"
        );
        cache.flights.clear();
        cache.filled(&rules, 5, (at(0), at(1)), true, &mut draw(0));
        cache.flush(1.0);
        let found = cache.find(&rules, 5, at(5), &mut draw(0));
        assert!(matches!(found, Found::Hit), "a flush is one instant");
    }
}
