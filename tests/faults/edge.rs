//! The faults of control loops, in a world of two: one that is busy, and one whose next sample comes
//! when the fault is over.

use squall::core::Seed;
use squall::core::VirtualDuration;
use squall::core::outcome::{FaultResult, MetricResult};
use squall::core::world::World;
use squall::scenarios::{Settings, parse};

/// What a fault takes here, beside its time: busy target, then idle one.
pub(crate) const CASES: &[(&str, &str, &str)] = &[
    (
        "sensor-off",
        "{ sensor = 'loop.sensor' }",
        "{ sensor = 'still.sensor' }",
    ),
    (
        "sensor-stuck",
        "{ sensor = 'loop.sensor' }",
        "{ sensor = 'still.sensor' }",
    ),
    (
        "sensor-intermittent",
        "{ sensor = 'loop.sensor-0' }",
        "{ sensor = 'still.sensor[0]' }",
    ),
    (
        "sensor-bias",
        "{ sensor = 'loop.sensor', value = '±uniform 1 2' }",
        "{ sensor = 'still.sensor', value = 1 }",
    ),
    (
        "sensor-drift",
        "{ sensor = 'loop.sensor', rate = -0.5 }",
        "{ sensor = 'still.sensor', rate = 1 }",
    ),
    (
        "sensor-noise",
        "{ sensor = 'loop.sensor', factor = 5 }",
        "{ sensor = 'still.sensor', sd = 1 }",
    ),
    (
        "sensor-outlier",
        "{ sensor = 'loop.sensor' }",
        "{ sensor = 'still.sensor', size = 5 }",
    ),
    (
        "sensor-delay",
        "{ sensor = 'loop.sensor' }",
        "{ sensor = 'still.sensor' }",
    ),
    (
        "sensor-slow",
        "{ sensor = 'loop.sensor' }",
        "{ sensor = 'still.sensor' }",
    ),
    (
        "sensor-nan",
        "{ sensor = 'loop.sensor', value = '-inf', p = 0.5 }",
        "{ sensor = 'still.sensor' }",
    ),
    (
        "sensor-reorder",
        "{ sensor = 'loop.sensor', duplicate = 0.1 }",
        "{ sensor = 'still.sensor', p = 1.0 }",
    ),
    (
        "sensor-saturate",
        "{ sensor = 'loop.sensor', limit = 0.01 }",
        // Nothing it says is so large.
        "{ sensor = 'loop.sensor', limit = 1e6 }",
    ),
    (
        "sensor-quantise",
        "{ loop = 'loop', step = 0.5 }",
        "{ loop = 'still', step = 0.5 }",
    ),
    (
        "frame-swap",
        "{ loop = 'loop', scale = 0.3048 }",
        "{ loop = 'still', scale = -1 }",
    ),
    (
        "actuator-stuck",
        "{ actuator = 'loop.actuator' }",
        "{ actuator = 'still.actuator' }",
    ),
    (
        "actuator-off",
        "{ actuator = 'loop.actuator', output = 'zero' }",
        "{ actuator = 'still.actuator' }",
    ),
    (
        "actuator-limit",
        "{ actuator = 'loop.actuator', value = 0.1, rate = 1 }",
        "{ actuator = 'loop.actuator', value = 1e6 }",
    ),
    (
        "actuator-runaway",
        "{ actuator = 'loop.actuator', to = -2 }",
        "{ actuator = 'still.actuator', to = 1 }",
    ),
    (
        "actuator-lag",
        "{ loop = 'loop', time_constant = '20ms' }",
        "{ loop = 'still', time_constant = '20ms' }",
    ),
    (
        "actuator-dead-zone",
        "{ loop = 'loop', width = 0.5 }",
        "{ loop = 'still', width = 0.5 }",
    ),
    ("actuator-invert", "{ loop = 'loop' }", "{ loop = 'still' }"),
    (
        "stamp-skew",
        "{ sensor = 'loop.sensor', offset = '-60ms' }",
        "{ sensor = 'still.sensor' }",
    ),
    (
        "sensor-clock-offset",
        "{ sensor = 'loop.sensor', offset = '-60ms', drift = 500 }",
        // Without a drift, which moves the next sample.
        "{ sensor = 'still.sensor', drift = 0 }",
    ),
    (
        "gnss-jump",
        "{ sensor = 'loop.sensor' }",
        "{ sensor = 'still.sensor' }",
    ),
    (
        "gnss-multipath",
        "{ sensor = 'loop.sensor' }",
        "{ sensor = 'still.sensor' }",
    ),
    ("brown-out", "{ rail = 'field', length = '200ms' }", ""),
    ("watchdog-reset", "{ nodes = 'board' }", ""),
    (
        "deadline-overrun",
        "{ loop = 'loop', policy = 'kill', output = 'zero', state = 'advance' }",
        "{ loop = 'still', policy = 'kill' }",
    ),
    (
        "job-loss",
        "{ loop = 'loop', bursts = { begin = 0.05, end = 0.3 }, counts = 'output-dropped' }",
        "{ loop = 'still', p = 0.5 }",
    ),
    (
        "input-output-delay",
        "{ loop = 'loop' }",
        "{ loop = 'still' }",
    ),
    (
        "page-fault-stall",
        "{ loop = 'loop', faults = 0.3 }",
        "{ loop = 'still', faults = 0.3 }",
    ),
    ("lock-inversion", "{ loop = 'loop' }", "{ loop = 'still' }"),
    (
        "can-loss",
        "{ links = 'board -> field', p = 0.1 }",
        "{ links = 'idle -> field' }",
    ),
    (
        "can-corrupt",
        "{ links = 'board <-> field', p = 0.1 }",
        "{ links = 'idle -> field' }",
    ),
    (
        "can-babble",
        "{ links = 'board -> field' }",
        "{ links = 'idle -> field' }",
    ),
    (
        "can-bad-encode",
        "{ actuator = 'loop.actuator', p = 0.01 }",
        "{ sensor = 'still.sensor' }",
    ),
    (
        "two-active",
        "{ links = 'board <-> spare' }",
        "{ links = 'board <-> idle' }",
    ),
    (
        "handover-gap",
        "{ links = 'board <-> field', every = '2s' }",
        "{ links = 'idle -> field' }",
    ),
    (
        "rtt-spike",
        "{ links = 'board <-> field' }",
        "{ links = 'idle -> field' }",
    ),
    (
        "bufferbloat",
        "{ links = 'board -> field', rate = '10kbit/s' }",
        "{ links = 'idle -> field', rate = '10kbit/s' }",
    ),
    (
        "cloud-offload",
        "{ links = 'board <-> field', file = 'tests/data/delays.csv' }",
        "{ links = 'idle <-> field', file = 'tests/data/delays.csv' }",
    ),
];

/// The world: a loop over three nodes with a second controller, and one that does nothing from 0 s to
/// 14 s.
fn scenario(kind: &str, arguments: &str) -> String {
    let length = if kind == "brown-out" {
        ""
    } else {
        "for = '8s'"
    };
    format!(
        "name = 'one fault'\nstop = {{ at = '16s' }}\n\
         [topology]\n\
         nodes.board = {{ memory = '64MiB', swap = 'vdisk', swap_size = '1GiB' }}\n\
         nodes.spare = {{}}\nnodes.field = {{}}\n\
         nodes.idle = {{ memory = '64MiB', swap = 'vdisk', swap_size = '1GiB' }}\n\
         links.default = {{ delay = '500us' }}\n\
         [workload.loop.edge]\n\
         on = 'board'\nsensor = 'field'\nactuator = 'field'\nbackup = 'spare'\nperiod = '10ms'\n\
         compute = '2ms'\nmemory = {{ set = '24MiB', pages = 8 }}\nplant.servo = {{ noise = 0.1 }}\n\
         measurement = {{ noise = 0.01 }}\nguard = {{ stale_after = '50ms', stamps = 'wall' }}\n\
         [workload.still.edge]\n\
         on = 'idle'\nperiod = '14s'\nplant.integrator = {{}}\n\
         [[fault]]\nname = 'it'\nat = '5s'\n{length}\nland = 'optional'\ninject.{kind} = {arguments}\n"
    )
}

/// What the fault did, and what the loops recorded.
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
    let felt = metrics.filter(|m| m.name.starts_with("loop.") || m.name.starts_with("still."));
    (run.result.faults[0].clone(), felt.cloned().collect())
}

fn calm() -> Vec<MetricResult> {
    let calm = run("link-delay", "{ links = 'idle -> board', delay = '1ms' }").1;
    assert!(calm.len() >= 8, "{calm:?}");
    calm
}

#[test]
fn every_fault_of_loops_lands_on_a_busy_one_and_changes_the_run() {
    let calm = calm();
    for (kind, busy, _) in CASES {
        let (result, felt) = run(kind, busy);
        assert!(result.landed > 0, "{kind} has no effect: {result:?}");
        let first = result.first_landing.expect("what landed has a first time");
        let from = VirtualDuration::from_secs(5);
        let since = first.since(squall::core::VirtualTime::ZERO);
        assert!(since >= from, "{kind} acts before its time");
        assert_ne!(felt, calm, "{kind} counts effects and changes nothing");
    }
}

#[test]
fn no_fault_of_loops_lands_on_an_idle_one() {
    let calm = calm();
    for (kind, _, idle) in CASES.iter().filter(|(.., idle)| !idle.is_empty()) {
        let (result, felt) = run(kind, idle);
        assert_eq!(felt, calm, "{kind} changes the run and does not say so");
        assert_eq!(
            result.landed, 0,
            "{kind} claims an effect on an idle target"
        );
        assert!(result.planned > 0, "{kind} was planned");
    }
}
