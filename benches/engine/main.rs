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

fn main() {
    generator::check();
    let makers = [
        yardstick::workloads,
        phold::workloads,
        ping_pong::workloads,
        timers::workloads,
        seeds::workloads,
        queueing::workloads,
    ];
    let all: Vec<Workload> = makers.iter().flat_map(|make| make()).collect();
    let named = |name: &str| {
        let mut all = all.iter();
        all.find(|workload| workload.name.starts_with(name))
            .expect("a workload whose name begins so")
    };
    let arguments: Vec<String> = std::env::args().collect();
    let after = |flag: &str| {
        let at = arguments.iter().position(|argument| argument == flag)?;
        Some(&arguments[at + 1..])
    };
    if let Some([name, count, ..]) = after("--rounds") {
        rounds(named(name), count.parse().expect("a number of rounds"));
    } else if let Some([name, ..]) = after("--one") {
        table::one(named(name));
    } else if after("--table").is_some() {
        table::print(&all, ROUNDS);
    } else {
        statistics(&all);
    }
}

/// Nothing but `count` rounds: what an instruction counter sees of N and of 2N rounds differs by N
/// rounds.
fn rounds(workload: &Workload, count: u32) {
    let mut round = workload.make();
    for _ in 0..count {
        round();
    }
    println!("{} {}", workload.operations, workload.name);
}

fn statistics(all: &[Workload]) {
    let mut criterion = Criterion::default()
        .with_measurement(clock::CpuTime)
        .sample_size(10)
        .configure_from_args();
    for workload in all {
        let (group, name) = workload.name.split_once(' ').expect("a name has two words");
        let mut group = criterion.benchmark_group(group);
        group.throughput(Throughput::Elements(workload.operations));
        let mut round = workload.make();
        group.bench_function(name, |bench| bench.iter(&mut round));
    }
    criterion.final_summary();
}
