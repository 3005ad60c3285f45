//! Faults of processors.

use super::FaultKind;
use super::node::NODES;
use crate::lowering::{Lowering, Refusal};
use crate::param::{Args, Issue, Kind, Param, Unit};
use squall_core::plan::{Family, Primitive};
use squall_core::{Sample, VirtualDuration};

pub(super) const CPU_SLOW: FaultKind = FaultKind {
    name: "cpu-slow",
    family: Family::Cpu,
    summary: "work takes longer on the nodes",
    doc: "All work, also that under way, goes on at the given fraction of its speed. Factors of \
          several faults multiply, with a floor of 0.001.",
    params: &[
        NODES,
        Param::new(
            "factor",
            Kind::Number {
                min: 0.001,
                max: 1.0,
            },
            "work done a second, relative to normal",
        )
        .default("0.5"),
    ],
    lowers_to: &["speed"],
    needed: &["speed"],
    source: "FAST'18: CPUs at half speed",
    own_length: None,
    lower: cpu_slow,
};

fn cpu_slow(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let factor = args.number("factor");
    for node in lowering.nodes(args, "nodes")? {
        lowering.overlay(Primitive::CpuSpeed { node, factor });
    }
    Ok(())
}

pub(super) const CPU_THROTTLE: FaultKind = FaultKind {
    name: "cpu-throttle",
    family: Family::Cpu,
    summary: "running time is limited in each period",
    doc: "When the quota of a period is used up, summed over the cores, nothing runs until the next \
          one begins; the first boundary is drawn a node. The lowest quota by period wins.",
    params: &[
        NODES,
        Param::new("quota", Kind::Duration, "running time a period").default("20ms"),
        Param::new("period", Kind::Duration, "length of a period, 1ms to 1s").default("100ms"),
    ],
    lowers_to: &["quota"],
    needed: &["quota"],
    source: "CFS bandwidth control; calibration/swap cpu_pause.csv (measured)",
    own_length: None,
    lower: cpu_throttle,
};

fn cpu_throttle(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let (quota, period) = (args.duration("quota"), args.duration("period"));
    let range = VirtualDuration::from_millis(1)..=VirtualDuration::from_secs(1);
    if !range.contains(&period) {
        let issue = Issue::new(format!("{period} is out of range"), 0..0);
        return Err(Refusal::arg(
            "period",
            issue.label("expected from 1ms to 1s"),
        ));
    }
    if quota.is_zero() {
        let issue = Issue::new("no running time at all", 0..0);
        return Err(Refusal::arg(
            "quota",
            issue.help("use node-pause to stop a node"),
        ));
    }
    for node in lowering.nodes(args, "nodes")? {
        let mut stream = lowering.node_stream("phase", node);
        let phase = VirtualDuration::from_nanos(stream.below(period.as_nanos()));
        lowering.overlay(Primitive::CpuQuota {
            node,
            quota,
            period,
            phase,
        });
    }
    Ok(())
}

pub(super) const GC_PAUSE: FaultKind = FaultKind {
    name: "gc-pause",
    family: Family::Cpu,
    summary: "nodes stop for a short while, again and again",
    doc: "Each node has its own rhythm: a gap from the end of one pause to the start of the next, \
          then a pause in which no code of it runs; timers and packets wait and fire in a burst.",
    params: &[
        NODES,
        Param::new("pause", Kind::Law(Unit::Time), "length of a pause")
            .default("lognormal median 20ms p99 200ms"),
        Param::new("every", Kind::Law(Unit::Time), "time between pauses")
            .default("exponential mean 2s"),
    ],
    lowers_to: &["pause"],
    needed: &["pause"],
    source: "CM JVM gc; edge range 1-50 ms",
    own_length: None,
    lower: gc_pause,
};

fn gc_pause(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    for node in lowering.nodes(args, "nodes")? {
        lowering.alternate_for(
            Some(node),
            args,
            ("every", "pause"),
            &[Primitive::Pause { node }],
        )?;
    }
    Ok(())
}

/// Steps of the staircase by which a node gets hot.
const THERMAL_STEPS: u64 = 6;

pub(super) const THERMAL_THROTTLE: FaultKind = FaultKind {
    name: "thermal-throttle",
    family: Family::Cpu,
    summary: "the nodes get hot and slow down step by step",
    doc: "The speed falls to the factor in six equal steps over the ramp and stays there; at the end it \
          is back at once. Factors of several faults multiply.",
    params: &[
        NODES,
        Param::new(
            "factor",
            Kind::Number {
                min: 0.001,
                max: 1.0,
            },
            "work done a second when hot, relative to normal",
        )
        .default("0.6"),
        Param::new("ramp", Kind::Duration, "time until it is hot").default("30s"),
    ],
    lowers_to: &["speed"],
    needed: &["speed"],
    source: "board throttling: 0.5 to 0.7 of the clock",
    own_length: None,
    lower: thermal_throttle,
};

fn thermal_throttle(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let (hot, ramp) = (args.number("factor"), args.duration("ramp"));
    let from = lowering.window.from;
    for node in lowering.nodes(args, "nodes")? {
        for step in 1..=THERMAL_STEPS {
            let at = |n: u64| from.saturating_add(ramp / THERMAL_STEPS * n);
            let until = (step < THERMAL_STEPS).then(|| at(step));
            if ramp.is_zero() && until.is_some() {
                continue;
            }
            let factor = 1.0 - (1.0 - hot) * (step as f64 / THERMAL_STEPS as f64);
            lowering.overlay_between(at(step - 1), until, Primitive::CpuSpeed { node, factor });
        }
    }
    Ok(())
}

pub(super) const CONTENDED_GPU: FaultKind = FaultKind {
    name: "contended-gpu",
    family: Family::Cpu,
    summary: "somebody else computes on the accelerator of the nodes",
    doc: "All work of the nodes, also that under way, goes on at the given fraction of its speed: the \
          nodes stand for their accelerator, as a model server or the perception of a robot does. Published \
          slow-downs of perception are two to four times. Factors of several faults multiply.",
    params: &[
        NODES,
        Param::new(
            "factor",
            Kind::Number {
                min: 0.25,
                max: 0.5,
            },
            "work done a second, relative to having it alone",
        )
        .default("0.35"),
    ],
    lowers_to: &["speed"],
    needed: &["speed"],
    source: "perception latency under contention, two to four times (reference/edge.md)",
    own_length: None,
    lower: cpu_slow,
};
