//! What the oracle found, by invariant.

use squall_core::{NodeId, VirtualTime};

/// The invariants, in the order of their table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slug {
    ElectionSafety,
    AppendOnly,
    LogMatching,
    Completeness,
    StateMachine,
    Quorum,
    Progress,
    Immutable,
    Monotone,
    Bounds,
    NoLostWrite,
    Session,
    Linearizable,
    OneLeader,
    Converged,
    QuorumRuns,
}

impl Slug {
    pub(super) const ALL: [Self; 16] = [
        Self::ElectionSafety,
        Self::AppendOnly,
        Self::LogMatching,
        Self::Completeness,
        Self::StateMachine,
        Self::Quorum,
        Self::Progress,
        Self::Immutable,
        Self::Monotone,
        Self::Bounds,
        Self::NoLostWrite,
        Self::Session,
        Self::Linearizable,
        Self::OneLeader,
        Self::Converged,
        Self::QuorumRuns,
    ];
}

/// What was found about one invariant.
#[derive(Clone, Debug, Default)]
pub(super) struct Finding {
    pub(super) checked: u64,
    pub(super) violations: u64,
    pub(super) first: Option<(VirtualTime, Option<NodeId>, String)>,
    pub(super) undecided: bool,
}

/// What was found about all.
#[derive(Clone, Debug, Default)]
pub(super) struct Findings {
    all: [Finding; Slug::ALL.len()],
    violations: u64,
}

impl Findings {
    pub(super) const fn of(&self, slug: Slug) -> &Finding {
        &self.all[slug as usize]
    }
    /// Whether anything was violated.
    pub(super) const fn any(&self) -> bool {
        self.violations > 0
    }
    pub(super) const fn checked(&mut self, slug: Slug) {
        self.all[slug as usize].checked += 1;
    }
    pub(super) const fn undecided(&mut self, slug: Slug) {
        self.all[slug as usize].undecided = true;
    }
    pub(super) fn violated(
        &mut self,
        slug: Slug,
        (at, node): (VirtualTime, Option<NodeId>),
        text: impl FnOnce() -> String,
    ) {
        let finding = &mut self.all[slug as usize];
        finding.violations += 1;
        self.violations += 1;
        finding.first.get_or_insert_with(|| (at, node, text()));
    }
    /// One test of an invariant, and its outcome.
    pub(super) fn test(
        &mut self,
        slug: Slug,
        holds: bool,
        place: (VirtualTime, Option<NodeId>),
        text: impl FnOnce() -> String,
    ) {
        self.checked(slug);
        if !holds {
            self.violated(slug, place, text);
        }
    }
}
