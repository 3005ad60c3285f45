//! Faults of sensors that say something else than they measure: nothing, the same, or a value that is
//! shifted. The words are those of the `failure` command of PX4.

use super::FaultKind;
use crate::lowering::{Lowering, Refusal};
use crate::param::{Args, Issue, Kind, Param, Unit};
use crate::topology::{ChannelInfo, ChannelKind};
use squall_core::ChannelId;
use squall_core::plan::{Family, Primitive, SignalRule};

/// The target of faults of sensors.
pub(super) const SENSOR: Param = Param::new(
    "sensor",
    Kind::Text,
    "the sensors, `<workload>.sensor` for all of a loop, or one: `<workload>.sensor-0`",
)
.required();

pub(super) const ANY: Kind = Kind::Number {
    min: -1e12,
    max: 1e12,
};
pub(super) const POSITIVE: Kind = Kind::Number {
    min: 0.0,
    max: 1e12,
};

/// Puts a rule on every sensor named.
pub(super) fn sensors(
    args: &Args,
    lowering: &mut Lowering<'_>,
    rule: impl Fn(&ChannelInfo) -> Result<SignalRule, Refusal>,
) -> Result<(), Refusal> {
    for (channel, info) in lowering.channels(args, "sensor", ChannelKind::Sensor)? {
        let rule = rule(info)?;
        lowering.overlay(Primitive::Signal { channel, rule });
    }
    Ok(())
}

/// Draws a value for each sensor named, and puts the rule of it in force.
pub(super) fn drawn(
    args: &Args,
    (key, lowering): (&'static str, &mut Lowering<'_>),
    rule: impl Fn(f64) -> SignalRule,
) -> Result<(), Refusal> {
    let law = args.signed(key).clone();
    for (channel, info) in lowering.channels(args, "sensor", ChannelKind::Sensor)? {
        let value = law.sample(&mut lowering.channel_stream(key, info));
        let rule = rule(value);
        lowering.overlay(Primitive::Signal { channel, rule });
    }
    Ok(())
}

pub(super) const fn off(channel: ChannelId) -> Primitive {
    let rule = SignalRule::Off { passes: None };
    Primitive::Signal { channel, rule }
}

pub(super) const SENSOR_OFF: FaultKind = FaultKind {
    name: "sensor-off",
    family: Family::Signal,
    summary: "sensors say nothing",
    doc: "No sample of them arrives as long as it lasts; what is under way through a delay still does. \
          Whoever reads them goes on with what it had.",
    params: &[SENSOR],
    lowers_to: &["off"],
    needed: &["off"],
    source: "PX4 failure off",
    own_length: None,
    lower: |args, lowering| sensors(args, lowering, |_| Ok(SignalRule::Off { passes: None })),
};

pub(super) const SENSOR_STUCK: FaultKind = FaultKind {
    name: "sensor-stuck",
    family: Family::Signal,
    summary: "sensors say the same again and again",
    doc: "Samples arrive in time, with the value that the sensor had last when the fault began. Several \
          at once are one: they end with the last. Lands where the plant has moved meanwhile.",
    params: &[SENSOR],
    lowers_to: &["stuck"],
    needed: &["stuck"],
    source: "PX4 failure stuck",
    own_length: None,
    lower: |args, lowering| sensors(args, lowering, |_| Ok(SignalRule::Stuck)),
};

pub(super) const SENSOR_INTERMITTENT: FaultKind = FaultKind {
    name: "sensor-intermittent",
    family: Family::Signal,
    summary: "sensors say nothing now and then: a loose contact",
    doc: "Up for a draw of `up`, then off for a draw of `down`, again and again, all sensors together.",
    params: &[
        SENSOR,
        Param::new("up", Kind::Law(Unit::Time), "time until it is off").default("1s"),
        Param::new("down", Kind::Law(Unit::Time), "time that it is off").default("200ms"),
    ],
    lowers_to: &["off"],
    needed: &["off"],
    source: "PX4 failure intermittent",
    own_length: None,
    lower: |args, lowering| {
        let channels = lowering.channels(args, "sensor", ChannelKind::Sensor)?;
        let parts: Vec<Primitive> = channels.iter().map(|(channel, _)| off(*channel)).collect();
        lowering.alternate(args, ("up", "down"), &parts)
    },
};

pub(super) const SENSOR_BIAS: FaultKind = FaultKind {
    name: "sensor-bias",
    family: Family::Signal,
    summary: "a constant is added to what sensors say",
    doc: "In units of the sensor; drawn once for each, and a sign of `±` too. Several add.",
    params: &[
        SENSOR,
        Param::new("value", Kind::Signed(Unit::Plain), "what is added").required(),
    ],
    lowers_to: &["bias"],
    needed: &["bias"],
    source: "PX4 failure wrong",
    own_length: None,
    lower: |args, lowering| {
        drawn(args, ("value", lowering), |offset| SignalRule::Bias {
            offset,
        })
    },
};

pub(super) const SENSOR_DRIFT: FaultKind = FaultKind {
    name: "sensor-drift",
    family: Family::Signal,
    summary: "what sensors say goes off little by little",
    doc: "The error grows from zero at the start, and is gone at the end. Drawn once for each sensor; \
          several add.",
    params: &[
        SENSOR,
        Param::new(
            "rate",
            Kind::Signed(Unit::Plain),
            "growth of the error a second, in units of the sensor",
        )
        .required(),
    ],
    lowers_to: &["drift"],
    needed: &["drift"],
    source: "bias walk of inertial sensors",
    own_length: None,
    lower: |args, lowering| drawn(args, ("rate", lowering), |rate| SignalRule::Drift { rate }),
};

/// A size in units of a sensor: a number, or `"20 sd"` of its noise.
pub(super) fn size(args: &Args, key: &'static str, info: &ChannelInfo) -> Result<f64, Refusal> {
    let refuse =
        |message: String, help: &str| Err(Refusal::arg(key, Issue::new(message, 0..0).help(help)));
    let Some(text) = args.text_opt(key) else {
        let size = args.number_opt(key).unwrap_or(f64::NAN);
        if (0.0..=1e12).contains(&size) {
            return Ok(size);
        }
        return refuse(
            format!("`{key}` is no size"),
            "write a number of at least 0, or \"20 sd\"",
        );
    };
    let times = text.strip_suffix("sd").map(str::trim);
    match times.and_then(|times| times.parse::<f64>().ok()) {
        Some(times) if (0.0..=1e6).contains(&times) && info.noise > 0.0 => Ok(times * info.noise),
        Some(times) if (0.0..=1e6).contains(&times) => refuse(
            format!(
                "`{}` has no noise that this could be a multiple of",
                info.name
            ),
            "write a number, or give the loop measurement.noise",
        ),
        _ => refuse(
            format!("`{text}` is no size"),
            "write a number of at least 0, or \"20 sd\"",
        ),
    }
}
