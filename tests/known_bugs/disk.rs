//! Faults of disks.

use crate::pair::Pair;

pub(crate) const PAIRS: &[Pair] = &[];
