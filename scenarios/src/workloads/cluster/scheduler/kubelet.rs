//! The process of a node: it has the pods that it was told to have, and says so.

mod pods;

use super::shared::Shared;
use super::wire::{Load, Order, Report, State, Status, pack, unpack};
use crate::workloads::cluster::autoscaler::{Replica, Service};
use core::cell::RefCell;
use squall_core::world::Cx;
use squall_core::{Sample, VirtualDuration, VirtualTime};
use std::collections::BTreeMap;
use std::rc::Rc;

/// A pod here.
#[derive(Debug)]
struct Local {
    attempt: u32,
    kind: u32,
    state: State,
    requests: Replica,
}

#[derive(Debug, Default)]
struct Pods {
    /// The order that was heard last.
    order: u64,
    here: BTreeMap<u32, Local>,
    /// How many are about to stop.
    stopping: u32,
    boots: u64,
    /// Whether it is away for planned work.
    away: bool,
    /// Reports so far.
    reports: u64,
    served: Option<VirtualTime>,
}

/// One node's process.
#[derive(Clone)]
struct Node {
    cx: Cx,
    shared: Rc<Shared>,
    number: u32,
    pods: Rc<RefCell<Pods>>,
}

/// Runs for ever.
pub(super) async fn run(cx: Cx, shared: Rc<Shared>, number: u32) {
    let inbox = cx.listen(&shared.doors.node);
    let pods = Rc::default();
    let node = Node {
        cx,
        shared,
        number,
        pods,
    };
    node.cx.spawn(node.clone().beat());
    loop {
        if let Some(order) = unpack::<Order>(inbox.recv().await) {
            node.obey(&order);
        }
    }
}

impl Node {
    fn is_on(&self) -> bool {
        self.shared.on[self.number as usize].get() && !self.pods.borrow().away
    }
    /// Says to who has this pod as its replica that it begins or ends.
    fn tell(&self, pod: u32, kind: u32, begins: bool) {
        if let Some(home) = &self.shared.homes[kind as usize] {
            home.tell(&self.cx, pod, begins);
        }
    }
    async fn beat(self) {
        let every = self.shared.config.heartbeat;
        // A node says at once that it is there; later heartbeats do not come from all at the same time.
        self.report();
        let unit = self.cx.stream("phase").next_thing().unit();
        self.cx.sleep(every.scaled(unit)).await;
        loop {
            self.report();
            self.cx.sleep(every).await;
        }
    }
    fn report(&self) {
        if !self.is_on() {
            return;
        }
        let mut pods = self.pods.borrow_mut();
        pods.reports += 1;
        let states = pods
            .here
            .iter()
            .map(|(pod, local)| (*pod, local.attempt, local.state));
        let report = Report::Status(Status {
            worker: self.number,
            stamp: (self.cx.monotonic(), pods.reports),
            order: pods.order,
            renewed: self.shared.renewed[self.number as usize].get(),
            pods: states.collect(),
        });
        self.cx.send(self.shared.control, pack(report));
    }
    fn obey(&self, order: &Order) {
        match order {
            Order::Boot => self.cx.spawn(self.clone().boot()),
            Order::Off => {
                self.shared.on[self.number as usize].set(false);
                self.halt();
            }
            Order::Renew if !self.is_on() || self.shared.renewed[self.number as usize].get() => {}
            Order::Renew => {
                self.halt();
                self.pods.borrow_mut().away = true;
                self.cx.spawn(self.clone().renew());
            }
            Order::Have(..) | Order::Work(_) if !self.is_on() => {}
            Order::Have(number, pods) => self.have(*number, pods),
            Order::Work(requests) => self.work(requests),
        }
    }
    /// Everything here ends at once.
    fn halt(&self) {
        let worker = u64::from(self.number);
        for (pod, local) in &self.pods.borrow().here {
            if local.state == State::Runs {
                self.tell(*pod, local.kind, false);
                self.cx
                    .event(self.shared.events.stopped, u64::from(*pod), worker);
            }
        }
        let mut pods = self.pods.borrow_mut();
        let (boots, reports) = (pods.boots, pods.reports);
        *pods = Pods {
            boots,
            reports,
            ..Pods::default()
        };
    }
    /// Planned work: away for a time, and back with what is new. A crash in between leaves it as it was.
    async fn renew(self) {
        let Some(plan) = &self.shared.config.upgrade else {
            return;
        };
        let away = plan.away.sample(&mut self.cx.key("renew").at(0));
        self.cx.sleep(VirtualDuration::from_nanos_f64(away)).await;
        self.shared.renewed[self.number as usize].set(true);
        self.pods.borrow_mut().away = false;
        self.report();
    }
    async fn boot(self) {
        if self.is_on() {
            return;
        }
        let (cx, knobs) = (&self.cx, &self.shared.knobs);
        let ordinal = self.pods.borrow().boots;
        self.pods.borrow_mut().boots += 1;
        let mut draw = cx.key("boot").at(ordinal);
        let (unit, fails) = (draw.unit(), draw.unit() < cx.knob(knobs.boot_fail));
        let seconds = cx.knob(knobs.boot) * (0.9 + 0.2 * unit);
        cx.sleep(VirtualDuration::from_nanos_f64(seconds * 1e9))
            .await;
        if fails {
            return cx.event(self.shared.events.boot_failed, u64::from(self.number), 0);
        }
        self.shared.on[self.number as usize].set(true);
        self.report();
    }
    /// Requests come to replicas here; what they did with them since the last time goes back.
    fn work(&self, requests: &[(u32, u32, f64)]) {
        let now = self.cx.now();
        let mut pods = self.pods.borrow_mut();
        let since = pods.served.replace(now).unwrap_or(now);
        let seconds = now.since(since).as_secs_f64().min(10.0);
        if seconds <= 0.0 {
            return;
        }
        let blocked = self.cx.knob(self.shared.knobs.blocked);
        let mut loads = Vec::new();
        for (pod, kind, requests) in requests {
            let Some(local) = pods
                .here
                .get_mut(pod)
                .filter(|local| local.state == State::Runs)
            else {
                continue;
            };
            if let Some(service) = service(&self.shared, local.kind, blocked) {
                let done = local.requests.step(&service, *requests, seconds);
                loads.push(Load { kind: *kind, done });
            }
        }
        drop(pods);
        let report = Rc::new(Report::Load(loads));
        for port in [self.shared.control, self.shared.front] {
            self.cx.send(
                port,
                squall_core::world::Body::Shared(Rc::clone(&report) as _),
            );
        }
    }
}

/// A service as one replica sees it.
pub(super) fn service(shared: &Shared, kind: u32, blocked: f64) -> Option<Service> {
    let kind = &shared.config.kinds[kind as usize];
    kind.traffic.map(|traffic| Service {
        cores: f64::from(kind.shape.demand.cpu_milli) / 1000.0,
        threads: traffic.threads,
        cpu: traffic.cpu,
        blocked: traffic.blocked + blocked,
        timeout: traffic.timeout,
    })
}
