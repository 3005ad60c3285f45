//! Models that cheat: a detector that was never seen to fire proves nothing.

use squall::core::recording::Recording;
use squall::core::world::{Bounds, NodeSpec, World};
use squall::core::{Seed, VirtualDuration, VirtualTime};
use squall::reports::{divergence, storage};
use squall::testing;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

/// What every run shares although it must not.
static LEAK: AtomicU64 = AtomicU64::new(0);

/// How a model cheats.
#[derive(Clone, Copy, Debug)]
enum Cheat {
    /// A counter of the whole process reaches a record.
    Static,
    /// So does the address of a box.
    Address,
    /// Records are written in the order of a hash map.
    HashOrder,
}

/// A model that ticks, and cheats after 3,210 ticks.
fn build(world: &mut World, cheat: Option<Cheat>) -> squall::core::outcome::Stop {
    let node = world.add_node(&NodeSpec::new("n"));
    let [tick, leak] = ["tick", "leak"].map(|name| world.name(name));
    world.process(node, "p", move |cx| async move {
        for i in 0..5_000 {
            cx.sleep(VirtualDuration::from_millis(1)).await;
            match cheat {
                Some(cheat) if i == 3_210 => {
                    leaks(cheat).iter().for_each(|n| cx.event(leak, *n, 0))
                }
                _ => cx.event(tick, i, 0),
            }
        }
    });
    world.run(Bounds::until(VirtualTime::MAX))
}

fn leaks(cheat: Cheat) -> Vec<u64> {
    match cheat {
        Cheat::Static => vec![LEAK.fetch_add(1, Ordering::Relaxed)],
        Cheat::Address => {
            // Kept, so that no later block can have the address again.
            let block: &'static [u8] = Box::leak(vec![1; 32].into_boxed_slice());
            vec![block.as_ptr() as u64]
        }
        Cheat::HashOrder => hash_order(),
    }
}

#[expect(
    clippy::disallowed_types,
    clippy::iter_over_hash_type,
    reason = "the canary does on purpose what is banned"
)]
fn hash_order() -> Vec<u64> {
    // Every map has its own seed: forty numbers come in the same order never.
    let set: std::collections::HashSet<u64> = (0..40).collect();
    let mut order = Vec::new();
    for number in set {
        order.push(number);
    }
    order
}

fn recorded(cheat: Option<Cheat>) -> Recording {
    let mut world = World::new(Seed(1), true);
    let stop = build(&mut world, cheat);
    world.finish_recording("canary", &stop)
}

#[test]
fn every_canary_is_caught_at_its_record() {
    for cheat in [Cheat::Static, Cheat::Address, Cheat::HashOrder] {
        let (a, b) = (recorded(Some(cheat)), recorded(Some(cheat)));
        assert_ne!(a.header.digest, b.header.digest, "{cheat:?}");
        let found = divergence::first(&a, &b).expect("they differ");
        let line = divergence::line(&a, &a.records[found.at]);
        assert!(line.contains("event leak"), "{cheat:?}: {line}");
        let text = divergence::text(&a, &b, 1);
        assert!(text.contains("event leak"), "{cheat:?}: {text}");
        let guess = match cheat {
            Cheat::HashOrder => "another order at one instant",
            _ => "another value",
        };
        assert!(text.contains(guess), "{cheat:?}: {text}");
        assert_eq!(divergence::first(&a, &a.clone()), None);
    }
    assert_eq!(divergence::first(&recorded(None), &recorded(None)), None);
}

/// For worlds written in Rust: `testing::repeats` finds it and names the record.
#[test]
fn a_model_of_a_users_own_that_cheats_fails_its_test() {
    testing::repeats(0..3, |world| build(world, None));
    for cheat in [Cheat::Static, Cheat::Address, Cheat::HashOrder] {
        let test = || testing::repeats(0..3, |world| build(world, Some(cheat)));
        let panic = catch_unwind(AssertUnwindSafe(test)).expect_err("it is caught");
        let text = panic.downcast_ref::<String>().expect("a text");
        assert!(text.contains("event leak"), "{cheat:?}: {text}");
    }
}

#[test]
fn recordings_survive_storage_and_changes_are_noticed() {
    let recording = recorded(None);
    let bytes = storage::encode(&recording).expect("writing to memory");
    assert_eq!(
        storage::decode(&bytes).expect("what was written"),
        recording
    );
    let mut changed = recording.clone();
    changed.records.swap(10, 11);
    let bytes = storage::encode(&changed).expect("writing to memory");
    assert!(matches!(
        storage::decode(&bytes),
        Err(storage::StorageError::Digest { .. })
    ));
    let mut foreign = recording;
    foreign.header.epoch += 1;
    let bytes = storage::encode(&foreign).expect("writing to memory");
    assert!(matches!(
        storage::decode(&bytes),
        Err(storage::StorageError::Epoch { .. })
    ));
}
