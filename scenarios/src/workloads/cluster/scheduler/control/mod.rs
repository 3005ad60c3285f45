//! The control plane: it keeps what shall be, places pods, hears nodes, and scales.
//!
//! What it has written down ([`super::shared::Store`]) survives its crashes; the index over nodes is built anew
//! from that. All that happens between two waits happens at one instant.

mod checks;
mod nodes;
mod pods;
mod scale;
mod upgrade;

use super::config::{PodKind, Source};
use super::events::{Cause, halves};
use super::mutant::Mutant;
use super::placement::{Bound, Cluster, Refusal};
use super::shared::{Phase, Pod, Shared, Store, Work};
use super::wire::{Report, Stamp, unpack};
use core::cell::RefMut;
use core::future::{Future, poll_fn};
use core::pin::{Pin, pin};
use core::task::Poll;
use squall_core::world::{Cx, Inbox, Incoming, Message, Reply, Sleep};
use squall_core::{NameId, VirtualDuration};
use std::collections::BTreeSet;
use std::rc::Rc;

/// Time between two looks at what nobody tells: silence, drains, metrics.
const ROUND: VirtualDuration = VirtualDuration::from_secs(1);

/// What the control plane thinks of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Health {
    Ready,
    /// Silent for longer than the grace period.
    Unready,
    /// Given up, switched off, or never heard: its pods are elsewhere.
    Away,
}

#[derive(Clone, Copy, Debug)]
struct Worker {
    health: Health,
    /// When it was heard last, by the control plane's clock.
    heard: VirtualDuration,
    /// When it said what it said last, by its own clock.
    stamp: Stamp,
    /// The value of its knob `drain`.
    drain: u8,
    /// Since when it has had no pods.
    idle: VirtualDuration,
}

struct Control {
    cx: Cx,
    shared: Rc<Shared>,
    cluster: Cluster,
    /// Shapes of kinds in the cluster.
    shapes: Vec<u32>,
    workers: Vec<Worker>,
    /// Pods that wait, by kind.
    waiting: Vec<BTreeSet<u32>>,
    /// Why those of a kind wait, as it was last recorded.
    reasons: Vec<Option<Refusal>>,
    scalers: Vec<scale::Watch>,
    /// Whether something changed since the scheduler looked.
    dirty: bool,
    /// Workers whose pods changed, and who are to be told.
    changed: BTreeSet<u32>,
    sampled: VirtualDuration,
}

enum Woken {
    Message(Message),
    Call(Incoming),
    Round,
}

/// Runs for ever.
pub(super) async fn run(cx: Cx, shared: Rc<Shared>) {
    let inboxes = (
        cx.listen(&shared.doors.control),
        cx.listen(&shared.doors.submit),
    );
    let mut control = Control::new(cx.clone(), shared);
    control.recover();
    let mut due = cx.monotonic();
    let mut round = Box::pin(cx.sleep_until_monotonic(due));
    loop {
        match next(&inboxes, round.as_mut()).await {
            Woken::Message(message) => control.hear(message),
            Woken::Call(call) => control.submitted(call),
            Woken::Round => {
                control.round();
                due = due.saturating_add(ROUND).max(cx.monotonic());
                round = Box::pin(cx.sleep_until_monotonic(due));
            }
        }
        // What came at the same instant is dealt with in one go.
        while !inboxes.0.is_empty() {
            let message = inboxes.0.recv().await;
            control.hear(message);
        }
        while let Some(call) = inboxes.1.try_accept() {
            control.submitted(call);
        }
        control.schedule();
        control.tell();
    }
}

async fn next((messages, calls): &(Inbox, Inbox), mut round: Pin<&mut Sleep<'_>>) -> Woken {
    let mut recv = pin!(messages.recv());
    let mut accept = pin!(calls.accept());
    poll_fn(|context| {
        if let Poll::Ready(message) = recv.as_mut().poll(context) {
            return Poll::Ready(Woken::Message(message));
        }
        if let Poll::Ready(call) = accept.as_mut().poll(context) {
            return Poll::Ready(Woken::Call(call));
        }
        round.as_mut().poll(context).map(|()| Woken::Round)
    })
    .await
}

impl Control {
    fn new(cx: Cx, shared: Rc<Shared>) -> Self {
        let config = &shared.config;
        let mut cluster = Cluster::new(config.rules.clone());
        for (number, machine) in (0u32..).zip(&config.machines) {
            cluster.add(*machine);
            cluster.lose(number);
        }
        let shapes = config
            .kinds
            .iter()
            .map(|kind| cluster.shape(&kind.shape))
            .collect();
        let now = cx.monotonic();
        let worker = Worker {
            health: Health::Away,
            heard: now,
            stamp: (VirtualDuration::ZERO, 0),
            drain: 0,
            idle: now,
        };
        Self {
            cluster,
            shapes,
            workers: vec![worker; config.workers.len()],
            waiting: vec![BTreeSet::new(); config.kinds.len()],
            reasons: vec![None; config.kinds.len()],
            scalers: config
                .kinds
                .iter()
                .map(|_| scale::Watch::default())
                .collect(),
            dirty: true,
            changed: BTreeSet::new(),
            sampled: now,
            cx,
            shared,
        }
    }
    /// Builds the index from what is written down. Nodes that had pods are taken for well until the grace
    /// period is over.
    fn recover(&mut self) {
        let shared = Rc::clone(&self.shared);
        let mutant = shared.config.mutant;
        let forgets = mutant == Some(Mutant::P02);
        if mutant == Some(Mutant::P24) {
            for work in &mut shared.store.borrow_mut().work {
                if matches!(work, Work::Away(_)) {
                    *work = Work::Done;
                }
            }
        }
        let pods: Vec<(u32, Pod)> = (0u32..)
            .zip(shared.store.borrow().pods.iter().copied())
            .collect();
        for (number, pod) in pods {
            match pod.phase {
                Phase::Gone => {}
                Phase::Waits => {
                    self.waiting[pod.kind as usize].insert(number);
                    if mutant == Some(Mutant::P25) {
                        self.store().pods[number as usize].home = None;
                    }
                }
                Phase::Bound { runs: false, .. } if forgets => {}
                Phase::Bound {
                    worker, gpus, runs, ..
                } => {
                    if self.workers[worker as usize].health == Health::Away {
                        self.welcome(worker);
                    }
                    let bound = Bound {
                        shape: self.shape_of(number),
                        node: worker,
                        gpus,
                        serves: runs,
                    };
                    self.cluster.adopt(number, bound);
                }
            }
        }
    }
    fn now(&self) -> VirtualDuration {
        self.cx.monotonic()
    }
    fn store(&self) -> RefMut<'_, Store> {
        self.shared.store.borrow_mut()
    }
    fn pod(&self, pod: u32) -> Pod {
        self.shared.store.borrow().pods[pod as usize]
    }
    fn event(&self, name: NameId, a: u32, b: u64) {
        self.cx.event(name, u64::from(a), b);
    }
    fn hear(&mut self, message: Message) {
        let Some(report) = unpack::<Report>(message) else {
            return;
        };
        match &*report {
            Report::Status(status) => self.status(status),
            Report::Load(loads) => self.loaded(loads),
        }
    }
    fn round(&mut self) {
        self.listen_for_silence();
        self.upgrade();
        self.drain();
        self.reconcile();
        self.scale();
        self.provision();
        self.sample();
    }
    /// A client submits a job, or a gang of them; once, however often it says so.
    fn submitted(&mut self, call: Incoming) {
        let [ordinal, ns, ..] = call.request.args;
        let kind = u32::try_from(call.request.key).unwrap_or(u32::MAX);
        let Some(PodKind {
            source: Source::Jobs { gang, .. },
            ..
        }) = self.shared.config.kinds.get(kind as usize)
        else {
            return call.fail(&self.cx, 400, None);
        };
        if self.store().accepted.insert((kind, ordinal)) {
            let gang_number = match gang {
                1 => 0,
                _ => {
                    self.store().gangs += 1;
                    self.store().gangs
                }
            };
            for _ in 0..*gang {
                self.add(kind, gang_number, Some(VirtualDuration::from_nanos(ns)));
            }
        }
        call.reply(&self.cx, Reply::default());
    }
    /// A new pod, which waits.
    fn add(&mut self, kind: u32, gang: u32, length: Option<VirtualDuration>) {
        let since = self.cx.now();
        let mut store = self.store();
        let number = u32::try_from(store.pods.len()).expect("fewer than 2^32 pods");
        store.pods.push(Pod {
            kind,
            gang,
            attempt: 0,
            length,
            phase: Phase::Waits,
            home: None,
            since,
        });
        store.live[kind as usize].insert(number);
        drop(store);
        if let Some(home) = &self.shared.homes[kind as usize] {
            home.enlist(number);
        }
        self.waiting[kind as usize].insert(number);
        self.event(self.shared.events.submitted, number, halves(kind, gang));
        self.dirty = true;
    }
}
