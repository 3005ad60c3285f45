//! Faults of load: more of it, in steps.

use super::FaultKind;
use super::knob::{FACTOR, ON, WORKLOAD, load_of, set};
use crate::lowering::{Lowering, Refusal};
use crate::param::{Args, Issue, Kind, Param, Value, suggest};
use squall_core::plan::{Family, KnobChange, Primitive};
use squall_core::{KnobId, VirtualDuration, VirtualTime};

/// Steps of a staircase.
const STEPS: Param = Param::new(
    "steps",
    Kind::Integer { min: 1, max: 1000 },
    "steps of the staircase",
);

/// Scales the knob in a part of the window.
fn step(
    lowering: &mut Lowering<'_>,
    knob: KnobId,
    (from, until): (VirtualTime, Option<VirtualTime>),
    value: f64,
) {
    let scale = Primitive::Knob {
        knob,
        node: None,
        change: KnobChange::Scale,
        value,
    };
    lowering.overlay_between(from, until, scale);
}

/// The `n`-th of `steps` equal parts of `length` after `from`.
fn part(from: VirtualTime, length: VirtualDuration, (n, steps): (u64, u64)) -> VirtualTime {
    from.saturating_add(length.scaled(n as f64 / steps as f64))
}

pub(super) const LOAD_RAMP: FaultKind = FaultKind {
    name: "load-ramp",
    family: Family::Knob,
    summary: "the load of a workload grows step by step",
    doc: "A staircase of equal steps from normal to the factor, one overlay a step; the factor then \
          stays until the end. Together with other faults of load the factors multiply.",
    params: &[
        WORKLOAD,
        FACTOR.default("2"),
        Param::new("over", Kind::Duration, "time until the factor is reached").default("30s"),
        STEPS.default("12"),
    ],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "K6",
    own_length: None,
    lower: load_ramp,
};

fn load_ramp(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let (knob, _) = load_of(args, lowering)?;
    let (window, over, steps) = (lowering.window, args.duration("over"), args.count("steps"));
    let growth = args.number("factor") - 1.0;
    for n in 0..steps {
        let from = part(window.from, over, (n, steps));
        let until = match n + 1 == steps {
            true => window.until,
            false => Some(part(window.from, over, (n + 1, steps))),
        };
        let value = 1.0 + growth * (n + 1) as f64 / steps as f64;
        step(lowering, knob, (from, until), value);
    }
    Ok(())
}

pub(super) const FLASH_CROWD: FaultKind = FaultKind {
    name: "flash-crowd",
    family: Family::Knob,
    summary: "the load of a workload shoots up and decays",
    doc: "The load grows in a straight line to the factor within `rise`, then what it has above normal \
          decays with the time constant `decay`, until the end. Both are staircases, one overlay a step.",
    params: &[
        WORKLOAD,
        FACTOR.default("10"),
        Param::new("rise", Kind::Duration, "time until the top").default("10s"),
        Param::new(
            "decay",
            Kind::Duration,
            "time in which the rest above normal falls to 37 %",
        )
        .default("5m"),
        STEPS.default("12"),
    ],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "K6",
    own_length: None,
    lower: flash_crowd,
};

/// Time constants after which a decay is over: 5 % is left.
const DECAYS: f64 = 3.0;

fn flash_crowd(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let (knob, _) = load_of(args, lowering)?;
    let (rise, decay, steps) = (
        args.duration("rise"),
        args.duration("decay"),
        args.count("steps"),
    );
    let excess = args.number("factor") - 1.0;
    let top = lowering.window.from.saturating_add(rise);
    for n in 0..steps {
        let from = part(lowering.window.from, rise, (n, steps));
        let until = part(lowering.window.from, rise, (n + 1, steps));
        let value = 1.0 + excess * (n + 1) as f64 / steps as f64;
        step(lowering, knob, (from, Some(until)), value);
    }
    let tail = decay.scaled(DECAYS);
    for n in 0..steps {
        let (from, until) = (part(top, tail, (n, steps)), part(top, tail, (n + 1, steps)));
        // The middle of the step.
        let at = DECAYS * (n as f64 + 0.5) / steps as f64;
        let value = 1.0 + excess * libm::exp(-at);
        step(lowering, knob, (from, Some(until)), value);
    }
    Ok(())
}

/// Sets the knob `<workload>.<slug>` to the value at `key`, if that is given.
pub(super) fn set_given(
    args: &Args,
    lowering: &mut Lowering<'_>,
    (key, slug): (&'static str, &str),
) -> Result<bool, Refusal> {
    let value = match args.get(key) {
        Some(Value::Number(x)) => *x,
        Some(Value::Integer(i)) => *i as f64,
        Some(Value::Duration(d)) => d.as_secs_f64(),
        Some(Value::Flag(flag)) => f64::from(u8::from(*flag)),
        _ => return Ok(false),
    };
    let workload = args.text("workload");
    let name = format!("{workload}.{slug}");
    let Some((knob, _)) = lowering.topology.knob(&name) else {
        let known = lowering
            .topology
            .workloads()
            .iter()
            .map(|(name, _)| name.as_str());
        if !known.clone().any(|name| name == workload) {
            let issue = Issue::new(format!("unknown workload `{workload}`"), 0..workload.len());
            return Err(Refusal::arg(
                "workload",
                issue.maybe_help(suggest(workload, known)),
            ));
        }
        let issue = Issue::new(format!("`{workload}` has no knob `{slug}`"), 0..0);
        let help = "leave it out: this kind of workload cannot be told so in the course of a run";
        return Err(Refusal::arg(key, issue.help(help)));
    };
    set(args, lowering, knob, value)?;
    Ok(true)
}

pub(super) const RETRY_POLICY: FaultKind = FaultKind {
    name: "retry-policy",
    family: Family::Knob,
    summary: "clients of a workload retry by another policy",
    doc: "Sets what is given and leaves the rest: a wrong policy, or a mitigation, for a time. Attempts \
          under way go on as they began; the next decision is by the new policy.",
    params: &[
        WORKLOAD,
        Param::new(
            "attempts",
            Kind::Integer { min: 1, max: 100 },
            "tries of a call",
        )
        .sample("1"),
        Param::new("timeout", Kind::Duration, "when an attempt is given up"),
        Param::new(
            "backoff",
            Kind::Number {
                min: 0.0,
                max: 1000.0,
            },
            "factor on the time before a retry",
        ),
        Param::new("jitter", Kind::Flag, "whether that time is drawn"),
        Param::new(
            "budget",
            Kind::Number {
                min: 0.0,
                max: 1000.0,
            },
            "retries earned by a call that went well; 1000 is no budget",
        ),
        ON,
    ],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "wrong policy and mitigation alike",
    own_length: None,
    lower: retry_policy,
};

fn retry_policy(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let mut any = set_given(args, lowering, ("attempts", "retry-attempts"))?;
    any |= set_given(args, lowering, ("timeout", "timeout"))?;
    any |= set_given(args, lowering, ("backoff", "retry-backoff"))?;
    any |= set_given(args, lowering, ("jitter", "retry-jitter"))?;
    any |= set_given(args, lowering, ("budget", "retry-budget"))?;
    if !any {
        let issue = Issue::new("nothing of the policy changes", 0..0);
        let help = "give attempts, timeout, backoff, jitter or budget";
        return Err(Refusal::arg("workload", issue.help(help)));
    }
    Ok(())
}

pub(super) const RESOURCE_LIMIT: FaultKind = FaultKind {
    name: "resource-limit",
    family: Family::Knob,
    summary: "a workload has less of a resource that is counted",
    doc: "Slots are what a replica serves at once: visits of a cluster's service, calls of an agents' \
          tool. Threads are what all replicas of a node serve at once together, connections what each process \
          of a cluster keeps open to a service. Work under way goes on, new work waits. Files are not \
          simulated by any workload.",
    params: &[
        WORKLOAD,
        Param::new(
            "kind",
            Kind::Choice(&["slots", "threads", "connections"]),
            "which resource",
        )
        .default("slots"),
        Param::new(
            "value",
            Kind::Integer {
                min: 0,
                max: 1_000_000,
            },
            "how many are left: in a replica, on a node, in a pool",
        )
        .required(),
        ON,
    ],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "Kinesis 2020-11-25",
    own_length: None,
    lower: |args, lowering| set_given(args, lowering, ("value", args.word("kind"))).map(|_| ()),
};
