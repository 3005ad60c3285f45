//! Messages on a link that is not calm.

use super::{LATE, LOCAL};
use crate::NodeId;
use crate::plan::{CutMode, Primitive, Seen};
use crate::world::CallError;
use crate::world::call::Parked;
use crate::world::kernel::{Kernel, Kind};
use crate::world::link::{HELD_BACK_NS_MAX, Judged, Link, Packet, Transit};
use crate::world::message::Payload;

impl Kernel {
    fn packet(&self, slot: u32) -> Packet {
        let flight = self.flights[slot as usize]
            .as_ref()
            .expect("a message in flight");
        let call = match &flight.payload {
            Payload::Body(_) => None,
            Payload::Call(call) | Payload::Reply(call, _) => Some(*call),
        };
        let slot = call.map(|call| &self.calls[call.index as usize]);
        let slot = slot.filter(|slot| call.is_some_and(|c| c.generation == slot.generation));
        Packet {
            now: self.now,
            bytes: flight.bytes,
            connection: call.is_some(),
            opened: slot.map(|slot| slot.connection.opened),
            copyable: !flight.copy && flight.copied().is_some(),
            service: match flight.payload {
                Payload::Call(_) => Some(self.service_of(flight.port)),
                _ => None,
            },
        }
    }

    #[cold]
    pub(super) fn depart_in_weather(&mut self, slot: u32, link: usize) {
        self.links[link].clear_up(self.now);
        let packet = self.packet(slot);
        let place = &mut self.links[link];
        if place.weather().is_none() {
            // It cleared up.
            self.enter_link(slot, link, packet.connection);
            return;
        }
        let (ordinal, judged) = place.judge(&packet, &mut self.landed_now);
        let judged = self.on_bus(link, judged);
        self.land_collected();
        let (copies, after, damage) = match judged {
            Judged::Cut(CutMode::Refuse) => return self.refuse(slot),
            Judged::Cut(CutMode::Drop) | Judged::Lost => return self.lose(slot),
            Judged::Passes {
                copies,
                copies_after,
                damage,
            } => (copies, copies_after, damage),
        };
        self.flight(slot).damage = damage;
        // Copies board before the message itself can be lost and its slot be another's.
        let mut boarded = Vec::new();
        for _ in 0..copies {
            if let Some(mut copy) = self.flight(slot).copied() {
                if let Payload::Call(call) = copy.payload
                    && after > 0
                {
                    copy.payload = Payload::Call(self.shadow(call));
                }
                boarded.push(self.board(copy));
            }
        }
        self.pass(slot, (link, ordinal, 0), &packet);
        for (copy, slot) in (1..).zip(boarded) {
            if after > 0 {
                let parked = self.park(Parked::Copy {
                    slot,
                    of: (link, ordinal, copy),
                });
                self.schedule(self.now + after, Kind::Parked, 0, parked);
            } else {
                self.pass(slot, (link, ordinal, copy), &packet);
            }
        }
    }

    /// A copy that comes later goes on its way.
    pub(in crate::world) fn late_copy(&mut self, slot: u32, of: (usize, u64, u32)) {
        self.links[of.0].clear_up(self.now);
        let packet = self.packet(slot);
        if self.links[of.0].weather().is_none() {
            // The message itself went into weather; the copy arrives in calm.
            let at = self.links[of.0].calm_copy(of.1, of.2);
            self.arrives_at(slot, of.0, self.now + at, packet.connection);
            return;
        }
        self.pass(slot, of, &packet);
    }

    /// The second half of a message's way: it, or a copy, is queued, delayed, held back or held.
    fn pass(&mut self, slot: u32, (link, ordinal, copy): (usize, u64, u32), packet: &Packet) {
        let place = &mut self.links[link];
        let transit = place.pass(packet, (ordinal, copy), slot, &mut self.landed_now);
        self.land_collected();
        match transit {
            Transit::At(at) => {
                let at = self.arrives_at(slot, link, at, packet.connection);
                self.overtake(link, at);
            }
            Transit::Held => {}
            Transit::HeldBack(number) => {
                let at = self.now + HELD_BACK_NS_MAX;
                let link = u32::try_from(link).expect("fewer than 2^32 links");
                self.schedule(at, Kind::Arrive, link, LATE | number);
            }
            Transit::Lost => {
                let from = self.flight(slot).from;
                self.nodes[from.index()].net.drops += 1;
                self.lose(slot);
            }
        }
    }

    fn arrives_at(&mut self, slot: u32, link: usize, at: u64, connection: bool) -> u64 {
        let at = at.max(self.now);
        let at = match connection {
            true => self.links[link].in_order(at),
            false => at,
        };
        self.schedule(at, Kind::Arrive, slot, link as u64);
        at
    }
    /// A message that arrives at `at` overtakes those that are held back.
    fn overtake(&mut self, link: usize, at: u64) {
        let weather = self.links[link].weather().filter(|w| w.holds_back());
        let mut free = Vec::new();
        if let Some(weather) = weather {
            weather.overtaken(at, &mut free);
        }
        for (slot, at) in free {
            self.arrives_at(slot, link, at, false);
        }
    }
    /// Nothing has overtaken the message for a long time: it goes on.
    #[cold]
    pub(super) fn held_long_enough(&mut self, link: u32, number: u64) {
        let link = link as usize;
        let weather = self.links[link].weather();
        if let Some((slot, at)) = weather.and_then(|w| w.waited_enough(number)) {
            self.arrives_at(slot, link, at, false);
            self.links[link].clear_up(self.now);
        }
    }
    /// A hold ended: what was held goes on, in send order.
    pub(in crate::world) fn release_held(&mut self, link: usize, held: Vec<(u32, u64)>) {
        for (slot, at) in held {
            let connection = self.flight(slot).payload.is_of_connection();
            self.arrives_at(slot, link, at, connection);
        }
    }

    /// Whether a cut kills the message that arrives now.
    #[cold]
    pub(super) fn cut_at_arrival(&mut self, slot: u32, link: u64) -> bool {
        debug_assert_ne!(link, LOCAL);
        let packet = self.packet(slot);
        let link = usize::try_from(link).ok();
        let link = link.and_then(|link| self.links.get_mut(link));
        if let Some(weather) = link.and_then(Link::weather) {
            weather.cut_at_arrival(&packet, &mut self.landed_now);
        }
        let cut = !self.landed_now.is_empty();
        if cut {
            self.land_collected();
            self.lose(slot);
        }
        cut
    }

    /// A message reaches a host that is down: silence, and a connection tries again; or a word from
    /// the host that the process is gone.
    #[cold]
    pub(super) fn reaches_a_dead_host(&mut self, slot: u32) -> bool {
        let flight = self.flight(slot);
        let (to, copy) = (flight.to, flight.copy);
        let Payload::Call(call) = flight.payload else {
            self.take_flight(slot);
            return false;
        };
        if copy || !self.says_reset(to) {
            self.lose(slot);
            return false;
        }
        self.take_flight(slot);
        self.leave_link(call);
        self.reply_from_network(call, CallError::Refused);
        false
    }
    /// Whether the host of a node that is down still answers.
    fn says_reset(&self, node: NodeId) -> bool {
        let last = self.nodes[node.index()].downs.last();
        let seen = last.map(|id| &self.plan.entry(*id).primitive);
        let reset = Seen::Reset;
        matches!(seen, Some(Primitive::Crash { seen, .. }) if *seen == reset)
    }
}
