//! What a member knows of the others, and in which order it asks them.
//!
//! A cluster begins with members that know each other. That is one number, the base; what differs from it
//! is a map. So a hundred thousand members that know of each other cost by what happened, not by their
//! number squared.

use super::by_member::ByMember;
use super::packet::{Member, State};
use super::rules::Order;
use squall_core::{Key, Sample};

/// What is known of one member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its state.
    pub state: State,
    /// In which incarnation.
    pub incarnation: u32,
}

const FIRST: Known = Known {
    state: State::Alive,
    incarnation: 0,
};

/// A view.
#[derive(Clone, Debug)]
pub struct View {
    base: u32,
    known: ByMember<Known>,
    /// How many take part.
    members: u32,
    /// How many of them are suspected.
    suspects: u32,
}

impl View {
    /// The first `base` places are alive.
    pub const fn new(base: u32) -> Self {
        Self {
            base,
            known: ByMember::new(),
            members: base,
            suspects: 0,
        }
    }
    /// What it knows of a member; `None` if it never heard of it.
    pub fn get(&self, member: Member) -> Option<Known> {
        let known = || self.known.get(member).copied();
        let first = || (member < self.base).then_some(FIRST);
        match self.known.is_empty() {
            true => first(),
            false => known().or_else(first),
        }
    }
    /// How many take part.
    pub const fn members(&self) -> u32 {
        self.members
    }
    /// How many of them are not suspected.
    pub const fn alive(&self) -> u32 {
        self.members - self.suspects
    }
    /// Whether a member is in this state.
    pub fn is(&self, member: Member, state: State) -> bool {
        self.get(member).is_some_and(|known| known.state == state)
    }
    /// Whether a member takes part.
    pub fn takes_part(&self, member: Member) -> bool {
        self.get(member)
            .is_some_and(|known| known.state.takes_part())
    }
    /// Places below this are alive in their first incarnation, if nothing else is known.
    pub const fn base(&self) -> u32 {
        self.base
    }
    /// All that differs from the base, by place.
    pub fn known(&self) -> impl Iterator<Item = (Member, Known)> + '_ {
        self.known.iter().map(|(member, known)| (member, *known))
    }

    /// Sets what is known of a member.
    pub(super) fn set(&mut self, member: Member, known: Known) {
        if let Some(old) = self.get(member) {
            self.members -= u32::from(old.state.takes_part());
            self.suspects -= u32::from(old.state == State::Suspect);
        }
        self.members += u32::from(known.state.takes_part());
        self.suspects += u32::from(known.state == State::Suspect);
        self.known.insert(member, known);
    }
    /// Takes over what others began with.
    pub(super) fn rebase(&mut self, base: u32) {
        let new = self.base..base.max(self.base);
        let told = self.known.count(&new);
        self.members += u32::try_from(new.len() - told).expect("fewer than 2^20 places");
        self.base = self.base.max(base);
    }

    /// A member other than `me` for whom `fits` holds, each with the same chance. A population in which
    /// such are rare is gone through instead.
    pub(super) fn any(
        &self,
        (me, places): (Member, u32),
        draw: &mut impl Sample,
        fits: impl Fn(Member) -> bool,
    ) -> Option<Member> {
        const TRIES: u32 = 64;
        let random = |draw: &mut _| {
            let place = Sample::below(draw, u64::from(places));
            Member::try_from(place).expect("fewer than 2^20 places")
        };
        for _ in 0..TRIES {
            let member = random(draw);
            if member != me && fits(member) {
                return Some(member);
            }
        }
        let all: Vec<Member> = (0..places).filter(|m| *m != me && fits(*m)).collect();
        (!all.is_empty()).then(|| *draw.choice(&all))
    }
}

/// In which order a member probes. A pass goes through all places in an order of its own, which is a keyed
/// permutation and costs no memory; who joins has its place in it.
#[derive(Clone, Debug)]
pub(super) struct Probes {
    key: Key,
    /// Passes begun, and places of this one that are behind.
    pass: u64,
    at: u32,
}

impl Probes {
    pub(super) fn new(key: Key, places: u32) -> Self {
        // A random start, so that nobody's first pass is whole.
        let at = key.child(u64::MAX).at(0).below(u64::from(places.max(1)));
        Self {
            key,
            pass: 0,
            at: u32::try_from(at).unwrap_or(0),
        }
    }
    /// All go through the places in the same order.
    pub(super) const fn unshuffled() -> Self {
        Self {
            key: Key::new(squall_core::Seed(0), "", ""),
            pass: 0,
            at: 0,
        }
    }
    /// Whom to probe next.
    pub(super) fn next(
        &mut self,
        view: &View,
        (me, places): (Member, u32),
        order: Order,
        shuffled: bool,
    ) -> Option<Member> {
        if order == Order::Random {
            self.pass += 1;
            let mut draw = self.key.at(self.pass);
            return view.any((me, places), &mut draw, |member| view.takes_part(member));
        }
        for _ in 0..2 * places {
            if self.at >= places {
                self.at = 0;
                self.pass += 1;
            }
            let member = match shuffled {
                true => permuted(self.key.child(self.pass), self.at, places),
                false => self.at,
            };
            self.at += 1;
            if member != me && view.takes_part(member) {
                return Some(member);
            }
        }
        None
    }
}

/// The `at`-th of `0..count` in the order of `key`: a Feistel network over the next even power of two,
/// walked until it falls into the range (Black and Rogaway, CT-RSA 2002). Four rounds are uneven where halves
/// have two bits: some places then come first 6 % more often than others.
fn permuted(key: Key, at: u32, count: u32) -> u32 {
    let bits = (32 - count.saturating_sub(1).leading_zeros()).max(2);
    let half = bits.div_ceil(2);
    let mask = (1u32 << half) - 1;
    let rounds: u64 = if half <= 2 { 8 } else { 4 };
    let mut x = at;
    loop {
        let (mut left, mut right) = (x >> half, x & mask);
        for round in 0..rounds {
            let word = key.at(round << 32 | u64::from(right)).next_u64();
            #[expect(clippy::cast_possible_truncation, reason = "masked")]
            let mixed = left ^ (word as u32 & mask);
            (left, right) = (right, mixed);
        }
        x = left << half | right;
        if x < count {
            return x;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use squall_core::Seed;

    fn key(seed: u64) -> Key {
        Key::new(Seed(seed), "view", "test")
    }

    #[test]
    fn an_order_is_a_permutation_and_each_place_comes_first_as_often() {
        for count in [1, 2, 3, 7, 10, 64, 1_000] {
            let mut seen: Vec<u32> = (0..count).map(|at| permuted(key(1), at, count)).collect();
            seen.sort_unstable();
            assert!(seen.into_iter().eq(0..count), "{count}");
        }
        let mut firsts = [0f64; 10];
        for pass in 0..20_000 {
            firsts[permuted(key(2).child(pass), 0, 10) as usize] += 1.0;
        }
        let chi2: f64 = firsts.iter().map(|c| (c - 2e3) * (c - 2e3) / 2e3).sum();
        // Nine degrees of freedom: 27.9 is passed once in a thousand.
        assert!(chi2 < 27.9, "{firsts:?}");
    }

    #[test]
    fn a_view_counts_who_takes_part() {
        let mut view = View::new(4);
        let known = |state, incarnation| Known { state, incarnation };
        assert_eq!((view.members(), view.alive()), (4, 4));
        view.set(1, known(State::Suspect, 0));
        assert_eq!((view.members(), view.alive()), (4, 3));
        view.set(1, known(State::Dead, 0));
        view.set(9, known(State::Alive, 3));
        assert_eq!((view.members(), view.alive()), (4, 4));
        assert_eq!(
            (view.get(8), view.get(9)),
            (None, Some(known(State::Alive, 3)))
        );
        view.rebase(10);
        assert_eq!((view.members(), view.get(8)), (9, Some(FIRST)));
        assert!(view.is(1, State::Dead) && !view.takes_part(1));
        view.rebase(2);
        assert_eq!((view.base(), view.members()), (10, 9));
    }

    #[test]
    fn a_rare_member_is_found_and_nobody_where_nobody_is() {
        let view = View::new(5_000);
        let mut draw = key(3).at(0);
        let found = view.any((0, 5_000), &mut draw, |member| member == 4_999);
        assert_eq!(found, Some(4_999));
        assert_eq!(view.any((0, 5_000), &mut draw, |member| member == 0), None);
    }
}
