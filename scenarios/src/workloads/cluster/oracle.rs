//! Oracles: what many invariants of a workload know in common, found once and given out by name.
//!
//! ```text
//! record --> promise of the first invariant --> oracle --> findings --> promise of each invariant --> verdict
//! ```
//!
//! A workload declares its [`invariants!`], and has an [`Oracle`] that reads every record once, whichever of
//! the invariants are asked for, and puts what it finds into its [`Findings`] under the name of one.

use crate::workloads::Install;
use core::cell::{Cell, RefCell};
use core::marker::PhantomData;
use squall_core::history::Record;
use squall_core::property::{Invariant, Ruling, RunEnd};
use squall_core::{NodeId, VirtualTime};
use std::rc::Rc;

/// Declares the invariants of a workload once: what its oracle calls each, its name, and what it says.
macro_rules! invariants {
    ($($slug:ident $name:literal: $doc:literal,)*) => {
        /// The invariants, for the kind's table.
        pub(super) const WORDS: &[$crate::workloads::Word] =
            &[$($crate::workloads::word($name, $doc)),*];

        /// The invariants, by their positions in the table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Slug {
            $(#[doc = $doc] $slug,)*
        }

        impl $crate::workloads::cluster::oracle::Slug for Slug {
            const ALL: &'static [Self] = &[$(Self::$slug),*];
            fn position(self) -> usize {
                self as usize
            }
            fn name(self) -> &'static str {
                WORDS[self as usize].name
            }
        }

        /// What is found about them.
        type Findings = $crate::workloads::cluster::oracle::Findings<Slug>;
    };
}

pub(super) use invariants;

/// The invariants of a workload; see [`invariants!`].
pub(super) trait Slug: Copy + core::fmt::Debug + 'static {
    /// All of them.
    const ALL: &'static [Self];
    /// Where this one stands there.
    fn position(self) -> usize;
    /// What scenarios call it.
    fn name(self) -> &'static str;
}

/// Where something was found: when, and on which node.
pub(super) type Place = (VirtualTime, Option<NodeId>);

/// What was found about one invariant.
#[derive(Clone, Debug, Default)]
pub(super) struct Finding {
    pub(super) checked: u64,
    pub(super) violations: u64,
    pub(super) first: Option<(Place, String)>,
    pub(super) undecided: bool,
    /// The smallest distance to a limit, and what was measured then.
    margin: Option<(f64, f64)>,
}

/// What was found about all.
#[derive(Clone, Debug)]
pub(super) struct Findings<S> {
    all: Vec<Finding>,
    any: bool,
    of: PhantomData<S>,
}

impl<S: Slug> Default for Findings<S> {
    fn default() -> Self {
        Self {
            all: vec![Finding::default(); S::ALL.len()],
            any: false,
            of: PhantomData,
        }
    }
}

impl<S: Slug> Findings<S> {
    /// What was found about one.
    pub(super) fn of(&self, slug: S) -> &Finding {
        &self.all[slug.position()]
    }
    /// It was tested, and what comes of it is said apart.
    pub(super) fn checked(&mut self, slug: S) {
        self.all[slug.position()].checked += 1;
    }
    /// The run says neither that it holds nor that it does not.
    pub(super) fn undecided(&mut self, slug: S) {
        self.all[slug.position()].undecided = true;
    }
    /// It was measured at this distance from its limit, which is below zero if it does not hold.
    pub(super) fn margin(&mut self, slug: S, margin: f64, measured: f64) {
        let kept = &mut self.all[slug.position()].margin;
        if kept.is_none_or(|(least, _)| margin < least) {
            *kept = Some((margin, measured));
        }
    }
    /// It does not hold. The text is made for the first violation only.
    pub(super) fn violated(&mut self, slug: S, place: Place, text: impl FnOnce() -> String) {
        self.any = true;
        let finding = &mut self.all[slug.position()];
        finding.violations += 1;
        finding.first.get_or_insert_with(|| (place, text()));
    }
    /// One test of it, and its outcome.
    pub(super) fn test(
        &mut self,
        slug: S,
        holds: bool,
        place: Place,
        text: impl FnOnce() -> String,
    ) {
        self.checked(slug);
        if !holds {
            self.violated(slug, place, text);
        }
    }
}

/// Reads records and finds what is wrong.
pub(super) trait Oracle: core::fmt::Debug + 'static {
    /// What it finds something about.
    type Slug: Slug;
    /// Sees a record; every one, once.
    fn observe(&mut self, record: &Record);
    /// The run is over.
    fn finish(&mut self, run: &RunEnd<'_>);
    /// What it found so far.
    fn findings(&self) -> &Findings<Self::Slug>;
}

/// Promises all invariants of a workload, as one oracle finds them.
pub(super) fn promise<O: Oracle>(install: &mut Install<'_>, oracle: O) {
    let watched = Rc::new(Watched {
        oracle: RefCell::new(oracle),
        seen: Cell::new(0),
        found: Cell::new(false),
        finished: Cell::new(false),
    });
    for slug in O::Slug::ALL {
        let promise = Promise {
            watched: Rc::clone(&watched),
            slug: *slug,
            seen: 0,
            given: 0,
        };
        install.promise(slug.name(), promise);
    }
}

/// An oracle, and what each promise asks for at each record.
#[derive(Debug)]
struct Watched<O> {
    oracle: RefCell<O>,
    /// Records that it was shown.
    seen: Cell<u64>,
    /// Whether anything is wrong.
    found: Cell<bool>,
    finished: Cell<bool>,
}

/// One invariant.
#[derive(Debug)]
struct Promise<O: Oracle> {
    watched: Rc<Watched<O>>,
    slug: O::Slug,
    seen: u64,
    /// Violations that were given out.
    given: u64,
}

impl<O: Oracle> Promise<O> {
    fn give(&mut self, ruling: &mut Ruling) {
        let oracle = self.watched.oracle.borrow();
        let finding = oracle.findings().of(self.slug);
        while self.given < finding.violations {
            self.given += 1;
            if let Some(((at, node), text)) = &finding.first {
                ruling.violated(*at, *node, || text.clone());
            }
        }
    }
}

impl<O: Oracle> Invariant for Promise<O> {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        self.seen += 1;
        let watched = &self.watched;
        // The first of the promises that sees a record shows it to the oracle.
        if watched.seen.get() < self.seen {
            let mut oracle = watched.oracle.borrow_mut();
            oracle.observe(record);
            watched.seen.set(self.seen);
            watched.found.set(oracle.findings().any);
        }
        if watched.found.get() {
            self.give(ruling);
        }
    }
    fn finish(&mut self, run: &RunEnd<'_>, ruling: &mut Ruling) {
        if !self.watched.finished.replace(true) {
            self.watched.oracle.borrow_mut().finish(run);
        }
        self.give(ruling);
        let oracle = self.watched.oracle.borrow();
        let finding = oracle.findings().of(self.slug);
        for _ in 0..finding.checked {
            ruling.checked();
        }
        if let Some((margin, measured)) = finding.margin {
            ruling.margin(margin, measured);
        }
        if finding.undecided {
            ruling.undecided();
        }
    }
}
