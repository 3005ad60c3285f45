//! News that wait for packets to ride on.

use super::packet::{Member, News};
use std::collections::BTreeMap;

/// What a member has to tell. Of each member only the latest is told, and each piece so many times; what
/// was told least goes first, and of these the newest.
#[derive(Clone, Debug, Default)]
pub(super) struct Telling {
    waiting: BTreeMap<(u32, u32), News>,
    places: BTreeMap<Member, (u32, u32)>,
    /// Counts down, so that a newer piece is before an older one.
    next: u32,
}

impl Telling {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }
    /// A new piece; what was to be told of this member before is not told any more.
    pub(super) fn add(&mut self, news: News) {
        if let Some(old) = self.places.remove(&news.member) {
            self.waiting.remove(&old);
        }
        self.next = self.next.wrapping_sub(1);
        self.put((0, self.next), news);
    }
    fn put(&mut self, place: (u32, u32), news: News) {
        self.places.insert(news.member, place);
        self.waiting.insert(place, news);
    }
    /// Up to `most` pieces for one packet. Each is forgotten after it was told `tellings` times.
    pub(super) fn take(&mut self, most: usize, tellings: u32, mut to: impl FnMut(News) -> bool) {
        let mut taken = Vec::new();
        while taken.len() < most
            && let Some(((told, order), news)) = self.waiting.pop_first()
        {
            self.places.remove(&news.member);
            let carried = to(news);
            taken.push(((told + u32::from(carried), order), news));
            if !carried {
                break;
            }
        }
        for (place, news) in taken {
            if place.0 < tellings {
                self.put(place, news);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::packet::State;
    use super::*;

    fn news(member: Member, incarnation: u32) -> News {
        News {
            member,
            state: State::Alive,
            incarnation,
            from: member,
        }
    }

    #[test]
    fn each_is_told_as_often_as_the_rule_says_and_the_latest_first() {
        let mut telling = Telling::default();
        (0..3).for_each(|member| telling.add(news(member, 0)));
        telling.add(news(0, 1));
        let mut told = Vec::new();
        while !telling.is_empty() {
            let mut packet = Vec::new();
            telling.take(2, 2, |news| {
                packet.push((news.member, news.incarnation));
                true
            });
            told.push(packet);
        }
        // The newest two; then the one that was told least before the newest.
        assert_eq!(told, [[(0, 1), (2, 0)], [(1, 0), (0, 1)], [(2, 0), (1, 0)]]);
        telling.add(news(5, 0));
        telling.take(2, 1, |_| false);
        assert!(!telling.is_empty(), "what found no room waits on");
    }
}
