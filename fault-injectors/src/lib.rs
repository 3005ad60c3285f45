//! Fault catalogue of Squall: named faults, and how they become a plan.
//!
//! ```text
//! scenario file --param--> FaultUse --lower(seed, topology)--> Plan --> host
//! ```
//!
//! * [`param`]: the tables behind every key of a scenario file, with readers of units and laws.
//! * [`selector`]: targets in words. [`topology`]: what they are resolved against.
//! * [`timing`]: when, how long, how often.
//! * [`catalog`]: the named faults. Adding one is an item in its family's file and a line in
//!   [`catalog::ALL`].
//! * [`frozen`]: plans as text that people edit. [`shrink`]: the smallest plan that still fails.
//! * [`lower`]: all faults of one seed to a [`Plan`](squall_core::plan::Plan).
//!
//! All draws of a fault end here, keyed by its label: removing one fault moves no draw of another.

pub mod catalog;
mod channels;
pub mod chaos;
pub mod compose;
mod conflict;
mod draws;
mod fields;
pub mod frozen;
mod lowering;
pub mod param;
pub mod preset;
pub mod selector;
pub mod shrink;
#[cfg(feature = "proptest")]
pub mod strategies;
mod text;
pub mod timing;
pub mod topology;
pub mod trigger;

pub use catalog::{FaultKind, Support};
pub use compose::Composed;
pub use draws::Draws;
pub use lowering::{FaultUse, LowerError, Lowering, Refusal, check_start, labels, lower};
pub use param::{Args, Issue, Kind, Param, Place, Value};
pub use selector::{LinkSelector, Selector};
pub use text::{effect, plan_summary, plan_text, target};
pub use timing::Timing;
pub use topology::Topology;
