//! Every preset on a shipped workload that it fits: its needed parts land.

use super::{CREW, LOOP, SHOP, STORE, campaign, find, scenario};
use squall_core::plan::Land;
use squall_core::property::Verdict;
use squall_faults::preset;

/// A preset, the world it runs in, how long, and what its record has beside `use` and `at`.
type Row = (&'static str, &'static str, u64, &'static str);

const SEEDS: u64 = 3;
const ROWS: &[Row] = &[
    (
        "jepsen-net",
        STORE,
        3,
        "nodes = 'kv'\nfor = '80s'\ngap = '2s'",
    ),
    (
        "jepsen-clock",
        CREW,
        2,
        "nodes = 'worker'\nfor = '60s'\ngap = '5s'",
    ),
    ("maelstrom", STORE, 2, "nodes = 'kv'\nfor = '70s'"),
    ("vopr-swarm", SHOP, 2, "nodes = 'near'\nfor = '60s'"),
    ("fdb-buggify", SHOP, 2, "for = '60s'"),
    ("fdb-clog", SHOP, 2, "for = '60s'"),
    (
        "litmus-default",
        SHOP,
        10,
        "nodes = 'near[0]'\ngap = '1s'\nwithout = ['memory', 'http']",
    ),
    ("chaosmesh-example", SHOP, 2, "nodes = 'near'\nfor = '60s'"),
    ("turmoil", SHOP, 1, ""),
    (
        "chaosmonkey",
        SHOP,
        6,
        "nodes = 'near'\nfor = '4m'\nscale = 2000",
    ),
    (
        "llama3-h100",
        SHOP,
        4,
        "nodes = 'near'\nfor = '2m'\nscale = 1_000_000\n",
    ),
    (
        "meta-rsc1",
        SHOP,
        4,
        "nodes = 'near'\nfor = '2m'\nscale = 100_000",
    ),
    (
        "meta-rsc2",
        SHOP,
        4,
        "nodes = 'near'\nfor = '2m'\nscale = 300_000",
    ),
    (
        "google-cells",
        SHOP,
        4,
        "nodes = 'near'\nfor = '2m'\nscale = 200_000",
    ),
    (
        "dean-first-year",
        SHOP,
        4,
        "nodes = 'near'\nfor = '2m'\nscale = 1_000_000",
    ),
    (
        "disks",
        SHOP,
        4,
        "nodes = 'near + far'\nfor = '2m'\nscale = 20_000_000",
    ),
    (
        "dram",
        SHOP,
        4,
        "nodes = 'near + far'
for = '3m'
scale = 100_000_000
set.\"bad-month.down\" = '1s'",
    ),
    (
        "provider-outage",
        CREW,
        4,
        "service = 'crew.model'\nfor = '3m'\nscale = 5000\nset.\"outage.for\" = '30s'",
    ),
    (
        "provider-outage-anthropic",
        CREW,
        4,
        "service = 'crew.model'\nfor = '3m'\nscale = 5000\nset.\"outage.for\" = '30s'",
    ),
    ("tool-errors", CREW, 4, "service = 'crew.tools'\nfor = '3m'"),
    ("5g-urban", LOOP, 1, "links = 'car -> board'\nfor = '40s'"),
    ("5g-rural", LOOP, 1, "links = 'car -> board'\nfor = '40s'"),
    ("5g-factory", LOOP, 1, "links = 'car -> board'\nfor = '40s'"),
    (
        "5g-factory-mmwave",
        LOOP,
        1,
        "links = 'car -> board'\nfor = '40s'",
    ),
    ("metastable-trigger", SHOP, 2, "nodes = 'near + far'"),
    ("deploy-and-swap", SHOP, 6, "nodes = 'near[0]'"),
    (
        "swap-zombie",
        CREW,
        4,
        "[workload.crew.agents.heap]\nsize = '512MiB'",
    ),
    (
        "storm-and-resend",
        CREW,
        6,
        "set.\"limit.rate\" = '100/s'\nset.\"limit.burst\" = 1000",
    ),
    ("ambiguous-zombie", CREW, 4, ""),
    ("blind-guard", CREW, 4, ""),
    ("cold-cache-retry", CREW, 6, ""),
    ("power-cut", SHOP, 2, "nodes = 'zone=b'"),
    // Version 2 has errors to lie about.
    (
        "gray-node",
        SHOP,
        2,
        "nodes = 'near[0]'
service = 'shop.request'
[[fault]]
for = 'forever'
inject.knob-set = { name = 'shop.version', value = 2 }",
    ),
    (
        "rack-burst-in-upgrade",
        SHOP,
        5,
        "nodes = 'near'\nset.\"burst.size\" = 2\nset.\"burst.window\" = '10s'",
    ),
    (
        "recovery-herd",
        SHOP,
        5,
        "service = 'shop.request'\nscale = 60",
    ),
    // Something else goes over the radio than the position.
    (
        "tunnel",
        LOOP,
        1,
        "links = 'car <-> board'
sensor = 'loop.sensor'
[workload.remote.edge]
on = 'board'
sensor = 'car'
actuator = 'car'
plant.servo = {}",
    ),
    ("hot-day", LOOP, 6, "nodes = 'board'"),
    ("hot-standby-loss", LOOP, 1, "links = 'board <-> spare'"),
    ("sre-retry", SHOP, 1, "for = 'forever'"),
    ("retry-bucket", SHOP, 1, "for = 'forever'"),
];

fn lands(&(name, world, minutes, more): &Row) -> Vec<String> {
    let record = format!("[[fault]]\nuse = '{name}'\nat = '10s'\n{more}\n");
    let campaign = campaign(&scenario(&[world], minutes, &record), SEEDS);
    let preset = find(name);
    let mut missed = Vec::new();
    for row in &campaign.faults {
        let needed = row.land != Land::Optional;
        if needed && row.landed == 0 {
            missed.push(row.label.clone());
        }
    }
    let needed = campaign.faults.iter().any(|row| row.land != Land::Optional);
    assert!(needed, "nothing of {name} is needed: {:?}", preset.parts);
    missed
}

#[test]
fn every_preset_has_a_row() {
    for preset in preset::ALL.iter().filter(|preset| !preset.parts.is_empty()) {
        let rows = ROWS.iter().filter(|row| row.0 == preset.name);
        assert_eq!(rows.count(), 1, "{}", preset.name);
    }
}

fn walk(part: usize) {
    let mut missed = Vec::new();
    for row in ROWS.iter().skip(part).step_by(4) {
        missed.extend(lands(row));
    }
    assert!(missed.is_empty(), "{missed:?} landed in no seed");
}

// In four parts, so that they run beside each other.
#[test]
fn needed_parts_land_0() {
    walk(0);
}
#[test]
fn needed_parts_land_1() {
    walk(1);
}
#[test]
fn needed_parts_land_2() {
    walk(2);
}
#[test]
fn needed_parts_land_3() {
    walk(3);
}

/// A needed part that has no effect is a miss, and the campaign proves nothing; another may miss.
#[test]
fn a_needed_part_that_misses_is_a_miss() {
    let rows = |record: &str| {
        let promise = "[[property]]\nalways = 'loop.rate-finite'\n";
        let text =
            format!("[[fault]]\nuse = 'hot-day'\n{record}\n{promise}[topology.nodes.idle]\n");
        let campaign = campaign(&scenario(&[LOOP], 1, &text), 2);
        let missed = |label: &str| {
            let row = campaign.faults.iter().find(|row| row.label == label);
            row.map(|row| (row.landed > 0, row.missed))
        };
        let parts = [missed("hot-day/throttle"), missed("hot-day/drift")];
        (campaign.verdict, parts)
    };
    let (busy, parts) = rows("nodes = 'board'");
    assert_eq!(busy, Verdict::Pass);
    assert_eq!(parts[0], Some((true, false)));
    // Nobody computes there, and nobody asks for the time.
    let (idle, parts) = rows("nodes = 'idle'");
    assert_eq!(parts[0], Some((false, true)), "it is needed");
    assert!(parts[1].is_some_and(|(_, missed)| !missed), "it may miss");
    assert_eq!(idle, Verdict::Inconclusive);
    let (alone, parts) = rows("nodes = 'idle'\nwithout = ['throttle']");
    assert_eq!((alone, parts[0]), (Verdict::Pass, None));
}
