//! Pressure stall information, accounted exactly from the states of the tasks.
//!
//! The kernel keeps the states of each CPU and reports the mean over the CPUs (kernel/sched/psi.c),
//! so that one waiting task on an otherwise quiet machine with two CPUs shows as 50 %, and *full*
//! stays close to *some*. Here a node has no tasks of a CPU: they are taken as spread evenly, those on
//! a core on cores of their own, those that wait each on any core. With one core this is the textbook
//! definition: *some* while at least one task is stalled, *full* while besides no task is productive.

use crate::{VirtualDuration, VirtualTime};

/// Time between two updates of the averages, as in the kernel.
const UPDATE_NS: u64 = 2_000_000_000;
/// Windows of the averages, in seconds.
const WINDOWS_S: [f64; 3] = [10.0, 60.0, 300.0];
/// Updates after which an average has forgotten what was before.
const UPDATES_MAX: u64 = 10_000;
/// A whole share of the cores, in the fixed point of the totals: sums of integers do not depend on
/// how an interval is split.
const WHOLE: u32 = 1 << 16;

/// How many tasks of a node or group are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tasks {
    /// On a core and productive.
    pub running: u32,
    /// Runnable, without a core.
    pub waiting_cpu: u32,
    /// Waiting for the swap device or another disk.
    pub in_io: u32,
    /// On a core, reclaiming pages: not productive.
    pub in_reclaim: u32,
    /// Of those in `in_io`: wait for a page that also counts as memory pressure.
    pub restored: u32,
    /// Put to sleep for what they charged to a group over `memory.high`: a wait for memory, not for
    /// input or output.
    pub asleep: u32,
}

/// Averages of one kind of stall, in percent of the time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Averages {
    /// Over 10 s.
    pub avg10: f64,
    /// Over 60 s.
    pub avg60: f64,
    /// Over 300 s.
    pub avg300: f64,
}

/// One line of a pressure file.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stall {
    /// Nanoseconds times shares of the cores.
    total: u128,
    /// Total at the last update of the averages.
    updated: u128,
    /// Share of the cores that is stalled in the states in force.
    share: u32,
    averages: Averages,
}

impl Stall {
    /// Time stalled since the start.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "at most the time since the start, a u64 of nanoseconds"
    )]
    pub const fn total(&self) -> VirtualDuration {
        VirtualDuration::from_nanos((self.total / WHOLE as u128) as u64)
    }
    /// Its averages, as of the last update (they are updated every 2 s).
    pub const fn averages(&self) -> Averages {
        self.averages
    }

    fn update(&mut self) {
        let stalled = (self.total - self.updated) as f64 / f64::from(WHOLE);
        let percent = stalled / UPDATE_NS as f64 * 100.0;
        self.updated = self.total;
        let step = |average: &mut f64, window: f64| {
            *average += (percent - *average) * -libm::expm1(-2.0 / window);
        };
        step(&mut self.averages.avg10, WINDOWS_S[0]);
        step(&mut self.averages.avg60, WINDOWS_S[1]);
        step(&mut self.averages.avg300, WINDOWS_S[2]);
    }
}

/// Pressure of a node or a group. The default is one with a single core.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pressure {
    at_ns: u64,
    /// Cores, 0 and 1 alike.
    cores: u32,
    tasks: Tasks,
    /// Input and output, some.
    pub io_some: Stall,
    /// Input and output, full.
    pub io_full: Stall,
    /// Memory, some.
    pub memory_some: Stall,
    /// Memory, full.
    pub memory_full: Stall,
    /// CPU, some.
    pub cpu_some: Stall,
    /// CPU, full: all runnable tasks wait. Meaningful for groups only.
    pub cpu_full: Stall,
}

impl Pressure {
    /// No pressure so far, on a machine with this many cores.
    pub fn new(cores: u32) -> Self {
        Self {
            cores,
            ..Self::default()
        }
    }

    /// From `now` on the tasks are in these states. Accounts for the time since the last call;
    /// calls come in the order of time.
    pub fn set(&mut self, now: VirtualTime, tasks: Tasks) {
        self.advance(now.as_nanos());
        if tasks != self.tasks {
            self.tasks = tasks;
            let shares = self.shares();
            for (stall, share) in self.stalls().into_iter().zip(shares) {
                stall.share = fixed(share);
            }
        }
    }

    /// The states in force.
    pub const fn tasks(&self) -> Tasks {
        self.tasks
    }

    /// The figures at `now`. Reading changes nothing: an observed run stays the run it was.
    #[must_use]
    pub fn read(&self, now: VirtualTime) -> Self {
        let mut copy = *self;
        copy.advance(now.as_nanos());
        copy
    }

    fn advance(&mut self, now: u64) {
        let mut updates = 0;
        while self.at_ns < now {
            let boundary = (self.at_ns / UPDATE_NS)
                .saturating_add(1)
                .saturating_mul(UPDATE_NS);
            let until = if updates < UPDATES_MAX {
                boundary.min(now)
            } else {
                now
            };
            self.accrue(until - self.at_ns);
            self.at_ns = until;
            if until == boundary {
                self.stalls().into_iter().for_each(Stall::update);
                updates += 1;
            } else if updates == UPDATES_MAX {
                // The averages have converged; only the base of the next update moves.
                let since = u128::from(now % UPDATE_NS);
                for stall in self.stalls() {
                    stall.updated = stall.total - since * u128::from(stall.share);
                }
            }
        }
    }

    fn accrue(&mut self, ns: u64) {
        for stall in self.stalls() {
            stall.total += u128::from(ns) * u128::from(stall.share);
        }
    }

    const fn stalls(&mut self) -> [&mut Stall; 6] {
        [
            &mut self.io_some,
            &mut self.io_full,
            &mut self.memory_some,
            &mut self.memory_full,
            &mut self.cpu_some,
            &mut self.cpu_full,
        ]
    }

    /// Share of the cores that each kind of stall holds, in the order of `stalls`.
    fn shares(&self) -> [f64; 6] {
        let tasks = self.tasks;
        let cores = f64::from(self.cores.max(1));
        let on_core = |count: u32| (f64::from(count) / cores).min(1.0);
        let on_any = |count: u32| 1.0 - libm::pow(1.0 - 1.0 / cores, f64::from(count));
        let unproductive = 1.0 - on_core(tasks.running);
        let io = on_any(tasks.in_io);
        let waiting = tasks.restored.saturating_add(tasks.asleep);
        let (reclaim, restored) = (on_core(tasks.in_reclaim), on_any(waiting));
        let memory = |restored: f64| 1.0 - (1.0 - reclaim) * (1.0 - restored);
        let cpu = on_core(tasks.waiting_cpu);
        let throttled = tasks.running + tasks.in_reclaim == 0;
        let memory_full = memory(restored * unproductive).min(unproductive);
        [
            io,
            io * unproductive,
            memory(restored),
            memory_full,
            cpu,
            if throttled { cpu } else { 0.0 },
        ]
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a share in [0, 1] times 2^16"
)]
fn fixed(share: f64) -> u32 {
    libm::round(share * f64::from(WHOLE)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> VirtualTime {
        VirtualTime::ZERO + VirtualDuration::from_millis(ms)
    }
    const WAITING: Tasks = Tasks {
        running: 0,
        waiting_cpu: 0,
        in_io: 2,
        in_reclaim: 0,
        restored: 0,
        asleep: 0,
    };

    /// The picture of a saturated swap device: input and output stalled, memory calm.
    #[test]
    fn waiting_for_pages_is_not_memory_pressure_unless_they_are_restored() {
        let mut pressure = Pressure::default();
        pressure.set(at(0), WAITING);
        let one_runs = Tasks {
            running: 1,
            ..WAITING
        };
        pressure.set(at(600), one_runs);
        let restored = Tasks {
            restored: 1,
            ..WAITING
        };
        pressure.set(at(800), restored);
        pressure.set(at(900), Tasks::default());
        let seen = pressure.read(at(1_000));
        let millis = |stall: &Stall| stall.total().as_nanos() / 1_000_000;
        assert_eq!(millis(&seen.io_some), 900);
        assert_eq!(millis(&seen.io_full), 700);
        assert_eq!(millis(&seen.memory_some), 100);
        assert_eq!(millis(&seen.memory_full), 100);
        assert_eq!(millis(&seen.cpu_some), 0);
    }

    /// Two cores: one waiter is half of the machine, many are nearly all of it, and a task that runs
    /// beside them makes full half of some.
    #[test]
    fn pressure_is_a_mean_over_the_cores() {
        let check = |tasks: Tasks, some: f64, full: f64| {
            let mut pressure = Pressure::new(2);
            pressure.set(at(0), tasks);
            let seen = pressure.read(at(1_000));
            let share = |stall: Stall| stall.total().as_secs_f64();
            let (io, all) = (share(seen.io_some), share(seen.io_full));
            assert!(
                (io - some).abs() < 1e-4 && (all - full).abs() < 1e-4,
                "{tasks:?}: {io} {all}"
            );
        };
        let waiting = |in_io: u32, running: u32| Tasks {
            in_io,
            running,
            ..Tasks::default()
        };
        check(waiting(1, 0), 0.5, 0.5);
        check(waiting(4, 0), 0.9375, 0.9375);
        check(waiting(1, 1), 0.5, 0.25);
        check(waiting(0, 2), 0.0, 0.0);
    }

    #[test]
    fn averages_follow_the_two_second_rule() {
        let mut pressure = Pressure::default();
        pressure.set(at(0), WAITING);
        pressure.set(at(10_000), Tasks::default());
        let want = 100.0 * -libm::expm1(-1.0);
        let got = pressure.read(at(11_999)).io_some.averages().avg10;
        assert!((got - want).abs() < 1e-9, "{got} not {want}");
        let got = pressure.read(at(12_000)).io_some.averages().avg10;
        assert!((got - want * libm::exp(-0.2)).abs() < 1e-9, "{got}");
        let late = pressure.read(at(100_000_000_000)).io_some;
        assert!(late.averages().avg300 < 1e-9 && late.total() == VirtualDuration::from_secs(10));
    }

    #[test]
    fn reading_and_splitting_change_nothing() {
        let mut whole = Pressure::default();
        let mut split = Pressure::default();
        whole.set(at(0), WAITING);
        split.set(at(0), WAITING);
        for ms in (0..9_000).step_by(70) {
            split.set(at(ms), WAITING);
            let _ = split.read(at(ms + 5_000));
        }
        assert_eq!(whole.read(at(9_100)), split.read(at(9_100)));
    }

    #[test]
    fn full_never_exceeds_some_nor_some_the_time() {
        let mut pressure = Pressure::new(3);
        for step in 0..3_000_u64 {
            let bit = |shift: u32| u32::from(step.wrapping_mul(0x9e37_79b9) >> shift & 1 == 1);
            let tasks = Tasks {
                running: bit(20),
                waiting_cpu: bit(21),
                in_io: bit(22),
                in_reclaim: bit(23),
                restored: bit(22) * bit(24),
                asleep: bit(25),
            };
            pressure.set(at(step * 7), tasks);
            let elapsed = VirtualDuration::from_millis(step * 7);
            for (some, full) in [
                (pressure.io_some, pressure.io_full),
                (pressure.memory_some, pressure.memory_full),
                (pressure.cpu_some, pressure.cpu_full),
            ] {
                assert!(full.total() <= some.total() && some.total() <= elapsed);
                assert!(full.averages().avg10 <= some.averages().avg10 + 1e-9);
                assert!(some.averages().avg10 <= 100.0);
            }
        }
    }
}
