//! What is done to a domain from outside: limits, swap, processes that go.

use super::*;
use crate::memory::class::Survey;

impl Domain {
    /// Changes the limit.
    pub fn set_limit(&mut self, now: VirtualTime, limit_bytes: u64) {
        self.groups[0].limit_bytes = limit_bytes;
        self.set_budgets();
        self.changed(now);
    }

    /// Changes the swap space, `None`: off. What is swapped out stays out.
    pub fn set_swap(&mut self, swap: Option<SwapSpace>) {
        self.swap = swap;
    }

    /// Brings the state up to date after pages came, went or lost their room.
    pub(in crate::memory) fn changed(&mut self, now: VirtualTime) {
        let at = now.as_secs_f64();
        let calm = !self.busy;
        let fits = self.fits(at);
        if calm {
            // Recency counts from here on.
            for class in &mut self.classes {
                class.record(at);
            }
            for class in self.all_mut() {
                class.survey.resident = class.ticked.1;
                class.ticked = (class.touched(at), class.ticked.1);
            }
            self.ticked_at = at;
        }
        self.sum_used();
        self.busy |= !fits;
    }

    /// The process of a class has gone: its pages are free at once.
    ///
    /// # Panics
    /// If there is no such class.
    pub fn free_class(&mut self, now: VirtualTime, class: usize) {
        let class = &mut self.classes[class];
        class.present = false;
        class.birth = None;
        class.ticked.1 = 0.0;
        class.survey = Survey::default();
        self.changed(now);
    }
}
