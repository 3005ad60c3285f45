//! What control plane, nodes and clients say to each other. Messages are datagrams and may be lost, doubled or
//! overtaken: a node is told all that it shall have, with a number, and says all that it has.

use squall_core::VirtualDuration;
use squall_core::world::{Body, Message};
use std::rc::Rc;

/// A pod as a node is told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Assigned {
    pub(super) pod: u32,
    /// How often it was placed.
    pub(super) attempt: u32,
    pub(super) kind: u32,
    pub(super) gpus: u32,
    /// How long it runs; for ever if missing.
    pub(super) length: Option<VirtualDuration>,
}

/// What happens to a pod on a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Its image is pulled, or it starts.
    Starting,
    Runs,
    Ended,
}

/// To a node.
#[derive(Clone, Debug)]
pub(super) enum Order {
    /// All pods that it shall have; of two orders the one with the higher number counts.
    Have(u64, Vec<Assigned>),
    /// Start the machine.
    Boot,
    /// Stop it.
    Off,
    /// Planned work: stop, and come back renewed.
    Renew,
    /// Requests for pods of it, since the last of these: pod, kind, requests.
    Work(Vec<(u32, u32, f64)>),
}

/// From a node.
#[derive(Clone, Debug)]
pub(super) enum Report {
    /// What a node has.
    Status(Status),
    /// What its replicas did with their requests.
    Load(Vec<Load>),
}

/// When a node said something: its monotonic clock, which goes on over its restarts, and a count for what it says
/// at one instant. What it said earlier may come later, and is not believed then.
pub(super) type Stamp = (VirtualDuration, u64);

/// A node lives, and has these pods.
#[derive(Clone, Debug)]
pub(super) struct Status {
    pub(super) worker: u32,
    pub(super) stamp: Stamp,
    /// The order that it heard last.
    pub(super) order: u64,
    /// Whether planned work was done on it.
    pub(super) renewed: bool,
    /// Pod, attempt, state.
    pub(super) pods: Vec<(u32, u32, State)>,
}

/// What one replica did with its requests.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    pub(super) kind: u32,
    pub(super) done: crate::workloads::cluster::autoscaler::Served,
}

/// As the network carries it.
pub(super) fn pack<T: 'static>(message: T) -> Body {
    Body::Shared(Rc::new(message))
}
/// What arrived, if it is whole: what was damaged does not have its checksum.
pub(super) fn unpack<T: 'static>(message: Message) -> Option<Rc<T>> {
    match (message.body, message.damaged) {
        (Body::Shared(body), false) => body.downcast().ok(),
        _ => None,
    }
}
