//! What all processes of the workload share: the plan, names, ports, draws.

use super::config::{Config, Service};
use super::meter::Meter;
use super::names::GuardNames;
use super::rollout::Fleet;
use super::server::VisitEnd;
use super::store::Log;
use crate::workloads::Install;
use core::cell::{Cell, RefCell};
use squall_core::world::Cx;
use squall_core::{Key, KnobId, NameId, NodeId, PortId, Sample, Seed};
use std::collections::BTreeSet;
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
    pub(super) threads: KnobId,
    pub(super) connections: KnobId,
    pub(super) cold: KnobId,
    pub(super) flush: KnobId,
    pub(super) hot_share: KnobId,
    pub(super) hot_items: KnobId,
    pub(super) health_timeout: KnobId,
    pub(super) health_failures: KnobId,
}

/// The value of the knob of the retry budget that means none.
pub(super) const NO_BUDGET: f64 = 1000.0;
/// Retries saved up at first and at most where only a fault sets a budget: as the parameter's default.
pub(super) const BUDGET_BURST: f64 = 10.0;

/// Flags of a call, in its last argument: it is critical; it only makes a connection; it is a health
/// check.
pub(super) const CRITICAL: u64 = 1;
pub(super) const HANDSHAKE: u64 = 2;
pub(super) const CHECK: u64 = 4;
/// It has the form of version 2.
pub(super) const FORM: u64 = 8;
/// It is of a request for the new version of a rollout.
pub(super) const NEW: u64 = 16;

/// Keys of one service's draws.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keys {
    cpu: Key,
    error: Key,
    store: Key,
    cache: Key,
}

/// Shared by all processes of the workload.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) config: Arc<Config>,
    pub(super) events: Events,
    pub(super) knobs: Knobs,
    pub(super) guards: GuardNames,
    pub(super) meter: Meter,
    /// Versions and drains of a rollout, if there is one.
    pub(super) fleet: Rc<Fleet>,
    /// Names of the doors, for those who listen.
    pub(super) doors: [String; 3],
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
    pub(super) seed: Seed,
    /// By service: the path of the draw of its subsets.
    pub(super) subset_paths: Vec<String>,
    /// What a request is about, and whether it is critical.
    item: Key,
    hot: Key,
    class: Key,
    keys: Vec<Keys>,
    /// Both doors by replica, and that of health checks if there are any.
    ports: Vec<[PortId; 2]>,
    checks: Vec<PortId>,
    /// Nodes whose server has begun before, and visits so far: they survive a restart.
    begun: RefCell<BTreeSet<NodeId>>,
    visits: Cell<u64>,
}

impl Shared {
    pub(super) fn new(install: &mut Install<'_>, config: Arc<Config>) -> Self {
        let seed = install.world.seed();
        let path = format!("workload/{}", install.workload.name);
        let doors = ["request", "service", "health"].map(|door| install.full(door));
        let port = |install: &mut Install<'_>, node| {
            [0, 1].map(|door: usize| install.world.port(node, &doors[door]))
        };
        let replicas = config.replicas.iter();
        let ports = replicas.map(|r| port(install, r.node)).collect();
        let checked = if config.health.is_some() {
            config.replicas.as_slice()
        } else {
            &[]
        };
        let check = |r: &super::config::Replica| install.world.port(r.node, &doors[2]);
        let checks = checked.iter().map(check).collect();
        let key = |service: &Service| {
            let path = format!("{path}/{}", service.name);
            Keys {
                cpu: Key::new(seed, &path, "cpu"),
                error: Key::new(seed, &path, "error"),
                store: Key::new(seed, &path, "store"),
                cache: Key::new(seed, &path, "cache"),
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
        let spans = spans.collect();
        let subset_path = |service: &Service| format!("{path}/{}", service.name);
        Self {
            spans,
            guards: GuardNames::new(install, &config),
            seed,
            subset_paths: config.services.iter().map(subset_path).collect(),
            item: Key::new(seed, &path, "item"),
            hot: Key::new(seed, &path, "hot-item"),
            class: Key::new(seed, &path, "critical"),
            begun: RefCell::default(),
            visits: Cell::new(0),
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
                threads: install.knob("threads"),
                connections: install.knob("connections"),
                cold: install.knob("cold"),
                flush: install.knob("cache-flush"),
                hot_share: install.knob("hot-share"),
                hot_items: install.knob("hot-items"),
                health_timeout: install.knob("health-timeout"),
                health_failures: install.knob("health-failures"),
            },
            meter: Meter::new(config.services.len()),
            fleet: install.fleets.of(&install.workload.name),
            arrivals: clients.collect(),
            requests: vec![Cell::new(0); config.clients.len()],
            keys: config.services.iter().map(key).collect(),
            ports,
            checks,
            doors,
            config,
        }
    }
    pub(super) fn port(&self, door: Door, replica: u32) -> PortId {
        self.ports[replica as usize][door as usize]
    }
    pub(super) fn health_port(&self, replica: u32) -> PortId {
        self.checks[replica as usize]
    }
    /// The server of a node begins; whether that is for the first time.
    pub(super) fn begins(&self, node: NodeId) -> bool {
        self.begun.borrow_mut().insert(node)
    }
    /// A visit arrived; its number, if visits are recorded.
    pub(super) fn visit_begins(&self, cx: &Cx, service: u32) -> u64 {
        let number = self.visits.get();
        if let Some(names) = &self.guards.visits {
            self.visits.set(number + 1);
            cx.event(names.arrived, u64::from(service), number);
        }
        number
    }
    /// It ended.
    pub(super) fn visit_ends(&self, cx: &Cx, (service, number): (u32, u64), end: VisitEnd) {
        if let Some(names) = &self.guards.visits {
            let name = match end {
                VisitEnd::Ok => names.ok,
                VisitEnd::Failed => names.failed,
                VisitEnd::Shed => names.shed,
            };
            cx.event(name, u64::from(service), number);
        }
    }
    /// What a request is about; 0 where nothing asks. A share of them is about few items, by a fault.
    pub(super) fn item(&self, cx: &Cx, request: u64) -> u64 {
        let Some(items) = &self.config.items else {
            return 0;
        };
        let hot = cx.knob(self.knobs.hot_share);
        if hot > 0.0 {
            let mut draw = self.hot.at(request);
            if draw.chance(hot) {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "`as` saturates, and what is no number is zero"
                )]
                let count = cx.knob(self.knobs.hot_items) as u64;
                return draw.below(count.max(1));
            }
        }
        items.draw(&mut self.item.at(request))
    }
    pub(super) fn is_critical(&self, request: u64) -> bool {
        self.class.at(request).chance(self.config.critical)
    }
    pub(super) fn cache_key(&self, service: u32) -> Key {
        self.keys[service as usize].cache
    }
    /// Draws of a request's visit to a service: of what its cache does.
    pub(super) fn cache_draw(&self, service: u32, visit: Visit) -> impl Sample {
        let key = self.cache_key(service);
        key.child(visit.request).at(visit.path)
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
    /// What the request is about.
    pub(super) item: u64,
    pub(super) critical: bool,
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
