//! Scenario files and workloads of Squall.
//!
//! ```text
//! text --settings (--set, variants)--> effective text --tree--> Args --check--> Scenario --plan(seed)--> Plan
//!                                                           \--> Report: all errors, each with a caret
//! ```
//!
//! * [`parse`]: a file and its settings to a checked [`Scenario`], or a [`Report`] of every error.
//! * [`tables`]: the keys of the file format, from which reader and [`schema`] derive.
//! * [`workloads`]: the kinds of workload. Adding one is a module and a line in [`workloads::ALL`].
//!
//! The crate touches no file, no clock and no terminal: whoever calls it does.

mod diagnose;
mod file;
mod overrides;
mod run;
mod scenario;
pub mod schema;
pub mod tables;
mod tree;
pub mod workloads;

pub use diagnose::{Diagnostic, Origin, Report};
pub use file::parse;
pub use overrides::Settings;
pub use run::{Ready, SeedRun};
pub use scenario::{
    About, Expect, FileUse, Files, LinkRule, LinkSpec, NodeGroup, Scenario, Variant, WorkloadUse,
};
pub use squall_faults::plan_text;
