//! The network: from a send to an arrival.
//!
//! Datagrams that are lost are lost. Messages of connections (calls and their replies) are sent again
//! after a time-out that doubles, as TCP does, and do not overtake each other on a link.

use super::kernel::{Kernel, Kind};
use super::link::{Link, LinkProfile, Transit};
use super::message::{Arrived, Body, CallError, CallState, Flight, Message, Payload};
use crate::{Key, NodeId, PortId};

/// First retransmission time-out: the minimum of Linux.
const RESEND_NS: u64 = 200_000_000;
/// A connection breaks after so many: the default of Linux.
const RESENDS_MAX: u32 = 15;
/// The time-out doubles up to here: the maximum of Linux.
const RESEND_NS_MAX: u64 = 120_000_000_000;

impl Kernel {
    /// The directed link between two nodes, made at first use: memory goes by links used.
    pub(super) fn link(&mut self, from: NodeId, to: NodeId) -> usize {
        let known = &self.links_of[from.index()];
        let place = match known.binary_search_by_key(&to, |(other, _)| *other) {
            Ok(at) => return known[at].1 as usize,
            Err(place) => place,
        };
        let name = |node: NodeId| &self.nodes[node.index()].name;
        let path = format!("link/{}->{}", name(from), name(to));
        let key = Key::new(self.seed, &path, "link");
        let link = u32::try_from(self.links.len()).expect("fewer than 2^32 links");
        self.links.push(Link::new(key, self.default_link.clone()));
        self.links_of[from.index()].insert(place, (to, link));
        link as usize
    }

    pub(super) fn set_link(&mut self, from: NodeId, to: NodeId, profile: LinkProfile) {
        let link = self.link(from, to);
        self.links[link].set_profile(profile);
    }

    #[inline]
    pub(super) fn send_words(&mut self, from: NodeId, port: PortId, words: [u64; 8]) {
        self.send_body(from, port, Body::Words(words));
    }

    #[inline]
    pub(super) fn send_body(&mut self, from: NodeId, port: PortId, body: Body) {
        let to = self.ports[port.index()].node;
        self.transmit(Flight {
            from,
            to,
            port,
            payload: Payload::Body(body),
            attempts: 0,
        });
    }

    /// Puts a message on its way.
    #[inline]
    pub(super) fn transmit(&mut self, flight: Flight) {
        let slot = match self.flights_free.pop() {
            Some(slot) => {
                self.flights[slot as usize] = Some(flight);
                slot
            }
            None => {
                self.flights.push(Some(flight));
                u32::try_from(self.flights.len() - 1).expect("fewer than 2^32 messages in flight")
            }
        };
        self.depart(slot);
    }

    fn depart(&mut self, slot: u32) {
        let flight = self.flights[slot as usize]
            .as_ref()
            .expect("a message in flight");
        let (from, to) = (flight.from, flight.to);
        let connection = !matches!(flight.payload, Payload::Body(_));
        if from == to {
            self.schedule(self.now, Kind::Arrive, slot, u64::from(u32::MAX));
            return;
        }
        let link = self.link(from, to);
        let transit = self.links[link].transmit(&mut self.landed_now);
        if !self.landed_now.is_empty() {
            self.land_collected();
        }
        match transit {
            Transit::After(delay) => {
                let mut at = self.now + delay;
                if connection {
                    at = self.links[link].in_order(at);
                }
                self.schedule(at, Kind::Arrive, slot, link as u64);
            }
            Transit::Held => self.links[link].held.push(slot),
            Transit::Refused => self.refuse(slot),
            Transit::Lost => self.lose(slot),
        }
    }

    /// A message is lost: a connection sends it again, until it gives up.
    pub(super) fn lose(&mut self, slot: u32) {
        let flight = self.flights[slot as usize]
            .as_mut()
            .expect("a message in flight");
        if matches!(flight.payload, Payload::Body(_)) || flight.attempts >= RESENDS_MAX {
            self.refuse(slot);
            return;
        }
        let wait = (RESEND_NS << flight.attempts).min(RESEND_NS_MAX);
        flight.attempts += 1;
        self.schedule(self.now + wait, Kind::Resend, slot, 0);
    }

    /// There is no way: a call fails at once, other messages are gone.
    fn refuse(&mut self, slot: u32) {
        match self.take_flight(slot).payload {
            Payload::Body(_) => {}
            Payload::Call(call) => self.finish_call(call, Err(CallError::Refused)),
            Payload::Reply(call, _) => self.finish_call(call, Err(CallError::Reset)),
        }
    }

    pub(super) fn take_flight(&mut self, slot: u32) -> Flight {
        self.flights_free.push(slot);
        self.flights[slot as usize]
            .take()
            .expect("a message in flight")
    }

    /// A retransmission is due, unless nobody waits for it any more.
    pub(super) fn resend(&mut self, slot: u32) {
        let flight = self.flights[slot as usize]
            .as_ref()
            .expect("a message in flight");
        let wanted = match flight.payload {
            Payload::Body(_) => true,
            Payload::Call(call) | Payload::Reply(call, _) => self.is_pending(call),
        };
        if wanted && self.nodes[flight.from.index()].up {
            self.depart(slot);
        } else {
            self.take_flight(slot);
        }
    }

    /// A hold ended: what was held goes on, in send order.
    pub(super) fn release_held(&mut self, link: usize) {
        for slot in core::mem::take(&mut self.links[link].held) {
            self.schedule(self.now, Kind::Arrive, slot, link as u64);
        }
    }

    /// A message reaches the other end, unless a cut is in force there now.
    pub(super) fn arrive(&mut self, slot: u32, link: u64) {
        if let Some(link) = usize::try_from(link)
            .ok()
            .and_then(|link| self.links.get(link))
        {
            self.landed_now.extend(link.cuts());
            if !self.landed_now.is_empty() {
                self.land_collected();
                self.lose(slot);
                return;
            }
        }
        let flight = self.take_flight(slot);
        match flight.payload {
            Payload::Body(body) => self.arrive_message(flight.port, flight.from, body),
            Payload::Call(call) => self.arrive_call(flight.port, call),
            Payload::Reply(call, result) => {
                if self.nodes[flight.to.index()].up {
                    self.leave_link(call);
                    self.finish_call(call, result);
                }
            }
        }
    }

    fn arrive_message(&mut self, port: PortId, from: NodeId, body: Body) {
        let place = &self.ports[port.index()];
        let node = &self.nodes[place.node.index()];
        if node.up && (place.open || place.handler.is_some()) {
            self.enqueue(port, Arrived::Message(Message { from, body }));
        }
    }

    /// Puts something in a port and wakes one who waits there.
    pub(super) fn enqueue(&mut self, port: PortId, arrived: Arrived) {
        let place = &mut self.ports[port.index()];
        place.queue.push_back(arrived);
        if place.handler.is_some() {
            self.mail.push(port);
        } else if let Some(wake) = place.waiting.pop_front() {
            self.wake(wake);
        }
    }

    /// The node crashed with a word to its peers: connections break.
    pub(super) fn reset_connections(&mut self, server: NodeId) {
        for index in 0..self.calls.len() {
            let call = &self.calls[index];
            if call.server == server && call.state == CallState::Pending(true) {
                let reference = self.call_ref(index);
                self.reply_from_network(reference, CallError::Reset);
            }
        }
    }
}
