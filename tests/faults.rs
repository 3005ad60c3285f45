//! Every fault of the catalogue acts on a world that it can hurt, says that it did, and says that it
//! did not where nothing was in its way. The tests walk the table: a fault without a case is an error.

use squall::core::outcome::{FaultResult, MetricResult};
use squall::core::world::World;
use squall::core::{Seed, VirtualDuration};
use squall::faults::param::{Need, Param};
use squall::faults::{FaultKind, catalog};
use squall::scenarios::{Settings, parse};

#[path = "faults/agents.rs"]
mod agents;
#[path = "faults/edge.rs"]
mod edge;
#[path = "faults/life.rs"]
mod life;
#[path = "faults/roles.rs"]
mod roles;
#[path = "faults/scaling.rs"]
mod scaling;

/// What a fault takes here, beside its time: busy target, then idle one. The shop runs on `web`, its
/// clients on `client`; nobody does anything on `idle`. A fault that needs no more than its target here has
/// no line: see `case`.
const CASES: &[(&str, &str, &str)] = &[
    (
        "node-loss",
        "{ nodes = 'web[0]', restart_after = '2s' }",
        "",
    ),
    ("node-pause", "{ nodes = 'web' }", "{ nodes = 'idle' }"),
    (
        "link-delay",
        "{ links = 'client -> web' }",
        "{ links = 'idle -> web' }",
    ),
    (
        "link-loss",
        "{ links = 'client -> web', p = 0.2 }",
        "{ links = 'idle -> web', p = 1.0 }",
    ),
    (
        "link-cut",
        "{ links = 'client -> web' }",
        "{ links = 'idle -> web' }",
    ),
    (
        "link-flap",
        "{ links = 'client <-> web', up = '1s', down = '500ms' }",
        "{ links = 'idle <-> web' }",
    ),
    (
        "burst-loss",
        "{ links = 'client -> web', p = 0.1 }",
        "{ links = 'idle -> web', p = 1.0 }",
    ),
    (
        "link-duplicate",
        "{ links = 'client -> web', p = 0.5, copies = 2 }",
        "{ links = 'idle -> web', p = 1.0 }",
    ),
    (
        "link-reorder",
        "{ links = 'client -> web', by = '20ms' }",
        // Calls stay in order: nothing overtakes them.
        "{ links = 'client -> web', p = 1.0, by = '5 messages' }",
    ),
    (
        "link-corrupt",
        "{ links = 'client -> web', p = 0.1 }",
        "{ links = 'idle -> web', p = 1.0 }",
    ),
    (
        "clog",
        "{ links = 'client -> web', length = '200ms' }",
        "{ links = 'idle -> web', p = 1.0 }",
    ),
    (
        "link-rate",
        "{ links = 'client -> web', rate = '100kbit/s' }",
        "{ links = 'client -> web', rate = '10Gbit/s' }",
    ),
    (
        "path-capacity",
        "{ links = 'client -> web', messages = 1 }",
        "{ links = 'client -> web', messages = 1000 }",
    ),
    (
        "link-trace",
        "{ links = 'client -> web', file = 'tests/data/delays.csv' }",
        "{ links = 'idle -> web', file = 'tests/data/delays.csv' }",
    ),
    (
        "half-open",
        "{ links = 'client -> web' }",
        "{ links = 'idle -> web' }",
    ),
    (
        "connection-reset",
        "{ links = 'client -> web', rate = '5/s' }",
        "{ links = 'idle -> web', rate = '5/s' }",
    ),
    (
        "swizzle-clog",
        "{ links = 'client <-> web', spread = '2s' }",
        "{ links = 'idle <-> web', spread = '2s' }",
    ),
    (
        "partition",
        "{ nodes = 'client + web', split = 'by-zone' }",
        "{ nodes = 'idle', split = 'halves' }",
    ),
    (
        "cpu-slow",
        "{ nodes = 'web', factor = 0.5 }",
        "{ nodes = 'idle', factor = 0.5 }",
    ),
    (
        "cpu-throttle",
        "{ nodes = 'web', quota = '2ms' }",
        "{ nodes = 'idle', quota = '2ms' }",
    ),
    ("gc-pause", "{ nodes = 'web' }", "{ nodes = 'idle' }"),
    (
        "thermal-throttle",
        "{ nodes = 'web', ramp = '3s' }",
        "{ nodes = 'idle', ramp = '3s' }",
    ),
    ("cpu-steal", "{ nodes = 'web' }", "{ nodes = 'idle' }"),
    ("cpu-hog", "{ nodes = 'web' }", "{ nodes = 'idle' }"),
    ("core-loss", "{ nodes = 'web' }", "{ nodes = 'idle' }"),
    (
        "scheduler-jitter",
        "{ nodes = 'web' }",
        "{ nodes = 'idle' }",
    ),
    ("noisy-neighbour", "{ nodes = 'web' }", "{ nodes = 'idle' }"),
    (
        "clock-step",
        "{ nodes = 'web', offset = '30s' }",
        "{ nodes = 'idle' }",
    ),
    (
        "clock-drift",
        "{ nodes = 'client', ppm = 1000 }",
        "{ nodes = 'idle', ppm = -1000 }",
    ),
    (
        "clock-strobe",
        "{ nodes = 'web', delta = '30s', period = '70ms' }",
        "{ nodes = 'idle' }",
    ),
    (
        "clock-freeze",
        "{ nodes = 'client', clock = 'monotonic' }",
        "{ nodes = 'idle', clock = 'both' }",
    ),
    (
        "date-jump",
        "{ nodes = 'web', to = '2038-01-19' }",
        "{ nodes = 'idle', to = '2038-01-19' }",
    ),
    (
        "time-sync-loss",
        "{ nodes = 'client', ppm = 100 }",
        "{ nodes = 'idle' }",
    ),
    (
        "leap-second",
        "{ nodes = 'web', mode = 'step-back' }",
        "{ nodes = 'idle', mode = 'smear-24h' }",
    ),
    (
        "swap-storm",
        "{ nodes = 'web', overcommit = 2.0 }",
        "{ nodes = 'idle', overcommit = 2.0 }",
    ),
    (
        "memory-hog",
        "{ nodes = 'web', size = '200MiB' }",
        "{ nodes = 'idle', size = '20MiB' }",
    ),
    (
        "memory-leak",
        "{ nodes = 'web', rate = '40MiB/s' }",
        "{ nodes = 'idle', rate = '1MiB/s' }",
    ),
    (
        "memory-limit",
        "{ nodes = 'web', limit = 0.5 }",
        "{ nodes = 'web', limit = 3.0 }",
    ),
    ("oom-kill", "{ nodes = 'web' }", "{ nodes = 'idle' }"),
    (
        "swap-device-slow",
        "{ nodes = 'web', factor = 10.0 }",
        "{ nodes = 'idle', factor = 10.0 }",
    ),
    ("no-swap", "{ nodes = 'web' }", "{ nodes = 'idle' }"),
    (
        "power-loss",
        "{ nodes = 'web[0]', restart_after = '2s' }",
        "",
    ),
    ("reimage", "{ nodes = 'web[0]', down = '2s' }", ""),
    (
        "disk-slow",
        "{ nodes = 'web', delay = '5ms' }",
        "{ nodes = 'idle' }",
    ),
    ("disk-pause", "{ nodes = 'web[0]' }", "{ nodes = 'idle' }"),
    (
        "disk-error",
        "{ nodes = 'web', ops = 'fsync' }",
        "{ nodes = 'idle', mode = 'detach' }",
    ),
    ("disk-full", "{ nodes = 'web' }", "{ nodes = 'idle' }"),
    ("lying-fsync", "{ nodes = 'web' }", "{ nodes = 'idle' }"),
    ("torn-write", "{ nodes = 'web' }", "{ nodes = 'idle' }"),
    (
        "fsync-stall",
        "{ nodes = 'web', p = 0.1 }",
        "{ nodes = 'idle', p = 1.0 }",
    ),
    (
        "fail-slow-disk",
        "{ nodes = 'web', cycle = '2s' }",
        "{ nodes = 'idle' }",
    ),
    (
        "bit-rot",
        "{ nodes = 'web', p = 0.05 }",
        "{ nodes = 'idle', p = 1.0 }",
    ),
    (
        "misdirect",
        "{ nodes = 'web', p = 0.1 }",
        "{ nodes = 'idle', p = 0.1 }",
    ),
    (
        "call-error",
        "{ service = 'shop.request', p = 0.5 }",
        "{ service = 'quiet.request', p = 1.0 }",
    ),
    (
        "call-delay",
        "{ service = 'shop.service', delay = '20ms' }",
        "{ service = 'quiet.service', delay = '20ms' }",
    ),
    (
        "call-hang",
        "{ service = 'shop.request', p = 0.2 }",
        "{ service = 'quiet.request' }",
    ),
    (
        "lost-reply",
        "{ service = 'shop.request', p = 0.2 }",
        "{ service = 'quiet.request' }",
    ),
    (
        "rate-limit",
        "{ service = 'shop.request', rate = '10/s' }",
        "{ service = 'shop.request', rate = '100000/s' }",
    ),
    ("knob-set", "{ name = 'shop.capacity', value = 0.5 }", ""),
    ("load-step", "{ workload = 'shop', factor = 2.0 }", ""),
    ("config-push", "{ name = 'shop.version', value = 2 }", ""),
    (
        "double-delivery",
        "{ service = 'shop.request', p = 0.5, after = '10ms' }",
        "{ service = 'quiet.request', p = 1.0 }",
    ),
    (
        "error-in-body",
        "{ service = 'shop.request' }",
        "{ service = 'quiet.request', p = 1.0 }",
    ),
    (
        "empty-reply",
        "{ service = 'shop.request', p = 0.2 }",
        "{ service = 'quiet.request', p = 1.0 }",
    ),
    (
        "malformed-reply",
        "{ service = 'shop.request', mode = 'other-entity', p = 0.2 }",
        "{ service = 'quiet.request', p = 1.0 }",
    ),
    (
        "stale-read",
        "{ service = 'shop.service', p = 0.2 }",
        "{ service = 'quiet.service' }",
    ),
    (
        "health-lie",
        "{ service = 'shop.request', says = 'fail', p = 0.2 }",
        // What is well anyway needs no lie.
        "{ service = 'shop.request', says = 'ok' }",
    ),
    (
        "stream-cut",
        "{ service = 'shop.request', after = 0, p = 0.2 }",
        // An answer of one unit ends before the cut.
        "{ service = 'shop.request', after = 1 }",
    ),
    (
        "stream-drip",
        "{ service = 'shop.request', stall = '20ms' }",
        // An answer of one unit has nothing between its units.
        "{ service = 'shop.request', factor = 10 }",
    ),
    (
        "one-shard",
        "{ service = 'shop.request' }",
        "{ service = 'quiet.request', shards = 1 }",
    ),
    (
        "fast-failer",
        "{ service = 'shop.request', replica = 'web[0]' }",
        "{ service = 'quiet.request', replica = 'web' }",
    ),
    (
        "slow-error",
        "{ service = 'shop.request' }",
        "{ service = 'quiet.request', p = 1.0 }",
    ),
    (
        "dns-fault",
        "{ names = ['shop.request'], ttl = '1s' }",
        "{ names = ['quiet.request'], ttl = '0s' }",
    ),
    (
        "cert-expiry",
        "{ service = 'shop.request', client = 'client' }",
        // Connections of before the fault go on.
        "{ service = 'shop.request' }",
    ),
    ("load-ramp", "{ workload = 'shop', over = '4s' }", ""),
    (
        "flash-crowd",
        "{ workload = 'shop', rise = '1s', decay = '2s' }",
        "",
    ),
    ("retry-policy", "{ workload = 'shop', timeout = '2ms' }", ""),
    ("resource-limit", "{ workload = 'shop', value = 1 }", ""),
];

/// Faults of what only a shop with guards has: connections, caches, items, health checks.
const OF_GUARDS: &[(&str, &str, &str)] = &[
    (
        "cold-clients",
        "{ workload = 'shop' }",
        "{ workload = 'quiet' }",
    ),
    (
        "cache-flush",
        "{ workload = 'shop' }",
        "{ workload = 'quiet' }",
    ),
    ("hot-key", "{ workload = 'shop' }", "{ workload = 'quiet' }"),
    (
        "eager-ejection",
        "{ workload = 'shop', timeout = '1ms' }",
        "{ workload = 'quiet', timeout = '1ms' }",
    ),
];

/// Whether a fault is one of those.
fn guarded(kind: &str) -> bool {
    OF_GUARDS.iter().any(|(name, ..)| *name == kind)
}

/// The guards of the shop, and of the one that nobody asks.
const GUARDS: [&str; 2] = [
    "pool.size = 5\nitems.count = 50\nservices.front.cache.ttl = '10s'\n\
     health = { every = '500ms', check = 'work', share_max = 1.0 }\n",
    "pool.size = 5\nitems.count = 50\nservices.quiet.cache.ttl = '10s'\n",
];

/// What `kind` takes here: as in [`CASES`], or its target alone, where it must be given no more.
fn case(kind: &'static FaultKind) -> (&'static str, &'static str) {
    let mut written = CASES.iter().chain(life::CASES).chain(OF_GUARDS);
    if let Some((_, busy, idle)) = written.find(|(name, ..)| *name == kind.name) {
        return (busy, idle);
    }
    let required = |p: &&Param| p.need == Need::Required;
    let required: Vec<&str> = kind.params.iter().filter(required).map(|p| p.key).collect();
    match required[..] {
        ["nodes"] => ("{ nodes = 'web' }", "{ nodes = 'idle' }"),
        ["links"] => ("{ links = 'client -> web' }", "{ links = 'idle -> web' }"),
        ["service"] => (
            "{ service = 'shop.request' }",
            "{ service = 'quiet.request' }",
        ),
        _ => panic!(
            "{} needs a line in CASES: it must be given {required:?}",
            kind.name
        ),
    }
}

/// All faults of the catalogue with what they take here, busy and idle; those of control loops, of agents and
/// of schedulers have worlds of their own.
fn cases() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let here = |name| {
        let mut elsewhere = edge::CASES
            .iter()
            .chain(agents::CASES)
            .chain(roles::CASES)
            .chain(scaling::CASES);
        elsewhere.all(|(other, ..)| *other != name)
    };
    let kinds = catalog::ALL.iter().filter(move |kind| here(kind.name));
    kinds.map(|kind| {
        let (busy, idle) = case(kind);
        (kind.name, busy, idle)
    })
}

/// Faults with a length of their own.
const OWN_LENGTH: [&str; 3] = ["node-loss", "power-loss", "reimage"];

/// What a fault needs to show: the power of its target goes when it has been in force for a while, or
/// its connections break.
fn power_loss_after(kind: &str, arguments: &str) -> String {
    if kind == "cert-expiry" && arguments.contains("client =") {
        // Something must close the open connections.
        return "[[fault]]\nname = 'reset'\nat = '7s'\nland = 'optional'\n\
                inject.connection-reset = { links = 'client -> web' }\n"
            .into();
    }
    if !["lying-fsync", "torn-write"].contains(&kind) {
        return String::new();
    }
    let nodes = if arguments.contains("idle") {
        "idle"
    } else {
        "web[0]"
    };
    format!(
        "[[fault]]\nname = 'power'\nat = '9s'\nland = 'optional'\n\
         inject.power-loss = {{ nodes = '{nodes}', torn = 0.0, restart_after = '2s' }}\n"
    )
}

/// The world: a busy shop, and one that nobody asks for anything.
fn scenario(kind: &str, arguments: &str) -> String {
    let own = OWN_LENGTH.contains(&kind);
    let length = if own || kind == "oom-kill" {
        ""
    } else {
        "for = '8s'"
    };
    let second = power_loss_after(kind, arguments);
    let fsync = kind != "torn-write";
    // A slow or missing swap device shows only where memory is short already.
    let memory = if short(kind) { "64MiB" } else { "256MiB" };
    let [shop, quiet] = if guarded(kind) { GUARDS } else { [""; 2] };
    // Somebody else has to be there where one is avoided.
    let replicas = if guarded(kind) { 2 } else { 1 };
    format!(
        "name = 'one fault'\nstop = {{ at = '20s' }}\n\
         [topology]\n\
         nodes.web = {{ count = 2, cores = 2, memory = '{memory}', swap = 'vdisk', swap_size = '1GiB', zone = 'a', labels = {{ rack = 'r1' }} }}\n\
         nodes.client = {{ memory = '256MiB', zone = 'b' }}\n\
         nodes.idle = {{ count = 2, memory = '256MiB', swap = 'vdisk', zone = 'c', labels = {{ rack = 'r9' }} }}\n\
         links.default = {{ delay = '1ms' }}\n\
         [workload.shop.cluster]\n\
         on = 'web'\nclients = 'client'\narrivals.rate = '100/s'\ngraph.edges = ['front -> cart']\n\
         version.cpu = 2.0\nworking_set = '96MiB'\npages = 16\nreplicas = {replicas}\nstore = {{ fsync = {fsync}, read = 0.5 }}\n{shop}\
         [workload.quiet.cluster]\n\
         on = 'web'\nclients = 'client'\narrivals.rate = '0.000001/s'\ngraph.edges = ['quiet']\nworking_set = '1MiB'\n{quiet}\
         [[fault]]\nname = 'it'\nat = '5s'\n{length}\nland = 'optional'\ninject.{kind} = {arguments}\n{second}"
    )
}

/// What the fault did, and what the shop's users felt.
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
    let felt = run
        .result
        .metrics
        .iter()
        .filter(|m| m.name.starts_with("shop."));
    (run.result.faults[0].clone(), felt.cloned().collect())
}

/// Whether a fault needs hosts that swap already.
fn short(kind: &str) -> bool {
    matches!(kind, "swap-device-slow" | "no-swap")
}

/// What users feel when nothing breaks: usually, where memory is short, and where torn writes are
/// looked for.
struct Calm {
    usual: Vec<MetricResult>,
    short: Vec<MetricResult>,
    unsynced: Vec<MetricResult>,
    guarded: Vec<MetricResult>,
}

impl Calm {
    fn new() -> Self {
        let usual = run("link-delay", "{ links = 'idle -> web', delay = '1ms' }").1;
        let short = run("swap-device-slow", "{ nodes = 'idle' }").1;
        assert!(usual.len() >= 3 && short.len() >= 3, "{usual:?}");
        assert_ne!(usual, short, "hosts without enough memory swap");
        Self {
            usual,
            short,
            unsynced: run("torn-write", "{ nodes = 'idle', p = 0.0 }").1,
            guarded: run("cold-clients", "{ workload = 'quiet' }").1,
        }
    }
    fn of(&self, kind: &str) -> &[MetricResult] {
        match kind {
            "torn-write" => &self.unsynced,
            _ if guarded(kind) => &self.guarded,
            _ if short(kind) => &self.short,
            _ => &self.usual,
        }
    }
}

#[test]
fn every_case_is_of_a_fault() {
    let cases = || {
        CASES
            .iter()
            .chain(edge::CASES)
            .chain(life::CASES)
            .chain(agents::CASES)
            .chain(OF_GUARDS)
            .chain(roles::CASES)
    };
    for (number, (name, ..)) in cases().enumerate() {
        assert!(catalog::find(name).is_some(), "there is no fault `{name}`");
        let first = cases().position(|(other, ..)| other == name);
        assert_eq!(first, Some(number), "{name} has two cases");
    }
}

#[test]
fn every_fault_lands_on_a_busy_target_and_changes_the_run() {
    let calm = Calm::new();
    for (kind, busy, _) in cases() {
        let (result, felt) = run(kind, busy);
        assert!(result.landed > 0, "{kind} has no effect: {result:?}");
        let first = result.first_landing.expect("what landed has a first time");
        let from = VirtualDuration::from_secs(5);
        assert!(
            first.since(squall::core::VirtualTime::ZERO) >= from,
            "{kind} acts before its time"
        );
        assert_ne!(
            felt,
            calm.of(kind),
            "{kind} counts effects and changes nothing"
        );
    }
}

#[test]
fn no_fault_lands_on_an_idle_target() {
    let calm = Calm::new();
    for (kind, _, idle) in cases().filter(|(.., idle)| !idle.is_empty()) {
        let (result, felt) = run(kind, idle);
        assert_eq!(
            felt,
            calm.of(kind),
            "{kind} changes the run and does not say so"
        );
        assert_eq!(
            result.landed, 0,
            "{kind} claims an effect on a target that does nothing"
        );
        assert!(result.planned > 0, "{kind} was planned");
    }
}
