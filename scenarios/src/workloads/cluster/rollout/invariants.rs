//! What a rollout promises, read from the records alone.

use super::config::Config;
use super::events::Events;
use super::gate::UNKNOWN;
use super::shared::Shared;
use crate::workloads::Install;
use crate::workloads::cluster::oracle::{self, Place as Spot, invariants};
use squall_core::history::{NodeChange, Record, What};
use squall_core::property::RunEnd;
use squall_core::{NameId, NodeId, VirtualDuration, VirtualTime};
use std::collections::BTreeSet;
use std::sync::Arc;

invariants! {
    Budget "budget":
        "no node that serves is taken while fewer than `min_available` others do, as far as the controller could know",
    MaxUnavailable "max-unavailable":
        "no more than `max_unavailable` nodes are out by the controller's doing",
    GreenOnly "green-only": "no stage is promoted unless its last gate was green and none was red",
    Baked "baked": "no stage is promoted before it was complete and watched for `bake`",
    PauseHolds "pause-holds": "in a pause no node is taken for the new version, and no stage promoted",
    EpochMonotone "epoch-monotone": "no agent follows an order older than one that it has followed",
    Exposure "exposure": "no more requests meet the new version than the shares of the stages reached allow",
    Restored "restored":
        "after a rollback every node has the old version, and no request goes to the new one",
    Complete "complete": "a stage that bakes is complete: all its nodes have the new version",
    Ends "ends": "the rollout is finished or rolled back in time",
}

/// What the clock of a controller may be off, relative: its bakes go by it.
const CLOCK: f64 = 0.01;

pub(super) fn promise(install: &mut Install<'_>, shared: &Shared) {
    let config = Arc::clone(&shared.config);
    let oracle = Oracle {
        events: shared.events,
        places: vec![Place::default(); config.places],
        epochs: vec![0; config.targets.len()],
        wave: Wave::default(),
        requests: Requests::default(),
        limit: Limit::default(),
        findings: Findings::default(),
        config,
    };
    oracle::promise(install, oracle);
}

/// A node of replicas.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    down: bool,
    stopped: bool,
    serving: bool,
    /// The controller took it and it is not back.
    taken: bool,
    new: bool,
    /// When it last became available, or ceased to be.
    changed: VirtualTime,
}

impl Place {
    const fn serves(&self) -> bool {
        !self.down && !self.stopped && self.serving
    }
}

/// The stage under way.
#[derive(Clone, Copy, Debug, Default)]
struct Wave {
    stage: usize,
    last: Option<u64>,
    red: bool,
    baking: Option<VirtualTime>,
    paused: bool,
    rolled_back: bool,
}

#[derive(Debug, Default)]
struct Requests {
    exposed: u64,
    /// Sum of the shares of the stages in which requests were routed.
    allowed: f64,
    strayed: BTreeSet<u64>,
}

/// The time to the end, without that in which it cannot go on.
#[derive(Clone, Copy, Debug, Default)]
struct Limit {
    began: bool,
    ended: bool,
    spent: VirtualDuration,
    last: VirtualTime,
    missed: bool,
    /// Nodes that are down or paused, controller and routers too.
    out: u32,
}

#[derive(Debug)]
struct Oracle {
    events: Events,
    config: Arc<Config>,
    places: Vec<Place>,
    epochs: Vec<u64>,
    wave: Wave,
    requests: Requests,
    limit: Limit,
    findings: Findings,
}

impl oracle::Oracle for Oracle {
    type Slug = Slug;

    fn observe(&mut self, record: &Record) {
        self.pass(record.at);
        match record.what {
            What::Node { node, change } => self.node(record.at, node, change),
            What::Event { name, node, a, b } => {
                self.control((record.at, Some(node)), name, (a, b));
                self.agent((record.at, Some(node)), name, (a, b));
                self.request((record.at, Some(node)), name, (a, b));
            }
            _ => {}
        }
    }
    fn finish(&mut self, run: &RunEnd<'_>) {
        self.pass(run.at);
        if self.limit.began && !self.limit.missed {
            self.findings
                .test(Slug::Ends, true, (run.at, None), String::new);
        }
    }
    fn findings(&self) -> &Findings {
        &self.findings
    }
}

impl Oracle {
    fn target(&self, node: NodeId) -> Option<usize> {
        self.config
            .targets
            .iter()
            .position(|target| *target == node)
    }
    /// Time passes.
    fn pass(&mut self, at: VirtualTime) {
        let limit = &mut self.limit;
        if limit.began && !limit.ended && !limit.missed {
            if limit.out == 0 && !self.wave.paused {
                limit.spent += at.since(limit.last);
            }
            let within = self.config.within;
            if limit.spent > within {
                limit.missed = true;
                let stage = self.wave.stage + 1;
                let within = within.as_secs_f64();
                self.findings.test(Slug::Ends, false, (at, None), || {
                    format!("the rollout is in stage {stage} after {within} s, and neither finished nor rolled back")
                });
            }
        }
        limit.last = at;
    }
    fn node(&mut self, at: VirtualTime, node: NodeId, change: NodeChange) {
        let target = self.target(node);
        if target.is_none() && node != self.config.control {
            return;
        }
        let out = &mut self.limit.out;
        match change {
            NodeChange::Down | NodeChange::Paused => *out += 1,
            NodeChange::Up | NodeChange::Resumed => *out = out.saturating_sub(1),
            NodeChange::OutOfMemory => {}
        }
        let Some(place) = target.and_then(|target| self.places.get_mut(target)) else {
            return;
        };
        match change {
            NodeChange::Down => (place.down, place.serving) = (true, false),
            NodeChange::Up => place.down = false,
            NodeChange::Paused => place.stopped = true,
            NodeChange::Resumed => place.stopped = false,
            NodeChange::OutOfMemory => {}
        }
        place.changed = at;
    }

    /// What the controller says.
    fn control(&mut self, spot: Spot, name: NameId, (a, b): (u64, u64)) {
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

    /// What an agent says.
    fn agent(&mut self, spot: Spot, name: NameId, (a, b): (u64, u64)) {
        let known = self.events;
        if ![known.applied, known.serving, known.back, known.killed].contains(&name) {
            return;
        }
        let Some(target) = spot.1.and_then(|node| self.target(node)) else {
            return;
        };
        if name == known.applied {
            let before = core::mem::replace(&mut self.epochs[target], a);
            self.findings
                .test(Slug::EpochMonotone, a > before, spot, || {
                    format!("an order of epoch {a} is followed after one of epoch {before}")
                });
        }
        let Some(place) = self.places.get_mut(target) else {
            return;
        };
        if name == known.serving {
            (place.serving, place.new, place.changed) = (true, a == 1, spot.0);
            if self.wave.rolled_back {
                self.findings.test(Slug::Restored, a == 0, spot, || {
                    format!("node {target} comes up with the new version after the rollback")
                });
            }
        } else if name == known.back {
            (place.taken, place.changed) = (false, spot.0);
        } else if name == known.killed || (name == known.applied && (1..=2).contains(&b)) {
            (place.serving, place.changed) = (false, spot.0);
        }
    }

    /// What routers and replicas say of requests.
    fn request(&mut self, spot: Spot, name: NameId, (a, b): (u64, u64)) {
        let exposed = if name == self.events.routed {
            self.requests.allowed += self.config.stages[self.wave.stage].0;
            b == 1
        } else if name == self.events.strayed {
            self.requests.strayed.insert(a)
        } else {
            return;
        };
        if exposed {
            self.requests.exposed += 1;
            let rolled_back = self.wave.rolled_back;
            self.findings.test(Slug::Restored, !rolled_back, spot, || {
                format!("request {a} goes to the new version after the rollback")
            });
        }
        let (met, most) = (self.requests.exposed, self.requests.allowed);
        self.findings
            .test(Slug::Exposure, met as f64 <= most + 1e-6, spot, || {
                format!(
                    "{met} requests met the new version, where the stages reached allow {most:.1}"
                )
            });
    }
}
