//! Suspicions that run: who is suspected, who says so, and until when.

use super::by_member::ByMember;
use super::packet::Member;
use super::rules::Rules;
use core::ops::Range;

/// A suspicion.
#[derive(Clone, Copy, Debug)]
struct Suspicion {
    incarnation: u32,
    /// Its place in the order in which they began.
    number: u32,
    since: u64,
    until: u64,
}

/// All of a member.
#[derive(Clone, Debug)]
pub(super) struct Suspicions {
    running: ByMember<Suspicion>,
    open: Open,
    begun: u32,
    /// When the first one runs out.
    first: u64,
}

impl Default for Suspicions {
    fn default() -> Self {
        Self {
            running: ByMember::new(),
            open: Open::default(),
            begun: 0,
            first: NONE,
        }
    }
}

/// When the first one of none runs out.
const NONE: u64 = u64::MAX;

impl Suspicions {
    /// When the first one runs out.
    pub(super) const fn deadline(&self) -> u64 {
        self.first
    }
    /// Begins one; one of an earlier incarnation is over.
    pub(super) fn begin(
        &mut self,
        (member, incarnation): (Member, u32),
        by: Member,
        times: (u64, u64),
        rules: &Rules,
    ) {
        self.end(member);
        let (since, lasts) = times;
        let until = since.saturating_add(lasts);
        self.begun = self.begun.wrapping_add(1);
        let one = Suspicion {
            incarnation,
            number: self.begun,
            since,
            until,
        };
        self.running.insert(member, one);
        self.open.add(member, by, rules.confirmations);
        self.first = self.first.min(until);
    }
    /// Another one says the same: the time left shrinks. Whether that was news.
    pub(super) fn confirm(
        &mut self,
        member: Member,
        by: Member,
        members: u32,
        rules: &Rules,
    ) -> bool {
        let Some(confirmed) = self.open.add_other(member, by, rules.confirmations) else {
            return false;
        };
        let one = self.running.get_mut(member);
        let one = one.expect("an open suspicion runs");
        let before = one.until;
        one.until = one
            .since
            .saturating_add(rules.suspicion_after(members, confirmed));
        let until = one.until;
        self.moved(before, until);
        true
    }
    /// It is over, refuted or proved.
    pub(super) fn end(&mut self, member: Member) {
        if let Some(one) = self.running.remove(member) {
            self.open.close(member);
            self.moved(one.until, NONE);
        }
    }
    /// One that was to run out at `before` does so at `until`.
    fn moved(&mut self, before: u64, until: u64) {
        if until <= self.first {
            self.first = until;
        } else if before == self.first {
            let all = self.running.values().map(|one| one.until);
            self.first = all.min().unwrap_or(NONE);
        }
    }
    /// Those that ran out, in the order of their beginning.
    pub(super) fn due(&mut self, now: u64) -> Vec<(Member, u32)> {
        if self.first > now {
            return Vec::new();
        }
        let due = self.running.iter().filter(|(_, one)| one.until <= now);
        let mut due: Vec<_> = due.map(|(member, one)| (member, *one)).collect();
        due.sort_unstable_by_key(|(_, one)| one.number);
        for (member, _) in &due {
            self.end(*member);
        }
        let due = due.into_iter();
        due.map(|(member, one)| (member, one.incarnation)).collect()
    }
}

/// Who says so, of suspicions that another one can still shorten: whom is suspected and by whom, in
/// order. Most news say again what is known, so this is one piece of memory, and what enough have said is
/// not in it.
#[derive(Clone, Debug, Default)]
struct Open(Vec<(Member, Member)>);

impl Open {
    /// The pairs of a member.
    fn of(&self, member: Member) -> Range<usize> {
        let start = self.0.partition_point(|pair| pair.0 < member);
        let behind = self.0[start..].iter();
        start..start + behind.take_while(|pair| pair.0 == member).count()
    }
    /// The first one that says so.
    fn add(&mut self, member: Member, by: Member, confirmations: u32) {
        if confirmations > 0 {
            let at = self.of(member).end;
            self.0.insert(at, (member, by));
        }
    }
    /// Another one: how many there were before, if it is another one and one that counts.
    fn add_other(&mut self, member: Member, by: Member, confirmations: u32) -> Option<u32> {
        let pairs = self.of(member);
        if pairs.is_empty() || self.0[pairs.clone()].contains(&(member, by)) {
            return None;
        }
        let confirmed = u32::try_from(pairs.len()).unwrap_or(u32::MAX);
        if confirmed < confirmations {
            self.0.insert(pairs.end, (member, by));
        } else {
            self.0.drain(pairs);
        }
        Some(confirmed)
    }
    fn close(&mut self, member: Member) {
        let pairs = self.of(member);
        self.0.drain(pairs);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn confirmations_of_others_shorten_a_suspicion_and_those_of_the_same_do_not() {
        let rules = Rules::lifeguard(1_000);
        let s = 1_000_000_000;
        let mut all = Suspicions::default();
        all.begin((7, 2), 1, (10 * s, rules.suspicion_after(1_000, 0)), &rules);
        let left = |all: &Suspicions| all.deadline() / s;
        assert_eq!(left(&all), 100);
        assert!(!all.confirm(7, 1, 1_000, &rules), "the first one again");
        assert!(!all.confirm(8, 2, 1_000, &rules), "about nobody");
        assert!(all.confirm(7, 2, 1_000, &rules));
        assert_eq!(left(&all), 62);
        assert!(all.confirm(7, 3, 1_000, &rules) && all.confirm(7, 4, 1_000, &rules));
        assert_eq!(left(&all), 25);
        assert!(!all.confirm(7, 5, 1_000, &rules), "enough are enough");
        assert!(all.due(24 * s).is_empty());
        assert_eq!(all.due(25 * s), [(7, 2)]);
        assert_eq!(all.deadline(), u64::MAX);
    }

    #[test]
    fn those_that_run_out_together_do_so_in_the_order_of_their_beginning() {
        let rules = Rules::lifeguard(1_000);
        let mut all = Suspicions::default();
        for (member, lasts) in [(9, 20), (7, 10), (3, 20), (5, 30)] {
            all.begin((member, 1), 0, (0, lasts), &rules);
        }
        assert_eq!(all.deadline(), 10);
        all.end(7);
        assert_eq!(all.deadline(), 20);
        assert_eq!(all.due(25), [(9, 1), (3, 1)]);
        assert_eq!(all.deadline(), 30);
        assert!(!all.confirm(9, 4, 1_000, &rules), "it is over");
        all.begin((5, 2), 4, (5, 50), &rules);
        assert_eq!(all.due(60), [(5, 2)], "the earlier incarnation is over");
    }
}
