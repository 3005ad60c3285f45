//! News that wait for packets to ride on.

use super::by_member::ByMember;
use super::packet::News;
use std::collections::VecDeque;

/// A piece of news that waits.
#[derive(Clone, Copy, Debug)]
struct Piece {
    /// Less than that of every older piece.
    order: u32,
    news: News,
}

/// Pieces that were told equally often, the newest first.
#[derive(Clone, Debug)]
struct Level {
    told: u32,
    waiting: VecDeque<Piece>,
}

/// What a member has to tell. Of each member only the latest is told, and each piece so many times; what
/// was told least goes first, and of these the newest.
///
/// What is told goes from the front of its level to the next one, and there nearly always to one of the
/// ends: behind what was told just before it, or before what is older.
#[derive(Clone, Debug, Default)]
pub(super) struct Telling {
    /// Those with pieces, the least told first.
    levels: Vec<Level>,
    /// The order of what was to be told last of each member, for which nothing waits any more if all of it
    /// was told.
    orders: ByMember<u32>,
    count: usize,
    /// The memory of a level that is gone, for the next one: a few pieces make a new one in each round.
    spare: VecDeque<Piece>,
    /// Counts down, so that a newer piece is before an older one.
    next: u32,
}

impl Telling {
    pub(super) const fn is_empty(&self) -> bool {
        self.count == 0
    }
    pub(super) const fn len(&self) -> usize {
        self.count
    }
    /// A new piece; what was to be told of this member before is not told any more.
    pub(super) fn add(&mut self, news: News) {
        self.next = self.next.wrapping_sub(1);
        let order = self.next;
        if let Some(old) = self.orders.insert(news.member, order) {
            self.withdraw(old);
        }
        self.put(0, Piece { order, news });
    }
    /// Takes the piece of this order away, if it waits.
    fn withdraw(&mut self, order: u32) {
        let found = self.levels.iter_mut().enumerate().find_map(|(at, level)| {
            let place = level.waiting.binary_search_by_key(&order, |p| p.order);
            Some((at, place.ok()?))
        });
        if let Some((at, place)) = found {
            self.count -= 1;
            self.levels[at].waiting.remove(place);
            self.close_if_empty(at);
        }
    }
    fn put(&mut self, told: u32, piece: Piece) {
        self.count += 1;
        let at = self.levels.partition_point(|level| level.told < told);
        if self.levels.get(at).is_none_or(|level| level.told != told) {
            let waiting = core::mem::take(&mut self.spare);
            self.levels.insert(at, Level { told, waiting });
        }
        let waiting = &mut self.levels[at].waiting;
        if waiting.back().is_none_or(|last| last.order < piece.order) {
            waiting.push_back(piece);
        } else {
            let place = waiting.partition_point(|other| other.order < piece.order);
            waiting.insert(place, piece);
        }
    }
    /// The piece that is to be told next, and how often it was.
    fn pop(&mut self) -> Option<(u32, Piece)> {
        let level = self.levels.first_mut()?;
        let found = (level.told, level.waiting.pop_front()?);
        self.close_if_empty(0);
        self.count -= 1;
        Some(found)
    }
    fn close_if_empty(&mut self, level: usize) {
        if self.levels[level].waiting.is_empty() {
            self.spare = self.levels.remove(level).waiting;
        }
    }
    /// Up to `most` pieces for one packet. Each is forgotten after it was told `tellings` times.
    pub(super) fn take(&mut self, most: usize, tellings: u32, mut to: impl FnMut(News) -> bool) {
        let mut taken = Vec::with_capacity(most.min(self.count));
        while taken.len() < most
            && let Some((told, piece)) = self.pop()
        {
            let carried = to(piece.news);
            taken.push((told + u32::from(carried), piece));
            if !carried {
                break;
            }
        }
        for (told, piece) in taken {
            if told < tellings {
                self.put(told, piece);
            }
        }
        if self.is_empty() {
            self.orders = ByMember::new();
            self.spare = VecDeque::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::packet::{Member, State};
    use super::*;
    use squall_core::{Key, Sample, Seed};
    use std::collections::BTreeMap;

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

    /// The rule, word for word: a sorted map by how often and by age.
    #[derive(Default)]
    struct Model {
        waiting: BTreeMap<(u32, i64), News>,
        next: i64,
    }

    impl Model {
        fn add(&mut self, news: News) {
            self.waiting.retain(|_, old| old.member != news.member);
            self.next -= 1;
            self.waiting.insert((0, self.next), news);
        }
        fn take(&mut self, most: usize, tellings: u32, room: usize) -> Vec<News> {
            let mut told = Vec::new();
            let mut back = Vec::new();
            while back.len() < most
                && let Some(((times, order), news)) = self.waiting.pop_first()
            {
                let carried = told.len() < room;
                back.push(((times + u32::from(carried), order), news));
                if !carried {
                    break;
                }
                told.push(news);
            }
            back.retain(|((times, _), _)| *times < tellings);
            self.waiting.extend(back);
            told
        }
    }

    #[test]
    fn it_tells_what_a_sorted_map_would() {
        for seed in 0..20 {
            let mut draw = Key::new(Seed(seed), "telling", "test").at(0);
            let mut below = |end: u64| usize::try_from(draw.below(end)).unwrap();
            let (mut telling, mut model) = (Telling::default(), Model::default());
            for step in 0..2_000 {
                if below(3) == 0 {
                    let piece = news(Member::try_from(below(60)).unwrap(), step);
                    telling.add(piece);
                    model.add(piece);
                }
                // Members come and go, so that the number of tellings changes as well.
                let (most, room) = (below(9), below(9));
                let tellings = u32::try_from(3 + below(4)).unwrap();
                let mut told = Vec::new();
                telling.take(most, tellings, |news| {
                    let carried = told.len() < room;
                    if carried {
                        told.push(news);
                    }
                    carried
                });
                assert_eq!(told, model.take(most, tellings, room), "step {step}");
                assert_eq!(telling.len(), model.waiting.len());
            }
        }
    }
}
