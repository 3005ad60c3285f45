//! Every preset: what it becomes, that its needed parts land on a shipped workload, what is wrong with it.

mod calm;
mod errors;
mod expansion;
mod landing;
mod published;
mod zombie;

use squall_core::outcome::{Campaign, SeedResult};
use squall_core::plan::Plan;
use squall_core::{Seed, World};
use squall_faults::preset::{self, Preset};
use squall_scenarios::{Files, Scenario, Settings, parse};

/// A shop whose replicas are in two racks.
pub(crate) const SHOP: &str = "
[topology.nodes.near]
count = 3
cores = 2
memory = '192MiB'
swap = 'nvme'
zone = 'a'
labels = { rack = 'r1' }
[topology.nodes.far]
count = 3
cores = 2
memory = '192MiB'
swap = 'nvme'
zone = 'b'
labels = { rack = 'r2' }
[topology.nodes.client]
count = 2
[workload.shop.cluster]
on = 'near + far'
clients = 'client'
replicas = 6
cpu = '20ms'
arrivals.rate = '40/s'
timeout = '1s'
retry = { attempts = 2 }
version = { errors = 0.2 }
working_set = '128MiB'
pages = 8
store = {}
";

/// Agents under a control layer.
pub(crate) const CREW: &str = "
[topology.nodes.worker]
count = 3
cores = 4
memory = '1GiB'
swap = '800 iops'
[topology.nodes.model]
[topology.nodes.policy]
[workload.crew.agents]
on = 'worker'
deadline = '20m'
policy = { on = 'policy' }
arrivals = { rate = '0.2/s', calls = '8', gap_max = '1s' }
model = { on = 'model', latency = '2s' }
tools = { writes = 0.6, work = '50ms' }
control = { approvals = 0.0 }
";

/// A loop whose controller is elsewhere, with a backup.
pub(crate) const LOOP: &str = "
[topology.nodes.car]
[topology.nodes.board]
[topology.nodes.spare]
[workload.loop.edge]
on = 'board'
backup = 'spare'
sensor = 'car'
actuator = 'car'
period = '20ms'
compute = '1ms'
plant.servo = { noise = 1e-6 }
takeover = { after = '100ms' }
";

/// A replicated store.
pub(crate) const STORE: &str = "
[topology.nodes.kv]
count = 5
cores = 2
[topology.nodes.user]
count = 2
[workload.kv.raft]
on = 'kv'
clients = 'user'
load = { clients = 4, think = '60ms' }
";

/// A scenario of these worlds with these faults.
pub(crate) fn text(worlds: &[&str], minutes: u64, faults: &str) -> String {
    let worlds = worlds.concat();
    format!("name = 'presets'\nstop = {{ at = '{minutes}m' }}\n{worlds}\n{faults}\n")
}

pub(crate) fn scenario(worlds: &[&str], minutes: u64, faults: &str) -> Scenario {
    let text = text(worlds, minutes, faults);
    let scenario = parse("presets.toml", &text, &Settings::default());
    scenario.unwrap_or_else(|report| panic!("{report}"))
}

/// What is wrong with these faults.
pub(crate) fn errors_of(worlds: &[&str], faults: &str) -> String {
    let text = text(worlds, 10, faults);
    match parse("presets.toml", &text, &Settings::default()) {
        Ok(_) => panic!("nothing is wrong with {faults}"),
        Err(report) => report.to_string(),
    }
}

pub(crate) fn plan(scenario: &Scenario, seed: u64) -> Plan {
    let plan = scenario.plan(Seed(seed));
    plan.unwrap_or_else(|report| panic!("{report}"))
}

pub(crate) fn find(name: &str) -> &'static Preset {
    preset::find(name).unwrap_or_else(|| panic!("no preset {name}"))
}

struct NoFiles;

impl Files for NoFiles {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        Err(format!("no file {path} here"))
    }
}

/// Runs of the seeds below `seeds`, and what they say together.
pub(crate) fn campaign(scenario: &Scenario, seeds: u64) -> Campaign {
    let ready = scenario.clone().ready(&NoFiles);
    let ready = ready.unwrap_or_else(|report| panic!("{report}"));
    let run = |seed| -> SeedResult {
        let mut world = World::new(Seed(seed), false);
        let run = ready.run(Seed(seed), false, &mut world);
        run.unwrap_or_else(|report| panic!("{report}")).result
    };
    let results = (0..seeds).map(run).collect();
    Campaign::new(results, &scenario.properties, &scenario.lands())
}
