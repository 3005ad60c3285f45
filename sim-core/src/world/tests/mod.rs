//! The native host, behaviour by behaviour.

mod answers;
mod calls;
mod channels;
mod disk;
mod faults;
mod independence;
mod memory;
mod memory_rules;
mod network;
mod signals;
mod tasks;
mod triggers;

use super::*;
use crate::history::{Digest, What};
use crate::outcome::Stop;
use crate::plan::{Entry, Land, PlannedFault, Primitive};
use crate::{Law, VirtualTime};
use std::cell::Cell;

pub(super) fn ms(ms: u64) -> VirtualDuration {
    VirtualDuration::from_millis(ms)
}
pub(super) fn at_ms(at: u64) -> VirtualTime {
    VirtualTime::ZERO + ms(at)
}

/// A world of named nodes with a constant link delay of one millisecond.
pub(super) fn world(names: &[&str]) -> (World, Vec<NodeId>) {
    let mut world = World::new(Seed(17), true);
    world.set_default_link(LinkProfile::with_delay(Law::Constant(1e6)));
    let nodes = names
        .iter()
        .map(|name| world.add_node(&NodeSpec::new(*name)))
        .collect();
    (world, nodes)
}

/// A plan of these primitives, each a fault of its own.
pub(super) fn plan(entries: Vec<(u64, Option<u64>, Primitive)>) -> Plan {
    let faults = entries.iter().map(|(_, _, primitive)| PlannedFault {
        kind: primitive.name().into(),
        label: primitive.name().into(),
        land: Land::Any,
        notes: Vec::new(),
    });
    let faults = faults.collect();
    let entries = entries
        .into_iter()
        .enumerate()
        .map(|(i, (from, until, primitive))| Entry {
            fault: u32::try_from(i).expect("few"),
            part: 0,
            from: at_ms(from),
            until: until.map(at_ms),
            firing: None,
            primitive,
        });
    Plan::new(faults, entries.collect())
}

pub(super) fn run(world: &mut World, until_ms: u64) -> Finished {
    let stop = world.run(Bounds::until(at_ms(until_ms)));
    assert_eq!(stop, Stop::Finished);
    world.finish(&stop)
}

/// Counts something from inside a process.
pub(super) fn counter() -> (Rc<Cell<u64>>, Rc<Cell<u64>>) {
    let count = Rc::new(Cell::new(0));
    (Rc::clone(&count), count)
}
