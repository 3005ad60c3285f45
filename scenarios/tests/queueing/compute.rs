//! Waiting times: rows Q01, Q02 and Q03.

use crate::table::{Estimate, Row, rows};
use core::cell::Cell;
use squall_core::world::{Bounds, Cx, NodeSpec, World};
use squall_core::{Key, Law, Sample, Seed, VirtualDuration, VirtualTime};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Mutex;

/// Seeds of a set-up.
const SEEDS: u64 = 32;
/// Jobs of a seed that count: 4.1 million over all seeds, as the table asks. At a load of a half the mean
/// of a million is nearer than that of four million at 0.8.
const fn jobs(rho: f64) -> u64 {
    if rho > 0.5 { 128_000 } else { 32_000 }
}
/// Six thousand service times at a load of 0.5, twelve thousand at 0.95: the relaxation time of M/M/1
/// at 0.95 is 1,560.
const WARM_UP: u64 = 12_000;
/// Short against a time slice of the node, so that jobs run to their end in the order of arrival.
const SERVICE_NS: f64 = 10_000.0;

/// What jobs waited, over those that count.
#[derive(Debug, Default)]
struct Waits {
    ns: Cell<u64>,
    waited: Cell<u64>,
    jobs: Cell<u64>,
}

/// One job: processor time, and how much longer that took than the work.
async fn job(cx: Cx, work: VirtualDuration, waits: Option<Rc<Waits>>) {
    let arrived = cx.now();
    cx.compute(work).await;
    if let Some(waits) = waits {
        let wait = cx.now().since(arrived).as_nanos() - work.as_nanos();
        waits.ns.set(waits.ns.get() + wait);
        waits.waited.set(waits.waited.get() + u64::from(wait > 0));
        waits.jobs.set(waits.jobs.get() + 1);
    }
}

/// Mean wait in service times, and the share of jobs that waited, of one seed.
fn run(world: &mut World, seed: u64, (servers, rho, law): (u32, f64, &Law)) -> [f64; 2] {
    world.reset(Seed(seed), false);
    let node = world.add_node(&NodeSpec::new("server").cores(servers));
    let waits = Rc::new(Waits::default());
    let (sum, law) = (Rc::clone(&waits), law.clone());
    let gap = SERVICE_NS / (rho * f64::from(servers));
    world.process(node, "source", move |cx| {
        let (sum, law) = (Rc::clone(&sum), law.clone());
        async move {
            let [arrivals, services]: [Key; 2] = ["arrival", "service"].map(|what| cx.key(what));
            for number in 0..WARM_UP + jobs(rho) {
                let wait = arrivals.at(number).exponential(gap);
                cx.sleep(VirtualDuration::from_nanos_f64(wait)).await;
                let work = law.sample(&mut services.at(number));
                let work = VirtualDuration::from_nanos_f64(work);
                let counts = (number >= WARM_UP).then(|| Rc::clone(&sum));
                cx.spawn(job(cx.clone(), work, counts));
            }
        }
    });
    world.run(Bounds::until(VirtualTime::MAX));
    assert_eq!(waits.jobs.get(), jobs(rho));
    let jobs = jobs(rho) as f64;
    let wait = waits.ns.get() as f64 / jobs / SERVICE_NS;
    [wait, waits.waited.get() as f64 / jobs]
}

/// Mean wait and share that waits, over seeds.
fn queue(servers: u32, rho: f64, law: &Law) -> [Estimate; 2] {
    let mut world = World::new(Seed(0), false);
    let runs: Vec<[f64; 2]> = (0..SEEDS)
        .map(|seed| run(&mut world, seed, (servers, rho, law)))
        .collect();
    [0, 1].map(|which: usize| {
        let values: Vec<f64> = runs.iter().map(|run| run[which]).collect();
        Estimate::of(&values)
    })
}

const EXPONENTIAL: Law = Law::Exponential { mean: SERVICE_NS };

/// The same for M/M/1, which two groups of rows want: each load once.
fn one_server(rho: f64) -> [Estimate; 2] {
    static KNOWN: Mutex<BTreeMap<u64, [Estimate; 2]>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().expect("no test panicked while it held it");
    let new = || queue(1, rho, &EXPONENTIAL);
    *known.entry(rho.to_bits()).or_insert_with(new)
}

/// Checks all rows of M/M/k with `servers` servers.
fn erlang_c(servers: u32, test: &str) {
    let Some(waits) = rows("Q01", test) else {
        return;
    };
    let shares = rows("Q02", test).expect("it is there");
    let setup = format!("M/M/{servers} ");
    let mut seen = 0;
    let mut far = Vec::new();
    for row in waits.iter().filter(|row| row.setup.starts_with(&setup)) {
        let share = shares.iter().find(|share| share.setup == row.setup);
        let rho = row.number("rho=").expect("the set-up names it");
        let found = match servers {
            1 => one_server(rho),
            _ => queue(servers, rho, &EXPONENTIAL),
        };
        for (row, found) in [row, share.expect("it is there")].into_iter().zip(found) {
            seen += 1;
            if !row.check(found) {
                far.push(row.setup.clone());
            }
        }
    }
    assert_eq!(seen, 8, "four loads, two rows each");
    assert!(far.is_empty(), "{far:?}");
}

#[test]
fn mean_waits_of_one_server() {
    erlang_c(1, "mean_waits_of_one_server");
}

#[test]
fn mean_waits_of_four_servers() {
    erlang_c(4, "mean_waits_of_four_servers");
}

#[test]
fn mean_waits_of_sixteen_servers() {
    erlang_c(16, "mean_waits_of_sixteen_servers");
}

/// Pollaczek and Khinchine: constant, exponential and hyperexponential service.
#[test]
fn mean_waits_of_general_service() {
    let Some(rows) = rows("Q03", "mean_waits_of_general_service") else {
        return;
    };
    let mean = SERVICE_NS;
    let wait = |row: &Row| {
        let rho = row.number("rho=").expect("the set-up names it");
        let [wait, _] = match row.setup.split_whitespace().next() {
            Some("M/D/1") => queue(1, rho, &Law::Constant(mean)),
            Some("M/M/1") => one_server(rho),
            Some("M/H2") => queue(1, rho, &Law::Hyperexponential { mean, cv2: 4.0 }),
            other => panic!("what is {other:?}?"),
        };
        wait
    };
    let check = |row: &&Row| !row.check(wait(row));
    let far: Vec<&Row> = rows.iter().filter(check).collect();
    assert_eq!(rows.len(), 9);
    assert!(far.is_empty(), "{far:?}");
}
