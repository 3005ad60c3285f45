//! The host that runs real tokio code on madsim, under the same plan, history and properties as the
//! native engine.
//!
//! ```text
//!   HostedRun ──run()──> madsim runtime ── node 0: nemesis, applies Plan::timeline()
//!     nodes, plan,          (one OS thread)  node 1..: the user's services
//!     monitors, knobs                                  │ Cx, Recorder
//!                                                      v
//!   Hosted <──── verdicts, digest, records ──────── History
//! ```
//!
//! **The flag.** madsim is there only if `--cfg madsim` reaches every crate of the build; `cargo
//! simtest` does that. Any other build carries no madsim at all: [`HostedRun::run`] then answers
//! [`HostError::NoHost`], and never runs services in real time.
//!
//! **Driving contract** of a hosted run:
//! 1. the plan is checked against [`capability`]; what madsim cannot do is an error before the run;
//! 2. nodes are created in the order of the builder, and what the plan says for time zero is applied
//!    before the first line of a service runs;
//! 3. the nemesis wakes at each step of the timeline, and writes a fault record with the planned time
//!    (exact, comparable between hosts) and the observed one (some 50 ns later);
//! 4. the run ends at its bound, or at the first panic of a node, which is a failed verdict;
//! 5. what services write after their node crashed, or after the end, is dropped.
//!
//! **A fresh process a seed.** Lazy statics, `select!` without `biased` and generators of other
//! crates keep state in the process, so the second run of a seed in one process may differ from the
//! first. `docs/madsim.md` lists this and the other holes.

#![forbid(unsafe_code)]

pub mod bridge;
pub mod capability;
pub mod host;
#[cfg(madsim)]
mod nemesis;
#[cfg(madsim)]
mod overlay;
#[cfg(madsim)]
mod panics;
#[cfg(madsim)]
mod result;
#[cfg_attr(
    not(madsim),
    expect(dead_code, reason = "without madsim no run is ever begun")
)]
mod run;
#[cfg(madsim)]
mod stall;

pub use bridge::{Cx, Op, Recorder};
pub use capability::{Limit, Shape, Support, check, support};
pub use host::{HostError, Hosted, HostedRun, planned};
