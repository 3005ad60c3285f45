//! Faults of calls: a directed pair, client to service.

use super::FaultKind;
use crate::lowering::{Lowering, Refusal};
use crate::param::{Args, Issue, Kind, Param, Shape, Unit};
use squall_core::plan::{
    Arithmetic, CallRule, CallScope, Family, LimitUnit, Primitive, RetryAfter,
};
use squall_core::{NodeId, VirtualDuration};

pub(super) const SERVICE: Param = Param::new(
    "service",
    Kind::Text,
    "the service called, `<workload>.<service>`",
)
.required()
.sample("\"shop.request\"");
pub(super) const CLIENT: Param = Param::new(
    "client",
    Kind::Selector(Shape::Nodes),
    "nodes whose calls are hit; every client if missing",
);
pub(super) const METHOD: Param = Param::new(
    "method",
    Kind::Integer {
        min: 0,
        max: u32::MAX as i64,
    },
    "only this method, tool or model, by its number in the workload; all if missing",
);
pub(super) const REPLICA: Param = Param::new(
    "replica",
    Kind::Selector(Shape::Nodes),
    "nodes of the service that are hit; all if missing",
);
pub(super) const P: Param = Param::new("p", Kind::Share, "share of the calls");
pub(super) const STATUS: Param = Param::new(
    "status",
    Kind::Integer { min: 100, max: 599 },
    "status of the answer, as in HTTP",
);

/// Puts a rule on the service, for each client and each replica.
pub(super) fn rule(
    args: &Args,
    lowering: &mut Lowering<'_>,
    rule: CallRule,
) -> Result<(), Refusal> {
    rules(args, lowering, CallScope::ALL, &[rule])
}

/// Puts rules on the calls of the service that `only` and the parameters leave.
pub(super) fn rules(
    args: &Args,
    lowering: &mut Lowering<'_>,
    only: CallScope,
    rules: &[CallRule],
) -> Result<(), Refusal> {
    let service = lowering.service(args, "service")?;
    let clients = some_nodes(args, lowering, "client")?;
    let servers = some_nodes(args, lowering, "replica")?;
    let method = args
        .integer_opt("method")
        .map(|method| u32::try_from(method).expect("the table bounds it"));
    for rule in rules {
        for client in &clients {
            for server in &servers {
                lowering.overlay(Primitive::Call {
                    client: *client,
                    service,
                    only: CallScope {
                        method: method.or(only.method),
                        server: server.or(only.server),
                        ..only
                    },
                    rule: rule.clone(),
                });
            }
        }
    }
    Ok(())
}

/// The nodes at `key`, or one `None` for all of them.
fn some_nodes(
    args: &Args,
    lowering: &Lowering<'_>,
    key: &'static str,
) -> Result<Vec<Option<NodeId>>, Refusal> {
    Ok(match args.selector_opt(key) {
        Some(_) => lowering.nodes(args, key)?.into_iter().map(Some).collect(),
        None => vec![None],
    })
}

pub(super) fn status(args: &Args) -> u16 {
    u16::try_from(args.count("status")).expect("the table bounds the status")
}

pub(super) const CALL_ERROR: FaultKind = FaultKind {
    name: "call-error",
    family: Family::Call,
    summary: "a service answers a share of the calls with an error",
    doc: "With `when = \"after\"` the effect has happened when the error is sent: the caller cannot \
          know. Several errors are independent; the first that fires names the status.",
    params: &[
        SERVICE,
        CLIENT,
        METHOD,
        REPLICA,
        STATUS.default("503"),
        P.default("0.1"),
        Param::new(
            "retry_after",
            Kind::Duration,
            "when the client is told to come again",
        ),
        Param::new(
            "when",
            Kind::Choice(&["before", "after"]),
            "before or after the effect",
        )
        .default("before"),
    ],
    lowers_to: &["error"],
    needed: &["error"],
    source: "K6, CM HTTP abort, FIS api errors",
    own_length: None,
    lower: call_error,
};

fn call_error(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let error = CallRule::Error {
        status: status(args),
        share: args.number("p"),
        after_effect: args.word("when") == "after",
        retry_after: args.duration_opt("retry_after"),
        work: VirtualDuration::ZERO,
    };
    rule(args, lowering, error)
}

pub(super) const CALL_DELAY: FaultKind = FaultKind {
    name: "call-delay",
    family: Family::Call,
    summary: "calls reach a service later",
    doc: "Each call that is hit gets a delay of its own. What is added passes before the service \
          sees the request. `scale` and `replace` act on the time between the arrival of the request \
          and its answer, and delay the answer; one never comes sooner than the service gives it. The \
          latest replace wins, then all scales multiply, then all adds sum.",
    params: &[
        SERVICE,
        CLIENT,
        METHOD,
        REPLICA,
        Param::new(
            "delay",
            Kind::Law(Unit::Time),
            "the delay of modes add and replace",
        )
        .default("2s"),
        Param::new(
            "mode",
            Kind::Choice(&["add", "scale", "replace"]),
            "how it combines with the time that a call takes",
        )
        .default("add"),
        Param::new("factor", Kind::Law(Unit::Plain), "the factor of mode scale").default("2"),
        P.default("1"),
    ],
    lowers_to: &["call-delay"],
    needed: &["call-delay"],
    source: "LI 6000 ms, K6",
    own_length: None,
    lower: call_delay,
};

fn call_delay(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let (key, mode) = match args.word("mode") {
        "scale" => ("factor", Arithmetic::Scale),
        "replace" => ("delay", Arithmetic::Replace),
        _ => ("delay", Arithmetic::Add),
    };
    let unused = if key == "delay" { "factor" } else { "delay" };
    if args.given(unused) {
        let issue = Issue::new(
            format!("`{unused}` is not for mode {}", args.word("mode")),
            0..0,
        );
        return Err(Refusal::arg(unused, issue.help(format!("write `{key}`"))));
    }
    let delay = CallRule::Delay {
        delay: args.law(key),
        mode,
        share: args.number("p"),
    };
    rule(args, lowering, delay)
}

pub(super) const CALL_HANG: FaultKind = FaultKind {
    name: "call-hang",
    family: Family::Call,
    summary: "a service accepts calls and does nothing",
    doc: "The caller hears nothing until it gives up. The effect does not happen.",
    params: &[SERVICE, CLIENT, METHOD, REPLICA, P.default("1")],
    lowers_to: &["hang"],
    needed: &["hang"],
    source: "TX timeout",
    own_length: None,
    lower: |args, lowering| {
        let share = args.number("p");
        rule(args, lowering, CallRule::Hang { share })
    },
};

pub(super) const LOST_REPLY: FaultKind = FaultKind {
    name: "lost-reply",
    family: Family::Call,
    summary: "the effect happens, the reply is never sent",
    doc: "The caller waits until it gives up and cannot know whether the effect happened: it did.",
    params: &[SERVICE, CLIENT, METHOD, REPLICA, P.default("1")],
    lowers_to: &["lost-reply"],
    needed: &["lost-reply"],
    source: "ambiguous results, JP `info`",
    own_length: None,
    lower: |args, lowering| {
        let share = args.number("p");
        rule(args, lowering, CallRule::LostReply { share })
    },
};

pub(super) const RATE_LIMIT: FaultKind = FaultKind {
    name: "rate-limit",
    family: Family::Call,
    summary: "a token bucket in front of a service",
    doc: "A call that finds the bucket empty is refused with the status. A call must pass every \
          bucket. One bucket serves all clients, unless `client` or `replica` is given: then each has its own.",
    params: &[
        SERVICE,
        CLIENT,
        METHOD,
        REPLICA,
        Param::new("rate", Kind::Rate, "tokens a time").required(),
        Param::new(
            "burst",
            Kind::Number {
                min: 1.0,
                max: 1e12,
            },
            "size of the bucket; one second of the rate if missing",
        ),
        Param::new(
            "unit",
            Kind::Choice(&["calls", "tokens"]),
            "what a call costs: one, or its declared cost",
        )
        .default("calls"),
        STATUS.default("429"),
        Param::new(
            "retry_after",
            Kind::Choice(&["exact", "none", "wrong"]),
            "what the refusal says about when to come again; wrong is a tenth to ten times of it",
        )
        .default("exact"),
    ],
    lowers_to: &["rate-limit"],
    needed: &["rate-limit"],
    source: "provider limits; FIS throttle",
    own_length: None,
    lower: rate_limit,
};

pub(super) fn retry_after(args: &Args) -> RetryAfter {
    match args.word("retry_after") {
        "none" => RetryAfter::None,
        "wrong" => RetryAfter::Wrong,
        _ => RetryAfter::Exact,
    }
}

fn rate_limit(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let rate = args.number("rate");
    if rate <= 0.0 {
        let issue = Issue::new("a bucket that never fills", 0..0);
        return Err(Refusal::arg(
            "rate",
            issue.help("use call-error with p = 1 to refuse everything"),
        ));
    }
    let limit = CallRule::RateLimit {
        rate,
        burst: args.number_opt("burst").unwrap_or(rate.max(1.0)),
        unit: match args.word("unit") {
            "tokens" => LimitUnit::Cost,
            _ => LimitUnit::Calls,
        },
        status: status(args),
        retry_after: retry_after(args),
    };
    rule(args, lowering, limit)
}
