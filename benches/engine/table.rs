//! The table of docs/benches.md: rounds that cycle over all workloads, so that each is compared with
//! the yardstick of the same minute, whatever the neighbours of this machine do.

use crate::workload::Workload;
use cpu_time::ProcessTime;

/// What a round took, an operation, in nanoseconds.
#[derive(Clone, Copy)]
struct Took {
    cpu: f64,
    wall: f64,
}

#[expect(
    clippy::disallowed_types,
    reason = "a bench shows wall time beside CPU time"
)]
fn round(workload: &mut Workload) -> Took {
    let (cpu, wall) = (ProcessTime::now(), std::time::Instant::now());
    (workload.round)();
    let each = |ns: u128| ns as f64 / workload.operations as f64;
    Took {
        cpu: each(cpu.elapsed().as_nanos()),
        wall: each(wall.elapsed().as_nanos()),
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Peak resident memory of this process so far, in MiB; 0 where the system does not say.
pub(crate) fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}

/// Runs `rounds` rounds and prints a line for each workload. The first workload is the yardstick.
pub(crate) fn print(mut workloads: Vec<Workload>, rounds: usize) {
    let mut taken: Vec<Vec<Took>> = vec![Vec::new(); workloads.len()];
    for _ in 0..rounds {
        for (workload, taken) in workloads.iter_mut().zip(&mut taken) {
            taken.push(round(workload));
        }
    }
    let yardstick = taken[0].clone();
    println!(
        "CPU and wall nanoseconds an operation, medians of {rounds} rounds over all workloads."
    );
    println!(
        "Yardstick: {}; ratio: median (least to greatest) of the rounds.\n",
        workloads[0].name
    );
    println!("| workload | operations | CPU ns | target | best peer | wall ns | x yardstick |");
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    for (workload, taken) in workloads.iter().zip(&taken) {
        let ratios: Vec<f64> = taken
            .iter()
            .zip(&yardstick)
            .map(|(a, b)| a.cpu / b.cpu)
            .collect();
        let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
        let most = ratios.iter().copied().fold(0.0, f64::max);
        let cpu = median(taken.iter().map(|took| took.cpu));
        let target = workload.target.map_or(String::new(), |target| {
            format!("{target}{}", if cpu <= target { "" } else { " MISSED" })
        });
        let peer = workload
            .peer
            .map_or(String::new(), |(who, ns)| format!("{ns} {who}"));
        println!(
            "| {} | {} | {cpu:.1} | {target} | {peer} | {:.1} | {:.2} ({least:.2} to {most:.2}) |",
            workload.name,
            workload.operations,
            median(taken.iter().map(|took| took.wall)),
            median(ratios.iter().copied()),
        );
    }
    println!("\nPeak memory of all of them together: {} MiB", peak_mib());
}
