//! Pods of a node: each pulls its image, starts, runs and stops.

use super::{Local, Node};
use crate::workloads::cluster::autoscaler::Replica;
use crate::workloads::cluster::scheduler::events;
use crate::workloads::cluster::scheduler::mutant::Mutant;
use crate::workloads::cluster::scheduler::wire::{Assigned, State};
use squall_core::VirtualDuration;
use squall_core::world::Request;

/// Time between two looks whether pods that stop have stopped.
const LOOK: VirtualDuration = VirtualDuration::from_millis(100);

/// When a pull that nobody answers has failed.
const PULL_TIMEOUT: VirtualDuration = VirtualDuration::from_secs(120);

impl Node {
    /// Stops what it shall not have, and starts what it has not.
    pub(super) fn have(&self, number: u64, wanted: &[Assigned]) {
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
        let place = events::halves(self.number, assigned.gpus);
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
}
