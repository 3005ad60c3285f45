//! When nothing is wrong but that some members are stopped.

use squall_core::history::{FaultChange, NodeChange};
use squall_core::{EntryId, VirtualTime};
use std::collections::BTreeSet;

/// Which faults are in force. One that stops a node is told by the record of the node that follows it; all
/// others disturb everybody.
#[derive(Debug, Default)]
pub(super) struct Calm {
    disturbing: BTreeSet<EntryId>,
    /// The fault of the record before.
    last: Option<EntryId>,
    since: VirtualTime,
}

impl Calm {
    /// Since when there is calm, if there is.
    pub(super) fn since(&self) -> Option<VirtualTime> {
        self.disturbing.is_empty().then_some(self.since)
    }
    pub(super) fn fault(&mut self, at: VirtualTime, entry: EntryId, change: FaultChange) {
        match change {
            FaultChange::Active => {
                self.disturbing.insert(entry);
                self.last = Some(entry);
            }
            FaultChange::Healed => {
                if self.disturbing.remove(&entry) {
                    self.since = at;
                }
                self.last = None;
            }
            _ => {}
        }
    }
    pub(super) fn node(&mut self, change: NodeChange) {
        let stopped = matches!(change, NodeChange::Down | NodeChange::Paused);
        if let Some(entry) = self.last.take()
            && stopped
        {
            self.disturbing.remove(&entry);
        }
    }
    /// Any other record.
    pub(super) const fn other(&mut self) {
        self.last = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stops_do_not_disturb_and_everything_else_does() {
        let at = |s| VirtualTime::ZERO + squall_core::VirtualDuration::from_secs(s);
        let mut calm = Calm::default();
        calm.fault(at(1), EntryId(0), FaultChange::Active);
        calm.node(NodeChange::Down);
        assert_eq!(calm.since(), Some(at(0)));
        calm.fault(at(2), EntryId(1), FaultChange::Active);
        calm.other();
        calm.node(NodeChange::Down);
        assert_eq!(calm.since(), None, "a crash of its own is not that fault's");
        calm.fault(at(3), EntryId(0), FaultChange::Healed);
        calm.node(NodeChange::Up);
        calm.fault(at(4), EntryId(1), FaultChange::Healed);
        assert_eq!(calm.since(), Some(at(4)));
    }
}
