//! Whole views: joining, leaving, and the exchanges that repair what gossip missed.

use super::packet::{News, State, Sync};
use super::{Kind, Known, Member, Mutant, Note, Packet, Send, Swim};
use squall_core::Sample;
use std::rc::Rc;

impl Swim {
    /// Asks one of those who always are there for their view.
    pub(super) fn ask_seed(&mut self) {
        let seeds = self.rules.seeds.min(self.rules.places);
        let mut draw = self.draw();
        let first = Member::try_from(draw.below(u64::from(seeds.max(1)))).unwrap_or(0);
        let seed = (0..seeds)
            .map(|i| (first + i) % seeds)
            .find(|seed| *seed != self.me);
        if let Some(seed) = seed {
            self.send_view(seed, false);
        }
    }

    /// Exchanges views with a member, and calls on one that it holds for dead: else two halves that were
    /// cut off from each other would never meet again.
    pub(super) fn exchange(&mut self) {
        if !self.joined {
            return;
        }
        if let Some(member) = self.some_members(1, None).first() {
            self.send_view(*member, false);
        }
        let dead = self
            .view
            .known()
            .filter(|(_, known)| known.state == State::Dead);
        let dead: Vec<Member> = dead.map(|(member, _)| member).collect();
        if !dead.is_empty() && !self.is(Mutant::M11) {
            let member = *self.draw().choice(&dead);
            self.send_view(member, false);
        }
    }
    fn send_view(&mut self, to: Member, reply: bool) {
        let news = |(member, known): (Member, Known)| News {
            member,
            state: known.state,
            incarnation: known.incarnation,
            from: self.me,
        };
        let view = Sync {
            reply,
            base: self.view.base(),
            news: self
                .view
                .known()
                .map(news)
                .chain([self.own_news()])
                .collect(),
            members: self.view.members(),
        };
        self.sent += 1;
        self.outputs.sends.push(Send::View(to, Rc::new(view)));
    }

    /// A view came.
    pub fn receive_view(&mut self, now: u64, from: Member, view: &Sync) {
        self.now = now;
        if !self.joined && view.reply {
            self.join(view);
        }
        if !self.joined {
            return;
        }
        for news in &view.news {
            if news.member != self.me || !self.is(Mutant::M12) {
                self.merge(*news, from);
            }
        }
        if !view.reply {
            self.send_view(from, true);
        }
    }
    /// Takes over the view of a member: it has none of its own to weigh against it.
    fn join(&mut self, view: &Sync) {
        self.joined = true;
        self.view.rebase(view.base);
        for news in view.news.iter().filter(|news| news.member != self.me) {
            let known = Known {
                state: news.state,
                incarnation: news.incarnation,
            };
            self.view.set(news.member, known);
        }
        self.note(Note::Joined);
        let of: Vec<_> = self
            .view
            .known()
            .filter(|(member, _)| *member != self.me)
            .collect();
        for (member, known) in of {
            let incarnation = known.incarnation;
            self.note(match known.state {
                State::Alive => Note::Alive(member, incarnation),
                State::Suspect => Note::Suspected(member, incarnation, false),
                State::Dead => Note::Dead(member, incarnation, super::Verdict::Heard),
                State::Left => Note::Gone(member, incarnation),
            });
            if known.state == State::Suspect {
                let lasts = self.rules.suspicion_after(self.view.members(), 0);
                self.suspicions.begin(
                    (member, incarnation),
                    self.me,
                    (self.now, lasts),
                    &self.rules,
                );
            }
        }
        self.announce();
    }
    /// What another one's view says: of those it holds for dead a suspicion is enough, since that may be
    /// old, and who is well can refute it.
    fn merge(&mut self, news: News, from: Member) {
        match news.state {
            State::Dead => self.hear(News {
                state: State::Suspect,
                from,
                ..news
            }),
            State::Alive | State::Suspect | State::Left => self.hear(news),
        }
    }

    /// Goes, and tells some of the others.
    pub fn leave(&mut self, now: u64) {
        self.now = now;
        if !self.joined {
            return;
        }
        self.joined = false;
        let news = News {
            state: State::Left,
            ..self.own_news()
        };
        let count = self.rules.tellings(self.view.members());
        for to in self.some_members(count, None) {
            let mut packet = Packet::new(Kind::Gossip, 0, to);
            packet.carry(news);
            self.sent += 1;
            self.outputs.sends.push(Send::Packet(to, packet));
        }
        self.note(Note::Left(self.incarnation));
    }
}
