//! Faults of how calls go: streams that break off or drip, replicas that fail fast, errors that cost.

use super::FaultKind;
use super::call::{CLIENT, METHOD, P, REPLICA, SERVICE, STATUS, rule, rules, status};
use crate::lowering::{Lowering, Refusal};
use crate::param::{Args, Issue, Kind, Param};
use squall_core::plan::{Arithmetic, CallRule, CallScope, Family, Shard};
use squall_core::{Law, Sample, VirtualDuration};

pub(super) const STREAM_CUT: FaultKind = FaultKind {
    name: "stream-cut",
    family: Family::Call,
    summary: "streamed replies break off after some units",
    doc: "The service has begun to answer, so the effect has happened; the client has the units that \
          came and an error. A reply that is not streamed is one unit, which `after = 0` cuts. The \
          earliest of several cuts counts. A stream that has ended before is whole.",
    params: &[
        SERVICE,
        CLIENT,
        METHOD,
        REPLICA,
        Param::new(
            "after",
            Kind::Integer {
                min: 0,
                max: u32::MAX as i64,
            },
            "units that come, for instance tokens",
        )
        .required(),
        P.default("1"),
    ],
    lowers_to: &["stream"],
    needed: &["stream"],
    source: "TX limit_data",
    own_length: None,
    lower: |args, lowering| {
        let cut = u32::try_from(args.count("after")).expect("the table bounds it");
        let stream = CallRule::Stream {
            cut: Some(cut),
            factor: 1.0,
            stall: VirtualDuration::ZERO,
            share: args.number("p"),
        };
        rule(args, lowering, stream)
    },
};

pub(super) const STREAM_DRIP: FaultKind = FaultKind {
    name: "stream-drip",
    family: Family::Call,
    summary: "streamed replies come slowly",
    doc: "The time between units is multiplied, and the first one comes later by `stall`. Something \
          always comes, so that a time-out on silence never ends the call. Factors of several multiply, \
          their stalls add. A reply that is not streamed is one unit: it can only stall.",
    params: &[
        SERVICE,
        CLIENT,
        METHOD,
        REPLICA,
        Param::new(
            "factor",
            Kind::Number {
                min: 0.001,
                max: 1000.0,
            },
            "factor on the time between units",
        )
        .default("10"),
        Param::new("stall", Kind::Duration, "time before the first unit").default("0s"),
        P.default("1"),
    ],
    lowers_to: &["stream"],
    needed: &["stream"],
    source: "TX slicer; a drip defeats idle time-outs",
    own_length: None,
    lower: |args, lowering| {
        let stream = CallRule::Stream {
            cut: None,
            factor: args.number("factor"),
            stall: args.duration("stall"),
            share: args.number("p"),
        };
        rule(args, lowering, stream)
    },
};

pub(super) const ONE_SHARD: FaultKind = FaultKind {
    name: "one-shard",
    family: Family::Call,
    summary: "calls about a part of the keys go wrong, the others are well",
    doc: "Keys are put in `shards` parts by their hash; one part is hit, drawn unless `shard` says \
          which. What happens to its calls is an error before the effect, a hang, a delay or a lost \
          reply.",
    params: &[
        SERVICE,
        CLIENT,
        METHOD,
        REPLICA,
        Param::new(
            "shards",
            Kind::Integer {
                min: 1,
                max: 1_000_000,
            },
            "into how many parts the keys are put",
        )
        .default("8"),
        Param::new(
            "shard",
            Kind::Integer {
                min: 0,
                max: 999_999,
            },
            "which part is hit; drawn if missing",
        ),
        Param::new(
            "what",
            Kind::Choice(&["error", "hang", "delay", "lost-reply"]),
            "what happens to its calls",
        )
        .default("error"),
        STATUS.default("503"),
        Param::new("delay", Kind::Duration, "the delay").default("2s"),
        P.default("1"),
    ],
    lowers_to: &["error", "hang", "call-delay", "lost-reply"],
    needed: &["error", "hang", "call-delay", "lost-reply"],
    source: "partial outages",
    own_length: None,
    lower: one_shard,
};

fn one_shard(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let count = |n: u64| u32::try_from(n).expect("the table bounds it");
    let of = count(args.count("shards"));
    let index = match args.integer_opt("shard") {
        Some(index) => count(index.unsigned_abs()),
        None => count(lowering.stream("shard").index(of as usize) as u64),
    };
    if index >= of {
        let issue = Issue::new(format!("there is no shard {index} of {of}"), 0..0);
        let help = format!("shards count from 0 to {}", of - 1);
        return Err(Refusal::arg("shard", issue.help(help)));
    }
    let share = args.number("p");
    let rule = match args.word("what") {
        "hang" => CallRule::Hang { share },
        "lost-reply" => CallRule::LostReply { share },
        "delay" => CallRule::Delay {
            delay: Law::Constant(args.duration("delay").as_nanos_f64()),
            mode: Arithmetic::Add,
            share,
        },
        _ => error(args, share, false, VirtualDuration::ZERO),
    };
    let only = CallScope {
        shard: Some(Shard { index, of }),
        ..CallScope::ALL
    };
    rules(args, lowering, only, &[rule])
}

fn error(args: &Args, share: f64, after_effect: bool, work: VirtualDuration) -> CallRule {
    CallRule::Error {
        status: status(args),
        share,
        after_effect,
        retry_after: None,
        work,
    }
}

pub(super) const FAST_FAILER: FaultKind = FaultKind {
    name: "fast-failer",
    family: Family::Call,
    summary: "one replica fails at once, and so draws the load to it",
    doc: "Every call that reaches the replica is answered with the error `after` it came, far sooner than \
          a good answer. To a balancer that goes by outstanding calls or by latency it looks like the \
          best replica of all.",
    params: &[
        SERVICE,
        CLIENT,
        METHOD,
        REPLICA.required(),
        Param::new("after", Kind::Duration, "time until it answers").default("1ms"),
        STATUS.default("500"),
    ],
    lowers_to: &["error", "call-delay"],
    needed: &["error"],
    source: "load-balancer black hole",
    own_length: None,
    lower: |args, lowering| {
        let delay = CallRule::Delay {
            delay: Law::Constant(args.duration("after").as_nanos_f64()),
            mode: Arithmetic::Replace,
            share: 1.0,
        };
        let error = error(args, 1.0, false, VirtualDuration::ZERO);
        rules(args, lowering, CallScope::ALL, &[error, delay])
    },
};

pub(super) const SLOW_ERROR: FaultKind = FaultKind {
    name: "slow-error",
    family: Family::Call,
    summary: "errors cost a service more than good answers",
    doc: "A share of the calls ends with an error after the effect, and making it takes processor time \
          on the service's node: stack traces, logs, clean-up. `cost` is an absolute time, since a \
          service does not say what a good answer costs; ten times that is what was seen.",
    params: &[
        SERVICE,
        CLIENT,
        METHOD,
        REPLICA,
        Param::new("cost", Kind::Duration, "processor time of an error").default("50ms"),
        STATUS.default("500"),
        P.default("0.1"),
    ],
    lowers_to: &["error"],
    needed: &["error"],
    source: "HotOS'21",
    own_length: None,
    lower: |args, lowering| {
        let error = error(args, args.number("p"), true, args.duration("cost"));
        rule(args, lowering, error)
    },
};
