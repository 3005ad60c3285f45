//! The loop on the engine: sensor, controller and actuator as processes, messages between nodes.
//!
//! Timing, by the monotonic clock of the sensor: sample at k h; the job runs on that sample; its output reaches the plant at k h plus
//! computing, delay and links; what is due exactly at (k+1) h acts before sample k+1.

use super::drive::{drive, watchdog};
use super::guard::Gate;
use super::jobs::{Losses, Outcome};
use super::plant::Controller;
use super::sampled::{Loop, Memory, Overrun, Signal};
use super::sensing::Reporter;
use super::standby::{Standby, stand_by};
use squall_core::world::MemorySet;
use squall_core::{Cx, VirtualDuration};
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Poll, Waker};

/// The sensor's process; the controller's too where both are on one node.
pub(super) async fn sensor(cx: Cx, shared: Rc<Loop>, law: Option<Box<dyn Controller>>) {
    let roles = shared.roles;
    let control = law.map(|law| Control::new(cx.clone(), Rc::clone(&shared), law));
    let first = control.is_none().then_some(roles.controller);
    let elsewhere = first.into_iter().chain(roles.backup);
    let ports = elsewhere.map(|node| cx.port(node, &shared.services[0]));
    let reporter = Reporter::new(Rc::clone(&shared), control, ports.collect());
    if roles.actuator == roles.controller && roles.sensor == roles.controller {
        watch_commands(&cx, &shared);
    }
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
            wall: if shared.guard.by_wall {
                cx.wall_clock().as_nanos()
            } else {
                0
            },
            epoch: 0,
            safe: false,
        };
        reporter.measure(&cx, sample);
        k += 1;
    }
}

/// Starts the actuator's watchdog, if it has one, in the process that holds the actuator.
fn watch_commands(cx: &Cx, shared: &Rc<Loop>) {
    if let Some(limit) = shared.guard.zero_after {
        cx.spawn(watchdog(cx.clone(), Rc::clone(shared), limit));
    }
}

/// The controller's process where the sensor is on another node, and the second controller's.
pub(super) async fn controller(cx: Cx, shared: Rc<Loop>, law: Box<dyn Controller>) {
    let inbox = cx.listen(&shared.services[0]);
    let roles = shared.roles;
    if roles.actuator == roles.controller && cx.node() == roles.controller {
        watch_commands(&cx, &shared);
    }
    let control = Control::new(cx, shared, law);
    loop {
        control.sampled(Signal::of(&inbox.recv().await.body));
    }
}

/// The actuator's process where the controller is on another node.
pub(super) async fn actuator(cx: Cx, shared: Rc<Loop>) {
    let inbox = cx.listen(&shared.services[1]);
    watch_commands(&cx, &shared);
    loop {
        let command = Signal::of(&inbox.recv().await.body);
        drive(&cx, &shared, command);
    }
}

/// A controller while its process lives.
pub(super) struct Control {
    cx: Cx,
    shared: Rc<Loop>,
    law: RefCell<Box<dyn Controller>>,
    memory: Option<MemorySet>,
    /// The latest job that runs: its number in the order of starts, what stops it, its sample.
    running: RefCell<Option<(u64, Waker, Signal)>>,
    started: Cell<u64>,
    waiting: Cell<Option<(Signal, Outcome)>>,
    gate: Gate,
    standby: Rc<Standby>,
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
        let standby = Rc::new(Standby::new(&cx, &shared));
        stand_by(&cx, &shared, &standby);
        Rc::new(Self {
            cx,
            shared,
            law: RefCell::new(law),
            memory,
            running: RefCell::new(None),
            started: Cell::new(0),
            waiting: Cell::new(None),
            gate: Gate::default(),
            standby,
        })
    }
    /// A sample is there.
    pub(super) fn sampled(self: &Rc<Self>, sample: Signal) {
        let shared = &self.shared;
        let at = (&self.cx, shared.period);
        if let Err(reason) = self.gate.admit(&shared.guard, &sample, at) {
            self.cx
                .event(shared.extra.rejected, sample.k, reason as u64);
            return;
        }
        let outcome = shared
            .jobs
            .outcome(sample.k, Losses::now(&self.cx, &shared.knobs));
        if outcome == Outcome::Lost {
            return;
        }
        let busy = self.running.borrow().as_ref().map(|(_, _, sample)| *sample);
        if let Some(earlier) = busy {
            match Overrun::of(self.cx.knob(shared.knobs.overrun)) {
                Overrun::Skip => return self.missed(sample),
                Overrun::Queue => {
                    let waited = self.waiting.replace(Some((sample, outcome)));
                    if let Some((waited, _)) = waited {
                        self.missed(waited);
                    }
                    return;
                }
                Overrun::Kill => {
                    let killed = self.running.borrow_mut().take();
                    if let Some((_, waker, _)) = killed {
                        waker.wake();
                    }
                    self.missed(earlier);
                }
                Overrun::Continue => {}
            }
        }
        self.start(sample, outcome);
    }
    /// A job was skipped or killed: what becomes of the state, and of the command in force.
    fn missed(&self, sample: Signal) {
        let knobs = &self.shared.knobs;
        if self.cx.knob(knobs.miss_state) > 0.5 {
            self.law.borrow_mut().step(sample.value);
        }
        if self.cx.knob(knobs.miss_output) > 0.5 {
            self.send(Signal {
                value: 0.0,
                safe: true,
                ..sample
            });
        }
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
        let beside = self.running.borrow().is_some();
        if !beside {
            *self.running.borrow_mut() = Some((number, Waker::noop().clone(), sample));
        }
        let me = Rc::clone(self);
        self.cx.spawn(async move {
            if me.run(number, beside, (work, pages)).await {
                if !beside {
                    *me.running.borrow_mut() = None;
                }
                me.finish(sample, outcome);
                if let Some((next, outcome)) = me.waiting.take() {
                    me.start(next, outcome);
                }
            }
        });
    }
    /// Computes; false if the job was killed.
    /// One that runs beside another is not stopped.
    async fn run(&self, number: u64, beside: bool, load: (VirtualDuration, u32)) -> bool {
        let (work, pages) = load;
        let compute = self.cx.compute(work);
        let mut compute = pin!(match self.memory {
            Some(set) if pages > 0 && self.shared.memory.in_order => compute.scanning(set, pages),
            Some(set) if pages > 0 => compute.touching(set, pages),
            _ => compute,
        });
        std::future::poll_fn(|context| {
            match &mut *self.running.borrow_mut() {
                Some((running, waker, _)) if *running == number => {
                    waker.clone_from(context.waker());
                }
                _ if beside => {}
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
        self.send(Signal { value: u, ..sample });
    }
    /// A command goes on its way, if this controller is to give any.
    fn send(&self, command: Signal) {
        let Some(epoch) = self.standby.commands() else {
            return;
        };
        let command = Signal { epoch, ..command };
        let factor = self.cx.knob(self.shared.knobs.delay);
        let delay = self.shared.jobs.delay(command.k, factor);
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
fn deliver(cx: &Cx, shared: &Rc<Loop>, command: Signal) {
    let roles = shared.roles;
    if roles.actuator == cx.node() {
        drive(cx, shared, command);
    } else {
        let port = cx.port(roles.actuator, &shared.services[1]);
        cx.send(port, command.body());
    }
}
