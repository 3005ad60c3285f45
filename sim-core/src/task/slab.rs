//! The slab of tasks.

use super::TaskRef;
use crate::NodeId;
use crate::prefetch::prefetch;
use core::fmt;
use core::future::Future;
use core::pin::Pin;

/// What a task runs.
pub(crate) type TaskFuture = Pin<Box<dyn Future<Output = ()>>>;

struct Slot {
    future: Option<TaskFuture>,
    generation: u32,
    /// `FREE` if there is no task; a task is there even while its future is out being polled.
    node: NodeId,
}

/// The node of a slot without a task.
const FREE: NodeId = NodeId(u32::MAX);

const _: () = assert!(size_of::<Slot>() == 24, "a slot of a task is 24 bytes");

/// All tasks of a run.
#[derive(Default)]
pub(crate) struct Tasks {
    slots: Vec<Slot>,
    free: Vec<u32>,
    /// By slot, the memory group of the task's process; empty as long as all are in none.
    groups: Vec<u8>,
}

impl fmt::Debug for Tasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} tasks", self.count())
    }
}

impl Tasks {
    /// Number of tasks that are alive.
    pub(crate) fn count(&self) -> usize {
        self.slots.len() - self.free.len()
    }
    pub(crate) fn insert(&mut self, node: NodeId, future: TaskFuture) -> TaskRef {
        if let Some(index) = self.free.pop() {
            let slot = &mut self.slots[index as usize];
            slot.future = Some(future);
            slot.node = node;
            return TaskRef {
                index,
                generation: slot.generation,
            };
        }
        let index = u32::try_from(self.slots.len()).expect("fewer than 2^32 tasks");
        self.slots.push(Slot {
            future: Some(future),
            generation: 0,
            node,
        });
        TaskRef {
            index,
            generation: 0,
        }
    }
    /// Says which memory group of its node a task belongs to; 0 is none, and goes without saying as long
    /// as nobody is in another.
    pub(crate) fn mark(&mut self, task: TaskRef, group: u8) {
        if group == 0 && self.groups.is_empty() {
            return;
        }
        let index = task.index as usize;
        if self.groups.len() <= index {
            self.groups.resize(index + 1, 0);
        }
        self.groups[index] = group;
    }
    /// Whether this task is still alive.
    pub(crate) fn is_live(&self, task: TaskRef) -> bool {
        let slot = &self.slots[task.index as usize];
        slot.node != FREE && slot.generation == task.generation
    }
    /// The node of the task at `index`, if that is of the given generation, where one is given.
    #[inline]
    pub(crate) fn node(&self, index: u32, generation: Option<u32>) -> Option<NodeId> {
        let slot = self.slots.get(index as usize)?;
        let same = generation.is_none_or(|generation| slot.generation == generation);
        (slot.node != FREE && same).then_some(slot.node)
    }
    /// Fetches the slot at `index` into the cache.
    #[inline]
    pub(crate) fn prefetch_slot(&self, index: u32) {
        prefetch(&self.slots[index as usize]);
    }
    /// Fetches the future at `index` into the cache.
    #[inline]
    pub(crate) fn prefetch_future(&self, index: u32) {
        if let Some(future) = &self.slots[index as usize].future {
            prefetch(&**future);
        }
    }
    /// Takes the future out to poll it outside the slab.
    pub(crate) fn take(&mut self, index: u32) -> Option<(TaskRef, TaskFuture)> {
        let slot = self.slots.get_mut(index as usize)?;
        let future = slot.future.take()?;
        let generation = slot.generation;
        Some((TaskRef { index, generation }, future))
    }
    /// Puts a future back that was not ready. If the task was killed meanwhile the future comes back
    /// to be dropped by the caller.
    pub(crate) fn put_back(&mut self, task: TaskRef, future: TaskFuture) -> Option<TaskFuture> {
        if !self.is_live(task) {
            return Some(future);
        }
        self.slots[task.index as usize].future = Some(future);
        None
    }
    /// Frees the slot of a task that is done, or was killed.
    pub(crate) fn remove(&mut self, task: TaskRef) -> Option<TaskFuture> {
        if !self.is_live(task) {
            return None;
        }
        let slot = &mut self.slots[task.index as usize];
        slot.node = FREE;
        slot.generation = slot.generation.wrapping_add(1);
        self.free.push(task.index);
        slot.future.take()
    }
    /// Kills all tasks of `node`; their futures go to `dead`, to be dropped where they may still
    /// look at the world.
    pub(crate) fn kill(&mut self, node: NodeId, dead: &mut Vec<TaskFuture>) {
        self.kill_where(dead, |of, _| of == node);
    }
    /// The same for those of one memory group.
    pub(crate) fn kill_group(&mut self, node: NodeId, group: u8, dead: &mut Vec<TaskFuture>) {
        self.kill_where(dead, |of, own| of == node && own == group);
    }
    fn kill_where(&mut self, dead: &mut Vec<TaskFuture>, dies: impl Fn(NodeId, u8) -> bool) {
        for index in 0..self.slots.len() {
            let slot = &self.slots[index];
            let group = self.groups.get(index).copied().unwrap_or(0);
            if dies(slot.node, group) {
                let task = TaskRef {
                    index: u32::try_from(index).expect("fewer than 2^32 tasks"),
                    generation: slot.generation,
                };
                dead.extend(self.remove(task));
            }
        }
    }
    /// Takes all futures out and forgets all tasks; generations go on.
    pub(crate) fn clear(&mut self, dead: &mut Vec<TaskFuture>) {
        dead.extend(self.slots.drain(..).filter_map(|slot| slot.future));
        self.free.clear();
        self.groups.clear();
    }
}
