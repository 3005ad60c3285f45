//! SWIM with Lifeguard as a state machine without input and output.
//!
//! Das, Gupta and Motivala, "SWIM: scalable weakly-consistent infection-style process group membership
//! protocol" (DSN 2002); Dadgar, Phillips and Currey, "Lifeguard: local health awareness for more accurate
//! failure detection" (2017).
//!
//! Who drives it keeps to an order:
//!
//! 1. [`Swim::receive`] or [`Swim::receive_view`] for each packet that came.
//! 2. [`Swim::tick`] with the reading of the clock, which also says that nothing came.
//! 3. Send everything of [`Swim::outputs`], and read its notes.
//! 4. Come again at [`Swim::deadline`] at the latest.
//!
//! A member costs a few hundred bytes and what differs from the view it began with.

mod by_member;
mod exchange;
mod heartbeat;
mod opinions;
mod packet;
mod probing;
mod rules;
mod suspicion;
mod telling;
#[cfg(test)]
mod tests;
mod view;

pub use packet::{
    INCARNATION_MAX, Kind, MEMBERS_MAX, Member, NEWS_MAX, News, Packet, State, Sync, news_bytes,
};
pub use rules::{Order, Rules};
pub use view::{Known, View};

use super::Mutant;
use heartbeat::Heard;
use probing::{Probe, Relay};
use squall_core::{Key, Sample};
use std::rc::Rc;
use suspicion::Suspicions;
use telling::Telling;
use view::Probes;

/// Why a member is held for dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Somebody said so.
    Heard,
    /// A suspicion here ran out.
    Expired,
    /// It did not answer, and nobody is suspected first.
    Silent,
}

/// What happened in a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// It has the view of another member and takes part.
    Joined,
    /// It took part in this incarnation and goes.
    Left(u32),
    /// It has a higher incarnation from here on.
    Incarnation(u32),
    /// It holds a member for alive in this incarnation.
    Alive(Member, u32),
    /// It suspects a member; `true` if its own probe says so.
    Suspected(Member, u32, bool),
    /// It holds a member for dead.
    Dead(Member, u32, Verdict),
    /// It knows that a member left.
    Gone(Member, u32),
    /// Its own probe of a member ended, with an answer or without.
    Probed(Member, bool),
    /// A protocol period of it begins.
    Period,
    /// It has news to tell, or none any more.
    Telling(bool),
}

/// Something to send.
#[derive(Clone, Debug)]
pub enum Send {
    /// A packet.
    Packet(Member, Packet),
    /// More news than fit on a packet.
    News(Member, Rc<Vec<News>>),
    /// A whole view.
    View(Member, Rc<Sync>),
}

/// What a step led to.
#[derive(Clone, Debug, Default)]
pub struct Outputs {
    /// To be sent, in order.
    pub sends: Vec<Send>,
    /// What happened, in order.
    pub notes: Vec<Note>,
}

/// Deadlines that are not armed.
const NEVER: u64 = u64::MAX;

/// A member.
#[derive(Debug)]
pub struct Swim {
    me: Member,
    rules: Rc<Rules>,
    key: Key,
    draws: u64,
    /// When it heard the time last.
    now: u64,
    incarnation: u32,
    /// Whether it takes part. One that joins does not yet.
    joined: bool,
    view: View,
    probes: Probes,
    probe: Option<Probe>,
    relays: Vec<Relay>,
    heard: Heard,
    suspicions: Suspicions,
    telling: Telling,
    /// So many members, and how often a piece of news is told among them.
    tellings: (u32, u32),
    told: bool,
    health: u32,
    numbers: u32,
    next_probe: u64,
    next_gossip: u64,
    next_sync: u64,
    sent: u32,
    outputs: Outputs,
}

impl Swim {
    /// A member that takes part from the beginning, if it is one of the first, or else joins. `incarnation`
    /// is the one it begins in, `now` the reading of its clock.
    pub fn new(me: (Member, u32), rules: Rc<Rules>, key: Key, now: u64) -> Self {
        let joined = me.0 < rules.formed;
        Self::begin(me, joined, rules, (key, now))
    }
    /// A member that was there before and has no view any more: it joins anew.
    pub fn returning(me: (Member, u32), rules: Rc<Rules>, key: Key, now: u64) -> Self {
        Self::begin(me, false, rules, (key, now))
    }
    fn begin(
        (me, incarnation): (Member, u32),
        joined: bool,
        rules: Rc<Rules>,
        (key, now): (Key, u64),
    ) -> Self {
        let probes = match rules.mutant {
            Some(Mutant::M06) => Probes::unshuffled(),
            _ => Probes::new(key.child(0), rules.places),
        };
        let mut swim = Self {
            me,
            key: key.child(1),
            draws: 0,
            now,
            incarnation,
            joined,
            view: View::new(if joined { rules.formed } else { 0 }),
            probes,
            probe: None,
            relays: Vec::new(),
            heard: Heard::default(),
            suspicions: Suspicions::default(),
            telling: Telling::default(),
            tellings: (0, rules.tellings(0)),
            told: false,
            health: 0,
            numbers: 0,
            next_probe: now,
            next_gossip: NEVER,
            next_sync: NEVER,
            sent: 0,
            outputs: Outputs::default(),
            rules,
        };
        // Periods of different members do not begin together, unless somebody drives them so.
        let (period, sync) = (swim.rules.period, swim.rules.sync);
        swim.next_probe += swim.draw().below(period.max(1));
        if sync > 0 {
            swim.next_sync = now + swim.draw().below(sync);
        }
        if !joined {
            let known = Known {
                state: State::Alive,
                incarnation,
            };
            swim.view.set(me, known);
            swim.ask_seed();
        }
        swim
    }

    /// Its place.
    pub const fn me(&self) -> Member {
        self.me
    }
    /// Its incarnation.
    pub const fn incarnation(&self) -> u32 {
        self.incarnation
    }
    /// Whether it takes part.
    pub const fn joined(&self) -> bool {
        self.joined
    }
    /// What it knows.
    pub const fn view(&self) -> &View {
        &self.view
    }
    /// Its local health score: 0 is well.
    pub const fn health(&self) -> u32 {
        self.health
    }
    /// Packets and views sent since it was asked last.
    pub const fn take_sent(&mut self) -> u32 {
        core::mem::replace(&mut self.sent, 0)
    }
    /// What the steps since the last call led to.
    pub fn outputs(&mut self) -> Outputs {
        if self.told == self.telling.is_empty() {
            self.told = !self.told;
            self.outputs.notes.push(Note::Telling(self.told));
        }
        core::mem::take(&mut self.outputs)
    }
    /// A member that it holds for alive, other than itself, each with the same chance.
    pub fn any_alive(&self, draw: &mut impl Sample) -> Option<Member> {
        let view = &self.view;
        view.any((self.me, self.rules.places), draw, |member| {
            view.is(member, State::Alive)
        })
    }

    /// When something is due, if nothing comes before.
    pub fn deadline(&self) -> u64 {
        let probe = self.probe.as_ref().map_or(NEVER, Probe::deadline);
        let relays = self.relays.iter().map(|relay| relay.until);
        let gossip = match self.telling.is_empty() {
            true => NEVER,
            false => self.next_gossip,
        };
        let own = [
            self.next_probe,
            probe,
            gossip,
            self.next_sync,
            self.silence(),
        ];
        let own = own.into_iter().chain(relays).min().unwrap_or(NEVER);
        own.min(self.suspicions.deadline())
    }

    /// The time is `now`: does what is due.
    pub fn tick(&mut self, now: u64) {
        self.now = now;
        self.give_relays_up();
        self.ask_others();
        self.judge_silence();
        for (member, incarnation) in self.suspicions.due(now) {
            self.expired(member, incarnation);
        }
        if now >= self.next_probe {
            self.next_period();
        }
        if now >= self.next_gossip && !self.telling.is_empty() {
            self.gossip();
        }
        if now >= self.next_sync {
            self.next_sync = now + self.rules.sync;
            self.exchange();
        }
    }

    /// A packet came.
    pub fn receive(&mut self, now: u64, from: Member, packet: &Packet) {
        self.now = now;
        for news in packet.news() {
            self.hear(news);
        }
        match packet.kind {
            Kind::Ping => self.pinged(from, packet),
            Kind::Ack => self.answered(packet),
            Kind::PingReq => self.asked_to_ask(from, packet),
            Kind::Nack => self.refused(packet),
            Kind::Gossip => {}
            Kind::Heartbeat => self.heard(from),
        }
    }

    /// Draws for the next thing that needs some.
    fn draw(&mut self) -> impl Sample + use<> {
        self.draws += 1;
        self.key.at(self.draws)
    }
    fn is(&self, mutant: Mutant) -> bool {
        self.rules.mutant == Some(mutant)
    }
    fn note(&mut self, note: Note) {
        self.outputs.notes.push(note);
    }
    /// `ns`, stretched by how ill it takes itself to be.
    fn stretched(&self, ns: u64) -> u64 {
        ns.saturating_mul(u64::from(self.health) + 1)
    }
    /// Changes the local health score.
    fn fell_ill(&mut self, by: u32) {
        self.health = self.health.saturating_add(by).min(self.rules.health_max);
    }
    /// Sends a packet with as many news as fit.
    fn send(&mut self, to: Member, mut packet: Packet) {
        let (most, tellings) = (self.rules.piggyback as usize, self.tellings());
        self.telling.take(most, tellings, |news| packet.carry(news));
        self.sent += 1;
        self.outputs.sends.push(Send::Packet(to, packet));
    }
    /// How often a piece of news is told. Reckoned when the number of members changes, not for each packet.
    fn tellings(&mut self) -> u32 {
        let members = self.view.members();
        if self.is(Mutant::M04) {
            return u32::MAX;
        }
        if self.tellings.0 != members {
            self.tellings = (members, self.rules.tellings(members));
        }
        self.tellings.1
    }
    fn tell(&mut self, news: News) {
        if self.telling.is_empty() {
            let after = self.rules.gossip;
            self.next_gossip = if after > 0 { self.now + after } else { NEVER };
        }
        self.telling.add(news);
    }
    /// A round of gossip: a few members are told, whether they are probed or not.
    fn gossip(&mut self) {
        self.next_gossip = self.now + self.rules.gossip;
        for to in self.some_members(self.rules.fanout, None) {
            match self.telling.len() {
                0 => {}
                1..=NEWS_MAX => self.send(to, Packet::new(Kind::Gossip, 0, to)),
                _ => self.send_news(to),
            }
        }
    }
    fn send_news(&mut self, to: Member) {
        let (most, tellings) = (self.rules.gossip_news as usize, self.tellings());
        let mut all = Vec::with_capacity(most.min(self.telling.len()));
        self.telling.take(most, tellings, |news| {
            all.push(news);
            true
        });
        self.sent += 1;
        self.outputs.sends.push(Send::News(to, Rc::new(all)));
    }
    /// News came by themselves.
    pub fn receive_news(&mut self, now: u64, all: &[News]) {
        self.now = now;
        for news in all {
            self.hear(*news);
        }
    }
    /// Up to `count` different members, without itself and one that is not meant.
    fn some_members(&mut self, count: u32, without: Option<Member>) -> Vec<Member> {
        let mut found = Vec::new();
        for _ in 0..count {
            let mut draw = self.draw();
            let view = &self.view;
            let one = view.any((self.me, self.rules.places), &mut draw, |member| {
                view.takes_part(member) && Some(member) != without && !found.contains(&member)
            });
            match one {
                Some(member) => found.push(member),
                None => break,
            }
        }
        found
    }
}
