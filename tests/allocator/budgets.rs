//! Bytes a node, a process, a task, a link and a record, against the budgets of the design.

use crate::heap;
use squall::core::history::Record;
use squall::core::world::{Body, Bounds, NodeSpec, World};
use squall::core::{NodeId, Seed, VirtualDuration, VirtualTime};

/// So many of each, so that doubling vectors are seen at a size that is typical: between 2^13 and 2^14.
const COUNT: usize = 12_000;

/// Bytes that `add` leaves alive in `world`, for one of `COUNT`.
fn bytes(world: &mut World, add: impl FnOnce(&mut World)) -> usize {
    let before = heap::live();
    add(world);
    (heap::live() - before) / COUNT
}

fn shown(what: &str, bytes: usize, budget: usize) {
    println!("{what:<8} {bytes:>5} bytes (budget {budget})");
    assert!(bytes <= budget, "{what}: {bytes} bytes, budget {budget}");
}

pub(crate) fn everything_keeps_to_its_budget() {
    let mut world = World::new(Seed(0), false);
    let until = |s| Bounds::until(VirtualTime::ZERO + VirtualDuration::from_secs(s));
    let mut nodes: Vec<NodeId> = Vec::with_capacity(COUNT);
    let node = bytes(&mut world, |world| {
        for i in 0..COUNT {
            nodes.push(world.add_node(&NodeSpec::new(format!("n{i}"))));
        }
    });
    shown("node", node, 2048);
    let ports: Vec<_> = nodes.iter().map(|node| world.port(*node, "p")).collect();
    // A process as it runs: its factory, and its task asleep.
    let process = bytes(&mut world, |world| {
        let after = ports.iter().cycle().skip(1);
        for ((i, node), next) in (0u64..).zip(&nodes).zip(after) {
            let next = *next;
            world.process(*node, "p", move |cx| async move {
                cx.sleep(VirtualDuration::from_micros(2_000_000 + i)).await;
                cx.send(next, Body::Words([0; 8]));
                cx.sleep(VirtualDuration::from_secs(1_000)).await;
            });
        }
        world.run(until(1));
    });
    shown("process", process, 256);
    // A link costs memory from its first message on, its place in the tables included. The design names
    // no budget; this is ours.
    let links = bytes(&mut world, |world| {
        world.run(until(3));
    });
    shown("link", links, 400);

    let mut world = World::new(Seed(0), false);
    let node = world.add_node(&NodeSpec::new("n"));
    world.process(node, "spawner", |cx| async move {
        cx.sleep(VirtualDuration::from_secs(1)).await;
        for _ in 0..COUNT {
            let task = cx.clone();
            cx.spawn(async move { task.sleep(VirtualDuration::from_secs(1_000)).await });
        }
    });
    world.run(until(0));
    let task = bytes(&mut world, |world| {
        world.run(until(2));
    });
    shown("task", task, 256);
    shown("record", size_of::<Record>(), 48);
}
