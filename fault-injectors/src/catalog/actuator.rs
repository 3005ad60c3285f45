//! Faults of actuators, and of sensors as devices: what a knob of the device changes.

use super::FaultKind;
use super::signal::{ANY, POSITIVE};
use crate::lowering::{Lowering, Refusal};
use crate::param::{Args, Issue, Kind, Param};
use crate::topology::ChannelKind;
use squall_core::plan::{Family, KnobChange, Primitive, SignalRule};

const ACTUATOR: Param = Param::new(
    "actuator",
    Kind::Text,
    "the actuators, `<workload>.actuator` for all of a loop, or one: `<workload>.actuator-0`",
)
.required();
/// The loop whose device or jobs a fault changes.
pub(super) const LOOP: Param = Param::new(
    "loop",
    Kind::Text,
    "the control loops: a workload of kind `edge`",
)
.required();

/// Puts rules on every actuator named.
fn actuators(
    args: &Args,
    lowering: &mut Lowering<'_>,
    rules: &[SignalRule],
) -> Result<(), Refusal> {
    for (channel, _) in lowering.channels(args, "actuator", ChannelKind::Actuator)? {
        for rule in rules {
            let rule = rule.clone();
            lowering.overlay(Primitive::Signal { channel, rule });
        }
    }
    Ok(())
}

/// Sets a knob of the loop named at `loop`, everywhere.
pub(super) fn set(
    args: &Args,
    lowering: &mut Lowering<'_>,
    (slug, value): (&str, f64),
) -> Result<(), Refusal> {
    let name = args.text("loop");
    // A workload of another kind is told before its missing knob.
    lowering.channels_of(args, "loop", ChannelKind::Sensor)?;
    let full = format!("{name}.{slug}");
    let (knob, _) = lowering.topology.knob(&full).ok_or_else(|| {
        let issue = Issue::new(format!("`{name}` has no knob `{slug}`"), 0..name.len());
        Refusal::arg("loop", issue)
    })?;
    lowering.overlay(Primitive::Knob {
        knob,
        node: None,
        change: KnobChange::Set,
        value,
    });
    Ok(())
}

pub(super) const ACTUATOR_STUCK: FaultKind = FaultKind {
    name: "actuator-stuck",
    family: Family::Signal,
    summary: "actuators stay where they are",
    doc: "Commands arrive with the value that was in force when the fault began. Lands where the \
          controller wants something else.",
    params: &[ACTUATOR],
    lowers_to: &["stuck"],
    needed: &["stuck"],
    source: "PX4 failure motor stuck",
    own_length: None,
    lower: |args, lowering| actuators(args, lowering, &[SignalRule::Stuck]),
};

pub(super) const ACTUATOR_OFF: FaultKind = FaultKind {
    name: "actuator-off",
    family: Family::Signal,
    summary: "actuators hear nothing, or do nothing",
    doc: "`hold`: no command arrives, and the one in force stays. `zero`: they are without power, and \
          every command becomes zero.",
    params: &[
        ACTUATOR,
        Param::new(
            "output",
            Kind::Choice(&["hold", "zero"]),
            "what they do meanwhile",
        )
        .default("hold"),
    ],
    lowers_to: &["off", "saturation"],
    needed: &["off", "saturation"],
    source: "PX4 failure motor off",
    own_length: None,
    lower: |args, lowering| {
        let rule = match args.word("output") {
            "zero" => SignalRule::Saturate {
                limit: Some(0.0),
                rate: None,
            },
            _ => SignalRule::Off { passes: None },
        };
        actuators(args, lowering, &[rule])
    },
};

pub(super) const ACTUATOR_LIMIT: FaultKind = FaultKind {
    name: "actuator-limit",
    family: Family::Signal,
    summary: "actuators reach less far, or move more slowly",
    doc: "Commands beyond the value are cut to it; commands that change faster than the rate become a \
          ramp. The tightest of several limits holds.",
    params: &[
        ACTUATOR,
        Param::new("value", POSITIVE, "largest absolute command").sample("2"),
        Param::new("rate", POSITIVE, "largest change a second"),
    ],
    lowers_to: &["saturation"],
    needed: &["saturation"],
    source: "partial loss of an actuator",
    own_length: None,
    lower: |args, lowering| {
        let (limit, rate) = (args.number_opt("value"), args.number_opt("rate"));
        if limit.is_none() && rate.is_none() {
            let issue = Issue::new("an actuator without a limit", 0..0);
            let help = "write `value`, `rate` or both";
            return Err(Refusal::arg("actuator", issue.help(help)));
        }
        actuators(args, lowering, &[SignalRule::Saturate { limit, rate }])
    },
};

/// More than any command is, so that a limit is reached from wherever.
const BEYOND: f64 = 1e15;

pub(super) const ACTUATOR_RUNAWAY: FaultKind = FaultKind {
    name: "actuator-runaway",
    family: Family::Signal,
    summary: "actuators go to a limit, whatever is asked of them",
    doc: "Every command becomes `to`: a bias beyond all measure, cut to the limit.",
    params: &[
        ACTUATOR,
        Param::new("to", ANY, "where they go, in units of the command").required(),
    ],
    lowers_to: &["bias", "saturation"],
    needed: &["bias"],
    source: "runaway trim, hard-over",
    own_length: None,
    lower: |args, lowering| {
        let to = args.number("to");
        let offset = BEYOND.copysign(to);
        let limit = Some(to.abs());
        let limit = SignalRule::Saturate { limit, rate: None };
        actuators(args, lowering, &[SignalRule::Bias { offset }, limit])
    },
};

pub(super) const ACTUATOR_LAG: FaultKind = FaultKind {
    name: "actuator-lag",
    family: Family::Signal,
    summary: "actuators follow their commands slowly",
    doc: "A lag of the first order, which takes a step with every command: between two commands nothing \
          moves. Sets the knob `lag` of the loop.",
    params: &[
        LOOP,
        Param::new("time_constant", Kind::Duration, "its time constant").required(),
    ],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "wear, cold oil",
    own_length: None,
    lower: |args, lowering| {
        let lag = args.duration("time_constant").as_secs_f64();
        set(args, lowering, ("lag", lag))
    },
};

pub(super) const ACTUATOR_DEAD_ZONE: FaultKind = FaultKind {
    name: "actuator-dead-zone",
    family: Family::Signal,
    summary: "small commands move nothing",
    doc: "Commands up to `width` are zero, larger ones are smaller by it. Sets the knob `dead_zone` of the \
          loop.",
    params: &[
        LOOP,
        Param::new("width", POSITIVE, "largest command that moves nothing").required(),
    ],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "play of gears, stiction",
    own_length: None,
    lower: |args, lowering| set(args, lowering, ("dead_zone", args.number("width"))),
};

pub(super) const ACTUATOR_INVERT: FaultKind = FaultKind {
    name: "actuator-invert",
    family: Family::Signal,
    summary: "commands have the wrong sign",
    doc: "Sets the knob `gain` of the loop to -1: feedback becomes positive.",
    params: &[LOOP],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "crossed wires after maintenance",
    own_length: None,
    lower: |args, lowering| set(args, lowering, ("gain", -1.0)),
};

pub(super) const SENSOR_QUANTISE: FaultKind = FaultKind {
    name: "sensor-quantise",
    family: Family::Signal,
    summary: "sensors have a coarser resolution",
    doc: "Readings are rounded to multiples of `step`. Sets the knob `sensor_step` of the loop.",
    params: &[
        LOOP,
        Param::new("step", POSITIVE, "the resolution, in units of the sensor").required(),
    ],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "limits of converters",
    own_length: None,
    lower: |args, lowering| set(args, lowering, ("sensor_step", args.number("step"))),
};

pub(super) const FRAME_SWAP: FaultKind = FaultKind {
    name: "frame-swap",
    family: Family::Signal,
    summary: "what sensors say is in another unit or another frame",
    doc: "Readings are multiplied: 3.28084 gives feet for metres, 57.29578 degrees for radians, -1 an axis \
          the wrong way round. Sets the knob `sensor_scale` of the loop.",
    params: &[
        LOOP,
        Param::new(
            "scale",
            Kind::Number {
                min: -1e6,
                max: 1e6,
            },
            "factor on the readings",
        )
        .required(),
    ],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "unit mistakes",
    own_length: None,
    lower: |args, lowering| set(args, lowering, ("sensor_scale", args.number("scale"))),
};
