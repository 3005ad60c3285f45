//! The groups of a node: who is in which, and what a kill inside one takes with it.

use super::{HostMemory, Kernel};
use crate::memory::Domain;
use crate::world::message::CallState;
use crate::world::node::{Deferred, Life};
use crate::world::{CallError, MemoryRules};
use crate::{NodeId, VirtualTime};

impl HostMemory {
    /// Puts the rules of a node in force, before the run begins.
    pub(super) fn rule(domain: &mut Domain, rules: &MemoryRules) {
        domain.set_watermarks(VirtualTime::ZERO, rules.kswapd);
        domain.set_high(VirtualTime::ZERO, 0, rules.high);
        for (index, group) in rules.groups.iter().enumerate() {
            let before = &rules.groups[..index];
            let parent = group.inside.as_ref().map_or(0, |outer| {
                let at = before.iter().position(|other| other.name == *outer);
                1 + at.expect("a group stands behind the one it is in")
            });
            domain.add_group(parent, group.limit);
        }
    }
}

impl Kernel {
    /// The life that a process of this name begins on a node.
    pub(in crate::world) fn life_of(&self, node: NodeId, process: &str) -> Life {
        let place = &self.nodes[node.index()];
        let rules = self.hosts.list[node.index()].rules.as_deref();
        let group = rules.and_then(|rules| rules.group_of(process));
        let group = group.map_or(0, |index| index + 1);
        Life {
            incarnation: place.incarnation,
            group: u8::try_from(group).expect("a node has at most 255 memory groups"),
            kills: place.kills.get(group).copied().unwrap_or(0),
        }
    }

    /// The kernel kills the processes of one memory group (0: of none but the node), the calls they have
    /// taken are reset, and they are started again at once. A call still under way reaches the next life:
    /// a client's one connection to a node is to all groups on it. Without groups all on the node dies.
    pub(super) fn restart_group(&mut self, node: NodeId, group: usize) {
        let place = &mut self.nodes[node.index()];
        let Some(kills) = place.kills.get_mut(group) else {
            return self.restart_processes(node);
        };
        *kills = kills.wrapping_add(1);
        let group = u8::try_from(group).expect("a node has at most 255 memory groups");
        if group == 0 {
            // Handlers are in no group.
            place.born = self.sequence;
            place
                .deferred
                .retain(|what| matches!(what, Deferred::Task(_)));
        }
        self.memory_freed(node, group);
        self.tasks.kill_group(node, group, &mut self.dead);
        let ports: Vec<_> = self.nodes[node.index()].ports.clone();
        for (_, port) in ports {
            let port = &mut self.ports[port.index()];
            if port.group == group {
                port.open = false;
                port.handler = None;
                port.queue.clear();
                port.waiting.clear();
            }
        }
        for index in 0..self.calls.len() {
            let call = &self.calls[index];
            let taken = call.server == node && call.state == CallState::Pending(true);
            if taken && self.ports[call.port.index()].group == group {
                let reference = self.call_ref(index);
                self.reply_from_network(reference, CallError::Reset);
            }
        }
        if group == 0 {
            self.memory_started(node);
        }
        self.starting.push((node, Some(group)));
    }

    /// The processes of a group died: their pages are free.
    fn memory_freed(&mut self, node: NodeId, group: u8) {
        let now = self.time();
        if let Some(memory) = self.memory(node) {
            memory.free_sets(now, |own| own == group);
        }
        self.pressure_changed(node);
    }
}
