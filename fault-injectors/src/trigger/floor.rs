//! The floor of a fault whose times and targets are fixed: bounded in lowering, against everything
//! that the plan itself takes down at the same instants.

use crate::param::{Args, Value};
use squall_core::plan::{Floor, LinkTarget, Primitive};
use squall_core::{NodeId, VirtualTime};

/// What a part of the plan takes away, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken {
    from: VirtualTime,
    until: Option<VirtualTime>,
    node: Option<NodeId>,
    link: Option<LinkTarget>,
}

impl Taken {
    /// What a primitive takes away, if anything.
    pub(crate) fn by(
        from: VirtualTime,
        until: Option<VirtualTime>,
        primitive: &Primitive,
    ) -> Option<Self> {
        let (node, link) = (primitive.takes_down(), primitive.cuts_off());
        let taken = Self {
            from,
            until,
            node,
            link,
        };
        (node.is_some() || link.is_some()).then_some(taken)
    }
    fn at(&self, at: VirtualTime) -> bool {
        self.from <= at && self.until.is_none_or(|until| until > at)
    }
}

/// How many of a set a fault leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// So many.
    Nodes(u32),
    /// More than half of them.
    Quorum,
}

impl Bound {
    /// The floor in a record.
    pub(crate) fn of(record: &Args) -> Option<Self> {
        match record.get("keep_healthy")? {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "checked to be a whole number in range"
            )]
            Value::Number(x) => Some(Self::Nodes(*x as u32)),
            _ => Some(Self::Quorum),
        }
    }
    /// The floor over a set.
    pub(crate) fn over(self, mut of: Vec<NodeId>) -> Floor {
        of.sort_unstable();
        let least = match self {
            Self::Nodes(n) => n,
            Self::Quorum => u32::try_from(of.len() / 2 + 1).unwrap_or(u32::MAX),
        };
        Floor { least, of }
    }
}

/// How many of `targets`, from the first on, may be hit in a window so that the floor holds at every
/// instant of it, beside what else the plan takes away.
pub(crate) fn kept(
    floor: &Floor,
    targets: &[NodeId],
    (from, until): (VirtualTime, Option<VirtualTime>),
    taken: &[Taken],
) -> usize {
    let inside = |at: VirtualTime| at >= from && until.is_none_or(|until| at < until);
    let starts = taken.iter().map(|t| t.from).filter(|at| inside(*at));
    let mut instants: Vec<VirtualTime> = starts.chain([from]).collect();
    instants.sort_unstable();
    instants.dedup();
    let mut kept = targets.len();
    for at in instants {
        let now = || taken.iter().filter(|taken| taken.at(at));
        let downs: Vec<NodeId> = now().filter_map(|taken| taken.node).collect();
        let cuts: Vec<LinkTarget> = now().filter_map(|taken| taken.link).collect();
        let left = |kept: usize| {
            let gone = |node: &NodeId| downs.contains(node) || targets[..kept].contains(node);
            let left: Vec<NodeId> = floor.of.iter().copied().filter(|n| !gone(n)).collect();
            floor.connected(&left, &cuts)
        };
        while kept > 0 && left(kept) < floor.least as usize {
            kept -= 1;
        }
    }
    kept
}
