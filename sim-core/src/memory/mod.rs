//! Memory and swap of a node: what a service feels when its host pages.
//!
//! A pure state machine with time as an argument: no events, no clock, no generator of its own. The
//! engine drives it; a page is 4 KiB; rates are a second, costs are virtual time. Equations and
//! constants come from a calibration against a real kernel (44 steady runs, 5 storms); where a
//! number was fitted or assumed, the constant says so.
//!
//! ```text
//!   request half --touch--> Domain --miss--> faults::binomial --F faults, one after the other-->
//!        core: FAULT_CPU | core: reclaim_cost (1 in 46) | SwapDevice::read -> completion
//!   every TICK while next_tick() is Some:  Domain::tick -> background reads, out of memory?
//! ```
//!
//! **The driving contract.** For a request half that touches `k` pages of a class:
//! 1. [`Domain::touch`], always: it is a counter.
//! 2. If [`Domain::busy`] is false stop here: nothing can fault. Otherwise draw the faults with
//!    [`faults::binomial`] under [`Domain::miss`] and report them with [`Domain::fault`].
//! 3. Serve them one after the other: [`faults::FAULT_CPU`] on a core; if [`Domain::reclaiming`],
//!    [`faults::reclaim_cost`] on the core of the same task; then [`SwapDevice::read`], which tells
//!    when the page is there (on the task's core if [`SwapDevice::on_core`]). With the chance
//!    [`Domain::restored_share`] this wait counts as memory pressure too ([`Tasks::restored`]).
//!
//! After every call that takes `now` (press, release, limit, tick, populate, free) ask
//! [`Domain::next_tick`] and have [`Domain::tick`] called then. The residency equations draw
//! nothing: every draw is the caller's, keyed by the ordinal of the thing drawn for.

mod che;
mod class;
mod device;
mod domain;
pub mod faults;
mod gauges;
mod intruder;
pub mod oracle;
pub mod pages;
mod popularity;
mod pressure;
mod saturation;
mod scan;
mod touches;
mod two_list;

pub use class::ClassSpec;
pub(crate) use device::Work;
pub use device::{Device, DeviceStalls, Preset, SwapDevice};
pub use domain::{Domain, GroupLimit, SwapSpace, TICK, Tick, Watermarks, high_delay};
pub use gauges::Victim;
pub use intruder::{Activity, Arrival, Intruder, Pressed};
pub use pressure::{Averages, Pressure, Stall, Tasks};
pub use saturation::{Demand, Saturation, saturation};
pub use two_list::TwoList;

/// Bytes of a page.
pub const PAGE_BYTES: u64 = 4096;

/// The whole part of a count; negative and NaN become zero.
#[expect(
    clippy::cast_possible_truncation,
    reason = "`as` saturates and maps NaN to zero, which is the documented rounding"
)]
pub(crate) const fn whole(count: f64) -> u64 {
    count as u64
}
