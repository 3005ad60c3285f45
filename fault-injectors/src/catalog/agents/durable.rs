//! Faults of what is to outlive a worker: tasks in the queue, acknowledgements, memories, histories.

use super::super::FaultKind;
use super::tool::writes;
use super::{ON, P, WORKLOAD, call, set};
use crate::lowering::{Lowering, Refusal};
use crate::param::{Args, Kind, Param};
use squall_core::NodeId;
use squall_core::plan::{CallRule, Family, On, Primitive, Seen};

pub(in super::super) const POISON_TASK: FaultKind = FaultKind {
    name: "poison-task",
    family: Family::Node,
    summary: "a task kills every worker that takes it",
    doc: "Drawn a session: whichever worker takes it goes down at once, and comes back after `down`. The \
          queue gives it to the next one, so that one task takes the whole pool down, and the sessions \
          beside it, unless it is put aside. A worker dies `times` at most. The workload needs a control \
          layer.",
    params: &[
        WORKLOAD,
        P.default("0.02"),
        Param::new("down", Kind::Duration, "time for which a worker is down").default("10s"),
        Param::new(
            "times",
            Kind::Integer { min: 1, max: 1000 },
            "crashes of a worker",
        )
        .default("20"),
    ],
    lowers_to: &["knob", "crash"],
    needed: &["crash"],
    source: "agents O13",
    own_length: None,
    lower: poison_task,
};

fn poison_task(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    set(args, lowering, "poison-task", args.number("p"))?;
    let workload = args.text("workload");
    let times = u32::try_from(args.count("times")).expect("the table bounds it");
    for node in workers(args, lowering) {
        let on = On::Event {
            name: format!("{workload}.poison-taken"),
            nodes: Some(vec![node]),
            a: None,
            b: None,
        };
        let seen = Seen::Silent;
        let crash = Primitive::Crash { node, seen };
        lowering.whenever(on, (times, args.duration("down")), crash);
    }
    Ok(())
}

/// The nodes of the workload.
fn workers(args: &Args, lowering: &Lowering<'_>) -> Vec<NodeId> {
    let mut all = lowering.topology.workloads().iter();
    let own = all.find(|(name, _)| name == args.text("workload"));
    own.map_or_else(Vec::new, |(_, nodes)| nodes.clone())
}

pub(in super::super) const LOST_ACK: FaultKind = FaultKind {
    name: "lost-ack",
    family: Family::Call,
    summary: "acknowledgements of writes are lost",
    doc: "Drawn a write: its effect has happened, and no word of it comes, so that who waits for it asks \
          again when its time is over. It is the acknowledgement as a whole that is lost, as by a proxy or \
          a queue that dies with it: what a connection loses on its way it sends again, which is \
          link-loss. Reads are answered.",
    params: &[WORKLOAD, P.default("0.02")],
    lowers_to: &["lost-reply"],
    needed: &["lost-reply"],
    source: "agents O3",
    own_length: None,
    lower: |args, lowering| {
        let share = args.number("p");
        let lost = CallRule::LostReply { share };
        call(args, lowering, "tools", (writes(), lost))
    },
};

pub(in super::super) const MEMORY_ROLLBACK: FaultKind = FaultKind {
    name: "memory-rollback",
    family: Family::Knob,
    summary: "the store of memories gives what it had some time ago",
    doc: "As after a restore, or from a replica that is behind: what an agent wrote within `age` is not \
          there, and what it has done it does again, as something new that no key betrays. A memory with a \
          version that the checkpoint names is seen to be too old. The workload needs a store of memories \
          (`memory`).",
    params: &[
        WORKLOAD,
        Param::new("age", Kind::Duration, "how old the memory is").default("10m"),
        ON,
    ],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "agents C3",
    own_length: None,
    lower: |args, lowering| {
        let age = args.duration("age").as_secs_f64();
        set(args, lowering, "memory-age", age)
    },
};

pub(in super::super) const CODE_CHANGE_IN_FLIGHT: FaultKind = FaultKind {
    name: "code-change-in-flight",
    family: Family::Knob,
    summary: "workers have other code than the one that began their sessions",
    doc: "A release while sessions are under way. Whoever takes a session over runs the workflow again over \
          what was decided; the other code decides one step in five otherwise, and goes on from there as if \
          the rest had not happened. It shows where sessions are taken over; at the end workers have the \
          code of before.",
    params: &[
        WORKLOAD,
        Param::new(
            "version",
            Kind::Integer {
                min: 1,
                max: 1_000_000,
            },
            "the version of the code",
        )
        .default("1"),
        ON,
    ],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "agents O14",
    own_length: None,
    lower: |args, lowering| {
        let version = args.count("version") as f64;
        set(args, lowering, "workflow-version", version)
    },
};
