//! Promises about the commands that reach the plant: their order, and whose they are.

use super::sampled::{Extra, Names};
use squall_core::NodeId;
use squall_core::history::{Record, What};
use squall_core::property::{Invariant, Ruling};
use std::collections::BTreeMap;

/// Commands reach the plant in the order of the samples that they answer. Margin: samples ahead of
/// the command before.
#[derive(Debug)]
pub(super) struct Order {
    names: Names,
    /// The job of the command in force, by actuator.
    last: BTreeMap<NodeId, u64>,
}

impl Order {
    pub(super) const fn new(names: Names) -> Self {
        Self {
            names,
            last: BTreeMap::new(),
        }
    }
}

impl Invariant for Order {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        let What::Event { name, node, a, .. } = record.what else {
            return;
        };
        if name != self.names.actuated {
            return;
        }
        let before = self.last.insert(node, a);
        ruling.checked();
        let Some(before) = before else {
            return;
        };
        let ahead = a as f64 - before as f64;
        ruling.margin(ahead, ahead);
        if a < before {
            ruling.violated(record.at, Some(node), || {
                format!("the command of job {a} reached the plant after that of job {before}")
            });
        }
    }
}

/// The plant obeys one controller at a time: none that another one has replaced.
#[derive(Debug)]
pub(super) struct OneActive {
    names: Names,
    extra: Extra,
}

impl OneActive {
    pub(super) const fn new(names: Names, extra: Extra) -> Self {
        Self { names, extra }
    }
}

impl Invariant for OneActive {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        let What::Event { name, node, a, b } = record.what else {
            return;
        };
        if name == self.names.actuated {
            ruling.checked();
        }
        if name == self.extra.superseded {
            ruling.violated(record.at, Some(node), || {
                format!("a controller of epoch {b}, which is over, gave the command of job {a}")
            });
        }
    }
}
