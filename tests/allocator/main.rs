//! What an allocator can see and do: that its addresses and contents change no digest, and that worlds
//! which are used again and again do not grow.
//!
//! These tests are a program of their own because they replace the allocator of the whole process.

mod budgets;
mod digests;
mod growth;
mod heap;
