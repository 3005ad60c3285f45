//! The loop on the engine: sensor, controller and actuator as processes, messages between nodes.
//!
//! Timing: sample at k h; the job runs on that sample; its output reaches the plant at k h plus
//! computing, delay and links; what is due exactly at (k+1) h acts before sample k+1.

use super::jobs::{Jobs, Outcome};
use super::plant::{Controller, Physics};
use squall_core::world::{Body, MemorySet};
use squall_core::{Cx, KnobId, NameId, NodeId, VirtualDuration, VirtualTime};
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Poll, Waker};

/// What happens to a job whose predecessor still runs when its sample comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overrun {
    /// It is skipped.
    Skip,
    /// It takes the place of its predecessor.
    Kill,
    /// It waits; one job at most does, the latest.
    Queue,
}

/// Names in records.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names {
    pub(super) y: NameId,
    pub(super) u: NameId,
    pub(super) cost: NameId,
    pub(super) response: NameId,
    pub(super) lateness: NameId,
    pub(super) actuated: NameId,
    pub(super) missed: NameId,
    pub(super) late: NameId,
    pub(super) diverged: NameId,
    pub(super) recovered: NameId,
}

/// Parameters that faults set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Knobs {
    pub(super) delay: KnobId,
    pub(super) gain: KnobId,
    pub(super) loss: KnobId,
    pub(super) load: KnobId,
}

/// Where the parts of a loop are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Roles {
    pub(super) sensor: NodeId,
    pub(super) controller: NodeId,
    pub(super) actuator: NodeId,
}

/// The working set of the controller.
#[derive(Clone, Copy, Debug)]
pub(super) struct Memory {
    pub(super) bytes: u64,
    pub(super) pages: u32,
    pub(super) zipf: f64,
    pub(super) writes: f64,
}

/// One loop: what its parts share, and what goes on whoever crashes.
#[derive(Debug)]
pub(super) struct Loop {
    pub(super) period: VirtualDuration,
    pub(super) roles: Roles,
    pub(super) names: Names,
    pub(super) knobs: Knobs,
    pub(super) jobs: Jobs,
    pub(super) overrun: Overrun,
    pub(super) memory: Memory,
    pub(super) bound: f64,
    /// Services of samples and of commands.
    pub(super) services: [String; 2],
    pub(super) physics: RefCell<Physics>,
    /// Jobs that met their deadline and are not judged yet.
    pub(super) hits: RefCell<Vec<u64>>,
    /// The first job that is not judged yet.
    pub(super) judged: Cell<u64>,
    pub(super) out: Cell<bool>,
}

/// A sample or a command: its job, when the sample was taken, the value.
#[derive(Clone, Copy, Debug)]
struct Signal {
    k: u64,
    stamp: VirtualTime,
    value: f64,
}

impl Signal {
    const fn body(self) -> Body {
        let words = [self.k, self.stamp.as_nanos(), self.value.to_bits()];
        Body::Words([words[0], words[1], words[2], 0, 0, 0, 0, 0])
    }
    fn of(body: &Body) -> Self {
        let [k, stamp, bits, ..] = body.words();
        Self {
            k,
            stamp: VirtualTime::from_nanos(stamp),
            value: f64::from_bits(bits),
        }
    }
}

impl Loop {
    fn start_of(&self, k: u64) -> VirtualTime {
        VirtualTime::ZERO + self.period * k
    }
    const fn period_at(&self, now: VirtualTime) -> u64 {
        now.as_nanos() / self.period.as_nanos()
    }

    /// A command reaches the plant.
    fn actuate(&self, cx: &Cx, command: Signal) {
        let now = cx.now();
        let response = now.since(command.stamp);
        let deadline = self.start_of(command.k + 1);
        let lateness = now.since(deadline);
        self.physics.borrow_mut().apply(now, command.value);
        cx.sample(self.names.u, command.value);
        cx.sample(self.names.response, response.as_secs_f64());
        cx.sample(self.names.lateness, lateness.as_secs_f64());
        cx.event(self.names.actuated, command.k, response.as_nanos());
        if now <= deadline {
            self.hits.borrow_mut().push(command.k);
        } else {
            cx.event(self.names.late, command.k, lateness.as_nanos());
        }
    }

    /// Records what the plant did up to now and which jobs missed their deadline.
    fn observe(&self, cx: &Cx, now: VirtualTime) {
        let mut physics = self.physics.borrow_mut();
        physics.advance(now);
        for crossing in physics.crossed.drain(..) {
            if let Some(cost) = crossing.cost {
                cx.sample(self.names.cost, cost);
            }
            cx.sample(self.names.y, crossing.y);
            // A NaN is outside too.
            let inside = |bound: f64| crossing.y.abs() <= bound;
            if !self.out.get() && !inside(self.bound) {
                self.out.set(true);
                cx.event(self.names.diverged, crossing.k, crossing.y.to_bits());
            } else if self.out.get() && inside(self.bound / 2.0) {
                self.out.set(false);
                cx.event(self.names.recovered, crossing.k, crossing.y.to_bits());
            }
        }
        let over = self.period_at(now);
        let mut hits = self.hits.borrow_mut();
        for k in self.judged.get()..over {
            if !hits.contains(&k) {
                let noticed = now.since(self.start_of(k + 1));
                cx.event(self.names.missed, k, noticed.as_nanos());
            }
        }
        hits.retain(|k| *k >= over);
        self.judged.set(self.judged.get().max(over));
    }
}

/// The sensor's process; the controller's too where both are on one node.
pub(super) async fn sensor(cx: Cx, shared: Rc<Loop>, law: Option<Box<dyn Controller>>) {
    let control = law.map(|law| Control::new(cx.clone(), Rc::clone(&shared), law));
    let port = cx.port(shared.roles.controller, &shared.services[0]);
    let one = VirtualDuration::from_nanos(1);
    let start = cx.now().as_nanos();
    let mut k = start.div_ceil(shared.period.as_nanos());
    loop {
        // The timer is armed a nanosecond before the sample, after everything else that is due at
        // that instant was scheduled: a command with a delay of one period acts first.
        let at = shared.start_of(k);
        cx.sleep_until(VirtualTime::ZERO + (at.since(VirtualTime::ZERO).saturating_sub(one)))
            .await;
        cx.sleep_until(at).await;
        let now = cx.now();
        shared.observe(&cx, now);
        // A sensor that was paused samples late, in the period that it is now.
        k = shared.period_at(now);
        let sample = Signal {
            k,
            stamp: now,
            value: shared.physics.borrow_mut().output(now),
        };
        match &control {
            Some(control) => control.sampled(sample),
            None => cx.send(port, sample.body()),
        }
        k += 1;
    }
}

/// The controller's process where the sensor is on another node.
pub(super) async fn controller(cx: Cx, shared: Rc<Loop>, law: Box<dyn Controller>) {
    let inbox = cx.listen(&shared.services[0]);
    let control = Control::new(cx, shared, law);
    loop {
        control.sampled(Signal::of(&inbox.recv().await.body));
    }
}

/// The actuator's process where the controller is on another node.
pub(super) async fn actuator(cx: Cx, shared: Rc<Loop>) {
    let inbox = cx.listen(&shared.services[1]);
    loop {
        let command = Signal::of(&inbox.recv().await.body);
        shared.actuate(&cx, command);
    }
}

/// A controller while its process lives.
struct Control {
    cx: Cx,
    shared: Rc<Loop>,
    law: RefCell<Box<dyn Controller>>,
    memory: Option<MemorySet>,
    /// The job that runs: its number in the order of starts, and what stops it.
    running: RefCell<Option<(u64, Waker)>>,
    started: Cell<u64>,
    waiting: Cell<Option<Signal>>,
}

impl Control {
    fn new(cx: Cx, shared: Rc<Loop>, law: Box<dyn Controller>) -> Rc<Self> {
        let Memory {
            bytes,
            zipf,
            writes,
            ..
        } = shared.memory;
        let memory = (bytes > 0).then(|| cx.memory_set(bytes, zipf, writes));
        Rc::new(Self {
            cx,
            shared,
            law: RefCell::new(law),
            memory,
            running: RefCell::new(None),
            started: Cell::new(0),
            waiting: Cell::new(None),
        })
    }
    /// A sample is there.
    fn sampled(self: &Rc<Self>, sample: Signal) {
        let loss = self.cx.knob(self.shared.knobs.loss);
        let outcome = self.shared.jobs.outcome(sample.k, loss);
        if outcome == Outcome::Lost {
            return;
        }
        if self.running.borrow().is_some() {
            match self.shared.overrun {
                Overrun::Skip => return,
                Overrun::Queue => {
                    self.waiting.set(Some(sample));
                    return;
                }
                Overrun::Kill => {
                    let killed = self.running.borrow_mut().take();
                    if let Some((_, waker)) = killed {
                        waker.wake();
                    }
                }
            }
        }
        self.start(sample, outcome);
    }
    fn start(self: &Rc<Self>, sample: Signal, outcome: Outcome) {
        let load = self.cx.knob(self.shared.knobs.load);
        let work = self.shared.jobs.compute(sample.k, load);
        let pages = self.shared.memory.pages;
        if work.is_zero() && (pages == 0 || self.memory.is_none()) {
            self.finish(sample, outcome);
            return;
        }
        let number = self.started.get();
        self.started.set(number + 1);
        *self.running.borrow_mut() = Some((number, Waker::noop().clone()));
        let me = Rc::clone(self);
        self.cx.spawn(async move {
            if me.run(number, work, pages).await {
                *me.running.borrow_mut() = None;
                me.finish(sample, outcome);
                if let Some(next) = me.waiting.take() {
                    let loss = me.cx.knob(me.shared.knobs.loss);
                    let outcome = me.shared.jobs.outcome(next.k, loss);
                    me.start(next, outcome);
                }
            }
        });
    }
    /// Computes; false if the job was killed.
    async fn run(&self, number: u64, work: VirtualDuration, pages: u32) -> bool {
        let compute = self.cx.compute(work);
        let mut compute = pin!(match self.memory {
            Some(set) if pages > 0 => compute.touching(set, pages),
            _ => compute,
        });
        std::future::poll_fn(|context| {
            match &mut *self.running.borrow_mut() {
                Some((running, waker)) if *running == number => {
                    waker.clone_from(context.waker());
                }
                _ => return Poll::Ready(false),
            }
            compute.as_mut().poll(context).map(|()| true)
        })
        .await
    }
    /// The job is done: its output goes on its way.
    fn finish(&self, sample: Signal, outcome: Outcome) {
        let gain = self.cx.knob(self.shared.knobs.gain);
        let u = gain * self.law.borrow_mut().step(sample.value);
        if outcome == Outcome::Dropped {
            return;
        }
        let factor = self.cx.knob(self.shared.knobs.delay);
        let delay = self.shared.jobs.delay(sample.k, factor);
        let command = Signal { value: u, ..sample };
        if delay.is_zero() {
            deliver(&self.cx, &self.shared, command);
            return;
        }
        let (cx, shared) = (self.cx.clone(), Rc::clone(&self.shared));
        self.cx.spawn(async move {
            cx.sleep(delay).await;
            deliver(&cx, &shared, command);
        });
    }
}

/// A command leaves the controller's node.
fn deliver(cx: &Cx, shared: &Loop, command: Signal) {
    let roles = shared.roles;
    if roles.actuator == roles.controller {
        shared.actuate(cx, command);
    } else {
        let port = cx.port(roles.actuator, &shared.services[1]);
        cx.send(port, command.body());
    }
}
