//! The bytes of a file, in sparse blocks: memory follows what was written, not the size.

use std::collections::BTreeMap;
use std::rc::Rc;

/// Bytes of a block.
pub const BLOCK: u64 = 4096;
const BLOCK_LEN: usize = 4096;

/// One block. Images share blocks until one of them changes.
#[derive(Clone, Debug)]
struct Block {
    bytes: Rc<[u8; BLOCK_LEN]>,
    /// When it was written last, in nanoseconds.
    written: u64,
}

/// A file's bytes; what was never written is zero and takes no room.
#[derive(Clone, Debug, Default)]
pub(super) struct Image {
    blocks: BTreeMap<u64, Block>,
    size: u64,
}

/// The parts of a range that lie in one block each: (block, start in it, length).
pub(super) fn parts(offset: u64, len: u64) -> impl Iterator<Item = (u64, u64, u64)> {
    let end = offset.saturating_add(len);
    let mut at = offset;
    core::iter::from_fn(move || {
        if at >= end {
            return None;
        }
        let (block, start) = (at / BLOCK, at % BLOCK);
        let len = (BLOCK - start).min(end - at);
        at += len;
        Some((block, start, len))
    })
}

pub(super) fn index(n: u64) -> usize {
    usize::try_from(n).expect("what is in memory has a length that fits usize")
}

impl Image {
    pub(super) const fn size(&self) -> u64 {
        self.size
    }
    /// Bytes on the medium.
    pub(super) fn allocated(&self) -> u64 {
        self.blocks.len() as u64 * BLOCK
    }
    /// Blocks that a write would add, in bytes.
    pub(super) fn needed(&self, offset: u64, len: u64) -> u64 {
        let new = parts(offset, len).filter(|(block, ..)| !self.blocks.contains_key(block));
        new.count() as u64 * BLOCK
    }
    /// When the block was written last; `None` for a hole.
    pub(super) fn written(&self, block: u64) -> Option<u64> {
        self.blocks.get(&block).map(|block| block.written)
    }

    pub(super) fn write(&mut self, now: u64, offset: u64, bytes: &[u8]) {
        self.put(now, offset, bytes);
        if !bytes.is_empty() {
            self.size = self.size.max(offset + bytes.len() as u64);
        }
    }
    /// As [`Image::write`], without growing the file: bytes that a device put at a wrong address.
    pub(super) fn put(&mut self, now: u64, offset: u64, bytes: &[u8]) {
        let mut rest = bytes;
        for (block, start, len) in parts(offset, bytes.len() as u64) {
            let (here, later) = rest.split_at(index(len));
            rest = later;
            let block = self.blocks.entry(block).or_insert_with(|| Block {
                bytes: Rc::new([0; BLOCK_LEN]),
                written: now,
            });
            block.written = now;
            Rc::make_mut(&mut block.bytes)[index(start)..index(start + len)].copy_from_slice(here);
        }
    }
    /// Grows the file to `size` without writing anything.
    pub(super) fn grow(&mut self, size: u64) {
        self.size = self.size.max(size);
    }
    /// Cuts or extends the file; what is cut off is gone, what is added is zero.
    pub(super) fn truncate(&mut self, now: u64, size: u64) {
        if size < self.size {
            self.blocks.split_off(&size.div_ceil(BLOCK));
            if !size.is_multiple_of(BLOCK) && self.blocks.contains_key(&(size / BLOCK)) {
                self.put(now, size, &[0; BLOCK_LEN][index(size % BLOCK)..]);
            }
        }
        self.size = size;
    }
    /// The bytes of a range, whether inside the file or not.
    pub(super) fn bytes(&self, offset: u64, len: u64) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(index(len));
        for (block, start, len) in parts(offset, len) {
            match self.blocks.get(&block) {
                Some(block) => bytes.extend(&block.bytes[index(start)..index(start + len)]),
                None => bytes.resize(bytes.len() + index(len), 0),
            }
        }
        bytes
    }
    /// Takes a block over from another image of the file.
    pub(super) fn share(&mut self, from: &Self, block: u64) {
        match from.blocks.get(&block) {
            Some(found) => self.blocks.insert(block, found.clone()),
            None => self.blocks.remove(&block),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_are_zero_and_take_no_room() {
        let mut image = Image::default();
        image.write(1, 1 << 40, b"far");
        assert_eq!(image.allocated(), BLOCK);
        assert_eq!(image.size(), (1 << 40) + 3);
        assert_eq!(image.bytes((1 << 40) - 1, 4), b"\0far");
        assert_eq!(image.needed((1 << 40) - 1, 2), BLOCK);
    }

    #[test]
    fn what_a_truncation_cut_off_does_not_come_back() {
        let mut image = Image::default();
        image.write(1, 0, &[7; 10_000]);
        image.truncate(2, 5_000);
        image.truncate(3, 10_000);
        assert_eq!(image.bytes(4_998, 4), [7, 7, 0, 0]);
        assert_eq!(image.allocated(), 2 * BLOCK);
        image.truncate(4, 0);
        assert_eq!((image.size(), image.allocated()), (0, 0));
    }

    #[test]
    fn an_image_that_shares_a_block_keeps_its_own_bytes() {
        let mut image = Image::default();
        image.write(1, 0, b"old");
        let copy = image.clone();
        image.write(2, 0, b"new");
        assert_eq!(
            (copy.bytes(0, 3), image.bytes(0, 3)),
            (b"old".to_vec(), b"new".to_vec())
        );
    }
}
