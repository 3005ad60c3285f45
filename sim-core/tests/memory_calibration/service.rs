//! The measured service as a small event loop of its own: workers, cores, one domain, one device.

use squall_core::memory::{
    Activity, Arrival, ClassSpec, Domain, Intruder, Preset, Pressure, SwapDevice, Tasks, faults,
};
use squall_core::{Key, Sample, Seed, VirtualDuration, VirtualTime};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// One recorded run, as far as the model needs it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Run {
    pub(crate) id: String,
    pub(crate) device: String,
    pub(crate) resident_mib: f64,
    pub(crate) limit_mib: f64,
    pub(crate) touches: u32,
    pub(crate) zipf: f64,
    pub(crate) write_share: f64,
    pub(crate) work_us: f64,
    pub(crate) rate: f64,
    pub(crate) workers: usize,
    pub(crate) seed: u64,
    pub(crate) offered: usize,
    /// Size in MiB, touches a second, and the instants start, ready, free; t0 and t1 of the phases.
    pub(crate) hog_mib: f64,
    pub(crate) hog_rate: f64,
    pub(crate) hog: [f64; 3],
    pub(crate) phase: [f64; 2],
}

/// One completed request: seconds of completion and of response, faults.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Done {
    pub(crate) at: f64,
    pub(crate) took: f64,
    pub(crate) faults: u32,
}

/// What a replay saw.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) done: Vec<Done>,
    pub(crate) queue_max: usize,
    pub(crate) pressure: Pressure,
    pub(crate) end: VirtualTime,
    pub(crate) swapped_out: u64,
    pub(crate) faults: u64,
    /// Pages in use beyond the budget, at most, after a tick.
    pub(crate) excess_max: i64,
}

/// The arrivals as they were recorded, in seconds.
pub(crate) fn arrivals(run: &Run) -> Vec<f64> {
    let mut state = 99_u64.wrapping_mul(run.seed).wrapping_add(3);
    let mut at = 0.0;
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) >> 11
    };
    (0..run.offered)
        .map(|_| {
            at -= libm::log1p(-(next() as f64 / 9_007_199_254_740_992.0)) / run.rate;
            at
        })
        .collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Arrive(usize),
    Step(usize),
    Press,
    Release,
    Tick,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum State {
    #[default]
    Idle,
    Runs,
    Reads,
    ReadsRestored,
    Reclaims,
}

#[derive(Clone, Debug, Default)]
struct Worker {
    request: usize,
    half: u32,
    left: u32,
    faults: u32,
    /// The core time of this fault is paid, the read comes next.
    paid: bool,
    state: State,
}

struct Loop<'a> {
    run: &'a Run,
    arrivals: Vec<f64>,
    events: BinaryHeap<Reverse<(VirtualTime, u64, Event)>>,
    sequence: u64,
    ticking: bool,
    domain: Domain,
    device: SwapDevice,
    cores: [VirtualTime; 2],
    workers: Vec<Worker>,
    queue: VecDeque<usize>,
    keys: [Key; 5],
    ordinals: [u64; 5],
    pressure: Pressure,
    done: Vec<Done>,
    queue_max: usize,
    excess_max: i64,
}

fn at(seconds: f64) -> VirtualTime {
    VirtualTime::ZERO + VirtualDuration::from_secs_f64(seconds)
}

/// Replays one run; `seed` moves the draws, not the arrivals.
pub(crate) fn replay(run: &Run, seed: u64) -> Seen {
    let preset = if run.device.starts_with("zram") {
        Preset::Zram
    } else {
        Preset::Vdisk
    };
    let limit = (run.limit_mib * 1_048_576.0).round() as u64;
    let mut domain = Domain::new(limit, Some(preset.space(2 << 30)));
    domain.add_class(ClassSpec {
        pages: (run.resident_mib * 256.0) as u64,
        zipf: run.zipf,
        write_share: run.write_share,
    });
    domain.settle(VirtualTime::ZERO, &[run.rate * f64::from(run.touches)]);
    let mut device = SwapDevice::new(preset.device());
    let cap = run
        .device
        .strip_prefix("iops")
        .map(|n| n.parse().expect("a cap is a number"));
    device.set_iops_cap(VirtualTime::ZERO, cap);
    let purposes = [
        "mem.faults",
        "mem.reclaim",
        "swap.service",
        "wake",
        "mem.restored",
    ];
    let mut cx = Loop {
        run,
        arrivals: arrivals(run),
        events: BinaryHeap::new(),
        sequence: 0,
        ticking: false,
        domain,
        device,
        cores: [VirtualTime::ZERO; 2],
        workers: vec![Worker::default(); run.workers],
        queue: VecDeque::new(),
        keys: purposes.map(|purpose| Key::new(Seed(seed), "node/service", purpose)),
        ordinals: [0; 5],
        pressure: Pressure::new(2),
        done: Vec::new(),
        queue_max: 0,
        excess_max: i64::MIN,
    };
    cx.schedule(at(cx.arrivals[0]), Event::Arrive(0));
    if run.hog_mib > 0.0 {
        cx.schedule(at(run.hog[0]), Event::Press);
        cx.schedule(at(run.hog[2]), Event::Release);
    }
    cx.keep_ticking(VirtualTime::ZERO);
    let mut now = VirtualTime::ZERO;
    while let Some(Reverse((time, _, event))) = cx.events.pop() {
        if cx.done.len() == run.offered {
            break;
        }
        now = time;
        cx.handle(now, event);
        cx.note_states(now);
    }
    Seen {
        done: cx.done,
        queue_max: cx.queue_max,
        pressure: cx.pressure.read(now),
        end: now,
        swapped_out: cx.domain.swapped_out_pages(),
        faults: cx.domain.faults(),
        excess_max: cx.excess_max,
    }
}

impl Loop<'_> {
    fn schedule(&mut self, time: VirtualTime, event: Event) {
        self.events.push(Reverse((time, self.sequence, event)));
        self.sequence += 1;
    }

    fn draw(&mut self, purpose: usize) -> impl Sample + use<> {
        self.ordinals[purpose] += 1;
        self.keys[purpose].at(self.ordinals[purpose])
    }

    fn keep_ticking(&mut self, now: VirtualTime) {
        if !self.ticking
            && let Some(next) = self.domain.next_tick(now)
        {
            self.ticking = true;
            self.schedule(next, Event::Tick);
        }
    }

    fn handle(&mut self, now: VirtualTime, event: Event) {
        match event {
            Event::Arrive(request) => {
                if request + 1 < self.arrivals.len() {
                    self.schedule(at(self.arrivals[request + 1]), Event::Arrive(request + 1));
                }
                match self.workers.iter().position(|w| w.state == State::Idle) {
                    Some(worker) => {
                        let start = now + faults::wake_up(&mut self.draw(3));
                        self.take(worker, request, start);
                    }
                    None => self.queue.push_back(request),
                }
                let busy = self
                    .workers
                    .iter()
                    .filter(|w| w.state != State::Idle)
                    .count();
                self.queue_max = self.queue_max.max(self.queue.len() + busy);
            }
            Event::Step(worker) => self.step(now, worker),
            Event::Tick => {
                self.ticking = false;
                let tick = self.domain.tick(now);
                assert!(
                    !tick.out_of_memory,
                    "swap is large enough in {}",
                    self.run.id
                );
                for _ in 0..tick.background_reads {
                    let mut draw = self.draw(2);
                    self.device.read(now, &mut draw);
                }
                let excess = self.domain.used_pages(now) as i64 - self.domain.budget_pages() as i64;
                self.excess_max = self.excess_max.max(excess);
                self.keep_ticking(now);
            }
            Event::Press => {
                let [start, ready, _] = self.run.hog;
                let pages = self.run.hog_mib * 256.0;
                let activity = if self.run.hog_rate > 0.0 {
                    let period = pages / self.run.hog_rate;
                    Activity::Every(VirtualDuration::from_secs_f64(period))
                } else {
                    Activity::Idle
                };
                let intruder = Intruder {
                    pages: pages as u64,
                    activity,
                    arrival: Arrival::Linear {
                        over: VirtualDuration::from_secs_f64(ready - start),
                    },
                };
                let pressed = self.domain.press(now, 7, intruder);
                assert!(pressed.displacing_pages > 0);
                self.keep_ticking(now);
            }
            Event::Release => {
                assert!(self.domain.release(now, 7));
                self.keep_ticking(now);
            }
        }
    }

    /// A worker takes a request and is on a core from `start` on.
    fn take(&mut self, worker: usize, request: usize, start: VirtualTime) {
        self.workers[worker] = Worker {
            request,
            state: State::Runs,
            ..Worker::default()
        };
        // The fixed cost of a request; then the first half begins.
        self.schedule(start + faults::REQUEST_CPU, Event::Step(worker));
    }

    /// Runs for `work` on the core that is free first.
    fn on_core(&mut self, now: VirtualTime, work: VirtualDuration) -> VirtualTime {
        let core = if self.cores[0] <= self.cores[1] { 0 } else { 1 };
        self.cores[core] = self.cores[core].max(now) + work;
        self.cores[core]
    }

    fn step(&mut self, now: VirtualTime, worker: usize) {
        if self.workers[worker].left == 0 {
            // A half begins, or the request has ended.
            if self.workers[worker].half == 2 {
                return self.finish(now, worker);
            }
            let half = self.run.touches / 2;
            self.domain.touch(0, u64::from(half));
            let mut draw = self.draw(0);
            if self.domain.busy() {
                let hits = faults::binomial(half, self.domain.miss(0), &mut draw);
                self.domain.fault(hits);
                self.workers[worker].left = hits;
                self.workers[worker].faults += hits;
            }
            self.workers[worker].half += 1;
            if self.workers[worker].left == 0 {
                return self.compute(now, worker);
            }
        }
        self.serve_fault(now, worker);
    }

    fn compute(&mut self, now: VirtualTime, worker: usize) {
        self.workers[worker].state = State::Runs;
        let work = VirtualDuration::from_secs_f64(self.run.work_us / 2e6);
        let end = self.on_core(now, work);
        self.schedule(end, Event::Step(worker));
    }

    fn serve_fault(&mut self, now: VirtualTime, worker: usize) {
        if self.workers[worker].state == State::Reads
            || self.workers[worker].state == State::ReadsRestored
        {
            // The page is there.
            self.workers[worker].left -= 1;
            self.workers[worker].paid = false;
            self.workers[worker].state = State::Runs;
            if self.workers[worker].left == 0 {
                return self.compute(now, worker);
            }
        }
        if !self.workers[worker].paid {
            self.workers[worker].paid = true;
            let mut work = faults::FAULT_CPU;
            self.workers[worker].state = State::Runs;
            if self.domain.reclaiming() {
                let dirty = self.domain.dirty_share();
                let mut draw = self.draw(1);
                if let Some(cost) = faults::reclaim_cost(1, dirty, &mut draw) {
                    work += cost;
                    self.workers[worker].state = State::Reclaims;
                }
            }
            let end = self.on_core(now, work);
            return self.schedule(end, Event::Step(worker));
        }
        let mut draw = self.draw(2);
        let done = self.device.read(now, &mut draw);
        let share = self.domain.restored_share();
        let restored = self.draw(4).chance(share);
        self.workers[worker].state = if restored {
            State::ReadsRestored
        } else {
            State::Reads
        };
        let end = if self.device.on_core() {
            self.on_core(now, done - now)
        } else {
            done
        };
        self.schedule(end, Event::Step(worker));
    }

    fn finish(&mut self, now: VirtualTime, worker: usize) {
        let w = &self.workers[worker];
        self.done.push(Done {
            at: now.as_secs_f64(),
            took: now.as_secs_f64() - self.arrivals[w.request],
            faults: w.faults,
        });
        self.workers[worker].state = State::Idle;
        if let Some(request) = self.queue.pop_front() {
            self.take(worker, request, now);
        }
    }

    fn note_states(&mut self, now: VirtualTime) {
        let count = |state| self.workers.iter().filter(|w| w.state == state).count() as u32;
        let (reads, restored) = (count(State::Reads), count(State::ReadsRestored));
        let on_core = self.device.on_core();
        let tasks = Tasks {
            running: count(State::Runs) + if on_core { reads + restored } else { 0 },
            waiting_cpu: 0,
            in_io: if on_core { 0 } else { reads + restored },
            in_reclaim: count(State::Reclaims),
            restored: if on_core { 0 } else { restored },
        };
        self.pressure.set(now, tasks);
    }
}
