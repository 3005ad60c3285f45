//! Which records a trigger waits for.

use super::{Kernel, Living, RoleOf, Triggers};
use crate::history::{FaultChange, NodeChange, What};
use crate::plan::{Life, On};
use crate::world::host::HOST_SIGNALS;
use crate::{NameId, Names, NodeId, PortId, ServiceId, VirtualDuration};
use std::rc::Rc;

/// What triggers look at.
enum Seen<'a> {
    Record(&'a What),
    /// A client begins a call.
    Call(NodeId, ServiceId),
    /// The hosts have been sampled.
    Sampled,
}

impl Kernel {
    /// A record was written; triggers are there.
    #[cold]
    #[inline(never)]
    pub(in crate::world) fn match_record(&mut self, what: &What) {
        if !matches!(what, What::Trigger { .. }) {
            self.look_at(&Seen::Record(what));
        }
    }
    /// A client begins a call; triggers are there.
    #[cold]
    #[inline(never)]
    pub(in crate::world) fn match_call(&mut self, client: NodeId, port: PortId) {
        let server = &self.nodes[self.ports[port.index()].node.index()];
        let service = server.ports.iter().find(|(_, p)| *p == port);
        if let Some((service, _)) = service {
            let service = *service;
            self.look_at(&Seen::Call(client, service));
        }
    }
    /// All hosts have been sampled: signals that did not change have a value too.
    pub(in crate::world) fn match_samples(&mut self) {
        if self.triggers.is_some() {
            self.look_at(&Seen::Sampled);
        }
    }

    fn look_at(&mut self, seen: &Seen<'_>) {
        let Some(mut triggers) = self.triggers.take() else {
            return;
        };
        let plan = Rc::clone(&self.plan);
        let mut due = Vec::new();
        let mut again = Vec::new();
        let mut life = None;
        if let Seen::Record(what) = seen {
            life = triggers.note(what, |id| plan.entry(id).fault);
            if matches!(what, What::Role { gained: true, .. }) {
                again = triggers.look_again();
            }
            triggers.look_up(&plan, &self.names);
        }
        for at in 0..triggers.watching.len() {
            let index = triggers.watching[at];
            let trigger = plan.trigger(index);
            let armed = (trigger.from..trigger.until).contains(&self.time());
            let own = triggers.acting == Some(trigger.fault);
            let state = &triggers.states[index as usize];
            let counts = armed && !own && self.now >= state.quiet_until;
            if counts && self.matches(&mut triggers, (index, &trigger.on), seen, life) {
                let fired = self.matched(&mut triggers, index);
                due.extend(fired.map(|(at, ordinal)| (index, at, ordinal)));
            }
        }
        let (now, states) = (self.time(), &triggers.states);
        triggers.watching.retain(|index| {
            let trigger = plan.trigger(*index);
            let left = (states[*index as usize].next as usize) < trigger.firings.len();
            left && now < trigger.until
        });
        self.triggers = Some(triggers);
        for (index, at, ordinal) in due {
            self.schedule_trigger(index, at, super::FIRE, ordinal);
        }
        for (index, ordinal) in again {
            let at = now.saturating_add(super::DELAY_MIN);
            self.schedule_trigger(index, at, super::FIRE, ordinal);
        }
    }

    /// Whether what is seen is what a trigger waits for.
    fn matches(
        &self,
        triggers: &mut Triggers,
        (index, on): (u32, &On),
        seen: &Seen<'_>,
        life: Option<(u32, Life)>,
    ) -> bool {
        let state = &mut triggers.states[index as usize];
        let what = match (on, seen) {
            (On::Call { service, nodes }, Seen::Call(client, called)) => {
                return service == called && passes(nodes.as_ref(), *client);
            }
            (On::Metric { .. }, Seen::Sampled) => {
                return state.held && state.is_beyond(on, self.now);
            }
            (_, Seen::Record(what)) => *what,
            _ => return false,
        };
        match (on, *what) {
            (On::Event { nodes, a, b, .. }, What::Event { .. }) => {
                let What::Event {
                    name,
                    node,
                    a: first,
                    b: second,
                } = *what
                else {
                    return false;
                };
                state.name == Some(name)
                    && passes(nodes.as_ref(), node)
                    && a.is_none_or(|a| a == first)
                    && b.is_none_or(|b| b == second)
            }
            (On::Node { change, nodes }, What::Node { node, change: now }) => {
                // That a run begins is no start of a node.
                *change == now
                    && passes(nodes.as_ref(), node)
                    && !(now == NodeChange::Up && self.now == 0)
            }
            (
                On::Role {
                    role,
                    of,
                    nodes,
                    gained,
                },
                What::Role { .. },
            ) => {
                let What::Role {
                    node,
                    role: taken,
                    of: group,
                    gained: took,
                    ..
                } = *what
                else {
                    return false;
                };
                let is = |wanted: &Option<String>, name| {
                    wanted
                        .as_ref()
                        .is_none_or(|text| self.names.text(name) == text)
                };
                *gained == took && is(role, taken) && is(of, group) && passes(nodes.as_ref(), node)
            }
            (
                On::Fault {
                    fault,
                    life: wanted,
                },
                What::Fault { .. },
            ) => life == Some((*fault, *wanted)),
            (On::Metric { nodes, .. }, What::Sample { name, node, value }) => {
                if state.name != Some(name) || !passes(nodes.as_ref(), node) {
                    return false;
                }
                state.value = value;
                // Signals of hosts are judged when all are there.
                !state.held && state.is_beyond(on, self.now)
            }
            _ => false,
        }
    }

    /// Whether `name` is a signal of a host: it is recorded when it changes, and holds in between.
    pub(super) fn is_host_signal(&self, name: &str) -> bool {
        let Some((node, signal)) = name.split_once('.') else {
            return false;
        };
        HOST_SIGNALS.iter().any(|s| s.name == signal) && self.nodes.iter().any(|n| n.name == node)
    }
}

fn passes(filter: Option<&Vec<NodeId>>, node: NodeId) -> bool {
    filter.is_none_or(|nodes| nodes.contains(&node))
}

impl super::State {
    /// Looks at the last sample: whether it and all before it are beyond the limit for long enough.
    /// Then the time starts again.
    fn is_beyond(&mut self, on: &On, now: u64) -> bool {
        let On::Metric {
            limit, above, hold, ..
        } = on
        else {
            return false;
        };
        let beyond = match above {
            true => self.value > *limit,
            false => self.value < *limit,
        };
        if !beyond {
            self.beyond = None;
            return false;
        }
        let since = *self.beyond.get_or_insert(now);
        let long = VirtualDuration::from_nanos(now - since) >= *hold;
        if long {
            self.beyond = None;
        }
        long
    }
}

impl Triggers {
    /// Keeps what a record says of roles and of the life of faults, and gives how far a fault came.
    fn note(
        &mut self,
        what: &What,
        fault_of: impl Fn(crate::EntryId) -> u32,
    ) -> Option<(u32, Life)> {
        match *what {
            What::Role {
                node,
                role,
                of,
                key,
                term,
                gained,
            } => {
                let role = RoleOf::new(role, of, key);
                self.roles.changed(role, node, term, gained);
                None
            }
            What::Node {
                node,
                change: NodeChange::Down,
            } => {
                self.roles.crashed(node);
                None
            }
            What::Fault { entry, change, .. } => {
                let fault = fault_of(entry);
                let life = self.lives[fault as usize].note(change)?;
                Some((fault, life))
            }
            _ => None,
        }
    }

    /// Finds the numbers of names that were not known before.
    fn look_up(&mut self, plan: &crate::plan::Plan, names: &Names) {
        if self.names_seen == names.len() {
            return;
        }
        self.names_seen = names.len();
        for index in &self.watching {
            let state = &mut self.states[*index as usize];
            if let (None, On::Event { name, .. } | On::Metric { name, .. }) =
                (state.name, &plan.trigger(*index).on)
            {
                let found: Option<NameId> = names.find(name);
                state.name = found;
            }
        }
    }
}

impl Living {
    fn note(&mut self, change: FaultChange) -> Option<Life> {
        match change {
            FaultChange::Active => {
                self.active += 1;
                self.landed &= self.active > 1;
                (self.active == 1).then_some(Life::Started)
            }
            FaultChange::Landed => {
                (!core::mem::replace(&mut self.landed, true)).then_some(Life::Landed)
            }
            FaultChange::Healed => {
                self.active = self.active.saturating_sub(1);
                (self.active == 0).then_some(Life::Ended)
            }
            FaultChange::Clamped => None,
        }
    }
}
