//! What services and their callers do about overload and failure: each mechanism in a file with its
//! parameters and its state, none of which knows of the others. All are off unless asked for.
//!
//! | where | mechanisms |
//! | --- | --- |
//! | a replica | [`codel`], [`admission`], [`cache`], [`warm_up`] |
//! | a caller | [`budget`], [`breaker`], [`hedge`], [`pool`], [`health`], [`subset`], [`items`], [`throttle`] |

pub(super) mod admission;
pub(super) mod breaker;
pub(super) mod budget;
pub(super) mod cache;
pub(super) mod codel;
pub(super) mod health;
pub(super) mod hedge;
pub(super) mod items;
pub(super) mod pool;
pub(super) mod subset;
pub(super) mod throttle;
pub(super) mod turn;
pub(super) mod warm_up;

use squall_faults::param::Kind;

/// A count of at least one.
const COUNT: Kind = Kind::Integer {
    min: 1,
    max: 1_000_000,
};
