//! The first stages: when a sample arrives, and after which others.

use super::{Cx, Kernel, Way};
use crate::plan::SignalRule;
use crate::rng::Sample as _;
use crate::world::Wake;
use crate::{ChannelId, EntryId, VirtualDuration};
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

/// A sample that waits for later ones.
#[derive(Debug)]
pub(super) struct Held {
    ticket: u64,
    /// The count of arrivals before it, and the one at which it goes on.
    since: u64,
    until: u64,
    /// Overlays that hold it back.
    by: Vec<EntryId>,
    wake: Wake,
}

impl Kernel {
    /// A sample enters; `None` if nothing happens to it.
    pub(super) fn enter(&mut self, channel: ChannelId, value: f64) -> Option<Way> {
        let now = self.now;
        let place = &mut self.channels[channel.index()];
        let ordinal = place.samples;
        place.samples += 1;
        if place.rules.is_empty() {
            place.arrivals += 1;
            place.last = Some(value);
            place.out = Some((now, value));
            return None;
        }
        let mut way = Way {
            ordinal,
            ..Way::default()
        };
        self.landed_now.clear();
        for rule in &place.rules {
            match &rule.rule {
                SignalRule::Delay { delay } => {
                    let ns = delay.sample(&mut rule.key.at(ordinal));
                    let ns = VirtualDuration::from_nanos_f64(ns.max(0.0)).as_nanos();
                    way.delay = way.delay.saturating_add(ns);
                    if ns > 0 {
                        self.landed_now.push(rule.id);
                    }
                }
                SignalRule::Reorder {
                    share,
                    depth,
                    copies,
                } => {
                    let mut draw = rule.key.at(ordinal);
                    if draw.chance(*share) {
                        way.depth = way.depth.max(*depth);
                    }
                    if draw.chance(*copies) {
                        way.copies += 1;
                        self.landed_now.push(rule.id);
                    }
                }
                _ => {}
            }
        }
        self.land_collected();
        Some(way)
    }

    /// Samples that wait for no more than `arrivals` go on; all of them if that is the largest.
    pub(super) fn release_samples(&mut self, channel: ChannelId, arrivals: u64) {
        let place = &mut self.channels[channel.index()];
        if place.held.is_empty() {
            return;
        }
        let now = place.arrivals;
        let waiting = core::mem::take(&mut place.held);
        for held in waiting {
            if held.until > arrivals {
                self.channels[channel.index()].held.push(held);
                continue;
            }
            if now > held.since {
                for id in held.by {
                    self.land(id, 1);
                }
            }
            self.wake(held.wake);
        }
    }
}

/// Waits until later samples have arrived.
pub(super) struct Overtaken<'a> {
    cx: &'a Cx,
    channel: ChannelId,
    way: Way,
    ticket: Option<u64>,
}

impl<'a> Overtaken<'a> {
    pub(super) const fn new(cx: &'a Cx, channel: ChannelId, way: Way) -> Self {
        Self {
            cx,
            channel,
            way,
            ticket: None,
        }
    }
}

impl Future for Overtaken<'_> {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut k = self.cx.kernel();
        let place = &mut k.channels[self.channel.index()];
        if let Some(ticket) = self.ticket {
            // Its own task polls it, and nobody else has a reason to.
            let waits = place.held.iter().any(|held| held.ticket == ticket);
            return if waits {
                Poll::Pending
            } else {
                Poll::Ready(())
            };
        }
        let ordinal = self.way.ordinal;
        let rules = place.rules.iter();
        let by = rules.filter_map(|rule| match rule.rule {
            SignalRule::Reorder { share, .. } => {
                rule.key.at(ordinal).chance(share).then_some(rule.id)
            }
            _ => None,
        });
        let by: Vec<EntryId> = by.collect();
        if by.is_empty() {
            // What held it back ended while it was under way.
            return Poll::Ready(());
        }
        let ticket = place.tickets;
        place.tickets += 1;
        place.held.push(Held {
            ticket,
            since: place.arrivals,
            until: place.arrivals + u64::from(self.way.depth),
            by,
            wake: Wake::of(context.waker()),
        });
        drop(k);
        self.ticket = Some(ticket);
        Poll::Pending
    }
}
