//! Selectors: targets in words.
//!
//! ```text
//! selector = [pick "of"] set {filter}
//! pick     = "all" | "any" N | N"%" | "up to" N"%" | "minority" | "majority"
//! set      = term {("+" | "-") term}
//! term     = group | node | group"["N"]" | label"="value | "host of" workload | role "of" name
//! filter   = "zone" value | "not" term | "except {" term {"," term} "}" | "spread" label
//!          | "keep_healthy" (number | "quorum")
//! links    = selector ("->" | "<->") selector | "path of" unit
//! ```
//!
//! A set has a fixed order (the topology's). A pick that is not `all` draws one permutation of it
//! an occurrence and takes the first members. A selector that matches nothing is an error. Nodes may also
//! be a table with the same words: [`LONG`].

mod long;
mod parse;
mod resolve;

pub use long::LONG;
pub(crate) use long::long_form;
pub(crate) use resolve::{apart, pairs};

use crate::trigger::Bound;

use std::ops::Range;

/// Nodes in words.
#[derive(Clone, Debug, PartialEq)]
pub struct Selector {
    /// The words.
    pub text: String,
    /// How many of the set.
    pub pick: Pick,
    /// The set: terms added and taken away in order.
    pub terms: Vec<Term>,
    /// What the set is reduced by.
    pub filters: Vec<Filter>,
    /// How many nodes of its groups must be left, if it says so itself.
    pub floor: Option<Bound>,
}

/// Directed links in words.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkSelector {
    /// The senders.
    pub from: Selector,
    /// The receivers.
    pub to: Selector,
    /// Whether the links back are meant too.
    pub both: bool,
    /// Where the words for the receivers begin.
    pub to_start: usize,
    /// The links that this unit of the dependency map uses, instead of those between two ends.
    pub path: Option<PathOf>,
}

/// `path of W`: a workload, a service, a loop, and where its name stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathOf {
    /// Its name.
    pub unit: String,
    /// The bytes of that.
    pub range: Range<usize>,
}

/// How many members of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// Every one.
    All,
    /// This many.
    Any(u32),
    /// A share in hundredths of a percent, rounded up, at least one; `up_to` draws a number from one
    /// to that.
    Share {
        /// Hundredths of a percent.
        parts: u32,
        /// Whether fewer may be drawn.
        up_to: bool,
    },
    /// The largest number that is less than half.
    Minority,
    /// The smallest number that is more than half.
    Majority,
}

/// A part of a set and where its words stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// Whether its members are taken away.
    pub minus: bool,
    /// Its members.
    pub who: Who,
    /// Its bytes in the selector.
    pub range: Range<usize>,
}

/// Members of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// A node or a group.
    Named(String),
    /// A node of a group.
    Indexed(String, u32),
    /// The nodes with a label of this value.
    Label(String, String),
    /// The nodes on which a workload runs.
    HostOf(String),
    /// The nodes that have a role.
    Role(String, String),
}

/// What a set is reduced by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Only these stay.
    Only(Term),
    /// These go.
    Without(Vec<Term>),
    /// Members are taken round robin over the values of this label.
    Spread(String),
}

impl Pick {
    /// Whether a draw decides who is taken.
    pub const fn is_drawn(self) -> bool {
        !matches!(self, Self::All)
    }
}
