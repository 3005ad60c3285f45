//! What is on a disk: a durable image, and a volatile cache of what was not synced yet, in order.
//!
//! Reads see the cache. A crash of the process leaves it alone: it is the host's. A loss of power
//! takes from it what the disk rules say ([`super::power`]).
//!
//! * **Data**: a write or truncation is durable once a sync of its file has come back, or once the
//!   host wrote it back by itself, oldest first.
//! * **Names**: creations, renames and removals are a journal of the whole disk. A sync of the
//!   directory makes all of them durable. A sync of a file does not: its bytes are safe then, its
//!   name may not be, which is what POSIX promises and no more.

use super::DiskError;
use super::image::{BLOCK, parts};
use super::inode::{Change, Inode, Pending};
use crate::EntryId;
use std::collections::{BTreeMap, BTreeSet};

/// Changes of names that wait in the journal; more make the host commit the older half, as the
/// commit interval of a journalling file system would.
const JOURNAL_MAX: usize = 1024;

/// A change of names that is not durable yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Naming {
    Create(String, u64),
    Rename(String, String),
    Remove(String),
}

/// A change of names in the journal.
#[derive(Clone, Debug)]
pub(super) struct Journalled {
    pub(super) ordinal: u64,
    pub(super) naming: Naming,
    /// Syncs that lied about it.
    pub(super) claimed: Vec<EntryId>,
}

type Names = BTreeMap<String, u64>;

pub(super) fn rename(names: &mut Names, naming: &Naming) {
    match naming {
        Naming::Create(name, inode) => _ = names.insert(name.clone(), *inode),
        Naming::Rename(from, to) => {
            if let Some(inode) = names.remove(from) {
                names.insert(to.clone(), inode);
            }
        }
        Naming::Remove(name) => _ = names.remove(name),
    }
}

fn add_new(claimed: &mut Vec<EntryId>, liars: &[EntryId]) {
    for id in liars {
        if !claimed.contains(id) {
            claimed.push(*id);
        }
    }
}

/// Files and their names.
#[derive(Debug, Default)]
pub(crate) struct Content {
    pub(super) inodes: BTreeMap<u64, Inode>,
    pub(super) names: Names,
    pub(super) durable_names: Names,
    /// Changes of names, oldest first.
    pub(super) journal: Vec<Journalled>,
    next_inode: u64,
    /// Changes so far: the ordinal of the next.
    changes: u64,
    dirty: u64,
    used: u64,
}

impl Content {
    /// Bytes in the cache that were not written to the device yet.
    pub(crate) const fn dirty(&self) -> u64 {
        self.dirty
    }
    /// Bytes that files take, in whole blocks.
    pub(crate) const fn used(&self) -> u64 {
        self.used
    }
    /// Names of the files that begin with `prefix`, in order.
    pub(crate) fn list(&self, prefix: &str) -> Vec<String> {
        let from = self.names.range(prefix.to_owned()..);
        let names = from.map(|(name, _)| name);
        let under = names.take_while(|name| name.starts_with(prefix));
        under.cloned().collect()
    }
    /// The file called `name`.
    pub(crate) fn find(&self, name: &str) -> Option<u64> {
        self.names.get(name).copied()
    }
    pub(super) fn file(&self, name: &str) -> Result<(u64, &Inode), DiskError> {
        let inode = self.find(name).ok_or(DiskError::NotFound)?;
        Ok((inode, &self.inodes[&inode]))
    }
    /// Size of a file in bytes.
    pub(crate) fn size(&self, name: &str) -> Result<u64, DiskError> {
        Ok(self.file(name)?.1.live.size())
    }
    /// Bytes that a file has in the cache and not on the device.
    pub(crate) fn unsynced(&self, inode: u64) -> u64 {
        let pending = self.inodes.get(&inode).map(|inode| &inode.pending);
        pending.map_or(0, |pending| pending.iter().map(Pending::bytes).sum())
    }
    /// Whether a file has changes that are not durable.
    pub(crate) fn is_dirty(&self, inode: u64) -> bool {
        self.inodes
            .get(&inode)
            .is_some_and(|inode| !inode.pending.is_empty())
    }
    /// Whether names have changes that are not durable.
    pub(crate) const fn names_dirty(&self) -> bool {
        !self.journal.is_empty()
    }
    /// Ordinal of the next change.
    pub(crate) const fn changes(&self) -> u64 {
        self.changes
    }
    /// Space that a write would take, in bytes.
    pub(crate) fn needed(&self, name: &str, offset: u64, len: u64) -> u64 {
        match self.find(name) {
            Some(inode) => self.inodes[&inode].live.needed(offset, len),
            None => parts(offset, len).count() as u64 * BLOCK,
        }
    }

    fn ordinal(&mut self) -> u64 {
        self.changes += 1;
        self.changes - 1
    }
    fn journal(&mut self, naming: Naming) {
        rename(&mut self.names, &naming);
        let ordinal = self.ordinal();
        self.journal.push(Journalled {
            ordinal,
            naming,
            claimed: Vec::new(),
        });
        if self.journal.len() > JOURNAL_MAX {
            let upto = self.journal[JOURNAL_MAX / 2].ordinal;
            self.sync_names(upto);
        }
    }

    /// The file called `name`, made if there is none.
    pub(crate) fn create(&mut self, name: &str) -> u64 {
        if let Some(inode) = self.find(name) {
            return inode;
        }
        let inode = self.next_inode;
        self.next_inode += 1;
        self.inodes.insert(inode, Inode::default());
        self.journal(Naming::Create(name.to_owned(), inode));
        inode
    }

    /// Writes into the cache; the file is made if there is none. `misdirect` says where the device
    /// will put it.
    pub(crate) fn write(
        &mut self,
        now: u64,
        (name, offset): (&str, u64),
        bytes: &[u8],
        misdirect: Option<(EntryId, i64)>,
    ) {
        let inode = self.create(name);
        let ordinal = self.ordinal();
        let Some(file) = self.inodes.get_mut(&inode) else {
            return;
        };
        self.used += file.live.needed(offset, bytes.len() as u64);
        file.live.write(now, offset, bytes);
        file.pending.push(Pending {
            ordinal,
            change: Change::Write(offset, bytes.to_vec()),
            claimed: Vec::new(),
            misdirect,
        });
        self.dirty += bytes.len() as u64;
    }

    /// Sets a file's size.
    pub(crate) fn truncate(&mut self, now: u64, name: &str, size: u64) -> Result<(), DiskError> {
        let inode = self.find(name).ok_or(DiskError::NotFound)?;
        let ordinal = self.ordinal();
        if let Some(file) = self.inodes.get_mut(&inode) {
            self.used -= file.live.allocated();
            file.live.truncate(now, size);
            self.used += file.live.allocated();
            file.pending.push(Pending {
                ordinal,
                change: Change::Truncate(size),
                claimed: Vec::new(),
                misdirect: None,
            });
        }
        Ok(())
    }

    /// Gives a file another name; a file that has it is replaced, in one step.
    pub(crate) fn rename(&mut self, from: &str, to: &str) -> Result<(), DiskError> {
        self.file(from)?;
        if from != to {
            self.unlink(to);
            self.journal(Naming::Rename(from.to_owned(), to.to_owned()));
        }
        Ok(())
    }
    /// Removes a file.
    pub(crate) fn remove(&mut self, name: &str) -> Result<(), DiskError> {
        self.file(name)?;
        self.unlink(name);
        self.journal(Naming::Remove(name.to_owned()));
        Ok(())
    }
    /// The file of this name is out of reach: it takes no space and nothing of it is written back.
    fn unlink(&mut self, name: &str) {
        let Some(inode) = self.find(name) else {
            return;
        };
        self.dirty -= self.unsynced(inode);
        if let Some(file) = self.inodes.get_mut(&inode) {
            file.unlinked = true;
            self.used -= file.live.allocated();
        }
    }

    /// Makes the changes of a file with ordinals below `upto` durable. Gives the overlays that put
    /// bytes at a wrong address.
    pub(crate) fn sync(&mut self, now: u64, inode: u64, upto: u64) -> Vec<EntryId> {
        let Some(file) = self.inodes.get_mut(&inode) else {
            return Vec::new();
        };
        let count = file.pending.partition_point(|p| p.ordinal < upto);
        let synced: Vec<Pending> = file.pending.drain(..count).collect();
        if !file.unlinked {
            self.dirty -= synced.iter().map(Pending::bytes).sum::<u64>();
        }
        let mut misdirected = Vec::new();
        for pending in synced {
            if let Some(id) = self.persist(now, inode, &pending) {
                misdirected.push(id);
            }
        }
        misdirected
    }
    /// Marks what a lying sync of a file claims to have made durable.
    pub(crate) fn claim(&mut self, inode: u64, upto: u64, liars: &[EntryId]) {
        let file = self.inodes.get_mut(&inode);
        let pending = file.into_iter().flat_map(|file| &mut file.pending);
        for pending in pending.filter(|pending| pending.ordinal < upto) {
            add_new(&mut pending.claimed, liars);
        }
    }
    /// Marks what a lying sync of the directory claims to have made durable.
    pub(crate) fn claim_names(&mut self, upto: u64, liars: &[EntryId]) {
        for change in self.journal.iter_mut().filter(|c| c.ordinal < upto) {
            add_new(&mut change.claimed, liars);
        }
    }
    /// Makes changes of names with ordinals below `upto` durable.
    pub(crate) fn sync_names(&mut self, upto: u64) {
        let count = self.journal.partition_point(|change| change.ordinal < upto);
        for change in self.journal.drain(..count) {
            rename(&mut self.durable_names, &change.naming);
        }
        self.forget_unreachable();
    }
    /// Writes the oldest changes back until at most `dirty_max` bytes wait. Gives the bytes written,
    /// and the overlays that put some at a wrong address.
    pub(crate) fn write_back(&mut self, now: u64, dirty_max: u64) -> (u64, Vec<EntryId>) {
        let (mut written, mut misdirected) = (0, Vec::new());
        while self.dirty > dirty_max {
            let linked = self.inodes.iter().filter(|(_, file)| !file.unlinked);
            let fronts = linked.filter_map(|(id, file)| Some((file.pending.first()?.ordinal, *id)));
            let Some((ordinal, inode)) = fronts.min() else {
                break;
            };
            let before = self.dirty;
            misdirected.extend(self.sync(now, inode, ordinal + 1));
            written += before - self.dirty;
        }
        (written, misdirected)
    }

    /// Applies a change to the durable image. Gives the overlay that misdirected it, if that made a
    /// difference.
    pub(super) fn persist(&mut self, now: u64, inode: u64, pending: &Pending) -> Option<EntryId> {
        if let (Change::Write(offset, bytes), Some((id, distance))) =
            (&pending.change, pending.misdirect)
            && self.put_elsewhere(now, (inode, *offset), bytes, distance)
        {
            return Some(id);
        }
        if let Some(file) = self.inodes.get_mut(&inode) {
            file.apply(now, &pending.change);
        }
        None
    }

    /// Drops files that no name leads to, now or after a loss of power.
    pub(super) fn forget_unreachable(&mut self) {
        let created = self
            .journal
            .iter()
            .filter_map(|change| match &change.naming {
                Naming::Create(_, inode) => Some(*inode),
                _ => None,
            });
        let named = self.names.values().chain(self.durable_names.values());
        let reachable: BTreeSet<u64> = created.chain(named.copied()).collect();
        self.inodes.retain(|inode, _| reachable.contains(inode));
    }
    /// Counts again what is dirty and used, after everything changed.
    pub(super) fn recount(&mut self) {
        let linked = self.inodes.values().filter(|file| !file.unlinked);
        let pending = linked.flat_map(|file| &file.pending);
        self.dirty = pending.map(Pending::bytes).sum();
        self.recount_used();
    }
    pub(super) fn recount_used(&mut self) {
        let linked = self.inodes.values().filter(|file| !file.unlinked);
        self.used = linked.map(|file| file.live.allocated()).sum();
    }
}
