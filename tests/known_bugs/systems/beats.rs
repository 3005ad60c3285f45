//! A worker that shows by heartbeats that it lives, and a watcher that waits a second for one: the
//! first node of the scenario and the second.
//!
//! `toy.declared-dead`: the watcher gave up a worker that lives. `toy.worked`: the worker did a piece.

use crate::pair::nodes;
use squall::core::world::{Body, Cx};
use squall::core::{PortId, VirtualDuration};
use squall::scenarios::workloads::Install;
use std::cell::Cell;
use std::rc::Rc;

const BEAT: VirtualDuration = VirtualDuration::from_millis(100);
const PATIENCE: VirtualDuration = VirtualDuration::from_secs(1);

/// What the worker does beside its heartbeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// It computes for 150 ms.
    Compute,
    /// It appends a line to its log, and waits until that is durable.
    Log,
    /// It sends four pieces of 32 KiB to the watcher.
    Send,
}

/// How the two go together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Beats {
    /// The work.
    pub(crate) work: Work,
    /// Whether heartbeats do not wait for the work: they are another task's. A worker that sends has two
    /// tasks anyway, but one link; then this is whether a piece waits until the watcher has the last one.
    pub(crate) apart: bool,
}

/// Puts worker and watcher on the nodes.
pub(crate) fn install(install: &mut Install<'_>, beats: Beats) {
    let [worker, watcher] = nodes(install);
    let world = &mut *install.world;
    let [dead, worked] = ["toy.declared-dead", "toy.worked"].map(|name| world.name(name));
    let [beat, pieces] = ["beats", "pieces"].map(|name| world.port(watcher, name));
    let answers = world.port(worker, "answers");
    let answered = Rc::new(Cell::new(0));
    let taken = Rc::clone(&answered);
    world.process(worker, "answers", move |cx| {
        let taken = Rc::clone(&taken);
        async move {
            let inbox = cx.listen("answers");
            loop {
                inbox.recv().await;
                taken.set(taken.get() + 1);
            }
        }
    });
    world.process(worker, "worker", move |cx| {
        let worker = Worker {
            cx,
            beats,
            beat,
            pieces,
            answered: Rc::clone(&answered),
        };
        async move {
            if beats.apart || beats.work == Work::Send {
                let cx = worker.cx.clone();
                let beating = worker.clone();
                cx.spawn(async move { beating.beat().await });
            }
            loop {
                worker.work().await;
                worker.cx.event(worked, 0, 0);
                if !beats.apart {
                    worker.tell();
                }
                worker.cx.sleep(BEAT).await;
            }
        }
    });
    world.process(watcher, "pieces", move |cx| async move {
        let inbox = cx.listen("pieces");
        loop {
            inbox.recv().await;
            cx.send(answers, Body::Words([0; 8]));
        }
    });
    world.process(watcher, "watcher", move |cx| async move {
        let inbox = cx.listen("beats");
        loop {
            if cx.timeout(PATIENCE, inbox.recv()).await.is_err() {
                cx.event(dead, 0, 0);
            }
        }
    });
}

#[derive(Clone, Debug)]
struct Worker {
    cx: Cx,
    beats: Beats,
    beat: PortId,
    pieces: PortId,
    answered: Rc<Cell<u64>>,
}

impl Worker {
    fn tell(&self) {
        self.cx.send(self.beat, Body::Words([0; 8]));
    }

    async fn beat(&self) {
        loop {
            self.tell();
            self.cx.sleep(BEAT).await;
        }
    }

    async fn work(&self) {
        match self.beats.work {
            Work::Compute => self.cx.compute(VirtualDuration::from_millis(150)).await,
            Work::Log => {
                let log = self.cx.disk().open("log");
                // A line that was not written is missed by nobody here.
                if log.append(&[b'.'; 80]).await.is_ok() {
                    let _ = log.sync().await;
                }
            }
            Work::Send => {
                for _ in 0..4 {
                    let before = self.answered.get();
                    self.cx
                        .send_sized(self.pieces, Body::Words([0; 8]), 32 << 10);
                    while self.beats.apart && self.answered.get() == before {
                        self.cx.sleep(VirtualDuration::from_millis(5)).await;
                    }
                }
            }
        }
    }
}
