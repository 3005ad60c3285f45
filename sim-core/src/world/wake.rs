//! Whom to wake: a task by index, or whatever waker a combinator brought.

use super::kernel::{Kernel, Kind};
use crate::task::{TaskRef, wake_index};
use core::task::Waker;

/// Somebody who waits.
#[derive(Clone, Debug)]
pub(crate) enum Wake {
    Task(TaskRef),
    Foreign(Waker),
    /// Something that is parked: see [`super::call`].
    Parked(u64),
}

impl Wake {
    /// Whoever `waker` stands for.
    pub(crate) fn of(waker: &Waker) -> Self {
        TaskRef::of(waker).map_or_else(|| Self::Foreign(waker.clone()), Self::Task)
    }
    /// Whether the two wake the same.
    pub(crate) fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Task(a), Self::Task(b)) => a == b,
            (Self::Foreign(a), Self::Foreign(b)) => a.will_wake(b),
            (Self::Parked(a), Self::Parked(b)) => a == b,
            _ => false,
        }
    }
    /// Whether it would wake the same.
    pub(crate) fn is(&self, waker: &Waker) -> bool {
        match self {
            Self::Task(task) => TaskRef::of(waker) == Some(*task),
            Self::Foreign(own) => own.will_wake(waker),
            Self::Parked(_) => false,
        }
    }
}

impl Kernel {
    /// Wakes who waits, if it is still there.
    pub(super) fn wake(&mut self, wake: Wake) {
        match wake {
            Wake::Task(task) if self.tasks.is_live(task) => wake_index(task.index),
            Wake::Task(_) => {}
            Wake::Foreign(waker) => waker.wake(),
            Wake::Parked(number) => self.schedule(self.now, Kind::Parked, 0, number),
        }
    }
}
