//! The faults of schedulers, in a world of two: one where pods come and requests grow, and one that rests.

use squall::core::outcome::{FaultResult, MetricResult};
use squall::core::world::World;
use squall::core::{Seed, VirtualDuration, VirtualTime};
use squall::scenarios::{Settings, parse};

/// What a fault takes here, beside its time: busy target, then idle one.
pub(crate) const CASES: &[(&str, &str, &str)] = &[
    (
        "metric-lag",
        "{ workload = 'sched' }",
        "{ workload = 'rest' }",
    ),
    (
        "slow-provision",
        "{ workload = 'sched' }",
        "{ workload = 'rest' }",
    ),
    (
        "image-pull-fail",
        "{ workload = 'sched' }",
        "{ workload = 'rest', p = 1.0 }",
    ),
];

/// The world, with the fault or without.
fn run(fault: Option<(&str, &str)>) -> (Option<FaultResult>, Vec<MetricResult>) {
    let fault = fault.map_or_else(String::new, |(kind, arguments)| {
        format!("[[fault]]\nname = 'it'\nat = '60s'\nfor = '4m'\nland = 'optional'\ninject.{kind} = {arguments}\n")
    });
    let text = format!(
        "name = 'one fault'\nstop = {{ at = '8m' }}\n[topology]\n\
         nodes.worker = {{ count = 2, cores = 4 }}\nnodes.burst = {{ count = 4, cores = 4 }}\n\
         nodes.spare = {{ cores = 4 }}\nnodes.control = {{}}\n\
         [workload.sched.scheduler]\non = 'worker + burst'\ncontrol = 'control'\n\
         machines.burst = {{ nodes = 'burst', elastic = true }}\n\
         [workload.sched.scheduler.pods.web]\nreplicas = 4\n\
         traffic = {{ rate = '250/s' }}\nautoscale = {{ target = 0.7, max = 12 }}\n\
         [workload.sched.scheduler.pods.batch]\nrate = '0.2/s'\nlength = '20s'\n\
         [workload.rest.scheduler]\non = 'spare'\ncontrol = 'control'\npods.one = {{ replicas = 1 }}\n\
         [[fault]]\nname = 'step'\nat = '90s'\nfor = '3m'\ninject.load-step = {{ workload = 'sched', factor = 3.0 }}\n\
         {fault}"
    );
    let scenario =
        parse("one fault", &text, &Settings::default()).unwrap_or_else(|e| panic!("{e}"));
    let ready = scenario
        .ready(&squall::Place::default())
        .unwrap_or_else(|e| panic!("{e}"));
    let mut world = World::new(Seed(1), false);
    let run = ready
        .run(Seed(1), false, &mut world)
        .unwrap_or_else(|e| panic!("{e}"));
    let felt = run.result.metrics.iter();
    let felt = felt.filter(|m| m.name.starts_with("sched."));
    let it = run.result.faults.iter().find(|f| f.label == "it");
    (it.cloned(), felt.cloned().collect())
}

#[test]
fn faults_of_schedulers_land_where_pods_come_and_change_the_run() {
    let (_, calm) = run(None);
    for (kind, busy, idle) in CASES {
        let (result, felt) = run(Some((kind, busy)));
        let result = result.expect("it was planned");
        assert!(result.landed > 0, "{kind} has no effect: {result:?}");
        let first = result.first_landing.expect("what landed has a first time");
        assert!(
            first.since(VirtualTime::ZERO) >= VirtualDuration::from_secs(60),
            "{kind}"
        );
        assert_ne!(felt, calm, "{kind} changes nothing");
        let (result, felt) = run(Some((kind, idle)));
        let result = result.expect("it was planned");
        assert_eq!(
            result.landed, 0,
            "{kind} claims an effect where nobody comes"
        );
        assert_eq!(felt, calm, "{kind} changes the run and does not say so");
    }
}
