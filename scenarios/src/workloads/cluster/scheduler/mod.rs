//! scheduler: placement of pods on nodes.

pub mod placement;
pub mod trace;
