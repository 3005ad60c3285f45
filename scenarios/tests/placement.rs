//! Placement of the public trace of 1,523 nodes and 8,152 pods (Weng et al., ATC 2023).
//!
//! The data are test input only and lie beside the repository; a test says aloud if they are missing.
#![expect(clippy::print_stderr, reason = "what does not run is said aloud")]

use squall_scenarios::workloads::cluster::scheduler::placement::{
    Cluster, Fragments, Gpu, Policy, Rules,
};
use squall_scenarios::workloads::cluster::scheduler::trace::Trace;

fn trace(pods: &str) -> Option<Trace> {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../shared/data/cluster/gpu_sharing_v2023/"
    );
    let read = |name: &str| std::fs::read(format!("{folder}{name}"));
    let (Ok(nodes), Ok(list)) = (read("openb_node_list_all_node.csv"), read(pods)) else {
        eprintln!("NOT RUN: there is no {folder}{pods}");
        return None;
    };
    Some(Trace::read(&nodes, &list).expect("the trace can be read"))
}

/// Places all; gives the cluster, how many wait, and what the free GPUs are worth to them.
fn place(trace: &Trace, policy: Policy) -> (Cluster, usize, Fragments) {
    let mut cluster = Cluster::new(Rules {
        policy,
        ..Rules::default()
    });
    let waiting = trace.place(&mut cluster);
    let fragments = cluster.fragments(&waiting);
    (cluster, waiting.len(), fragments)
}

#[test]
fn the_trace_is_what_its_description_says() {
    let Some(trace) = trace("openb_pod_list_default.csv") else {
        return;
    };
    assert_eq!((trace.machines.len(), trace.shapes.len()), (1_523, 8_152));
    let gpus: u32 = trace.machines.iter().map(|m| u32::from(m.gpus)).sum();
    let cores: u64 = trace.machines.iter().map(|m| u64::from(m.cpu_milli)).sum();
    assert_eq!((gpus, cores / 1000), (6_212, 125_514));
    let count = |wanted: fn(Gpu) -> bool| {
        let pods = trace.shapes.iter();
        pods.filter(|shape| wanted(shape.demand.gpu)).count()
    };
    assert_eq!(count(|gpu| gpu == Gpu::None), 1_088);
    assert_eq!(count(|gpu| matches!(gpu, Gpu::Share(_))), 3_078);
    assert_eq!(
        count(|gpu| matches!(gpu, Gpu::Share(_) | Gpu::Whole(1))),
        6_989
    );
    assert_eq!(count(|gpu| gpu == Gpu::Whole(8)), 44);
    let asked: u32 = trace.shapes.iter().map(|s| s.demand.gpu.milli()).sum();
    assert_eq!(asked, 6_086_800, "6,087 GPUs");
}

#[test]
fn the_trace_finds_its_places() {
    for pods in ["openb_pod_list_default.csv", "openb_pod_list_gpuspec33.csv"] {
        let Some(trace) = trace(pods) else {
            return;
        };
        for policy in [Policy::BinPack, Policy::Spread, Policy::Balance] {
            let (cluster, waiting, fragments) = place(&trace, policy);
            eprintln!("{pods} {policy:?}: {waiting} wait, {fragments:?}");
            for node in 0..cluster.nodes() {
                let machine = cluster.machine(node);
                let mut cpu = 0;
                let mut gpus = vec![0u32; usize::from(machine.gpus)];
                for pod in cluster.pods_on(node) {
                    let bound = cluster.pod(*pod).expect("it is there");
                    let shape = cluster.shape_of(bound.shape);
                    assert!(machine.admits(shape));
                    cpu += shape.demand.cpu_milli;
                    let each = match shape.demand.gpu {
                        Gpu::Share(milli) => u32::from(milli),
                        _ => 1000,
                    };
                    let mine = gpus.iter_mut().enumerate();
                    for (_, used) in mine.filter(|(at, _)| bound.gpus >> at & 1 == 1) {
                        *used += each;
                    }
                }
                assert!(cpu <= machine.cpu_milli && gpus.iter().all(|used| *used <= 1000));
            }
        }
    }
}

#[test]
fn a_bad_row_is_named() {
    let nodes = "sn,cpu_milli,memory_mib,gpu,model\na,1000,1,0,\nb,many,1,0,\n";
    let error = Trace::read(nodes.as_bytes(), b"").unwrap_err();
    assert_eq!(
        error,
        "nodes, row 3: `many` in column `cpu_milli` is no whole number"
    );
    let nodes = "sn,cpu_milli,memory_mib,gpu,model\n";
    let pods = "cpu_milli,memory_mib,num_gpu,gpu_milli\n1,1,2,500\n";
    let error = Trace::read(nodes.as_bytes(), pods.as_bytes()).unwrap_err();
    assert_eq!(error, "pods, row 2: 500 thousandths of each of 2 GPUs");
}
