//! Squall: deterministic simulation and chaos testing.
//!
//! One seeded virtual clock runs agent workflows, edge control loops and cluster nodes under injected
//! faults, checks what was promised, and replays every failure from its seed, byte for byte.
//!
//! * [`load`] and [`Campaign`](core::outcome::Campaign): a scenario file to a verdict; see
//!   [`campaign::run`].
//! * [`shrink`]: a failing seed to the smallest plan that still fails, as a regression file.
//! * [`explain`]: the causes of a failing seed, and its innocents.
//! * [`testing`]: scenario files, and worlds written in Rust, as named tests of `cargo test`.
//! * [`core`]: the engine, for models of your own. [`faults`], [`scenarios`], [`reports`]: the
//!   catalogue, the file format and workloads, and what is printed.
//!
//! ```
//! use squall::core::world::{Bounds, NodeSpec, World};
//! use squall::core::{Seed, VirtualDuration, VirtualTime};
//!
//! let mut world = World::new(Seed(0x11), false);
//! let node = world.add_node(&NodeSpec::new("worker"));
//! let done = world.name("done");
//! world.process(node, "job", move |cx| async move {
//!     cx.compute(VirtualDuration::from_millis(30)).await;
//!     cx.event(done, 1, 0);
//! });
//! world.run(Bounds::until(VirtualTime::ZERO + VirtualDuration::from_secs(1)));
//! ```

pub mod campaign;
pub mod explain;
mod files;
pub mod shrink;
pub mod testing;

pub use files::{GZIP, LoadError, Place, load, scenario_files};
pub use squall_core as core;
pub use squall_faults as faults;
pub use squall_reports as reports;
pub use squall_scenarios as scenarios;
