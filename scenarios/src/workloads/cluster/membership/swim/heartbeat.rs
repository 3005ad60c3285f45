//! Members that send heartbeats to all and judge by phi, instead of probing.
//!
//! Everybody hears everybody: n squared messages a period, so this is for small clusters. Suspicion,
//! refutation and news are those of the other way.

use super::super::phi::{Phi, PhiRules};
use super::packet::{Kind, Member, News, Packet, State};
use super::{NEVER, Note, Swim, Verdict};
use std::collections::BTreeMap;

/// Who was heard, and when.
#[derive(Clone, Debug, Default)]
pub(super) struct Heard {
    by: BTreeMap<Member, Phi>,
    /// When the first of them is to be convicted, if nothing is heard before.
    due: u64,
}

impl Swim {
    /// When the silence of somebody is surprising.
    pub(super) fn silence(&self) -> u64 {
        match self.rules.phi {
            Some(_) => self.heard.due,
            None => NEVER,
        }
    }

    /// A period begins: a heartbeat to everybody.
    pub(super) fn beat(&mut self, rules: &PhiRules) {
        let all = (0..self.rules.places).filter(|m| *m != self.me && self.view.takes_part(*m));
        let all: Vec<Member> = all.collect();
        self.heard
            .by
            .retain(|member, _| self.view.takes_part(*member));
        for member in all {
            // Silence counts from here on, if nothing was heard before.
            let now = self.now;
            self.heard.by.entry(member).or_insert_with(|| Phi::new(now));
            self.send(member, Packet::new(Kind::Heartbeat, 0, member));
        }
        self.watch(rules);
    }
    fn watch(&mut self, rules: &PhiRules) {
        let alive = self
            .heard
            .by
            .iter()
            .filter(|(member, _)| self.view.is(**member, State::Alive));
        let due = alive.map(|(_, phi)| phi.convicts_at(rules)).min();
        self.heard.due = due.unwrap_or(NEVER);
    }

    /// A heartbeat came.
    pub(super) fn heard(&mut self, from: Member) {
        let Some(rules) = self.rules.phi else {
            return;
        };
        match self.view.get(from) {
            Some(known) if known.state.takes_part() => {
                let now = self.now;
                let phi = self.heard.by.entry(from).or_insert_with(|| Phi::new(now));
                match known.state {
                    State::Alive => phi.heartbeat(now, &rules),
                    _ => phi.restart(now),
                }
                self.watch(&rules);
            }
            // It does not know what is thought of it, and can refute it.
            Some(known) => {
                let mut packet = Packet::new(Kind::Gossip, 0, from);
                packet.carry(News {
                    member: from,
                    state: known.state,
                    incarnation: known.incarnation,
                    from: self.me,
                });
                self.send(from, packet);
            }
            None => {}
        }
    }

    /// Judges whose silence is surprising.
    pub(super) fn judge_silence(&mut self) {
        let Some(rules) = self.rules.phi.filter(|_| self.now >= self.heard.due) else {
            return;
        };
        let due = self.heard.by.iter();
        let due = due.filter(|(member, phi)| {
            self.view.is(**member, State::Alive) && phi.convicts_at(&rules) <= self.now
        });
        let due: Vec<Member> = due.map(|(member, _)| *member).collect();
        for member in due {
            self.note(Note::Probed(member, false));
            let Some(known) = self.view.get(member) else {
                continue;
            };
            let news = News {
                member,
                state: State::Suspect,
                incarnation: known.incarnation,
                from: self.me,
            };
            match self.rules.suspicion {
                true => self.suspect(news),
                false => self.bury(news, Verdict::Silent),
            }
        }
        self.watch(&rules);
    }
}
