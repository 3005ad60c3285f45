//! What a replica keeps on its node's disk, and how it begins with it.
//!
//! ```text
//! <workload>/<member>/log        records, appended and synced; rewritten when a snapshot replaces its head
//! <workload>/<member>/snapshot   replaced as a whole: written beside, synced, renamed, directory synced
//! ```
//!
//! Nothing read is trusted to be durable: a process that crashed may have left writes in the cache of its
//! host, which the next loss of power takes. So a replica syncs before it says anything.

use super::codec::{self, Record, Writer};
use super::machine::{Hard, Log, LogId, Raft, Save, Snapshot, Stored, Voters};
use super::mutant::Mutant;
use core::cell::Cell;
use squall_core::VirtualDuration;
use squall_core::disk::DiskError;
use squall_core::world::Cx;

/// How long a replica that does not wait for the disk lets its writes lie.
const LAZY_SYNC: VirtualDuration = VirtualDuration::from_millis(100);

/// The files of one replica.
#[derive(Debug)]
pub(super) struct Storage {
    log: String,
    snapshot: String,
    mutant: Option<Mutant>,
    /// Whether nobody waits for it, so that it may sync late.
    lazy: bool,
    /// When the log was synced last.
    synced: Cell<VirtualDuration>,
}

impl Storage {
    pub(super) fn new(dir: &str, mutant: Option<Mutant>, lazy: bool) -> Self {
        Self {
            log: format!("{dir}/log"),
            snapshot: format!("{dir}/snapshot"),
            mutant,
            lazy,
            synced: Cell::new(VirtualDuration::ZERO),
        }
    }

    /// What is on the disk, made durable; what a replica among `voters` begins with if nothing is.
    pub(super) async fn recover(&self, cx: &Cx, voters: Voters) -> Result<Stored, DiskError> {
        let disk = cx.disk();
        let snapshot = if disk.exists(&self.snapshot).await? {
            let bytes = disk.open(&self.snapshot).read().await?;
            // It was synced before it got its name, so that it is whole or the disk is to blame.
            Some(codec::snapshot(&bytes).ok_or(DiskError::Corrupt)?)
        } else {
            None
        };
        let file = disk.open(&self.log);
        let mut records = Vec::new();
        if disk.exists(&self.log).await? {
            let bytes = file.read().await?;
            let (found, upto) = codec::records(&bytes);
            records = found;
            if upto < bytes.len() {
                file.truncate(upto as u64).await?;
            }
        }
        if !matches!(records.first(), Some(Record::Base(..))) {
            let mut writer = Writer::default();
            let base = Record::Base(LogId::default(), voters);
            writer.record(&base);
            records = vec![base];
            file.truncate(0).await?;
            file.write_at(0, &writer.bytes).await?;
        }
        file.sync().await?;
        disk.sync_dir().await?;
        let (stored, follows) = rebuild(records, snapshot).ok_or(DiskError::Corrupt)?;
        if !follows {
            // What is appended next would not follow what is in the file.
            replace(cx, &self.log, &whole(&stored.log, stored.hard)).await?;
        }
        Ok(stored)
    }

    /// Makes durable what a replica's steps changed.
    pub(super) async fn save(&self, cx: &Cx, raft: &Raft, save: &Save) -> Result<(), DiskError> {
        // A replica that was emptied loses its log first: were its snapshot to go alone, the log would
        // begin where nothing is.
        let emptied = raft.snapshot().last.index == 0;
        if save.snapshot && !emptied {
            self.save_snapshot(cx, raft.snapshot()).await?;
        }
        if save.rewrite {
            self.rewrite(cx, raft).await?;
        } else if save.hard || save.cut.is_some() || save.from.is_some() {
            self.append(cx, raft, save).await?;
        }
        if save.snapshot && emptied {
            self.save_snapshot(cx, raft.snapshot()).await?;
        }
        Ok(())
    }
    async fn append(&self, cx: &Cx, raft: &Raft, save: &Save) -> Result<(), DiskError> {
        let mut writer = Writer::default();
        if save.hard {
            writer.record(&Record::Hard(self.hard(raft)));
        }
        if let Some(from) = save.cut {
            writer.record(&Record::Cut(from));
        }
        if let Some(from) = save.from {
            for entry in raft.log().since(from) {
                writer.record(&Record::Entry(*entry));
            }
        }
        let file = cx.disk().open(&self.log);
        file.append(&writer.bytes).await?;
        if !self.lazy || cx.monotonic() >= self.synced.get() + LAZY_SYNC {
            file.sync().await?;
            self.synced.set(cx.monotonic());
        }
        Ok(())
    }
    async fn rewrite(&self, cx: &Cx, raft: &Raft) -> Result<(), DiskError> {
        let bytes = whole(raft.log(), self.hard(raft));
        replace(cx, &self.log, &bytes).await
    }
    async fn save_snapshot(&self, cx: &Cx, snapshot: &Snapshot) -> Result<(), DiskError> {
        let mut writer = Writer::default();
        writer.snapshot(snapshot);
        replace(cx, &self.snapshot, &writer.bytes).await
    }
    fn hard(&self, raft: &Raft) -> Hard {
        let mut hard = raft.hard();
        match self.mutant {
            Some(Mutant::B01) => hard.voted = None,
            Some(Mutant::B02) => (hard.term, hard.voted) = (0, None),
            _ => {}
        }
        hard
    }
}

/// The bytes of a whole log.
fn whole(log: &Log, hard: Hard) -> Vec<u8> {
    let base = log.base();
    let mut writer = Writer::default();
    writer.record(&Record::Base(base, log.config_at(base.index).1));
    writer.record(&Record::Hard(hard));
    for entry in log.since(base.index + 1) {
        writer.record(&Record::Entry(*entry));
    }
    writer.bytes
}

/// Replaces a file as a whole.
async fn replace(cx: &Cx, name: &str, bytes: &[u8]) -> Result<(), DiskError> {
    let disk = cx.disk();
    let beside = format!("{name}.new");
    let new = disk.open(&beside);
    new.truncate(0).await?;
    new.write_at(0, bytes).await?;
    new.sync().await?;
    disk.rename(&beside, name).await?;
    disk.sync_dir().await
}

/// Log and snapshot from what was read, and whether the log is the one of the records; `None` if they do
/// not fit each other.
fn rebuild(records: Vec<Record>, snapshot: Option<Snapshot>) -> Option<(Stored, bool)> {
    let mut hard = Hard::default();
    let mut log = Log::default();
    let mut first = Snapshot::default();
    for record in records {
        match record {
            Record::Base(at, voters) => {
                log = Log::after(at, voters);
                first.voters = voters;
            }
            Record::Hard(now) => hard = now,
            Record::Cut(from) => log.truncate(from),
            Record::Entry(entry) => {
                log.truncate(entry.at.index);
                if entry.at.index != log.last().index + 1 {
                    return None;
                }
                log.push(entry);
            }
        }
    }
    let snapshot = snapshot.unwrap_or(first);
    if snapshot.last.index < log.base().index {
        return None;
    }
    // The snapshot came from a leader, and the log was not rewritten before the crash.
    let follows = log.term(snapshot.last.index) == Some(snapshot.last.term);
    if !follows {
        log = Log::after(snapshot.last, snapshot.voters);
    }
    // A term that an entry has was reached.
    hard.term = hard.term.max(log.last().term);
    let stored = Stored {
        hard,
        snapshot,
        log,
    };
    Some((stored, follows))
}

#[cfg(test)]
mod tests {
    use super::super::machine::{Command, Entry};
    use super::*;

    fn records(base: u32, last: u32) -> Vec<Record> {
        let entry = |index| {
            let command = Command::Noop;
            let at = LogId::new(1, index);
            Record::Entry(Entry { at, command })
        };
        let term = u32::from(base > 0);
        let mut all = vec![Record::Base(LogId::new(term, base), Voters::first(3))];
        all.extend((base + 1..=last).map(entry));
        all
    }
    fn snapshot(term: u32, index: u32) -> Option<Snapshot> {
        Some(Snapshot {
            last: LogId::new(term, index),
            voters: Voters::first(3),
            ..Snapshot::default()
        })
    }

    /// (records, snapshot) to the log's base and last index, and whether its file can go on.
    #[test]
    fn a_log_and_a_snapshot_that_a_crash_left() {
        let cases = [
            (records(0, 5), None, Some((0, 5, true)), "no snapshot yet"),
            (
                records(3, 9),
                snapshot(1, 5),
                Some((3, 9, true)),
                "some entries were kept",
            ),
            (
                records(3, 9),
                snapshot(1, 9),
                Some((3, 9, true)),
                "all of them",
            ),
            (
                records(3, 9),
                snapshot(2, 20),
                Some((20, 20, false)),
                "from a leader, far ahead",
            ),
            (
                records(3, 9),
                snapshot(2, 7),
                Some((7, 7, false)),
                "from a leader, another history",
            ),
            (
                records(3, 9),
                snapshot(1, 2),
                None,
                "something is missing between",
            ),
        ];
        for (records, snapshot, wanted, why) in cases {
            let found = rebuild(records, snapshot).map(|(stored, follows)| {
                let log = stored.log;
                (log.base().index, log.last().index, follows)
            });
            assert_eq!(found, wanted, "{why}");
        }
        let mut gap = records(0, 3);
        gap.extend(records(7, 8).split_off(1));
        assert!(rebuild(gap, None).is_none(), "a gap");
        // What was dropped stays dropped, and an entry replaces those from its place on.
        let mut cut = records(0, 6);
        cut.push(Record::Cut(5));
        cut.extend(records(2, 3).split_off(1));
        let (stored, _) = rebuild(cut, None).expect("no gap");
        assert_eq!(stored.log.last().index, 3);
    }
}
