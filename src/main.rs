//! Command line of Squall.
fn main() {}
