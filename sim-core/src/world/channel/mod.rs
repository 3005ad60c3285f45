//! Channels: what a sensor says on its way to who reads it, and a command on its way to what moves.
//!
//! ```text
//! value --enter--> delay, order --arrive--> bias .. noise .. stuck .. poison .. off --> deliver
//! ```
//!
//! A channel that no overlay is on delivers at once, and nothing is recorded, drawn or scheduled.

mod stages;
mod way;

use super::Cx;
use super::kernel::Kernel;
use crate::plan::SignalRule;
use crate::rng::path_hash;
use crate::{ChannelId, EntryId, Key, VirtualDuration};
use way::{Held, Overtaken};

/// A sensor or an actuator.
#[derive(Debug)]
pub(super) struct Channel {
    resolution: f64,
    path: u64,
    /// The ordinal of the next sample.
    samples: u64,
    /// Samples that arrived.
    arrivals: u64,
    /// In force, in id order.
    rules: Vec<Rule>,
    /// The latest value before the stage in which a channel sticks; since one is stuck, that one.
    last: Option<f64>,
    /// The latest value behind the saturation, and when, in nanoseconds.
    out: Option<(u64, f64)>,
    /// Samples that wait for later ones.
    held: Vec<Held>,
    tickets: u64,
}

#[derive(Debug)]
struct Rule {
    id: EntryId,
    rule: SignalRule,
    key: Key,
    /// When it came into force, in nanoseconds.
    from: u64,
    /// Samples it saw.
    seen: u64,
}

/// What the first stages say about a sample.
#[derive(Clone, Copy, Debug, Default)]
struct Way {
    ordinal: u64,
    delay: u64,
    depth: u32,
    copies: u32,
}

impl Kernel {
    pub(super) fn channel(&mut self, name: &str, resolution: f64) -> ChannelId {
        let id = self.channel_names.intern(name);
        if id.index() == self.channels.len() {
            self.channels.push(Channel {
                resolution,
                path: path_hash(name),
                samples: 0,
                arrivals: 0,
                rules: Vec::new(),
                last: None,
                out: None,
                held: Vec::new(),
                tickets: 0,
            });
        }
        ChannelId(id.0)
    }

    /// Puts a rule in force for the samples of a channel, or takes it away.
    pub(super) fn channel_overlay(
        &mut self,
        id: EntryId,
        channel: ChannelId,
        rule: Option<SignalRule>,
    ) {
        let (from, key) = (self.now, self.event_key(id));
        let place = &mut self.channels[channel.index()];
        place.rules.retain(|other| other.id != id);
        if let Some(rule) = rule {
            let key = key.child(place.path);
            place.rules.push(Rule {
                id,
                rule,
                key,
                from,
                seen: 0,
            });
            place.rules.sort_by_key(|rule| rule.id);
        }
        let orders = |rule: &Rule| matches!(rule.rule, SignalRule::Reorder { .. });
        if !place.rules.iter().any(orders) {
            self.release_samples(channel, u64::MAX);
        }
    }
}

impl Cx {
    /// Sends a sample or a command through a channel. `deliver` is called for what comes out of it:
    /// once and before this returns, if no fault is on the channel; else at once or later in a task
    /// of this process, never, or twice.
    pub fn through(&self, channel: ChannelId, value: f64, deliver: impl Fn(&Self, f64) + 'static) {
        let Some(mut k) = self.alive() else {
            return;
        };
        let Some(way) = k.enter(channel, value) else {
            drop(k);
            deliver(self, value);
            return;
        };
        drop(k);
        if way.delay == 0 && way.depth == 0 {
            self.come_out(channel, (value, way), &deliver);
            return;
        }
        let cx = self.clone();
        let at = self
            .now()
            .saturating_add(VirtualDuration::from_nanos(way.delay));
        self.spawn(async move {
            if way.delay > 0 {
                // A delay of converters and wires, which no clock measures.
                cx.sleep_until(at).await;
            }
            if way.depth > 0 {
                Overtaken::new(&cx, channel, way).await;
            }
            cx.come_out(channel, (value, way), &deliver);
        });
    }

    /// A sample and its copies arrive.
    fn come_out(&self, channel: ChannelId, (value, way): (f64, Way), deliver: &dyn Fn(&Self, f64)) {
        if let Some(mut k) = self.alive() {
            k.channels[channel.index()].arrivals += 1;
        }
        for _ in 0..=way.copies {
            let Some(mut k) = self.alive() else {
                return;
            };
            let arrived = k.arrive_sample(channel, value, way.ordinal);
            drop(k);
            if let Some(value) = arrived {
                deliver(self, value);
            }
        }
        if let Some(mut k) = self.alive() {
            let arrivals = k.channels[channel.index()].arrivals;
            k.release_samples(channel, arrivals);
        }
    }
}
