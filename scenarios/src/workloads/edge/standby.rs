//! A second controller that takes over when it hears nothing of the first.
//!
//! Both get all samples. The active one sends a sign of life to the other every `heartbeat`; the
//! other computes too, so that its state follows, and keeps its commands to itself. One that has
//! heard nothing for `after` takes over, with an epoch higher than any it knows; an active one that
//! hears of a higher epoch stands by. When only the way between them is cut both are active: what an
//! actuator without a fence makes of that is the question.

use super::sampled::Loop;
use squall_core::world::Body;
use squall_core::{Cx, NodeId, VirtualDuration, VirtualTime};
use std::cell::Cell;
use std::rc::Rc;

/// When a controller takes over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Takeover {
    pub(super) heartbeat: VirtualDuration,
    pub(super) after: VirtualDuration,
}

/// The role of one controller; it dies with its process.
#[derive(Debug)]
pub(super) struct Standby {
    active: Cell<bool>,
    epoch: Cell<u64>,
    heard: Cell<VirtualDuration>,
}

impl Standby {
    /// A controller without another one is always active. Of two, the first is at the start of the
    /// run; one that starts later cannot know, and waits.
    pub(super) fn new(cx: &Cx, shared: &Loop) -> Self {
        let first = cx.node() == shared.roles.controller && cx.now() == VirtualTime::ZERO;
        Self {
            active: Cell::new(shared.roles.backup.is_none() || first),
            epoch: Cell::new(0),
            heard: Cell::new(cx.monotonic()),
        }
    }
    /// The epoch of its commands, if it is to give any.
    pub(super) fn commands(&self) -> Option<u64> {
        self.active.get().then(|| self.epoch.get())
    }
}

/// The tasks of a controller that has another one beside it.
pub(super) fn stand_by(cx: &Cx, shared: &Rc<Loop>, standby: &Rc<Standby>) {
    let Some(backup) = shared.roles.backup else {
        return;
    };
    let first = cx.node() == shared.roles.controller;
    let other = if first {
        backup
    } else {
        shared.roles.controller
    };
    let parts = (Rc::clone(shared), Rc::clone(standby));
    cx.spawn(listen(cx.clone(), parts.clone()));
    cx.spawn(live(cx.clone(), parts, other));
}

/// Hears the other one.
async fn listen(cx: Cx, (shared, standby): (Rc<Loop>, Rc<Standby>)) {
    let inbox = cx.listen(&shared.services[2]);
    loop {
        let epoch = inbox.recv().await.body.words()[0];
        standby.heard.set(cx.monotonic());
        if epoch > standby.epoch.get() {
            standby.epoch.set(epoch);
            standby.active.set(false);
        }
    }
}

/// Says that it lives while it is active, and takes over when the other does not.
async fn live(cx: Cx, (shared, standby): (Rc<Loop>, Rc<Standby>), other: NodeId) {
    let Takeover { heartbeat, after } = shared.takeover;
    let port = cx.port(other, &shared.services[2]);
    loop {
        let silence = cx.monotonic().saturating_sub(standby.heard.get());
        if !standby.active.get() && silence > after {
            standby.active.set(true);
            standby.epoch.set(standby.epoch.get() + 1);
            cx.event(
                shared.extra.took_over,
                standby.epoch.get(),
                silence.as_nanos(),
            );
        }
        if standby.active.get() {
            cx.send(
                port,
                Body::Words([standby.epoch.get(), 0, 0, 0, 0, 0, 0, 0]),
            );
        }
        cx.sleep(heartbeat).await;
    }
}
