//! The disk of a node in a world: time, faults, power, and who else waits.

mod outcome;
mod power;
mod storm;
mod timing;

use super::*;
use crate::disk::{DiskError, DiskOps, DiskTotals};
use crate::history::Outcome;
use crate::plan::DiskTarget;

type Notes<T> = Rc<RefCell<Vec<T>>>;
type Faults = Vec<(u64, Option<u64>, Primitive)>;
/// Ends of operations in microseconds, and their errors.
type Ends = Vec<(u64, Option<DiskError>)>;

const NODE: NodeId = NodeId(0);

fn disk(path: Option<&str>) -> DiskTarget {
    DiskTarget {
        node: NODE,
        path: path.map(str::to_owned),
    }
}
/// A process that syncs a small write again and again: the end of each in microseconds, and its
/// error.
fn syncer(faults: Faults, until: u64) -> (Ends, DiskTotals, Finished) {
    let (synced, _) = syncer_named(faults, until);
    synced
}
fn syncer_named(faults: Faults, until: u64) -> ((Ends, DiskTotals, Finished), Names) {
    let (mut world, nodes) = world(&["a", "b"]);
    world.sample_hosts(ms(10));
    let ends: Notes<(u64, Option<DiskError>)> = Rc::default();
    let notes = Rc::clone(&ends);
    let name = world.name("save");
    world.process(nodes[0], "syncer", move |cx| {
        let notes = Rc::clone(&notes);
        async move {
            for i in 0.. {
                let operation = cx.operation(name);
                let cx = operation.cx();
                let file = cx.disk().open("wal/1");
                let write = file.write_at(i % 64 * 4096, &[7; 4096]).await;
                let done = match write {
                    Ok(()) => file.sync().await,
                    error => error,
                };
                notes
                    .borrow_mut()
                    .push((cx.now().as_nanos() / 1_000, done.err()));
                operation.end(Outcome::Ok);
            }
        }
    });
    world.set_plan(plan(faults));
    let finished = run(&mut world, until);
    let totals = world.disk_totals(nodes[0]);
    ((ends.take(), totals, finished), world.names())
}

/// Times between ends that fall between two milliseconds.
fn gaps(ends: &[(u64, Option<DiskError>)], from_ms: u64, to_ms: u64) -> Vec<u64> {
    let inside = ends
        .windows(2)
        .filter(|pair| (from_ms * 1_000..to_ms * 1_000).contains(&pair[1].0));
    inside.map(|pair| pair[1].0 - pair[0].0).collect()
}
fn median(mut values: Vec<u64>) -> u64 {
    values.sort_unstable();
    values[values.len() / 2]
}
