//! What the kernel of a group's nodes does about memory beside its limit: keys, and what they mean.

mod groups;

pub(super) use groups::check_holds;
use groups::groups;
use squall_core::VirtualDuration;
use squall_core::memory::{DeviceStalls, Preset, Watermarks};
use squall_core::plan::Swap;
use squall_core::world::{MemoryRules, Oomd};
use squall_faults::Issue;
use squall_faults::param::{Args, Kind, Param};

/// What the kernel of a node does about memory.
pub(crate) const PAGING: &[Param] = &[
    Param::new(
        "kswapd",
        Kind::Flag,
        "whether it reclaims in the background, as a host does; else tasks reclaim for themselves, as \
         under the limit of a group",
    )
    .default("false"),
    Param::new(
        "min_free",
        Kind::Size,
        "memory that it keeps free, with `kswapd`: it wakes up below 1.25 and stops at 1.5 times that; \
         scaled from 22 MiB on 24 GiB if missing",
    ),
    Param::new(
        "high",
        Kind::Size,
        "`memory.high`: beyond it reclaim begins, and who charges more is put to sleep",
    ),
    Param::new(
        "page_cluster",
        Kind::Integer { min: 0, max: 10 },
        "a fault of a pass in order reads 2^this pages",
    )
    .default("3"),
    Param::new(
        "device_stalls",
        Kind::Table(STALLS),
        "instants at which the swap device stands still; never if missing",
    ),
    Param::new(
        "early_oom",
        Kind::Number {
            min: 0.0,
            max: 1_000.0,
        },
        "kills a second in a group that evicts too fast for its own statistics, with swap free: 0.05 fits \
         the calibration",
    )
    .default("0"),
    Param::new(
        "oomd",
        Kind::Table(OOMD),
        "a daemon that kills on pressure; `{}` is the preset `psi-oomd`",
    ),
];

const STALLS: &[Param] = &[
    Param::new(
        "every",
        Kind::Duration,
        "mean time from the end of one to the next, exponential",
    )
    .default("160s"),
    Param::new("for", Kind::Duration, "length of each").default("220ms"),
];

const OOMD: &[Param] = &[
    Param::new(
        "pressure",
        Kind::Number {
            min: 1.0,
            max: 100.0,
        },
        "full memory pressure over 10 s above which it kills, in percent",
    )
    .default("60"),
    Param::new("for", Kind::Duration, "how long that has to last").default("30s"),
    Param::new(
        "swap_used",
        Kind::Share,
        "share of memory and of swap above both of which it kills at once",
    )
    .default("0.9"),
];

/// A memory group of a node.
pub(crate) const GROUP: &[Param] = &[
    Param::new(
        "limit",
        Kind::Size,
        "most memory, `memory.max`; as much as there is if missing",
    ),
    Param::new(
        "high",
        Kind::Size,
        "`memory.high`: beyond it reclaim begins, and who charges more is put to sleep",
    ),
    Param::new(
        "inside",
        Kind::Text,
        "the group it is in; the node if missing",
    ),
    Param::new(
        "holds",
        Kind::List(&Kind::Text),
        "the workloads whose processes are in it",
    )
    .default(""),
];

fn at(args: &Args, key: &str, message: impl Into<String>) -> Issue {
    Issue::new(message, args.place(key).span.clone())
}

/// The rules of a group of nodes; `args` is its record.
pub(super) fn rules(args: &Args, memory: u64, issues: &mut Vec<Issue>) -> MemoryRules {
    let mut rules = MemoryRules::default();
    let swap = args.device_opt("swap");
    if let Some(paging) = args.table_opt("paging") {
        rules.kswapd = kswapd(paging, memory, issues);
        rules.high = high(paging, memory, issues);
        let cluster = paging.integer_opt("page_cluster");
        let cluster = cluster.and_then(|n| u32::try_from(n).ok());
        rules.page_cluster = cluster.unwrap_or(rules.page_cluster);
        rules.device_stalls = stalls(paging, swap, issues);
        rules.early_oom = paging.number_opt("early_oom").unwrap_or(0.0);
        rules.oomd = paging.table_opt("oomd").map(oomd);
    }
    rules.groups = groups(args, issues);
    rules
}

fn kswapd(paging: &Args, memory: u64, issues: &mut Vec<Issue>) -> Option<Watermarks> {
    let on = paging.flag_opt("kswapd").unwrap_or(false);
    let bytes = paging.size_opt("min_free");
    if !on {
        // Where a key could not be read, it may have been that one.
        if bytes.is_some() && !paging.broken {
            let issue = at(paging, "min_free", "`min_free` without background reclaim");
            issues.push(issue.help("add kswapd = true, or remove it"));
        }
        return None;
    }
    let Some(bytes) = bytes else {
        return Some(Watermarks::of(memory));
    };
    let min_pages = bytes / 4_096;
    if min_pages == 0 || bytes > memory / 4 {
        let issue = at(paging, "min_free", "that leaves no memory to work with");
        issues.push(issue.help("write a page (4 KiB) to a quarter of the memory"));
    }
    Some(Watermarks { min_pages })
}

fn high(paging: &Args, memory: u64, issues: &mut Vec<Issue>) -> Option<u64> {
    let bytes = paging.size_opt("high");
    if bytes.is_some_and(|bytes| bytes >= memory) {
        let issue = at(paging, "high", "`high` is not below the memory of the node");
        issues.push(issue.help("lower it, or remove it: the memory itself is the limit"));
    }
    bytes
}

/// Least mean time between two stalls: all of a run are gone through one by one.
const STALLS_EVERY_MIN: VirtualDuration = VirtualDuration::from_millis(1);

fn stalls(paging: &Args, swap: Option<&Swap>, issues: &mut Vec<Issue>) -> Option<DeviceStalls> {
    let table = paging.table_opt("device_stalls")?;
    let usual = DeviceStalls::default();
    let law = DeviceStalls {
        every: table.duration_opt("every").unwrap_or(usual.every),
        length: table.duration_opt("for").unwrap_or(usual.length),
    };
    if law.every < STALLS_EVERY_MIN {
        let issue = at(table, "every", "the device would never do anything");
        issues.push(issue.help("write a time such as \"160s\", at least a millisecond"));
    }
    if law.length.is_zero() {
        let issue = at(table, "for", "a stall that takes no time");
        issues.push(issue.help("write a time such as \"220ms\", or remove `device_stalls`"));
    }
    let compressed = |swap: &Swap| match swap {
        Swap::Preset(name) => Preset::by_name(name).is_some_and(|p| p.device().on_core),
        _ => false,
    };
    let why = match swap {
        None => Some("there is no swap device that could stall"),
        Some(swap) if compressed(swap) => Some("compressed memory does not stall"),
        Some(_) => None,
    };
    if let Some(why) = why {
        let issue = at(paging, "device_stalls", why);
        issues
            .push(issue.help("give the nodes a swap device such as swap = \"nvme\", or remove it"));
    }
    Some(law)
}

fn oomd(table: &Args) -> Oomd {
    let usual = Oomd::default();
    Oomd {
        pressure: table.number_opt("pressure").unwrap_or(usual.pressure),
        lasting: table.duration_opt("for").unwrap_or(usual.lasting),
        swap_used: table.number_opt("swap_used").unwrap_or(usual.swap_used),
    }
}
