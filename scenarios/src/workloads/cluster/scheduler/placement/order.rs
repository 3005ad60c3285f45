//! Nodes in the order in which they are preferred, with what is left on them.
//!
//! Sorted blocks, each with the most that is left on any of its nodes: a search passes over whole blocks
//! in which nothing fits, and looks at the nodes of few. For n nodes that is about n/64 blocks and one or two
//! of them in full. (10,000 nodes: some 150 comparisons of 12 bytes side by side.)

use super::types::{Demand, Room};

/// Most entries of a block.
const BLOCK_MAX: usize = 128;

/// Where a node stands: what decides first, what decides next, its number.
pub(super) type Rank = (u32, u32, u32);

#[derive(Clone, Debug)]
struct Block {
    most: Room,
    entries: Vec<(Rank, Room)>,
}

impl Block {
    fn measure(&mut self) {
        self.most = most(self.entries.iter().map(|(_, room)| *room));
    }
    fn first(&self) -> Rank {
        self.entries[0].0
    }
}

fn most(rooms: impl Iterator<Item = Room>) -> Room {
    rooms.fold(Room::default(), Room::max)
}

/// Nodes by rank.
#[derive(Clone, Debug, Default)]
pub(super) struct Order {
    /// None is empty.
    blocks: Vec<Block>,
}

impl Order {
    /// The block in which a rank is or belongs.
    fn block(&self, rank: Rank) -> usize {
        let after = self.blocks.partition_point(|block| block.first() <= rank);
        after.saturating_sub(1)
    }
    /// Adds a node that is not in it.
    pub(super) fn insert(&mut self, rank: Rank, room: Room) {
        if self.blocks.is_empty() {
            let (most, entries) = (room, vec![(rank, room)]);
            return self.blocks.push(Block { most, entries });
        }
        let at = self.block(rank);
        let block = &mut self.blocks[at];
        let place = block.entries.partition_point(|(other, _)| *other < rank);
        block.entries.insert(place, (rank, room));
        block.most = block.most.max(room);
        if block.entries.len() > BLOCK_MAX {
            let entries = block.entries.split_off(BLOCK_MAX / 2);
            block.measure();
            let mut next = Block {
                most: Room::default(),
                entries,
            };
            next.measure();
            self.blocks.insert(at + 1, next);
        }
    }
    /// Takes a node out.
    ///
    /// # Panics
    /// If it is not in it.
    pub(super) fn remove(&mut self, rank: Rank) {
        let at = self.block(rank);
        let block = &mut self.blocks[at];
        let place = block
            .entries
            .binary_search_by_key(&rank, |(rank, _)| *rank)
            .expect("who is taken out stands at its rank");
        block.entries.remove(place);
        let left = block.entries.len();
        if left == 0 {
            self.blocks.remove(at);
            return;
        }
        self.blocks[at].measure();
        // Blocks that became small are joined, so that there are never many more than need be.
        if at + 1 < self.blocks.len() && left + self.blocks[at + 1].entries.len() < BLOCK_MAX / 2 {
            let next = self.blocks.remove(at + 1);
            let block = &mut self.blocks[at];
            block.most = block.most.max(next.most);
            block.entries.extend(next.entries);
        }
    }
    /// The first node before `before` that has room and is accepted.
    pub(super) fn first(
        &self,
        demand: &Demand,
        before: Option<Rank>,
        mut accept: impl FnMut(u32) -> bool,
    ) -> Option<Rank> {
        for block in &self.blocks {
            if before.is_some_and(|before| block.first() >= before) {
                return None;
            }
            if !block.most.holds(demand) {
                continue;
            }
            for (rank, room) in &block.entries {
                if before.is_some_and(|before| *rank >= before) {
                    return None;
                }
                if room.holds(demand) && accept(rank.2) {
                    return Some(*rank);
                }
            }
        }
        None
    }
    /// The most that is left of each thing.
    pub(super) fn most(&self) -> Room {
        most(self.blocks.iter().map(|block| block.most))
    }
    /// All nodes in order.
    #[cfg(test)]
    pub(super) fn all(&self) -> Vec<(Rank, Room)> {
        let entries = self.blocks.iter().flat_map(|block| block.entries.iter());
        entries.copied().collect()
    }
}
