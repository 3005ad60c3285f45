//! The faults of whoever leads and of who belongs to a group, in the world of a replicated store.

use squall::core::outcome::{FaultResult, MetricResult};
use squall::core::world::World;
use squall::core::{Seed, VirtualDuration};
use squall::scenarios::{Settings, parse};

/// What a fault takes here, beside its time: busy target, then idle one.
pub(crate) const CASES: &[(&str, &str, &str)] = &[
    (
        "leader-loss",
        "{ nodes = 'leader of kv', restart_after = '3s' }",
        "",
    ),
    (
        "leader-isolate",
        "{ nodes = 'leader of kv' }",
        "{ nodes = 'idle[0]', peers = 'kv', direction = 'both' }",
    ),
    (
        "membership-churn",
        "{ workload = 'kv', every = '1s', out = '1s' }",
        "",
    ),
];

fn scenario(kind: &str, arguments: &str) -> String {
    let length = if kind == "leader-loss" {
        ""
    } else {
        "for = '8s'"
    };
    format!(
        "name = 'one fault'\nstop = {{ at = '16s' }}\n\
         [topology]\nnodes.kv = {{ count = 5 }}\nnodes.client = {{}}\nnodes.idle = {{ count = 2 }}\n\
         links.default = {{ delay = '1ms' }}\n\
         [workload.kv.raft]\non = 'kv'\nclients = 'client'\n\
         [[fault]]\nname = 'it'\nat = '5s'\n{length}\nland = 'optional'\ninject.{kind} = {arguments}\n\
         [[fault]]\nname = 'asks'\nat = '1s'\nfor = '1s'\nland = 'optional'\n\
         inject.link-delay = {{ links = 'leader of kv -> idle', delay = '1ms' }}\n"
    )
}

fn run(kind: &str, arguments: &str) -> (FaultResult, Vec<MetricResult>) {
    let text = scenario(kind, arguments);
    let scenario = parse(kind, &text, &Settings::default()).unwrap_or_else(|e| panic!("{e}"));
    let ready = scenario
        .ready(&squall::Place::default())
        .unwrap_or_else(|e| panic!("{e}"));
    let mut world = World::new(Seed(1), false);
    let run = ready
        .run(Seed(1), false, &mut world)
        .unwrap_or_else(|e| panic!("{e}"));
    let metrics = run.result.metrics.iter();
    let felt = metrics.filter(|m| m.name.starts_with("kv."));
    (run.result.faults[0].clone(), felt.cloned().collect())
}

#[test]
fn every_fault_of_roles_lands_and_changes_the_run() {
    let calm = run("link-delay", "{ links = 'idle -> kv', delay = '1ms' }").1;
    assert!(calm.len() >= 3, "{calm:?}");
    for (kind, busy, idle) in CASES {
        let (result, felt) = run(kind, busy);
        assert!(result.landed > 0, "{kind} has no effect: {result:?}");
        let first = result.first_landing.expect("what landed has a first time");
        let since = first.since(squall::core::VirtualTime::ZERO);
        assert!(
            since >= VirtualDuration::from_secs(5),
            "{kind} acts before its time"
        );
        assert_ne!(felt, calm, "{kind} counts effects and changes nothing");
        if !idle.is_empty() {
            let (result, felt) = run(kind, idle);
            assert_eq!(felt, calm, "{kind} changes the run and does not say so");
            assert!(
                result.landed == 0 && result.planned > 0,
                "{kind}: {result:?}"
            );
        }
    }
}
