//! Engine of Squall: virtual time, keyed randomness, event queue, processes, fabric, plan, history
//! and properties.

pub mod rng;
pub mod time;

pub use rng::{Key, Law, Sample, Seed, Stream};
pub use time::{VirtualDuration, VirtualTime};
