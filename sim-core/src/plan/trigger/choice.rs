//! Whom a firing hits: what is left to find when the time has come.

use crate::NodeId;
use serde::{Deserialize, Serialize};

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
