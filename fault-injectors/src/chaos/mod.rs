//! `[chaos]`: a whole climate drawn from the seed.
//!
//! ```text
//! seed --> which kinds are on, whom they may hit --> slot 1..n: kind, targets, intensities, when
//! ```
//!
//! Each seed switches kinds on and off and has victims of its own; each slot then draws a fault from
//! streams of its own, so that one drawn fault can be taken out and the rest of the weather stays. The
//! budget is kept by construction, not by throwing draws away: at most so many slots have a place in
//! time together, everything that stops or cuts off a node hits the same few, and nothing hits the
//! nodes that must stay healthy. A drawn fault is words of the scenario format: what `squall plan`
//! prints can be pasted into a file, and gives the same run.

mod draw;
mod read;
mod recipe;
mod start;
mod values;

pub use draw::Drawn;
pub(crate) use recipe::describe;
pub use start::{Again, Moment, Start};

use crate::catalog::FaultKind;
use crate::compose::quoted;
use crate::param::{Issue, Kind, Param, Place, Shape};
use squall_core::plan::Land;
use squall_core::{NodeId, VirtualTime};
use std::fmt::Write as _;

/// The label of the climate, and the first part of those of its faults: `chaos/1`.
pub const LABEL: &str = "chaos";

/// The keys of `[chaos]`.
pub const PARAMS: &[Param] = &[
    Param::new(
        "faults",
        Kind::Integer { min: 1, max: 100 },
        "most faults in a seed; each but the first is there in every other seed",
    )
    .default("3"),
    Param::new(
        "concurrent",
        Kind::Integer { min: 1, max: 100 },
        "most faults at one time; as many as there are if missing",
    ),
    Param::new(
        "nodes",
        Kind::Selector(Shape::Nodes),
        "nodes that may be hit; all of them if missing",
    ),
    Param::new(
        "nodes_max",
        Kind::Integer {
            min: 1,
            max: 100_000,
        },
        "most nodes that are hit in a seed",
    )
    .default("3"),
    Param::new(
        "down_max",
        Kind::Integer {
            min: 0,
            max: 100_000,
        },
        "most nodes that are down, stopped or cut off at one time",
    )
    .default("1"),
    Param::new(
        "keep_healthy",
        Kind::Integer {
            min: 0,
            max: 100_000,
        },
        "nodes of `nodes` that nothing hits in a seed",
    )
    .default("1"),
    Param::new(
        "spells",
        Kind::Integer { min: 1, max: 1_000 },
        "most spells of a fault in its time; with more than one each draws its targets anew",
    )
    .default("1"),
    Param::new(
        "roles",
        Kind::Flag,
        "whether a fault may also hit whoever has a role, such as the leader of a workload",
    )
    .default("false"),
    Param::new(
        "moments",
        Kind::List(&Kind::Text),
        "events, such as `kv.leader-elected` or `node-started`: every other fault starts within 100ms of one, \
         and not at a time",
    ),
    Param::new(
        "kinds",
        Kind::List(&Kind::Text),
        "faults or families, such as `link`, that may be drawn; all that can be if missing",
    ),
    Param::new(
        "without",
        Kind::List(&Kind::Text),
        "faults or families that are not drawn",
    ),
    Param::new(
        "from",
        Kind::Duration,
        "when it begins; a tenth into the run if missing",
    ),
    Param::new(
        "until",
        Kind::Duration,
        "when all is healed; `quiet` before the end if missing",
    ),
    Param::new(
        "quiet",
        Kind::Duration,
        "time at the end of the run without faults; a quarter of it if missing",
    ),
    Param::new(
        "land",
        Kind::Choice(&["any", "every seed", "optional"]),
        "where one of the drawn faults must have an effect: in any seed, in every seed, or nowhere",
    )
    .default("any"),
];

/// What a climate is drawn from: a checked `[chaos]`.
#[derive(Clone, Debug)]
pub struct Chaos {
    /// Most faults in a seed.
    pub faults: u32,
    /// Most faults at one time.
    pub concurrent: u32,
    /// Nodes that may be hit.
    pub pool: Vec<NodeId>,
    /// Most nodes that are hit.
    pub nodes_max: usize,
    /// Most nodes that are down, stopped or cut off at one time.
    pub down_max: usize,
    /// Nodes of the pool that nothing hits.
    pub keep_healthy: usize,
    /// Most spells of a fault in its time.
    pub spells: u32,
    /// Whether a fault may hit whoever has a role.
    pub roles: bool,
    /// Events at which a fault may start.
    pub moments: Vec<String>,
    /// Faults that may be drawn, in the order of the catalogue.
    pub kinds: Vec<&'static FaultKind>,
    /// When it begins.
    pub from: VirtualTime,
    /// When all is healed.
    pub until: VirtualTime,
    /// The end of the run.
    pub stop: VirtualTime,
    /// What it takes to count as having happened.
    pub land: Land,
    /// Where it stands in the file.
    pub place: Place,
    /// Line of the file.
    pub line: u32,
}

/// Whether this names a drawn fault: one that was pasted into a file keeps its name, by which its draws are keyed.
pub(crate) fn is_drawn(name: &str) -> bool {
    let slot = name
        .strip_prefix(LABEL)
        .and_then(|rest| rest.strip_prefix('/'));
    slot.is_some_and(|slot| !slot.is_empty() && slot.bytes().all(|digit| digit.is_ascii_digit()))
}

/// A climate in the syntax of a scenario file: faults to be pasted in place of `[chaos]`.
pub fn text(drawn: &[Drawn]) -> String {
    let mut text = String::new();
    for fault in drawn {
        let _ = writeln!(
            text,
            "[[fault]]\nname = \"{LABEL}/{}\"\n{}for = \"{}\"\nland = \"optional\"",
            fault.slot,
            fault.start.text(),
            fault.length
        );
        if fault.asks {
            text.push_str("if_none = \"skip\"\n");
        }
        let value = |(key, words): &(&'static str, String)| {
            let param = fault.kind.params.iter().find(|p| p.key == *key);
            let kind = param.map_or(Kind::Text, |p| p.kind);
            format!("{key} = {}", quoted(&kind, words))
        };
        let values: Vec<String> = fault.args.iter().map(value).collect();
        let _ = writeln!(
            text,
            "inject.{} = {{ {} }}",
            fault.kind.name,
            values.join(", ")
        );
    }
    text
}

/// An issue with the whole record.
fn issue(message: impl Into<String>, place: &Place) -> Issue {
    Issue::new(
        message,
        place.span.start..place.span.end.min(place.span.start + 1),
    )
}
