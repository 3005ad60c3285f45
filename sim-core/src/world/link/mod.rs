//! Directed links: base values, overlays, and what they do to one message.
//!
//! A message passes: cut, loss, corruption, duplication, queue, delay, order, hold; and the cut once
//! more when it arrives. A calm link has a delay and a loss and nothing else; whatever more there is
//! lives in its [`Weather`], while there is some.

mod chain;
mod overlay;
mod profile;
mod queue;
mod rule;
mod table;
#[cfg(test)]
mod tests;
mod weather;

pub use profile::LinkProfile;
pub(super) use rule::LinkRule;
pub(super) use table::LinkTable;
pub(super) use weather::{HELD_BACK_NS_MAX, Judged, Weather};

use crate::plan::Primitive;
use crate::{EntryId, Key, Law, NodeId, Sample, ServiceId, VirtualDuration};
use std::rc::Rc;

/// A directed link.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) from: NodeId,
    pub(super) to: NodeId,
    /// Shared by all links that have the same.
    profile: Rc<LinkProfile>,
    key: Key,
    /// The delay in nanoseconds, if the profile always gives the same: most do, and conversion from a
    /// law costs more than the rest of a calm link. Else [`DRAWN`].
    constant: u64,
    /// Messages so far: the ordinal of the next.
    messages: u64,
    /// Arrival of the last message of a connection: those never overtake.
    last_arrival: u64,
    /// The connection that calls from `from` to `to` go over.
    pub(super) connection: Connection,
    weather: Option<Box<Weather>>,
}

/// The delay of a link whose law draws.
const DRAWN: u64 = u64::MAX;

/// A connection that a client keeps to a server, as a pool of one. A call that fails closes it for
/// those that come after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Connection {
    /// When it was opened; [`Connection::CLOSED`] has never been.
    pub(super) opened: u64,
    /// The incarnation of the client's node that opened it.
    pub(super) client: u16,
    /// The incarnation of the server's node that accepted it, if it has.
    pub(super) server: Option<u16>,
}

impl Connection {
    /// No connection.
    pub(super) const CLOSED: Self = Self {
        opened: u64::MAX,
        client: 0,
        server: None,
    };
}

/// A message as the link sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packet {
    pub(super) now: u64,
    pub(super) bytes: u32,
    /// Whether it belongs to a connection, and then when that was opened.
    pub(super) opened: Option<u64>,
    pub(super) connection: bool,
    /// Whether a copy of it would be noticed.
    pub(super) copyable: bool,
    /// The service that a request asks.
    pub(super) service: Option<ServiceId>,
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transit {
    /// It arrives at this time.
    At(u64),
    /// It is lost.
    Lost,
    /// It waits for the hold to end.
    Held,
    /// It waits for later ones to overtake it, under this number.
    HeldBack(u64),
}

/// Whether a calm link passes a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Calm {
    /// It arrives after this many nanoseconds.
    After(u64),
    /// It is lost.
    Lost,
    /// The link is not calm: ask its weather.
    No,
}

impl Link {
    pub(super) fn new(ends: (NodeId, NodeId), key: Key, profile: Rc<LinkProfile>) -> Self {
        let weather = match profile.is_plain() {
            true => None,
            false => Some(Box::new(Weather::of(&profile, key))),
        };
        Self {
            from: ends.0,
            to: ends.1,
            constant: constant(&profile),
            profile,
            key,
            messages: 0,
            last_arrival: 0,
            connection: Connection::CLOSED,
            weather,
        }
    }
    pub(super) fn set_profile(&mut self, profile: Rc<LinkProfile>) {
        if !profile.is_plain() || self.weather.is_some() {
            let weather = self.weather.get_or_insert_default();
            weather.set_base(&profile, self.key);
        }
        self.constant = constant(&profile);
        self.profile = profile;
    }

    /// Whether nothing passes it now.
    pub(super) fn is_cut(&self) -> bool {
        let weather = self.weather.as_ref();
        weather.is_some_and(|weather| weather.is_cut())
    }

    /// Decides about the next message, if there is no weather.
    #[inline]
    pub(super) fn transmit(&mut self) -> Calm {
        if self.weather.is_some() {
            return Calm::No;
        }
        let ordinal = self.messages;
        self.messages += 1;
        if self.loses(ordinal) {
            return Calm::Lost;
        }
        Calm::After(self.base_delay(ordinal))
    }
    #[inline]
    fn loses(&self, ordinal: u64) -> bool {
        let loss = self.profile.loss;
        loss > 0.0 && self.key.child(2).at(ordinal).chance(loss)
    }
    /// Of which delays are drawn: made each time, since that costs less than to keep it for every link.
    #[inline]
    fn delay_key(&self) -> Key {
        self.key.child(1)
    }
    #[inline]
    fn base_delay(&self, ordinal: u64) -> u64 {
        if self.constant != DRAWN {
            return self.constant;
        }
        let ns = self.profile.delay.sample(&mut self.delay_key().at(ordinal));
        VirtualDuration::from_nanos_f64(ns).as_nanos()
    }

    /// The delay of a copy of a message, without weather.
    pub(super) fn calm_copy(&self, ordinal: u64, copy: u32) -> u64 {
        let key = self.delay_key().child(u64::from(copy));
        let ns = self.profile.delay.sample(&mut key.at(ordinal));
        VirtualDuration::from_nanos_f64(ns).as_nanos()
    }

    /// The first half of the way in weather: cut, loss, corruption, copies. Gives the message's ordinal
    /// too. Overlays that changed its fate go to `landed`.
    pub(super) fn judge(&mut self, packet: &Packet, landed: &mut Vec<EntryId>) -> (u64, Judged) {
        let ordinal = self.messages;
        self.messages += 1;
        let lost = self.loses(ordinal);
        let weather = self.weather.as_mut().expect("a link in weather");
        (ordinal, weather.judge(packet, (ordinal, lost), landed))
    }
    /// The second half for the message itself (copy 0) or a copy, in `slot`: queue, delay, order,
    /// hold.
    pub(super) fn pass(
        &mut self,
        packet: &Packet,
        (ordinal, copy): (u64, u32),
        slot: u32,
        landed: &mut Vec<EntryId>,
    ) -> Transit {
        let base = match copy {
            0 => self.base_delay(ordinal),
            copy => self.calm_copy(ordinal, copy),
        };
        let weather = self.weather.as_mut().expect("a link in weather");
        weather.pass(packet, (ordinal, copy, base), slot, landed)
    }

    /// When a message of a connection that would arrive at `at` arrives: not before those sent
    /// earlier.
    #[inline]
    pub(super) fn in_order(&mut self, at: u64) -> u64 {
        self.last_arrival = self.last_arrival.max(at);
        self.last_arrival
    }

    /// What it has beyond delay and plain loss.
    #[inline]
    pub(super) fn weather(&mut self) -> Option<&mut Weather> {
        self.weather.as_deref_mut()
    }
    /// The weather goes when nothing of it is left.
    pub(super) fn clear_up(&mut self, now: u64) {
        if self.weather.as_ref().is_some_and(|w| w.is_over(now)) {
            self.weather = None;
        }
    }

    /// Puts an overlay in force or takes it away. Gives the messages that a hold lets go, with the
    /// times at which they would have arrived.
    pub(super) fn overlay(
        &mut self,
        id: EntryId,
        primitive: &Primitive,
        key: Key,
        (now, start): (u64, bool),
    ) -> Vec<(u32, u64)> {
        let weather = self.weather.get_or_insert_default();
        weather.remove(id);
        if start {
            weather.add((id, now, key), primitive);
        }
        let released = weather.release();
        self.clear_up(now);
        released
    }
}

fn constant(profile: &LinkProfile) -> u64 {
    match profile.delay {
        Law::Constant(ns) => VirtualDuration::from_nanos_f64(ns).as_nanos(),
        _ => DRAWN,
    }
}

/// An overlay changed something; base values count for nobody.
fn land(landed: &mut Vec<EntryId>, id: EntryId) {
    if id.is_some() {
        landed.push(id);
    }
}

/// The share of a standard normal distribution below `z`, kept inside the open unit interval.
fn normal_share(z: f64) -> f64 {
    let share = 0.5 * libm::erfc(-z / core::f64::consts::SQRT_2);
    share.clamp(1e-15, 1.0 - 1e-15)
}
