//! Suspicions that run: who is suspected, who says so, and until when.

use super::packet::Member;
use super::rules::Rules;

/// A suspicion.
#[derive(Clone, Debug)]
struct Suspicion {
    member: Member,
    incarnation: u32,
    since: u64,
    until: u64,
    /// Who says so, the first one included.
    by: Vec<Member>,
}

/// All of a member.
#[derive(Clone, Debug, Default)]
pub(super) struct Suspicions(Vec<Suspicion>);

impl Suspicions {
    /// When the first one runs out.
    pub(super) fn deadline(&self) -> u64 {
        let all = self.0.iter().map(|suspicion| suspicion.until);
        all.min().unwrap_or(u64::MAX)
    }
    /// Begins one; one of an earlier incarnation is over.
    pub(super) fn begin(
        &mut self,
        (member, incarnation): (Member, u32),
        by: Member,
        times: (u64, u64),
    ) {
        self.end(member);
        let (since, lasts) = times;
        self.0.push(Suspicion {
            member,
            incarnation,
            since,
            until: since.saturating_add(lasts),
            by: vec![by],
        });
    }
    /// Another one says the same: the time left shrinks. Whether that was news.
    pub(super) fn confirm(
        &mut self,
        member: Member,
        by: Member,
        members: u32,
        rules: &Rules,
    ) -> bool {
        let Some(one) = self.0.iter_mut().find(|one| one.member == member) else {
            return false;
        };
        let confirmed = u32::try_from(one.by.len()).unwrap_or(u32::MAX);
        if confirmed > rules.confirmations || one.by.contains(&by) {
            return false;
        }
        one.by.push(by);
        one.until = one
            .since
            .saturating_add(rules.suspicion_after(members, confirmed));
        true
    }
    /// It is over, refuted or proved.
    pub(super) fn end(&mut self, member: Member) {
        self.0.retain(|one| one.member != member);
    }
    /// Those that ran out, in the order of their beginning.
    pub(super) fn due(&mut self, now: u64) -> Vec<(Member, u32)> {
        if self.deadline() > now {
            return Vec::new();
        }
        let due = self.0.iter().filter(|one| one.until <= now);
        let due = due.map(|one| (one.member, one.incarnation)).collect();
        self.0.retain(|one| one.until > now);
        due
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
        all.begin((7, 2), 1, (10 * s, rules.suspicion_after(1_000, 0)));
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
}
