//! The world of most faults: a busy shop, and one that nobody asks for anything.

use super::OF_GUARDS;
use squall::core::Seed;
use squall::core::outcome::{FaultResult, MetricResult};
use squall::core::world::World;
use squall::scenarios::{Settings, parse};

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
pub(crate) fn run(kind: &str, arguments: &str) -> (FaultResult, Vec<MetricResult>) {
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
pub(crate) struct Calm {
    usual: Vec<MetricResult>,
    short: Vec<MetricResult>,
    unsynced: Vec<MetricResult>,
    guarded: Vec<MetricResult>,
}

impl Calm {
    pub(crate) fn new() -> Self {
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
    pub(crate) fn of(&self, kind: &str) -> &[MetricResult] {
        match kind {
            "torn-write" => &self.unsynced,
            _ if guarded(kind) => &self.guarded,
            _ if short(kind) => &self.short,
            _ => &self.usual,
        }
    }
}
