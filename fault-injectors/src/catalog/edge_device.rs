//! Faults of the devices of a control loop: clocks that stamp samples, satellites, power, watchdogs.

use super::FaultKind;
use super::clock::{step, whole};
use super::node::NODES;
use super::signal::{SENSOR, drawn, off};
use crate::lowering::{Lowering, Refusal};
use crate::param::{Args, Issue, Kind, Param, Shape, Unit};
use crate::topology::ChannelKind;
use squall_core::plan::{Family, Primitive, Seen, SignalRule, StepEnd};
use squall_core::{ChannelId, NodeId, Sample, VirtualDuration};

/// The nodes of the sensors named, each once.
fn stamping(args: &Args, lowering: &Lowering<'_>) -> Result<Vec<NodeId>, Refusal> {
    let channels = lowering.channels(args, "sensor", ChannelKind::Sensor)?;
    let mut nodes: Vec<NodeId> = channels.iter().map(|(_, info)| info.node).collect();
    nodes.sort_unstable();
    nodes.dedup();
    Ok(nodes)
}

pub(super) const STAMP_SKEW: FaultKind = FaultKind {
    name: "stamp-skew",
    family: Family::Clock,
    summary: "the clock that stamps the samples of a sensor is off",
    doc: "The wall clock of the sensors' nodes is off by the offset, 1 ms to 100 ms either way; below zero \
          samples look older than they are. Drawn once a node. Lands where a controller looks at stamps \
          (`guard.stamps = \"wall\"`); a controller on the same node reads the same clock and sees no \
          difference.",
    params: &[
        SENSOR,
        Param::new(
            "offset",
            Kind::Signed(Unit::Time),
            "what is added to the wall clock, 1ms to 100ms",
        )
        .default("20ms"),
    ],
    lowers_to: &["clock-step"],
    needed: &["clock-step"],
    source: "clock offset between sensor and controller; 50 ms at 50 m/s are 2.5 m",
    own_length: None,
    lower: stamp_skew,
};

fn stamp_skew(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let law = args.signed("offset");
    for node in stamping(args, lowering)? {
        let ns = law.sample(&mut lowering.node_stream("offset", node));
        if !(1e6..=100e6).contains(&ns.abs()) {
            let offset = VirtualDuration::from_nanos_f64(ns.abs());
            let issue = Issue::new(format!("a skew of {offset} is out of range"), 0..0);
            let issue = issue.label("expected from 1ms to 100ms");
            return Err(Refusal::arg(
                "offset",
                issue.help("use clock-step for more"),
            ));
        }
        lowering.overlay(step(node, whole(ns), StepEnd::Back));
    }
    Ok(())
}

pub(super) const SENSOR_CLOCK_OFFSET: FaultKind = FaultKind {
    name: "sensor-clock-offset",
    family: Family::Clock,
    summary: "the clocks of the sensors' nodes are off, and drift",
    doc: "The wall clock is off by `offset`, which is gone at the end; both clocks of the nodes drift, so \
          that samples are taken too early or too late, and the error of that stays. Clocks locked by PTP \
          are right to 200 ns.",
    params: &[
        SENSOR,
        Param::new(
            "offset",
            Kind::Signed(Unit::Time),
            "what is added to the wall clock",
        )
        .default("20ms"),
        Param::new(
            "drift",
            Kind::Number {
                min: -100_000.0,
                max: 100_000.0,
            },
            "parts per million by which both clocks are fast",
        )
        .default("20"),
    ],
    lowers_to: &["clock-step", "clock-drift"],
    needed: &["clock-drift"],
    source: "crystals 20 to 50 ppm; DETERMINISTIC6G: PTP locked below 200 ns",
    own_length: None,
    lower: |args, lowering| {
        let (law, ppm) = (args.signed("offset"), args.number("drift"));
        for node in stamping(args, lowering)? {
            let ns = law.sample(&mut lowering.node_stream("offset", node));
            lowering.overlay(step(node, whole(ns), StepEnd::Back));
            lowering.overlay(Primitive::ClockDrift {
                node,
                ppm,
                wall_only: false,
            });
        }
        Ok(())
    },
};

pub(super) const GNSS_JUMP: FaultKind = FaultKind {
    name: "gnss-jump",
    family: Family::Signal,
    summary: "a satellite receiver loses its fix: its position jumps and gets noisier",
    doc: "Positions are off by `size` to a drawn side, and have the noise of the state of the receiver: \
          0.02 fixed, 0.4 float, 1.5 single. All in units of the sensor, which should be metres.",
    params: &[
        SENSOR,
        Param::new(
            "size",
            Kind::Number {
                min: 0.5,
                max: 20.0,
            },
            "how far it jumps",
        )
        .default("5"),
        Param::new(
            "state",
            Kind::Choice(&["fixed", "float", "single"]),
            "of the receiver: standard deviation 0.02, 0.4 or 1.5 (recalled, not checked)",
        )
        .default("float"),
    ],
    lowers_to: &["bias", "noise"],
    needed: &["bias"],
    source: "edge.md sections 5 and 7: GNSS RTK; jumps 0.5 to 20 m",
    own_length: None,
    lower: gnss_jump,
};

fn gnss_jump(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let size = args.number("size");
    let sd = match args.word("state") {
        "fixed" => 0.02,
        "single" => 1.5,
        _ => 0.4,
    };
    for (channel, info) in lowering.channels(args, "sensor", ChannelKind::Sensor)? {
        let right = lowering.channel_stream("side", info).chance(0.5);
        let offset = if right { size } else { -size };
        for rule in [SignalRule::Bias { offset }, SignalRule::Noise { sd }] {
            lowering.overlay(Primitive::Signal { channel, rule });
        }
    }
    Ok(())
}

pub(super) const GNSS_MULTIPATH: FaultKind = FaultKind {
    name: "gnss-multipath",
    family: Family::Signal,
    summary: "reflections pull the position of a satellite receiver away little by little",
    doc: "The error grows from zero, and is gone at the end. Slow enough, no check of single samples sees \
          it.",
    params: &[
        SENSOR,
        Param::new(
            "rate",
            Kind::Signed(Unit::Plain),
            "growth of the error a second, in units of the sensor",
        )
        .default("±0.5"),
    ],
    lowers_to: &["drift"],
    needed: &["drift"],
    source: "edge.md section 7",
    own_length: None,
    lower: |args, lowering| drawn(args, ("rate", lowering), |rate| SignalRule::Drift { rate }),
};

pub(super) const BROWN_OUT: FaultKind = FaultKind {
    name: "brown-out",
    family: Family::Node,
    summary: "a supply rail dips: everything on it starts again",
    doc: "The nodes on the rail lose power, with what their disks did not sync kept, and their sensors and \
          actuators are silent; all starts again when the rail is back.",
    params: &[
        Param::new(
            "rail",
            Kind::Selector(Shape::Nodes),
            "the nodes on the rail",
        )
        .required(),
        Param::new(
            "length",
            Kind::Duration,
            "how long it dips; instead of `for`",
        )
        .default("200ms"),
    ],
    lowers_to: &["power-loss", "off"],
    needed: &["power-loss"],
    source: "edge.md section 7",
    own_length: Some("length"),
    lower: brown_out,
};

fn brown_out(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let nodes = lowering.nodes(args, "rail")?;
    for node in &nodes {
        lowering.overlay(Primitive::PowerLoss {
            node: *node,
            seen: Seen::Silent,
            wipe: false,
        });
    }
    let channels = lowering.topology.channels().iter().enumerate();
    let on_it = channels.filter(|(_, info)| nodes.contains(&info.node));
    for (index, _) in on_it {
        lowering.overlay(off(ChannelId::from_index(index)));
    }
    Ok(())
}

pub(super) const WATCHDOG_RESET: FaultKind = FaultKind {
    name: "watchdog-reset",
    family: Family::Node,
    summary: "nodes hang until their watchdog resets them",
    doc: "No code of the nodes runs for `for`; a hang longer than `after` ends with a reset: the node is \
          down for a draw of `boot`, and starts empty. A shorter one ends by itself, as a node-pause.",
    params: &[
        NODES,
        Param::new(
            "after",
            Kind::Duration,
            "time without a heartbeat until the watchdog acts",
        )
        .default("100ms"),
        Param::new(
            "boot",
            Kind::Law(Unit::Time),
            "time from the reset to the start",
        )
        .default("uniform 500ms 5s"),
    ],
    lowers_to: &["pause", "crash"],
    needed: &["pause", "crash"],
    source: "edge.md section 7: restart 0.5 to 5 s",
    own_length: None,
    lower: watchdog_reset,
};

fn watchdog_reset(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let boot = args.law("boot");
    let reset = lowering.window.from.saturating_add(args.duration("after"));
    let hangs_on = lowering.window.until.is_none_or(|until| until > reset);
    for node in lowering.nodes(args, "nodes")? {
        let start = lowering.window.from;
        // A node that is reset does not wake up before: ends come before starts at one instant.
        let least = VirtualDuration::from_nanos(1);
        let end = if hangs_on {
            reset.saturating_add(least)
        } else {
            reset
        };
        lowering.overlay_between(start, Some(end), Primitive::Pause { node });
        if hangs_on {
            let ns = boot.sample(&mut lowering.node_stream("boot", node));
            let length = VirtualDuration::from_nanos_f64(ns).max(least + least);
            let seen = Seen::Reset;
            let until = Some(reset.saturating_add(length));
            lowering.beyond(reset, until, Primitive::Crash { node, seen });
        }
    }
    Ok(())
}
