//! Knobs: named parameters of workloads, which faults may set, scale and add to.

use super::Cx;
use super::kernel::Kernel;
use super::wake::Wake;
use crate::history::{FaultChange, What};
use crate::plan::KnobChange;
use crate::{EntryId, KnobId, NodeId};
use core::future::poll_fn;
use core::task::Poll;

/// How often a knob had been turned: what [`Cx::knob_turned`] waits to differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnobTurns(u32);

impl Cx {
    /// How often faults began or ended to be on a knob so far, wherever.
    pub fn knob_turns(&self, knob: KnobId) -> KnobTurns {
        KnobTurns(self.kernel().knobs[knob.index()].turns)
    }
    /// Waits until a fault has begun or ended to be on a knob since `before`, wherever. Look at the knob
    /// between [`Cx::knob_turns`] and this. A run without such a fault pays nothing for it.
    pub async fn knob_turned(&self, knob: KnobId, before: KnobTurns) {
        poll_fn(|context| {
            let mut k = self.kernel();
            let knob = &mut k.knobs[knob.index()];
            if knob.turns != before.0 {
                return Poll::Ready(());
            }
            if !knob.waiting.iter().any(|wake| wake.is(context.waker())) {
                knob.waiting.push(Wake::of(context.waker()));
            }
            Poll::Pending
        })
        .await;
    }
}

/// A named parameter with its value and the overlays on it.
#[derive(Debug)]
pub(super) struct Knob {
    base: f64,
    /// Smallest and largest value of its declaration.
    range: (f64, f64),
    /// In id order, so that sums and products are reproducible.
    overlays: Vec<KnobOverlay>,
    /// Overlays whose clamp has been written down.
    clamped: Vec<EntryId>,
    /// How often an overlay came or went.
    turns: u32,
    /// Who waits for the next time.
    waiting: Vec<Wake>,
}

/// What an overlay does to a knob.
#[derive(Clone, Copy, Debug)]
pub(super) struct KnobOverlay {
    pub(super) id: EntryId,
    pub(super) started: u64,
    /// Where; `None` is everywhere.
    pub(super) node: Option<NodeId>,
    pub(super) change: KnobChange,
    pub(super) value: f64,
}

impl Knob {
    pub(super) const fn new(base: f64) -> Self {
        Self {
            base,
            range: (f64::NEG_INFINITY, f64::INFINITY),
            overlays: Vec::new(),
            clamped: Vec::new(),
            turns: 0,
            waiting: Vec::new(),
        }
    }
    pub(super) const fn bound(&mut self, range: (f64, f64)) {
        self.range = range;
    }
    pub(super) fn is_changed(&self) -> bool {
        !self.overlays.is_empty()
    }
    pub(super) fn overlay(&mut self, id: EntryId, overlay: Option<KnobOverlay>) {
        self.overlays.retain(|other| other.id != id);
        if let Some(overlay) = overlay {
            self.overlays.push(overlay);
            self.overlays.sort_by_key(|overlay| overlay.id);
        }
    }
    /// The latest set that concerns `node`, times all factors, plus all sums. A set alone is taken as
    /// it is: a fault may mean a value that no author would. Overlays that change the value go to
    /// `landed`; gives the last that scales or adds, if the value was clamped.
    fn read(&self, node: NodeId, landed: &mut Vec<EntryId>) -> (f64, Option<EntryId>) {
        let here = || {
            let concerns = |o: &&KnobOverlay| o.node.is_none_or(|at| at == node);
            self.overlays.iter().filter(concerns)
        };
        let of = |change| here().filter(move |overlay| overlay.change == change);
        let mut value = self.base;
        if let Some(set) = of(KnobChange::Set).max_by_key(|o| (o.started, o.id)) {
            value = set.value;
            landed.push(set.id);
        }
        let mut last = None;
        for scale in of(KnobChange::Scale).filter(|scale| scale.value != 1.0) {
            value *= scale.value;
            landed.push(scale.id);
            last = last.max(Some(scale.id));
        }
        for add in of(KnobChange::Add).filter(|add| add.value != 0.0) {
            value += add.value;
            landed.push(add.id);
            last = last.max(Some(add.id));
        }
        let Some(last) = last else {
            return (value, None);
        };
        let clamped = value.clamp(self.range.0, self.range.1);
        (clamped, (clamped != value).then_some(last))
    }
}

impl Kernel {
    /// An overlay comes to a knob, or goes: who waits for that goes on.
    pub(super) fn turn_knob(&mut self, knob: KnobId, id: EntryId, overlay: Option<KnobOverlay>) {
        let knob = &mut self.knobs[knob.index()];
        knob.overlay(id, overlay);
        knob.turns = knob.turns.wrapping_add(1);
        for wake in core::mem::take(&mut knob.waiting) {
            self.wake(wake);
        }
    }
    /// The value of a knob on a node. Reading it under an overlay makes that overlay land.
    pub(super) fn read_knob(&mut self, knob: KnobId, node: NodeId) -> f64 {
        let at = &mut self.knobs[knob.index()];
        if at.overlays.is_empty() {
            return at.base;
        }
        let (value, clamped) = at.read(node, &mut self.landed_now);
        let first = clamped.filter(|id| !at.clamped.contains(id));
        at.clamped.extend(first);
        self.land_collected();
        if let Some(entry) = first {
            let planned = self.plan.entry(entry).from;
            let change = FaultChange::Clamped;
            self.record(What::Fault {
                entry,
                change,
                planned,
            });
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn knob(range: (f64, f64), overlays: &[(KnobChange, f64)]) -> Knob {
        let mut knob = Knob::new(2.0);
        knob.bound(range);
        for (index, (change, value)) in overlays.iter().enumerate() {
            let id = EntryId::from_index(index);
            let overlay = KnobOverlay {
                id,
                started: index as u64,
                node: None,
                change: *change,
                value: *value,
            };
            knob.overlay(id, Some(overlay));
        }
        knob
    }
    fn value(knob: &Knob) -> (f64, Vec<u32>, Option<u32>) {
        let mut landed = Vec::new();
        let (value, clamped) = knob.read(NodeId(0), &mut landed);
        (
            value,
            landed.iter().map(|id| id.0).collect(),
            clamped.map(|id| id.0),
        )
    }

    #[test]
    fn the_latest_set_then_factors_then_sums_then_the_range() {
        use KnobChange::{Add, Scale, Set};
        let of = |overlays: &[_]| value(&knob((0.0, 100.0), overlays));
        assert_eq!(of(&[]), (2.0, vec![], None));
        assert_eq!(of(&[(Add, 1.0), (Scale, 3.0)]), (7.0, vec![1, 0], None));
        assert_eq!(
            of(&[(Set, 5.0), (Set, 4.0), (Scale, 2.0)]),
            (8.0, vec![1, 2], None)
        );
        assert_eq!(
            of(&[(Scale, 1.0), (Add, 0.0)]),
            (2.0, vec![], None),
            "nothing differs"
        );
        assert_eq!(of(&[(Scale, 100.0)]), (100.0, vec![0], Some(0)));
        assert_eq!(
            of(&[(Set, -7.0)]),
            (-7.0, vec![0], None),
            "a set means what it says"
        );
        assert_eq!(of(&[(Set, -7.0), (Add, 1.0)]), (0.0, vec![0, 1], Some(1)));
    }

    proptest! {
        /// The end of one overlay leaves what the others make, whatever the order of their starts,
        /// sets excepted, of which the latest wins.
        #[test]
        fn the_end_of_one_leaves_the_others(factors in proptest::collection::vec(0.5..2.0, 1..6), gone in 0..6usize) {
            let all: Vec<_> = factors.iter().map(|f| (KnobChange::Scale, *f)).collect();
            let gone = gone % all.len();
            let mut whole = knob((0.0, 1e9), &all);
            whole.overlay(EntryId::from_index(gone), None);
            let left: f64 = factors.iter().enumerate().filter(|(i, _)| *i != gone).map(|(_, f)| f).fold(2.0, |x, f| x * f);
            prop_assert_eq!(value(&whole).0, left);
        }
    }
}
