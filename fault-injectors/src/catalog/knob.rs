//! Faults of knobs: named parameters of workloads take other values.

use super::FaultKind;
use crate::lowering::{Lowering, Refusal};
use crate::param::{Args, Issue, Kind, Param, Shape, Value, duration, suggest};
use crate::topology::{KnobInfo, KnobKind};
use squall_core::KnobId;
use squall_core::plan::{Family, KnobChange, Primitive};

pub(super) const NAME: Param = Param::new("name", Kind::Text, "the knob, `<workload>.<knob>`")
    .required()
    .sample("\"shop.version\"");
pub(super) const VALUE: Param = Param::new("value", Kind::Scalar, "what it is set to").required();
pub(super) const ON: Param = Param::new(
    "nodes",
    Kind::Selector(Shape::Nodes),
    "where it changes; everywhere if missing",
);

/// The knob called `name`, which comes from the parameter `key`.
pub(super) fn find<'t>(
    name: &str,
    key: &'static str,
    lowering: &Lowering<'t>,
) -> Result<(KnobId, &'t KnobInfo), Refusal> {
    lowering.topology.knob(name).ok_or_else(|| {
        let known = lowering.topology.knobs().iter().map(|k| k.name.as_str());
        let issue = Issue::new(format!("unknown knob `{name}`"), 0..name.len());
        Refusal::arg(key, issue.maybe_help(suggest(name, known)))
    })
}

/// The number a knob takes for a value of the file; inside its range unless `wild`.
pub(super) fn number(args: &Args, knob: &KnobInfo, wild: bool) -> Result<f64, Refusal> {
    let refuse = |expected: String| {
        let issue = Issue::new(format!("`{}` cannot take this value", knob.name), 0..0);
        Err(Refusal::arg(
            "value",
            issue.label(format!("expected {expected}")),
        ))
    };
    match (&knob.kind, args.get("value")) {
        (KnobKind::Number { min, max }, Some(Value::Number(x))) => {
            if wild || (min..=max).contains(&x) {
                Ok(*x)
            } else {
                refuse(format!("from {min} to {max}"))
            }
        }
        (KnobKind::Number { min, max }, _) => refuse(format!("a number from {min} to {max}")),
        (KnobKind::Seconds, Some(Value::Text(text))) => match duration(text) {
            Ok(d) => Ok(d.as_secs_f64()),
            Err(issue) => Err(Refusal::arg("value", issue)),
        },
        (KnobKind::Seconds, _) => refuse("a duration such as \"250ms\"".into()),
        (KnobKind::Words(words), Some(Value::Text(text))) => {
            match words.iter().position(|word| word == text) {
                Some(index) => Ok(index as f64),
                None => refuse(format!("one of {}", words.join(", "))),
            }
        }
        (KnobKind::Words(words), _) => refuse(format!("one of {}", words.join(", "))),
        (KnobKind::Flag, Some(Value::Flag(flag))) => Ok(f64::from(u8::from(*flag))),
        (KnobKind::Flag, _) => refuse("true or false".into()),
    }
}

/// Sets a knob on the nodes of `nodes`, or everywhere.
pub(super) fn set(
    args: &Args,
    lowering: &mut Lowering<'_>,
    knob: KnobId,
    value: f64,
) -> Result<(), Refusal> {
    change(args, lowering, knob, (KnobChange::Set, value))
}

/// Changes a knob on the nodes of `nodes`, or everywhere.
pub(super) fn change(
    args: &Args,
    lowering: &mut Lowering<'_>,
    knob: KnobId,
    (change, value): (KnobChange, f64),
) -> Result<(), Refusal> {
    let nodes = match args.selector_opt("nodes") {
        Some(_) => lowering
            .nodes(args, "nodes")?
            .into_iter()
            .map(Some)
            .collect(),
        None => vec![None],
    };
    for node in nodes {
        lowering.overlay(Primitive::Knob {
            knob,
            node,
            change,
            value,
        });
    }
    Ok(())
}

pub(super) const KNOB_SET: FaultKind = FaultKind {
    name: "knob-set",
    family: Family::Knob,
    summary: "a parameter of a workload takes another value",
    doc: "The value is back at the end. The latest of several sets wins, then all that scale multiply, \
          then all that add sum; what these make of it is clamped to the knob's range. Two sets that \
          start together and disagree are an error. Knobs of words and flags can only be set.",
    params: &[
        NAME,
        VALUE,
        Param::new(
            "how",
            Kind::Choice(&["set", "scale", "add"]),
            "whether the value is taken, multiplied with or added",
        )
        .default("set"),
        ON,
    ],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "a choice of this project: what load-step and config-push do by name",
    own_length: None,
    lower: knob_set,
};

fn knob_set(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let (id, knob) = find(args.text("name"), "name", lowering)?;
    let how = match args.word("how") {
        "set" => return set(args, lowering, id, number(args, knob, false)?),
        "scale" => KnobChange::Scale,
        _ => KnobChange::Add,
    };
    let value = match (&knob.kind, how, args.get("value")) {
        (KnobKind::Words(_) | KnobKind::Flag, ..) => {
            let issue = Issue::new(format!("`{}` can only be set", knob.name), 0..0);
            return Err(Refusal::arg("how", issue.help("leave `how` out")));
        }
        (KnobKind::Seconds, KnobChange::Add, _) => number(args, knob, false)?,
        (_, KnobChange::Scale, Some(Value::Number(x))) if !(*x >= 0.0 && x.is_finite()) => {
            let issue = Issue::new("a factor is not negative", 0..0);
            return Err(Refusal::arg("value", issue.help("write for instance 0.5")));
        }
        (_, _, Some(Value::Number(x))) if x.is_finite() => *x,
        _ => {
            let issue = Issue::new(format!("`{}` takes a number here", knob.name), 0..0);
            return Err(Refusal::arg("value", issue.help("write for instance 0.5")));
        }
    };
    change(args, lowering, id, (how, value))
}

pub(super) const LOAD_STEP: FaultKind = FaultKind {
    name: "load-step",
    family: Family::Knob,
    summary: "the load of a workload is multiplied",
    doc: "Scales the knob `<workload>.load`. Several multiply, together clamped to the knob's range.",
    params: &[WORKLOAD, FACTOR.default("2")],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "K6",
    own_length: None,
    lower: |args, lowering| {
        let (knob, _) = load_of(args, lowering)?;
        change(
            args,
            lowering,
            knob,
            (KnobChange::Scale, args.number("factor")),
        )
    },
};

pub(super) const WORKLOAD: Param = Param::new("workload", Kind::Text, "the workload")
    .required()
    .sample("\"shop\"");
pub(super) const FACTOR: Param = Param::new(
    "factor",
    Kind::Number {
        min: 0.001,
        max: 1000.0,
    },
    "load, relative to normal",
);

/// The knob of the load of `workload`. A factor that its range does not allow alone is said.
pub(super) fn load_of<'t>(
    args: &Args,
    lowering: &mut Lowering<'t>,
) -> Result<(KnobId, &'t KnobInfo), Refusal> {
    let name = format!("{}.load", args.text("workload"));
    let (id, knob) = find(&name, "workload", lowering)?;
    let wanted = knob.base * args.number("factor");
    if let KnobKind::Number { min, max } = knob.kind
        && !(min..=max).contains(&wanted)
    {
        lowering.note(format!("`{name}` is clamped to {}", wanted.clamp(min, max)));
    }
    Ok((id, knob))
}

pub(super) const CONFIG_PUSH: FaultKind = FaultKind {
    name: "config-push",
    family: Family::Knob,
    summary: "a new value of a parameter is rolled out in stages",
    doc: "The nodes are put in drawn order; stage by stage the value reaches a larger share of them, \
          with a pause in between; at the end all are back. `valid = false` lets the value lie \
          outside the knob's range: the workload gets it as it is.",
    params: &[
        NAME,
        VALUE,
        ON,
        Param::new(
            "stages",
            Kind::List(&Kind::Share),
            "share of the nodes reached after each stage",
        )
        .default("1.0"),
        Param::new("bake", Kind::Duration, "time between stages").default("0s"),
        Param::new(
            "valid",
            Kind::Flag,
            "whether the value must lie in the knob's range",
        )
        .default("false"),
    ],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "Cloudflare 2025-11-18, Google 2025-06-12",
    own_length: None,
    lower: config_push,
};

fn config_push(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let (knob, info) = find(args.text("name"), "name", lowering)?;
    let value = number(args, info, !args.flag("valid"))?;
    let stages: Vec<f64> = args
        .list("stages")
        .iter()
        .filter_map(|stage| match stage.value {
            Value::Number(share) => Some(share),
            _ => None,
        })
        .collect();
    if stages.is_empty() || stages[0] <= 0.0 || stages.windows(2).any(|w| w[0] >= w[1]) {
        let issue =
            Issue::new("stages do not grow", 0..0).help("write for instance [0.01, 0.1, 1.0]");
        return Err(Refusal::arg("stages", issue));
    }
    if stages == [1.0] {
        return set(args, lowering, knob, value);
    }
    let nodes = match args.selector_opt("nodes") {
        Some(_) => lowering.nodes(args, "nodes")?,
        None => lowering.topology.nodes_where(|_| true),
    };
    let order = lowering.permutation("stage", &nodes);
    let mut from = lowering.window.from;
    let mut reached = 0;
    for share in stages {
        let upto = reach(order.len(), share);
        for &node in &order[reached..upto] {
            let node = Some(node);
            lowering.overlay_between(
                from,
                lowering.window.until,
                Primitive::Knob {
                    knob,
                    node,
                    change: KnobChange::Set,
                    value,
                },
            );
        }
        reached = upto;
        from = from.saturating_add(args.duration("bake"));
    }
    Ok(())
}

/// A share of `n`, rounded up.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a count is between zero and the count"
)]
pub(super) fn reach(n: usize, share: f64) -> usize {
    // Shares of files have few digits: the small step back undoes the rounding of the product.
    ((n as f64 * share - 1e-9).ceil() as usize).min(n)
}
