//! Values in force on a link, each with its own stream of draws.

use super::normal_share;
use crate::plan::{Arithmetic, Bandwidth, QueueLimit, Series};
use crate::rng::probit;
use crate::{EntryId, Key, Law, Sample};

/// An overlay with its own stream of draws. Base values are overlays without an id.
#[derive(Clone, Debug)]
pub(super) struct Overlay<T> {
    pub(super) id: EntryId,
    /// When it came into force: "latest" means latest start, then highest id.
    pub(super) started: u64,
    pub(super) key: Key,
    pub(super) value: T,
}

#[derive(Clone, Debug)]
pub(super) struct Loss {
    pub(super) share: f64,
    pub(super) correlation: f64,
    /// The last draw, for correlated ones.
    pub(super) last: f64,
}

#[derive(Clone, Debug)]
pub(super) struct Delay {
    pub(super) mode: Arithmetic,
    pub(super) source: Source,
    pub(super) correlation: f64,
    pub(super) last: f64,
}

#[derive(Clone, Debug)]
pub(super) enum Source {
    Law(Law),
    Series(Series),
}

#[derive(Clone, Debug)]
pub(super) struct Clog {
    pub(super) share: f64,
    pub(super) length: Law,
    /// Until when the link is clogged.
    pub(super) until: u64,
}

/// A bottleneck.
#[derive(Clone, Debug)]
pub(super) struct Limit {
    pub(super) rate: Rate,
    pub(super) burst: u64,
    pub(super) queue: Option<QueueLimit>,
}

#[derive(Clone, Debug)]
pub(super) enum Rate {
    None,
    /// Bytes a second.
    Constant(f64),
    Series(Series),
}

impl Limit {
    pub(super) fn of(bandwidth: Bandwidth) -> Self {
        Self {
            rate: bandwidth.rate.map_or(Rate::None, Rate::Constant),
            burst: bandwidth.burst,
            queue: bandwidth.queue,
        }
    }
    /// When it has let `bytes` pass, if all before was sent at `empty_at`; `None` if it does not
    /// limit the rate.
    pub(super) fn pass(
        &self,
        started: u64,
        (empty_at, now): (f64, u64),
        bytes: u32,
    ) -> Option<f64> {
        let bytes = f64::from(bytes);
        match &self.rate {
            Rate::None => None,
            Rate::Constant(rate) => {
                let credit = self.burst as f64 / rate * 1e9;
                Some(empty_at.max(now as f64 - credit) + bytes / rate * 1e9)
            }
            Rate::Series(series) => {
                let from = empty_at.max(now as f64) - started as f64;
                let at = series.when(from, bytes);
                Some(at.map_or(f64::INFINITY, |at| started as f64 + at))
            }
        }
    }
}

impl<T> Overlay<T> {
    /// The stream of a copy; the message itself has number 0.
    pub(super) const fn of(&self, copy: u32) -> Key {
        match copy {
            0 => self.key,
            copy => self.key.child(copy as u64),
        }
    }
}

impl Overlay<Loss> {
    /// The uniform draw for message `ordinal`; with correlation c, c times the previous draw plus
    /// 1 - c times a fresh one, as tc-netem does it.
    pub(super) fn unit(&mut self, ordinal: u64) -> f64 {
        let fresh = self.key.at(ordinal).open_unit();
        let Loss {
            correlation, last, ..
        } = &mut self.value;
        if *correlation <= 0.0 {
            return fresh;
        }
        *last = *correlation * *last + (1.0 - *correlation) * fresh;
        *last
    }
}

impl Overlay<Delay> {
    pub(super) fn sample(&mut self, ordinal: u64, copy: u32, now: u64) -> f64 {
        let key = self.of(copy);
        let started = self.started;
        let value = &mut self.value;
        let law = match &value.source {
            Source::Series(series) => return series.at(now - started),
            Source::Law(law) => law,
        };
        if value.correlation <= 0.0 || law.is_constant() || copy > 0 {
            return law.sample(&mut key.at(ordinal)).max(0.0);
        }
        // A first-order autoregression of the normal score keeps the law's own distribution, which
        // mixing uniforms would not.
        let fresh = key.at(ordinal).normal();
        let (c, last) = (value.correlation, probit(value.last));
        let score = c * last + libm::sqrt(1.0 - c * c) * fresh;
        value.last = normal_share(score);
        law.quantile(value.last).max(0.0)
    }
}
