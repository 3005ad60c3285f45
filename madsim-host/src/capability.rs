//! What this host can do with each primitive, decided when a plan is loaded.
//!
//! A plan that needs more than madsim has is an error before the run, with fault, primitive and
//! reason; never a fault that silently does nothing. Approximations are allowed where they are
//! honest, and are named.

use squall_core::plan::{
    Arithmetic, CutMode, CutScope, KnobChange, LinkTarget, Plan, Primitive, Seen,
};
use squall_core::{EntryId, KnobId, Law, NodeId};
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
    match answer(primitive) {
        Ok((_, None)) => Support::Native,
        Ok((_, Some(differs))) => Support::Approximated(differs),
        Err(reason) => Support::Refused(reason),
    }
}

/// What a primitive is to this host, which knows few things to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// A node is down.
    Crash(NodeId),
    /// A node stands still.
    Pause(NodeId),
    /// The delay or the loss of all links is another; the link that this primitive names.
    Profile(LinkTarget),
    /// A link is closed.
    Close(LinkTarget),
    /// A node stands still for a share of its time.
    Stall,
    /// A knob has another value.
    Knob(KnobId),
}

/// What to do for a primitive, if it is not refused.
pub(crate) fn act(primitive: &Primitive) -> Option<Act> {
    answer(primitive).ok().map(|(act, _)| act)
}

/// What to do, and how that differs from what the native engine does; or why nothing can be done.
/// The one place of this host where every primitive stands.
fn answer(primitive: &Primitive) -> Result<(Act, Option<&'static str>), &'static str> {
    match primitive {
        Primitive::Crash { node, seen } => Ok((
            Act::Crash(*node),
            match seen {
                Seen::Reset => None,
                Seen::Silent => Some(
                    "datagrams meet silence, but stream peers read end-of-file at once and \
                     destructors run",
                ),
            },
        )),
        Primitive::Pause { node } => Ok((Act::Pause(*node), None)),
        Primitive::LinkDelay {
            link,
            delay,
            mode,
            correlation,
        } => {
            let differs = delay_differs(delay, *mode, *correlation)?;
            Ok((Act::Profile(*link), differs))
        }
        Primitive::LinkLoss {
            link, correlation, ..
        } => {
            if *correlation == 0.0 {
                let differs = "datagrams are lost; streams retry, and new connections are refused";
                Ok((Act::Profile(*link), Some(differs)))
            } else {
                Err("losses are independent here: only correlation 0 is possible")
            }
        }
        Primitive::LinkBurstLoss { .. }
        | Primitive::LinkCorrupt { .. }
        | Primitive::LinkDuplicate { .. }
        | Primitive::LinkRate { .. }
        | Primitive::LinkTrace { .. }
        | Primitive::LinkReorder { .. }
        | Primitive::LinkClog { .. } => {
            Err("links have a delay, a loss and cuts here, and nothing else")
        }
        Primitive::LinkReset { .. } => Err("single connections cannot be reset here"),
        Primitive::LinkCut { scope, .. } if *scope != CutScope::All => {
            Err("a cut spares nothing here")
        }
        Primitive::LinkCut { link, mode, .. } => match mode {
            CutMode::Drop => Ok((Act::Close(*link), None)),
            CutMode::Refuse => Err(
                "open streams and datagrams do not notice a cut here: only mode drop is possible",
            ),
        },
        Primitive::LinkHold { link } => {
            let differs = "streams wait and retry up to 10 s after the end, but datagrams are lost";
            Ok((Act::Close(*link), Some(differs)))
        }
        Primitive::CpuSpeed { factor, .. } => {
            if *factor > 0.0 && *factor <= 1.0 {
                let differs = "the node stalls in slices of at least 1 ms, for that share of time";
                Ok((Act::Stall, Some(differs)))
            } else {
                Err("only a factor above 0 and up to 1 is possible: code runs in no time")
            }
        }
        Primitive::CpuQuota { quota, period, .. } => {
            if quota.as_nanos() < SLICE_NS_MIN
                || period.saturating_sub(*quota).as_nanos() < SLICE_NS_MIN
            {
                Err("quota and the rest of its period must be at least 1 ms each")
            } else {
                let differs = "the node stalls at the end of each period, used quota or not";
                Ok((Act::Stall, Some(differs)))
            }
        }
        Primitive::CpuSteal { .. } => Err("code runs in no time here: nothing can be taken"),
        Primitive::ClockStep { .. }
        | Primitive::ClockDrift { .. }
        | Primitive::ClockFreeze { .. } => {
            Err("all nodes have one clock here, the virtual time itself")
        }
        Primitive::MemoryPressure { .. } => {
            Err("no memory is simulated here, and the native stall model is not wired yet")
        }
        Primitive::MemoryLimit { .. } | Primitive::OomKill { .. } => {
            Err("no memory is simulated here")
        }
        Primitive::SwapDevice { .. } => Err("no swap device is simulated here"),
        Primitive::PowerLoss { .. } => {
            Err("no disk is simulated here that could lose what was not synced: use node-loss")
        }
        Primitive::DiskLatency { .. }
        | Primitive::DiskHold { .. }
        | Primitive::DiskError { .. }
        | Primitive::DiskFull { .. }
        | Primitive::LyingFsync { .. }
        | Primitive::UnsyncedLoss { .. }
        | Primitive::TornWrite { .. }
        | Primitive::BitRot { .. }
        | Primitive::Misdirect { .. } => Err("no disk is simulated here"),
        Primitive::Call { .. } => {
            Err("needs Squall's client and server wrappers, which are not written yet")
        }
        Primitive::Signal { .. } => Err("no sensors and actuators are simulated here"),
        Primitive::Knob { knob, change, .. } => {
            let differs = "the value is not clamped: knobs have no ranges here";
            let differs = (*change != KnobChange::Set).then_some(differs);
            Ok((Act::Knob(*knob), differs))
        }
    }
}

/// The shortest stall or run that madsim's timers resolve for services.
pub(crate) const SLICE_NS_MIN: u64 = 1_000_000;

/// How such a delay differs from the native engine's, or why it is not possible.
fn delay_differs(
    delay: &Law,
    mode: Arithmetic,
    correlation: f64,
) -> Result<Option<&'static str>, &'static str> {
    if correlation != 0.0 {
        return Err("delays are independent here: only correlation 0 is possible");
    }
    match (extremes(delay), mode) {
        (None, _) => Err("delays are uniform here: only constant and uniform laws are possible"),
        (Some((low, _)), _) if low < 0.0 => Err("a delay cannot shrink below zero"),
        (Some((low, high)), _) if low == high => Ok(None),
        (Some(_), Arithmetic::Replace) => Ok(None),
        (Some(_), Arithmetic::Add | Arithmetic::Scale) => Ok(Some(
            "drawn uniformly between the extremes of base and overlay",
        )),
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
        if entry.firing.is_some() {
            refused.push(limit(
                "waits for what happens in the run, or for who has a role then: this host takes fixed \
                 times and targets only; give the fault `at` and named nodes, or freeze the plan of a \
                 native run",
            ));
            continue;
        }
        if entry.is_void() {
            continue;
        }
        if let Some(reason) = missing(&entry.primitive, shape) {
            refused.push(limit(reason));
            continue;
        }
        match support(&entry.primitive) {
            Support::Refused(reason) => refused.push(limit(reason)),
            _ if profile_link(&entry.primitive).is_some() && !whole.contains(&id) => refused.push(limit(
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
    let to = primitive.link().map(|link| link.to);
    let mut nodes = primitive.node().into_iter().chain(to);
    if nodes.any(|node| node.0 >= shape.nodes) {
        return Some("names a node that this run does not have");
    }
    let unknown = matches!(primitive, Primitive::Knob { knob, .. } if knob.0 >= shape.knobs);
    unknown.then_some("names a knob that this run does not declare")
}

/// The link of a primitive that madsim knows as one value for all links.
fn profile_link(primitive: &Primitive) -> Option<LinkTarget> {
    match act(primitive) {
        Some(Act::Profile(link)) => Some(link),
        _ => None,
    }
}

/// The sets of entries that together put one delay or loss on every link between `nodes` nodes for
/// one time. An entry that is in no set holds for a part of the net only.
pub(crate) fn whole_net(plan: &Plan, nodes: u32) -> Vec<Vec<EntryId>> {
    // Entries that differ in nothing but the link; the value itself is compared, since floats are
    // no keys.
    let mut candidates: Vec<(Primitive, BTreeMap<LinkTarget, EntryId>, usize)> = Vec::new();
    for (index, entry) in plan.entries().iter().enumerate() {
        let Some(link) = profile_link(&entry.primitive).filter(|_| !entry.is_void()) else {
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
pub fn observes_landing(primitive: &Primitive) -> bool {
    matches!(act(primitive), Some(Act::Crash(_) | Act::Knob(_)))
}
