//! The integrator dx = u dt + dv under a proportional controller u = -(L / h) y: the first example
//! of the textbooks, whose least cost, E y^2 = h (3 + sqrt 3) / 6, has a closed form.

use super::plant::{Controller, Plant, PlantKind};
use squall_core::Sample;
use squall_core::rng::Draw;
use squall_faults::param::{Kind, Param};

const ANY: Kind = Kind::Number {
    min: -1e9,
    max: 1e9,
};

pub(super) const INTEGRATOR: PlantKind = PlantKind {
    name: "integrator",
    doc: "an integrator under a proportional controller",
    params: &[
        Param::new(
            "gain",
            ANY,
            "gain L; (3 + sqrt 3) / (2 + sqrt 3) has the least variance",
        )
        .default("1.2679491924311228"),
        Param::new(
            "noise",
            Kind::Number { min: 0.0, max: 1e9 },
            "intensity of the white noise at the input; 0 is none",
        )
        .default("0"),
        Param::new(
            "cost_u",
            Kind::Number { min: 0.0, max: 1e9 },
            "weight q of the input in the cost y^2 + q u^2",
        )
        .default("0"),
        Param::new("position", ANY, "position at the start").default("0"),
    ],
    plant: |args| {
        Box::new(Integrator {
            x: args.number("position"),
            u: 0.0,
            noise: args.number("noise"),
            cost_u: args.number("cost_u"),
        })
    },
    controller: |args, period| Box::new(Proportional(args.number("gain") / period)),
};

#[derive(Debug)]
struct Integrator {
    x: f64,
    u: f64,
    noise: f64,
    cost_u: f64,
}

impl Plant for Integrator {
    fn advance(&mut self, d: f64, draw: &mut Draw) -> f64 {
        let Self { x, u, .. } = *self;
        let mean = x * x * d + x * u * d * d + u * u * d * d * d / 3.0;
        self.x += u * d;
        if self.noise > 0.0 {
            self.x += libm::sqrt(self.noise * d) * draw.normal();
        }
        mean + self.noise * d * d / 2.0 + self.cost_u * u * u * d
    }
    fn output(&self) -> f64 {
        self.x
    }
    fn apply(&mut self, u: f64) {
        self.u = u;
    }
}

#[derive(Debug)]
struct Proportional(f64);

impl Controller for Proportional {
    fn step(&mut self, y: f64) -> f64 {
        -self.0 * y
    }
}
