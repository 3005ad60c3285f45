//! The disk without a world.

mod content;
mod crash;
mod rot;
mod weather;

use super::power::PowerRules;
use super::weather::Weather;
use crate::plan::{DiskTarget, Primitive};
use crate::{EntryId, Key, NodeId, Seed, VirtualDuration, VirtualTime};

fn key(n: u64) -> Key {
    Key::new(Seed(3), "disk", "test").child(n)
}
fn at_s(s: u64) -> VirtualTime {
    VirtualTime::ZERO + VirtualDuration::from_secs(s)
}
/// All files, or those that a pattern names.
fn on(path: Option<&str>) -> DiskTarget {
    DiskTarget {
        node: NodeId(0),
        path: path.map(str::to_owned),
    }
}
/// Overlays with these ids, put in force one a second.
fn weather(primitives: &[(u32, Primitive)]) -> Weather {
    let mut weather = Weather::default();
    for (s, (id, primitive)) in primitives.iter().enumerate() {
        let now = at_s(s as u64).as_nanos();
        weather.start(EntryId(*id), now, key(u64::from(*id)), primitive);
    }
    weather
}
/// A share of the writes vanishes, a share is torn.
fn rules(lost: f64, torn: f64, unit: u64) -> PowerRules {
    PowerRules {
        lost: vec![(EntryId(1), lost)],
        torn: vec![(EntryId(2), torn, unit)],
        lost_key: key(1),
        torn_key: key(2),
    }
}
