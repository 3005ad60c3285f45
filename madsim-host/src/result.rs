//! From what a run left to what its caller gets.

use crate::capability::{Limit, observes_landing};
use crate::host::{Hosted, HostedRun};
use crate::run::Left;
use squall_core::EntryId;
use squall_core::history::History;
use squall_core::outcome::{
    FaultResult, Landing, MetricResult, PropertyResult, SeedResult, Stop, fault_results,
};
use squall_core::plan::Plan;
use squall_core::property::{RunEnd, Verdict};

/// Runs `run`, whose plan has been checked, and judges it.
pub(crate) fn hosted(mut run: HostedRun, approximated: Vec<Limit>) -> Hosted {
    let mut history = History::new(run.keep);
    for monitor in run.monitors.drain(..) {
        history.watch(monitor);
    }
    let names = std::mem::take(&mut run.names);
    let mut ended = crate::nemesis::drive(&run, history, names);
    let left = &mut ended.left;

    let (end, complete) = (left.end, ended.stop == Stop::Finished);
    let outcomes = left.history.take_monitors().into_iter();
    let run_end = RunEnd {
        at: end,
        complete,
        metrics: left.history.metrics(),
        first_fault: run.plan.first_start(),
        last_heal: run.plan.last_heal(),
    };
    let outcomes = outcomes.map(|mut monitor| monitor.finish(&run_end));
    let judged = run.specs.into_iter().zip(outcomes);
    let properties: Vec<PropertyResult> = judged
        .map(|(spec, outcome)| PropertyResult { spec, outcome })
        .collect();
    let worst = properties.iter().map(|p| p.outcome.verdict).max();
    let verdict = match ended.stop {
        Stop::Panicked(_) => Verdict::Fail,
        Stop::Finished | Stop::Quiet | Stop::EventsMax => worst.unwrap_or(Verdict::Pass),
    };
    let unobserved =
        entries(&run.plan).filter(|id| !observes_landing(&run.plan.entry(*id).primitive));
    Hosted {
        unobserved: unobserved.collect(),
        result: SeedResult {
            seed: run.seed,
            stop: ended.stop,
            verdict,
            digest: left.digest,
            end,
            events: ended.messages,
            records: left.count,
            properties,
            metrics: metrics(left),
            faults: faults(&run.plan, left),
        },
        records: left.history.take_records(),
        names: std::mem::take(&mut left.names),
        nodes: run.nodes.into_iter().map(|(name, _)| name).collect(),
        lateness_max: ended.lateness_max,
        approximated,
    }
}

fn entries(plan: &Plan) -> impl Iterator<Item = EntryId> + Clone {
    (0..plan.entries().len()).map(EntryId::from_index)
}

fn faults(plan: &Plan, left: &Left) -> Vec<FaultResult> {
    let landing = |id: EntryId| {
        let first = left.landed.get(&id).copied();
        Landing {
            count: u64::from(first.is_some()),
            first,
        }
    };
    let landings: Vec<Landing> = entries(plan).map(landing).collect();
    fault_results(plan, &landings, left.end)
}

fn metrics(left: &Left) -> Vec<MetricResult> {
    let series = left.history.metrics().all();
    let metrics = series.map(|(name, series)| MetricResult {
        name: left.names.text(name).to_owned(),
        unit: String::new(),
        summary: series.summary(),
    });
    let mut metrics: Vec<MetricResult> = metrics.collect();
    metrics.sort_by(|a, b| a.name.cmp(&b.name));
    metrics
}
