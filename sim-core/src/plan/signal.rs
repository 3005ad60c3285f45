//! What can happen to the samples of a channel.

use crate::Law;
use serde::{Deserialize, Serialize};

/// What happens to the samples of a sensor, or to the commands of an actuator.
///
/// Stages: delay, reorder → bias, drift → noise → outlier → stuck → saturation → non-finite → off.
/// The later stages act on a sample when it arrives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum SignalRule {
    /// Samples arrive later. Delays add. Landed: samples it made late.
    Delay {
        /// Nanoseconds; below zero is none.
        delay: Law,
    },
    /// Samples wait until later ones have arrived, or until the last such overlay ends. The largest
    /// depth wins. Landed: samples that were overtaken, and copies.
    Reorder {
        /// Share of the samples, 0 to 1.
        share: f64,
        /// How many later samples arrive first; at least 1.
        depth: u32,
        /// Share of the samples that arrive twice, 0 to 1.
        copies: f64,
    },
    /// A constant is added. Sum. Landed: samples it changed by more than the channel's resolution.
    Bias {
        /// What is added, in units of the channel.
        offset: f64,
    },
    /// What is added grows from zero at the start of the overlay. Sum. Landed: as a bias.
    Drift {
        /// Growth a second, in units of the channel.
        rate: f64,
    },
    /// Gaussian noise is added, independent from sample to sample. Variances add. Landed: as a bias.
    Noise {
        /// Standard deviation, in units of the channel.
        sd: f64,
    },
    /// Single samples are far off, one way or the other. Independent; the first in id order that
    /// fires. Landed: samples for which it fired.
    Outlier {
        /// Share of the samples, 0 to 1.
        share: f64,
        /// What is added or taken away, in units of the channel.
        size: f64,
    },
    /// The value that it had when the first such overlay began, again and again. Union. Landed:
    /// samples whose value it changed by more than the channel's resolution.
    Stuck,
    /// Values, or changes of them, are clipped. The tightest limits win. Landed: samples it would
    /// have clipped alone.
    Saturate {
        /// Largest absolute value.
        limit: Option<f64>,
        /// Largest change a second from the sample before; the first sample ever is not clipped.
        rate: Option<f64>,
    },
    /// The value is no number, or no sensible one. Independent; the first in id order that fires.
    /// Landed: samples it poisoned.
    NonFinite {
        /// What arrives instead.
        poison: Poison,
        /// Share of the samples, 0 to 1.
        share: f64,
    },
    /// Samples do not arrive. Union. Landed: samples it withheld.
    Off {
        /// Every so many samples one passes, the first of the overlay to begin with; `None` is none.
        passes: Option<u32>,
    },
}

/// What a poisoned sample says.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Poison {
    /// Not a number.
    Nan,
    /// Infinity.
    Inf,
    /// Minus infinity.
    MinusInf,
    /// The smallest number above zero.
    Denormal,
    /// A number of random bits: finite, and of any size.
    Garbage,
    /// What a NaN becomes that is cast to a signed field of 32 bits: the least integer, -2^31 (the
    /// "integer indefinite" of x86), times what one bit of the field counts.
    Cast(f64),
}

impl SignalRule {
    /// Its name in the fault catalogue's words.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Delay { .. } => "signal-delay",
            Self::Reorder { .. } => "signal-reorder",
            Self::Bias { .. } => "bias",
            Self::Drift { .. } => "drift",
            Self::Noise { .. } => "noise",
            Self::Outlier { .. } => "outlier",
            Self::Stuck => "stuck",
            Self::Saturate { .. } => "saturation",
            Self::NonFinite { .. } => "non-finite",
            Self::Off { .. } => "off",
        }
    }
}
