//! Index wakers: the data pointer *is* the task's index and generation, so that clone and drop do
//! nothing. The only module of the crate with unsafe code.
#![expect(
    unsafe_code,
    reason = "a waker without an allocation needs a hand-made table"
)]

use super::wake_index;
use core::task::{RawWaker, RawWakerVTable, Waker};

/// A task by index and generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TaskRef {
    pub(crate) index: u32,
    pub(crate) generation: u32,
}

const _: () = assert!(
    size_of::<usize>() == 8,
    "index and generation share a pointer"
);

static TABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake, drop);

fn clone(data: *const ()) -> RawWaker {
    RawWaker::new(data, &TABLE)
}
fn wake(data: *const ()) {
    wake_index(TaskRef::from_data(data).index);
}
fn drop(_: *const ()) {}

impl TaskRef {
    fn data(self) -> *const () {
        let word = (u64::from(self.generation) << 32) | u64::from(self.index);
        core::ptr::without_provenance(usize::try_from(word).expect("a pointer has 64 bits"))
    }
    #[expect(clippy::cast_possible_truncation, reason = "the two halves of a word")]
    fn from_data(data: *const ()) -> Self {
        let word = data.addr() as u64;
        Self {
            index: word as u32,
            generation: (word >> 32) as u32,
        }
    }
    /// The waker of this task.
    pub(crate) fn waker(self) -> Waker {
        // SAFETY: the data is never dereferenced: every function of the table reads the number of
        // the pointer only, owns nothing, and may be called from any thread (a wake on another
        // thread goes to that thread's own queue).
        unsafe { Waker::from_raw(RawWaker::new(self.data(), &TABLE)) }
    }
    /// The task that `waker` wakes, if it is one of ours and not a combinator's.
    pub(crate) fn of(waker: &Waker) -> Option<Self> {
        core::ptr::eq(waker.vtable(), &TABLE).then(|| Self::from_data(waker.data()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::next_ready;
    use super::*;

    #[test]
    fn a_waker_is_its_index_and_wakes_once() {
        let task = TaskRef {
            index: 7,
            generation: 3,
        };
        let waker = task.waker();
        assert_eq!(TaskRef::of(&waker.clone()), Some(task));
        assert_eq!(TaskRef::of(Waker::noop()), None);
        waker.wake_by_ref();
        waker.wake();
        assert_eq!((next_ready(), next_ready()), (Some(7), None));
    }
}
