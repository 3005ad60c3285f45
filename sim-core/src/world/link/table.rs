//! From the ends of a link to its number: constant time and memory by links used, whatever the number
//! of nodes or the peers of one of them.

use super::Link;
use crate::NodeId;

/// An open-addressing hash table of link numbers. The keys are the ends in the links themselves, so
/// that a slot costs four bytes. Nothing ever goes through it in its order.
#[derive(Debug, Default)]
pub(in crate::world) struct LinkTable {
    /// A power of two of slots, at most two thirds of them full; [`EMPTY`] is free.
    slots: Vec<u32>,
    links: usize,
}

const EMPTY: u32 = u32::MAX;
const SLOTS_MIN: usize = 16;

impl LinkTable {
    pub(in crate::world) fn clear(&mut self) {
        self.slots.clear();
        self.links = 0;
    }

    /// The number of the link between two nodes.
    #[inline]
    pub(in crate::world) fn find(&self, links: &[Link], from: NodeId, to: NodeId) -> Option<usize> {
        if self.slots.is_empty() {
            return None;
        }
        let mask = self.slots.len() - 1;
        let mut at = self.home(from, to);
        loop {
            let slot = self.slots[at];
            if slot == EMPTY {
                return None;
            }
            let link = &links[slot as usize];
            if link.from == from && link.to == to {
                return Some(slot as usize);
            }
            at = (at + 1) & mask;
        }
    }

    /// Enters the last of `links`.
    pub(in crate::world) fn insert(&mut self, links: &[Link]) {
        self.links += 1;
        if self.links * 3 > self.slots.len() * 2 {
            let slots = (self.slots.len() * 2).max(SLOTS_MIN);
            self.slots.clear();
            self.slots.resize(slots, EMPTY);
            (0..links.len()).for_each(|number| self.place(links, number));
        } else {
            self.place(links, links.len() - 1);
        }
    }
    fn place(&mut self, links: &[Link], number: usize) {
        let mask = self.slots.len() - 1;
        let mut at = self.home(links[number].from, links[number].to);
        while self.slots[at] != EMPTY {
            at = (at + 1) & mask;
        }
        self.slots[at] = u32::try_from(number).expect("fewer than 2^32 links");
    }
    /// The first slot to look at: the upper bits of a multiplicative hash (Knuth 6.4) of both ends.
    #[inline]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "shifted down to the number of slots"
    )]
    fn home(&self, from: NodeId, to: NodeId) -> usize {
        let ends = (u64::from(from.0) << 32) | u64::from(to.0);
        let hash = (ends ^ (ends >> 29)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let hash = (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (hash >> (64 - self.slots.len().trailing_zeros())) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::LinkProfile;
    use crate::{Key, Seed};
    use std::rc::Rc;

    /// A star of 100,000 nodes and back: every link is found, in less than two probes on average, and
    /// the table costs twelve bytes a link at most.
    #[test]
    fn a_star_of_a_hundred_thousand_nodes_costs_by_links_used() {
        let profile = Rc::new(LinkProfile::default());
        let key = Key::new(Seed(1), "link", "test");
        let (mut table, mut links) = (LinkTable::default(), Vec::new());
        for node in 1..=100_000 {
            for ends in [(0, node), (node, 0)] {
                let ends = (NodeId(ends.0), NodeId(ends.1));
                assert_eq!(table.find(&links, ends.0, ends.1), None);
                links.push(Link::new(ends, key, Rc::clone(&profile)));
                table.insert(&links);
            }
        }
        let mut probes = 0;
        for (number, link) in links.iter().enumerate() {
            assert_eq!(table.find(&links, link.from, link.to), Some(number));
            let home = table.home(link.from, link.to);
            let mask = table.slots.len() - 1;
            probes += (0..)
                .take_while(|i| table.slots[(home + i) & mask] as usize != number)
                .count();
        }
        assert!(probes < links.len(), "{probes} extra probes");
        assert!(table.slots.capacity() * 4 <= links.len() * 12);
        assert_eq!(table.find(&links, NodeId(7), NodeId(8)), None);
    }
}
