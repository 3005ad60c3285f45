//! Integrals over a segment of constant input of a plant with an integrator and a lag of one second.

/// Below this length the series are used: above it the closed forms lose at most two digits.
const SERIES_BELOW: f64 = 1.0;

/// What depends on the length `d` of a segment only.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Segment {
    pub(super) d: f64,
    /// exp(-d).
    pub(super) e: f64,
    /// 1 - e.
    pub(super) a: f64,
    /// d - a, the integral of a.
    pub(super) b: f64,
    /// d^2/2 - b, the integral of b.
    pub(super) c: f64,
    /// The integral of a^2: also the (1,1) element of the unit noise's covariance.
    pub(super) aa: f64,
    /// The integral of b^2.
    pub(super) bb: f64,
    /// The integral of aa: what noise adds to the cost.
    pub(super) aaa: f64,
    /// The integral of e^2: the (2,2) element of the unit noise's covariance.
    pub(super) ee: f64,
}

impl Segment {
    pub(super) fn new(d: f64) -> Self {
        let a = -libm::expm1(-d);
        let ee = -libm::expm1(-2.0 * d) / 2.0;
        let base = Self {
            d,
            e: 1.0 - a,
            a,
            ee,
            ..Self::default()
        };
        if d < SERIES_BELOW {
            base.by_series()
        } else {
            base.by_closed_forms()
        }
    }
    fn by_closed_forms(self) -> Self {
        let Self { d, a, ee, .. } = self;
        let b = d - a;
        let aa = d - 2.0 * a + ee;
        Self {
            b,
            c: d * d / 2.0 - b,
            aa,
            bb: d * d * d / 3.0 - 2.0 * (d * d / 2.0 - d * a + b) + aa,
            aaa: d * d / 2.0 - 2.0 * b + (d - ee) / 2.0,
            ..self
        }
    }
    /// The same without cancellation. With s_n = (-1)^n d^n / n!:
    /// b = sum of s_n from 2, c = -(sum of s_n from 3), aa = -sum (2^n - 2) s_(n+1) from 2,
    /// aaa = sum (2^n - 2) s_(n+2) from 2, bb = -sum (2^n - 2 - 2 n) s_(n+1) from 4.
    fn by_series(self) -> Self {
        let (mut b, mut c, mut aa, mut bb, mut aaa) = (0.0, 0.0, 0.0, 0.0, 0.0);
        let mut s = self.d * self.d / 2.0;
        let mut power = 4.0;
        let mut n = 2.0;
        while n < 40.0 {
            let next = -s * self.d / (n + 1.0);
            let after = -next * self.d / (n + 2.0);
            b += s;
            c -= next;
            aa -= (power - 2.0) * next;
            aaa += (power - 2.0) * after;
            if n > 3.0 {
                bb -= (power - 2.0 - 2.0 * n) * next;
            }
            if n > 4.0 && ((power - 2.0) * next).abs() < 1e-19 * bb.abs() {
                break;
            }
            s = next;
            power *= 2.0;
            n += 1.0;
        }
        Self {
            b,
            c,
            aa,
            bb,
            aaa,
            ..self
        }
    }
    /// The integral of (x1 + a x2 + b w)^2, where w is the input times the gain.
    pub(super) fn square(&self, x1: f64, x2: f64, w: f64) -> f64 {
        let Self {
            d, b, c, aa, bb, ..
        } = *self;
        x1 * x1 * d + x2 * x2 * aa + w * w * bb + 2.0 * (x1 * x2 * b + x1 * w * c) + x2 * w * b * b
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Composite Gauss-Legendre with three points.
    fn integral(d: f64, f: impl Fn(f64) -> f64) -> f64 {
        let (n, node) = (400, libm::sqrt(0.6));
        let h = d / f64::from(n);
        let piece = |i: i32| {
            let mid = (f64::from(i) + 0.5) * h;
            let at = |x: f64| f(mid + x * h / 2.0);
            (5.0 * at(-node) + 8.0 * at(0.0) + 5.0 * at(node)) / 18.0 * h
        };
        (0..n).map(piece).sum()
    }
    fn close(got: f64, want: f64, tolerance: f64) {
        assert!(
            (got - want).abs() <= tolerance * want.abs(),
            "{got:e} is not {want:e}"
        );
    }

    #[test]
    fn segments_agree_with_numerical_integrals_at_every_length() {
        let a = |s: f64| -libm::expm1(-s);
        let b = |s: f64| Segment::new(s).b;
        for d in [1e-6, 2.5e-4, 6e-3, 0.1, 0.7, 0.999, 1.0, 3.0] {
            let s = Segment::new(d);
            close(s.b, integral(d, a), 1e-12);
            close(s.c, integral(d, b), 1e-12);
            close(s.aa, integral(d, |t| a(t) * a(t)), 1e-12);
            close(s.ee, integral(d, |t| libm::exp(-2.0 * t)), 1e-12);
            close(s.bb, integral(d, |t| b(t) * b(t)), 1e-12);
            close(s.aaa, integral(d, |t| Segment::new(t).aa), 1e-12);
            close(
                s.a * s.a / 2.0,
                integral(d, |t| a(t) * libm::exp(-t)),
                1e-12,
            );
            let path = |t: f64| 0.7 - 0.3 * a(t) + 2.0 * b(t);
            close(
                s.square(0.7, -0.3, 2.0),
                integral(d, |t| path(t) * path(t)),
                1e-11,
            );
        }
    }

    #[test]
    fn series_and_closed_forms_meet() {
        let s = Segment::new(0.9999);
        let closed = s.by_closed_forms();
        close(s.bb, closed.bb, 1e-12);
        close(s.aaa, closed.aaa, 1e-12);
        close(s.aa, closed.aa, 1e-13);
    }
}
