//! Composition: ramps of a parameter, groups of faults, and what presets and drawn climates need.
//!
//! ```text
//! [[fault]] record --read--> FaultUse + Composed --lower--> fixed windows
//! ```
//!
//! A group is no fault: its members are ordinary faults with labels of their own, `group/member`, and
//! the plan, a report or a shrinker sees nothing else. What a member needs to know of its group
//! stands in its [`Composed`].

mod calm;
mod group;
mod ramp;
mod read;
mod tables;
mod words;

pub(crate) use group::Groups;
pub use group::{Bundle, Calm, Group, Member, Order, Part};
pub use ramp::Ramp;
pub(crate) use read::land_of;
pub use read::{Reading, labels_of, read};
pub use tables::{FAULTS, KNOB, SCALE, SENSOR, USE, WITHOUT, WORKLOAD};
pub use tables::{GAP, INJECT, LINKS, NODES, PARALLEL, RAMP, REPEAT, SERIAL, SERVICE, SET};
pub use words::DrawnArg;
pub(crate) use words::{fill, node_at, quoted, record_of, significant};

use crate::draws::Draws;
use crate::lowering::{FaultUse, Refusal};
use crate::param::Args;
use crate::preset;
use squall_core::VirtualDuration;
use squall_core::plan::Land;

/// How a fault stands among others, and what of it changes. The default is a fault that stands alone
/// and does not change.
#[derive(Clone, Debug, Default)]
pub struct Composed {
    /// A parameter that goes up or down in steps while the fault lasts.
    pub ramp: Option<Ramp>,
    /// The group that says when it has its turn.
    pub member: Option<Member>,
    /// Parameters that are drawn once a seed.
    pub drawn: Vec<DrawnArg>,
    /// The label of a preset of which any one part must land, and how: it is in its place.
    pub as_one: Option<(String, Land)>,
}

/// Whether records of this kind are several faults: a preset, or a sort of group.
pub(crate) fn is_composite(kind: &str) -> bool {
    matches!(kind, "serial" | "parallel") || preset::find(kind).is_some()
}

impl Composed {
    /// Whether the ramp fits into the shortest length that the fault may have.
    pub(crate) fn check_ramp(
        &self,
        fault: &FaultUse,
        own: Option<VirtualDuration>,
    ) -> Result<(), Refusal> {
        let Some(ramp) = &self.ramp else {
            return Ok(());
        };
        ramp.check_length(&fault.timing, own)
    }

    /// The parameters of this seed, if any of them is drawn.
    pub(crate) fn draw_args(
        &self,
        fault: &FaultUse,
        draws: &Draws,
    ) -> Result<Option<Args>, Refusal> {
        if self.drawn.is_empty() {
            return Ok(None);
        }
        let mut args = fault.args.clone();
        for drawn in &self.drawn {
            drawn.draw(fault.kind, &mut args, draws)?;
        }
        Ok(Some(args))
    }
}
