//! Size and recording: populations, pending events, what a recording costs, seeds a second.
//!
//! Most of these take seconds once, so they are timed as they are, in CPU time of the process, and
//! repeated where the spread matters; `cargo bench --bench scale -- heartbeats curve` runs some. Each
//! prints its figure beside the bar and checks that the work was done before it counts. Bytes a node, a
//! task and so on are asserted by `tests/allocator`, whose allocator counts.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_types,
    reason = "a bench prints its figures, and shows wall time beside CPU time"
)]

mod coverage;
mod curve;
#[path = "../engine/generator.rs"]
#[expect(dead_code, reason = "the engine's benches use all of it")]
mod generator;
mod heartbeats;
mod histories;
mod membership;
#[path = "../../sim-core/tests/linearizability/parse.rs"]
mod parse;
mod placement;
mod recording;
mod seeds;
mod tasks;

use cpu_time::ProcessTime;

/// The benches by name, in the order in which they run: small ones first, as peak memory only grows.
const ALL: [(&str, fn()); 10] = [
    ("seeds", seeds::run),
    ("placement", placement::run),
    ("histories", histories::run),
    ("coverage", coverage::run),
    ("recording", recording::run),
    ("heartbeats", heartbeats::run),
    ("membership", membership::few),
    ("curve", curve::run),
    ("tasks", tasks::run),
    // Minutes: every one of 100,000 hears of a hundred deaths.
    ("membership-many", membership::many),
];

fn main() {
    // Cargo adds `--bench`; what remains are names.
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    for (name, run) in ALL {
        if wanted.is_empty() || wanted.iter().any(|w| w == name) {
            run();
        }
    }
}

/// CPU seconds of `work`, and its result.
fn timed<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let start = ProcessTime::now();
    let result = work();
    (start.elapsed().as_secs_f64(), result)
}

/// The median of some figures.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The most memory this process ever had resident, in MiB; where the system does not say, nothing.
fn peak_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1024.0)
}
