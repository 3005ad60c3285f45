//! Toy systems: one weakness each can be switched off.

pub(crate) mod channel;
pub(crate) mod lease;
pub(crate) mod primary;
pub(crate) mod store;
