//! What a medium does to bytes that were synced: it puts them elsewhere, or lets them rot.

use super::content::Content;
use super::image::{BLOCK, index, parts};
use super::inode::Inode;
use crate::{EntryId, Key, Sample, VirtualTime};

/// Nanoseconds of a day, the unit of rot at rest.
const DAY_NS: f64 = 86_400e9;
/// Bits of a block.
const BITS: u64 = BLOCK * 8;

/// One law of rot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rotting {
    /// The overlay it belongs to.
    pub(crate) id: EntryId,
    /// Its draws.
    pub(crate) key: Key,
    /// When it began, in nanoseconds.
    pub(crate) from: u64,
    /// When it ended; `None` while it goes on.
    pub(crate) until: Option<u64>,
    /// Chance of a block; a day if `at_rest`, else a read.
    pub(crate) share: f64,
    /// Whether blocks rot with time instead of when they are read.
    pub(crate) at_rest: bool,
    /// Whether a checksum tells.
    pub(crate) visible: bool,
}

impl Rotting {
    /// Whether a block that was written at `written` is rotten at `now`, and which bit. `read` is
    /// the ordinal of the read that looks at it.
    fn bit(&self, (inode, block): (u64, u64), written: u64, now: u64, read: u64) -> Option<u32> {
        let key = self.key.child(inode).child(block);
        let mut draw = if self.at_rest {
            let mut draw = key.at(written);
            let from = self.from.max(written);
            let to = self.until.unwrap_or(now).min(now);
            let days = to.saturating_sub(from) as f64 / DAY_NS;
            // The first day on which a block with chance p a day rots: exponential.
            let rate = -libm::log1p(-self.share.min(1.0 - 1e-12));
            if -libm::log(draw.unit()) > days * rate {
                return None;
            }
            draw
        } else {
            let mut draw = key.at(read);
            if self.until.is_some() || !draw.chance(self.share) {
                return None;
            }
            draw
        };
        Some(u32::try_from(draw.below(BITS)).expect("a block has 32768 bits"))
    }
}

impl Inode {
    /// Lets the durable blocks of a range rot as `laws` say.
    fn rot(&mut self, blocks: &[u64], id: u64, (now, read): (u64, u64), laws: &[Rotting]) {
        for block in blocks {
            let Some(written) = self.durable.written(*block) else {
                continue;
            };
            for law in laws {
                if let Some(bit) = law.bit((id, *block), written, now, read) {
                    let at = (*block, bit);
                    let (_, visible) = self.rot.entry(at).or_insert((law.id, law.visible));
                    *visible |= law.visible;
                }
            }
        }
    }
}

/// What came back from the medium.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ReadBack {
    /// The bytes.
    pub(crate) bytes: Vec<u8>,
    /// Overlays because of which they are not what was written; once for each rotten block.
    pub(crate) wrong: Vec<EntryId>,
    /// A checksum tells.
    pub(crate) detected: bool,
    /// Bytes that had to come from the device.
    pub(crate) from_device: u64,
}

impl Content {
    /// Reads a range of a file that exists, cut at its end. Blocks in the cache are as they were
    /// written; others come from the medium, where they may have rotted, or be those of a place
    /// `misdirect` blocks away.
    pub(crate) fn read(
        &mut self,
        (inode, offset): (u64, u64),
        len: u64,
        (now, read): (VirtualTime, u64),
        (laws, misdirect): (&[Rotting], Option<(EntryId, i64)>),
    ) -> ReadBack {
        let elsewhere = misdirect.map(|(id, distance)| (id, self.place(inode, offset, distance)));
        let Some(file) = self.inodes.get_mut(&inode) else {
            return ReadBack::default();
        };
        let len = file.live.size().saturating_sub(offset).min(len);
        let mut back = ReadBack {
            bytes: file.live.bytes(offset, len),
            ..ReadBack::default()
        };
        let cached = file.cached_blocks(offset, len);
        let clean = parts(offset, len).filter(|(block, ..)| !cached.contains(block));
        let clean: Vec<_> = clean.collect();
        back.from_device = clean.iter().map(|(.., len)| len).sum();
        let blocks: Vec<u64> = clean.iter().map(|(block, ..)| *block).collect();
        file.rot(&blocks, inode, (now.as_nanos(), read), laws);
        for (block, start, len) in &clean {
            file.flip((*block, *start, *len), offset, &mut back);
        }
        if let Some((id, Some(place))) = elsewhere
            && back.from_device == len
        {
            let other = self
                .inodes
                .get(&place.0)
                .map(|file| file.durable.bytes(place.1, len));
            if let Some(other) = other.filter(|other| *other != back.bytes) {
                back.bytes = other;
                back.wrong.push(id);
            }
        }
        back
    }

    /// The address `distance` blocks from one, over all files in their order, round and round.
    fn place(&self, inode: u64, offset: u64, distance: i64) -> Option<(u64, u64)> {
        let blocks = |file: &Inode| file.durable.size().div_ceil(BLOCK);
        let total: u64 = self.inodes.values().map(blocks).sum();
        let before = self.inodes.range(..inode).map(|(_, file)| blocks(file));
        let at = before.sum::<u64>() + offset / BLOCK;
        if total < 2 || at >= total {
            return None;
        }
        let moved = (i128::from(at) + i128::from(distance)).rem_euclid(i128::from(total));
        let mut rest = u64::try_from(moved).expect("a remainder is below its divisor");
        for (other, file) in &self.inodes {
            if rest < blocks(file) {
                return Some((*other, rest * BLOCK + offset % BLOCK));
            }
            rest -= blocks(file);
        }
        None
    }

    /// Puts a write at a wrong address: its own place keeps the old bytes. Whether there was one.
    pub(super) fn put_elsewhere(
        &mut self,
        now: u64,
        (inode, offset): (u64, u64),
        bytes: &[u8],
        distance: i64,
    ) -> bool {
        if let Some(file) = self.inodes.get_mut(&inode) {
            // The size is in the journal of the file system, not in the data.
            file.durable.grow(offset + bytes.len() as u64);
        }
        let mut at = offset;
        let mut moved = false;
        for (_, start, len) in parts(offset, bytes.len() as u64) {
            let here = &bytes[index(at - offset)..index(at - offset + len)];
            let place = self.place(inode, at, distance).unwrap_or((inode, at));
            moved |= place != (inode, at);
            if let Some(file) = self.inodes.get_mut(&place.0) {
                file.heal(place.1, len);
                file.durable.put(now, place.1, here);
                file.refresh(place.1 / BLOCK);
            }
            if let Some(file) = self.inodes.get_mut(&inode) {
                file.refresh((at - start) / BLOCK);
            }
            at += len;
        }
        self.recount_used();
        moved
    }
}

impl Inode {
    /// Readers see what is on the medium, unless the cache holds something newer.
    fn refresh(&mut self, block: u64) {
        if self.cached_blocks(block * BLOCK, BLOCK).is_empty() {
            self.live.share(&self.durable, block);
        }
    }
    /// Flips the rotten bits of a part of a block in what was read.
    fn flip(&self, (block, start, len): (u64, u64, u64), offset: u64, back: &mut ReadBack) {
        if self.rot.is_empty() {
            return;
        }
        let mut credited: Vec<EntryId> = Vec::new();
        for ((_, bit), (id, visible)) in self.rot.range((block, 0)..(block + 1, 0)) {
            let byte = u64::from(*bit) / 8;
            if !(start..start + len).contains(&byte) && !visible {
                continue;
            }
            back.detected |= visible;
            if (start..start + len).contains(&byte) {
                back.bytes[index(block * BLOCK + byte - offset)] ^= 1 << (bit % 8);
            }
            if !credited.contains(id) {
                credited.push(*id);
            }
        }
        back.wrong.extend(credited);
    }
}
