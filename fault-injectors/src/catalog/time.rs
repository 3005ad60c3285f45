//! Faults of what nodes take for the time of day: dates, time servers, leap seconds.

use super::FaultKind;
use super::clock::{END, step, step_end, whole};
use super::node::NODES;
use crate::lowering::{Lowering, Refusal};
use crate::param::{Args, Issue, Kind, Param, Unit};
use squall_core::plan::{Family, Primitive, StepEnd};
use squall_core::{VirtualDuration, VirtualTime};

/// How fast a clock is slewed back, in parts per million.
const SLEW_PPM: f64 = 500.0;
const SECOND_NS: i64 = 1_000_000_000;

pub(super) const DATE_JUMP: FaultKind = FaultKind {
    name: "date-jump",
    family: Family::Clock,
    summary: "the wall clock of the nodes is set to another date",
    doc: "The offset is what lies between the date of the run at the start of the fault, which follows \
          from `topology.date`, and the new one. It stays when the fault is over, unless `end` says \
          otherwise.",
    params: &[
        NODES,
        Param::new("to", Kind::Date, "the new date and time, UTC").required(),
        END.default("keep"),
    ],
    lowers_to: &["clock-step"],
    needed: &["clock-step"],
    source: "expiry of certificates and licences; 2038-01-19T03:14:08Z",
    own_length: None,
    lower: date_jump,
};

fn date_jump(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let start = lowering.topology.date.0 * SECOND_NS;
    let since = i64::try_from(lowering.window.from.as_nanos()).unwrap_or(i64::MAX);
    let offset_ns = args.date("to").0 * SECOND_NS - start - since;
    for node in lowering.nodes(args, "nodes")? {
        lowering.overlay(step(node, offset_ns, step_end(args)));
    }
    Ok(())
}

pub(super) const TIME_SYNC_LOSS: FaultKind = FaultKind {
    name: "time-sync-loss",
    family: Family::Clock,
    summary: "the nodes lose their time server: clocks drift, then are corrected",
    doc: "For as long as the fault lasts the oscillators drift as they do in hold-over. At its end the \
          wall clock is stepped back to the right time at once, or slewed at 500 ppm, which takes \
          2000 s for each second; the monotonic clock keeps its error.",
    params: &[
        NODES,
        Param::new(
            "ppm",
            Kind::Signed(Unit::Plain),
            "drift in hold-over, -100 to 100, drawn a node",
        )
        .default("20"),
        Param::new(
            "resync",
            Kind::Choice(&["step", "slew"]),
            "how the wall clock is corrected",
        )
        .default("step"),
    ],
    lowers_to: &["clock-drift", "clock-step"],
    needed: &["clock-drift"],
    source: "hold-over of NTP clients",
    own_length: None,
    lower: time_sync_loss,
};

fn time_sync_loss(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let law = args.signed("ppm");
    for node in lowering.nodes(args, "nodes")? {
        let ppm = law.sample(&mut lowering.node_stream("ppm", node));
        if !(-100.0..=100.0).contains(&ppm) {
            let issue = Issue::new(format!("{ppm} ppm is out of range"), 0..0);
            return Err(Refusal::arg(
                "ppm",
                issue.label("expected from -100 to 100"),
            ));
        }
        // In whole parts per billion, as clocks go: the correction must leave nothing.
        let ppb = whole(ppm * 1000.0);
        let drift = |ppb: i64, wall_only| Primitive::ClockDrift {
            node,
            ppm: ppb as f64 / 1000.0,
            wall_only,
        };
        lowering.overlay(drift(ppb, false));
        let Some(end) = lowering.window.until else {
            continue;
        };
        let length = i128::from(end.since(lowering.window.from).as_nanos());
        let error = length * i128::from(ppb) / i128::from(SECOND_NS);
        if args.word("resync") == "step" {
            let offset = i64::try_from(-error).unwrap_or_default();
            lowering.afterwards(None, step(node, offset, StepEnd::Keep));
        } else {
            let slew = whole(SLEW_PPM * 1000.0);
            let takes = error.unsigned_abs() * 1_000_000_000 / u128::from(slew.unsigned_abs());
            let takes = u64::try_from(takes).unwrap_or(u64::MAX);
            let until = end.saturating_add(VirtualDuration::from_nanos(takes));
            let slew = if error > 0 { -slew } else { slew };
            lowering.afterwards(Some(until), drift(slew, true));
        }
    }
    Ok(())
}

pub(super) const LEAP_SECOND: FaultKind = FaultKind {
    name: "leap-second",
    family: Family::Clock,
    summary: "a second is inserted into UTC",
    doc: "The start of the fault is the end of the leap second, and the right clock does not know it. \
          `repeat`: the last second is read twice, as by the Linux kernel, and the wall clock stays a \
          second behind. `step-back`: the nodes miss the second, are ahead by it, and step back at the \
          end. `smear-24h`: the wall clock is slow by 11.574 ppm for 24 h, as far as the fault and \
          the run last. Timers go on as before.",
    params: &[
        NODES,
        Param::new(
            "mode",
            Kind::Choice(&["repeat", "step-back", "smear-24h"]),
            "how the nodes take it",
        )
        .default("repeat"),
    ],
    lowers_to: &["clock-step", "clock-drift"],
    needed: &["clock-step", "clock-drift"],
    source: "Cloudflare 2017-01-01; Linux 2012; smear: one second over 86,400",
    own_length: None,
    lower: leap_second,
};

fn leap_second(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let day = VirtualDuration::from_secs(86_400);
    for node in lowering.nodes(args, "nodes")? {
        match args.word("mode") {
            "step-back" => lowering.overlay(step(node, SECOND_NS, StepEnd::Back)),
            "smear-24h" => {
                let from: VirtualTime = lowering.window.from;
                let smear = Primitive::ClockDrift {
                    node,
                    ppm: -1e6 / 86_400.0,
                    wall_only: true,
                };
                lowering.overlay_between(from, Some(from.saturating_add(day)), smear);
            }
            _ => lowering.overlay(step(node, -SECOND_NS, StepEnd::Keep)),
        }
    }
    Ok(())
}
