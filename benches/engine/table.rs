//! The table of docs/benches.md: rounds that cycle over all workloads, so that each is compared with
//! the yardstick of the same minute, whatever the neighbours of this machine do. Each round is a process
//! of its own, as the peers' were: the heap that one workload leaves behind is not another's cost.

use crate::workload::Workload;
use cpu_time::ProcessTime;
use std::process::Command;

/// What a round took: nanoseconds an operation, and the most memory that its process had.
#[derive(Clone, Copy)]
struct Took {
    cpu: f64,
    wall: f64,
    peak_mib: f64,
}

/// Makes a workload, runs one round of it and prints what it took, for the process that asked.
#[expect(
    clippy::disallowed_types,
    reason = "a bench shows wall time beside CPU time"
)]
pub(crate) fn one(workload: &Workload) {
    let mut round = workload.make();
    let (cpu, wall) = (ProcessTime::now(), std::time::Instant::now());
    round();
    let (cpu, wall) = (cpu.elapsed(), wall.elapsed());
    let each = |ns: u128| ns as f64 / workload.operations as f64;
    println!(
        "{} {} {}",
        each(cpu.as_nanos()),
        each(wall.as_nanos()),
        peak_mib()
    );
}

/// The same, in a process of its own.
fn round(workload: &Workload) -> Took {
    let bench = std::env::current_exe().expect("this program has a path");
    let mut child = Command::new(bench);
    let child = child.args(["--one", &workload.name]);
    let output = child.output().expect("this program can be started again");
    let printed = String::from_utf8_lossy(&output.stdout);
    let numbers: Vec<f64> = printed
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    let [cpu, wall, peak_mib] = numbers[..] else {
        panic!(
            "{}: {}",
            workload.name,
            String::from_utf8_lossy(&output.stderr)
        );
    };
    Took {
        cpu,
        wall,
        peak_mib,
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Peak resident memory of this process so far, in MiB; 0 where the system does not say.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}

/// Runs `rounds` rounds and prints a line for each workload. The first workload is the yardstick.
pub(crate) fn print(workloads: &[Workload], rounds: usize) {
    let mut taken: Vec<Vec<Took>> = vec![Vec::new(); workloads.len()];
    for _ in 0..rounds {
        for (workload, taken) in workloads.iter().zip(&mut taken) {
            taken.push(round(workload));
        }
    }
    println!(
        "CPU and wall nanoseconds an operation, medians of {rounds} rounds over all workloads, each in a \
         process of its own."
    );
    println!(
        "Yardstick: {}; ratio: median (least to greatest) of the rounds.\n",
        workloads[0].name
    );
    println!(
        "| workload | operations | CPU ns (least) | target | best peer | wall ns | peak MiB | x yardstick |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    for (workload, rounds) in workloads.iter().zip(&taken) {
        line(workload, rounds, &taken[0]);
    }
}

fn line(workload: &Workload, taken: &[Took], yardstick: &[Took]) {
    let ratios = || taken.iter().zip(yardstick).map(|(a, b)| a.cpu / b.cpu);
    let least = |values: &mut dyn Iterator<Item = f64>| values.fold(f64::INFINITY, f64::min);
    let cpu = median(taken.iter().map(|took| took.cpu));
    let target = workload.target.map_or(String::new(), |target| {
        format!("{target}{}", if cpu <= target { "" } else { " MISSED" })
    });
    let peer = workload
        .peer
        .map_or(String::new(), |(who, ns)| format!("{ns} {who}"));
    println!(
        "| {} | {} | {cpu:.1} ({:.1}) | {target} | {peer} | {:.1} | {:.0} | {:.2} ({:.2} to {:.2}) |",
        workload.name,
        workload.operations,
        least(&mut taken.iter().map(|took| took.cpu)),
        median(taken.iter().map(|took| took.wall)),
        taken.iter().fold(0.0, |most, took| took.peak_mib.max(most)),
        median(ratios()),
        least(&mut ratios()),
        ratios().fold(0.0, f64::max),
    );
}
