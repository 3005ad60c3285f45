//! The cumulative touch curve of a class: how many touches had happened by an instant.

/// Most points a curve holds; half as many shift no measured phase by more than seeds do.
const POINTS_MAX: usize = 64;

/// Points (seconds, touches so far), linear in between. Empty until recording begins.
#[derive(Clone, Debug)]
pub(super) struct Touches {
    points: Vec<(f64, f64)>,
    points_max: usize,
}

impl Default for Touches {
    fn default() -> Self {
        Self::with_points(POINTS_MAX)
    }
}

impl Touches {
    /// An empty curve of at most this many points.
    pub(super) const fn with_points(points_max: usize) -> Self {
        Self {
            points: Vec::new(),
            points_max,
        }
    }

    /// Forgets everything and gives the memory back.
    pub(super) fn clear(&mut self) {
        self.points = Vec::new();
    }

    /// Adds a point at or after the last one; a full curve loses the point that matters least.
    pub(super) fn record(&mut self, at: f64, touches: f64) {
        if let Some(last) = self.points.last_mut()
            && last.0 >= at
        {
            last.1 = touches;
            return;
        }
        if self.points.len() >= self.points_max {
            self.thin();
        }
        self.points.push((at, touches));
    }

    /// Touches by `at`; before the first point as many as there, after the last as many as there.
    pub(super) fn at(&self, at: f64) -> f64 {
        let after = self.points.partition_point(|point| point.0 <= at);
        match (after.checked_sub(1), self.points.get(after)) {
            (None, None) => 0.0,
            (None, Some(first)) => first.1,
            (Some(last), None) => self.points[last].1,
            (Some(before), Some(next)) => {
                let (t0, n0) = self.points[before];
                n0 + (next.1 - n0) * ((at - t0) / (next.0 - t0))
            }
        }
    }

    /// Drops the points that no instant from `horizon` on needs.
    pub(super) fn forget_before(&mut self, horizon: f64) {
        let after = self.points.partition_point(|point| point.0 <= horizon);
        if after > 1 {
            self.points.drain(..after - 1);
        }
    }

    /// Drops the inner point whose removal changes the curve least, relative to the touches since.
    fn thin(&mut self) {
        let Some(&(_, total)) = self.points.last() else {
            return;
        };
        let mut least = (f64::INFINITY, 1);
        for (i, w) in self.points.windows(3).enumerate() {
            let straight = w[0].1 + (w[2].1 - w[0].1) * ((w[1].0 - w[0].0) / (w[2].0 - w[0].0));
            let change = (w[1].1 - straight).abs() / (total - w[1].1).max(1.0);
            if change < least.0 {
                least = (change, i + 1);
            }
        }
        self.points.remove(least.1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_between_before_and_after_its_points() {
        let mut curve = Touches::default();
        assert_eq!(curve.at(3.0), 0.0);
        curve.record(1.0, 10.0);
        curve.record(2.0, 30.0);
        curve.record(2.0, 40.0);
        for (at, want) in [(0.0, 10.0), (1.5, 25.0), (2.0, 40.0), (9.0, 40.0)] {
            assert_eq!(curve.at(at), want, "at {at}");
        }
        curve.forget_before(1.5);
        assert_eq!(
            curve.at(1.5),
            25.0,
            "the point before the horizon is still needed"
        );
    }

    /// A rate that doubles once: a long recording keeps the corner.
    #[test]
    fn thinning_keeps_what_bends() {
        let mut curve = Touches::default();
        let exact = |t: f64| {
            if t < 5.0 {
                100.0 * t
            } else {
                500.0 + 200.0 * (t - 5.0)
            }
        };
        for i in 0..=1_000 {
            let t = f64::from(i) * 0.02;
            curve.record(t, exact(t));
        }
        assert!(curve.points.len() <= POINTS_MAX);
        for t in [1.0, 4.99, 5.0, 5.3, 17.0] {
            assert!(
                (curve.at(t) - exact(t)).abs() < 1.0,
                "at {t}: {}",
                curve.at(t)
            );
        }
    }
}
