//! Deaths: somebody's probe, or whatever finds out who is silent, notices each in time.

use super::super::swim::{Member, State};
use super::{Oracle, Slug};
use squall_core::VirtualTime;
use std::collections::BTreeMap;

/// Members that went without a word, and when somebody must have noticed.
#[derive(Debug, Default)]
pub(super) struct Unnoticed {
    due: BTreeMap<Member, VirtualTime>,
    /// The earliest of these times.
    first: Option<VirtualTime>,
}

impl Unnoticed {
    pub(super) fn add(&mut self, member: Member, due: VirtualTime) {
        self.due.entry(member).or_insert(due);
        self.reckon();
    }
    /// Somebody noticed, or it is there again. Whether that was open.
    pub(super) fn remove(&mut self, member: Member) -> bool {
        let open = self.due.remove(&member).is_some();
        self.reckon();
        open
    }
    fn reckon(&mut self) {
        self.first = self.due.values().min().copied();
    }
}

impl Oracle {
    /// A member is not there any more, and did not say so.
    pub(super) fn fell_silent(&mut self, at: VirtualTime, member: Member) {
        let due = at.saturating_add(self.config.notice);
        self.unnoticed.add(member, due);
    }
    /// Time has passed: who must have been noticed by now?
    pub(super) fn expect(&mut self, now: VirtualTime) {
        if self.unnoticed.first.is_none_or(|first| now <= first) {
            return;
        }
        let due = self.unnoticed.due.iter().filter(|(_, due)| now > **due);
        let due: Vec<Member> = due.map(|(member, _)| *member).collect();
        for member in due {
            self.unnoticed.remove(member);
            self.must_be_noticed(now, member);
        }
    }
    fn must_be_noticed(&mut self, now: VirtualTime, silent: Member) {
        let Some(since) = self.seats[silent as usize].out else {
            return;
        };
        let (formed, notice) = (self.config.rules.formed, self.config.notice);
        let (mut there, mut could, mut noticed) = (0, 0, false);
        for (me, seat) in (0..).zip(&self.seats).filter(|(_, seat)| seat.is_there()) {
            there += 1;
            match seat.opinion(silent, formed).map(|held| held.state) {
                Some(State::Alive) => {
                    let from = self.undisturbed(me, since);
                    could += u32::from(from.is_some_and(|from| from.saturating_add(notice) < now));
                }
                Some(_) => noticed = true,
                None => {}
            }
        }
        // Chance spares a member that few look at.
        if noticed || 2 * could >= there.max(1) {
            self.findings.test(Slug::Noticed, noticed, (now, None), || {
                format!("member {silent} is not there since {since}; none of the {could} that could notice has")
            });
        } else {
            self.fell_silent(now, silent);
        }
    }
}
