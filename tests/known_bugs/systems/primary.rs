//! Nodes that choose a primary by heartbeats: the first of those that are there. Each tells each other
//! one every 100 ms whom it follows; whom nobody heard of for a second is gone.
//!
//! `toy.two-primaries`: a node became primary while another one was.

use squall::core::world::{Body, Cx};
use squall::core::{NameId, PortId, VirtualDuration};
use squall::scenarios::workloads::Install;
use std::cell::RefCell;
use std::rc::Rc;

const BEAT: VirtualDuration = VirtualDuration::from_millis(100);
/// Silence after which a node is gone.
const PATIENCE: VirtualDuration = VirtualDuration::from_secs(1);

/// What one node knows of another.
#[derive(Clone, Copy, Debug, Default)]
struct Peer {
    /// When it was heard last.
    heard: Option<VirtualDuration>,
    /// What its last message said: when it was sent, and whom it follows.
    sent: u64,
    follows: u64,
    /// When the message was sent that it says to have heard last of this node.
    echoed: VirtualDuration,
}

/// Puts a member on every node. With `majority` a primary needs a majority that follows it, and follows
/// nobody else before its patience is over; it steps down before that.
pub(crate) fn install(install: &mut Install<'_>, majority: bool) {
    let nodes = install.nodes().to_vec();
    let world = &mut *install.world;
    let two = world.name("toy.two-primaries");
    let ports: Vec<PortId> = nodes
        .iter()
        .map(|node| world.port(*node, "member"))
        .collect();
    // Who is primary: what nobody but the test sees.
    let primaries = Rc::new(RefCell::new(vec![false; nodes.len()]));
    for (own, node) in nodes.iter().enumerate() {
        let (ports, primaries) = (ports.clone(), Rc::clone(&primaries));
        world.process(*node, "member", move |cx| {
            let member = Member {
                own,
                majority,
                two,
                peers: vec![Peer::default(); ports.len()],
                follows: own,
                primaries: Rc::clone(&primaries),
            };
            member.run(cx, ports.clone())
        });
    }
}

#[derive(Debug)]
struct Member {
    own: usize,
    majority: bool,
    two: NameId,
    peers: Vec<Peer>,
    follows: usize,
    primaries: Rc<RefCell<Vec<bool>>>,
}

impl Member {
    async fn run(mut self, cx: Cx, ports: Vec<PortId>) {
        let inbox = cx.listen("member");
        // Who comes back does not know whom it followed.
        let started = cx.monotonic();
        let mut next = started;
        loop {
            let now = cx.monotonic();
            if now < next {
                if let Ok(message) = cx.timeout(next.saturating_sub(now), inbox.recv()).await {
                    self.hear(cx.monotonic(), message.body.words());
                }
                continue;
            }
            next = now + BEAT;
            if now.saturating_sub(started) >= PATIENCE {
                self.choose(now);
                self.be_primary(&cx, now);
            }
            for (other, port) in ports
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != self.own)
            {
                let words = [self.own, self.follows].map(|n| n as u64);
                let echo = self.peers[other].sent;
                let body = [words[0], words[1], now.as_nanos(), echo, 0, 0, 0, 0];
                cx.send(*port, Body::Words(body));
            }
        }
    }

    fn hear(&mut self, now: VirtualDuration, words: [u64; 8]) {
        let [from, follows, sent, echo, ..] = words;
        let peer = &mut self.peers[usize::try_from(from).unwrap()];
        peer.heard = Some(now);
        (peer.follows, peer.sent) = (follows, sent);
        peer.echoed = VirtualDuration::from_nanos(echo);
    }

    fn there(&self, node: usize, now: VirtualDuration) -> bool {
        let heard = self.peers[node].heard;
        node == self.own || heard.is_some_and(|at| now.saturating_sub(at) < PATIENCE)
    }

    /// Whom it follows: the first that is there; with a majority's say, the same as before while that
    /// is.
    fn choose(&mut self, now: VirtualDuration) {
        let stays = self.majority && self.follows != self.own && self.there(self.follows, now);
        if !stays {
            let first = (0..self.peers.len()).find(|node| self.there(*node, now));
            self.follows = first.unwrap_or(self.own);
        }
    }

    fn be_primary(&self, cx: &Cx, now: VirtualDuration) {
        let lately = |peer: &&Peer| now.saturating_sub(peer.echoed) + BEAT < PATIENCE;
        let mine = |peer: &&Peer| peer.follows == self.own as u64 && peer.heard.is_some();
        let behind = self.peers.iter().filter(mine).filter(lately).count() + 1;
        let enough = !self.majority || 2 * behind > self.peers.len();
        let primary = self.follows == self.own && enough;
        let mut all = self.primaries.borrow_mut();
        let before = std::mem::replace(&mut all[self.own], primary);
        if primary && !before && all.iter().filter(|primary| **primary).count() > 1 {
            cx.event(self.two, self.own as u64, 0);
        }
    }
}
