//! One seed's climate.

mod climate;
mod slot;
mod value;
mod when;
mod words;

pub(super) use climate::roles;

use super::Chaos;
use super::start::Start;
use crate::catalog::FaultKind;
use crate::lowering::FaultUse;
use crate::param::Need;
use crate::topology::Topology;
use climate::Climate;
use squall_core::Seed;
use when::{When, exact};

/// Chance of a kind to be on in a seed, and of a slot beyond the first to be used.
const ON: f64 = 0.5;

/// A drawn fault: words of the scenario format.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// Its slot, from 1: its label is `chaos/<slot>`, and its draws are keyed by that.
    pub slot: u32,
    /// Which fault.
    pub kind: &'static FaultKind,
    /// Its parameters, as far as they are not the default.
    pub args: Vec<(&'static str, String)>,
    /// When it starts.
    pub start: Start,
    /// How long it lasts.
    pub length: String,
    /// Whether it hits who has a role when it starts; nobody if nobody has it.
    pub asks: bool,
    /// It as a fault of the file.
    pub fault: FaultUse,
}

impl Chaos {
    /// The faults of a seed, in the order of their slots.
    pub fn draw(&self, seed: Seed, topology: &Topology) -> Vec<Drawn> {
        let climate = Climate::new(self, seed, topology);
        (0..self.faults)
            .filter_map(|slot| climate.slot(slot))
            .collect()
    }

    /// The drawn faults as those of a file.
    pub fn faults(&self, seed: Seed, topology: &Topology) -> Vec<FaultUse> {
        self.draw(seed, topology)
            .into_iter()
            .map(|drawn| drawn.fault)
            .collect()
    }
}

impl Chaos {
    /// A drawn fault made shorter, `parts` of 16, and with the defaults of its parameters if it is to be
    /// `plain`; as it was where that cannot be.
    pub fn lessened(&self, drawn: &Drawn, parts: u32, plain: bool) -> Drawn {
        let given = |key: &str| {
            let param = drawn.kind.params.iter().find(|p| p.key == key);
            !plain || !param.is_some_and(|p| matches!(p.need, Need::Default(_)))
        };
        let args: Vec<_> = drawn
            .args
            .iter()
            .filter(|(key, _)| given(key))
            .cloned()
            .collect();
        let whole = crate::param::duration(&drawn.length).unwrap_or_default();
        let ns = whole.as_nanos_f64() / 16.0 * f64::from(parts.clamp(1, 16));
        let length = exact(ns.round().max(1.0));
        let when = When {
            start: drawn.start.clone(),
            length: length.clone(),
        };
        let fault = self.fault(drawn.slot, drawn.kind, &args, (&when, drawn.asks));
        let lessened = fault.map(|fault| Drawn {
            args,
            length,
            fault,
            ..drawn.clone()
        });
        lessened.unwrap_or_else(|| drawn.clone())
    }
}
