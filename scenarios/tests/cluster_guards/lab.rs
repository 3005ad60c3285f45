//! Scenarios with all promises of the workload, and what they count.

use crate::common::{events, property, ready, run};
use squall_core::property::Verdict;
use squall_scenarios::{SeedRun, workloads};

/// All invariants of the workload.
pub(crate) fn invariants() -> Vec<String> {
    let kind = workloads::find("cluster").expect("there is a cluster");
    let name = |word: &workloads::Word| format!("shop.{}", word.name);
    kind.invariants.iter().map(name).collect()
}

/// A scenario of twelve seconds on four hosts and a client, with every promise; those that a run does not
/// exercise are no failure.
pub(crate) fn scenario(workload: &str, more: &str) -> String {
    let promise = |name: String| format!("[[property]]\nalways = \"{name}\"\noptional = true\n");
    let promises: String = invariants().into_iter().map(promise).collect();
    format!(
        "name = \"test\"\nstop = {{ at = \"12s\" }}\n[topology]\nnodes.host = {{ count = 4 }}\n\
         nodes.client = {{ count = 1 }}\nlinks.default = {{ delay = \"100us\" }}\n\
         [workload.shop.cluster]\non = \"host\"\nclients = \"client\"\n{workload}\n{more}\n{promises}"
    )
}

/// A fault of the knob `shop.<knob>` from 4 s to 8 s.
pub(crate) fn knob(knob: &str, value: &str) -> String {
    fault(&format!(
        "knob-set = {{ name = \"shop.{knob}\", value = {value} }}"
    ))
}

/// A fault from 4 s to 8 s.
pub(crate) fn fault(inject: &str) -> String {
    format!("[[fault]]\nat = \"4s\"\nfor = \"4s\"\ninject.{inject}")
}

/// Runs a seed with records; no promise is broken.
pub(crate) fn go(workload: &str, more: &str, seed: u64) -> SeedRun {
    let run = run_of(workload, more, seed);
    for name in invariants() {
        let verdict = property(&run.result, &name);
        assert_ne!(
            verdict.0,
            Verdict::Fail,
            "{name}: {:?}\n{workload}",
            run.result.properties
        );
    }
    run
}

/// Runs a seed with records, whatever comes of it.
pub(crate) fn run_of(workload: &str, more: &str, seed: u64) -> SeedRun {
    run(
        &ready("guards.toml", &scenario(workload, more), &[], &[]),
        seed,
        true,
    )
}

/// How often `shop.<name>` happened.
pub(crate) fn count(run: &SeedRun, name: &str) -> usize {
    events(run, &format!("shop.{name}"))
}

/// The verdict on `shop.<name>`.
pub(crate) fn verdict(run: &SeedRun, name: &str) -> Verdict {
    property(&run.result, &format!("shop.{name}")).0
}
