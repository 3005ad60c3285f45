//! Engine of Squall: virtual time, keyed randomness, event queue, processes, fabric, plan, history
//! and properties.

pub mod depends;
pub mod disk;
pub mod history;
pub mod ids;
pub mod linearizability;
pub mod memory;
pub mod outcome;
pub mod plan;
mod prefetch;
pub mod property;
pub mod queue;
pub mod recording;
pub mod rng;
mod task;
pub mod time;
mod wall_time;
pub mod words;
pub mod world;

pub use ids::{ChannelId, EntryId, KnobId, NameId, Names, NodeId, PortId, ServiceId, SpanId};
pub use rng::{Key, Law, Sample, Seed, Stream};
pub use time::{VirtualDuration, VirtualTime};
pub use wall_time::WallTime;
pub use world::{Cx, World};
