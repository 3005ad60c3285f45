//! What is judged when a run is over.

use super::super::swim::Member;
use super::seat::{Opinion, Seat};
use super::{Oracle, Slug};
use squall_core::VirtualTime;

impl Oracle {
    /// Suspicions and news that are still open.
    pub(super) fn at_the_end(&mut self, end: VirtualTime) {
        let nodes = self.config.nodes.clone();
        for (me, node) in (0..).zip(nodes) {
            let seat = &self.seats[me as usize];
            if seat.running.is_none() || !seat.takes_part {
                continue;
            }
            let suspects: Vec<(Member, Opinion)> = seat.suspects().collect();
            let (telling, changed) = (seat.telling, seat.changed);
            for (about, held) in suspects {
                self.ended((end, node, me), about, held);
            }
            if let Some(from) = self.undisturbed(me, changed) {
                let due = from.saturating_add(self.config.bound);
                let holds = !telling || end <= due;
                self.findings
                    .test(Slug::Told, holds, (end, Some(node)), || {
                        format!(
                            "member {me} has still news to tell, the last of which is of {changed}"
                        )
                    });
            }
        }
    }
    /// Whether views agree.
    pub(super) fn converged(&mut self, end: VirtualTime) {
        let since = self.calm.since().map(|since| since.max(self.changed));
        if since.is_none_or(|since| since.saturating_add(self.config.settle) > end) {
            return;
        }
        let formed = self.config.rules.formed;
        let running: Vec<bool> = self.seats.iter().map(Seat::is_there).collect();
        let nodes = self.config.nodes.clone();
        for (me, node) in (0..).zip(nodes).filter(|(me, _)| running[*me as usize]) {
            let seat = &self.seats[me as usize];
            let wrong = (0..).zip(&running).find_map(|(other, there)| {
                let held = seat.opinion(other, formed);
                let takes_part = held.is_some_and(|held| held.state.takes_part());
                (other != me && takes_part != *there).then_some((other, held))
            });
            self.findings
                .test(Slug::Converged, wrong.is_none(), (end, Some(node)), || {
                    let (other, held) = wrong.expect("it is wrong");
                    let is = if running[other as usize] {
                        "is there"
                    } else {
                        "is not there"
                    };
                    let held = held.map_or("never heard of".to_owned(), |held| {
                        format!("{:?} in incarnation {}", held.state, held.incarnation)
                    });
                    format!("member {other} {is}; for member {me} it is {held}")
                });
        }
    }
}
