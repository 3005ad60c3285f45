//! One member as the records show it: whether it runs, and what it holds the others for.

use super::super::swim::{Member, State};
use squall_core::VirtualTime;
use std::collections::BTreeMap;

/// What a member holds another one for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Opinion {
    pub(super) state: State,
    pub(super) incarnation: u32,
    pub(super) since: VirtualTime,
}

/// A member.
#[derive(Clone, Debug, Default)]
pub(super) struct Seat {
    up: bool,
    /// Since when it runs and is not paused.
    pub(super) running: Option<VirtualTime>,
    /// Whether it takes part: it has a view, and has not left.
    pub(super) takes_part: bool,
    /// Since when it is not there for others.
    pub(super) out: Option<VirtualTime>,
    /// Whether it was there from the start, and knew all who were.
    formed: bool,
    pub(super) incarnation: u32,
    /// The highest incarnation of all its lives.
    pub(super) highest: u32,
    pub(super) opinions: BTreeMap<Member, Opinion>,
    /// When one of them changed last.
    pub(super) changed: VirtualTime,
    pub(super) telling: bool,
}

impl Seat {
    pub(super) fn started(&mut self, at: VirtualTime) {
        self.up = true;
        self.running = Some(at);
    }
    pub(super) fn stopped(&mut self, at: VirtualTime) {
        self.up = false;
        self.running = None;
        self.takes_part = false;
        self.telling = false;
        self.out.get_or_insert(at);
    }
    pub(super) fn paused(&mut self, at: VirtualTime) {
        self.running = None;
        self.out.get_or_insert(at);
    }
    pub(super) fn resumed(&mut self, at: VirtualTime) {
        self.running = self.up.then_some(at);
        if self.up {
            self.out = None;
        }
    }
    /// Its process begins, or it comes back after it left.
    pub(super) fn began(&mut self, at: VirtualTime, incarnation: u32, formed: bool) {
        self.opinions.clear();
        self.telling = false;
        self.changed = at;
        self.incarnation = incarnation;
        self.highest = self.highest.max(incarnation);
        self.formed = formed;
        self.takes_part = formed;
        self.out = None;
        if self.running.is_some() {
            self.running = Some(at);
        }
    }
    pub(super) fn joined(&mut self, at: VirtualTime) {
        self.takes_part = true;
        self.formed = true;
        self.changed = at;
        self.running = self.running.map(|_| at);
    }
    pub(super) fn left(&mut self, at: VirtualTime) {
        self.takes_part = false;
        self.telling = false;
        self.out = Some(at);
    }
    pub(super) fn raised(&mut self, incarnation: u32) {
        self.incarnation = incarnation;
        self.highest = self.highest.max(incarnation);
    }
    /// Whether it is there: others should hold it for a member.
    pub(super) const fn is_there(&self) -> bool {
        self.takes_part && self.running.is_some()
    }
    /// What it holds a member for; the first `formed` know each other from the start.
    pub(super) fn opinion(&self, about: Member, formed: u32) -> Option<Opinion> {
        let first = Opinion {
            state: State::Alive,
            incarnation: 0,
            since: VirtualTime::ZERO,
        };
        let said = self.opinions.get(&about).copied();
        said.or_else(|| (self.formed && about < formed).then_some(first))
    }
    /// Whom it suspects.
    pub(super) fn suspects(&self) -> impl Iterator<Item = (Member, Opinion)> + '_ {
        let all = self
            .opinions
            .iter()
            .map(|(member, opinion)| (*member, *opinion));
        all.filter(|(_, opinion)| opinion.state == State::Suspect)
    }
}
