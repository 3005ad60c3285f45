//! Faults of sensors whose samples are bad, late, in the wrong order, too few or no numbers.

use super::FaultKind;
use super::signal::{POSITIVE, SENSOR, sensors, size};
use crate::lowering::{Lowering, Refusal};
use crate::param::{Args, Issue, Kind, Param, Unit};
use squall_core::plan::{Family, Poison, SignalRule};

pub(super) const SENSOR_NOISE: FaultKind = FaultKind {
    name: "sensor-noise",
    family: Family::Signal,
    summary: "sensors are noisier than usual",
    doc: "Gaussian noise is added to each sample: as much as makes the standard deviation of a sensor's \
          own noise (`measurement.noise`) `factor` times as large, or `sd` in its units. Variances of \
          several add.",
    params: &[
        SENSOR,
        Param::new(
            "factor",
            Kind::Number {
                min: 1.0,
                max: 100.0,
            },
            "standard deviation, relative to the usual; 5 if neither is written",
        )
        .one_of("noise"),
        Param::new("sd", POSITIVE, "standard deviation that is added").one_of("noise"),
    ],
    lowers_to: &["noise"],
    needed: &["noise"],
    source: "PX4 failure garbage",
    own_length: None,
    lower: sensor_noise,
};

fn sensor_noise(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let factor = args.number_opt("factor").unwrap_or(5.0);
    sensors(args, lowering, |info| {
        let sd = match args.number_opt("sd") {
            Some(sd) => sd,
            // The variance that is missing.
            None if info.noise > 0.0 => info.noise * (factor * factor - 1.0).sqrt(),
            None => {
                let issue = Issue::new(
                    format!("`{}` has no noise that could be multiplied", info.name),
                    0..0,
                );
                let help = "write `sd` instead, or give the loop measurement.noise";
                let key = if args.given("factor") {
                    "factor"
                } else {
                    "sensor"
                };
                return Err(Refusal::arg(key, issue.help(help)));
            }
        };
        Ok(SignalRule::Noise { sd })
    })
}

pub(super) const SENSOR_OUTLIER: FaultKind = FaultKind {
    name: "sensor-outlier",
    family: Family::Signal,
    summary: "single samples are far off",
    doc: "Each sample by itself, one way or the other. Several are independent; the first that fires \
          decides how far.",
    params: &[
        SENSOR,
        Param::new("p", Kind::Share, "share of the samples").default("0.01"),
        Param::new(
            "size",
            Kind::Scalar,
            "how far off: a number in units of the sensor, or \"20 sd\" of its noise",
        )
        .default("20 sd"),
    ],
    lowers_to: &["outlier"],
    needed: &["outlier"],
    source: "multipath, glint",
    own_length: None,
    lower: |args, lowering| {
        let share = args.number("p");
        sensors(args, lowering, |info| {
            let size = size(args, "size", info)?;
            Ok(SignalRule::Outlier { share, size })
        })
    },
};

pub(super) const SENSOR_DELAY: FaultKind = FaultKind {
    name: "sensor-delay",
    family: Family::Signal,
    summary: "samples arrive late",
    doc: "Each sample by its own draw, so that later ones may overtake it; their stamps say when they \
          were taken. What is under way at the end still arrives late. Delays of several add.",
    params: &[
        SENSOR,
        Param::new("delay", Kind::Law(Unit::Time), "how late").default("50ms"),
    ],
    lowers_to: &["signal-delay"],
    needed: &["signal-delay"],
    source: "PX4 failure delayed",
    own_length: None,
    lower: |args, lowering| {
        let delay = args.law("delay");
        sensors(args, lowering, |_| {
            let delay = delay.clone();
            Ok(SignalRule::Delay { delay })
        })
    },
};

pub(super) const SENSOR_SLOW: FaultKind = FaultKind {
    name: "sensor-slow",
    family: Family::Signal,
    summary: "sensors give fewer samples",
    doc: "Of every `factor` samples the first arrives, the others do not.",
    params: &[
        SENSOR,
        Param::new(
            "factor",
            Kind::Integer { min: 2, max: 1000 },
            "factor on the period",
        )
        .default("4"),
    ],
    lowers_to: &["off"],
    needed: &["off"],
    source: "PX4 failure slow",
    own_length: None,
    lower: |args, lowering| {
        let passes = u32::try_from(args.count("factor")).expect("the table bounds the factor");
        sensors(args, lowering, |_| {
            Ok(SignalRule::Off {
                passes: Some(passes),
            })
        })
    },
};

pub(super) const SENSOR_NAN: FaultKind = FaultKind {
    name: "sensor-nan",
    family: Family::Signal,
    summary: "sensors say what is no number, or no sensible one",
    doc: "In a share of the samples. A comparison with a limit lets a NaN pass, and a filter that took \
          one in says NaN for ever after. `garbage` is a finite number of random bits, `denormal` the \
          smallest above zero.",
    params: &[
        SENSOR,
        Param::new(
            "value",
            Kind::Choice(&["nan", "inf", "-inf", "denormal", "garbage"]),
            "what they say",
        )
        .default("nan"),
        Param::new("p", Kind::Share, "share of the samples").default("1"),
    ],
    lowers_to: &["non-finite"],
    needed: &["non-finite"],
    source: "Roborace, SIT Acronis 2020 (as reported by The Drive and Hackaday)",
    own_length: None,
    lower: |args, lowering| {
        let poison = match args.word("value") {
            "inf" => Poison::Inf,
            "-inf" => Poison::MinusInf,
            "denormal" => Poison::Denormal,
            "garbage" => Poison::Garbage,
            _ => Poison::Nan,
        };
        let share = args.number("p");
        sensors(args, lowering, |_| {
            Ok(SignalRule::NonFinite { poison, share })
        })
    },
};

pub(super) const SENSOR_REORDER: FaultKind = FaultKind {
    name: "sensor-reorder",
    family: Family::Signal,
    summary: "samples arrive in the wrong order, or twice",
    doc: "A share of the samples waits until `depth` later ones have arrived, or until the end. Several \
          are independent; the largest depth wins.",
    params: &[
        SENSOR,
        Param::new(
            "depth",
            Kind::Integer { min: 1, max: 1000 },
            "later samples that arrive first",
        )
        .default("3"),
        Param::new("p", Kind::Share, "share of the samples held back").default("0.1"),
        Param::new(
            "duplicate",
            Kind::Share,
            "share of the samples that arrive twice",
        )
        .default("0"),
    ],
    lowers_to: &["signal-reorder"],
    needed: &["signal-reorder"],
    source: "asynchronous fusion",
    own_length: None,
    lower: |args, lowering| {
        let depth = u32::try_from(args.count("depth")).expect("the table bounds the depth");
        let (share, copies) = (args.number("p"), args.number("duplicate"));
        sensors(args, lowering, |_| {
            Ok(SignalRule::Reorder {
                share,
                depth,
                copies,
            })
        })
    },
};

pub(super) const SENSOR_SATURATE: FaultKind = FaultKind {
    name: "sensor-saturate",
    family: Family::Signal,
    summary: "sensors cannot say more than a limit",
    doc: "Values beyond the limit are said as the limit. The tightest of several limits holds.",
    params: &[
        SENSOR,
        Param::new("limit", POSITIVE, "largest absolute value").required(),
    ],
    lowers_to: &["saturation"],
    needed: &["saturation"],
    source: "limits of converters",
    own_length: None,
    lower: |args, lowering| {
        let limit = Some(args.number("limit"));
        sensors(args, lowering, |_| {
            Ok(SignalRule::Saturate { limit, rate: None })
        })
    },
};
