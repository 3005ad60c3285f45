//! Swap and files on one device.

use super::*;
use crate::memory::{Activity, Arrival};
use crate::plan::{Damage, Swap};

/// A service that pages, and a process that syncs, on one node: mean of the syncs and of the
/// service's responses in microseconds, in a storm or not, with the swap file on the disk or not.
fn storm(swap: Swap, storm: bool, syncs: bool) -> (u64, u64) {
    let mut world = World::new(Seed(17), true);
    let spec = NodeSpec::new("a").cores(4).memory(128 << 20, Some(swap));
    let node = world.add_node(&spec);
    let took: Notes<u64> = Rc::default();
    let notes = Rc::clone(&took);
    world.process(node, "service", move |cx| {
        let notes = Rc::clone(&notes);
        async move {
            let set = cx.memory_set(96 << 20, 0.9, 0.5);
            loop {
                let begin = cx.now();
                cx.compute(VirtualDuration::from_micros(100))
                    .touching(set, 32)
                    .await;
                if begin > at_ms(3_000) {
                    notes
                        .borrow_mut()
                        .push(cx.now().since(begin).as_nanos() / 1_000);
                }
                cx.sleep(ms(2)).await;
            }
        }
    });
    let saved: Notes<u64> = Rc::default();
    let notes = Rc::clone(&saved);
    if syncs {
        for i in 0..8 {
            let notes = Rc::clone(&notes);
            world.process(node, &format!("save{i}"), move |cx| {
                let notes = Rc::clone(&notes);
                async move {
                    let file = cx.disk().open(&format!("f{i}"));
                    loop {
                        file.write_at(0, &[1; 65_536])
                            .await
                            .expect("the disk works");
                        let begin = cx.now();
                        file.sync().await.expect("the disk works");
                        if begin > at_ms(3_000) {
                            notes
                                .borrow_mut()
                                .push(cx.now().since(begin).as_nanos() / 1_000);
                        }
                    }
                }
            });
        }
    }
    let pressure = Primitive::MemoryPressure {
        node,
        size: Damage::Overcommit(3.0),
        activity: Activity::Active,
        arrival: Arrival::Burst {
            ramp: VirtualDuration::ZERO,
        },
    };
    let slow = Primitive::SwapDevice {
        node,
        device: Swap::Iops(2_000.0),
    };
    if storm {
        world.set_plan(plan(vec![(1_000, None, pressure), (1_000, None, slow)]));
    }
    run(&mut world, 6_000);
    let mean = |values: Vec<u64>| values.iter().sum::<u64>() / values.len().max(1) as u64;
    (mean(saved.take()), mean(took.take()))
}

#[test]
fn a_swap_storm_slows_a_sync_and_a_sync_slows_a_swap_in_on_one_disk_only() {
    let own = || Swap::Preset("vdisk".into());
    let (calm, _) = storm(Swap::Disk, false, true);
    let (shared, shared_service) = storm(Swap::Disk, true, true);
    let (apart, apart_service) = storm(own(), true, true);
    let (_, alone_service) = storm(Swap::Disk, true, false);
    assert!(apart < calm * 11 / 10, "apart {apart} us, calm {calm} us");
    assert!(shared > calm * 2, "shared {shared} us, calm {calm} us");
    assert!(
        shared_service > alone_service * 3 / 2 && shared_service > apart_service * 3 / 2,
        "service beside syncs {shared_service} us, alone {alone_service} us, apart {apart_service} us"
    );
}
