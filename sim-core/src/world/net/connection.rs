//! Connections: what a client keeps to a server, and how they break.
//!
//! A client has one connection to each server, opened by its first call. A call that ends without an
//! answer of the service closes it: those that come after open a new one. A server that restarted does
//! not know connections from before: it resets them when it hears of them.

use crate::plan::{LinkTarget, ResetEnds};
use crate::world::CallError;
use crate::world::kernel::Kernel;
use crate::world::link::Connection;
use crate::world::message::{Arrived, CallRef, CallState};
use crate::{EntryId, NodeId};

impl Kernel {
    /// The connection for a new call. One whose server has restarted meanwhile is replaced without
    /// trouble, as pools of connections do; to a server that is down the client cannot tell.
    pub(in crate::world) fn connect(&mut self, client: NodeId, server: NodeId) -> Connection {
        let incarnation = self.nodes[client.index()].incarnation;
        let there = &self.nodes[server.index()];
        let (up, now_there) = (there.up, there.incarnation);
        let fresh = Connection {
            opened: self.now,
            client: incarnation,
            server: None,
        };
        if client == server {
            return fresh;
        }
        let link = self.link(client, server);
        let known = &mut self.links[link].connection;
        let stale = up && known.server.is_some_and(|there| there != now_there);
        if known.opened == Connection::CLOSED.opened || known.client != incarnation || stale {
            *known = fresh;
        }
        *known
    }

    /// Whether the server takes a request that reached it; the first one opens the connection.
    pub(in crate::world) fn accepts(&mut self, call: CallRef) -> bool {
        let Some(slot) = self.call_slot(call) else {
            return true;
        };
        let (client, server, connection) = (slot.client, slot.server, slot.connection);
        let incarnation = self.nodes[server.index()].incarnation;
        if self.calls[call.index as usize].cut_off {
            return false;
        }
        if let Some(known) = connection.server {
            return known == incarnation;
        }
        self.calls[call.index as usize].connection.server = Some(incarnation);
        if let Some(link) = self.link_table.find(&self.links, client, server) {
            let known = &mut self.links[link].connection;
            if known.opened == connection.opened {
                known.server = Some(incarnation);
            }
        }
        true
    }

    /// Whether the server still is the one that took the call.
    pub(in crate::world) fn remembers(&self, call: CallRef) -> bool {
        let slot = &self.calls[call.index as usize];
        let there = self.nodes[slot.server.index()].incarnation;
        slot.connection.server.is_none_or(|known| known == there)
    }

    /// A call failed or was given up: calls that come after it open a new connection.
    pub(in crate::world) fn close_connection(&mut self, call: CallRef) {
        let slot = &self.calls[call.index as usize];
        let (client, server, opened) = (slot.client, slot.server, slot.connection.opened);
        if let Some(link) = self.link_table.find(&self.links, client, server) {
            let known = &mut self.links[link].connection;
            if known.opened == opened {
                *known = Connection::CLOSED;
            }
        }
    }

    /// The processes of the node crashed with a word to their peers: connections break.
    pub(in crate::world) fn reset_connections(&mut self, server: NodeId) {
        for index in 0..self.calls.len() {
            let call = &self.calls[index];
            if call.server == server && call.state == CallState::Pending(true) {
                let reference = self.call_ref(index);
                self.reply_from_network(reference, CallError::Reset);
            }
        }
    }

    /// Connections between the ends of a link break, whichever end is the client.
    pub(in crate::world) fn reset_link(&mut self, id: EntryId, link: LinkTarget, ends: ResetEnds) {
        let sees = |end| ends == ResetEnds::Both || ends == end;
        let mut broken = 0;
        for index in 0..self.calls.len() {
            let call = &self.calls[index];
            let (client, server) = match (call.client, call.server) {
                pair if pair == (link.from, link.to) => (ResetEnds::From, ResetEnds::To),
                pair if pair == (link.to, link.from) => (ResetEnds::To, ResetEnds::From),
                _ => continue,
            };
            if !matches!(call.state, CallState::Pending(_)) || call.cut_off {
                continue;
            }
            broken += 1;
            let reference = self.call_ref(index);
            if sees(server) {
                self.calls[index].cut_off = true;
                self.forget_waiting(reference);
            }
            if sees(client) {
                self.finish_call(reference, Err(CallError::Reset));
            }
        }
        for (from, to) in [(link.from, link.to), (link.to, link.from)] {
            if let Some(link) = self.link_table.find(&self.links, from, to) {
                self.links[link].connection = Connection::CLOSED;
            }
        }
        if broken > 0 {
            self.land(id, broken);
        }
    }

    /// The server's end of a connection is gone: its requests that nobody has taken yet go with it.
    fn forget_waiting(&mut self, call: CallRef) {
        let server = self.calls[call.index as usize].server;
        for (_, port) in &self.nodes[server.index()].ports {
            self.ports[port.index()]
                .queue
                .retain(|arrived| !matches!(arrived, Arrived::Call(w) if w.call == call));
        }
    }
}
