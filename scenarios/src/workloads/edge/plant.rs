//! The physical side of a loop: a plant that moves with virtual time and nobody's process.

use super::{integrator, servo};
use core::fmt::Debug;
use squall_core::rng::Draw;
use squall_core::{Key, VirtualDuration, VirtualTime};
use squall_faults::param::{Args, Param, Variant};

/// A plant under a zero-order hold.
pub(super) trait Plant: Debug {
    /// Moves over `d` seconds of constant input. Gives the expectation of the segment's cost, given
    /// its start; noise comes from `draw`.
    fn advance(&mut self, d: f64, draw: &mut Draw) -> f64;
    /// What the sensor reads.
    fn output(&self) -> f64;
    /// Holds another input.
    fn apply(&mut self, u: f64);
}

/// A control law with its state. It lives in the controller's process and dies with it.
pub(super) trait Controller: Debug {
    /// Runs one job on a sample.
    fn step(&mut self, y: f64) -> f64;
}

/// A kind of plant with the controller that belongs to it.
pub(super) struct PlantKind {
    /// Its name in scenario files.
    pub(super) name: &'static str,
    /// What it is.
    pub(super) doc: &'static str,
    /// Its parameters.
    pub(super) params: &'static [Param],
    /// Makes the plant.
    pub(super) plant: fn(&Args) -> Box<dyn Plant>,
    /// Makes the controller for a period in seconds.
    pub(super) controller: fn(&Args, f64) -> Box<dyn Controller>,
}

/// All kinds of plant. Adding one: a file and a line.
pub(super) const PLANTS: &[PlantKind] = &[servo::SERVO, integrator::INTEGRATOR];

/// The plants as choices of the parameter.
pub(super) fn variants() -> Vec<Variant> {
    let variant = |kind: &PlantKind| Variant {
        name: kind.name,
        doc: kind.doc,
        params: kind.params,
    };
    PLANTS.iter().map(variant).collect()
}

/// The plant at the start of a period, for the records.
#[derive(Clone, Copy, Debug)]
pub(super) struct Crossing {
    /// Number of the period that begins.
    pub(super) k: u64,
    /// The output then.
    pub(super) y: f64,
    /// Mean cost over the period that ended; none before the first.
    pub(super) cost: Option<f64>,
}

/// A plant with its place in virtual time.
///
/// It moves when somebody looks: up to now, in pieces that end at the starts of periods, so that
/// the noise of a period is the same whatever happened before. The draws of the i-th piece of
/// period k are number i of the key's child k.
#[derive(Debug)]
pub(super) struct Physics {
    plant: Box<dyn Plant>,
    period: u64,
    key: Key,
    at: u64,
    /// Pieces of this period so far.
    pieces: u64,
    /// Cost of this period so far.
    cost: f64,
    /// Starts of periods that nobody recorded yet.
    pub(super) crossed: Vec<Crossing>,
}

impl Physics {
    pub(super) fn new(plant: Box<dyn Plant>, period: VirtualDuration, key: Key) -> Self {
        let first = Crossing {
            k: 0,
            y: plant.output(),
            cost: None,
        };
        Self {
            plant,
            period: period.as_nanos(),
            key,
            at: 0,
            pieces: 0,
            cost: 0.0,
            crossed: vec![first],
        }
    }
    /// The plant moves up to `now`.
    pub(super) fn advance(&mut self, now: VirtualTime) {
        let now = now.as_nanos();
        while self.at < now {
            let k = self.at / self.period;
            let end = (k + 1) * self.period;
            let until = end.min(now);
            let d = (until - self.at) as f64 / 1e9;
            let mut draw = self.key.child(k).at(self.pieces);
            self.cost += self.plant.advance(d, &mut draw);
            self.pieces += 1;
            self.at = until;
            if until == end {
                self.crossed.push(Crossing {
                    k: k + 1,
                    y: self.plant.output(),
                    cost: Some(self.cost / (self.period as f64 / 1e9)),
                });
                self.pieces = 0;
                self.cost = 0.0;
            }
        }
    }
    /// What the sensor reads at `now`.
    pub(super) fn output(&mut self, now: VirtualTime) -> f64 {
        self.advance(now);
        self.plant.output()
    }
    /// The actuator takes another value at `now`.
    pub(super) fn apply(&mut self, now: VirtualTime, u: f64) {
        self.advance(now);
        self.plant.apply(u);
    }
}
