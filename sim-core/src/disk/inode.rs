//! One file: what readers see, what survives, and what is between the two.

use super::image::{BLOCK, Image, parts};
use crate::EntryId;
use std::collections::{BTreeMap, BTreeSet};

/// A change of a file that is not durable yet.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    /// Number of the change on this disk.
    pub(super) ordinal: u64,
    pub(super) change: Change,
    /// Syncs that lied about it.
    pub(super) claimed: Vec<EntryId>,
    /// The device will put it so many blocks away.
    pub(super) misdirect: Option<(EntryId, i64)>,
}

/// What changes.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Write(u64, Vec<u8>),
    Truncate(u64),
}

impl Pending {
    pub(super) fn bytes(&self) -> u64 {
        match &self.change {
            Change::Write(_, bytes) => bytes.len() as u64,
            Change::Truncate(_) => 0,
        }
    }
}

/// A file, whatever it is called.
#[derive(Debug, Default)]
pub(super) struct Inode {
    /// What readers see.
    pub(super) live: Image,
    /// What survives.
    pub(super) durable: Image,
    pub(super) pending: Vec<Pending>,
    /// Bits of durable blocks that flipped: (block, bit), who did it, whether a checksum tells.
    pub(super) rot: BTreeMap<(u64, u32), (EntryId, bool)>,
    /// Nobody can reach it any more, but its removal is not durable.
    pub(super) unlinked: bool,
}

impl Inode {
    /// A change reaches the medium.
    pub(super) fn apply(&mut self, now: u64, change: &Change) {
        match change {
            Change::Write(offset, bytes) => {
                self.heal(*offset, bytes.len() as u64);
                self.durable.write(now, *offset, bytes);
            }
            Change::Truncate(size) => {
                self.durable.truncate(now, *size);
                self.rot.split_off(&(size.div_ceil(BLOCK), 0));
            }
        }
    }
    /// Bits that are written anew are what was written.
    pub(super) fn heal(&mut self, offset: u64, len: u64) {
        if self.rot.is_empty() {
            return;
        }
        let bit = |at: u64| u32::try_from(at * 8).expect("a block has 32768 bits");
        for (block, start, len) in parts(offset, len) {
            let hit = (block, bit(start))..(block, bit(start + len));
            let healed: Vec<_> = self.rot.range(hit).map(|(at, _)| *at).collect();
            healed.iter().for_each(|at| _ = self.rot.remove(at));
        }
    }
    /// Blocks of a range of which the cache holds bytes that were not written to the medium.
    pub(super) fn cached_blocks(&self, offset: u64, len: u64) -> BTreeSet<u64> {
        let end = offset.saturating_add(len);
        let mut blocks = BTreeSet::new();
        for pending in &self.pending {
            if let Change::Write(at, bytes) = &pending.change {
                // The whole first and last block are in the cache, so neighbours may meet there.
                let from = (at / BLOCK * BLOCK).max(offset);
                let to = (at + bytes.len() as u64).next_multiple_of(BLOCK).min(end);
                blocks.extend(parts(from, to.saturating_sub(from)).map(|(block, ..)| block));
            }
        }
        blocks
    }
}
