//! Faults that take processor time away: other machines on the host, other processes, cores.

use super::FaultKind;
use super::node::NODES;
use crate::lowering::{Lowering, Refusal};
use crate::param::{Args, Issue, Kind, Param, Unit};
use squall_core::plan::{Family, Primitive, Thief};
use squall_core::{NodeId, Sample, VirtualDuration};

/// A share of a node's processor time that its host takes in bursts, at a drawn place.
fn host(args: &Args, lowering: &Lowering<'_>, node: NodeId) -> Thief {
    let (share, burst) = (args.number("share"), args.duration("burst"));
    let cycle = VirtualDuration::from_nanos_f64(burst.as_nanos_f64() / share.max(1e-9));
    let phase = match cycle.is_zero() {
        true => 0,
        false => lowering.node_stream("phase", node).below(cycle.as_nanos()),
    };
    Thief::Host {
        share,
        burst,
        phase: VirtualDuration::from_nanos(phase),
    }
}

pub(super) const CPU_STEAL: FaultKind = FaultKind {
    name: "cpu-steal",
    family: Family::Cpu,
    summary: "the host of the nodes takes a share of their processor time",
    doc: "All cores of a node stand still for `burst` at a time, so that the share is gone on average; \
          the rhythm begins at a drawn place. A burst of `0s` takes the share evenly. An operator sees \
          it as the mode `steal`. Shares of several faults multiply as (1 - share); of several bursts \
          the longest gives the rhythm.",
    params: &[
        NODES,
        Param::new(
            "share",
            Kind::Number {
                min: 0.0,
                max: 0.99,
            },
            "share of the processor time taken",
        )
        .default("0.3"),
        Param::new("burst", Kind::Duration, "length of one burst").default("10ms"),
    ],
    lowers_to: &["steal"],
    needed: &["steal"],
    source: "Azure VM noise: CoV 0.285 (B8ms) against 0.0017 (D8s)",
    own_length: None,
    lower: cpu_steal,
};

fn cpu_steal(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    for node in lowering.nodes(args, "nodes")? {
        let by = host(args, lowering, node);
        lowering.overlay(Primitive::CpuSteal { node, by });
    }
    Ok(())
}

pub(super) const CPU_HOG: FaultKind = FaultKind {
    name: "cpu-hog",
    family: Family::Cpu,
    summary: "processes that never wait run on the nodes",
    doc: "The scheduler shares the cores fairly between them and the node's own work: as soon as there \
          is not a core for everybody, the hogs have hogs / (hogs + runnable) of the processor time. \
          An operator sees them as the mode `user` and in the load. Hogs of several faults add.",
    params: &[
        NODES,
        Param::new(
            "workers",
            Kind::Integer {
                min: 1,
                max: 65_536,
            },
            "processes; one for each core if missing",
        ),
        Param::new(
            "load",
            Kind::Number {
                min: 0.01,
                max: 1.0,
            },
            "how much of a core each of them wants",
        )
        .default("1"),
    ],
    lowers_to: &["steal"],
    needed: &["steal"],
    source: "CM, LI CPU_LOAD 100, SN --cpu",
    own_length: None,
    lower: cpu_hog,
};

fn cpu_hog(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    for node in lowering.nodes(args, "nodes")? {
        let cores = i64::from(lowering.topology.node(node).cores.max(1));
        let workers = args.integer_opt("workers").unwrap_or(cores);
        let by = Thief::Hogs(workers as f64 * args.number("load"));
        lowering.overlay(Primitive::CpuSteal { node, by });
    }
    Ok(())
}

pub(super) const CORE_LOSS: FaultKind = FaultKind {
    name: "core-loss",
    family: Family::Cpu,
    summary: "cores of the nodes are gone",
    doc: "What ran on them goes back to the head of the run queue. One core is always left; cores of \
          several faults add.",
    params: &[
        NODES,
        Param::new(
            "cores",
            Kind::Integer { min: 1, max: 4096 },
            "cores that are gone",
        )
        .default("1"),
    ],
    lowers_to: &["steal"],
    needed: &["steal"],
    source: "CPU hotplug; machine checks that take cores off line",
    own_length: None,
    lower: core_loss,
};

fn core_loss(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let lost = u32::try_from(args.count("cores")).expect("the table bounds cores");
    for node in lowering.nodes(args, "nodes")? {
        let info = lowering.topology.node(node);
        if lost >= info.cores.max(1) {
            let issue = Issue::new(format!("`{}` has no core left", info.name), 0..0);
            return Err(Refusal::arg(
                "cores",
                issue
                    .label(format!("it has {}", info.cores))
                    .help("use node-pause or node-loss to stop a node"),
            ));
        }
        let by = Thief::Cores(lost);
        lowering.overlay(Primitive::CpuSteal { node, by });
    }
    Ok(())
}

pub(super) const SCHEDULER_JITTER: FaultKind = FaultKind {
    name: "scheduler-jitter",
    family: Family::Cpu,
    summary: "the nodes get their processors back late, again and again",
    doc: "Each node has its own rhythm: after each gap nothing runs on it for a drawn time, which makes \
          whoever was due then late by that much. Timers fire and packets arrive meanwhile.",
    params: &[
        NODES,
        Param::new("late", Kind::Law(Unit::Time), "for how long nothing runs")
            .default("lognormal median 50us p99 5ms"),
        Param::new(
            "every",
            Kind::Law(Unit::Time),
            "time from the end of one to the next",
        )
        .default("exponential mean 20ms"),
    ],
    lowers_to: &["steal"],
    needed: &["steal"],
    source: "real-time kernel tens of us, others ms (unverified)",
    own_length: None,
    lower: scheduler_jitter,
};

fn scheduler_jitter(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    for node in lowering.nodes(args, "nodes")? {
        let by = Thief::Host {
            share: 1.0,
            burst: VirtualDuration::ZERO,
            phase: VirtualDuration::ZERO,
        };
        lowering.alternate_for(
            Some(node),
            args,
            ("every", "late"),
            &[Primitive::CpuSteal { node, by }],
        )?;
    }
    Ok(())
}

pub(super) const NOISY_NEIGHBOUR: FaultKind = FaultKind {
    name: "noisy-neighbour",
    family: Family::Cpu,
    summary: "another machine on the host slows the nodes down and takes processor time",
    doc: "Its cache and memory traffic slows all work down to `speed`; besides, it takes a share of the \
          processor time in bursts, as cpu-steal does.",
    params: &[
        NODES,
        Param::new(
            "speed",
            Kind::Number {
                min: 0.001,
                max: 1.0,
            },
            "work done a second while running, relative to normal",
        )
        .default("0.7"),
        Param::new(
            "share",
            Kind::Number {
                min: 0.0,
                max: 0.99,
            },
            "share of the processor time taken",
        )
        .default("0.2"),
        Param::new("burst", Kind::Duration, "length of one burst").default("50ms"),
    ],
    lowers_to: &["speed", "steal"],
    needed: &["speed", "steal"],
    source: "SN cache stressors; Azure VM noise",
    own_length: None,
    lower: noisy_neighbour,
};

fn noisy_neighbour(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let factor = args.number("speed");
    for node in lowering.nodes(args, "nodes")? {
        let by = host(args, lowering, node);
        lowering.overlay(Primitive::CpuSpeed { node, factor });
        lowering.overlay(Primitive::CpuSteal { node, by });
    }
    Ok(())
}
