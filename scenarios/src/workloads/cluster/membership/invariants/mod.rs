//! What the members promise, read from the records alone.
//!
//! One oracle rebuilds every member's view from the records, and which of them run; each invariant gives
//! out what it found for it. Promises with a time in them hold while it is calm: no fault is in force but
//! such as stop nodes. Who is cut off, or loses most of what it sends, cannot know in time who is dead.

mod calm;
mod end;
mod notice;
mod seat;

use super::config::Config;
use super::events::Events;
use super::shared::{Shared, places};
use super::swim::{Member, State};
use crate::workloads::Install;
use crate::workloads::cluster::oracle::{self, invariants};
use calm::Calm;
use notice::Unnoticed;
use seat::{Opinion, Seat};
use squall_core::history::{NodeChange, Record, What};
use squall_core::property::RunEnd;
use squall_core::{NameId, NodeId, VirtualDuration, VirtualTime};
use std::sync::Arc;

invariants! {
    Routed "routed-alive": "no request goes to a member that has been dead for longer than `bound`",
    Monotone "incarnation-monotone":
        "incarnations never go back, of a member itself and in views of others; who is out is back under a \
         higher one only",
    OwnLife "own-life":
        "nobody but a member raises its incarnation: no view has a higher one than its owner had",
    Refuted "refuted-lives":
        "a suspicion that was refuted kills nobody: convicted is who is suspected in that incarnation",
    Noticed "noticed": "of those that run somebody notices in time that a member is not there any more",
    Ends "suspicion-ends": "a suspicion ends in time: it is refuted or proved",
    Told "told-ends": "news are told for a while and not for ever",
    Converged "converged":
        "after `settle` without a change everybody holds for members those who are, and nobody else",
}

pub(super) fn promise(install: &mut Install<'_>, shared: &Shared) {
    let oracle = Oracle::new(shared.events, Arc::clone(&shared.config));
    oracle::promise(install, oracle);
}

/// Sees every record once, whichever invariants are asked for.
#[derive(Debug)]
struct Oracle {
    events: Events,
    config: Arc<Config>,
    places: Vec<Option<Member>>,
    seats: Vec<Seat>,
    calm: Calm,
    unnoticed: Unnoticed,
    /// When somebody came, went, started or stopped last.
    changed: VirtualTime,
    findings: Findings,
}

impl oracle::Oracle for Oracle {
    type Slug = Slug;

    fn observe(&mut self, record: &Record) {
        self.expect(record.at);
        match record.what {
            What::Fault { entry, change, .. } => self.calm.fault(record.at, entry, change),
            What::Node { node, change } => {
                self.calm.node(change);
                if let Some(Some(member)) = self.places.get(node.index()) {
                    self.node(record.at, *member, change);
                }
            }
            What::Event { name, node, a, b } => {
                self.calm.other();
                if let Some(Some(member)) = self.places.get(node.index()) {
                    let place = (record.at, node, *member);
                    self.event(place, name, (a, b));
                }
            }
            _ => self.calm.other(),
        }
    }
    fn finish(&mut self, run: &RunEnd<'_>) {
        self.expect(run.at);
        self.at_the_end(run.at);
        self.converged(run.at);
    }
    fn findings(&self) -> &Findings {
        &self.findings
    }
}

impl Oracle {
    fn new(events: Events, config: Arc<Config>) -> Self {
        Self {
            events,
            places: places(&config.nodes),
            seats: vec![Seat::default(); config.nodes.len()],
            calm: Calm::default(),
            unnoticed: Unnoticed::default(),
            changed: VirtualTime::ZERO,
            findings: Findings::default(),
            config,
        }
    }

    fn node(&mut self, at: VirtualTime, member: Member, change: NodeChange) {
        let seat = &mut self.seats[member as usize];
        let was_there = seat.is_there();
        match change {
            NodeChange::Up => seat.started(at),
            NodeChange::Down => seat.stopped(at),
            NodeChange::OutOfMemory => {}
            NodeChange::Paused => seat.paused(at),
            NodeChange::Resumed => seat.resumed(at),
        }
        if was_there && !seat.is_there() {
            self.fell_silent(at, member);
        } else if seat.out.is_none() {
            self.unnoticed.remove(member);
        }
        self.changed = at;
    }

    fn event(&mut self, place: (VirtualTime, NodeId, Member), name: NameId, (a, b): (u64, u64)) {
        let (at, node, me) = place;
        let known = &self.events;
        let seat = &mut self.seats[me as usize];
        let incarnation = |word: u64| u32::try_from(word).unwrap_or(u32::MAX);
        if name == known.began {
            seat.began(at, incarnation(a), b == 1);
            self.unnoticed.remove(me);
            self.changed = at;
        } else if name == known.joined {
            seat.joined(at);
            self.changed = at;
        } else if name == known.left {
            seat.left(at);
            self.changed = at;
        } else if name == known.incarnation {
            let (old, new) = (seat.incarnation, incarnation(a));
            self.findings
                .test(Slug::Monotone, new > old, (at, Some(node)), || {
                    format!("member {me} was in incarnation {old} and goes on in {new}")
                });
            seat.raised(new);
        } else if name == known.telling {
            seat.telling = a == 1;
        } else if name == known.routed {
            self.routed((at, node, me), a);
        } else if let Some((state, convicted)) = self.opinion(name) {
            let about = u32::try_from(a).unwrap_or(u32::MAX);
            self.holds(place, (about, incarnation(b)), state, convicted);
        }
    }
    /// Which state of another member an event is about, and whether a suspicion ran out.
    fn opinion(&self, name: NameId) -> Option<(State, bool)> {
        let known = &self.events;
        let all = [
            (known.alive, State::Alive, false),
            (known.suspected, State::Suspect, false),
            (known.buried, State::Dead, false),
            (known.convicted, State::Dead, true),
            (known.silent, State::Dead, false),
            (known.gone, State::Left, false),
        ];
        let found = all.into_iter().find(|(event, ..)| *event == name)?;
        Some((found.1, found.2))
    }

    /// A member holds another one for something.
    fn holds(
        &mut self,
        (at, node, me): (VirtualTime, NodeId, Member),
        (about, incarnation): (Member, u32),
        state: State,
        convicted: bool,
    ) {
        let highest = self
            .seats
            .get(about as usize)
            .map_or(0, |seat| seat.highest);
        self.findings.test(Slug::OwnLife, incarnation <= highest, (at, Some(node)), || {
            format!("member {me} knows member {about} in incarnation {incarnation}, which was in {highest} at most")
        });
        let old = self.seats[me as usize].opinion(about, self.config.rules.formed);
        if let Some(old) = old {
            self.follows(
                (at, node, me),
                about,
                (
                    old,
                    Opinion {
                        state,
                        incarnation,
                        since: at,
                    },
                ),
            );
            if old.state == State::Suspect {
                self.ended((at, node, me), about, old);
            }
        }
        if convicted {
            let holds = old
                .is_some_and(|old| old.state == State::Suspect && old.incarnation == incarnation);
            self.findings.test(Slug::Refuted, holds, (at, Some(node)), || {
                format!(
                    "member {me} convicts member {about} in incarnation {incarnation}, and held it for {old:?}"
                )
            });
        }
        if state != State::Alive && self.unnoticed.remove(about) {
            self.findings
                .test(Slug::Noticed, true, (at, Some(node)), String::new);
        }
        let seat = &mut self.seats[me as usize];
        seat.changed = at;
        seat.opinions.insert(
            about,
            Opinion {
                state,
                incarnation,
                since: at,
            },
        );
    }
    fn follows(
        &mut self,
        (at, node, me): (VirtualTime, NodeId, Member),
        about: Member,
        (old, new): (Opinion, Opinion),
    ) {
        let back = new.state.takes_part() && !old.state.takes_part();
        let holds = match back || (new.state == State::Alive && old.state == State::Suspect) {
            true => new.incarnation > old.incarnation,
            false => new.incarnation >= old.incarnation,
        };
        self.findings.test(Slug::Monotone, holds, (at, Some(node)), || {
            format!(
                "member {me} held member {about} for {:?} in incarnation {}, and now for {:?} in {}",
                old.state, old.incarnation, new.state, new.incarnation
            )
        });
    }
    /// A suspicion is over, or the run is.
    fn ended(
        &mut self,
        (at, node, me): (VirtualTime, NodeId, Member),
        about: Member,
        held: Opinion,
    ) {
        let Some(from) = self.undisturbed(me, held.since) else {
            return;
        };
        let rules = &self.config.rules;
        // Clocks may be fast or slow, and timers wait for their turn.
        let longest = rules.suspicion_ns(rules.places).1;
        let longest = longest
            .saturating_add(longest / 5)
            .saturating_add(rules.period);
        let due = from.saturating_add(VirtualDuration::from_nanos(longest));
        self.findings
            .test(Slug::Ends, at <= due, (at, Some(node)), || {
                format!(
                    "member {me} has suspected member {about} since {}",
                    held.since
                )
            });
    }
    /// Since when the member `me` could have learnt of what was at `since`; `None` if it still cannot.
    fn undisturbed(&self, me: Member, since: VirtualTime) -> Option<VirtualTime> {
        let running = self.seats[me as usize].running?;
        Some(since.max(self.calm.since()?).max(running))
    }

    fn routed(&mut self, (at, node, me): (VirtualTime, NodeId, Member), to: u64) {
        let dead = usize::try_from(to).ok().and_then(|to| self.seats.get(to));
        let Some(out) = dead.map(|seat| seat.out) else {
            return;
        };
        let late = out.and_then(|out| {
            let from = self.undisturbed(me, out)?;
            (at > from.saturating_add(self.config.bound)).then_some(out)
        });
        self.findings
            .test(Slug::Routed, late.is_none(), (at, Some(node)), || {
                let out = late.unwrap_or(at);
                format!("member {me} sends a request to member {to}, which is dead since {out}")
            });
    }
}
