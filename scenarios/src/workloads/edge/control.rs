//! The loop on the engine: sensor, controller and actuator as processes, messages between nodes.
//!
//! Timing, by the monotonic clock of the sensor: sample at k h; the job runs on that sample; its output reaches the plant at k h plus
//! computing, delay and links; what is due exactly at (k+1) h acts before sample k+1.

use super::jobs::Outcome;
use super::plant::Controller;
use super::sampled::{Loop, Memory, Overrun, Signal};
use squall_core::world::MemorySet;
use squall_core::{Cx, VirtualDuration};
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Poll, Waker};

/// The sensor's process; the controller's too where both are on one node.
pub(super) async fn sensor(cx: Cx, shared: Rc<Loop>, law: Option<Box<dyn Controller>>) {
    let control = law.map(|law| Control::new(cx.clone(), Rc::clone(&shared), law));
    let port = cx.port(shared.roles.controller, &shared.services[0]);
    let one = VirtualDuration::from_nanos(1);
    let start = cx.monotonic().as_nanos();
    let mut k = start.div_ceil(shared.period.as_nanos());
    loop {
        // The timer is armed a nanosecond before the sample, after everything else that is due at
        // that instant was scheduled: a command with a delay of one period acts first.
        let at = shared.start_of(k);
        cx.sleep_until_monotonic(at.saturating_sub(one)).await;
        cx.sleep_until_monotonic(at).await;
        let (now, reading) = (cx.now(), cx.monotonic());
        shared.observe(&cx, now, reading);
        // A sensor that was paused samples late, in the period that it is now.
        k = shared.period_at(reading);
        let sample = Signal {
            k,
            stamp: now,
            deadline: now + shared.start_of(k + 1).saturating_sub(reading),
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
    waiting: Cell<Option<(Signal, Outcome)>>,
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
                    self.waiting.set(Some((sample, outcome)));
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
                if let Some((next, outcome)) = me.waiting.take() {
                    me.start(next, outcome);
                }
            }
        });
    }
    /// Computes; false if the job was killed.
    async fn run(&self, number: u64, work: VirtualDuration, pages: u32) -> bool {
        let compute = self.cx.compute(work);
        let mut compute = pin!(match self.memory {
            Some(set) if pages > 0 && self.shared.memory.in_order => compute.scanning(set, pages),
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
            // A delay of converters and buses, which no clock measures.
            cx.sleep_until(cx.now().saturating_add(delay)).await;
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
