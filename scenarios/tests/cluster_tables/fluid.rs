//! The reference model of section 5 of cluster.md: a fluid in one queue, first come first served, in steps of a
//! millisecond. Work whose client has gone is served all the same.

/// Steps a second.
const STEPS: usize = 1000;
/// When a client gives up and tries again, in steps.
const TIMEOUT: usize = 3 * STEPS;
/// When the processor is cut, and how long it all lasts, in steps.
const CUT_AT: usize = 60 * STEPS;
const END: usize = 500 * STEPS;
/// The part at the end that says whether it recovered.
const LAST: usize = 50 * STEPS;

/// What is tried.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Storm {
    /// Served a second.
    pub(crate) capacity: f64,
    /// Asked for the first time a second.
    pub(crate) load: f64,
    pub(crate) retries: usize,
    /// Share of the capacity that is gone, and for how many seconds.
    pub(crate) cut: (f64, usize),
    /// Tokens earned by a first attempt, ten seconds of them saved at most.
    pub(crate) budget: Option<f64>,
    /// No more wait than are served in so many seconds; the others are not let in.
    pub(crate) queue: Option<f64>,
}

/// What came of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    /// Good answers in the last part, over the load.
    pub(crate) goodput: f64,
    /// Attempts of the last part, over the load.
    pub(crate) attempts: f64,
}

impl Outcome {
    pub(crate) fn recovers(self) -> bool {
        self.goodput > 0.95
    }
}

/// What came in one step: by attempt, and how much of all of it was let in and not served.
#[derive(Clone, Copy, Debug, Default)]
struct Cohort {
    attempts: [f64; 6],
    all: f64,
    unserved: f64,
    waits: f64,
}

impl Storm {
    pub(crate) fn run(self) -> Outcome {
        let dt = 1.0 / STEPS as f64;
        let mut cohorts = vec![Cohort::default(); END];
        let (mut head, mut waiting, mut tokens) = (0, 0.0, f64::INFINITY);
        let most = self
            .budget
            .map_or(f64::INFINITY, |share| share * self.load * 10.0);
        let (mut good, mut tried) = (0.0, 0.0);
        for now in 0..END {
            let mut cohort = Cohort::default();
            cohort.attempts[0] = self.load * dt;
            tokens = (tokens + self.budget.unwrap_or(0.0) * self.load * dt).min(most);
            if let Some(old) = now.checked_sub(TIMEOUT).map(|at| cohorts[at]) {
                let share = old.unserved / old.all;
                for attempt in 0..self.retries {
                    let again = old.attempts[attempt] * share;
                    let again = again.min(tokens);
                    tokens -= again;
                    cohort.attempts[attempt + 1] = again;
                }
            }
            cohort.all = cohort.attempts.iter().sum();
            cohort.unserved = cohort.all;
            let room = self
                .queue
                .map_or(f64::INFINITY, |time| time * self.capacity);
            cohort.waits = cohort.all.min((room - waiting).max(0.0));
            waiting += cohort.waits;
            cohorts[now] = cohort;
            let inside = (CUT_AT..CUT_AT + self.cut.1 * STEPS).contains(&now);
            let mut work = self.capacity * if inside { 1.0 - self.cut.0 } else { 1.0 } * dt;
            let mut in_time = 0.0;
            while work > 0.0 && head <= now {
                let cohort = &mut cohorts[head];
                let served = cohort.waits.min(work);
                cohort.waits -= served;
                work -= served;
                waiting -= served;
                if now - head < TIMEOUT {
                    cohort.unserved -= served;
                    in_time += served;
                }
                if cohort.waits > 0.0 {
                    break;
                }
                head += 1;
            }
            if now >= END - LAST {
                good += in_time;
                tried += cohorts[now].all;
            }
        }
        let load = self.load * LAST as f64 * dt;
        Outcome {
            goodput: good / load,
            attempts: tried / load,
        }
    }
}
