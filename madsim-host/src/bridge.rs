//! How service code writes history: [`Cx`] and [`Recorder`].
//!
//! Both are small handles that may go into any task of their node. The history itself belongs to the
//! thread of the run: a hosted run never leaves its OS thread, and two runs on two threads never
//! meet. A handle knows its run and its start of the node; what an earlier start writes (a
//! destructor that runs because its node crashed, for instance) is dropped, since a dead host writes
//! nothing.

use crate::run::{self, Run, World};
use squall_core::history::{Outcome, What};
use squall_core::{Key, NodeId, VirtualTime};
use std::net::IpAddr;
use std::sync::Arc;

/// What a service's main function gets: the recorder of its node and what it may know of the run.
#[derive(Clone, Debug)]
pub struct Cx {
    recorder: Recorder,
    world: Arc<World>,
}

/// Writes history in the name of one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recorder {
    run: u64,
    node: NodeId,
    start: u32,
}

/// An operation that has begun; [`Recorder::ret`] ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "an operation that never returns stays open in the history"]
pub struct Op(u32);

impl Cx {
    /// The handle of start number `start` of `node`.
    #[cfg(madsim)]
    pub(crate) const fn new(run: u64, node: NodeId, start: u32, world: Arc<World>) -> Self {
        let recorder = Recorder { run, node, start };
        Self { recorder, world }
    }
    /// The node's id: its position in the builder.
    pub const fn node(&self) -> NodeId {
        self.recorder.node
    }
    /// The node's name. Node names resolve as host names: `TcpStream::connect("server:80")`.
    pub fn name(&self) -> &str {
        &self.world.nodes[self.node().index()].0
    }
    /// The address of the node called `name`.
    pub fn ip(&self, name: &str) -> Option<IpAddr> {
        let found = self.world.nodes.iter().find(|(known, _)| known == name);
        found.map(|(_, ip)| *ip)
    }
    /// Which start of this node this is: 0 at the beginning of the run, one more after each crash.
    pub const fn start(&self) -> u32 {
        self.recorder.start
    }
    /// Virtual time since the start of the run.
    pub fn now(&self) -> VirtualTime {
        let now = run::with(self.recorder.run, |run| run.now());
        now.unwrap_or(VirtualTime::ZERO)
    }
    /// The key of this node's draws for `purpose`: a service that draws from here instead of a
    /// shared generator moves nobody else's draws.
    pub fn key(&self, purpose: &str) -> Key {
        Key::new(self.world.seed, &format!("node/{}", self.name()), purpose)
    }
    /// The value that the knob `name` has on this node now; `None` if the run declares no such knob.
    pub fn knob(&self, name: &str) -> Option<f64> {
        let index = self
            .world
            .knobs
            .iter()
            .position(|(known, _)| known == name)?;
        let base = self.world.knobs[index].1;
        let read = run::with(self.recorder.run, |run| run.knob(self.node(), index));
        Some(read.flatten().unwrap_or(base))
    }
    /// The recorder of this start of the node.
    pub const fn recorder(&self) -> Recorder {
        self.recorder
    }
}

impl Recorder {
    /// Writes the event `name` (`<workload>.<event>`); the workload documents `a` and `b`.
    pub fn event(&self, name: &str, a: u64, b: u64) {
        let node = self.node;
        self.write(|run| {
            let name = run.name(name);
            run.push(What::Event { name, node, a, b });
        });
    }
    /// Writes one sample of the metric `name`.
    pub fn sample(&self, name: &str, value: f64) {
        let node = self.node;
        self.write(|run| {
            let name = run.name(name);
            run.push(What::Sample { name, node, value });
        });
    }
    /// Writes that an operation `name` on `key` begins.
    pub fn invoke(&self, name: &str, key: u64, value: u64) -> Op {
        let node = self.node;
        let begun = self.write(|run| {
            let name = run.name(name);
            let op = run.op();
            run.push(What::Invoke {
                op,
                node,
                name,
                key,
                value,
            });
            op
        });
        Op(begun.unwrap_or(u32::MAX))
    }
    /// Writes that `op` ended.
    pub fn ret(&self, op: Op, outcome: Outcome, value: u64) {
        let op = op.0;
        self.write(|run| run.push(What::Return { op, outcome, value }));
    }
    /// Writes, if this start of the node still runs.
    fn write<T>(&self, act: impl FnOnce(&mut Run) -> T) -> Option<T> {
        run::with(self.run, |run| {
            run.runs(self.node, self.start).then(|| act(run))
        })
        .flatten()
    }
}
