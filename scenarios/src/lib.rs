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
//!
//! ```
//! use squall_core::Seed;
//! use squall_scenarios::{Settings, parse, plan_text};
//!
//! let text = r#"
//! name = "one loss"
//! stop = { at = "1m" }
//! topology.nodes.kv = { count = 3 }
//!
//! [[fault]]
//! at = "10s"
//! inject.node-loss = { nodes = "kv[1]", restart_after = "5s" }
//! "#;
//! let scenario = parse("one-loss.toml", text, &Settings::default()).expect("a valid file");
//! let plan = scenario.plan(Seed(1)).expect("a plan for this seed");
//! let timeline = plan_text(&plan, &scenario.topology);
//! assert_eq!(timeline, "  00:10.000  for 5s  node-loss#1  kv-1  down, peers see silence\n");
//!
//! let broken = text.replace("node-loss", "node-los");
//! let report = parse("one-loss.toml", &broken, &Settings::default()).expect_err("a typing error");
//! assert!(report.to_string().contains("did you mean `node-loss`?"));
//! ```

mod diagnose;
mod file;
mod judge;
pub mod log;
mod overrides;
pub mod regression;
mod run;
mod scenario;
pub mod schema;
pub mod tables;
mod traces;
mod tree;
pub mod workloads;

pub use diagnose::{Diagnostic, Origin, Report};
pub use file::{parse, properties_for, properties_for_log};
pub use judge::{JudgeError, Judged, Times};
pub use overrides::Settings;
pub use regression::Regression;
pub use run::{Ready, SeedRun};
pub use scenario::{
    About, Expect, FileUse, Files, LinkBase, LinkRule, LinkSpec, Matrix, NodeGroup, Scenario,
    Variant, WorkloadUse,
};
pub use squall_faults::plan_text;
