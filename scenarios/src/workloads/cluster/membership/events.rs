//! What members and routers record: all that the invariants know.

use super::swim::{Note, Verdict};
use crate::workloads::cluster::recorded::recorded;
use squall_core::world::Cx;

recorded! {
    /// Numbers of the names in records.
    Events {
        events {
            began "began":
                "a member's process begins (a: its incarnation, b: 1 if it takes part from the start)",
            joined "joined": "it has the view of another one and takes part",
            left "left": "it goes of its own will (a: its incarnation)",
            incarnation "incarnation":
                "it is in a higher incarnation, to refute what is said of it (a: incarnation)",
            alive "alive":
                "it holds a member for alive: one that joined, refuted or is back (a: member, b: \
                 incarnation)",
            suspected "suspected": "it suspects a member (a: member, b: incarnation)",
            buried "buried": "it holds a member for dead since somebody said so (a: member, b: incarnation)",
            convicted "convicted":
                "it holds a member for dead since a suspicion ran out (a: member, b: incarnation)",
            silent "silent":
                "it holds a member for dead since that did not answer, without suspicion (a: member, b: \
                 incarnation)",
            gone "gone": "it knows that a member left (a: member, b: incarnation)",
            telling "telling": "it has news to tell (a: 1), or none any more (a: 0)",
            routed "routed": "a router sends a request to a member (a: member, b: request)",
            failed "failed": "no member answered a request (a: request)",
        }
        operations {
            request "request",
        }
        metrics {
            latency "latency" "s": "time of a request to its answer",
            first_detection "first-detection" "s":
                "from a member's death to the end of the first probe that failed for it",
            detection "detection" "s": "from a member's death until another one holds it for dead",
            false_kill "false-kill" "1":
                "1 if a member that is convicted runs and is well, 0 if not; who was late is not well",
            messages "messages" "1": "packets and views that a member sent in a period",
            health "health" "1": "local health score of a member; 0 is well",
        }
    }
}

impl Events {
    /// Records what happened in the member of this process. Periods and probes are not
    /// recorded: they are many, and what comes of them is.
    pub(super) fn record(&self, cx: &Cx, note: Note) {
        let (name, a, b) = match note {
            Note::Joined => (self.joined, 0, 0),
            Note::Left(incarnation) => (self.left, u64::from(incarnation), 0),
            Note::Incarnation(incarnation) => (self.incarnation, u64::from(incarnation), 0),
            Note::Alive(member, i) => (self.alive, u64::from(member), u64::from(i)),
            Note::Suspected(member, i, _) => (self.suspected, u64::from(member), u64::from(i)),
            Note::Dead(member, i, verdict) => {
                let name = match verdict {
                    Verdict::Heard => self.buried,
                    Verdict::Expired => self.convicted,
                    Verdict::Silent => self.silent,
                };
                (name, u64::from(member), u64::from(i))
            }
            Note::Gone(member, i) => (self.gone, u64::from(member), u64::from(i)),
            Note::Telling(telling) => (self.telling, u64::from(telling), 0),
            Note::Period | Note::Probed(..) => return,
        };
        cx.event(name, a, b);
    }
}
