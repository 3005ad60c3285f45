//! Stages: what the controller takes, when it goes on, and when it turns back.

use super::super::gate::UNKNOWN;
use super::{CLOCK, Oracle, Place, Slug, Spot};
use squall_core::NameId;

impl Oracle {
    /// What the controller says.
    pub(super) fn control(&mut self, spot: Spot, name: NameId, (a, b): (u64, u64)) {
        let known = self.events;
        if name == known.began {
            (self.limit.began, self.limit.last) = (true, spot.0);
        } else if name == known.taken {
            self.taken(spot, (usize::try_from(a).unwrap_or(usize::MAX), b == 1));
        } else if name == known.gate {
            self.wave.last = Some(b);
            self.wave.red |= b & !UNKNOWN > 0;
        } else if name == known.baking {
            self.wave.baking = Some(spot.0);
            let upto = self.config.stages[self.wave.stage].1;
            let left = self.places[..upto].iter().position(|place| !place.new);
            self.findings
                .test(Slug::Complete, left.is_none(), spot, || {
                    let (place, stage) = (left.unwrap_or_default(), self.wave.stage + 1);
                    format!("stage {stage} bakes while node {place} has the old version")
                });
        } else if name == known.promoted || name == known.finished {
            self.promoted(spot);
            self.limit.ended |= name == known.finished;
        } else if name == known.rollback {
            // The stage ends otherwise than by being promoted.
            self.findings.test(Slug::GreenOnly, true, spot, String::new);
        } else if name == known.rolled_back {
            (self.wave.rolled_back, self.limit.ended) = (true, true);
            let left = self.places.iter().position(|place| place.new);
            self.findings
                .test(Slug::Restored, left.is_none(), spot, || {
                    let place = left.unwrap_or_default();
                    format!("node {place} has the new version when all is said to be as before")
                });
        } else if name == known.paused || name == known.unpaused {
            self.wave.paused = name == known.paused;
        }
    }
    fn taken(&mut self, spot: Spot, (at, forward): (usize, bool)) {
        if at >= self.places.len() {
            return;
        }
        self.findings.test(
            Slug::PauseHolds,
            !(forward && self.wave.paused),
            spot,
            || format!("node {at} is taken for the new version in a pause"),
        );
        self.places[at].taken = true;
        let out = self.places.iter().filter(|place| place.taken).count();
        let most = self.config.max_unavailable;
        self.findings.test(Slug::MaxUnavailable, out <= most, spot, || {
            format!("node {at} is taken: {out} nodes are out by the controller's doing, where {most} may be")
        });
        // What changed a moment ago the controller cannot know: it counts as it was, if that is better.
        let blind = self.config.lost_after() + self.config.timeout;
        let fresh = |place: &Place| spot.0 <= place.changed.saturating_add(blind);
        let others = self
            .places
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != at);
        let others = others
            .filter(|(_, place)| !place.taken && (place.serves() || fresh(place)))
            .count();
        let idle = !self.places[at].serves() || fresh(&self.places[at]);
        let least = self.config.min_available;
        self.findings
            .test(Slug::Budget, others >= least || idle, spot, || {
                format!("node {at} is taken while {others} others serve, where {least} must")
            });
    }
    fn promoted(&mut self, spot: Spot) {
        let (wave, stage) = (self.wave, self.wave.stage + 1);
        self.findings.test(
            Slug::GreenOnly,
            wave.last == Some(0) && !wave.red,
            spot,
            || format!("stage {stage} is promoted though a gate of it was red"),
        );
        let bake = self.config.bake.scaled(1.0 - CLOCK);
        let baked = wave.baking.is_some_and(|since| spot.0.since(since) >= bake);
        self.findings.test(Slug::Baked, baked, spot, || {
            let time = wave
                .baking
                .map_or(0.0, |since| spot.0.since(since).as_secs_f64());
            format!(
                "stage {stage} is promoted after {time:.1} s of {} s",
                self.config.bake.as_secs_f64()
            )
        });
        self.findings
            .test(Slug::PauseHolds, !wave.paused, spot, || {
                format!("stage {stage} is promoted in a pause")
            });
        let next = (self.wave.stage + 1).min(self.config.stages.len() - 1);
        (self.wave.stage, self.wave.last) = (next, None);
        (self.wave.red, self.wave.baking) = (false, None);
    }
}
