//! Delta debugging: a subset from which nothing more can be left out.

/// The smallest subset that `fails` was shown to hold for, and from which no single item can be left
/// out (Zeller and Hildebrandt, IEEE TSE 28(2), 2002). `fails` must hold for all items.
///
/// The order of `items` is kept. `fails` may refuse to answer by saying no: the result then holds, but
/// may not be minimal.
pub(super) fn ddmin(items: Vec<usize>, mut fails: impl FnMut(&[usize]) -> bool) -> Vec<usize> {
    let mut kept = items;
    if kept.is_empty() || fails(&[]) {
        return Vec::new();
    }
    let mut parts = 2;
    while kept.len() > 1 {
        parts = parts.min(kept.len());
        let size = kept.len().div_ceil(parts);
        let chunks: Vec<Vec<usize>> = kept.chunks(size).map(<[usize]>::to_vec).collect();
        // One part alone: a great step, which is seldom possible when parts are small.
        if let Some(chunk) = chunks.iter().find(|chunk| fails(chunk)) {
            kept.clone_from(chunk);
            parts = 2;
            continue;
        }
        // All but one part. With two parts these are the same candidates.
        let without = |chunk: &Vec<usize>| -> Vec<usize> {
            kept.iter()
                .copied()
                .filter(|i| !chunk.contains(i))
                .collect()
        };
        let rest = match chunks.len() {
            2 => None,
            _ => chunks.iter().map(without).find(|rest| fails(rest)),
        };
        if let Some(rest) = rest {
            kept = rest;
            parts = (chunks.len() - 1).max(2);
        } else if size == 1 {
            break;
        } else {
            parts *= 2;
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_two_that_matter_of_thirty_are_found_in_few_runs() {
        let mut runs = 0;
        let kept = ddmin((0..30).collect(), |kept| {
            runs += 1;
            kept.contains(&7) && kept.contains(&22)
        });
        assert_eq!(kept, [7, 22]);
        assert!(runs < 60, "{runs} runs");
    }

    proptest! {
        /// For any failure that some sets of items cause, the result fails, and without any one of its
        /// items it does not: also where causes are alternatives.
        #[test]
        fn what_is_left_fails_and_nothing_of_it_can_go(
            causes in prop::collection::vec(prop::collection::btree_set(0usize..24, 0..5), 1..4)
        ) {
            let fails = |kept: &[usize]| causes.iter().any(|cause| cause.iter().all(|i| kept.contains(i)));
            let kept = ddmin((0..24).collect(), fails);
            prop_assert!(fails(&kept));
            for gone in &kept {
                let rest: Vec<usize> = kept.iter().copied().filter(|i| i != gone).collect();
                prop_assert!(!fails(&rest), "{gone} of {kept:?} is not needed by {causes:?}");
            }
        }
    }
}
