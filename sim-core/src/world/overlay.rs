//! How this host applies a plan, and how an overlay proves that it had an effect.

use super::call::RuleUse;
use super::kernel::Kernel;
use super::knob::KnobOverlay;
use super::node::Deferred;
use crate::history::{FaultChange, NodeChange, What};
use crate::plan::{Change, Entry, Primitive, Seen};
use crate::{EntryId, Key, NodeId};
use std::rc::Rc;

impl Kernel {
    /// The step of the timeline at `index` is due.
    pub(super) fn plan_step(&mut self, index: usize) {
        let step = self.timeline[index];
        let plan = Rc::clone(&self.plan);
        let entry = plan.entry(step.entry);
        let start = step.change == Change::Start;
        if let Some(triggers) = &mut self.triggers {
            triggers.acting = Some(entry.fault);
        }
        let change = if start {
            FaultChange::Active
        } else {
            FaultChange::Healed
        };
        self.record(What::Fault {
            entry: step.entry,
            change,
            planned: step.at,
        });
        self.apply(step.entry, entry, start);
        if let Some(triggers) = &mut self.triggers {
            triggers.acting = None;
        }
    }

    fn apply(&mut self, id: EntryId, entry: &Entry, start: bool) {
        let now = self.now;
        let started = start.then_some(now);
        match &entry.primitive {
            Primitive::Crash { node, seen } if start => self.crash(*node, id, *seen),
            Primitive::Crash { node, .. } => self.lift_crash(*node, id),
            Primitive::PowerLoss { node, seen, wipe } if start => {
                self.crash(*node, id, *seen);
                self.disk_power_loss(*node, *wipe);
            }
            Primitive::PowerLoss { node, .. } => self.lift_crash(*node, id),
            Primitive::Pause { node } if start => self.pause(*node, id),
            Primitive::Pause { node } => self.resume(*node, id),
            Primitive::LinkDelay { link, .. }
            | Primitive::LinkLoss { link, .. }
            | Primitive::LinkBurstLoss { link, .. }
            | Primitive::LinkCorrupt { link, .. }
            | Primitive::LinkDuplicate { link, .. }
            | Primitive::LinkRate { link, .. }
            | Primitive::LinkTrace { link, .. }
            | Primitive::LinkReorder { link, .. }
            | Primitive::LinkClog { link, .. }
            | Primitive::LinkCut { link, .. }
            | Primitive::LinkHold { link } => {
                let at = self.link(link.from, link.to);
                let key = self.event_key(id).child(u64::from(entry.part));
                let held = self.links[at].overlay(id, &entry.primitive, key, (now, start));
                self.release_held(at, held);
            }
            Primitive::LinkReset { link, ends } if start => self.reset_link(id, *link, *ends),
            Primitive::LinkReset { .. } => {}
            Primitive::CpuSpeed { node, .. }
            | Primitive::CpuQuota { node, .. }
            | Primitive::CpuSteal { node, .. } => {
                // What the overlay did so far is credited to it before it goes.
                self.cpu_changed(*node);
                self.nodes[node.index()].cpu.overlay(now, id, entry, start);
                self.cpu_changed(*node);
            }
            Primitive::MemoryPressure { .. }
            | Primitive::MemoryLimit { .. }
            | Primitive::OomKill { .. }
            | Primitive::SwapDevice { .. } => self.memory_overlay(id, entry, start),
            Primitive::ClockStep { .. }
            | Primitive::ClockDrift { .. }
            | Primitive::ClockFreeze { .. } => self.clock_overlay(id, entry, start),
            Primitive::DiskLatency { .. }
            | Primitive::DiskHold { .. }
            | Primitive::DiskError { .. }
            | Primitive::DiskFull { .. }
            | Primitive::LyingFsync { .. }
            | Primitive::UnsyncedLoss { .. }
            | Primitive::TornWrite { .. }
            | Primitive::BitRot { .. }
            | Primitive::Misdirect { .. } => {
                let key = self.event_key(id);
                self.disk_overlay(id, &entry.primitive, started.map(|started| (started, key)));
            }
            Primitive::Call {
                client,
                service,
                only,
                rule,
            } => {
                let key = self.event_key(id);
                let rule = start.then(|| RuleUse {
                    client: *client,
                    only: *only,
                    rule: rule.clone(),
                    key,
                });
                self.call_overlay((id, *service), rule);
            }
            Primitive::Signal { channel, rule } => {
                let rule = start.then(|| rule.clone());
                self.channel_overlay(id, *channel, rule);
            }
            Primitive::Knob {
                knob,
                node,
                change,
                value,
            } => {
                let overlay = started.map(|started| KnobOverlay {
                    id,
                    started,
                    node: *node,
                    change: *change,
                    value: *value,
                });
                self.turn_knob(*knob, id, overlay);
            }
        }
    }

    /// The key of the event draws of an overlay: by the fault's label and the part's target, so that
    /// removing one fault moves no draw of another.
    pub(super) fn event_key(&self, id: EntryId) -> Key {
        let label = &self.plan.fault_of(id).label;
        let part = u64::from(self.plan.entry(id).part);
        Key::new(self.seed, &format!("fault/{label}"), "event").child(part)
    }

    /// An overlay had an effect, `count` times.
    pub(super) fn land(&mut self, id: EntryId, count: u64) {
        let now = self.time();
        let (total, first) = &mut self.landed[id.index()];
        *total += count;
        if first.is_none() {
            *first = Some(now);
            let planned = self.plan.entry(id).from;
            self.record(What::Fault {
                entry: id,
                change: FaultChange::Landed,
                planned,
            });
        }
    }
    /// Counts what was collected while something else was borrowed.
    pub(super) fn land_collected(&mut self) {
        let mut landed = core::mem::take(&mut self.landed_now);
        for id in landed.drain(..) {
            self.land(id, 1);
        }
        self.landed_now = landed;
    }

    pub(super) fn crash(&mut self, node: NodeId, id: EntryId, seen: Seen) {
        let place = &mut self.nodes[node.index()];
        place.downs.push(id);
        place.downs.sort_unstable();
        if !place.up {
            return;
        }
        self.land(id, 1);
        self.stop_processes(node);
        let place = &mut self.nodes[node.index()];
        place.up = false;
        place.running = false;
        let change = NodeChange::Down;
        self.record(What::Node { node, change });
        if seen == Seen::Reset {
            self.reset_connections(node);
        }
    }

    /// Kills what runs on a node, without any goodbye.
    fn stop_processes(&mut self, node: NodeId) {
        let now = self.now;
        let place = &mut self.nodes[node.index()];
        place.incarnation = place.incarnation.wrapping_add(1);
        place.born = self.sequence;
        place.deferred.clear();
        place.cpu.clear(now);
        let ports: Vec<_> = place.ports.iter().map(|(_, port)| *port).collect();
        self.cpu_changed(node);
        self.memory_crashed(node);
        self.disk_crashed(node);
        self.tasks.kill(node, &mut self.dead);
        for port in ports {
            let port = &mut self.ports[port.index()];
            port.open = false;
            port.handler = None;
            port.queue.clear();
            port.waiting.clear();
        }
    }
    /// Kills what runs on a node, breaks its connections and starts it again.
    pub(super) fn restart_processes(&mut self, node: NodeId) {
        self.stop_processes(node);
        self.reset_connections(node);
        self.memory_started(node);
        self.starting.push((node, None));
    }

    pub(super) fn lift_crash(&mut self, node: NodeId, id: EntryId) {
        let place = &mut self.nodes[node.index()];
        place.downs.retain(|other| *other != id);
        if place.up || !place.downs.is_empty() {
            return;
        }
        place.up = true;
        place.running = place.pauses.is_empty();
        let change = NodeChange::Up;
        self.record(What::Node { node, change });
        self.memory_started(node);
        self.starting.push((node, None));
    }

    fn pause(&mut self, node: NodeId, id: EntryId) {
        let now = self.now;
        let place = &mut self.nodes[node.index()];
        place.pauses.push(id);
        if place.pauses.len() > 1 {
            return;
        }
        place.running = false;
        let busy = place.cpu.jobs() > 0;
        place.cpu.stop(now);
        self.cpu_changed(node);
        if busy {
            self.land(id, 1);
        }
        let change = NodeChange::Paused;
        self.record(What::Node { node, change });
    }

    fn resume(&mut self, node: NodeId, id: EntryId) {
        let now = self.now;
        let place = &mut self.nodes[node.index()];
        place.pauses.retain(|other| *other != id);
        let due = !place.deferred.is_empty() || place.cpu.jobs() > 0;
        if due {
            self.land(id, 1);
        }
        let place = &mut self.nodes[node.index()];
        if !place.pauses.is_empty() {
            return;
        }
        place.running = place.up;
        place.cpu.resume(now);
        let deferred = core::mem::take(&mut place.deferred);
        let change = NodeChange::Resumed;
        self.record(What::Node { node, change });
        self.cpu_changed(node);
        for what in deferred {
            match what {
                Deferred::Task(index) => crate::task::wake_index(index),
                Deferred::Event(event) => {
                    self.schedule_again(event);
                }
            }
        }
        self.mail_all(node);
    }
}
