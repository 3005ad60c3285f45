//! Pressure stall information, accounted exactly from the states of the tasks.

use crate::{VirtualDuration, VirtualTime};

/// Time between two updates of the averages, as in the kernel.
const UPDATE_NS: u64 = 2_000_000_000;
/// Windows of the averages, in seconds.
const WINDOWS_S: [f64; 3] = [10.0, 60.0, 300.0];
/// Updates after which an average has forgotten what was before.
const UPDATES_MAX: u64 = 10_000;

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
    total_ns: u64,
    /// Total at the last update of the averages.
    updated_ns: u64,
    averages: Averages,
}

impl Stall {
    /// Time stalled since the start.
    pub const fn total(&self) -> VirtualDuration {
        VirtualDuration::from_nanos(self.total_ns)
    }
    /// Its averages, as of the last update (they are updated every 2 s).
    pub const fn averages(&self) -> Averages {
        self.averages
    }

    fn update(&mut self) {
        let percent = (self.total_ns - self.updated_ns) as f64 / UPDATE_NS as f64 * 100.0;
        self.updated_ns = self.total_ns;
        let step = |average: &mut f64, window: f64| {
            *average += (percent - *average) * -libm::expm1(-2.0 / window);
        };
        step(&mut self.averages.avg10, WINDOWS_S[0]);
        step(&mut self.averages.avg60, WINDOWS_S[1]);
        step(&mut self.averages.avg300, WINDOWS_S[2]);
    }
}

/// Pressure of a node or a group. *some*: at least one task is stalled; *full*: at least one is, and
/// no task is productive.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pressure {
    at_ns: u64,
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
    /// From `now` on the tasks are in these states. Accounts for the time since the last call;
    /// calls come in the order of time.
    pub fn set(&mut self, now: VirtualTime, tasks: Tasks) {
        self.advance(now.as_nanos());
        self.tasks = tasks;
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
                let since = now % UPDATE_NS;
                let stalled = self.stalled();
                for (stall, stalled) in self.stalls().into_iter().zip(stalled) {
                    stall.updated_ns = stall.total_ns - if stalled { since } else { 0 };
                }
            }
        }
    }

    fn accrue(&mut self, ns: u64) {
        let stalled = self.stalled();
        for (stall, stalled) in self.stalls().into_iter().zip(stalled) {
            stall.total_ns += if stalled { ns } else { 0 };
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

    const fn stalled(&self) -> [bool; 6] {
        let tasks = self.tasks;
        let (io, memory) = (tasks.in_io > 0, tasks.in_reclaim + tasks.restored > 0);
        let (cpu, unproductive) = (tasks.waiting_cpu > 0, tasks.running == 0);
        [
            io,
            io && unproductive,
            memory,
            memory && unproductive,
            cpu,
            cpu && unproductive && tasks.in_reclaim == 0,
        ]
    }
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
        let mut pressure = Pressure::default();
        for step in 0..3_000_u64 {
            let bit = |shift: u32| u32::from(step.wrapping_mul(0x9e37_79b9) >> shift & 1 == 1);
            let tasks = Tasks {
                running: bit(20),
                waiting_cpu: bit(21),
                in_io: bit(22),
                in_reclaim: bit(23),
                restored: bit(22) * bit(24),
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
