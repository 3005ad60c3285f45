//! The DC servo 1000 / (s (s + 1)) with a PD controller: the plant of the Jitterbug manual.
//!
//! ```text
//! x1' = x2;  x2' = -x2 + 1000 u + noise;  y = x1;  u = -K [(1 + Td/h) y_k - (Td/h) y_(k-1)]
//! ```
//!
//! Everything over a segment of constant input is in closed form: state, covariance of the noise,
//! and the conditional expectation of the cost, the integral of y^2 + q u^2, given the start.

use super::plant::{Controller, Plant, PlantKind};
use super::segment::Segment;
use squall_core::Sample;
use squall_core::rng::Draw;
use squall_faults::param::{Args, Kind, Param};

const ANY: Kind = Kind::Number {
    min: -1e9,
    max: 1e9,
};

pub(super) const SERVO: PlantKind = PlantKind {
    name: "servo",
    doc: "the DC servo 1000 / (s (s + 1)) under a PD controller",
    params: &[
        Param::new("gain", ANY, "gain K of the controller").default("1.5"),
        Param::new("derivative", Kind::Duration, "its derivative time Td").default("35ms"),
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
        .default("1"),
        Param::new("position", ANY, "position at the start").default("0"),
        Param::new("speed", ANY, "speed at the start").default("0"),
        Param::new("held", ANY, "input held at the start").default("0"),
        Param::new(
            "sample_before",
            ANY,
            "the sample before the first one, as the controller remembers it",
        )
        .default("0"),
    ],
    plant: |args| Box::new(Servo::new(args)),
    controller: |args, period| Box::new(Pd::new(args, period)),
};

/// Gain of the plant.
const G: f64 = 1000.0;
#[derive(Debug)]
struct Servo {
    x1: f64,
    x2: f64,
    u: f64,
    noise: f64,
    cost_u: f64,
    /// The last two lengths: a loop with a constant delay has no others.
    known: [Segment; 2],
}

impl Servo {
    fn new(args: &Args) -> Self {
        Self {
            x1: args.number("position"),
            x2: args.number("speed"),
            u: args.number("held"),
            noise: args.number("noise"),
            cost_u: args.number("cost_u"),
            known: [Segment::default(); 2],
        }
    }
    fn segment(&mut self, d: f64) -> Segment {
        if self.known[1].d.to_bits() == d.to_bits() {
            self.known.swap(0, 1);
        } else if self.known[0].d.to_bits() != d.to_bits() {
            self.known = [Segment::new(d), self.known[0]];
        }
        self.known[0]
    }
}

impl Plant for Servo {
    fn advance(&mut self, d: f64, draw: &mut Draw) -> f64 {
        let s = self.segment(d);
        let w = G * self.u;
        let intensity = G * G * self.noise;
        let cost =
            s.square(self.x1, self.x2, w) + intensity * s.aaa + self.cost_u * self.u * self.u * d;
        self.x1 += s.a * self.x2 + s.b * w;
        self.x2 = s.e * self.x2 + s.a * w;
        if intensity > 0.0 && s.aa > 0.0 {
            // The Cholesky factor of [[aa, ab], [ab, ee]] with ab = a^2 / 2.
            let first = libm::sqrt(s.aa);
            let both = s.a * s.a / 2.0 / first;
            let second = libm::sqrt((s.ee - both * both).max(0.0));
            let scale = libm::sqrt(intensity);
            let (z1, z2) = (draw.normal(), draw.normal());
            self.x1 += scale * first * z1;
            self.x2 += scale * (both * z1 + second * z2);
        }
        cost
    }
    fn output(&self) -> f64 {
        self.x1
    }
    fn apply(&mut self, u: f64) {
        self.u = u;
    }
}

#[derive(Debug)]
struct Pd {
    now: f64,
    before: f64,
    last: f64,
}

impl Pd {
    fn new(args: &Args, period: f64) -> Self {
        let gain = args.number("gain");
        let share = args.duration("derivative").as_secs_f64() / period;
        Self {
            now: gain * (1.0 + share),
            before: gain * share,
            last: args.number("sample_before"),
        }
    }
}

impl Controller for Pd {
    fn step(&mut self, y: f64) -> f64 {
        let u = self.before * self.last - self.now * y;
        self.last = y;
        u
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use squall_core::{Key, Seed};

    fn close(got: f64, want: f64, tolerance: f64) {
        assert!(
            (got - want).abs() <= tolerance * want.abs(),
            "{got:e} is not {want:e}"
        );
    }

    fn servo(noise: f64) -> Servo {
        Servo {
            x1: 0.0,
            x2: 0.0,
            u: 0.0,
            noise,
            cost_u: 1.0,
            known: [Segment::default(); 2],
        }
    }

    /// A Runge-Kutta run of the differential equation, cost included.
    #[test]
    fn a_segment_agrees_with_the_differential_equation() {
        let mut plant = servo(0.0);
        (plant.x1, plant.x2, plant.u) = (1.0, -20.0, 0.5);
        let f = |x: [f64; 3]| [x[1], -x[1] + G * 0.5, x[0] * x[0] + 0.25];
        let (d, n) = (0.05, 2000);
        let h = d / f64::from(n);
        let mut x = [1.0, -20.0, 0.0];
        for _ in 0..n {
            let add = |k: [f64; 3], s: f64| [x[0] + s * k[0], x[1] + s * k[1], x[2] + s * k[2]];
            let k1 = f(x);
            let k2 = f(add(k1, h / 2.0));
            let k3 = f(add(k2, h / 2.0));
            let k4 = f(add(k3, h));
            for i in 0..3 {
                x[i] += h / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]);
            }
        }
        let cost = plant.advance(d, &mut Key::new(Seed(1), "x", "y").at(0));
        close(plant.x1, x[0], 1e-10);
        close(plant.x2, x[1], 1e-10);
        close(cost, x[2], 1e-10);
    }

    /// Covariance over 40,000 draws: elements within 4 standard errors.
    #[test]
    fn noise_has_the_covariance_of_the_segment() {
        let key = Key::new(Seed(5), "plant", "noise");
        let (n, d) = (40_000_u64, 0.006);
        let (mut s11, mut s12, mut s22) = (0.0, 0.0, 0.0);
        for i in 0..n {
            let mut plant = servo(1.0);
            plant.advance(d, &mut key.at(i));
            s11 += plant.x1 * plant.x1;
            s12 += plant.x1 * plant.x2;
            s22 += plant.x2 * plant.x2;
        }
        let n = n as f64;
        let s = Segment::new(d);
        let scale = G * G * n;
        let bound = 4.0 * libm::sqrt(2.0 / n);
        close(s11, scale * s.aa, bound);
        close(s22, scale * s.ee, bound);
        close(s12, scale * s.a * s.a / 2.0, bound);
    }
}
