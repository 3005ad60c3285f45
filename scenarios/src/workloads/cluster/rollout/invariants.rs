//! What a rollout promises, read from the records alone.

mod nodes;
mod stages;

use super::config::Config;
use super::events::Events;
use super::shared::Shared;
use crate::workloads::Install;
use crate::workloads::cluster::oracle::{self, Place as Spot, invariants};
use squall_core::history::{Record, What};
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
