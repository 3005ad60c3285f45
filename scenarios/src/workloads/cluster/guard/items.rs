//! What a request is about: one of so many items, some more in demand than others. Caches hold them, and
//! callers may send all calls about one to the same replica.

use squall_core::Sample;
use squall_faults::param::{Args, Kind, Param};

pub(crate) const PARAM: Param = Param::new(
    "items",
    Kind::Table(TABLE),
    "what requests are about: for caches, and for `balance = \"by-item\"`",
)
.default("");

const TABLE: &[Param] = &[
    Param::new(
        "count",
        Kind::Integer {
            min: 1,
            max: 10_000_000,
        },
        "how many items there are",
    )
    .default("1000"),
    Param::new(
        "zipf",
        Kind::Number { min: 0.0, max: 3.0 },
        "how unequally they are asked for; 0 is evenly",
    )
    .default("0.9"),
];

/// Items by popularity.
#[derive(Clone, Debug)]
pub(crate) struct Items {
    /// Chance that an item or a more popular one is asked for.
    until: Vec<f64>,
}

impl Items {
    pub(crate) fn read(args: &Args) -> Self {
        Self::new(args.count("count"), args.number("zipf"))
    }
    fn new(count: u64, zipf: f64) -> Self {
        let mut sum = 0.0;
        let weight = |rank: u64| {
            sum += libm::pow((rank + 1) as f64, -zipf);
            sum
        };
        let mut until: Vec<f64> = (0..count).map(weight).collect();
        let all = until.last().copied().unwrap_or(1.0);
        until.iter_mut().for_each(|chance| *chance /= all);
        Self { until }
    }
    /// An item; 0 is the most popular.
    pub(crate) fn draw(&self, draw: &mut impl Sample) -> u64 {
        let at = draw.unit();
        let rank = self.until.partition_point(|until| *until < at);
        rank.min(self.until.len() - 1) as u64
    }
}

/// The place of an item among `count` replicas: the same in every run, and spread evenly.
pub(crate) fn shard(item: u64, count: usize) -> usize {
    let mixed = squall_core::Key::new(squall_core::Seed(0), "cluster/shard", "item").child(item);
    mixed.at(0).index(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use squall_core::{Key, Seed};

    #[test]
    fn popular_items_come_as_often_as_zipf_says() {
        let items = Items::new(100, 1.0);
        let key = Key::new(Seed(1), "items", "test");
        let mut seen = [0u32; 100];
        for n in 0..200_000 {
            seen[usize::try_from(items.draw(&mut key.at(n))).unwrap()] += 1;
        }
        // The sum of 1/k up to 100 is 5.187.
        for (rank, share) in [(0, 1.0 / 5.187), (9, 0.1 / 5.187), (99, 0.01 / 5.187)] {
            let expected = 200_000.0 * share;
            let found = f64::from(seen[rank]);
            assert!(
                (found - expected).abs() < 5.0 * libm::sqrt(expected),
                "{rank}: {found}"
            );
        }
        let even = Items::new(4, 0.0);
        assert_eq!(even.until, [0.25, 0.5, 0.75, 1.0]);
    }

    #[test]
    fn items_are_spread_over_the_replicas() {
        let mut seen = [0u32; 8];
        (0..8000).for_each(|item| seen[shard(item, 8)] += 1);
        assert!(seen.iter().all(|n| (850..1150).contains(n)), "{seen:?}");
    }
}
