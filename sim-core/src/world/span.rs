//! Spans: the time of an operation, split by what it went to.

use super::kernel::Kernel;
use crate::history::{Outcome, Part, What};
use crate::{NameId, NodeId, SpanId};

/// Open spans. The recorded [`SpanId`] is a serial number; a slot is reused.
#[derive(Debug, Default)]
pub(super) struct Spans {
    slots: Vec<Open>,
    free: Vec<u32>,
    next: u32,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    id: SpanId,
    parts: [u64; Part::ALL.len()],
}

/// An open span: where it is and which it is, so that a stale one is recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SpanRef {
    pub(super) slot: u32,
    pub(super) id: SpanId,
}

impl SpanRef {
    /// No span: time is not split.
    pub(super) const NONE: Self = Self {
        slot: u32::MAX,
        id: SpanId::NONE,
    };
}

impl Spans {
    pub(super) fn clear(&mut self) {
        self.slots.clear();
        self.free.clear();
        self.next = 0;
    }
    fn get(&mut self, span: SpanRef) -> Option<&mut Open> {
        let open = self.slots.get_mut(span.slot as usize)?;
        (open.id == span.id).then_some(open)
    }
    /// Frees the slot of a span whose process died: it never ends.
    pub(super) fn forget(&mut self, span: SpanRef) {
        if let Some(open) = self.get(span) {
            open.id = SpanId::NONE;
            self.free.push(span.slot);
        }
    }
    /// Adds time to a part of an open span.
    #[inline]
    pub(super) fn add(&mut self, span: SpanRef, part: Part, ns: u64) {
        if span.id.is_some()
            && ns > 0
            && let Some(open) = self.get(span)
        {
            open.parts[part as usize] += ns;
        }
    }
}

impl Kernel {
    /// Writes what open spans have spent so far, in the order of their slots: the run is over, and a
    /// report should know where they are stuck.
    pub(super) fn flush_spans(&mut self) {
        for slot in 0..self.spans.slots.len() {
            let Open { id: span, parts } = self.spans.slots[slot];
            if span.is_some() {
                self.record_parts(span, parts);
            }
        }
    }
    fn record_parts(&mut self, span: SpanId, parts: [u64; Part::ALL.len()]) {
        for (part, ns) in Part::ALL.into_iter().zip(parts) {
            if ns > 0 {
                self.record(What::SpanTime { span, part, ns });
            }
        }
    }

    pub(super) fn open_span(&mut self, node: NodeId, name: NameId, parent: SpanId) -> SpanRef {
        let spans = &mut self.spans;
        let id = SpanId(spans.next);
        spans.next += 1;
        let open = Open {
            id,
            parts: [0; Part::ALL.len()],
        };
        let slot = match spans.free.pop() {
            Some(slot) => {
                spans.slots[slot as usize] = open;
                slot
            }
            None => {
                spans.slots.push(open);
                u32::try_from(spans.slots.len() - 1).expect("fewer than 2^32 open spans")
            }
        };
        self.record(What::SpanStart {
            span: id,
            parent,
            node,
            name,
        });
        SpanRef { slot, id }
    }

    /// Writes the parts and the end. A span that is closed already stays so.
    pub(super) fn close_span(&mut self, span: SpanRef, outcome: Outcome) {
        let Some(open) = self.spans.get(span) else {
            return;
        };
        let parts = open.parts;
        open.id = SpanId::NONE;
        self.spans.free.push(span.slot);
        self.record_parts(span.id, parts);
        self.record(What::SpanEnd {
            span: span.id,
            outcome,
        });
    }
}
