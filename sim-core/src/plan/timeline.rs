//! The order in which a host applies a plan: the same on every host.

use super::Plan;
use crate::{EntryId, VirtualTime};
use serde::{Deserialize, Serialize};

/// Whether an overlay comes or goes. Ends sort before starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Change {
    /// The overlay ends.
    End,
    /// The overlay comes into force.
    Start,
}

/// One step of the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Step {
    /// The planned instant.
    pub at: VirtualTime,
    /// What happens to the overlay.
    pub change: Change,
    /// Which overlay.
    pub entry: EntryId,
}

impl Plan {
    /// All starts and ends in the order in which they act: by time, at one instant ends before
    /// starts, and each of these in id order. What waits for a firing is not in it.
    pub fn timeline(&self) -> Vec<Step> {
        let mut steps = Vec::with_capacity(2 * self.entries.len());
        for (id, entry) in self.fixed() {
            steps.push(Step {
                at: entry.from,
                change: Change::Start,
                entry: id,
            });
            if let Some(until) = entry.until {
                steps.push(Step {
                    at: until,
                    change: Change::End,
                    entry: id,
                });
            }
        }
        steps.sort_unstable();
        steps
    }
}
