//! Probes: ping, ping through others, and what a member learns about its own health from them.

use super::packet::{Kind, Member, News, Packet, State};
use super::{Mutant, NEVER, Note, Swim, Verdict};

/// A relay gives up after this share of the time that the first answer has, so that its `nack` is there
/// before the period ends.
const RELAY_SHARE: (u64, u64) = (4, 5);

/// The probe of this period.
#[derive(Clone, Debug)]
pub(super) struct Probe {
    target: Member,
    number: u32,
    /// When others are asked to ask; never once they are.
    ask_at: u64,
    answered: bool,
    /// How many were asked, and how many of them said that they heard nothing either.
    asked: u32,
    nacks: u32,
}

impl Probe {
    pub(super) const fn deadline(&self) -> u64 {
        match self.answered {
            true => NEVER,
            false => self.ask_at,
        }
    }
}

/// A question asked for somebody else.
#[derive(Clone, Debug)]
pub(super) struct Relay {
    number: u32,
    asker: Member,
    asker_number: u32,
    target: Member,
    pub(super) until: u64,
}

impl Swim {
    const fn number(&mut self) -> u32 {
        self.numbers = self.numbers.wrapping_add(1);
        self.numbers
    }

    /// The period is over: judges its probe and begins the next.
    pub(super) fn next_period(&mut self) {
        self.note(Note::Period);
        let interval = |swim: &Self| swim.stretched(swim.rules.period);
        if let Some(probe) = self.probe.take() {
            self.judge(&probe);
        }
        // One that was stopped for long does not make up for what it missed.
        let next = self.next_probe.saturating_add(interval(self));
        self.next_probe = if next > self.now {
            next
        } else {
            self.now + interval(self)
        };
        if !self.joined {
            self.ask_seed();
            return;
        }
        if let Some(phi) = self.rules.phi {
            return self.beat(&phi);
        }
        let shuffled = !self.is(Mutant::M06);
        let me = (self.me, self.rules.places);
        let Some(target) = self.probes.next(&self.view, me, self.rules.order, shuffled) else {
            return;
        };
        let number = self.number();
        self.probe = Some(Probe {
            target,
            number,
            ask_at: self.now.saturating_add(self.stretched(self.rules.ack)),
            answered: false,
            asked: 0,
            nacks: 0,
        });
        self.ping(target, number);
    }
    fn judge(&mut self, probe: &Probe) {
        self.note(Note::Probed(probe.target, probe.answered));
        if probe.answered {
            return;
        }
        // Relays that answer neither way say that it is not the target that is cut off.
        self.fell_ill(match probe.asked {
            0 => 1,
            asked => asked.saturating_sub(probe.nacks),
        });
        let Some(known) = self.view.get(probe.target) else {
            return;
        };
        let news = News {
            member: probe.target,
            state: State::Suspect,
            incarnation: known.incarnation,
            from: self.me,
        };
        match self.rules.suspicion {
            true => self.suspect(news),
            false if known.state.takes_part() => self.bury(news, Verdict::Silent),
            false => {}
        }
    }
    fn ping(&mut self, target: Member, number: u32) {
        let mut packet = Packet::new(Kind::Ping, number, target);
        // Who is suspected hears it first of all, and can refute it at once.
        if let Some(known) = self.view.get(target)
            && self.rules.buddy
            && known.state == State::Suspect
        {
            packet.carry(News {
                member: target,
                state: State::Suspect,
                incarnation: known.incarnation,
                from: self.me,
            });
        }
        self.send(target, packet);
    }

    /// If the target has not answered in time, others are asked to ask it.
    pub(super) fn ask_others(&mut self) {
        let now = self.now;
        let Some(probe) = self.probe.as_mut().filter(|probe| probe.deadline() <= now) else {
            return;
        };
        probe.ask_at = NEVER;
        let (target, number) = (probe.target, probe.number);
        let relays = self.some_members(self.rules.relays, Some(target));
        if let Some(probe) = &mut self.probe {
            probe.asked = u32::try_from(relays.len()).unwrap_or(0);
        }
        for relay in relays {
            self.send(relay, Packet::new(Kind::PingReq, number, target));
        }
    }

    pub(super) fn pinged(&mut self, from: Member, packet: &Packet) {
        if packet.target == self.me {
            self.send(from, Packet::new(Kind::Ack, packet.number, from));
        }
    }
    pub(super) fn asked_to_ask(&mut self, asker: Member, packet: &Packet) {
        let target = packet.target;
        if self.is(Mutant::M05) {
            self.send(asker, Packet::new(Kind::Ack, packet.number, asker));
            return;
        }
        let number = self.number();
        let (of, whole) = RELAY_SHARE;
        self.relays.push(Relay {
            number,
            asker,
            asker_number: packet.number,
            target,
            until: self.now.saturating_add(self.rules.ack / whole * of),
        });
        self.ping(target, number);
    }
    pub(super) fn answered(&mut self, packet: &Packet) {
        let any = self.is(Mutant::M08);
        if let Some(probe) = &mut self.probe
            && (probe.number == packet.number || any)
        {
            if !probe.answered {
                probe.answered = true;
                self.health = self.health.saturating_sub(1);
            }
            return;
        }
        let relay = self
            .relays
            .iter()
            .position(|relay| relay.number == packet.number);
        if let Some(at) = relay {
            let relay = self.relays.remove(at);
            self.send(
                relay.asker,
                Packet::new(Kind::Ack, relay.asker_number, relay.asker),
            );
        }
    }
    pub(super) const fn refused(&mut self, packet: &Packet) {
        if let Some(probe) = &mut self.probe
            && probe.number == packet.number
        {
            probe.nacks += 1;
        }
    }
    /// Tells askers that their target did not answer here either.
    pub(super) fn give_relays_up(&mut self) {
        while let Some(at) = self.relays.iter().position(|relay| relay.until <= self.now) {
            let relay = self.relays.remove(at);
            let nack = Packet::new(Kind::Nack, relay.asker_number, relay.target);
            self.send(relay.asker, nack);
        }
    }
}
