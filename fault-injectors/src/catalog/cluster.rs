//! Faults of clusters that are compositions: accelerators, slow members, bad releases, quorums.

use super::FaultKind;
use super::domain::{TORN, UNSYNCED, lose_power};
use super::link::{BOTH, FROM, LINKS, TO};
use super::node::{NODES, SEEN, seen};
use crate::lowering::{Lowering, Refusal};
use crate::param::{Args, Issue, Kind, Param};
use squall_core::memory::{Activity, Arrival};
use squall_core::plan::{CallRule, CallScope, Damage, Family, KnobChange, Malformed, Primitive};
use squall_core::{NodeId, Sample, VirtualDuration};

pub(super) const TORN_QUORUM: FaultKind = FaultKind {
    name: "torn-quorum",
    family: Family::Node,
    summary: "so many members lose their power at one instant that no quorum kept what was not synced",
    doc: "As power-loss of all nodes named: name a majority, `majority of kv`. What a quorum acknowledged \
          without a sync is gone from more disks than the rest can outvote.",
    params: &[
        NODES,
        UNSYNCED.default("1.0"),
        TORN.default("0.5"),
        Param::new(
            "restart_after",
            Kind::Duration,
            "time until they start again; instead of `for`",
        )
        .default("10s"),
    ],
    lowers_to: &["unsynced-loss", "torn-write", "power-loss"],
    needed: &["power-loss"],
    source: "faults.md section 6",
    own_length: Some("restart_after"),
    lower: |args, lowering| {
        let nodes = lowering.nodes(args, "nodes")?;
        lose_power(lowering, &nodes, args);
        Ok(())
    },
};

/// Causes of 419 unexpected stops of 16,384 accelerators in 54 days: counts, not the printed shares.
const LLAMA3_H100: [(&str, u32); 18] = [
    ("faulty GPU", 148),
    ("HBM3 memory", 72),
    ("software", 54),
    ("network switch or cable", 35),
    ("host maintenance", 32),
    ("GPU SRAM", 19),
    ("GPU processor", 17),
    ("NIC", 7),
    ("NCCL time-out", 7),
    ("silent data corruption", 6),
    ("thermal interface and sensor", 6),
    ("SSD", 3),
    ("power supply", 3),
    ("server chassis", 2),
    ("IO expansion board", 2),
    ("dependency", 2),
    ("CPU", 2),
    ("system memory", 2),
];

pub(super) const GPU_FAULT: FaultKind = FaultKind {
    name: "gpu-fault",
    family: Family::Node,
    summary: "nodes with accelerators stop, for a cause that is drawn",
    doc: "The job on each node dies at once, and its peers see a reset; it starts again empty after \
          `restart_after`. The cause of each is drawn from published counts, and stands in the plan's notes: \
          what a scheduler may know afterwards. Without a note of its own the node is as good as before.",
    params: &[
        NODES,
        Param::new(
            "mix",
            Kind::Choice(&["llama3-h100"]),
            "where the causes are drawn from",
        )
        .default("llama3-h100"),
        Param::new(
            "restart_after",
            Kind::Duration,
            "time until the job starts again; instead of `for`",
        )
        .default("3m"),
        SEEN,
    ],
    lowers_to: &["crash"],
    needed: &["crash"],
    source: "arXiv 2407.21783, table 5",
    own_length: Some("restart_after"),
    lower: gpu_fault,
};

fn gpu_fault(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let all: u32 = LLAMA3_H100.iter().map(|(_, count)| count).sum();
    let seen = if args.given("seen") {
        seen(args)
    } else {
        squall_core::plan::Seen::Reset
    };
    for node in lowering.nodes(args, "nodes")? {
        let mut at = lowering.node_stream("cause", node).below(u64::from(all));
        let cause = LLAMA3_H100.iter().find(|(_, count)| {
            let here = at < u64::from(*count);
            at = at.saturating_sub(u64::from(*count));
            here
        });
        let (cause, _) = cause.expect("a number below the sum of all counts is in one of them");
        let name = &lowering.topology.node(node).name;
        lowering.note(format!("{name}: {cause}"));
        lowering.overlay(Primitive::Crash { node, seen });
    }
    Ok(())
}

const FACTOR: Kind = Kind::Number {
    min: 0.001,
    max: 1.0,
};

pub(super) const STRAGGLER: FaultKind = FaultKind {
    name: "straggler",
    family: Family::Cpu,
    summary: "one member of a group that waits for all is slow",
    doc: "All work on the nodes goes on at the given fraction of its speed, with no other sign of it.",
    params: &[
        NODES,
        Param::new("factor", FACTOR, "work done a second, relative to normal").default("0.5"),
    ],
    lowers_to: &["speed"],
    needed: &["speed"],
    source: "faults.md section 6: one rank of a training job",
    own_length: None,
    lower: |args, lowering| {
        let factor = args.number("factor");
        for node in lowering.nodes(args, "nodes")? {
            lowering.overlay(Primitive::CpuSpeed { node, factor });
        }
        Ok(())
    },
};

pub(super) const SLOW_MEMBER: FaultKind = FaultKind {
    name: "slow-member",
    family: Family::Cpu,
    summary: "a member serves many times slower, and says that it is well",
    doc: "Work on the nodes takes `factor` times as long. If `health` names a service, answers of it on these \
          nodes that are errors become good ones: a health check that would have noticed does not.",
    params: &[
        NODES,
        Param::new(
            "factor",
            Kind::Number {
                min: 1.0,
                max: 1000.0,
            },
            "time of all work, relative to normal",
        )
        .default("20"),
        Param::new(
            "health",
            Kind::Text,
            "the health service, `<workload>.<service>`, which lies; none if missing",
        ),
    ],
    lowers_to: &["speed", "malformed"],
    needed: &["speed"],
    source: "gray failure; fail-slow at scale, FAST 2018",
    own_length: None,
    lower: slow_member,
};

fn slow_member(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let factor = 1.0 / args.number("factor");
    let health = match args.text_opt("health") {
        Some(_) => Some(lowering.service(args, "health")?),
        None => None,
    };
    for node in lowering.nodes(args, "nodes")? {
        lowering.overlay(Primitive::CpuSpeed { node, factor });
        if let Some(service) = health {
            lowering.overlay(Primitive::Call {
                client: None,
                service,
                only: CallScope {
                    server: Some(node),
                    ..CallScope::ALL
                },
                rule: CallRule::Malformed {
                    mode: Malformed::Forced { ok: true },
                    share: 1.0,
                },
            });
        }
    }
    Ok(())
}

pub(super) const GRAY_LINK: FaultKind = FaultKind {
    name: "gray-link",
    family: Family::Link,
    summary: "one path of many loses a little",
    doc: "Each message by itself, too few for a link to count as down. Requests are sent again after 200 ms; \
          datagrams are lost.",
    params: &[
        LINKS,
        FROM,
        TO,
        BOTH,
        Param::new(
            "p",
            Kind::Number {
                min: 0.001,
                max: 0.01,
            },
            "share lost, 0.001 to 0.01",
        )
        .default("0.005"),
    ],
    lowers_to: &["loss"],
    needed: &["loss"],
    source: "faults.md section 6; Guo et al., Pingmesh, SIGCOMM 2015",
    own_length: None,
    lower: |args, lowering| {
        let share = args.number("p");
        for link in lowering.links(args)? {
            let correlation = 0.0;
            lowering.overlay(Primitive::LinkLoss {
                link,
                share,
                correlation,
            });
        }
        Ok(())
    },
};

pub(super) const BAD_RELEASE: FaultKind = FaultKind {
    name: "bad-release",
    family: Family::Node,
    summary: "a new version leaks memory, or answers some calls with an error, on the nodes that have it",
    doc: "`leak`: from `after` on memory of the nodes is taken at that rate and touched again and again; it \
          is all back at the end, when the release is rolled back. With `rollout` only nodes leak whose replicas \
          have the new version of that rollout, each from `after` on its restart, as memory that the rollout \
          sees: it takes more than the fault to spread, and less to end. `errors`: a share of the calls of \
          `service` that reach these nodes is answered with 500, without an effect. Name the share of the \
          nodes that got it: `20% of web`.",
    params: &[
        NODES,
        Param::new("leak", Kind::ByteRate, "memory that leaks a second")
            .required()
            .one_of("bug"),
        Param::new("errors", Kind::Share, "share of the calls that fail").one_of("bug"),
        Param::new("after", Kind::Duration, "time until the leak shows").default("0s"),
        Param::new(
            "service",
            Kind::Text,
            "with `errors`: the service, `<workload>.<service>`",
        ),
        Param::new(
            "rollout",
            Kind::Text,
            "with `leak`: the rollout workload whose new version it is",
        ),
    ],
    lowers_to: &["pressure", "error", "knob"],
    needed: &["pressure", "error", "knob"],
    source: "faults.md section 6: 10 MiB a minute after 20 m, or errors of 2 %",
    own_length: None,
    lower: bad_release,
};

/// A leak of the new version of a rollout: where and when it is, the rollout decides.
fn bad_rollout(
    args: &Args,
    lowering: &mut Lowering<'_>,
    (rollout, nodes): (&str, &[NodeId]),
) -> Result<(), Refusal> {
    let Some(leak) = args.number_opt("leak") else {
        let issue = Issue::new("errors of a rollout", 0..rollout.len());
        let help = "errors of a new version are in the table `version` of the cluster workload";
        return Err(Refusal::arg("rollout", issue.help(help)));
    };
    let after = args.duration("after").as_secs_f64();
    for (slug, value) in [("leak", leak), ("leak-after", after)] {
        let name = format!("{rollout}.{slug}");
        let Some((knob, _)) = lowering.topology.knob(&name) else {
            let issue = Issue::new(format!("`{rollout}` is no rollout"), 0..rollout.len());
            let help = "name a workload of kind `rollout`";
            return Err(Refusal::arg("rollout", issue.help(help)));
        };
        for node in nodes {
            lowering.overlay(Primitive::Knob {
                knob,
                node: Some(*node),
                change: KnobChange::Set,
                value,
            });
        }
    }
    Ok(())
}

fn bad_release(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let nodes = lowering.nodes(args, "nodes")?;
    if let Some(rollout) = args.text_opt("rollout") {
        return bad_rollout(args, lowering, (rollout, &nodes));
    }
    if let Some(share) = args.number_opt("errors") {
        if args.text_opt("service").is_none() {
            let issue = Issue::new("errors of no service", 0..0);
            let help = "add service = \"<workload>.<service>\"";
            return Err(Refusal::arg("errors", issue.help(help)));
        }
        let service = lowering.service(args, "service")?;
        for node in nodes {
            lowering.overlay(Primitive::Call {
                client: None,
                service,
                only: CallScope {
                    server: Some(node),
                    ..CallScope::ALL
                },
                rule: CallRule::Error {
                    status: 500,
                    share,
                    after_effect: false,
                    retry_after: None,
                    work: VirtualDuration::ZERO,
                },
            });
        }
        return Ok(());
    }
    let from = lowering.window.from.saturating_add(args.duration("after"));
    let until = lowering
        .window
        .until
        .unwrap_or(lowering.stop)
        .min(lowering.stop);
    let over = until.since(from);
    let bytes = super::memory::whole(args.number("leak") * over.as_secs_f64());
    if bytes == 0 {
        let issue = Issue::new("nothing leaks", 0..0);
        let help = "write a rate above zero, and let it last longer than `after`";
        return Err(Refusal::arg("leak", issue.help(help)));
    }
    for node in nodes {
        lowering.overlay_between(
            from,
            Some(until),
            Primitive::MemoryPressure {
                node,
                size: Damage::Bytes(bytes),
                activity: Activity::Active,
                arrival: Arrival::Linear { over },
            },
        );
    }
    Ok(())
}
