//! Triggers: faults that wait for something to happen in the run, or for their targets.
//!
//! ```text
//! armed --matching records--> fired --delay--> targets found --> overlays, at offsets from here
//!                                       |          |
//!                                       |          +-- nobody has the role: waits, then misses
//!                                       +-- the floor leaves nobody: misses
//! ```
//!
//! Everything but the time and who has a role is in the plan before the run: of every firing its
//! delay, its overlays, and the order in which targets are taken. An overlay of a firing
//! ([`super::Entry::firing`]) counts its times from there, and may stand on *places*: node numbers
//! beyond the world, which a [`Choice`] fills.

use super::{Entry, Plan, Primitive};
use crate::history::{NodeChange, Record, TriggerChange, What};
use crate::plan::Family;
use crate::{EntryId, NodeId, ServiceId, VirtualDuration, VirtualTime};
use serde::{Deserialize, Serialize};

/// One firing of one trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FiringId {
    /// Position in [`Plan::triggers`].
    pub trigger: u32,
    /// Which of its firings, from 0.
    pub ordinal: u32,
}

/// A fault, or one occurrence of it, that waits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trigger {
    /// Index in [`Plan::faults`].
    pub fault: u32,
    /// What it waits for.
    pub on: On,
    /// It is armed from here on.
    pub from: VirtualTime,
    /// It is no longer armed from here on.
    pub until: VirtualTime,
    /// It fires at this match; counting starts again after each firing. At least 1.
    pub after: u32,
    /// Time after a match that fired in which matches do not count.
    pub cooldown: VirtualDuration,
    /// No overlay that has an end outlives this.
    pub ends: VirtualTime,
    /// How long a firing waits for somebody to have a role.
    pub patience: VirtualDuration,
    /// What it means that nobody had it.
    pub if_none: IfNone,
    /// What it does, firing by firing; it fires as often at the most.
    pub firings: Vec<Firing>,
}

/// What one firing needs beside its overlays.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Firing {
    /// Time from the match to the firing; a nanosecond at least, so that the instant of the record is
    /// complete.
    pub delay: VirtualDuration,
    /// Who fills the places in its overlays. One choice that nobody fits makes the firing miss.
    pub choices: Vec<Choice>,
}

/// What a trigger waits for. A filter that is `None` lets everything pass.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum On {
    /// A time; its targets are found then.
    At(VirtualTime),
    /// An event of a workload.
    Event {
        /// Its name, `<workload>.<event>`.
        name: String,
        /// Where it happens.
        nodes: Option<Vec<NodeId>>,
        /// Its first argument.
        a: Option<u64>,
        /// Its second argument.
        b: Option<u64>,
    },
    /// A node changes its state.
    Node {
        /// How.
        change: NodeChange,
        /// Which node.
        nodes: Option<Vec<NodeId>>,
    },
    /// A node takes a role, or gives it up.
    Role {
        /// The role, for instance `leader`.
        role: Option<String>,
        /// Of what, for instance `kv`.
        of: Option<String>,
        /// Which node.
        nodes: Option<Vec<NodeId>>,
        /// Whether it takes the role.
        gained: bool,
    },
    /// Another fault of the plan goes on in its life.
    Fault {
        /// Index in [`Plan::faults`].
        fault: u32,
        /// How far.
        life: Life,
    },
    /// A client begins a call of a service. Nothing is recorded of it.
    Call {
        /// The service.
        service: ServiceId,
        /// The client's node.
        nodes: Option<Vec<NodeId>>,
    },
    /// A metric is beyond a limit. It is looked at only when it is sampled.
    Metric {
        /// Its name.
        name: String,
        /// The limit; it must be passed, not only reached.
        limit: f64,
        /// Whether above the limit is meant, and not below.
        above: bool,
        /// For how long every sample must be beyond it.
        hold: VirtualDuration,
        /// Whose samples.
        nodes: Option<Vec<NodeId>>,
    },
}

/// How far a fault is, for those that wait for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Life {
    /// Its first overlay came into force while none was.
    Started,
    /// It has an effect, for the first time since then.
    Landed,
    /// None of its overlays is in force any more.
    Ended,
}

/// What it means that a firing found nobody with a role.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IfNone {
    /// It waits for its patience, then it missed, which the report says.
    #[default]
    Miss,
    /// It does nothing, at once, and that is all right.
    Skip,
    /// It waits for its patience, then the run has failed.
    Fail,
}

/// Who is meant by a part of a choice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Whom {
    /// These nodes, by number.
    Nodes(Vec<NodeId>),
    /// Who has a role at the moment of firing.
    Role {
        /// Which of them.
        role: Role,
        /// Of what: the name of a group, for instance `kv`.
        of: String,
        /// Of which part of it; `None` is any.
        key: Option<u64>,
        /// Nodes that may have it.
        among: Vec<NodeId>,
    },
}

/// Roles that selectors know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The one with the highest term, then the lowest number.
    Leader,
    /// All but the leader, if there is one.
    Followers,
    /// Everybody who is a primary.
    Primaries,
    /// As leader, of a lock or a lease.
    Holder,
    /// As leader, of a key.
    Owner,
}

/// How many of a set, counted when it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Count {
    /// Everybody.
    All,
    /// So many, or all if there are fewer.
    Most(u32),
    /// A share in hundredths of a percent, rounded up, at least one; with `up_to`, a number from one
    /// to that, by this word.
    Share {
        /// Hundredths of a percent.
        parts: u32,
        /// Drawn in lowering.
        up_to: Option<u64>,
    },
    /// The largest number that is less than half.
    Minority,
    /// The smallest number that is more than half.
    Majority,
}

/// How places are filled at the moment of firing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// The words of the author, for people.
    pub text: String,
    /// The places, in the order in which they are filled; those left over stay empty.
    pub places: Vec<NodeId>,
    /// The set: parts added and, where the flag says so, taken away, in order.
    pub terms: Vec<(bool, Whom)>,
    /// Only who is in all of these stays.
    pub only: Vec<Whom>,
    /// Who is in one of these goes.
    pub without: Vec<Whom>,
    /// Everybody who may be meant, in the drawn order in which they are taken.
    pub order: Vec<NodeId>,
    /// For each of `order` the number of its value of the label over which they are spread; empty is
    /// no spreading.
    pub spread: Vec<u32>,
    /// How many are taken.
    pub count: Count,
    /// Who is taken by the choice before this one comes last: the other end of a link.
    pub apart: bool,
    /// Members of the set that must be left: up, running, connected and not taken.
    pub floor: Option<Floor>,
}

/// How many must be left. Targets are dropped from the end until it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Floor {
    /// So many.
    pub least: u32,
    /// Of these nodes.
    pub of: Vec<NodeId>,
}

impl Role {
    /// The word in records.
    pub const fn recorded(self) -> &'static str {
        match self {
            Self::Leader | Self::Followers => "leader",
            Self::Primaries => "primary",
            Self::Holder => "holder",
            Self::Owner => "owner",
        }
    }
    /// The word in selectors.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Leader => "leader",
            Self::Followers => "followers",
            Self::Primaries => "primaries",
            Self::Holder => "holder",
            Self::Owner => "owner",
        }
    }
    /// The role of this word in selectors.
    pub fn by_word(word: &str) -> Option<Self> {
        let all = [
            Self::Leader,
            Self::Followers,
            Self::Primaries,
            Self::Holder,
            Self::Owner,
        ];
        all.into_iter().find(|role| role.word() == word)
    }
}

impl Count {
    /// How many of `n`.
    pub fn of(self, n: usize) -> usize {
        let count = match self {
            Self::All => n,
            Self::Most(count) => count as usize,
            Self::Minority => n.saturating_sub(1) / 2,
            Self::Majority => n / 2 + 1,
            Self::Share { parts, up_to } => {
                let most = (n * parts as usize).div_ceil(10_000).max(1);
                match up_to {
                    None => most,
                    // The upper half of the word as a share, so that every number is as likely.
                    Some(word) => 1 + (((word >> 32) * most as u64) >> 32) as usize,
                }
            }
        };
        count.min(n)
    }
}

impl Choice {
    /// Everybody who may be meant, in the order of numbers.
    pub fn candidates(&self) -> Vec<NodeId> {
        let mut nodes = self.order.clone();
        nodes.sort_unstable();
        nodes
    }
    /// Who is taken, in that order, before any floor. `members` gives who is meant by a part now, by
    /// number; `taken` are those of the choice before.
    pub fn take(&self, members: impl Fn(&Whom) -> Vec<NodeId>, taken: &[NodeId]) -> Vec<NodeId> {
        let set = self.set(members);
        let holds = |node: &NodeId| set.binary_search(node).is_ok();
        let drawn = self.order.iter().enumerate().filter(|(_, n)| holds(n));
        let mut drawn: Vec<(usize, NodeId)> = drawn.map(|(at, node)| (at, *node)).collect();
        if self.apart {
            drawn.sort_by_key(|(_, node)| taken.contains(node));
        }
        if !self.spread.is_empty() {
            drawn = self.round_robin(&drawn);
        }
        let count = self.count.of(drawn.len()).min(self.places.len());
        let nodes = drawn.into_iter().map(|(_, node)| node);
        nodes.take(count).collect()
    }
    /// Whether all who are meant are nodes that no fault hits: they are in no order.
    pub fn spares(&self, members: impl Fn(&Whom) -> Vec<NodeId>) -> bool {
        let set = self.set(members);
        !set.is_empty() && set.iter().all(|node| !self.order.contains(node))
    }
    /// Who is meant now, by number, whether it may be hit or not.
    fn set(&self, members: impl Fn(&Whom) -> Vec<NodeId>) -> Vec<NodeId> {
        let mut set: Vec<NodeId> = Vec::new();
        for (minus, whom) in &self.terms {
            let nodes = members(whom);
            match minus {
                true => set.retain(|node| nodes.binary_search(node).is_err()),
                false => set.extend(nodes),
            }
        }
        for whom in &self.only {
            let nodes = members(whom);
            set.retain(|node| nodes.binary_search(node).is_ok());
        }
        for whom in &self.without {
            let nodes = members(whom);
            set.retain(|node| nodes.binary_search(node).is_err());
        }
        set.sort_unstable();
        set.dedup();
        set
    }
    /// One of each label after the other, labels in the order of their first member.
    fn round_robin(&self, drawn: &[(usize, NodeId)]) -> Vec<(usize, NodeId)> {
        let mut rounds: Vec<(u32, u32)> = Vec::new();
        let mut keyed = Vec::with_capacity(drawn.len());
        for member in drawn {
            let value = self.spread[member.0];
            let at = rounds.iter().position(|(v, _)| *v == value);
            let at = at.unwrap_or_else(|| {
                rounds.push((value, 0));
                rounds.len() - 1
            });
            keyed.push(((rounds[at].1, at), *member));
            rounds[at].1 += 1;
        }
        keyed.sort_by_key(|(key, _)| *key);
        keyed.into_iter().map(|(_, member)| member).collect()
    }
}

impl Entry {
    /// Whether it never comes into force: it belonged to a firing that did not happen, or to a place
    /// that nobody filled.
    pub fn is_void(&self) -> bool {
        self.firing.is_none() && self.from == VirtualTime::MAX
    }
    fn make_void(&mut self) {
        self.firing = None;
        (self.from, self.until) = (VirtualTime::MAX, None);
    }
}

impl Plan {
    /// With these triggers.
    ///
    /// # Panics
    /// If an entry waits for a firing that is not there, or a trigger belongs to a fault that is not.
    #[must_use]
    pub fn with_triggers(mut self, triggers: Vec<Trigger>) -> Self {
        for entry in &self.entries {
            let there = |id: FiringId| {
                let trigger: Option<&Trigger> = triggers.get(id.trigger as usize);
                trigger.is_some_and(|t| {
                    t.fault == entry.fault && (id.ordinal as usize) < t.firings.len()
                })
            };
            assert!(
                entry.firing.is_none_or(there),
                "an entry waits for a firing of its own fault"
            );
        }
        for trigger in &triggers {
            let fault = trigger.fault as usize;
            assert!(
                fault < self.faults.len(),
                "a trigger belongs to a fault of the plan"
            );
        }
        self.triggers = triggers;
        self
    }
    /// What waits for something to happen, in id order.
    pub fn triggers(&self) -> &[Trigger] {
        &self.triggers
    }
    /// The trigger `index`.
    pub fn trigger(&self, index: u32) -> &Trigger {
        &self.triggers[index as usize]
    }
    /// Nodes whose clocks may become wrong in the run.
    pub fn clock_nodes(&self) -> Vec<NodeId> {
        let mut nodes = self.clocks.clone();
        let clocks = self.entries.iter();
        for entry in clocks.filter(|e| e.primitive.family() == Family::Clock) {
            let node = entry.primitive.node().expect("a clock belongs to a node");
            match self.choice_of(entry, node) {
                Some(choice) => nodes.extend(&choice.order),
                None => nodes.push(node),
            }
        }
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }
    /// The choice that fills the place `node` in `entry`; `None` if it is a node of the world.
    pub fn choice_of(&self, entry: &Entry, node: NodeId) -> Option<&Choice> {
        let id = entry.firing?;
        let firing = &self.triggers[id.trigger as usize].firings[id.ordinal as usize];
        firing.choices.iter().find(|c| c.places.contains(&node))
    }

    /// A firing happened at `at`, with these nodes in these places: its overlays get fixed times and
    /// targets. Gives those that come into force.
    pub(crate) fn bind(
        &mut self,
        id: FiringId,
        at: VirtualTime,
        filled: &[(NodeId, NodeId)],
    ) -> Vec<EntryId> {
        let trigger = &self.triggers[id.trigger as usize];
        let ends = trigger.ends;
        let choices = &trigger.firings[id.ordinal as usize].choices;
        let places: Vec<NodeId> = choices.iter().flat_map(|c| c.places.clone()).collect();
        let mut live = Vec::new();
        for (index, entry) in self.entries.iter_mut().enumerate() {
            if entry.firing != Some(id) {
                continue;
            }
            entry.firing = None;
            let offset = |time: VirtualTime| at.saturating_add(time.since(VirtualTime::ZERO));
            entry.from = offset(entry.from);
            entry.until = entry.until.map(|until| offset(until).min(ends));
            let there = fill(&mut entry.primitive, &places, filled);
            if there && entry.from < ends && entry.until.is_none_or(|until| until > entry.from) {
                live.push(EntryId::from_index(index));
            } else {
                entry.make_void();
            }
        }
        live
    }

    /// This plan with everything fixed that a run of it found out: the firings in `records` are
    /// entries at their times and on their targets, and no trigger is left. Entries keep their
    /// numbers; those of firings that did not happen are void ([`Entry::is_void`]).
    ///
    /// The same seed under the frozen plan has the same records but for those of triggers
    /// ([`What::Trigger`]), and ends in the same digest, which these do not move.
    #[must_use]
    pub fn frozen(&self, records: &[Record]) -> Self {
        let mut plan = self.clone();
        if self.triggers.is_empty() {
            return plan;
        }
        // A node that could have got a clock has one, so that its timers go the same way.
        plan.clocks = self.clock_nodes();
        let mut filled = Vec::new();
        for record in records {
            let What::Trigger { firing, change } = record.what else {
                continue;
            };
            match change {
                TriggerChange::Hit { place, node } => filled.push((place, node)),
                TriggerChange::Fired => {
                    plan.bind(firing, record.at, &filled);
                    filled.clear();
                }
                _ => {}
            }
        }
        plan.triggers.clear();
        let unfired = plan.entries.iter_mut().filter(|e| e.firing.is_some());
        unfired.for_each(Entry::make_void);
        plan
    }
}

/// Puts nodes into the places of a primitive. Whether all are filled, and a link has two ends.
fn fill(primitive: &mut Primitive, places: &[NodeId], filled: &[(NodeId, NodeId)]) -> bool {
    let mut there = true;
    primitive.for_each_node(&mut |node| {
        if !places.contains(node) {
            return;
        }
        match filled.iter().find(|(place, _)| place == node) {
            Some((_, real)) => *node = *real,
            None => there = false,
        }
    });
    there && primitive.link().is_none_or(|link| link.from != link.to)
}
