//! A map by member that is read millions of times for each time that it changes.

use super::packet::Member;
use core::ops::Range;

/// Members in ascending order, and beside them what is said of each. A search goes through the members
/// alone, four bytes each: what a packet brings is found in a few cache lines. A new member moves those
/// behind it, which costs less than a tree up to thousands of entries, and nobody knows that much anew.
#[derive(Clone, Debug)]
pub(super) struct ByMember<T> {
    members: Vec<Member>,
    values: Vec<T>,
}

impl<T> Default for ByMember<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> ByMember<T> {
    pub(super) const fn new() -> Self {
        Self {
            members: Vec::new(),
            values: Vec::new(),
        }
    }
    pub(super) const fn is_empty(&self) -> bool {
        self.members.is_empty()
    }
    pub(super) fn get(&self, member: Member) -> Option<&T> {
        let at = self.members.binary_search(&member).ok()?;
        Some(&self.values[at])
    }
    pub(super) fn get_mut(&mut self, member: Member) -> Option<&mut T> {
        let at = self.members.binary_search(&member).ok()?;
        Some(&mut self.values[at])
    }
    /// Gives what was there before.
    pub(super) fn insert(&mut self, member: Member, value: T) -> Option<T> {
        match self.members.binary_search(&member) {
            Ok(at) => Some(core::mem::replace(&mut self.values[at], value)),
            Err(at) => {
                self.members.insert(at, member);
                self.values.insert(at, value);
                None
            }
        }
    }
    pub(super) fn remove(&mut self, member: Member) -> Option<T> {
        let at = self.members.binary_search(&member).ok()?;
        self.members.remove(at);
        Some(self.values.remove(at))
    }
    /// How many of these members are in it.
    pub(super) fn count(&self, range: &Range<Member>) -> usize {
        let before = |end: Member| self.members.partition_point(|member| *member < end);
        before(range.end).saturating_sub(before(range.start))
    }
    /// Everything, by member.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Member, &T)> {
        self.members.iter().copied().zip(&self.values)
    }
    pub(super) fn values(&self) -> impl Iterator<Item = &T> {
        self.values.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use squall_core::{Key, Sample, Seed};
    use std::collections::BTreeMap;

    #[test]
    fn it_is_a_map_in_the_order_of_members() {
        let mut draw = Key::new(Seed(1), "by-member", "test").at(0);
        let (mut map, mut model) = (ByMember::new(), BTreeMap::new());
        for step in 0..5_000 {
            let member = Member::try_from(draw.below(300)).unwrap();
            match draw.below(3) {
                0 => assert_eq!(map.remove(member), model.remove(&member)),
                1 => assert_eq!(map.insert(member, step), model.insert(member, step)),
                _ => {
                    if let Some(value) = map.get_mut(member) {
                        *value += 1;
                    }
                    model.entry(member).and_modify(|value| *value += 1);
                }
            }
            assert_eq!(map.get(member), model.get(&member));
            assert_eq!(map.is_empty(), model.is_empty());
        }
        let all: Vec<(Member, i32)> = map.iter().map(|(member, value)| (member, *value)).collect();
        assert!(all.iter().copied().eq(model.iter().map(|(m, v)| (*m, *v))));
        assert!(map.values().eq(model.values()));
        for range in [0..300, 17..150, 100..100, 250..900] {
            assert_eq!(map.count(&range), model.range(range.clone()).count());
        }
        assert!(ByMember::<i32>::new().is_empty());
    }
}
