//! Any two overlays.

use super::*;
use proptest::prelude::*;

fn any_overlay() -> impl Strategy<Value = Primitive> {
    let law = (1.0..1e6).prop_map(|mean| Law::Exponential { mean });
    prop_oneof![
        (law, 0..3).prop_map(|(law, mode)| {
            let mode = [Arithmetic::Add, Arithmetic::Scale, Arithmetic::Replace][mode as usize];
            delay(law, mode, 0.0)
        }),
        (0.0..0.5).prop_map(loss),
        (0.01..0.3, 0.1..0.9).prop_map(|(p, r)| burst_loss(p, r)),
        (0.0..0.5, prop::bool::ANY).prop_map(|(share, silent)| {
            let seen = if silent {
                Corruption::Silent
            } else {
                Corruption::Detected
            };
            corrupt(share, seen)
        }),
        (0.0..0.5, 1..4u32).prop_map(|(share, copies)| duplicate(share, copies)),
        (1e4..1e7, 0..5000u64, 1..20u32).prop_map(|(bytes, burst, queue)| {
            rate(bytes, burst, Some(QueueLimit::Messages(queue)))
        }),
        (0.0..0.5, 1..1000u64).prop_map(|(share, us)| {
            reorder(share, HoldBack::Time(VirtualDuration::from_micros(us)))
        }),
        prop::bool::ANY.prop_map(|drop| {
            let mode = if drop { CutMode::Drop } else { CutMode::Refuse };
            cut(mode, CutScope::Above(1000))
        }),
        Just(Primitive::LinkHold { link: ENDS }),
        (0.0..0.2, 1e4..1e7).prop_map(|(share, mean)| Primitive::LinkClog {
            link: ENDS,
            share,
            length: Law::Exponential { mean },
        }),
    ]
}

/// Fates of 200 messages of growing size, and who landed on each.
fn fates(link: &mut Link) -> Vec<(Fate, Vec<EntryId>)> {
    let message = |i: u32| {
        let mut landed = Vec::new();
        let fate = send(
            link,
            datagram(u64::from(i) * 100_000, 100 + 10 * i),
            &mut landed,
        );
        (fate, landed)
    };
    (0..200).map(message).collect()
}

proptest! {
    /// Two overlays that start at one instant do the same in whatever order they come, and the end of
    /// one leaves the link as if it had never been.
    #[test]
    fn overlays_commute_and_one_that_ends_leaves_the_other(a in any_overlay(), b in any_overlay()) {
        let start = |link: &mut Link, id: u32, primitive: &Primitive| {
            link.overlay(EntryId(id), primitive, key(id), (0, true));
        };
        let both = |first: bool| {
            let mut link = link();
            if first {
                start(&mut link, 1, &a);
                start(&mut link, 2, &b);
            } else {
                start(&mut link, 2, &b);
                start(&mut link, 1, &a);
            }
            link
        };
        prop_assert!(fates(&mut both(true)) == fates(&mut both(false)));

        let mut alone = link();
        start(&mut alone, 2, &b);
        let mut left = both(true);
        take(&mut left, 1, &a);
        prop_assert!(fates(&mut left) == fates(&mut alone));
    }

    /// An overlay moves no draw of another: beside one that only delays, the other loses, damages and
    /// copies the same messages.
    #[test]
    fn an_overlay_moves_no_draw_of_another(b in any_overlay(), mean in 1.0..1e6) {
        let start = |link: &mut Link, id: u32, primitive: &Primitive| {
            link.overlay(EntryId(id), primitive, key(id), (0, true));
        };
        let law = Law::Exponential { mean };
        let (mut alone, mut beside) = (link(), link());
        start(&mut alone, 2, &b);
        start(&mut beside, 1, &delay(law, Arithmetic::Add, 0.0));
        start(&mut beside, 2, &b);
        let shape = |fates: Vec<(Fate, Vec<EntryId>)>| {
            fates.into_iter().map(|(fate, landed)| {
                let fate = match fate {
                    Fate::Passed(damage, transits) => (None, damage, transits.len()),
                    other => (Some(other), None, 0),
                };
                (fate, landed.contains(&EntryId(2)))
            }).collect::<Vec<_>>()
        };
        // What these change goes by what the other one does, though their draws do not.
        let replace = Arithmetic::Replace;
        let delays = matches!(&b, Primitive::LinkDelay { mode, .. } if *mode == replace)
            || matches!(b, Primitive::LinkClog { .. });
        prop_assume!(!delays);
        prop_assert!(shape(fates(&mut alone)) == shape(fates(&mut beside)));
    }
}
