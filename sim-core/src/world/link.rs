//! Directed links: base values, overlays, and what they do to one message.

use crate::plan::{Arithmetic, CutMode, Primitive};
use crate::rng::probit;
use crate::{EntryId, Key, Law, Sample, VirtualDuration};
use serde::{Deserialize, Serialize};

/// The base behaviour of a link.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LinkProfile {
    /// One-way delay in nanoseconds.
    pub delay: Law,
    /// Share of messages lost, 0 to 1.
    pub loss: f64,
}

impl Default for LinkProfile {
    /// No delay and no loss.
    fn default() -> Self {
        Self {
            delay: Law::Constant(0.0),
            loss: 0.0,
        }
    }
}

/// An overlay with its own stream of draws.
#[derive(Clone, Debug)]
struct Overlay<T> {
    id: EntryId,
    /// Order of coming into force: "latest" means latest start, then highest id.
    started: u64,
    key: Key,
    correlation: f64,
    /// The last draw, for correlated ones.
    last: f64,
    value: T,
}

/// A directed link.
#[derive(Clone, Debug)]
pub(super) struct Link {
    profile: LinkProfile,
    delay_key: Key,
    loss_key: Key,
    /// Messages so far: the ordinal of the next.
    messages: u64,
    delays: Vec<Overlay<(Arithmetic, Law)>>,
    losses: Vec<Overlay<f64>>,
    cuts: Vec<(EntryId, CutMode)>,
    holds: Vec<EntryId>,
    /// Messages held, by index in the slab of messages, in send order.
    pub(super) held: Vec<u32>,
    /// Arrival of the last message of a connection: those never overtake.
    last_arrival: u64,
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transit {
    /// It arrives after this many nanoseconds.
    After(u64),
    /// It is lost.
    Lost,
    /// The sender is told at once that there is no way.
    Refused,
    /// It waits for the hold to end.
    Held,
}

impl Link {
    pub(super) fn new(key: Key, profile: LinkProfile) -> Self {
        Self {
            profile,
            delay_key: key.child(1),
            loss_key: key.child(2),
            messages: 0,
            delays: Vec::new(),
            losses: Vec::new(),
            cuts: Vec::new(),
            holds: Vec::new(),
            held: Vec::new(),
            last_arrival: 0,
        }
    }
    pub(super) fn set_profile(&mut self, profile: LinkProfile) {
        self.profile = profile;
    }

    /// Decides about the next message. Overlays that changed its fate go to `landed`.
    #[inline]
    pub(super) fn transmit(&mut self, landed: &mut Vec<EntryId>) -> Transit {
        let ordinal = self.messages;
        self.messages += 1;
        let calm = self.delays.is_empty()
            && self.losses.is_empty()
            && self.cuts.is_empty()
            && self.holds.is_empty();
        if calm {
            if self.profile.loss > 0.0 && self.loss_key.at(ordinal).chance(self.profile.loss) {
                return Transit::Lost;
            }
            return Transit::After(self.base_delay(ordinal));
        }
        self.transmit_in_weather(ordinal, landed)
    }

    fn base_delay(&self, ordinal: u64) -> u64 {
        let ns = self.profile.delay.sample(&mut self.delay_key.at(ordinal));
        VirtualDuration::from_nanos_f64(ns).as_nanos()
    }

    /// cut, loss, delay, hold, in this order.
    fn transmit_in_weather(&mut self, ordinal: u64, landed: &mut Vec<EntryId>) -> Transit {
        if !self.cuts.is_empty() {
            landed.extend(self.cuts.iter().map(|(id, _)| *id));
            let worst = self.cuts.iter().map(|(_, mode)| *mode).max();
            return match worst {
                Some(CutMode::Refuse) => Transit::Refused,
                _ => Transit::Lost,
            };
        }
        let mut lost =
            self.profile.loss > 0.0 && self.loss_key.at(ordinal).chance(self.profile.loss);
        for overlay in &mut self.losses {
            // Every overlay draws for every message, so that none depends on the others.
            if overlay.unit(ordinal) < overlay.value {
                landed.push(overlay.id);
                lost = true;
            }
        }
        if lost {
            return Transit::Lost;
        }
        let delay = self.delay_in_weather(ordinal, landed);
        if self.holds.is_empty() {
            Transit::After(delay)
        } else {
            landed.extend(&self.holds);
            Transit::Held
        }
    }

    fn delay_in_weather(&mut self, ordinal: u64, landed: &mut Vec<EntryId>) -> u64 {
        let base = VirtualDuration::from_nanos(self.base_delay(ordinal)).as_nanos_f64();
        let latest = self
            .delays
            .iter()
            .filter(|o| o.value.0 == Arithmetic::Replace)
            .max_by_key(|o| (o.started, o.id))
            .map(|o| o.id);
        let (mut replaced, mut scale, mut added) = (base, 1.0, 0.0);
        for overlay in &mut self.delays {
            let drawn = overlay.sample(ordinal);
            let changed = match overlay.value.0 {
                Arithmetic::Replace if Some(overlay.id) == latest => {
                    replaced = drawn;
                    drawn != base
                }
                Arithmetic::Replace => false,
                Arithmetic::Scale => {
                    scale *= drawn;
                    drawn != 1.0
                }
                Arithmetic::Add => {
                    added += drawn;
                    drawn != 0.0
                }
            };
            if changed {
                landed.push(overlay.id);
            }
        }
        VirtualDuration::from_nanos_f64(replaced * scale + added).as_nanos()
    }

    /// When a message of a connection that would arrive at `at` arrives: not before those sent
    /// earlier.
    pub(super) fn in_order(&mut self, at: u64) -> u64 {
        self.last_arrival = self.last_arrival.max(at);
        self.last_arrival
    }

    /// The cuts in force, which kill what arrives now.
    pub(super) fn cuts(&self) -> impl Iterator<Item = EntryId> {
        self.cuts.iter().map(|(id, _)| *id)
    }

    /// Puts an overlay in force or takes it away. The second value says whether a hold ended and
    /// what was held may go.
    pub(super) fn overlay(
        &mut self,
        id: EntryId,
        primitive: &Primitive,
        key: Key,
        start: Option<u64>,
    ) -> bool {
        let held = !self.holds.is_empty();
        self.delays.retain(|o| o.id != id);
        self.losses.retain(|o| o.id != id);
        self.cuts.retain(|(other, _)| *other != id);
        self.holds.retain(|other| *other != id);
        if let Some(started) = start {
            match primitive {
                Primitive::LinkDelay {
                    delay,
                    mode,
                    correlation,
                    ..
                } => {
                    let value = (*mode, delay.clone());
                    self.delays
                        .push(Overlay::new(id, started, key, *correlation, value));
                    self.delays.sort_by_key(|o| o.id);
                }
                Primitive::LinkLoss {
                    share, correlation, ..
                } => {
                    self.losses
                        .push(Overlay::new(id, started, key, *correlation, *share));
                    self.losses.sort_by_key(|o| o.id);
                }
                Primitive::LinkCut { mode, .. } => self.cuts.push((id, *mode)),
                Primitive::LinkHold { .. } => self.holds.push(id),
                _ => {}
            }
        }
        held && self.holds.is_empty()
    }
}

impl<T> Overlay<T> {
    fn new(id: EntryId, started: u64, key: Key, correlation: f64, value: T) -> Self {
        Self {
            id,
            started,
            key,
            correlation,
            last: 0.5,
            value,
        }
    }
    /// The uniform draw for message `ordinal`; with correlation c, c times the previous draw plus
    /// 1 - c times a fresh one, as tc-netem does it.
    fn unit(&mut self, ordinal: u64) -> f64 {
        let fresh = self.key.at(ordinal).open_unit();
        if self.correlation <= 0.0 {
            return fresh;
        }
        self.last = self.correlation * self.last + (1.0 - self.correlation) * fresh;
        self.last
    }
}

impl Overlay<(Arithmetic, Law)> {
    fn sample(&mut self, ordinal: u64) -> f64 {
        if self.correlation <= 0.0 || self.value.1.is_constant() {
            return self.value.1.sample(&mut self.key.at(ordinal)).max(0.0);
        }
        // A first-order autoregression of the normal score keeps the law's own distribution, which
        // mixing uniforms would not.
        let fresh = self.key.at(ordinal).normal();
        let (c, last) = (self.correlation, probit(self.last));
        let score = c * last + libm::sqrt(1.0 - c * c) * fresh;
        self.last = normal_share(score);
        self.value.1.quantile(self.last).max(0.0)
    }
}

/// The share of a standard normal distribution below `z`, kept inside the open unit interval.
fn normal_share(z: f64) -> f64 {
    let share = 0.5 * libm::erfc(-z / core::f64::consts::SQRT_2);
    share.clamp(1e-15, 1.0 - 1e-15)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::LinkTarget;
    use crate::{NodeId, Seed};

    const ENDS: LinkTarget = LinkTarget {
        from: NodeId(0),
        to: NodeId(1),
    };

    fn link() -> Link {
        let profile = LinkProfile {
            delay: Law::Constant(1000.0),
            loss: 0.0,
        };
        Link::new(Key::new(Seed(1), "link/a->b", "link"), profile)
    }
    fn delay(law: Law, mode: Arithmetic, correlation: f64) -> Primitive {
        Primitive::LinkDelay {
            link: ENDS,
            delay: law,
            mode,
            correlation,
        }
    }
    fn key(n: u64) -> Key {
        Key::new(Seed(1), "fault", "delay").child(n)
    }

    #[test]
    fn replace_then_scale_then_add() {
        let mut link = link();
        let constant = |v, mode| delay(Law::Constant(v), mode, 0.0);
        link.overlay(
            EntryId(3),
            &constant(50.0, Arithmetic::Add),
            key(3),
            Some(0),
        );
        link.overlay(
            EntryId(1),
            &constant(3.0, Arithmetic::Scale),
            key(1),
            Some(1),
        );
        link.overlay(
            EntryId(2),
            &constant(200.0, Arithmetic::Replace),
            key(2),
            Some(2),
        );
        let mut landed = Vec::new();
        assert_eq!(link.transmit(&mut landed), Transit::After(650));
        assert_eq!(landed, [EntryId(1), EntryId(2), EntryId(3)]);
        link.overlay(
            EntryId(2),
            &constant(200.0, Arithmetic::Replace),
            key(2),
            None,
        );
        assert_eq!(link.transmit(&mut landed), Transit::After(3050));
    }

    #[test]
    fn losses_are_independent_and_correlation_keeps_the_law() {
        let mut link = link();
        for (id, share) in [(1, 0.2), (2, 0.5)] {
            let loss = Primitive::LinkLoss {
                link: ENDS,
                share,
                correlation: 0.0,
            };
            link.overlay(EntryId(id), &loss, key(u64::from(id)), Some(0));
        }
        let mut landed = Vec::new();
        let n = 20_000;
        let lost = (0..n)
            .filter(|_| link.transmit(&mut landed) == Transit::Lost)
            .count();
        let share = lost as f64 / f64::from(n);
        assert!((share - 0.6).abs() < 0.015, "{share}");

        let mut link = self::link();
        let law = Law::Normal { mean: 5e4, sd: 1e4 };
        link.overlay(
            EntryId(1),
            &delay(law, Arithmetic::Replace, 0.25),
            key(9),
            Some(0),
        );
        let draws: Vec<f64> = (0..n)
            .map(|_| match link.transmit(&mut landed) {
                Transit::After(ns) => (ns as f64 - 5e4) / 1e4,
                other => panic!("{other:?}"),
            })
            .collect();
        let mean = draws.iter().sum::<f64>() / f64::from(n);
        let square = draws.iter().map(|z| z * z).sum::<f64>() / f64::from(n);
        let lag = draws.windows(2).map(|w| w[0] * w[1]).sum::<f64>() / f64::from(n);
        assert!(
            mean.abs() < 0.03 && (square - 1.0).abs() < 0.04,
            "{mean} {square}"
        );
        assert!((lag - 0.25).abs() < 0.03, "{lag}");
    }

    #[test]
    fn cuts_drop_or_refuse_and_holds_release_when_the_last_one_ends() {
        let mut link = link();
        let mut landed = Vec::new();
        let cut = |mode| Primitive::LinkCut { link: ENDS, mode };
        link.overlay(EntryId(1), &cut(CutMode::Refuse), key(1), Some(0));
        assert_eq!(link.transmit(&mut landed), Transit::Refused);
        link.overlay(EntryId(2), &cut(CutMode::Drop), key(2), Some(1));
        assert_eq!(link.transmit(&mut landed), Transit::Lost);
        link.overlay(EntryId(1), &cut(CutMode::Refuse), key(1), None);
        assert_eq!(link.transmit(&mut landed), Transit::Lost);
        link.overlay(EntryId(2), &cut(CutMode::Drop), key(2), None);

        let hold = Primitive::LinkHold { link: ENDS };
        link.overlay(EntryId(3), &hold, key(3), Some(2));
        link.overlay(EntryId(4), &hold, key(4), Some(2));
        assert_eq!(link.transmit(&mut landed), Transit::Held);
        assert!(!link.overlay(EntryId(3), &hold, key(3), None));
        assert!(link.overlay(EntryId(4), &hold, key(4), None));
    }
}
