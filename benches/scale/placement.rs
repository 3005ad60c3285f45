//! Placement by index: the public GPU trace, and clusters with churn as large as the peers' largest.
//!
//! Tasks come one by one and stay for drawn times; in the end two thirds of the cores are taken. Who finds no
//! place waits for its turn. Half of the machines have GPUs. The peer (DSLab IaaS, first fit) scans hosts.

use crate::generator::Rng;
use crate::timed;
use squall::core::VirtualDuration;
use squall::scenarios::workloads::cluster::scheduler::placement::{
    Cluster, Demand, Gpu, Machine, Rules, Shape,
};
use squall::scenarios::workloads::cluster::scheduler::trace::Trace;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

const DATA: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../shared/data/cluster/gpu_sharing_v2023/"
);

pub(crate) fn run() {
    trace();
    for (nodes, tasks, bar) in [
        (1_000, 10_000, ""),
        (5_000, 50_000, "10 s"),
        (10_000, 100_000, "60 s"),
    ] {
        let (seconds, (placed, waits)) = timed(|| churn(nodes, tasks));
        assert_eq!(placed, tasks, "every task has its turn");
        println!(
            "placement: {nodes} nodes, {tasks} tasks with churn: {:.0} ms ({:.2} us a task), {waits} had to wait; \
             bar {bar}",
            seconds * 1e3,
            seconds * 1e6 / f64::from(tasks)
        );
    }
}

fn trace() {
    for pods in ["openb_pod_list_default.csv", "openb_pod_list_gpuspec33.csv"] {
        let read = |name: &str| std::fs::read(format!("{DATA}{name}"));
        let (Ok(nodes), Ok(list)) = (read("openb_node_list_all_node.csv"), read(pods)) else {
            println!("placement: NOT RUN: there is no {DATA}{pods}");
            continue;
        };
        let trace = Trace::read(&nodes, &list).expect("the trace can be read");
        let (seconds, (cluster, waiting)) = timed(|| {
            let mut cluster = Cluster::new(Rules::default());
            let waiting = trace.place(&mut cluster);
            (cluster, waiting)
        });
        let fragments = cluster.fragments(&waiting);
        println!(
            "placement: {pods}: {} pods on {} nodes: {:.1} ms ({:.2} us a pod), {} found no place; \
             {:.1} % of the GPUs taken, {:.1} % of the free lost to who waits; bar 1 s",
            trace.shapes.len(),
            trace.machines.len(),
            seconds * 1e3,
            seconds * 1e6 / trace.shapes.len() as f64,
            waiting.len(),
            100.0 * fragments.used(),
            100.0 * fragments.share()
        );
    }
}

fn below(rng: &mut Rng, n: u64) -> u32 {
    u32::try_from(rng.below(n)).expect("small")
}

/// Gives how many tasks were placed, and how many of them had to wait.
fn churn(nodes: u32, tasks: u32) -> (u32, u32) {
    let mut rng = Rng::new(1);
    let mut cluster = Cluster::new(Rules::default());
    for node in 0..nodes {
        cluster.add(Machine {
            cpu_milli: 64_000,
            memory_mib: 256 << 10,
            gpus: if node % 2 == 0 { 8 } else { 0 },
            model: (node % 2 == 0).then_some(0),
            ..Machine::default()
        });
    }
    // A task has 8 cores on the average: nine tenths of the cores are so many tasks.
    let alive = f64::from(nodes) * 57.6 / 8.0;
    let mut ends: BinaryHeap<Reverse<(u64, u32)>> = BinaryHeap::new();
    let mut waiting: VecDeque<(u32, u32)> = VecDeque::new();
    let (mut placed, mut waits) = (0, 0);
    let mut task = 0;
    while placed < tasks {
        let now = if task < tasks {
            u64::from(task) * 1_000
        } else {
            ends.peek().map_or(u64::MAX, |Reverse((at, _))| *at)
        };
        let mut freed = false;
        while let Some(Reverse((at, pod))) = ends.peek().copied() {
            if at > now {
                break;
            }
            ends.pop();
            cluster.remove(pod).expect("who ends had a place");
            freed = true;
        }
        let mut start = |cluster: &mut Cluster, rng: &mut Rng, pod, shape| {
            let found = cluster.place(pod, shape).is_ok();
            if found {
                let life = VirtualDuration::from_nanos_f64(rng.exp(alive * 1e3)).as_nanos();
                ends.push(Reverse((now + life, pod)));
            }
            found
        };
        while let (true, Some((pod, shape))) = (freed, waiting.front().copied()) {
            if !start(&mut cluster, &mut rng, pod, shape) {
                break;
            }
            waiting.pop_front();
            placed += 1;
        }
        if task < tasks {
            let shape = cluster.shape(&drawn(&mut rng));
            if start(&mut cluster, &mut rng, task, shape) {
                placed += 1;
            } else {
                waiting.push_back((task, shape));
                waits += 1;
            }
            task += 1;
        }
    }
    (placed, waits)
}

/// 1 to 15 cores, 1 to 64 GiB; one in four has GPUs, half of those a part of one.
fn drawn(rng: &mut Rng) -> Shape {
    let gpu = match below(rng, 8) {
        0 => Gpu::Share(100 + 50 * u16::try_from(rng.below(18)).expect("small")),
        1 => Gpu::Whole(1 << rng.below(3)),
        _ => Gpu::None,
    };
    Shape {
        demand: Demand {
            cpu_milli: 1_000 * (1 + below(rng, 15)),
            memory_mib: 1_024 * (1 + below(rng, 64)),
            gpu,
        },
        ..Shape::default()
    }
}
