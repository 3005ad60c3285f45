//! Faults of clocks: what nodes read, and when their timers fire. The order of events never changes.

use super::FaultKind;
use super::node::NODES;
use crate::lowering::{Lowering, Refusal};
use crate::param::{Args, Issue, Kind, Param, Unit};
use squall_core::plan::{Clocks, Family, FreezeEnd, Primitive, StepEnd};
use squall_core::{NodeId, VirtualDuration};

/// Fastest and slowest drift, in parts per million.
const PPM_MAX: f64 = 100_000.0;

pub(super) const END: Param = Param::new(
    "end",
    Kind::Choice(&["back", "keep", "slew"]),
    "at the end the offset is gone, stays, or goes away at 500 ppm",
);

pub(super) fn step_end(args: &Args) -> StepEnd {
    match args.word("end") {
        "keep" => StepEnd::Keep,
        "slew" => StepEnd::Slew,
        _ => StepEnd::Back,
    }
}

/// Nanoseconds of a law as an integer.
#[expect(
    clippy::cast_possible_truncation,
    reason = "`as` saturates: 292 years are more than any offset"
)]
pub(super) fn whole(ns: f64) -> i64 {
    ns.round() as i64
}

pub(super) const CLOCK_STEP: FaultKind = FaultKind {
    name: "clock-step",
    family: Family::Clock,
    summary: "the wall clock of the nodes jumps",
    doc: "Each node has its own offset, which it keeps for as long as the fault lasts; a sign of `±` \
          is drawn. Monotonic clocks and timers go on as before. Offsets of several faults add.",
    params: &[
        NODES,
        Param::new(
            "offset",
            Kind::Signed(Unit::Time),
            "what is added to the wall clock",
        )
        .default("±loguniform 11ms 288s"),
        END.default("back"),
    ],
    lowers_to: &["clock-step"],
    needed: &["clock-step"],
    source: "JP bump: ±11 ms to 288 s; AN jumps",
    own_length: None,
    lower: clock_step,
};

fn clock_step(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let (offset, end) = (args.signed("offset"), step_end(args));
    for node in lowering.nodes(args, "nodes")? {
        let offset_ns = whole(offset.sample(&mut lowering.node_stream("offset", node)));
        lowering.overlay(step(node, offset_ns, end));
    }
    Ok(())
}

pub(super) const fn step(node: NodeId, offset_ns: i64, end: StepEnd) -> Primitive {
    Primitive::ClockStep {
        node,
        offset_ns,
        strobe: None,
        end,
    }
}

pub(super) const CLOCK_DRIFT: FaultKind = FaultKind {
    name: "clock-drift",
    family: Family::Clock,
    summary: "the clocks of the nodes run fast or slow",
    doc: "The oscillator drives both clocks, so readings go wrong little by little and timers fire \
          early (above 0) or late; a drift of the wall clock only leaves timers alone. The error that \
          has come about stays at the end. Rates of several faults add, up to ±100,000 ppm in sum.",
    params: &[
        NODES,
        Param::new(
            "ppm",
            Kind::Signed(Unit::Plain),
            "parts per million by which it is fast, -100000 to 100000; drawn a node",
        )
        .default("50"),
        Param::new(
            "clock",
            Kind::Choice(&["oscillator", "wall"]),
            "what drifts: both clocks, or the wall clock only",
        )
        .default("oscillator"),
    ],
    lowers_to: &["clock-drift"],
    needed: &["clock-drift"],
    source: "crystal 20-50 ppm = 72-180 ms/h, TCXO 1 ppm = 3.6 ms/h",
    own_length: None,
    lower: clock_drift,
};

fn clock_drift(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let (law, wall_only) = (args.signed("ppm"), args.word("clock") == "wall");
    for node in lowering.nodes(args, "nodes")? {
        let ppm = law.sample(&mut lowering.node_stream("ppm", node));
        if !(-PPM_MAX..=PPM_MAX).contains(&ppm) {
            let issue = Issue::new(format!("{ppm} ppm is out of range"), 0..0);
            return Err(Refusal::arg(
                "ppm",
                issue.label("expected from -100000 to 100000"),
            ));
        }
        lowering.overlay(Primitive::ClockDrift {
            node,
            ppm,
            wall_only,
        });
    }
    Ok(())
}

pub(super) const CLOCK_STROBE: FaultKind = FaultKind {
    name: "clock-strobe",
    family: Family::Clock,
    summary: "the wall clock of the nodes jumps forth and back",
    doc: "After each period the wall clock jumps ahead by delta, after the next one back again. Delta \
          and period are drawn once a node. No event is spent on it, however short the period.",
    params: &[
        NODES,
        Param::new("delta", Kind::Law(Unit::Time), "how far it jumps")
            .default("loguniform 4ms 262s"),
        Param::new(
            "period",
            Kind::Law(Unit::Time),
            "time between jumps, at least 1ns",
        )
        .default("loguniform 1ms 1s"),
    ],
    lowers_to: &["clock-step"],
    needed: &["clock-step"],
    source: "JP strobe: 4 ms to 262 s every 1 ms to 1 s, up to 32 s",
    own_length: None,
    lower: clock_strobe,
};

fn clock_strobe(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let (delta, period) = (args.law("delta"), args.law("period"));
    for node in lowering.nodes(args, "nodes")? {
        let delta = delta.sample(&mut lowering.node_stream("delta", node));
        let period = period.sample(&mut lowering.node_stream("period", node));
        let least = VirtualDuration::from_nanos(1);
        lowering.overlay(Primitive::ClockStep {
            node,
            offset_ns: whole(delta),
            strobe: Some(VirtualDuration::from_nanos_f64(period).max(least)),
            end: StepEnd::Back,
        });
    }
    Ok(())
}

pub(super) const CLOCK_FREEZE: FaultKind = FaultKind {
    name: "clock-freeze",
    family: Family::Clock,
    summary: "clocks of the nodes stand still",
    doc: "Code runs on and reads the same time again and again. While the monotonic clock stands still \
          no timer fires; those that are overdue at the end fire in a burst. At the end a clock jumps \
          to where it would be, or goes on where it stood. Several freezes are a union.",
    params: &[
        NODES,
        Param::new(
            "clock",
            Kind::Choice(&["wall", "monotonic", "both"]),
            "which clock stands still",
        )
        .default("wall"),
        Param::new(
            "end",
            Kind::Choice(&["jump", "lag"]),
            "whether the time is made up for, or lost for good",
        )
        .default("jump"),
    ],
    lowers_to: &["clock-freeze"],
    needed: &["clock-freeze"],
    source: "VM suspend",
    own_length: None,
    lower: clock_freeze,
};

fn clock_freeze(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let clock = match args.word("clock") {
        "monotonic" => Clocks::Monotonic,
        "both" => Clocks::Both,
        _ => Clocks::Wall,
    };
    let end = match args.word("end") {
        "lag" => FreezeEnd::Lag,
        _ => FreezeEnd::Jump,
    };
    for node in lowering.nodes(args, "nodes")? {
        lowering.overlay(Primitive::ClockFreeze { node, clock, end });
    }
    Ok(())
}
