//! What the control plane and its nodes tell workloads whose replicas are pods: which replica lives where, and when it
//! begins and ends.
//!
//! Such pods have a volume on the node where they were placed first (`local_volume`), so that a replica has one home
//! for good. Where that is, the control plane has written down, and everybody may look it up, as in a directory of
//! names. That a pod begins or ends, its node says to the process beside it, by a message that never leaves the node.

use core::cell::RefCell;
use squall_core::world::{Body, Cx, Message};
use squall_core::{NodeId, PortId};
use std::collections::BTreeMap;
use std::rc::Rc;

/// The homes of a world, by scheduler and kind of pods.
#[derive(Debug, Default)]
pub struct Homes(BTreeMap<(String, String), Rc<Home>>);

impl Homes {
    /// Those of one kind of pods: the same for all who ask, whoever asks first.
    pub(in crate::workloads::cluster) fn of(&mut self, scheduler: &str, pods: &str) -> Rc<Home> {
        let key = (scheduler.to_owned(), pods.to_owned());
        Rc::clone(self.0.entry(key).or_default())
    }
}

/// Homes of the pods of one kind.
#[derive(Debug, Default)]
pub(in crate::workloads::cluster) struct Home {
    /// Pods in the order in which they came, each with the node of its volume: the first is replica 0.
    replicas: RefCell<Vec<(u32, Option<NodeId>)>>,
    /// The process of each node that hears of pods there.
    doors: RefCell<BTreeMap<NodeId, PortId>>,
}

impl Home {
    /// From now on this port is told of pods on its node.
    pub(in crate::workloads::cluster) fn hear(&self, node: NodeId, port: PortId) {
        self.doors.borrow_mut().insert(node, port);
    }
    /// Where a replica lives, if it was placed.
    pub(in crate::workloads::cluster) fn node(&self, replica: usize) -> Option<NodeId> {
        self.replicas.borrow().get(replica)?.1
    }
    /// A pod is submitted.
    pub(super) fn enlist(&self, pod: u32) {
        self.replicas.borrow_mut().push((pod, None));
    }
    /// It has its place, and its volume there.
    pub(super) fn settle(&self, pod: u32, node: NodeId) {
        let mut replicas = self.replicas.borrow_mut();
        if let Some((_, home)) = replicas.iter_mut().find(|(other, _)| *other == pod) {
            *home = Some(node);
        }
    }
    /// It begins on this node, or ends.
    pub(super) fn tell(&self, cx: &Cx, pod: u32, begins: bool) {
        let replicas = self.replicas.borrow();
        let replica = replicas.iter().position(|(other, _)| *other == pod);
        let door = self.doors.borrow().get(&cx.node()).copied();
        if let (Some(replica), Some(door)) = (replica, door) {
            let words = [replica as u64, u64::from(begins), 0, 0, 0, 0, 0, 0];
            cx.send(door, Body::Words(words));
        }
    }
}

/// What a node says to the process beside it: the replica, and whether it begins.
pub(in crate::workloads::cluster) fn heard(message: &Message) -> (usize, bool) {
    let [replica, begins, ..] = message.body.words();
    (usize::try_from(replica).unwrap_or(usize::MAX), begins == 1)
}
