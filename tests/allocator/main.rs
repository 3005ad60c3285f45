//! What an allocator can see and do: that its addresses and contents change no digest, and that worlds
//! which are used again and again do not grow.
//!
//! These tests are a program of their own because they replace the allocator of the whole process.

#![expect(clippy::print_stdout, reason = "what was counted is said aloud")]

mod budgets;
mod digests;
mod growth;
mod heap;
