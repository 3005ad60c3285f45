//! The base behaviour of a link.

use crate::Law;
use crate::plan::{Bandwidth, Corrupt, Duplicate, GilbertElliott, Reorder};
use serde::{Deserialize, Serialize};

/// The base behaviour of a link. Each part draws from its own stream; one that is missing draws
/// nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LinkProfile {
    /// One-way delay in nanoseconds.
    pub delay: Law,
    /// Share of messages lost, 0 to 1.
    pub loss: f64,
    /// Loss in bursts, beside the other.
    #[serde(default)]
    pub burst_loss: Option<GilbertElliott>,
    /// Damage.
    #[serde(default)]
    pub corrupt: Option<Corrupt>,
    /// Copies.
    #[serde(default)]
    pub duplicate: Option<Duplicate>,
    /// Rate and queue.
    #[serde(default)]
    pub bandwidth: Option<Bandwidth>,
    /// Messages held back.
    #[serde(default)]
    pub reorder: Option<Reorder>,
}

impl Default for LinkProfile {
    /// No delay and no loss.
    fn default() -> Self {
        Self {
            delay: Law::Constant(0.0),
            loss: 0.0,
            burst_loss: None,
            corrupt: None,
            duplicate: None,
            bandwidth: None,
            reorder: None,
        }
    }
}

impl LinkProfile {
    /// A link with this one-way delay, in nanoseconds, and nothing else.
    pub fn with_delay(delay: Law) -> Self {
        Self {
            delay,
            ..Self::default()
        }
    }
    /// Whether delay and plain loss are all there is.
    pub(super) const fn is_plain(&self) -> bool {
        self.burst_loss.is_none()
            && self.corrupt.is_none()
            && self.duplicate.is_none()
            && self.bandwidth.is_none()
            && self.reorder.is_none()
    }
}
