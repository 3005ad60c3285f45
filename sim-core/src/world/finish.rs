//! The end of a run: verdicts, metrics, and what landed.

use super::World;
use crate::VirtualTime;
use crate::history::{Digest, History};
use crate::outcome::{FaultResult, Stop};
use crate::property::{PropertyOutcome, RunEnd};

/// What a world leaves behind.
#[derive(Debug)]
pub struct Finished {
    /// The outcomes of the monitors, in the order in which they were added.
    pub outcomes: Vec<PropertyOutcome>,
    /// The faults of the plan, in its order.
    pub faults: Vec<FaultResult>,
    /// The digest of the history.
    pub digest: Digest,
    /// The virtual time at the end.
    pub end: VirtualTime,
    /// Events it took.
    pub events: u64,
    /// The history, with records if they were kept, and all samples by metric.
    pub history: History,
}

impl World {
    /// Ends the run: asks the monitors and gives the history away.
    pub fn finish(&mut self, stop: &Stop) -> Finished {
        let mut k = self.shared.kernel.borrow_mut();
        let end = k.time();
        k.flush_spans();
        let complete = matches!(stop, Stop::Finished | Stop::Quiet);
        let mut history = core::mem::take(&mut k.history);
        history.close(end);
        let mut monitors = history.take_monitors();
        let run = RunEnd {
            at: end,
            complete,
            metrics: history.metrics(),
        };
        let outcomes = monitors.iter_mut().map(|m| m.finish(&run)).collect();
        let faults = k.plan.faults.iter().enumerate().map(|(index, fault)| {
            let mut result = FaultResult {
                label: fault.label.clone(),
                planned: 0,
                landed: 0,
                first_landing: None,
            };
            for (entry, (count, first)) in k.plan.entries().iter().zip(&k.landed) {
                if entry.fault as usize == index {
                    result.planned += 1;
                    result.landed += count;
                    let earlier = [result.first_landing, *first].into_iter().flatten().min();
                    result.first_landing = earlier;
                }
            }
            result
        });
        Finished {
            outcomes,
            faults: faults.collect(),
            digest: history.digest(),
            end,
            events: k.events,
            history,
        }
    }
}
