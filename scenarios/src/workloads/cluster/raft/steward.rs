//! The steward: takes out of the group whoever a fault says is to be no member, and puts them back.
//!
//! What a fault wants is the knob `member` of a replica's node. The steward waits until it is turned, then
//! gives one order at a time until it is done, so that no order of its own is under way for a replica that it
//! has let go: an operator may then empty it. It has a session of its own, and keeps away from replicas that
//! an operator has in hand.

use super::client::Caller;
use super::machine::{Answer, CommandId, Member, Request, Voters};
use super::shared::Shared;
use squall_core::world::Cx;
use std::rc::Rc;

/// The session of its orders; clients and operators count from below.
const SESSION: u32 = u32::MAX;

/// What it has written down: it survives crashes of its node.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Book {
    /// The number of its last order.
    serial: u32,
    /// Replicas that it has in hand: taken out, or about to be.
    pub(super) held: Voters,
    /// Those of them whose removal is committed.
    gone: Voters,
}

/// Works, for as long as the run lasts.
pub(super) async fn run(cx: Cx, shared: Rc<Shared>) {
    let mut steward = Steward {
        caller: Caller::new(&cx, &shared),
        shared,
        cx,
    };
    loop {
        let knob = steward.shared.member;
        let before = steward.cx.knob_turns(knob);
        match steward.next() {
            Some((member, add)) => steward.order(member, add).await,
            None => steward.cx.knob_turned(knob, before).await,
        }
    }
}

struct Steward {
    cx: Cx,
    shared: Rc<Shared>,
    caller: Caller,
}

impl Steward {
    /// Whether a fault says that this replica is to be no member.
    fn unwanted(&self, member: Member) -> bool {
        let node = self.shared.node(member);
        node.is_some_and(|node| self.cx.knob_at(self.shared.member, node) > 0.5)
    }
    /// The next replica whose membership is not as it should be, and whether it is to be added.
    fn next(&self) -> Option<(Member, bool)> {
        let book = self.shared.book.get();
        let back = book.held.members().find(|member| !self.unwanted(*member));
        if let Some(member) = back {
            return Some((member, true));
        }
        if !self.cx.knob_changed(self.shared.member) {
            return None;
        }
        let members = 0..self.shared.config.count;
        let mut members = members.filter_map(|member| Member::try_from(member).ok());
        let out = members.find(|member| {
            let free = book.held.has(*member) || self.shared.is_free(*member);
            free && !book.gone.has(*member) && self.unwanted(*member)
        });
        out.map(|member| (member, false))
    }
    /// Gives an order until it is done, or until the fault wants the opposite.
    async fn order(&mut self, member: Member, add: bool) {
        let mut book = self.shared.book.get();
        book.serial += 1;
        book.held = book.held.with(member);
        self.shared.book.set(book);
        let id = CommandId {
            session: SESSION,
            serial: book.serial,
        };
        let request = match add {
            true => Request::Add { id, member },
            false => Request::Remove { id, member },
        };
        let cx = self.cx.clone();
        // A removal that is no longer wanted may have been proposed: the replica stays in hand until it
        // has been added by a later order.
        while add || self.unwanted(member) {
            match self.caller.try_once(&cx, request).await {
                Some(Answer::Done(_)) => return self.done(member, add),
                // A later order of this session was done; nothing is known of this one.
                Some(Answer::Stale) => return,
                // The group would be too small, or is changing otherwise.
                Some(Answer::Refused) => cx.sleep(self.shared.config.load.timeout).await,
                _ => self.caller.pause(&cx).await,
            }
        }
    }
    fn done(&self, member: Member, add: bool) {
        let mut book = self.shared.book.get();
        (book.held, book.gone) = match add {
            true => (book.held.without(member), book.gone.without(member)),
            false => (book.held, book.gone.with(member)),
        };
        self.shared.book.set(book);
        let added = u64::from(add);
        self.cx
            .event(self.shared.events.changed, u64::from(member), added);
    }
}
