//! What records cost: not kept and kept, and the digest alone.
//!
//! The digest cannot be switched off, so "bare" is a run without kept records, less the time that the
//! digest takes for just these records in a loop of its own.

use crate::{median, timed};
use squall::core::Seed;
use squall::core::history::{Digest, Record};
use squall::core::world::World;
use squall::load;
use squall::scenarios::Settings;
use std::hint::black_box;
use std::path::Path;

const FILES: [&str; 3] = [
    "agents/rate-limit-storm.toml",
    "cluster/retry-storm.toml",
    "edge/servo-jitter.toml",
];
const ROUNDS: u64 = 5;

fn digest(records: &[Record]) -> Digest {
    let mut digest = Digest::default();
    for record in records {
        digest.record(record);
    }
    digest
}

pub(crate) fn run() {
    for file in FILES {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("scenarios/library")
            .join(file);
        let ready = load(&path, &Settings::default()).unwrap_or_else(|e| panic!("{e}"));
        let mut world = World::new(Seed(0), false);
        let mut ratios = [Vec::new(), Vec::new()];
        let mut records = 0;
        for round in 0..=ROUNDS {
            let seed = Seed(ready.scenario.seeds.start + round);
            let mut go = |keep| {
                let (cpu, run) = timed(|| ready.run(seed, keep, &mut world));
                (cpu, run.unwrap_or_else(|e| panic!("{e}")))
            };
            let (with_digest, run) = go(false);
            let (full, kept) = go(true);
            let recording = kept.recording.expect("records were kept");
            assert_eq!(run.result.digest, recording.header.digest);
            let (hashing, found) = timed(|| digest(black_box(&recording.records)));
            assert_eq!(found, recording.header.digest);
            records = recording.records.len();
            // The first round warms the arena up.
            if round > 0 {
                let bare = with_digest - hashing;
                ratios[0].push(with_digest / bare);
                ratios[1].push(full / bare);
            }
        }
        let [digest, full] = ratios.map(median);
        println!(
            "recording    {file:<30} {records:>8} records a seed   digest x {digest:.3} (bar 1.15)   \
             full x {full:.2} (bar 3)"
        );
    }
}
