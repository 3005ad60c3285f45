//! The six workloads of the engine: the same small programs that were measured on other engines.
//!
//! Every workload checks its golden value before it is timed: a figure counts only for the right work.
//! Time is CPU time of the process, since machines are shared.
//!
//! ```text
//! cargo bench --bench engine                       criterion's statistics
//! cargo bench --bench engine -- --table            the table of docs/benches.md, against a yardstick
//! cargo bench --bench engine -- --rounds W4 2      two bare rounds, for benches/instructions.sh
//! ```
#![expect(clippy::print_stdout, reason = "a bench prints its table")]

mod clock;
mod generator;
mod phold;
mod ping_pong;
mod queueing;
mod seeds;
mod table;
mod timers;
mod workload;
mod yardstick;

use criterion::{Criterion, Throughput};
use workload::Workload;

/// Rounds over all workloads for a table.
const ROUNDS: usize = 7;

type Maker = fn() -> Vec<Workload>;

/// By the start of their names, so that a single one is made without the others.
const ALL: [(&str, Maker); 6] = [
    ("W1", yardstick::workloads),
    ("W2", phold::workloads),
    ("W3", ping_pong::workloads),
    ("W4", timers::workloads),
    ("W5", seeds::workloads),
    ("W6", queueing::workloads),
];

fn main() {
    generator::check();
    let arguments: Vec<String> = std::env::args().collect();
    let after = |flag: &str| {
        let at = arguments.iter().position(|argument| argument == flag)?;
        Some(&arguments[at + 1..])
    };
    if let Some([name, count, ..]) = after("--rounds") {
        let count: u32 = count.parse().expect("a number of rounds");
        rounds(name, count);
    } else if after("--table").is_some() {
        let all = ALL.iter().flat_map(|(_, make)| make()).collect();
        table::print(all, ROUNDS);
    } else {
        statistics();
    }
}

/// Nothing but `count` rounds of the first workload whose name starts so: what an instruction counter
/// sees of N and of 2N rounds differs by N rounds.
fn rounds(name: &str, count: u32) {
    let makers = ALL.iter().filter(|(prefix, _)| name.starts_with(prefix));
    let mut made = makers.flat_map(|(_, make)| make());
    let mut workload = made
        .find(|workload| workload.name.starts_with(name))
        .expect("a workload of this name");
    for _ in 0..count {
        (workload.round)();
    }
    println!("{} {}", workload.operations, workload.name);
}

fn statistics() {
    let mut criterion = Criterion::default()
        .with_measurement(clock::CpuTime)
        .sample_size(10)
        .configure_from_args();
    for (_, make) in ALL {
        for mut workload in make() {
            let (group, name) = workload.name.split_once(' ').expect("a name has two words");
            let mut group = criterion.benchmark_group(group);
            group.throughput(Throughput::Elements(workload.operations));
            group.bench_function(name, |bench| bench.iter(|| (workload.round)()));
        }
    }
    criterion.final_summary();
}
