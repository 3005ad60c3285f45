//! What all processes of the workload share: the plan, names, ports, draws, and the meter.

use super::config::{Config, Service};
use super::rollout::Fleet;
use super::store::Log;
use crate::workloads::Install;
use core::cell::Cell;
use squall_core::world::Cx;
use squall_core::{Key, KnobId, NameId, PortId, Sample};
use std::rc::Rc;
use std::sync::Arc;

/// Which port of a node a call goes to: the names that faults of calls hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Door {
    /// What clients ask.
    Request,
    /// Calls between services.
    Service,
}

/// Numbers of the names in records.
#[derive(Clone, Copy, Debug)]
pub(super) struct Events {
    pub(super) request: NameId,
    pub(super) retried: NameId,
    pub(super) ok: NameId,
    pub(super) failed: NameId,
    pub(super) shed: NameId,
    pub(super) timed_out: NameId,
    pub(super) queue_full: NameId,
    pub(super) dropped: NameId,
    pub(super) hop_retried: NameId,
    pub(super) ejected: NameId,
    pub(super) latency: NameId,
    pub(super) goodput: NameId,
    pub(super) attempts: NameId,
    pub(super) queue: NameId,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Knobs {
    pub(super) load: KnobId,
    pub(super) attempts: KnobId,
    pub(super) timeout: KnobId,
    pub(super) version: KnobId,
    pub(super) capacity: KnobId,
    pub(super) backoff: KnobId,
    pub(super) budget: KnobId,
    pub(super) slots: KnobId,
    pub(super) drain: KnobId,
}

/// The value of the knob of the retry budget that means none.
pub(super) const NO_BUDGET: f64 = 1000.0;
/// Retries saved up at first and at most where only a fault sets a budget: as the parameter's default.
pub(super) const BUDGET_BURST: f64 = 10.0;

/// What happened since the last sample. It measures and influences nothing.
#[derive(Debug, Default)]
pub(super) struct Meter {
    pub(super) oks: Cell<u32>,
    pub(super) attempts: Cell<u32>,
    queue: Cell<usize>,
}

impl Meter {
    pub(super) fn queue(&self, length: usize) {
        self.queue.set(self.queue.get().max(length));
    }
}

/// Adds one.
pub(super) fn bump(cell: &Cell<u32>) {
    cell.set(cell.get() + 1);
}

/// Keys of one service's draws.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keys {
    cpu: Key,
    error: Key,
    store: Key,
}

/// Shared by all processes of the workload.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) config: Arc<Config>,
    pub(super) events: Events,
    pub(super) knobs: Knobs,
    pub(super) meter: Meter,
    /// Versions and drains of a rollout, if there is one.
    pub(super) fleet: Rc<Fleet>,
    /// Names of the doors, for those who listen.
    pub(super) doors: [String; 2],
    /// What is known of the logs of the replicas, and the directory they are in.
    pub(super) written: Vec<Log>,
    pub(super) logs: String,
    /// Events of the store, `disk-error` and `record-lost`, if there is one.
    store_events: Option<(NameId, NameId)>,
    /// Event `wrong-answer`, if callers do not look at answers.
    pub(super) wrong_answer: Option<NameId>,
    /// Span of a request, and of a visit by service.
    pub(super) request_span: NameId,
    pub(super) spans: Vec<NameId>,
    /// Arrivals by client.
    pub(super) arrivals: Vec<Key>,
    /// Requests so far by client: numbers survive a restart.
    pub(super) requests: Vec<Cell<u64>>,
    keys: Vec<Keys>,
    /// Both doors by replica.
    ports: Vec<[PortId; 2]>,
}

impl Shared {
    pub(super) fn new(install: &mut Install<'_>, config: Arc<Config>) -> Self {
        let seed = install.world.seed();
        let path = format!("workload/{}", install.workload.name);
        let doors = [install.full("request"), install.full("service")];
        let port = |install: &mut Install<'_>, node| {
            [0, 1].map(|door: usize| install.world.port(node, &doors[door]))
        };
        let replicas = config.replicas.iter();
        let ports = replicas.map(|r| port(install, r.node)).collect();
        let key = |service: &Service| {
            let path = format!("{path}/{}", service.name);
            Keys {
                cpu: Key::new(seed, &path, "cpu"),
                error: Key::new(seed, &path, "error"),
                store: Key::new(seed, &path, "store"),
            }
        };
        let clients = 0..config.clients.len() as u64;
        let clients = clients.map(|n| Key::new(seed, &path, "arrivals").child(n));
        let events = Events {
            request: install.name("request"),
            retried: install.name("retried"),
            ok: install.name("ok"),
            failed: install.name("failed"),
            shed: install.name("shed"),
            timed_out: install.name("timed-out"),
            queue_full: install.name("queue-full"),
            dropped: install.name("dropped"),
            hop_retried: install.name("hop-retried"),
            ejected: install.name("ejected"),
            latency: install.name("latency"),
            goodput: install.name("goodput"),
            attempts: install.name("attempts"),
            queue: install.name("queue"),
        };
        let stores = config.store.is_some();
        let store_events =
            stores.then(|| (install.name("disk-error"), install.name("record-lost")));
        let unchecked = !config.check_answers;
        let wrong_answer = unchecked.then(|| install.name("wrong-answer"));
        let spans = config.services.iter().map(|service| {
            let full = install.full(&service.name);
            install.world.name(&full)
        });
        Self {
            spans: spans.collect(),
            written: config.replicas.iter().map(|_| Log::default()).collect(),
            logs: install.workload.name.clone(),
            store_events,
            wrong_answer,
            request_span: events.request,
            events,
            knobs: Knobs {
                load: install.knob("load"),
                attempts: install.knob("retry-attempts"),
                timeout: install.knob("timeout"),
                version: install.knob("version"),
                capacity: install.knob("capacity"),
                backoff: install.knob("retry-backoff"),
                budget: install.knob("retry-budget"),
                slots: install.knob("slots"),
                drain: install.knob("drain"),
            },
            meter: Meter::default(),
            fleet: install.fleets.of(&install.workload.name),
            arrivals: clients.collect(),
            requests: vec![Cell::new(0); config.clients.len()],
            keys: config.services.iter().map(key).collect(),
            ports,
            doors,
            config,
        }
    }
    pub(super) fn port(&self, door: Door, replica: u32) -> PortId {
        self.ports[replica as usize][door as usize]
    }
    pub(super) fn service(&self, service: u32) -> &Service {
        &self.config.services[service as usize]
    }
    /// Whether version 2 serves on the node of this process: by the knob, or by a rollout.
    pub(super) fn version_2(&self, cx: &Cx) -> bool {
        cx.knob(self.knobs.version) >= 2.0 || self.fleet.is_new(cx.node())
    }
    /// The events of the store.
    pub(super) fn names_of_store(&self) -> (NameId, NameId) {
        self.store_events
            .expect("a workload that stores has the names")
    }
    /// Draws of a request's visit to a service: of what it reads back.
    pub(super) fn store_draw(&self, service: u32, visit: Visit) -> impl Sample {
        let key = self.keys[service as usize].store;
        key.child(visit.request).at(visit.path)
    }
    /// Draws of a request's visit to a service: of its processor time, and of whether it fails.
    pub(super) fn draws(&self, service: u32, visit: Visit) -> [impl Sample; 2] {
        let keys = self.keys[service as usize];
        [keys.cpu, keys.error].map(|key| key.child(visit.request).at(visit.path))
    }
}

/// A visit of a service: for which request, and on which path through the graph. Retries are the
/// same visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Visit {
    pub(super) request: u64,
    pub(super) path: u64,
    /// Whether the request is for the new version of a rollout.
    pub(super) new: bool,
}

impl Visit {
    /// The visit that calls the `index`-th callee from here.
    pub(super) const fn below(self, index: u64) -> Self {
        let path = self.path.wrapping_mul(0x0000_0100_0000_01b3) ^ (index + 1);
        Self { path, ..self }
    }
}

/// Samples the meter, window by window.
pub(super) async fn sample(cx: Cx, shared: Rc<Shared>) {
    let (window, meter, events) = (shared.config.window, &shared.meter, &shared.events);
    let rate = |count: u32| f64::from(count) / window.as_secs_f64();
    loop {
        cx.sleep(window).await;
        cx.sample(events.goodput, rate(meter.oks.take()));
        cx.sample(events.attempts, rate(meter.attempts.take()));
        cx.sample(events.queue, meter.queue.take() as f64);
    }
}
