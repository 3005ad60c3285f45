//! What overlays say about a call when it arrives: the stages before the effect, and what is to be
//! done when it is answered.

use super::late::{Late, Lengthen, StreamRule};
use crate::plan::{Arithmetic, CallRule, CallScope, LimitUnit, RetryAfter};
use crate::world::message::{Call, CallError};
use crate::{EntryId, Key, NodeId, Sample, VirtualDuration};

/// A rule in force.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) id: EntryId,
    client: Option<NodeId>,
    only: CallScope,
    rule: CallRule,
    key: Key,
    started: u64,
    bucket: Bucket,
}

/// Whom a rule is for, and when it began.
pub(in crate::world) struct RuleUse {
    pub(in crate::world) client: Option<NodeId>,
    pub(in crate::world) only: CallScope,
    pub(in crate::world) rule: CallRule,
    pub(in crate::world) key: Key,
}

impl Rule {
    /// Whether it fails calls before the service has them: the second stage, after the rate limits.
    pub(super) const fn is_early_error(&self) -> bool {
        matches!(
            self.rule,
            CallRule::Error {
                after_effect: false,
                ..
            }
        )
    }
    pub(super) fn new(id: EntryId, of: RuleUse, now: u64) -> Self {
        let tokens = match of.rule {
            CallRule::RateLimit { burst, .. } => burst,
            _ => 0.0,
        };
        Self {
            id,
            client: of.client,
            only: of.only,
            rule: of.rule,
            key: of.key,
            started: now,
            bucket: Bucket {
                tokens,
                filled: now,
            },
        }
    }
    pub(super) fn concerns(&self, call: &Call) -> bool {
        let request = &call.request;
        let connection = !self.only.new_connections || call.connection.opened >= self.started;
        connection
            && self.client.is_none_or(|client| client == call.client)
            && self.only.holds(request.method, call.server, request.key)
    }
}

/// A token bucket with continuous refill.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: f64,
    filled: u64,
}

impl Bucket {
    /// Takes `cost` tokens, or says how many nanoseconds are missing.
    fn take(&mut self, now: u64, (rate, burst, cost): (f64, f64, f64)) -> Result<(), u64> {
        let refill = (now - self.filled) as f64 / 1e9 * rate;
        self.tokens = (self.tokens + refill).min(burst);
        self.filled = now;
        // What does not fit into the bucket at all must still pass a full one.
        let needed = cost.min(burst);
        if self.tokens >= needed {
            self.tokens -= cost;
            return Ok(());
        }
        let missing = (needed - self.tokens) / rate * 1e9;
        Err(VirtualDuration::from_nanos_f64(libm::ceil(missing)).as_nanos())
    }
}

/// What the rules say about a call that arrives.
#[derive(Default)]
pub(super) struct Fate {
    /// The early error that ends it, and the processor time of making that.
    pub(super) answer: Option<(CallError, VirtualDuration)>,
    /// Time before the service sees it.
    pub(super) delay: u64,
    pub(super) hang: bool,
    /// What is to be done with the answer.
    pub(super) late: Late,
}

impl Fate {
    /// Of a call that arrives at `now`.
    pub(super) fn arriving(now: u64) -> Self {
        Self {
            late: Late {
                arrived: now,
                ..Late::default()
            },
            ..Self::default()
        }
    }
}

/// Stage 1: a call must pass every bucket; each bucket is asked, so that none depends on the others.
pub(super) fn limit(
    rule: &mut Rule,
    (now, ordinal): (u64, u64),
    call: &Call,
    fate: &mut Fate,
    landed: &mut Vec<EntryId>,
) {
    let CallRule::RateLimit {
        rate,
        burst,
        unit,
        status,
        retry_after,
    } = rule.rule
    else {
        return;
    };
    let cost = match unit {
        LimitUnit::Calls => 1.0,
        LimitUnit::Cost => f64::from(call.request.cost),
        LimitUnit::Answer => f64::from(call.request.answer),
    };
    let Err(missing) = rule.bucket.take(now, (rate, burst, cost)) else {
        return;
    };
    landed.push(rule.id);
    let missing = VirtualDuration::from_nanos(missing);
    let retry_after = match retry_after {
        RetryAfter::Exact => Some(missing),
        RetryAfter::None => None,
        RetryAfter::Wrong => {
            let decades = 2.0 * rule.key.at(ordinal).open_unit() - 1.0;
            Some(missing.scaled(libm::exp10(decades)))
        }
    };
    let refusal = CallError::Status {
        code: status,
        retry_after,
    };
    fate.answer.get_or_insert((refusal, VirtualDuration::ZERO));
}

/// Stages 2 to 8. Every rule draws for every call, whether or not an earlier one has decided.
pub(super) fn decide(rule: &Rule, ordinal: u64, fate: &mut Fate, landed: &mut Vec<EntryId>) {
    let mut draw = rule.key.at(ordinal);
    let ended = fate.answer.is_some() || fate.hang;
    match &rule.rule {
        CallRule::RateLimit { .. } => {}
        CallRule::Error {
            status,
            share,
            after_effect,
            retry_after,
            work,
        } => {
            let error = CallError::Status {
                code: *status,
                retry_after: *retry_after,
            };
            if draw.chance(*share) && !ended {
                if *after_effect {
                    fate.late.error.get_or_insert((rule.id, error, *work));
                } else {
                    landed.push(rule.id);
                    fate.answer = Some((error, *work));
                }
            }
        }
        CallRule::Delay { delay, mode, share } => {
            if draw.chance(*share) {
                let drawn = delay.sample(&mut draw).max(0.0);
                lengthen(rule, (*mode, drawn), ended, fate, landed);
            }
        }
        CallRule::Hang { share } => {
            if draw.chance(*share) && !ended {
                landed.push(rule.id);
                fate.hang = true;
            }
        }
        CallRule::LostReply { share } => {
            if draw.chance(*share) && !ended {
                fate.late.lost.get_or_insert(rule.id);
            }
        }
        CallRule::Malformed { mode, share } => {
            if draw.chance(*share) && !ended {
                fate.late.damages.push((rule.id, *mode));
            }
        }
        CallRule::Stream {
            cut,
            factor,
            stall,
            share,
        } => {
            if draw.chance(*share) && !ended {
                fate.late.streams.push(StreamRule {
                    id: rule.id,
                    cut: *cut,
                    factor: *factor,
                    stall: stall.as_nanos(),
                });
            }
        }
    }
}

/// A delay of a call: what is added passes before the effect, the rest acts on the answer, of which
/// an early error is one.
fn lengthen(
    rule: &Rule,
    (mode, drawn): (Arithmetic, f64),
    ended: bool,
    fate: &mut Fate,
    landed: &mut Vec<EntryId>,
) {
    match mode {
        Arithmetic::Add if ended => {}
        Arithmetic::Add => {
            let ns = VirtualDuration::from_nanos_f64(drawn).as_nanos();
            if ns > 0 {
                landed.push(rule.id);
            }
            fate.delay = fate.delay.saturating_add(ns);
        }
        Arithmetic::Scale => fate.late.lengthen.push(Lengthen::scale(rule.id, drawn)),
        Arithmetic::Replace => {
            let replace = Lengthen::replace(rule.id, rule.started, drawn);
            fate.late.lengthen.push(replace);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_refills_continuously_and_says_when() {
        let mut bucket = Bucket {
            tokens: 2.0,
            filled: 0,
        };
        let second = 1_000_000_000;
        let rule = (1.0, 2.0, 1.0);
        assert_eq!(bucket.take(0, rule), Ok(()));
        assert_eq!(bucket.take(0, rule), Ok(()));
        assert_eq!(bucket.take(0, rule), Err(second));
        assert_eq!(bucket.take(second / 2, rule), Err(second / 2));
        assert_eq!(bucket.take(second, rule), Ok(()));
        assert_eq!(bucket.take(100 * second, (1.0, 2.0, 50.0)), Ok(()));
        assert!(bucket.tokens < 0.0, "a large request leaves a debt");
    }
}
