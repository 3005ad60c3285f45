//! The end of a run: verdicts, metrics, and what landed.

use super::World;
use crate::VirtualTime;
use crate::history::{Digest, History};
use crate::outcome::{ENGINE_EPOCH, FaultResult, Landing, Stop, fault_results};
use crate::plan::Plan;
use crate::property::{PropertyOutcome, RunEnd};
use crate::recording::{Header, RECORDING_FORMAT, Recording};

/// What a world leaves behind.
#[derive(Debug)]
pub struct Finished {
    /// The outcomes of the monitors, in the order in which they were added.
    pub outcomes: Vec<PropertyOutcome>,
    /// The faults of the plan, in its order.
    pub faults: Vec<FaultResult>,
    /// What came of each entry of the plan, in its order.
    pub landings: Vec<Landing>,
    /// The plan with the times and targets of what fired, if anything in it waited.
    pub ran: Option<Plan>,
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
    /// Ends the run and gives its recording, for the reports on a world that was written in Rust.
    /// `name` stands where the name and the path of a scenario would. Its records are there if the
    /// world kept them.
    pub fn finish_recording(&mut self, name: &str, stop: &Stop) -> Recording {
        let mut finished = self.finish(stop);
        let k = self.shared.kernel.borrow();
        let header = Header {
            format: RECORDING_FORMAT,
            epoch: ENGINE_EPOCH,
            scenario: name.to_owned(),
            path: name.to_owned(),
            text: String::new(),
            seed: k.seed,
            stop: stop.clone(),
            end: finished.end,
            nodes: k.nodes.iter().map(|node| node.name.clone()).collect(),
            plan: (*k.plan).clone(),
            names: k.names.clone(),
            digest: finished.digest,
            checkpoints: finished.history.checkpoints().to_vec(),
        };
        Recording {
            header,
            records: finished.history.take_records(),
        }
    }

    /// Ends the run: asks the monitors and gives the history away.
    pub fn finish(&mut self, stop: &Stop) -> Finished {
        self.finish_against(stop, None)
    }
    /// The same, judged by the times of the faults of another plan if there is one: baselines end where
    /// its first fault starts, and recovery counts from its last heal.
    pub fn finish_against(&mut self, stop: &Stop, times: Option<&Plan>) -> Finished {
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
            first_fault: times.unwrap_or(&k.plan).first_start(),
            last_heal: times.unwrap_or(&k.plan).last_heal(),
        };
        let outcomes = monitors.iter_mut().map(|m| m.finish(&run)).collect();
        let landing = |(count, first): &(u64, Option<VirtualTime>)| Landing {
            count: *count,
            first: *first,
        };
        let landings: Vec<Landing> = k.landed.iter().map(landing).collect();
        let mut faults = fault_results(&k.plan, &landings, end);
        for (index, fault) in faults.iter_mut().enumerate() {
            fault.fired(k.firings_of(u32::try_from(index).expect("fewer than 2^32 faults")));
        }
        Finished {
            outcomes,
            faults,
            landings,
            ran: (!k.plan.triggers().is_empty()).then(|| Plan::clone(&k.plan)),
            digest: history.digest(),
            end,
            events: k.events,
            history,
        }
    }
}
