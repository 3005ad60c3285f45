//! Subsetting: a caller knows only some of the replicas of a service, so that none has connections to
//! all. Deterministic, as in chapter 20 of the SRE book: replicas are shuffled once a round, and the
//! callers of a round share them out, so that each replica has the same number of callers, give or take
//! one round.

use squall_core::{Key, Sample, Seed};

/// Which of `count` replicas the caller with this number knows, `size` of them, in ascending order.
pub(crate) fn subset(
    seed: Seed,
    path: &str,
    caller: usize,
    (count, size): (usize, usize),
) -> Vec<usize> {
    if size >= count {
        return (0..count).collect();
    }
    let callers = count / size;
    let (round, place) = (caller / callers, caller % callers);
    let key = Key::new(seed, path, "subset").child(round as u64);
    let mut order: Vec<usize> = (0..count).collect();
    for n in (1..count).rev() {
        let other = key.at(n as u64).index(n + 1);
        order.swap(n, other);
    }
    let mut chosen = order[place * size..(place + 1) * size].to_vec();
    chosen.sort_unstable();
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_replica_has_the_same_number_of_callers() {
        let mut seen = [0u32; 12];
        for caller in 0..30 {
            let known = subset(Seed(3), "shop/cart", caller, (12, 4));
            assert_eq!(known.len(), 4);
            assert!(known.windows(2).all(|w| w[0] < w[1]), "{known:?}");
            known.iter().for_each(|n| seen[*n] += 1);
        }
        // Ten rounds of three callers: each knows every replica once.
        assert_eq!(seen, [10; 12]);
        assert_eq!(subset(Seed(3), "shop/cart", 5, (3, 4)), [0, 1, 2]);
        let rounds = [0, 3].map(|caller| subset(Seed(3), "shop/cart", caller, (12, 4)));
        assert_ne!(rounds[0], rounds[1], "rounds are shuffled apart");
    }
}
