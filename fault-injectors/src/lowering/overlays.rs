//! What a fault puts into the plan: primitives, from when until when.

use super::{Armed, Lowering, Refusal};
use crate::param::{Args, Issue};
use squall_core::plan::{On, Primitive};
use squall_core::{NodeId, VirtualDuration, VirtualTime};

/// Rounds that one occurrence of an alternating fault may have.
const ROUNDS_MAX: u32 = 10_000;

impl Lowering<'_> {
    fn put(&mut self, from: VirtualTime, until: Option<VirtualTime>, primitive: Primitive) {
        // What `never` spares is spared also where the fault itself chooses its links.
        let spared = &self.topology.spared;
        let link = primitive.link();
        if link.is_some_and(|link| spared.contains(&link.from) || spared.contains(&link.to)) {
            return self.note("links that end at nodes that `never` spares are left out");
        }
        if from < self.stop && until.is_none_or(|until| until > from) {
            self.entries.push((from, until, primitive));
        }
    }
    /// Puts a primitive in force for the whole occurrence.
    pub fn overlay(&mut self, primitive: Primitive) {
        self.overlay_between(self.window.from, self.window.until, primitive);
    }
    /// Puts a primitive in force for a part of it; parts outside the occurrence are cut off.
    pub fn overlay_between(
        &mut self,
        from: VirtualTime,
        until: Option<VirtualTime>,
        primitive: Primitive,
    ) {
        let until = match (until, self.window.until) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        self.put(from, until, primitive);
    }
    /// Puts a primitive in force for a time that may outlast the occurrence: what follows from it.
    pub(crate) fn beyond(
        &mut self,
        from: VirtualTime,
        until: Option<VirtualTime>,
        primitive: Primitive,
    ) {
        self.put(from, until, primitive);
    }
    /// Puts a primitive in force when the occurrence is over: what follows from it, until `until`.
    pub fn afterwards(&mut self, until: Option<VirtualTime>, primitive: Primitive) {
        let Some(from) = self.window.until else {
            return;
        };
        self.put(from, until, primitive);
    }
    /// Does something each time a record of the run fits `on`, while the occurrence lasts: so often at
    /// the most, for `length` each.
    pub fn whenever(
        &mut self,
        on: On,
        (times, length): (u32, VirtualDuration),
        primitive: Primitive,
    ) {
        self.armed.push(Armed {
            on,
            times,
            length,
            primitive,
        });
    }
    /// Does something at an instant. The plan gives it the shortest length there is.
    pub fn instant(&mut self, at: VirtualTime, primitive: Primitive) {
        if at < self.stop {
            let until = at.saturating_add(VirtualDuration::from_nanos(1));
            self.entries.push((at, Some(until), primitive));
        }
    }
    /// Alternates until the occurrence is over: nothing for a draw of the law at the first of
    /// `keys`, then the primitives for a draw of the law at the second.
    pub fn alternate(
        &mut self,
        args: &Args,
        keys: (&'static str, &'static str),
        primitives: &[Primitive],
    ) -> Result<(), Refusal> {
        self.alternate_for(None, args, keys, primitives)
    }
    /// [`Lowering::alternate`] in the rhythm of one node.
    pub fn alternate_for(
        &mut self,
        node: Option<NodeId>,
        args: &Args,
        keys: (&'static str, &'static str),
        primitives: &[Primitive],
    ) -> Result<(), Refusal> {
        let (gap, hit) = (args.law(keys.0), args.law(keys.1));
        let draws = match node {
            Some(node) => self.draws.of(&self.topology.node(node).name),
            None => self.draws.clone(),
        };
        let end = self.window.until.unwrap_or(self.stop).min(self.stop);
        let least = VirtualDuration::from_nanos(1);
        let mut at = self.window.from;
        for round in 0..ROUNDS_MAX {
            let draws = draws.occurrence(round);
            at = at.saturating_add(draws.length(keys.0, &gap));
            if at >= end {
                return Ok(());
            }
            let until = at.saturating_add(draws.length(keys.1, &hit).max(least));
            for primitive in primitives {
                self.overlay_between(at, Some(until), primitive.clone());
            }
            at = until;
        }
        let issue = Issue::new(format!("more than {ROUNDS_MAX} rounds"), 0..0);
        Err(Refusal::arg(
            keys.0,
            issue.help("make the fault shorter or its rounds longer"),
        ))
    }
}
