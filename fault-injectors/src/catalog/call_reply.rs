//! Faults of what calls bring: requests that come twice, replies that are not what they should be.

use super::FaultKind;
use super::call::{CLIENT, METHOD, P, REPLICA, SERVICE, rule};
use crate::lowering::{Lowering, Refusal};
use crate::param::{Args, Issue, Kind, Param};
use squall_core::plan::{CallRule, Duplicate, Family, LinkTarget, Malformed, Primitive};

/// Damages a share of the replies.
pub(super) fn damage(
    args: &Args,
    lowering: &mut Lowering<'_>,
    mode: Malformed,
) -> Result<(), Refusal> {
    let share = args.number("p");
    rule(args, lowering, CallRule::Malformed { mode, share })
}

pub(super) const DOUBLE_DELIVERY: FaultKind = FaultKind {
    name: "double-delivery",
    family: Family::Link,
    summary: "requests to a service arrive twice, so that their effect happens twice",
    doc: "As at-least-once queues do: a copy of a request comes `after` it, also when the call has long \
          been answered, and is served as if it were new; nobody waits for its answer. Requests that \
          stay on their node are not copied, since they take no link.",
    params: &[
        SERVICE,
        CLIENT,
        P.default("0.05"),
        Param::new(
            "after",
            Kind::Duration,
            "time by which the copy comes later than it would",
        )
        .default("100ms"),
    ],
    lowers_to: &["duplicate"],
    needed: &["duplicate"],
    source: "at-least-once queues",
    own_length: None,
    lower: double_delivery,
};

fn double_delivery(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let service = lowering.service(args, "service")?;
    let clients = match args.selector_opt("client") {
        Some(_) => lowering.nodes(args, "client")?,
        None => lowering.topology.nodes_where(|_| true),
    };
    let duplicate = Duplicate {
        after: args.duration("after"),
        only: Some(service),
        ..Duplicate::new(args.number("p"), 1)
    };
    let mut links = 0;
    for from in clients {
        for &to in lowering.topology.servers(service) {
            if from != to {
                let link = LinkTarget { from, to };
                lowering.overlay(Primitive::LinkDuplicate { link, duplicate });
                links += 1;
            }
        }
    }
    if links == 0 {
        let issue = Issue::new("no request to this service takes a link", 0..0);
        let help = "clients and service are one node: put the service on a node of its own";
        return Err(Refusal::arg("service", issue.help(help)));
    }
    Ok(())
}

pub(super) const ERROR_IN_BODY: FaultKind = FaultKind {
    name: "error-in-body",
    family: Family::Call,
    summary: "replies say that all is well, and their body is an error",
    doc: "The effect has happened. Who looks at the status alone believes in a result that is none. In \
          the ToolBench sample 14 % of the calls are answered so; in the tau-bench airline episodes \
          24.5 % of the writes and no read, which `method` and `p` can say.",
    params: &[SERVICE, CLIENT, METHOD, REPLICA, P.default("0.14")],
    lowers_to: &["malformed"],
    needed: &["malformed"],
    source: "ToolBench sample 14 %; tau-bench airline 24.5 % of writes",
    own_length: None,
    lower: |args, lowering| damage(args, lowering, Malformed::ErrorBody),
};

pub(super) const EMPTY_REPLY: FaultKind = FaultKind {
    name: "empty-reply",
    family: Family::Call,
    summary: "replies say that all is well and have no body",
    doc: "The effect has happened. BurstGPT counts 1.8, 1.9 and 7.3 % in three periods of one provider.",
    params: &[SERVICE, CLIENT, METHOD, REPLICA, P.default("0.02")],
    lowers_to: &["malformed"],
    needed: &["malformed"],
    source: "BurstGPT 1.8, 1.9, 7.3 %",
    own_length: None,
    lower: |args, lowering| damage(args, lowering, Malformed::Empty),
};

pub(super) const MALFORMED_REPLY: FaultKind = FaultKind {
    name: "malformed-reply",
    family: Family::Call,
    summary: "replies are not what their reader expects",
    doc: "The effect has happened. The body ends too early, lacks fields, has other values of the right \
          kind, or is about something else than what was asked. Of several such faults each acts on \
          what the one before left, in the order of the file.",
    params: &[
        SERVICE,
        CLIENT,
        METHOD,
        REPLICA,
        Param::new(
            "mode",
            Kind::Choice(&[
                "partial-json",
                "fields-removed",
                "values-changed",
                "other-entity",
            ]),
            "what is wrong with them",
        )
        .default("partial-json"),
        P.default("0.05"),
    ],
    lowers_to: &["malformed"],
    needed: &["malformed"],
    source: "strands-agents/evals#224",
    own_length: None,
    lower: |args, lowering| {
        let mode = match args.word("mode") {
            "fields-removed" => Malformed::FieldsRemoved,
            "values-changed" => Malformed::ValuesChanged,
            "other-entity" => Malformed::OtherEntity,
            _ => Malformed::PartialJson,
        };
        damage(args, lowering, mode)
    },
};

pub(super) const STALE_READ: FaultKind = FaultKind {
    name: "stale-read",
    family: Family::Call,
    summary: "replies were right some time ago",
    doc: "As from a replica that lags: the reply is whole and says what held `age` before. What the \
          client makes of it is up to the workload. Of several the greatest age counts.",
    params: &[
        SERVICE,
        CLIENT,
        METHOD,
        REPLICA,
        Param::new("age", Kind::Duration, "how long ago it was right").default("30s"),
        P.default("1"),
    ],
    lowers_to: &["malformed"],
    needed: &["malformed"],
    source: "replica lag",
    own_length: None,
    lower: |args, lowering| {
        let age = args.duration("age");
        damage(args, lowering, Malformed::Stale { age })
    },
};

pub(super) const HEALTH_LIE: FaultKind = FaultKind {
    name: "health-lie",
    family: Family::Call,
    summary: "a health endpoint answers what it is told to, whatever is the case",
    doc: "With `says = \"ok\"` an answer of the service that is an error becomes one that says all is \
          well; with `fail` one that is well becomes an error 503. Answers of a service that does not \
          answer at all stay away. It has landed when an answer was turned round.",
    params: &[
        SERVICE,
        CLIENT,
        METHOD,
        REPLICA,
        Param::new("says", Kind::Choice(&["ok", "fail"]), "what it says").default("ok"),
        P.default("1"),
    ],
    lowers_to: &["malformed"],
    needed: &["malformed"],
    source: "gray failure",
    own_length: None,
    lower: |args, lowering| {
        let ok = args.word("says") == "ok";
        damage(args, lowering, Malformed::Forced { ok })
    },
};
