//! Faults of schedulers and autoscalers: metrics that are late, machines that come late, images that do not.

use super::FaultKind;
use super::agents::stranger;
use super::call::P;
use super::knob::{ON, set};
use crate::lowering::{Lowering, Refusal};
use crate::param::{Args, Kind, Param};
use squall_core::VirtualDuration;
use squall_core::plan::{CallRule, CallScope, Family, Primitive};

const WORKLOAD: Param = Param::new(
    "workload",
    Kind::Text,
    "the scheduler, by the name of the workload",
)
.required()
.sample("\"sched\"");

/// How a workload of another kind is refused.
const SCHEDULER: (&str, &str) = ("the scheduler", "scheduler");

/// Sets a knob of the workload, on the nodes of `nodes` or everywhere.
fn turn(args: &Args, lowering: &mut Lowering<'_>, slug: &str, value: f64) -> Result<(), Refusal> {
    let workload = args.text("workload");
    let found = lowering.topology.knob(&format!("{workload}.{slug}"));
    let (knob, _) = found.ok_or_else(|| stranger(workload, lowering, SCHEDULER))?;
    set(args, lowering, knob, value)
}

pub(super) const METRIC_LAG: FaultKind = FaultKind {
    name: "metric-lag",
    family: Family::Knob,
    summary: "autoscalers see what was some time ago, or the wrong thing",
    doc: "Every metric that they go by is `lag` old, or as old as their own `lag` says if that is more. With \
          `cpu-instead-of-queue` they see the share of the cores in use, and take it for their metric: while \
          requests block threads it falls as the queue grows. It has not landed where nothing is scaled.",
    params: &[
        WORKLOAD,
        Param::new("lag", Kind::Duration, "age of the metrics").default("90s"),
        Param::new(
            "wrong",
            Kind::Choice(&["none", "cpu-instead-of-queue"]),
            "what they see instead",
        )
        .default("none"),
    ],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "Slack 2021-01-04",
    own_length: None,
    lower: |args, lowering| {
        let lag = args.duration("lag").as_secs_f64();
        turn(args, lowering, "metric-lag", lag)?;
        match args.word("wrong") {
            "none" => Ok(()),
            _ => turn(args, lowering, "wrong-metric", 1.0),
        }
    },
};

pub(super) const SLOW_PROVISION: FaultKind = FaultKind {
    name: "slow-provision",
    family: Family::Knob,
    summary: "machines that are asked for come late, and some never",
    doc: "A start of an elastic machine takes `boot`, give or take a tenth; a share of the starts comes to nothing, \
          and nobody says so. Starts under way go on as they began. It has not landed where no machine is asked \
          for.",
    params: &[
        WORKLOAD,
        Param::new("boot", Kind::Duration, "time until a machine is there").default("2m"),
        Param::new(
            "fail",
            Kind::Share,
            "share of the starts that come to nothing",
        )
        .default("0.1"),
        ON,
    ],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "Slack 2021-01-04: 1,200 servers asked for",
    own_length: None,
    lower: |args, lowering| {
        let boot = args.duration("boot").as_secs_f64();
        turn(args, lowering, "boot", boot)?;
        turn(args, lowering, "boot-fail", args.number("fail"))
    },
};

pub(super) const IMAGE_PULL_FAIL: FaultKind = FaultKind {
    name: "image-pull-fail",
    family: Family::Call,
    summary: "images cannot be pulled",
    doc: "Each pull by itself: the registry answers 503 at once. Nodes try again, later and later; pods that run \
          need no image.",
    params: &[WORKLOAD, P.default("0.2")],
    lowers_to: &["error"],
    needed: &["error"],
    source: "faults.md section 6; image pull back-off of Kubernetes",
    own_length: None,
    lower: |args, lowering| {
        let workload = args.text("workload");
        let found = lowering.topology.service(&format!("{workload}.registry"));
        let service = found.ok_or_else(|| stranger(workload, lowering, SCHEDULER))?;
        lowering.overlay(Primitive::Call {
            client: None,
            service,
            only: CallScope::ALL,
            rule: CallRule::Error {
                status: 503,
                share: args.number("p"),
                after_effect: false,
                retry_after: None,
                work: VirtualDuration::ZERO,
            },
        });
        Ok(())
    },
};
