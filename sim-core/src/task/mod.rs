//! Tasks: futures in a slab, woken by index.

mod ready;
mod slab;
mod waker;

pub(crate) use ready::{Ready, Turn, next_ready, wake_index};
pub(crate) use slab::{TaskFuture, Tasks};
pub(crate) use waker::TaskRef;
