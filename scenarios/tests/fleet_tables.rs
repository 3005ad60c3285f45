//! How often machines, racks, disks and memory fail: groups O and K of `../shared/data/cluster/reference_tables.csv`,
//! by the plans that the presets become.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what was compared is said aloud"
)]

#[path = "queueing/table.rs"]
mod table;

use squall_core::plan::{Entry, Plan, Primitive};
use squall_core::{Seed, VirtualTime};
use squall_scenarios::{Settings, parse};
use std::collections::{BTreeMap, BTreeSet};
use table::{Estimate, Row, rows};

const HOUR: f64 = 3600.0;
const YEAR: f64 = 8760.0 * HOUR;

/// The plan of a cell of so many nodes under a fault, for so many hours; racks of `rack` by label, if that is not 0.
fn plan((nodes, rack): (u32, u32), hours: u32, fault: &str, seed: u64) -> Plan {
    let labels = match rack {
        0 => String::new(),
        _ => {
            let racks: Vec<String> = (0..nodes / rack).map(|rack| format!("r{rack}")).collect();
            format!(", labels = {{ rack = 'spread {}' }}", racks.join(" "))
        }
    };
    let text = format!(
        "name = 'cell'\nstop = {{ at = '{hours}h' }}\n[topology]\nsignals = '0s'\n\
         nodes.cell = {{ count = {nodes}{labels} }}\n[[fault]]\n{fault}\n"
    );
    let scenario = parse("cell.toml", &text, &Settings::default());
    let scenario = scenario.unwrap_or_else(|report| panic!("{report}"));
    let plan = scenario.plan(Seed(seed));
    plan.unwrap_or_else(|report| panic!("{report}"))
}

fn seconds(at: VirtualTime) -> f64 {
    at.as_secs_f64()
}

/// A node fails: when, for how long, and who.
#[derive(Clone, Copy, Debug)]
struct Failure {
    at: f64,
    length: f64,
    node: usize,
}

/// Failures of nodes by the fault of this label, or by all of them.
fn failures(plan: &Plan, label: Option<&str>) -> Vec<Failure> {
    let mine = |entry: &&Entry| {
        let own = &plan.faults[entry.fault as usize].label;
        label.is_none_or(|label| own == label)
    };
    let failure = |entry: &Entry| match entry.primitive {
        Primitive::Crash { node, .. } | Primitive::PowerLoss { node, .. } => Some(Failure {
            at: seconds(entry.from),
            length: entry.until.map_or(f64::MAX, seconds) - seconds(entry.from),
            node: node.index(),
        }),
        _ => None,
    };
    let mut all: Vec<Failure> = plan
        .entries()
        .iter()
        .filter(mine)
        .filter_map(failure)
        .collect();
    all.sort_by(|a, b| a.at.total_cmp(&b.at));
    all
}

/// The share of failures that are within 120 s of another one.
fn in_bursts(failures: &[Failure]) -> f64 {
    let near = |a: &Failure, b: &Failure| b.at - a.at <= 120.0;
    let clustered = (0..failures.len()).filter(|i| {
        let one = &failures[*i];
        let before = i.checked_sub(1).is_some_and(|i| near(&failures[i], one));
        before || failures.get(i + 1).is_some_and(|next| near(one, next))
    });
    clustered.count() as f64 / failures.len() as f64
}

fn row<'a>(rows: &'a [Row], quantity: &str) -> &'a Row {
    let found = rows.iter().find(|row| row.quantity.starts_with(quantity));
    found.unwrap_or_else(|| panic!("no row {quantity} in {rows:?}"))
}

/// The number of a bound such as `<0.10`.
fn bound(row: &Row) -> f64 {
    let number = row.said.trim_start_matches(['<', '>', '=']);
    number.parse().expect("a bound is a number")
}

/// A value that is put in comes out, within three standard errors.
fn comes_out(name: &str, found: Estimate, wanted: f64) {
    let off = (found.mean - wanted).abs() / found.error;
    println!(
        "{name}: {:.5} +- {:.5}, table {wanted}",
        found.mean, found.error
    );
    assert!(off < 3.0, "{name}: {found:?} instead of {wanted}");
}

/// Nodes of the cell, and how many times more often they fail: for what falls together in 120 s that is a cell of 4,000.
const CELL: u32 = 400;
const SCALE: f64 = 10.0;
const GOOGLE: &str = "use = 'google-cells'\nfor = 'forever'\nwithout = ['disk']\nscale = 10";
const RACK: usize = 50;
const SEEDS: u64 = 10;
const MONTH_HOURS: f64 = 730.0;

/// O01: Google's cells, a quarter of a year a seed. Who takes failures for independent thinks that three replicas in
/// one rack are gone far less often than they are.
#[test]
fn failures_of_a_cell_come_in_bursts() {
    let Some(rows) = rows("O01", "google-cells") else {
        return;
    };
    let hours = 2190;
    let cell = |seed| plan((CELL, 0), hours, GOOGLE, seed);
    let node_hours = SCALE * f64::from(CELL) * f64::from(hours);
    let (mut shares, mut months, mut racks, mut long) = (vec![], vec![], vec![], vec![]);
    let (mut one, mut three) = (0.0, 0.0);
    for seed in 0..SEEDS {
        let plan = cell(seed);
        let all = failures(&plan, None);
        let length = f64::from(hours) * HOUR;
        let lengths = all
            .iter()
            .map(|failure| failure.length.min(length - failure.at));
        one += lengths.sum::<f64>() / length / f64::from(CELL) / SEEDS as f64;
        three += triples_down(&all, length) / SEEDS as f64;
        shares.push(in_bursts(&all));
        months.push(node_hours / all.len() as f64 / MONTH_HOURS);
        // A rack fails as a whole: its failures a year.
        let whole = failures(&plan, Some("google-cells/rack")).len() as f64 / RACK as f64;
        let rack_years = node_hours / RACK as f64 / 8760.0;
        racks.push(whole / rack_years);
        // Nodes that fail together are one event, of one length.
        let bits = |failure: &Failure| (failure.length * 1e6).round().to_bits();
        let lengths: BTreeSet<u64> = all.iter().map(bits).collect();
        let over = lengths
            .iter()
            .filter(|bits| f64::from_bits(**bits) > 15.0 * 60.0 * 1e6);
        long.push(over.count() as f64 / lengths.len() as f64);
    }
    assert!(row(&rows, "failures in a burst").check(Estimate::of(&shares)));
    comes_out(
        "node MTTF, months",
        Estimate::of(&months),
        row(&rows, "node MTTF").value(),
    );
    let years = row(&rows, "rack MTTF").value();
    comes_out("rack failures a year", Estimate::of(&racks), 1.0 / years);
    let (long, least) = (Estimate::of(&long), bound(row(&rows, "events longer")));
    println!(
        "longer than 15 min: {:.4} +- {:.4}, bound {least}",
        long.mean, long.error
    );
    assert!(long.mean + 2.0 * long.error < least, "{long:?}");
    let (ratio, least) = (
        three / (one * one * one),
        bound(row(&rows, "availability over-estimate")),
    );
    println!(
        "one node down {one:.2e} of the time, three of a rack {three:.2e}: {ratio:.1e} times independence"
    );
    assert!(ratio >= least, "{ratio}");
}

/// O01: as many failures that know nothing of each other, by the same window.
#[test]
fn independent_failures_cluster_by_chance_as_published() {
    let Some(rows) = rows("O01", "chance") else {
        return;
    };
    let mean = row(&rows, "node MTTF").value() * MONTH_HOURS * HOUR / f64::from(CELL) / SCALE;
    let fault = format!(
        "at = '0s'\nfor = '6m'\nevery = {{ mean = '{mean:.0}s', dist = 'exponential', overlap = 'stack' }}\n\
         inject.node-loss = {{ nodes = 'any 1 of cell' }}"
    );
    let share = |seed| in_bursts(&failures(&plan((CELL, 0), 2190, &fault, seed), None));
    let shares: Vec<f64> = (0..SEEDS).map(share).collect();
    assert!(row(&rows, "independent failures").check(Estimate::of(&shares)));
}

/// The share of the time in which three nodes of one rack, drawn at random, are all down.
fn triples_down(failures: &[Failure], length: f64) -> f64 {
    let choose = |n: f64| n * (n - 1.0) * (n - 2.0) / 6.0;
    let mut racks: BTreeMap<usize, Vec<(f64, i32, usize)>> = BTreeMap::new();
    for failure in failures {
        let changes = racks.entry(failure.node / RACK).or_default();
        changes.push((failure.at, 1, failure.node));
        changes.push(((failure.at + failure.length).min(length), -1, failure.node));
    }
    let mut down = 0.0;
    for changes in racks.values_mut() {
        changes.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (mut since, mut depth) = (0.0, BTreeMap::new());
        for (at, change, node) in changes.iter() {
            let here = depth.values().filter(|depth| **depth > 0).count() as f64;
            down += (at - since) * choose(here) / choose(RACK as f64);
            since = *at;
            *depth.entry(*node).or_insert(0) += change;
        }
    }
    down / length / (f64::from(CELL) / RACK as f64)
}

/// O03: a cluster of 2,000 machines in racks of 50, a year a seed.
#[test]
fn the_first_year_of_a_cluster_is_that_of_the_slide() {
    let Some(rows) = rows("O03", "dean-first-year") else {
        return;
    };
    let years = 10;
    let mut counts: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for seed in 0..years {
        let plan = plan(
            (2000, 50),
            8760,
            "use = 'dean-first-year'\nfor = 'forever'",
            seed,
        );
        // Who fails within a second of another fails with it.
        let events = |part: &str| {
            let all = failures(&plan, Some(&format!("dean-first-year/{part}")));
            let mut events: Vec<Vec<Failure>> = Vec::new();
            for failure in all {
                match events.last_mut() {
                    Some(event) if failure.at - event[0].at <= 1.0 => event.push(failure),
                    _ => events.push(vec![failure]),
                }
            }
            events
        };
        let mut count = |name, number| counts.entry(name).or_default().push(number);
        count(
            "individual machine",
            failures(&plan, Some("dean-first-year/machine")).len() as f64,
        );
        count("overheating", events("overheating").len() as f64);
        let racks = events("rack");
        for rack in &racks {
            // Two racks that fail in one second are one in ten million.
            assert!((40..=80).contains(&rack.len()), "a rack of {}", rack.len());
            let whole = rack[0].at + rack[0].length < 0.99 * YEAR;
            let hours = rack[0].length / HOUR;
            assert!(!whole || (1.0..=6.0).contains(&hours), "{hours} h");
        }
        count("rack failures", racks.len() as f64);
        let mut units = events("pdu-small");
        units.extend(events("pdu-large"));
        for unit in &units {
            assert!(
                (500..=1000).contains(&unit.len()),
                "a unit of {}",
                unit.len()
            );
        }
        count("PDU failures", units.len() as f64);
    }
    for (name, counts) in counts {
        comes_out(name, Estimate::of(&counts), row(&rows, name).value());
    }
}

/// K01: disks of a fleet, a year a seed.
#[test]
fn disks_fail_at_the_annual_rate() {
    let Some(rows) = rows("K01", "disks") else {
        return;
    };
    let disks = 2000;
    let rate = |seed| {
        let plan = plan((disks, 0), 8760, "use = 'disks'\nfor = 'forever'", seed);
        plan.entries().len() as f64 / f64::from(disks)
    };
    let rates: Vec<f64> = (0..30).map(rate).collect();
    comes_out(
        "disk failures a year",
        Estimate::of(&rates),
        rows[0].value(),
    );
}

/// K03: modules with a bad month in a year, which have correctable errors.
#[test]
fn memory_goes_bad_as_often_as_published() {
    let Some(rows) = rows("K03", "dram") else {
        return;
    };
    let modules = 500;
    // So many crashes in a bad month that each shows.
    let fault = "use = 'dram'\nfor = 'forever'\nset.\"bad-month.factor\" = 1000\nset.\"bad-month.mtbf\" = '60000h'";
    let share = |seed| {
        let plan = plan((modules, 0), 8760, fault, seed);
        let bad = failures(&plan, Some("dram/bad-month"));
        let nodes: BTreeSet<usize> = bad.iter().map(|failure| failure.node).collect();
        nodes.len() as f64 / f64::from(modules)
    };
    let found = Estimate::of(&(0..60).map(share).collect::<Vec<f64>>());
    let least = bound(&rows[0]);
    println!(
        "modules with a bad month in a year: {:.4} +- {:.4}, bound {least}",
        found.mean, found.error
    );
    assert!(found.mean - 2.0 * found.error > least, "{found:?}");
}
