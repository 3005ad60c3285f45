//! The state of the run that goes on on this thread: history, names, clock, and which nodes live.
//!
//! It is thread-local because monitors are not `Send`, while the handles of services must be. One
//! run at a time owns the thread; [`begin`] and [`end`] bracket it, and every access names its run.

use squall_core::history::{Digest, FaultChange, History, NodeChange, What};
use squall_core::{EntryId, NameId, Names, NodeId, Seed, VirtualTime};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

thread_local! {
    static RUN: RefCell<Option<Run>> = const { RefCell::new(None) };
}

/// What is fixed before a run starts.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) seed: Seed,
    /// Names and addresses of the nodes, by id.
    pub(crate) nodes: Vec<(String, IpAddr)>,
    /// Names and base values of the knobs, by id.
    pub(crate) knobs: Vec<(String, f64)>,
}

/// The run that goes on on this thread.
#[derive(Debug)]
pub(crate) struct Run {
    id: u64,
    clock: Clock,
    history: History,
    names: Names,
    next_op: u32,
    nodes: Vec<Process>,
    /// Value and cause of each knob that the plan has changed, by (node, knob).
    knobs: BTreeMap<(NodeId, usize), (f64, Vec<EntryId>)>,
    /// Planned start of each entry.
    starts: Vec<VirtualTime>,
    landed: BTreeMap<EntryId, VirtualTime>,
}

/// The process of a node.
#[derive(Clone, Copy, Debug, Default)]
struct Process {
    /// How many starts there were.
    starts: u32,
    /// Whether the last one still runs.
    running: bool,
}

/// What a run leaves behind.
#[derive(Debug)]
pub(crate) struct Left {
    pub(crate) end: VirtualTime,
    pub(crate) digest: Digest,
    pub(crate) count: u64,
    pub(crate) names: Names,
    pub(crate) landed: BTreeMap<EntryId, VirtualTime>,
    pub(crate) history: History,
}

/// Begins a run on this thread.
///
/// # Panics
/// If one goes on: a hosted service cannot host another run.
pub(crate) fn begin(run: Run) {
    RUN.with_borrow_mut(|slot| {
        assert!(slot.is_none(), "one run at a time owns a thread");
        *slot = Some(run);
    });
}

/// Whether a run goes on on this thread.
#[cfg(madsim)]
pub(crate) fn goes_on() -> bool {
    RUN.with_borrow(Option::is_some)
}

/// Ends the run on this thread and takes what it leaves.
#[cfg(madsim)]
pub(crate) fn end() -> Left {
    let run = RUN.take().expect("a run that ends has begun");
    let end = run.now();
    Left {
        end,
        digest: run.history.digest(),
        count: run.history.count(),
        names: run.names,
        landed: run.landed,
        history: run.history,
    }
}

/// Acts on run `id`, if it is the one that goes on on this thread.
pub(crate) fn with<T>(id: u64, act: impl FnOnce(&mut Run) -> T) -> Option<T> {
    // A thread that is being torn down has no run any more.
    RUN.try_with(|slot| {
        let mut slot = slot.borrow_mut();
        slot.as_mut().filter(|run| run.id == id).map(act)
    })
    .ok()
    .flatten()
}

impl Run {
    /// A run whose history is `history`, with `nodes` nodes that have not started yet.
    pub(crate) fn new(
        id: u64,
        clock: Clock,
        (history, names): (History, Names),
        nodes: usize,
        starts: Vec<VirtualTime>,
    ) -> Self {
        Self {
            id,
            clock,
            history,
            names,
            next_op: 0,
            nodes: vec![Process::default(); nodes],
            knobs: BTreeMap::new(),
            starts,
            landed: BTreeMap::new(),
        }
    }
    /// Virtual time since the start of the run.
    pub(crate) fn now(&self) -> VirtualTime {
        self.clock.now()
    }
    /// Appends a record, now.
    pub(crate) fn push(&mut self, what: What) {
        let now = self.clock.now();
        self.history.push(now, what);
    }
    /// The number of `text`.
    pub(crate) fn name(&mut self, text: &str) -> NameId {
        self.names.intern(text)
    }
    /// A new operation.
    pub(crate) const fn op(&mut self) -> u32 {
        let op = self.next_op;
        self.next_op += 1;
        op
    }
    /// Whether start number `start` of `node` still runs.
    pub(crate) fn runs(&self, node: NodeId, start: u32) -> bool {
        let process = self.nodes[node.index()];
        process.running && process.starts == start + 1
    }
    /// Whether the process of `node` runs.
    pub(crate) fn is_up(&self, node: NodeId) -> bool {
        self.nodes[node.index()].running
    }
    /// A process starts on `node`; its number, from 0.
    pub(crate) fn started(&mut self, node: NodeId) -> u32 {
        let process = &mut self.nodes[node.index()];
        process.running = true;
        process.starts += 1;
        process.starts - 1
    }
    /// The process of `node` is gone.
    pub(crate) fn stopped(&mut self, node: NodeId) {
        self.nodes[node.index()].running = false;
    }
    /// Writes a change of `node`.
    pub(crate) fn node(&mut self, node: NodeId, change: NodeChange) {
        self.push(What::Node { node, change });
    }
    /// Writes that `entry` had its first effect; later effects are not written.
    pub(crate) fn land(&mut self, entry: EntryId) {
        let now = self.clock.now();
        if let std::collections::btree_map::Entry::Vacant(first) = self.landed.entry(entry) {
            first.insert(now);
            self.push(What::Fault {
                entry,
                change: FaultChange::Landed,
                planned: self.starts[entry.index()],
            });
        }
    }
    /// Reads knob `index` on `node`: `None` if no overlay changes it.
    pub(crate) fn knob(&mut self, node: NodeId, index: usize) -> Option<f64> {
        let (value, by) = self.knobs.get(&(node, index))?.clone();
        by.into_iter().for_each(|entry| self.land(entry));
        Some(value)
    }
    /// Sets what overlays make of knob `index` on `node`.
    pub(crate) fn set_knob(&mut self, node: NodeId, index: usize, to: Option<(f64, Vec<EntryId>)>) {
        match to {
            Some(to) => _ = self.knobs.insert((node, index), to),
            None => _ = self.knobs.remove(&(node, index)),
        }
    }
}

/// The clock of the simulation.
pub(crate) struct Clock(
    #[cfg(madsim)] pub(crate) madsim::time::TimeHandle,
    #[cfg(not(madsim))] std::convert::Infallible,
);

impl Clock {
    fn now(&self) -> VirtualTime {
        #[cfg(madsim)]
        {
            let ns = self.0.elapsed().as_nanos();
            VirtualTime::from_nanos(u64::try_from(ns).unwrap_or(u64::MAX))
        }
        #[cfg(not(madsim))]
        match self.0 {}
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
