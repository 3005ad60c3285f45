//! What every node of a class would have left if all pods up to a rank were evicted.
//!
//! A binary tree over the nodes by number, each branch with the most below it: the first node with enough is
//! found by going down, past branches where nothing fits.

use super::types::{Demand, Room};

/// Rooms by slot.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    /// The root is 1; the children of n are 2n and 2n + 1.
    rooms: Vec<Room>,
}

impl Tree {
    fn leaves(&self) -> usize {
        self.rooms.len() / 2
    }
    /// Says what a slot has; there are as many slots as were ever spoken of.
    pub(super) fn set(&mut self, slot: usize, room: Room) {
        if slot >= self.leaves() {
            self.grow(slot + 1);
        }
        let mut at = self.leaves() + slot;
        self.rooms[at] = room;
        while at > 1 {
            at /= 2;
            self.rooms[at] = self.rooms[2 * at].max(self.rooms[2 * at + 1]);
        }
    }
    fn grow(&mut self, slots: usize) {
        let (old, leaves) = (self.leaves(), slots.next_power_of_two());
        let mut rooms = vec![Room::default(); 2 * leaves];
        rooms[leaves..leaves + old].copy_from_slice(&self.rooms[old..]);
        for at in (1..leaves).rev() {
            rooms[at] = rooms[2 * at].max(rooms[2 * at + 1]);
        }
        self.rooms = rooms;
    }
    /// The first slot with room that is accepted.
    pub(super) fn first(
        &self,
        demand: &Demand,
        mut accept: impl FnMut(usize) -> bool,
    ) -> Option<usize> {
        let mut open = vec![1];
        while let Some(at) = open.pop() {
            if !self.rooms.get(at).is_some_and(|room| room.holds(demand)) {
                continue;
            }
            if at >= self.leaves() {
                if accept(at - self.leaves()) {
                    return Some(at - self.leaves());
                }
                continue;
            }
            open.extend([2 * at + 1, 2 * at]);
        }
        None
    }
}
