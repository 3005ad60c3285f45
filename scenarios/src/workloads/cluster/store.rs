//! What a visit does on the disk of its node: it writes a record, and may read back an older one.
//!
//! A replica's log is a ring of records in one file. The workload remembers, outside of the nodes,
//! which records were acknowledged: one that does not read back as it was written was lost, and the
//! visit that finds out fails.

use super::shared::{Shared, Visit};
use core::cell::RefCell;
use squall_core::Sample;
use squall_core::disk::DiskError;
use squall_core::world::Cx;

/// Records of a log before it goes round.
const RECORDS: u64 = 1024;

/// What a visit stores.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Store {
    /// Bytes of a record.
    pub(super) record: u64,
    /// Whether a visit waits until its record is durable.
    pub(super) fsync: bool,
    /// Share of the visits that read a record back.
    pub(super) read: f64,
}

/// What the workload knows of the log of one replica; it survives the replica.
#[derive(Debug, Default)]
pub(super) struct Log(RefCell<Known>);

#[derive(Debug, Default)]
struct Known {
    /// Records so far: the number of the next.
    next: u64,
    /// By place in the ring, the record that was acknowledged there last.
    acknowledged: Vec<Option<u64>>,
}

impl Log {
    /// Takes the next record; its place holds nothing that was promised until it is acknowledged.
    fn take(&self) -> u64 {
        let mut known = self.0.borrow_mut();
        let number = known.next;
        known.next += 1;
        let place = place(number);
        if known.acknowledged.len() <= place {
            known.acknowledged.resize(place + 1, None);
        }
        known.acknowledged[place] = None;
        number
    }
    fn acknowledge(&self, number: u64) {
        self.0.borrow_mut().acknowledged[place(number)] = Some(number);
    }
    /// One of the acknowledged records, if the place that is drawn holds one.
    fn any(&self, draw: &mut impl Sample) -> Option<u64> {
        let known = self.0.borrow();
        let len = known.acknowledged.len() as u64;
        let at = usize::try_from(draw.below(len)).ok()?;
        known.acknowledged.get(at).copied().flatten()
    }
    /// Whether a record is still what its place should hold.
    fn holds(&self, number: u64) -> bool {
        self.0.borrow().acknowledged[place(number)] == Some(number)
    }
}

fn place(number: u64) -> usize {
    usize::try_from(number % RECORDS).expect("a place of the ring")
}

/// The bytes of a record: nothing else looks like it, and no part of it is zero.
fn record(number: u64, len: u64) -> Vec<u8> {
    let word = (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 0x0101_0101_0101_0101;
    let bytes = word.to_le_bytes().into_iter().cycle();
    bytes
        .take(usize::try_from(len).expect("a record fits memory"))
        .collect()
}

fn name(shared: &Shared, replica: u32) -> String {
    format!("{}/{replica}", shared.logs)
}

/// Makes the log of a replica, and its name durable. If the disk refuses, the records may still
/// come, and go with the next loss of power.
pub(super) async fn begin(cx: &Cx, shared: &Shared, replica: u32) {
    if shared.config.store.is_none() {
        return;
    }
    let file = cx.disk().open(&name(shared, replica));
    if file.size().await == Err(DiskError::NotFound)
        && let Err(error) = file.truncate(0).await.and(cx.disk().sync_dir().await)
    {
        let (refused, _) = shared.names_of_store();
        let service = shared.config.replicas[replica as usize].service;
        cx.event(refused, u64::from(service), error as u64);
    }
}

/// What a visit stores and reads. The error is the status of its answer.
pub(super) async fn visit(
    cx: &Cx,
    shared: &Shared,
    (service, replica): (u32, u32),
    visit: Visit,
) -> Result<(), u16> {
    let Some(store) = shared.config.store else {
        return Ok(());
    };
    let refused = |error: DiskError| {
        let (refused, _) = shared.names_of_store();
        cx.event(refused, u64::from(service), error as u64);
        500_u16
    };
    let log = &shared.written[replica as usize];
    let file = cx.disk().open(&name(shared, replica));
    let number = log.take();
    let at = |number: u64| place(number) as u64 * store.record;
    let bytes = record(number, store.record);
    let written = file.write_at(at(number), &bytes).await;
    written.map_err(refused)?;
    if store.fsync {
        file.sync().await.map_err(refused)?;
    }
    log.acknowledge(number);
    let mut draw = shared.store_draw(service, visit);
    if !draw.chance(store.read) {
        return Ok(());
    }
    let Some(known) = log.any(&mut draw) else {
        return Ok(());
    };
    let back = file.read_at(at(known), store.record).await;
    // Meanwhile its place may have been given to another record.
    if back.map_err(refused)? != record(known, store.record) && log.holds(known) {
        let (_, lost) = shared.names_of_store();
        cx.event(lost, u64::from(service), known);
        return Err(500);
    }
    Ok(())
}
