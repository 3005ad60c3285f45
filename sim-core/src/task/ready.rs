//! The ready queue: first in, first out; a task woken twice before it runs is queued once.
//!
//! Wakers carry nothing but an index, so the queue they push to is the one of the run that is in
//! progress on this thread. A run brings its own queue and takes it away again ([`Turn`]), so
//! nothing is left behind for the next run.

use std::cell::RefCell;
use std::collections::VecDeque;

/// Tasks ready to run.
#[derive(Debug, Default)]
pub(crate) struct Ready {
    queue: VecDeque<u32>,
    /// By task index: whether it is in `queue`.
    queued: Vec<bool>,
}

impl Ready {
    fn push(&mut self, index: u32) {
        let at = index as usize;
        if at >= self.queued.len() {
            self.queued.resize((at + 1).next_power_of_two(), false);
        }
        if !core::mem::replace(&mut self.queued[at], true) {
            self.queue.push_back(index);
        }
    }
    fn pop(&mut self) -> Option<u32> {
        let index = self.queue.pop_front()?;
        self.queued[index as usize] = false;
        Some(index)
    }
}

thread_local! {
    static READY: RefCell<Ready> = RefCell::default();
}

/// Makes the task at `index` ready. If another task has taken its place, that one is polled once
/// more than necessary, which futures allow.
pub(crate) fn wake_index(index: u32) {
    READY.with_borrow_mut(|ready| ready.push(index));
}

/// The next ready task.
pub(crate) fn next_ready() -> Option<u32> {
    READY.with_borrow_mut(Ready::pop)
}

/// While it lives, the ready queue of this thread is the one given; then the one before is back.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    own: &'a RefCell<Ready>,
    outer: Ready,
}

impl<'a> Turn<'a> {
    /// Puts `own` in place.
    pub(crate) fn begin(own: &'a RefCell<Ready>) -> Self {
        let outer = READY.replace(own.take());
        Self { own, outer }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let outer = core::mem::take(&mut self.outer);
        self.own.replace(READY.replace(outer));
    }
}
