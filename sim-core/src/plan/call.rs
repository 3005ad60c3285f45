//! What can happen to calls, and to which of them.

use super::Arithmetic;
use crate::rng::thing_hash;
use crate::{Law, NodeId, VirtualDuration};
use serde::{Deserialize, Serialize};

/// What happens to calls. Stages: rate limit, early error, delay, hang, then the effect, then a lost
/// reply, a late error, a damaged reply, and the shape of its stream. The first stage that ends a
/// call ends it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum CallRule {
    /// The service answers with an error. Independent; the first in id order that fires. Landed:
    /// calls that failed by it.
    Error {
        /// Status of the answer, as in HTTP.
        status: u16,
        /// Share of the calls, 0 to 1.
        share: f64,
        /// Whether the effect has happened when the error is sent.
        after_effect: bool,
        /// Hint to the client.
        retry_after: Option<VirtualDuration>,
        /// Processor time on the service's node that making the error takes.
        #[serde(default)]
        work: VirtualDuration,
    },
    /// Calls take longer. The time between the arrival of a request and its answer is replaced by
    /// the latest replace, then all scales multiply it, then all adds sum. What is added passes
    /// before the service sees the request; the rest is added to the answer, which never comes sooner
    /// than the service gives it. An early error comes at once, or after the time of a replace.
    /// Landed: calls whose time it changed.
    Delay {
        /// Nanoseconds for add and replace, a factor for scale.
        delay: Law,
        /// How it combines.
        mode: Arithmetic,
        /// Share of the calls, 0 to 1.
        share: f64,
    },
    /// The call is accepted, then nothing happens until the caller gives up. Union. Landed: calls
    /// that hung.
    Hang {
        /// Share of the calls, 0 to 1.
        share: f64,
    },
    /// The effect happens, the reply is never sent. Independent. Landed: replies that were lost.
    LostReply {
        /// Share of the calls, 0 to 1.
        share: f64,
    },
    /// The reply is not what the service made of it. Each in id order. Landed: replies it damaged.
    Malformed {
        /// What is wrong with it.
        mode: Malformed,
        /// Share of the calls, 0 to 1.
        share: f64,
    },
    /// The reply comes in units, for instance tokens, and they come otherwise; a reply that is not
    /// streamed is one unit. The earliest cut, the product of the factors, the sum of the stalls.
    /// Landed: streams it shaped.
    Stream {
        /// After so many units the stream ends with an error.
        cut: Option<u32>,
        /// Factor on the time between units.
        factor: f64,
        /// Time by which the first unit comes later.
        stall: VirtualDuration,
        /// Share of the calls, 0 to 1.
        share: f64,
    },
    /// A token bucket in front of the service. A call must pass every bucket. Landed: calls it
    /// refused.
    RateLimit {
        /// Tokens a second.
        rate: f64,
        /// Size of the bucket in tokens.
        burst: f64,
        /// What a call costs.
        unit: LimitUnit,
        /// Status of the refusal.
        status: u16,
        /// What the refusal says about when to come again.
        retry_after: RetryAfter,
    },
}

impl CallRule {
    /// Its name in the fault catalogue's words.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Error { .. } => "error",
            Self::Delay { .. } => "call-delay",
            Self::Hang { .. } => "hang",
            Self::LostReply { .. } => "lost-reply",
            Self::Malformed { .. } => "malformed",
            Self::Stream { .. } => "stream",
            Self::RateLimit { .. } => "rate-limit",
        }
    }
}

/// What is wrong with a reply. What that means for its numbers is up to the model: see
/// [`crate::world::ReplyDamage`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Malformed {
    /// It says that all is well, and its body is an error.
    ErrorBody,
    /// It has no body.
    Empty,
    /// Its body ends too early to be read.
    PartialJson,
    /// Fields are missing.
    FieldsRemoved,
    /// Fields have other values, of the right kind.
    ValuesChanged,
    /// It was right some time ago.
    Stale {
        /// How long ago.
        age: VirtualDuration,
    },
    /// It is about something else than what was asked.
    OtherEntity,
    /// It says that all is well, or that nothing is, whatever the service says.
    Forced {
        /// That all is well.
        ok: bool,
    },
}

/// What a call costs in a rate limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LimitUnit {
    /// One token.
    #[default]
    Calls,
    /// The cost that its request declares.
    Cost,
    /// What its request declares for the answer, charged when it is admitted.
    Answer,
}

/// What a refusal says about when to come again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RetryAfter {
    /// The time that is right.
    #[default]
    Exact,
    /// Nothing.
    None,
    /// A wrong time: a tenth of the right one to ten times as long, drawn a refusal.
    Wrong,
}

/// Which calls of a service a rule is for: those that fit all that is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallScope {
    /// Of this method, tool or model only, by the number that requests have for it.
    pub method: Option<u32>,
    /// Of the replica on this node only.
    pub server: Option<NodeId>,
    /// Of this shard of the keys only.
    pub shard: Option<Shard>,
    /// Only those on connections that were opened under the overlay.
    #[serde(default)]
    pub new_connections: bool,
}

/// A part of the keys, by their hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// Which one, below `of`.
    pub index: u32,
    /// Of how many; at least one.
    pub of: u32,
}

impl Shard {
    /// Whether the key is one of the shard's.
    pub fn holds(self, key: u64) -> bool {
        thing_hash(key) % u64::from(self.of.max(1)) == u64::from(self.index)
    }
}

impl CallScope {
    /// All calls.
    pub const ALL: Self = Self {
        method: None,
        server: None,
        shard: None,
        new_connections: false,
    };
    /// Whether it is for a call of `method` to the replica on `server` about `key`, whatever the
    /// connection.
    pub fn holds(&self, method: u32, server: NodeId, key: u64) -> bool {
        self.method.is_none_or(|only| only == method)
            && self.server.is_none_or(|only| only == server)
            && self.shard.is_none_or(|only| only.holds(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_part_the_keys_evenly_and_wholly() {
        let mut seen = [0; 8];
        for key in 0..8_000 {
            let shards = (0..8).filter(|index| {
                Shard {
                    index: *index,
                    of: 8,
                }
                .holds(key)
            });
            let shards: Vec<u32> = shards.collect();
            assert_eq!(shards.len(), 1, "a key is in one shard");
            seen[shards[0] as usize] += 1;
        }
        // Five standard deviations of a share of 1/8.
        assert!(seen.iter().all(|n| (852..1148).contains(n)), "{seen:?}");
    }

    #[test]
    fn a_scope_asks_for_all_that_it_names() {
        let (one, other) = (NodeId(1), NodeId(2));
        assert!(CallScope::ALL.holds(7, one, 3));
        let scope = CallScope {
            method: Some(7),
            server: Some(one),
            ..CallScope::ALL
        };
        assert!(scope.holds(7, one, 3));
        assert!(!scope.holds(8, one, 3) && !scope.holds(7, other, 3));
    }
}
