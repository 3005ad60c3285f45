//! The network: from a send to an arrival.
//!
//! Datagrams that are lost are lost. Messages of connections (calls and their replies) are sent again
//! after a time-out that doubles, as TCP does, and do not overtake each other on a link.

mod bus;
mod connection;
mod totals;
mod weather;

pub(super) use totals::NetTotals;

pub(super) use bus::BusNode;

use super::kernel::{Kernel, Kind};
use super::link::{Calm, Link, LinkProfile};
use super::message::{Arrived, Body, CallError, Flight, Message, Payload};
use crate::plan::Corruption;
use crate::{Key, NodeId, PortId};
use std::rc::Rc;

/// First retransmission time-out: the minimum of Linux.
const RESEND_NS: u64 = 200_000_000;
/// A connection breaks after so many: the default of Linux.
const RESENDS_MAX: u8 = 15;
/// The time-out doubles up to here: the maximum of Linux.
const RESEND_NS_MAX: u64 = 120_000_000_000;

/// The word of an arrival is the number of its link; this for a message to its own node.
const LOCAL: u64 = u32::MAX as u64;
/// With this bit it is the number of a message held back, and the target is the link.
const LATE: u64 = 1 << 63;

/// What a departure needs to know of a message.
#[derive(Clone, Copy)]
struct Way {
    from: NodeId,
    to: NodeId,
    bytes: u32,
    connection: bool,
}

impl Way {
    #[inline]
    const fn of(flight: &Flight) -> Self {
        Self {
            from: flight.from,
            to: flight.to,
            bytes: flight.bytes,
            connection: flight.payload.is_of_connection(),
        }
    }
}

impl Kernel {
    /// The directed link between two nodes, made at first use: memory goes by links used.
    #[inline]
    pub(super) fn link(&mut self, from: NodeId, to: NodeId) -> usize {
        match self.link_table.find(&self.links, from, to) {
            Some(link) => link,
            None => self.new_link(from, to),
        }
    }
    #[cold]
    fn new_link(&mut self, from: NodeId, to: NodeId) -> usize {
        let name = |node: NodeId| self.nodes[node.index()].name.as_str();
        let path = ["link/", name(from), "->", name(to)];
        let key = Key::of_parts(self.seed, &path, "link");
        let rule = self.link_rules.iter().rev().find(|r| r.holds(from, to));
        let profile = rule.map_or(&self.default_link, |rule| &rule.profile);
        self.links
            .push(Link::new((from, to), key, Rc::clone(profile)));
        self.link_table.insert(&self.links);
        self.links.len() - 1
    }

    pub(super) fn set_link(&mut self, from: NodeId, to: NodeId, profile: LinkProfile) {
        let link = self.link(from, to);
        self.links[link].set_profile(Rc::new(profile));
    }

    #[inline]
    pub(super) fn send_words(&mut self, from: NodeId, port: PortId, words: [u64; 8]) {
        self.send_body(from, port, Body::Words(words), super::WORDS_BYTES);
    }

    #[inline]
    pub(super) fn send_body(&mut self, from: NodeId, port: PortId, body: Body, bytes: u32) {
        let to = self.ports[port.index()].node;
        self.transmit(Flight::new((from, to), port, Payload::Body(body), bytes));
    }

    /// Puts a message on its way.
    #[inline]
    pub(super) fn transmit(&mut self, flight: Flight) {
        let way = Way::of(&flight);
        let slot = self.board(flight);
        self.depart(slot, way);
    }
    #[inline]
    fn board(&mut self, flight: Flight) -> u32 {
        match self.flights_free.pop() {
            Some(slot) => {
                self.flights[slot as usize] = Some(flight);
                slot
            }
            None => {
                self.flights.push(Some(flight));
                u32::try_from(self.flights.len() - 1).expect("fewer than 2^32 messages in flight")
            }
        }
    }
    #[inline]
    fn flight(&mut self, slot: u32) -> &mut Flight {
        self.flights[slot as usize]
            .as_mut()
            .expect("a message in flight")
    }

    #[inline]
    fn depart(&mut self, slot: u32, way: Way) {
        if way.from == way.to {
            self.schedule(self.now, Kind::Arrive, slot, LOCAL);
            return;
        }
        self.nodes[way.from.index()].net.sent(way.bytes);
        let link = self.link(way.from, way.to);
        self.enter_link(slot, link, way.connection);
    }
    #[inline]
    fn enter_link(&mut self, slot: u32, link: usize, connection: bool) {
        match self.links[link].transmit() {
            Calm::After(delay) => {
                let mut at = self.now + delay;
                if connection {
                    at = self.links[link].in_order(at);
                }
                self.schedule(at, Kind::Arrive, slot, link as u64);
            }
            Calm::Lost => self.lose(slot),
            Calm::No => self.depart_in_weather(slot, link),
        }
    }

    /// A message is lost: a connection sends it again, until it gives up.
    pub(super) fn lose(&mut self, slot: u32) {
        let flight = self.flight(slot);
        let again = flight.payload.is_of_connection() && !flight.copy;
        if !again || flight.attempts >= RESENDS_MAX {
            self.refuse(slot);
            return;
        }
        let wait = (RESEND_NS << flight.attempts).min(RESEND_NS_MAX);
        flight.attempts += 1;
        self.schedule(self.now + wait, Kind::Resend, slot, 0);
    }

    /// There is no way: a call fails at once, other messages are gone.
    fn refuse(&mut self, slot: u32) {
        let flight = self.take_flight(slot);
        match flight.payload {
            Payload::Call(call) if flight.copy => {
                if self.call_slot(call).is_some_and(|slot| slot.shadow) {
                    self.free_call(call);
                }
            }
            _ if flight.copy => {}
            Payload::Body(_) => {}
            Payload::Call(call) => self.finish_call(call, Err(CallError::Refused)),
            Payload::Reply(call, _) => self.finish_call(call, Err(CallError::Reset)),
        }
    }

    #[inline]
    pub(super) fn take_flight(&mut self, slot: u32) -> Flight {
        self.flights_free.push(slot);
        self.flights[slot as usize]
            .take()
            .expect("a message in flight")
    }

    /// A retransmission is due, unless nobody waits for it any more, or the sender forgot it.
    pub(super) fn resend(&mut self, slot: u32) {
        let flight = self.flight(slot);
        flight.damage = None;
        let way = Way::of(flight);
        let wanted = match flight.payload {
            Payload::Body(_) => true,
            Payload::Call(call) => self.is_pending(call),
            Payload::Reply(call, Err(CallError::Reset)) => self.is_pending(call),
            Payload::Reply(call, _) => self.is_pending(call) && self.remembers(call),
        };
        let node = &mut self.nodes[way.from.index()];
        if wanted && node.up {
            node.net.retransmits += u64::from(way.from != way.to);
            self.depart(slot, way);
        } else {
            self.take_flight(slot);
        }
    }

    /// A message reaches the other end.
    #[inline]
    pub(super) fn arrive(&mut self, slot: u32, word: u64) {
        if word != LOCAL && !self.passes_the_end(slot, word) {
            return;
        }
        let flight = self.take_flight(slot);
        match flight.payload {
            Payload::Body(body) => {
                let damaged = flight.damage.is_some();
                let message = Message {
                    from: flight.from,
                    body,
                    damaged,
                };
                self.arrive_message(flight.port, message);
            }
            Payload::Call(call) => self.arrive_call(flight.port, call),
            Payload::Reply(call, result) => {
                if self.nodes[flight.to.index()].up {
                    self.leave_link(call);
                    self.finish_call(call, result);
                }
            }
        }
    }

    /// Whether a message gets from the end of the link into the node: not through a cut, not if it is
    /// damaged, and a request not into a host that is dead.
    #[inline]
    fn passes_the_end(&mut self, slot: u32, word: u64) -> bool {
        if word & LATE != 0 {
            self.held_long_enough(slot, word & !LATE);
            return false;
        }
        let known = usize::try_from(word).ok();
        let link = known.and_then(|link| self.links.get_mut(link));
        if let Some(weather) = link.and_then(Link::weather)
            && weather.has_cuts()
            && self.cut_at_arrival(slot, word)
        {
            return false;
        }
        let flight = self.flights[slot as usize]
            .as_ref()
            .expect("a message in flight");
        let (to, bytes) = (flight.to, flight.bytes);
        let node = &mut self.nodes[to.index()];
        if !node.up {
            return self.reaches_a_dead_host(slot);
        }
        node.net.received(bytes);
        if flight.damage == Some(Corruption::Detected) {
            node.net.drops += 1;
            self.lose(slot);
            return false;
        }
        true
    }

    #[inline]
    fn arrive_message(&mut self, port: PortId, message: Message) {
        // The ports of a node that is down are closed.
        let place = &self.ports[port.index()];
        if place.open || place.handler.is_some() {
            self.enqueue(port, Arrived::Message(message));
        }
    }

    /// Puts something in a port and wakes one who waits there.
    #[inline]
    pub(super) fn enqueue(&mut self, port: PortId, arrived: Arrived) {
        let place = &mut self.ports[port.index()];
        place.queue.push_back(arrived);
        if place.handler.is_some() {
            self.mail.push(port);
        } else if let Some(wake) = place.waiting.pop_front() {
            self.wake(wake);
        }
    }
}
