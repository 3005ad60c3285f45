//! What a member believes when it hears something: the order of states and incarnations.
//!
//! A higher incarnation beats a lower one; in the same one, suspected beats alive, and dead beats both.
//! Who is dead or left is back under a higher incarnation only. Nobody raises an incarnation but its owner.

use super::packet::{INCARNATION_MAX, News, State};
use super::{Known, Member, Mutant, Note, Swim, Verdict};

impl Swim {
    /// A piece of news came.
    pub(super) fn hear(&mut self, news: News) {
        if !self.joined && news.member != self.me {
            return;
        }
        match news.state {
            State::Alive => self.hear_alive(news),
            State::Suspect => self.suspect(news),
            State::Dead => self.bury(news, Verdict::Heard),
            State::Left => self.let_go(news),
        }
    }

    pub(super) fn hear_alive(&mut self, news: News) {
        let News {
            member,
            incarnation,
            ..
        } = news;
        if member == self.me {
            // Of an earlier life, which was in a higher incarnation than this one.
            if incarnation > self.incarnation {
                self.raise(incarnation);
            }
            return;
        }
        if let Some(known) = self.view.get(member) {
            let back = self.is(Mutant::M03) && !known.state.takes_part();
            if incarnation <= known.incarnation && !back {
                return;
            }
        }
        let known = Known {
            state: State::Alive,
            incarnation,
        };
        self.view.set(member, known);
        if !self.is(Mutant::M07) {
            self.suspicions.end(member);
        }
        self.note(Note::Alive(member, incarnation));
        self.tell(news);
    }

    /// Somebody suspects a member: this one, if its own probe had no answer.
    pub(super) fn suspect(&mut self, news: News) {
        let News {
            member,
            incarnation,
            from,
            ..
        } = news;
        if member == self.me {
            self.refute(incarnation);
            return;
        }
        if self.is(Mutant::M10) && from != self.me && self.view.is(member, State::Alive) {
            // It speaks for another, whom it knows to be well.
            let news = News {
                state: State::Alive,
                incarnation: incarnation + 1,
                ..news
            };
            return self.hear_alive(news);
        }
        let Some(known) = self
            .view
            .get(member)
            .filter(|known| known.state.takes_part())
        else {
            return;
        };
        let stale = incarnation < known.incarnation;
        if stale && !self.is(Mutant::M09) {
            return;
        }
        let members = self.view.members();
        if known.state == State::Suspect && incarnation == known.incarnation {
            if self.suspicions.confirm(member, from, members, &self.rules) {
                self.tell(news);
            }
            return;
        }
        let known = Known {
            state: State::Suspect,
            incarnation,
        };
        self.view.set(member, known);
        if !self.is(Mutant::M02) {
            let lasts = self.rules.suspicion_after(members, 0);
            let times = (self.now, lasts);
            self.suspicions
                .begin((member, incarnation), from, times, &self.rules);
        }
        self.note(Note::Suspected(member, incarnation, from == self.me));
        self.tell(news);
    }

    /// A suspicion ran out.
    pub(super) fn expired(&mut self, member: Member, incarnation: u32) {
        let news = News {
            member,
            state: State::Dead,
            incarnation: match self.is(Mutant::M07) {
                // It is the timer that decides, whatever was heard since.
                true => self
                    .view
                    .get(member)
                    .map_or(incarnation, |known| known.incarnation),
                false => incarnation,
            },
            from: self.me,
        };
        self.bury(news, Verdict::Expired);
    }

    /// A member is dead.
    pub(super) fn bury(&mut self, news: News, verdict: Verdict) {
        let News {
            member,
            incarnation,
            ..
        } = news;
        if member == self.me {
            self.refute(incarnation);
            return;
        }
        let Some(known) = self
            .view
            .get(member)
            .filter(|known| known.state.takes_part())
        else {
            return;
        };
        if incarnation < known.incarnation {
            return;
        }
        self.out(News {
            state: State::Dead,
            ..news
        });
        self.note(Note::Dead(member, incarnation, verdict));
    }

    fn let_go(&mut self, news: News) {
        let News {
            member,
            incarnation,
            ..
        } = news;
        if member == self.me {
            self.refute(incarnation);
            return;
        }
        let Some(known) = self.view.get(member) else {
            return;
        };
        if incarnation >= known.incarnation && known.state.takes_part() {
            self.out(news);
            self.note(Note::Gone(member, incarnation));
        }
    }
    fn out(&mut self, news: News) {
        self.suspicions.end(news.member);
        let known = Known {
            state: news.state,
            incarnation: news.incarnation,
        };
        self.view.set(news.member, known);
        self.tell(news);
    }

    /// Somebody thinks that this one is not well. It says that it is, in an incarnation nobody has heard of.
    fn refute(&mut self, incarnation: u32) {
        if incarnation < self.incarnation {
            return;
        }
        self.fell_ill(1);
        self.raise(incarnation);
    }
    /// Is in a higher incarnation than `incarnation` from here on, and says so.
    fn raise(&mut self, incarnation: u32) {
        if !self.is(Mutant::M01) {
            self.incarnation = incarnation
                .max(self.incarnation)
                .saturating_add(1)
                .min(INCARNATION_MAX);
            self.note(Note::Incarnation(self.incarnation));
        }
        self.announce();
    }
    /// Tells that it is alive.
    pub(super) fn announce(&mut self) {
        let known = Known {
            state: State::Alive,
            incarnation: self.incarnation,
        };
        self.view.set(self.me, known);
        self.tell(self.own_news());
    }
    pub(super) const fn own_news(&self) -> News {
        News {
            member: self.me,
            state: State::Alive,
            incarnation: self.incarnation,
            from: self.me,
        }
    }
}
