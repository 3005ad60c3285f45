//! What the oracle found, by invariant.

use squall_core::{NodeId, VirtualTime};

/// The invariants, in the order of their table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slug {
    Routed,
    Monotone,
    OwnLife,
    Refuted,
    Ends,
    Told,
    Converged,
}

impl Slug {
    pub(super) const ALL: [Self; 7] = [
        Self::Routed,
        Self::Monotone,
        Self::OwnLife,
        Self::Refuted,
        Self::Ends,
        Self::Told,
        Self::Converged,
    ];
}

/// What was found about one invariant.
#[derive(Clone, Debug, Default)]
pub(super) struct Finding {
    pub(super) checked: u64,
    pub(super) violations: u64,
    pub(super) first: Option<(VirtualTime, NodeId, String)>,
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
    /// One test of an invariant, and its outcome.
    pub(super) fn test(
        &mut self,
        slug: Slug,
        holds: bool,
        (at, node): (VirtualTime, NodeId),
        text: impl FnOnce() -> String,
    ) {
        let finding = &mut self.all[slug as usize];
        finding.checked += 1;
        if !holds {
            finding.violations += 1;
            self.violations += 1;
            finding.first.get_or_insert_with(|| (at, node, text()));
        }
    }
}
