//! Alarms of the intact code, of which there must be none.

use super::options::Options;
use super::told::Told;
use super::{alarm, on_threads};
use squall::core::property::{PropertyKind, Verdict};
use squall::core::{Seed, World};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Runs the intact code; gives the number of alarms.
pub(crate) fn intact(options: &Options) -> Result<usize, String> {
    const BLOCK: u64 = 50;
    let ready = options.ready(None)?;
    let began = Instant::now();
    let (told, done) = (Told::new(), AtomicU64::new(0));
    let blocks = usize::try_from(options.intact.div_ceil(BLOCK)).unwrap_or(usize::MAX);
    let results = on_threads(options.jobs, blocks, |block| {
        let mut world = World::new(Seed(0), false);
        let (mut alarms, mut undecided, mut events, mut records) = (Vec::new(), 0, 0, 0);
        for seed in block as u64 * BLOCK..((block as u64 + 1) * BLOCK).min(options.intact) {
            let seed = options.first + seed;
            let Ok(run) = ready.run(Seed(seed), false, &mut world) else {
                continue;
            };
            events += run.result.events;
            records += run.result.records;
            if let Some((name, text)) = alarm(&run) {
                eprintln!("ALARM seed {seed}: {name} {text}");
                alarms.push(seed);
            } else if run.result.verdict != Verdict::Pass {
                let open = run.result.properties.iter().filter(|p| {
                    let always = matches!(p.spec.kind, PropertyKind::Always { .. });
                    always && p.outcome.verdict != Verdict::Pass
                });
                let open: Vec<&str> = open.map(|p| p.spec.name.as_str()).collect();
                eprintln!("seed {seed}: {} {open:?}", run.result.verdict);
                undecided += 1;
            }
        }
        let done = done.fetch_add(BLOCK, Ordering::Relaxed) + BLOCK;
        told.say(|| format!("intact: {done} of {} seeds", options.intact));
        (alarms, undecided, events, records)
    });
    let wall = began.elapsed().as_secs_f64();
    let alarms: usize = results.iter().map(|r| r.0.len()).sum();
    let undecided: u64 = results.iter().map(|r| r.1).sum();
    let events: u64 = results.iter().map(|r| r.2).sum();
    let records: u64 = results.iter().map(|r| r.3).sum();
    let seeds = options.intact as f64;
    println!(
        "intact: {alarms} alarms, {undecided} undecided in {} seeds, {wall:.1} s; a seed {:.2} ms on each of {} \
         threads, {:.0} events, {:.0} records",
        options.intact,
        wall * 1e3 * options.jobs as f64 / seeds,
        options.jobs,
        events as f64 / seeds,
        records as f64 / seeds
    );
    Ok(alarms)
}
