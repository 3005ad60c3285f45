//! Faults of memory.

use super::FaultKind;
use super::node::NODES;
use crate::lowering::{Lowering, Refusal};
use crate::param::{Args, Issue, Kind, Param};
use squall_core::VirtualDuration;
use squall_core::memory::{Activity, Arrival};
use squall_core::plan::{Damage, Family, Limit, Primitive, Swap};

const INTRUDER: Param = Param::new(
    "intruder",
    Kind::Choice(&["active", "idle"]),
    "whether what takes the memory goes on touching it",
);

/// How an intruder touches what it took.
fn activity(args: &Args) -> Activity {
    match args.word("intruder") {
        "active" => Activity::Active,
        _ => Activity::Idle,
    }
}

pub(super) const SWAP_STORM: FaultKind = FaultKind {
    name: "swap-storm",
    family: Family::Memory,
    summary: "working sets outgrow the memory left, so the host pages",
    doc: "An intruder takes as much memory as makes (working sets) / (memory left) the given ratio. \
          Miss ratio, device queue, reclaim stalls, kills and the slow recovery follow from the \
          memory model; the damage outlasts the fault. Pressure that fits into free memory has not \
          landed. Pressures of several faults add; the latest swap device wins.",
    params: &[
        NODES,
        Param::new(
            "overcommit",
            Kind::Number { min: 0.5, max: 4.0 },
            "working sets / memory left; up to 1 they fit",
        )
        .default("1.6"),
        Param::new(
            "device",
            Kind::Device,
            "the swap device while it lasts; the node's own if missing",
        ),
        INTRUDER.default("active"),
        Param::new(
            "ramp",
            Kind::Duration,
            "shortest time over which the memory is taken",
        )
        .default("10s"),
    ],
    lowers_to: &["pressure", "swap-device"],
    needed: &["pressure"],
    source: "SN --thrash, --page-in; calibration/swap (measured); absent from CM, LI and PU",
    own_length: None,
    lower: swap_storm,
};

fn swap_storm(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    for node in lowering.nodes(args, "nodes")? {
        // The device changes first: what is evicted goes to it already.
        if let Some(device) = args.device_opt("device") {
            lowering.overlay(Primitive::SwapDevice {
                node,
                device: device.clone(),
            });
        }
        lowering.overlay(Primitive::MemoryPressure {
            node,
            size: Damage::Overcommit(args.number("overcommit")),
            activity: activity(args),
            arrival: Arrival::Burst {
                ramp: args.duration("ramp"),
            },
        });
    }
    Ok(())
}

pub(super) const MEMORY_HOG: FaultKind = FaultKind {
    name: "memory-hog",
    family: Family::Memory,
    summary: "something takes memory on the nodes",
    doc: "The memory is taken at once and freed at the end. What fits into free memory has not landed.",
    params: &[
        NODES,
        Param::new("size", Kind::Size, "how much it takes")
            .default("500MiB")
            .one_of("size"),
        Param::new("share", Kind::Share, "share of the node's memory it takes").one_of("size"),
        INTRUDER.default("idle"),
        Param::new(
            "touch",
            Kind::Rate,
            "pages it touches a second, each as often as the others; instead of `intruder`",
        ),
    ],
    lowers_to: &["pressure"],
    needed: &["pressure"],
    source: "LI 500 MB, CM memStress, SN 256 MB",
    own_length: None,
    lower: memory_hog,
};

fn memory_hog(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    for node in lowering.nodes(args, "nodes")? {
        let bytes = match args.number_opt("share") {
            Some(share) => share_of(lowering.topology.node(node).memory, share),
            None => args.size("size"),
        };
        let pages = bytes as f64 / 4_096.0;
        let touched = args.number_opt("touch").filter(|rate| *rate > 0.0);
        let activity = match touched {
            Some(rate) => Activity::Every(VirtualDuration::from_secs_f64(pages / rate)),
            None => activity(args),
        };
        lowering.overlay(Primitive::MemoryPressure {
            node,
            size: Damage::Bytes(bytes),
            activity,
            arrival: Arrival::Burst {
                ramp: VirtualDuration::ZERO,
            },
        });
    }
    Ok(())
}

fn share_of(bytes: u64, share: f64) -> u64 {
    whole(bytes as f64 * share)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates; sizes are not negative"
)]
pub(super) const fn whole(bytes: f64) -> u64 {
    bytes as u64
}

pub(super) const MEMORY_LEAK: FaultKind = FaultKind {
    name: "memory-leak",
    family: Family::Memory,
    summary: "memory of the nodes fills up slowly",
    doc: "The processes of each node lose memory at an even rate: pages that nobody touches again, so \
          that they end in swap and working sets are squeezed little by little. A process that is \
          killed for want of memory, or whose node crashes, starts again without the leak so far; the \
          end of the fault frees what is left of it.",
    params: &[
        NODES,
        Param::new("rate", Kind::ByteRate, "how fast it leaks").default("10MiB/m"),
    ],
    lowers_to: &["pressure"],
    needed: &["pressure"],
    source: "AWS EBS 2012-10 (message/680342)",
    own_length: None,
    lower: memory_leak,
};

fn memory_leak(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let rate = args.number("rate");
    let until = lowering.window.until.unwrap_or(lowering.stop);
    let over = until.min(lowering.stop).since(lowering.window.from);
    let bytes = whole(rate * over.as_secs_f64());
    if bytes == 0 {
        let issue = Issue::new("nothing leaks", 0..0);
        return Err(Refusal::arg("rate", issue.help("write a rate above zero")));
    }
    for node in lowering.nodes(args, "nodes")? {
        lowering.overlay(Primitive::MemoryPressure {
            node,
            size: Damage::Bytes(bytes),
            activity: Activity::Idle,
            arrival: Arrival::Linear { over },
        });
    }
    Ok(())
}

pub(super) const MEMORY_LIMIT: FaultKind = FaultKind {
    name: "memory-limit",
    family: Family::Memory,
    summary: "the nodes may use less memory",
    doc: "The limit of the node's group is lowered, as with `memory.max`: what does not fit any more is \
          reclaimed at once and comes back one page at a time as it is touched; without swap somebody \
          is killed. The lowest of several limits wins; one above what the node has changes nothing.",
    params: &[
        NODES,
        Param::new(
            "limit",
            Kind::Number {
                min: 0.01,
                max: 10.0,
            },
            "room that is left, as a multiple of the working sets",
        )
        .default("0.7")
        .one_of("limit"),
        Param::new("size", Kind::Size, "the limit in bytes").one_of("limit"),
    ],
    lowers_to: &["limit"],
    needed: &["limit"],
    source: "cgroup memory.max",
    own_length: None,
    lower: memory_limit,
};

fn memory_limit(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let limit = match args.size_opt("size") {
        Some(bytes) => Limit::Bytes(bytes),
        None => Limit::OfWorkingSet(args.number("limit")),
    };
    for node in lowering.nodes(args, "nodes")? {
        lowering.overlay(Primitive::MemoryLimit { node, limit });
    }
    Ok(())
}

pub(super) const OOM_KILL: FaultKind = FaultKind {
    name: "oom-kill",
    family: Family::Memory,
    summary: "the kernel kills the process with most memory",
    doc: "The processes of the node die without a goodbye and their memory is free; their peers see a \
          reset. A supervisor starts them again after `restart_after`. If an intruder has most memory, \
          that is killed instead. On a node without working sets nobody is killed.",
    params: &[
        NODES,
        Param::new(
            "which",
            Kind::Choice(&["largest"]),
            "who is killed: the one with most pages, resident and swapped out",
        )
        .default("largest"),
        Param::new(
            "restart_after",
            Kind::Duration,
            "time until the process starts again",
        )
        .default("1s"),
    ],
    lowers_to: &["oom-kill"],
    needed: &["oom-kill"],
    source: "CM#2999",
    own_length: Some("restart_after"),
    lower: oom_kill,
};

fn oom_kill(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    for node in lowering.nodes(args, "nodes")? {
        lowering.overlay(Primitive::OomKill { node });
    }
    Ok(())
}

pub(super) const SWAP_DEVICE_SLOW: FaultKind = FaultKind {
    name: "swap-device-slow",
    family: Family::Memory,
    summary: "the swap device of the nodes is slow",
    doc: "Every read of the swap device takes longer, or only so many start a second. It shows only on \
          nodes that swap: nothing has landed before a page is read. Factors of several faults \
          multiply; the latest limit wins.",
    params: &[
        NODES,
        Param::new(
            "factor",
            Kind::Number {
                min: 1.0,
                max: 1000.0,
            },
            "factor on the time of a read",
        )
        .default("10")
        .one_of("slow"),
        Param::new("iops", Kind::Rate, "most reads a second").one_of("slow"),
    ],
    lowers_to: &["swap-device"],
    needed: &["swap-device"],
    source: "FAST'18: fail-slow disks; calibration/swap run S3 (measured)",
    own_length: None,
    lower: swap_device_slow,
};

fn swap_device_slow(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let device = match args.number_opt("iops") {
        Some(iops) => Swap::Iops(iops),
        None => Swap::Slow(args.number("factor")),
    };
    for node in lowering.nodes(args, "nodes")? {
        let device = device.clone();
        lowering.overlay(Primitive::SwapDevice { node, device });
    }
    Ok(())
}

pub(super) const NO_SWAP: FaultKind = FaultKind {
    name: "no-swap",
    family: Family::Memory,
    summary: "the nodes have no swap: kill instead of thrash",
    doc: "What does not fit into memory is killed for, not evicted: the paired what-if of a swap storm. \
          It has landed when somebody was killed who would have been paged out. Pages that are swapped \
          out already can still be read.",
    params: &[NODES],
    lowers_to: &["swap-device"],
    needed: &["swap-device"],
    source: "the paired what-if of swap-storm",
    own_length: None,
    lower: no_swap,
};

fn no_swap(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    for node in lowering.nodes(args, "nodes")? {
        let device = Swap::Off;
        lowering.overlay(Primitive::SwapDevice { node, device });
    }
    Ok(())
}
