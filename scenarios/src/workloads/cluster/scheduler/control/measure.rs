//! What the control plane measures.

use super::Control;
use std::rc::Rc;

impl Control {
    /// Measures, once a window.
    pub(super) fn sample(&mut self) {
        let (cx, shared) = (self.cx.clone(), Rc::clone(&self.shared));
        let now = self.now();
        if now.saturating_sub(self.sampled) < shared.config.window {
            return;
        }
        self.sampled = now;
        let events = &shared.events;
        let (mut nodes, mut cores, mut free) = (0u32, 0u64, 0u64);
        for number in (0..self.cluster.nodes()).filter(|number| self.cluster.takes(*number)) {
            nodes += 1;
            cores += u64::from(self.cluster.machine(number).cpu_milli);
            free += u64::from(self.cluster.room(number).cpu_milli);
        }
        let waiting: usize = self
            .waiting
            .iter()
            .map(std::collections::BTreeSet::len)
            .sum();
        let mut shapes: Vec<u32> = (0..self.shapes.len())
            .filter(|kind| !self.waiting[*kind].is_empty())
            .map(|kind| self.shapes[kind])
            .collect();
        if shapes.is_empty() {
            shapes.clone_from(&self.shapes);
        }
        cx.sample(events.nodes, f64::from(nodes));
        cx.sample(events.pending, waiting as f64);
        if cores > 0 {
            cx.sample(events.utilisation, (cores - free) as f64 / cores as f64);
        }
        let fragments = self.cluster.fragments(&shapes);
        if fragments.all_milli > 0 {
            cx.sample(events.gpu_utilisation, fragments.used());
            cx.sample(events.fragmentation, fragments.share());
        }
    }
}
