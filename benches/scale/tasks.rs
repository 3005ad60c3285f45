//! A million tasks alive at once.

use crate::{peak_mib, timed};
use squall::core::world::{Bounds, NodeSpec, World};
use squall::core::{Seed, VirtualDuration, VirtualTime};
use std::cell::Cell;
use std::rc::Rc;

const TASKS: u64 = 1_000_000;

pub(crate) fn run() {
    let before = peak_mib();
    let alive = Rc::new(Cell::new(0));
    let most = Rc::new(Cell::new(0));
    let (cpu, events) = timed(|| {
        let mut world = World::new(Seed(0), false);
        let node = world.add_node(&NodeSpec::new("a"));
        let (alive, most) = (Rc::clone(&alive), Rc::clone(&most));
        world.process(node, "spawner", move |cx| {
            let (alive, most) = (Rc::clone(&alive), Rc::clone(&most));
            async move {
                for i in 0..TASKS {
                    let (task, alive, most) = (cx.clone(), Rc::clone(&alive), Rc::clone(&most));
                    cx.spawn(async move {
                        alive.set(alive.get() + 1);
                        most.set(most.get().max(alive.get()));
                        task.sleep(VirtualDuration::from_micros(1_000 + i)).await;
                        alive.set(alive.get() - 1);
                    });
                }
            }
        });
        world.run(Bounds::until(VirtualTime::MAX));
        world.events()
    });
    assert_eq!((alive.get(), most.get(), events), (0, TASKS, TASKS));
    let peak = peak_mib().unwrap_or(f64::NAN);
    let bytes = match before {
        // What other benches needed before is not of the tasks.
        Some(before) if before < peak => {
            format!(
                "{:.0} bytes a task",
                (peak - before) * 1_048_576.0 / TASKS as f64
            )
        }
        _ => "bytes a task: run this bench alone".to_owned(),
    };
    println!(
        "tasks        {TASKS} alive at once, spawned, woken and ended in {cpu:.2} s CPU, {:.0} ns each, \
         peak {peak:.0} MiB, at most {bytes} resident",
        cpu * 1e9 / TASKS as f64
    );
}
