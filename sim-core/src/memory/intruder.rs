//! Pages that come while the run goes on: intruders, and processes that start again.

use super::class::{Birth, Class, ClassSpec, Survey};
use super::domain::Domain;
use super::faults::{FRESH_CPU, FRESH_RECLAIM_CPU};
use super::{PAGE_BYTES, whole};
use crate::{VirtualDuration, VirtualTime};
use serde::{Deserialize, Serialize};

/// Longest mean time between two touches of a page of an active intruder, in seconds (measured
/// storms: 1.4 and 1.8 s).
const ACTIVE_PERIOD_MAX_S: f64 = 1.5;
/// An active intruder touches its pages this many times within the horizon of its victim.
const ACTIVE_TOUCHES: f64 = 6.0;

/// Whether an intruder goes on touching its pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Activity {
    /// It only holds them.
    Idle,
    /// It keeps them: each once every 1.5 s, or more often where its victim's horizon is short.
    Active,
    /// It touches each once in this time on average.
    Every(VirtualDuration),
}

/// How the pages of an intruder appear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Arrival {
    /// What fits into free memory at once, the rest over `ramp`, or longer where page faults or the
    /// swap device do not allow it.
    Burst {
        /// Shortest time for the pages that displace others.
        ramp: VirtualDuration,
    },
    /// All of them evenly over this time: a leak.
    Linear {
        /// From the first page to the last.
        over: VirtualDuration,
    },
}

/// Resident memory that somebody else takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Intruder {
    /// Pages of 4 KiB.
    pub pages: u64,
    /// Whether it touches them.
    pub activity: Activity,
    /// How they appear.
    pub arrival: Arrival,
}

/// What an intruder is about to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pressed {
    /// Pages that do not fit into free memory: zero means that the pressure has not landed.
    pub displacing_pages: u64,
    /// When its last page is there.
    pub complete_at: VirtualTime,
}

impl Domain {
    /// Pages of the intruder that makes (pages of the classes) / (memory left for them) equal to
    /// `ratio`, which is above 0; zero if they fit anyway.
    pub fn overcommit_pages(&self, ratio: f64) -> u64 {
        let classes = self.classes.iter().filter(|class| class.present);
        let own: f64 = classes.map(|class| class.spec.pages as f64).sum();
        whole(self.groups[0].room(self.swap.is_some()) - own / ratio)
    }

    /// The limit in bytes under which `share` of the pages of the classes have room, at least zero.
    pub fn limit_for(&self, share: f64) -> u64 {
        let classes = self.classes.iter().filter(|class| class.present);
        let own: f64 = classes.map(|class| class.spec.pages as f64).sum();
        whole((own * share + self.overhead() + self.kept()) * PAGE_BYTES as f64)
    }

    /// Whether an intruder holds memory.
    pub const fn pressed(&self) -> bool {
        !self.intruders.is_empty()
    }

    /// An intruder begins to take memory. Several may press at once: their pages add.
    ///
    /// # Panics
    /// If an intruder with this id presses already.
    pub fn press(&mut self, now: VirtualTime, id: u32, intruder: Intruder) -> Pressed {
        assert!(
            self.intruders.iter().all(|(other, _)| *other != id),
            "an intruder presses once before it is released"
        );
        let mut class = Class::new(ClassSpec {
            pages: intruder.pages,
            zipf: 0.0,
            write_share: 1.0,
        });
        let pressed = self.bear(now, &mut class, intruder.arrival);
        let period = match intruder.activity {
            Activity::Idle => f64::INFINITY,
            Activity::Every(period) => period.as_secs_f64().max(1e-6),
            Activity::Active => {
                let room = self.groups[0].room(self.swap.is_some());
                let left = (room - intruder.pages as f64).max(1.0);
                let horizon = self.horizon_of_the_run(now, left);
                ACTIVE_PERIOD_MAX_S.min(horizon / ACTIVE_TOUCHES).max(1e-3)
            }
        };
        class.period = Some(period);
        class.leaks = matches!(intruder.arrival, Arrival::Linear { .. });
        class.touched_from = pressed.complete_at.as_secs_f64();
        self.intruders.push((id, class));
        self.changed(now);
        pressed
    }

    /// An intruder frees its pages, at once. Horizon and survivors stay: what it displaced comes
    /// back only as it is touched. Returns false if no such intruder presses.
    pub fn release(&mut self, now: VirtualTime, id: u32) -> bool {
        let before = self.intruders.len();
        self.intruders.retain(|(other, _)| *other != id);
        self.changed(now);
        self.intruders.len() < before
    }

    /// The process of a freed class has started again and fills its pages, which are young.
    ///
    /// # Panics
    /// If there is no such class, or its pages are there.
    pub fn populate_class(&mut self, now: VirtualTime, class: usize) -> Pressed {
        let mut fresh = Class::new(self.classes[class].spec);
        assert!(
            !self.classes[class].present,
            "a class is freed before it is populated"
        );
        fresh.touches = self.classes[class].touches;
        fresh.group = self.classes[class].group;
        let ramp = VirtualDuration::ZERO;
        let pressed = self.bear(now, &mut fresh, Arrival::Burst { ramp });
        self.classes[class] = fresh;
        self.changed(now);
        pressed
    }

    /// Pages that come into a group without displacing others, in it or in one around it.
    fn free_for(&self, group: usize, at: f64) -> f64 {
        let free = self.path(group).map(|group| {
            let used = if self.busy {
                let inside = self.all().filter(|other| self.within(other.group, group));
                inside
                    .map(|other| other.survey.resident.min(other.appeared(at)))
                    .sum()
            } else {
                self.appeared_in(group, at)
            };
            (self.groups[group].room(self.swap.is_some()) - used).max(0.0)
        });
        free.fold(f64::INFINITY, f64::min)
    }

    /// Decides when the pages of a new class appear.
    fn bear(&self, now: VirtualTime, class: &mut Class, arrival: Arrival) -> Pressed {
        let at = now.as_secs_f64();
        let pages = class.spec.pages as f64;
        let displacing = (pages - self.free_for(class.group, at)).max(0.0);
        let (over, burst) = match arrival {
            Arrival::Linear { over } => (over.as_secs_f64(), 0.0),
            // Visible at once; the interval is only their order of age.
            Arrival::Burst { .. } if displacing <= 0.0 => (pages * FRESH_CPU.as_secs_f64(), 1.0),
            Arrival::Burst { ramp } => {
                let by_cpu = displacing * (FRESH_CPU + FRESH_RECLAIM_CPU).as_secs_f64();
                let bandwidth = self
                    .swap
                    .map_or(f64::INFINITY, |swap| swap.write_bytes_per_s);
                let by_device = displacing * PAGE_BYTES as f64 / bandwidth;
                let over = ramp.as_secs_f64().max(by_cpu).max(by_device);
                (over, 1.0 - displacing / pages)
            }
        };
        let complete_at = now.saturating_add(VirtualDuration::from_secs_f64(over));
        let birth = Birth {
            from: at,
            to: complete_at.as_secs_f64(),
            burst,
        };
        class.birth = Some(birth);
        class.ticked.1 = if over > 0.0 { burst * pages } else { pages };
        class.survey = Survey {
            resident: class.ticked.1,
            miss: 0.0,
        };
        Pressed {
            displacing_pages: whole(libm::ceil(displacing)),
            complete_at,
        }
    }

    /// The horizon, in seconds, that the classes would have under `budget` pages if they went on
    /// being touched as they were on average since the run began.
    fn horizon_of_the_run(&mut self, now: VirtualTime, budget: f64) -> f64 {
        let elapsed = now.as_secs_f64().max(1e-3);
        let rates: Vec<f64> = self
            .classes
            .iter()
            .map(|c| c.touches as f64 / elapsed)
            .collect();
        self.horizon_under(budget, &rates)
    }
}
