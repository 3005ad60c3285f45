//! The process of a node: it has the pods that it was told to have, and says so.

use super::mutant::Mutant;
use super::shared::Shared;
use super::wire::{Assigned, Load, Order, Report, State, Status, pack, unpack};
use crate::workloads::cluster::autoscaler::{Replica, Service};
use core::cell::RefCell;
use squall_core::world::{Cx, Request};
use squall_core::{Sample, VirtualDuration, VirtualTime};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Time between two looks whether pods that stop have stopped.
const LOOK: VirtualDuration = VirtualDuration::from_millis(100);
/// When a pull that nobody answers has failed.
const PULL_TIMEOUT: VirtualDuration = VirtualDuration::from_secs(120);

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
    /// Stops what it shall not have, and starts what it has not.
    fn have(&self, number: u64, wanted: &[Assigned]) {
        if number <= self.pods.borrow().order {
            return;
        }
        self.pods.borrow_mut().order = number;
        let still = |pod: u32, attempt: u32| {
            wanted
                .iter()
                .any(|other| other.pod == pod && other.attempt == attempt)
        };
        let here = self.pods.borrow();
        let gone: Vec<(u32, u32, State)> = here
            .here
            .iter()
            .filter(|(pod, local)| !still(**pod, local.attempt))
            .map(|(pod, local)| (*pod, local.kind, local.state))
            .collect();
        drop(here);
        for (pod, kind, state) in gone {
            self.pods.borrow_mut().here.remove(&pod);
            if state == State::Runs {
                self.pods.borrow_mut().stopping += 1;
                self.cx.spawn(self.clone().stop(pod, kind));
            }
        }
        for assigned in wanted {
            if self.pods.borrow().here.contains_key(&assigned.pod) {
                continue;
            }
            let local = Local {
                attempt: assigned.attempt,
                kind: assigned.kind,
                state: State::Starting,
                requests: Replica::default(),
            };
            self.pods.borrow_mut().here.insert(assigned.pod, local);
            self.cx.spawn(self.clone().start(assigned.clone()));
        }
        self.report();
    }
    async fn stop(self, pod: u32, kind: u32) {
        self.cx.sleep(self.shared.config.stop).await;
        let stopping = &mut self.pods.borrow_mut().stopping;
        // A machine that was switched off meanwhile has forgotten it.
        *stopping = stopping.saturating_sub(1);
        self.tell(pod, kind, false);
        self.cx.event(
            self.shared.events.stopped,
            u64::from(pod),
            u64::from(self.number),
        );
    }
    /// Whether a pod is still wanted, in this attempt.
    fn has(&self, assigned: &Assigned) -> bool {
        let pods = self.pods.borrow();
        pods.here
            .get(&assigned.pod)
            .is_some_and(|local| local.attempt == assigned.attempt)
    }
    fn becomes(&self, assigned: &Assigned, state: State) {
        if let Some(local) = self.pods.borrow_mut().here.get_mut(&assigned.pod) {
            local.state = state;
        }
        self.report();
    }
    async fn start(self, assigned: Assigned) {
        let (cx, events) = (&self.cx, &self.shared.events);
        let pod = u64::from(assigned.pod);
        if !self.pull(&assigned).await {
            return;
        }
        let config = &self.shared.config;
        let key = self.shared.key.child(pod);
        let start = config
            .start
            .sample(&mut key.at(u64::from(assigned.attempt)));
        cx.sleep(VirtualDuration::from_nanos_f64(start)).await;
        while self.pods.borrow().stopping > 0 && config.mutant != Some(Mutant::P12) {
            cx.sleep(LOOK).await;
        }
        if !self.has(&assigned) {
            return;
        }
        let place = super::events::halves(self.number, assigned.gpus);
        cx.event(events.started, pod, place);
        self.tell(assigned.pod, assigned.kind, true);
        self.becomes(&assigned, State::Runs);
        let Some(length) = assigned.length else {
            return;
        };
        cx.sleep(length).await;
        if self.has(&assigned) {
            cx.event(events.ended, pod, u64::from(self.number));
            self.becomes(&assigned, State::Ended);
        }
    }
    /// Pulls the image, again and again until that works. Whether the pod is still wanted then.
    async fn pull(&self, assigned: &Assigned) -> bool {
        let (cx, pod) = (&self.cx, u64::from(assigned.pod));
        let (mut wait, most) = self.shared.config.backoff;
        for failures in 1.. {
            let request = Request {
                cost: 1,
                key: pod,
                args: [u64::from(assigned.attempt), failures, 0, 0],
                ..Request::default()
            };
            let answer = cx
                .call(self.shared.registry, request)
                .within(PULL_TIMEOUT)
                .await;
            if !self.has(assigned) {
                return false;
            }
            if answer.is_ok_and(|reply| reply.damage.is_none()) {
                return true;
            }
            cx.event(self.shared.events.pull_failed, pod, failures);
            cx.back_off(wait).await;
            wait = wait.saturating_add(wait).min(most);
            if !self.has(assigned) {
                return false;
            }
        }
        false
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
