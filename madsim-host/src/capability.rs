//! What this host can do with each primitive, decided when a plan is loaded.
//!
//! A plan that needs more than madsim has is an error before the run, with fault, primitive and
//! reason; never a fault that silently does nothing. Approximations are allowed where they are
//! honest, and are named.

use squall_core::plan::{Arithmetic, CutMode, CutScope, LinkTarget, Plan, Primitive, Seen};
use squall_core::{EntryId, Law, NodeId};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What the host can do with a primitive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// As the native engine does.
    Native,
    /// Something weaker with the same direction; the text says how it differs.
    Approximated(&'static str),
    /// Not at all; the text says why.
    Refused(&'static str),
}

/// What a plan is checked against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// How many nodes the run has; their ids are `0..nodes`.
    pub nodes: u32,
    /// How many knobs the run declares; their ids are `0..knobs`.
    pub knobs: u32,
}

/// A primitive of a plan that this host refuses or only approximates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The entry of the plan.
    pub entry: EntryId,
    /// Label of the fault that asked for it.
    pub fault: String,
    /// Name of the primitive.
    pub primitive: &'static str,
    /// Why it is refused, or how it differs.
    pub reason: &'static str,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            fault,
            primitive,
            reason,
            ..
        } = self;
        write!(f, "`{primitive}` of fault `{fault}`: {reason}")
    }
}

/// What the host can do with `primitive`. Delay and loss hold for the whole net only, which
/// [`check`] tests, since it takes all entries to see it.
pub fn support(primitive: &Primitive) -> Support {
    use Support::{Approximated, Native, Refused};
    match primitive {
        Primitive::Crash { seen, .. } => match seen {
            Seen::Reset => Native,
            Seen::Silent => Approximated(
                "datagrams meet silence, but stream peers read end-of-file at once and \
                 destructors run",
            ),
        },
        Primitive::Pause { .. } => Native,
        Primitive::LinkDelay {
            delay,
            mode,
            correlation,
            ..
        } => delay_support(delay, *mode, *correlation),
        Primitive::LinkLoss { correlation, .. } => {
            if *correlation == 0.0 {
                Approximated("datagrams are lost; streams retry, and new connections are refused")
            } else {
                Refused("losses are independent here: only correlation 0 is possible")
            }
        }
        Primitive::LinkBurstLoss { .. }
        | Primitive::LinkCorrupt { .. }
        | Primitive::LinkDuplicate { .. }
        | Primitive::LinkRate { .. }
        | Primitive::LinkTrace { .. }
        | Primitive::LinkReorder { .. }
        | Primitive::LinkClog { .. } => {
            Refused("links have a delay, a loss and cuts here, and nothing else")
        }
        Primitive::LinkReset { .. } => Refused("single connections cannot be reset here"),
        Primitive::LinkCut { scope, .. } if *scope != CutScope::All => {
            Refused("a cut spares nothing here")
        }
        Primitive::LinkCut { mode, .. } => match mode {
            CutMode::Drop => Native,
            CutMode::Refuse => Refused(
                "open streams and datagrams do not notice a cut here: only mode drop is possible",
            ),
        },
        Primitive::LinkHold { .. } => {
            Approximated("streams wait and retry up to 10 s after the end, but datagrams are lost")
        }
        Primitive::CpuSpeed { factor, .. } => {
            if *factor > 0.0 && *factor <= 1.0 {
                Approximated("the node stalls in slices of at least 1 ms, for that share of time")
            } else {
                Refused("only a factor above 0 and up to 1 is possible: code runs in no time")
            }
        }
        Primitive::CpuQuota { quota, period, .. } => {
            if quota.as_nanos() < SLICE_NS_MIN
                || period.saturating_sub(*quota).as_nanos() < SLICE_NS_MIN
            {
                Refused("quota and the rest of its period must be at least 1 ms each")
            } else {
                Approximated("the node stalls at the end of each period, used quota or not")
            }
        }
        Primitive::CpuSteal { .. } => Refused("code runs in no time here: nothing can be taken"),
        Primitive::ClockStep { .. }
        | Primitive::ClockDrift { .. }
        | Primitive::ClockFreeze { .. } => {
            Refused("all nodes have one clock here, the virtual time itself")
        }
        Primitive::MemoryPressure { .. } => {
            Refused("no memory is simulated here, and the native stall model is not wired yet")
        }
        Primitive::MemoryLimit { .. } | Primitive::OomKill { .. } => {
            Refused("no memory is simulated here")
        }
        Primitive::SwapDevice { .. } => Refused("no swap device is simulated here"),
        Primitive::PowerLoss { .. } => {
            Refused("no disk is simulated here that could lose what was not synced: use node-loss")
        }
        Primitive::DiskLatency { .. }
        | Primitive::DiskHold { .. }
        | Primitive::DiskError { .. }
        | Primitive::DiskFull { .. }
        | Primitive::LyingFsync { .. }
        | Primitive::UnsyncedLoss { .. }
        | Primitive::TornWrite { .. }
        | Primitive::BitRot { .. }
        | Primitive::Misdirect { .. } => Refused("no disk is simulated here"),
        Primitive::Call { .. } => {
            Refused("needs Squall's client and server wrappers, which are not written yet")
        }
        Primitive::Knob { .. } => Native,
    }
}

/// The shortest stall or run that madsim's timers resolve for services.
pub(crate) const SLICE_NS_MIN: u64 = 1_000_000;

fn delay_support(delay: &Law, mode: Arithmetic, correlation: f64) -> Support {
    if correlation != 0.0 {
        return Support::Refused("delays are independent here: only correlation 0 is possible");
    }
    match (extremes(delay), mode) {
        (None, _) => {
            Support::Refused("delays are uniform here: only constant and uniform laws are possible")
        }
        (Some((low, _)), _) if low < 0.0 => Support::Refused("a delay cannot shrink below zero"),
        (Some((low, high)), _) if low == high => Support::Native,
        (Some(_), Arithmetic::Replace) => Support::Native,
        (Some(_), Arithmetic::Add | Arithmetic::Scale) => {
            Support::Approximated("drawn uniformly between the extremes of base and overlay")
        }
    }
}

/// Smallest and largest value of a law that a uniform range can express.
pub(crate) const fn extremes(law: &Law) -> Option<(f64, f64)> {
    match law {
        Law::Constant(value) => Some((*value, *value)),
        Law::Uniform { low, high } => Some((*low, *high)),
        Law::Normal { .. }
        | Law::Exponential { .. }
        | Law::Lognormal { .. }
        | Law::Hyperexponential { .. }
        | Law::Pareto { .. }
        | Law::Loguniform { .. }
        | Law::Empirical(_) => None,
    }
}

/// Checks a plan when it is loaded: the approximations it will meet, or all that is refused, in id
/// order.
///
/// # Errors
/// One [`Limit`] for each entry that madsim cannot do, or whose target does not exist.
pub fn check(plan: &Plan, shape: &Shape) -> Result<Vec<Limit>, Vec<Limit>> {
    let whole: BTreeSet<EntryId> = whole_net(plan, shape.nodes).into_iter().flatten().collect();
    let (mut refused, mut approximated) = (Vec::new(), Vec::new());
    for (index, entry) in plan.entries().iter().enumerate() {
        let id = EntryId::from_index(index);
        let limit = |reason| Limit {
            entry: id,
            fault: plan.fault_of(id).label.clone(),
            primitive: entry.primitive.name(),
            reason,
        };
        if let Some(reason) = missing(&entry.primitive, shape) {
            refused.push(limit(reason));
            continue;
        }
        match support(&entry.primitive) {
            Support::Refused(reason) => refused.push(limit(reason)),
            _ if needs_whole_net(&entry.primitive) && !whole.contains(&id) => refused.push(limit(
                "holds for the whole net only: plan the same value on every link between nodes, in \
                 both directions, for the same time",
            )),
            Support::Approximated(reason) => approximated.push(limit(reason)),
            Support::Native => {}
        }
    }
    if refused.is_empty() {
        Ok(approximated)
    } else {
        Err(refused)
    }
}

/// Why the target of `primitive` is not there, if it is not.
fn missing(primitive: &Primitive, shape: &Shape) -> Option<&'static str> {
    let gone = |node: &NodeId| node.0 >= shape.nodes;
    let (node, link, knob) = match primitive {
        Primitive::Crash { node, .. }
        | Primitive::Pause { node }
        | Primitive::CpuSpeed { node, .. }
        | Primitive::CpuQuota { node, .. }
        | Primitive::MemoryPressure { node, .. }
        | Primitive::MemoryLimit { node, .. }
        | Primitive::OomKill { node }
        | Primitive::CpuSteal { node, .. }
        | Primitive::ClockStep { node, .. }
        | Primitive::ClockDrift { node, .. }
        | Primitive::ClockFreeze { node, .. }
        | Primitive::SwapDevice { node, .. }
        | Primitive::PowerLoss { node, .. }
        | Primitive::DiskFull { node, .. }
        | Primitive::UnsyncedLoss { node, .. }
        | Primitive::TornWrite { node, .. } => (Some(*node), None, None),
        Primitive::DiskLatency { disk, .. }
        | Primitive::DiskHold { disk, .. }
        | Primitive::DiskError { disk, .. }
        | Primitive::LyingFsync { disk, .. }
        | Primitive::BitRot { disk, .. }
        | Primitive::Misdirect { disk, .. } => (Some(disk.node), None, None),
        Primitive::LinkDelay { link, .. }
        | Primitive::LinkLoss { link, .. }
        | Primitive::LinkBurstLoss { link, .. }
        | Primitive::LinkCorrupt { link, .. }
        | Primitive::LinkDuplicate { link, .. }
        | Primitive::LinkRate { link, .. }
        | Primitive::LinkTrace { link, .. }
        | Primitive::LinkReorder { link, .. }
        | Primitive::LinkClog { link, .. }
        | Primitive::LinkReset { link, .. }
        | Primitive::LinkCut { link, .. }
        | Primitive::LinkHold { link } => (Some(link.from), Some(link.to), None),
        Primitive::Call { client, .. } => (*client, None, None),
        Primitive::Knob { knob, node, .. } => (*node, None, Some(*knob)),
    };
    if node.as_ref().is_some_and(gone) || link.as_ref().is_some_and(gone) {
        Some("names a node that this run does not have")
    } else if knob.is_some_and(|knob| knob.0 >= shape.knobs) {
        Some("names a knob that this run does not declare")
    } else {
        None
    }
}

const fn needs_whole_net(primitive: &Primitive) -> bool {
    profile_link(primitive).is_some()
}

/// The link of a primitive that madsim knows as one value for all links.
const fn profile_link(primitive: &Primitive) -> Option<LinkTarget> {
    match primitive {
        Primitive::LinkDelay { link, .. } | Primitive::LinkLoss { link, .. } => Some(*link),
        Primitive::Crash { .. }
        | Primitive::Pause { .. }
        | Primitive::LinkBurstLoss { .. }
        | Primitive::LinkCorrupt { .. }
        | Primitive::LinkDuplicate { .. }
        | Primitive::LinkRate { .. }
        | Primitive::LinkTrace { .. }
        | Primitive::LinkReorder { .. }
        | Primitive::LinkClog { .. }
        | Primitive::LinkReset { .. }
        | Primitive::LinkCut { .. }
        | Primitive::LinkHold { .. }
        | Primitive::CpuSpeed { .. }
        | Primitive::CpuQuota { .. }
        | Primitive::MemoryPressure { .. }
        | Primitive::MemoryLimit { .. }
        | Primitive::OomKill { .. }
        | Primitive::SwapDevice { .. }
        | Primitive::CpuSteal { .. }
        | Primitive::ClockStep { .. }
        | Primitive::ClockDrift { .. }
        | Primitive::ClockFreeze { .. }
        | Primitive::PowerLoss { .. }
        | Primitive::DiskLatency { .. }
        | Primitive::DiskHold { .. }
        | Primitive::DiskError { .. }
        | Primitive::DiskFull { .. }
        | Primitive::LyingFsync { .. }
        | Primitive::UnsyncedLoss { .. }
        | Primitive::TornWrite { .. }
        | Primitive::BitRot { .. }
        | Primitive::Misdirect { .. }
        | Primitive::Call { .. }
        | Primitive::Knob { .. } => None,
    }
}

/// The sets of entries that together put one delay or loss on every link between `nodes` nodes for
/// one time. An entry that is in no set holds for a part of the net only.
pub(crate) fn whole_net(plan: &Plan, nodes: u32) -> Vec<Vec<EntryId>> {
    // Entries that differ in nothing but the link; the value itself is compared, since floats are
    // no keys.
    let mut candidates: Vec<(Primitive, BTreeMap<LinkTarget, EntryId>, usize)> = Vec::new();
    for (index, entry) in plan.entries().iter().enumerate() {
        let Some(link) = profile_link(&entry.primitive) else {
            continue;
        };
        let value = with_link(
            &entry.primitive,
            LinkTarget {
                from: NodeId::NONE,
                to: NodeId::NONE,
            },
        );
        let found = candidates.iter_mut().find(|(known, links, first)| {
            let first = &plan.entries()[*first];
            *known == value
                && (first.fault, first.from, first.until) == (entry.fault, entry.from, entry.until)
                && !links.contains_key(&link)
        });
        let id = EntryId::from_index(index);
        match found {
            Some((_, links, _)) => _ = links.insert(link, id),
            None => candidates.push((value, BTreeMap::from([(link, id)]), index)),
        }
    }
    let pairs = |links: &BTreeMap<LinkTarget, EntryId>| {
        (0..nodes).all(|from| {
            (0..nodes).filter(|to| *to != from).all(|to| {
                let link = LinkTarget {
                    from: NodeId(from),
                    to: NodeId(to),
                };
                links.contains_key(&link)
            })
        })
    };
    let complete = candidates.into_iter().filter(|(_, links, _)| pairs(links));
    complete
        .map(|(_, links, _)| links.into_values().collect())
        .collect()
}

fn with_link(primitive: &Primitive, to: LinkTarget) -> Primitive {
    let mut primitive = primitive.clone();
    if let Primitive::LinkDelay { link, .. } | Primitive::LinkLoss { link, .. } = &mut primitive {
        *link = to;
    }
    primitive
}

/// Whether this host sees the first effect of `primitive` and writes a landing. madsim does not say
/// which messages a clog dropped, nor whether a paused node had work.
pub const fn observes_landing(primitive: &Primitive) -> bool {
    match primitive {
        Primitive::Crash { .. } | Primitive::Knob { .. } => true,
        Primitive::Pause { .. }
        | Primitive::LinkDelay { .. }
        | Primitive::LinkLoss { .. }
        | Primitive::LinkBurstLoss { .. }
        | Primitive::LinkCorrupt { .. }
        | Primitive::LinkDuplicate { .. }
        | Primitive::LinkRate { .. }
        | Primitive::LinkTrace { .. }
        | Primitive::LinkReorder { .. }
        | Primitive::LinkClog { .. }
        | Primitive::LinkReset { .. }
        | Primitive::LinkCut { .. }
        | Primitive::LinkHold { .. }
        | Primitive::CpuSpeed { .. }
        | Primitive::CpuQuota { .. }
        | Primitive::MemoryPressure { .. }
        | Primitive::MemoryLimit { .. }
        | Primitive::OomKill { .. }
        | Primitive::SwapDevice { .. }
        | Primitive::CpuSteal { .. }
        | Primitive::ClockStep { .. }
        | Primitive::ClockDrift { .. }
        | Primitive::ClockFreeze { .. }
        | Primitive::PowerLoss { .. }
        | Primitive::DiskLatency { .. }
        | Primitive::DiskHold { .. }
        | Primitive::DiskError { .. }
        | Primitive::DiskFull { .. }
        | Primitive::LyingFsync { .. }
        | Primitive::UnsyncedLoss { .. }
        | Primitive::TornWrite { .. }
        | Primitive::BitRot { .. }
        | Primitive::Misdirect { .. }
        | Primitive::Call { .. } => false,
    }
}
