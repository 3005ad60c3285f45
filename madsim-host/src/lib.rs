//! madsim host.
