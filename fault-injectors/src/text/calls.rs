//! What the rules of calls do, and to which calls, as text.

use super::part;
use crate::param::{Unit, law_text, rate_text};
use squall_core::plan::{Arithmetic, CallRule, CallScope, LimitUnit, Malformed, RetryAfter};
use std::fmt::Write as _;

/// Which calls, beyond client, service and replica.
pub(super) fn scope(only: &CallScope) -> String {
    let mut text = String::new();
    if let Some(method) = only.method {
        let _ = write!(text, " method {method}");
    }
    if let Some(shard) = only.shard {
        let _ = write!(text, " shard {} of {}", shard.index, shard.of);
    }
    if only.new_connections {
        text.push_str(" on new connections");
    }
    text
}

pub(super) fn rule(rule: &CallRule) -> String {
    match rule {
        CallRule::Error {
            status,
            share,
            after_effect,
            retry_after,
            work,
        } => {
            let when = if *after_effect {
                " after the effect"
            } else {
                ""
            };
            let hint = retry_after.map_or(String::new(), |d| format!(", retry after {d}"));
            let work = match work.is_zero() {
                true => String::new(),
                false => format!(", {work} of processor time each"),
            };
            let calls = part(*share, "calls");
            format!("error {status} for {calls}{when}{hint}{work}")
        }
        CallRule::Delay { delay, mode, share } => {
            let law = match mode {
                Arithmetic::Add => format!("+ {}", law_text(delay, Unit::Time)),
                Arithmetic::Scale => format!("x {}", law_text(delay, Unit::Plain)),
                Arithmetic::Replace => format!("= {}", law_text(delay, Unit::Time)),
            };
            format!("delay {law} for {}", part(*share, "calls"))
        }
        CallRule::Hang { share } => format!("hang for {}", part(*share, "calls")),
        CallRule::LostReply { share } => format!("reply lost for {}", part(*share, "calls")),
        CallRule::Malformed { mode, share } => {
            format!("{} for {}", reply(*mode), part(*share, "calls"))
        }
        CallRule::Stream {
            cut,
            factor,
            stall,
            share,
        } => {
            let mut parts = Vec::new();
            parts.extend(cut.map(|units| format!("cut after {units} units")));
            if *factor != 1.0 {
                parts.push(format!("x {factor} slower"));
            }
            if !stall.is_zero() {
                parts.push(format!("first unit + {stall}"));
            }
            format!("stream {} for {}", parts.join(", "), part(*share, "calls"))
        }
        CallRule::RateLimit {
            rate,
            burst,
            unit,
            status,
            retry_after,
        } => {
            let unit = match unit {
                LimitUnit::Calls => "calls",
                LimitUnit::Cost => "tokens",
                LimitUnit::Answer => "answer tokens",
            };
            let hint = match retry_after {
                RetryAfter::Exact => ", says when",
                RetryAfter::None => "",
                RetryAfter::Wrong => ", says a wrong time",
            };
            let rate = rate_text(*rate);
            format!("at most {rate} {unit}, burst {burst}, else {status}{hint}")
        }
    }
}

fn reply(mode: Malformed) -> String {
    match mode {
        Malformed::ErrorBody => "error in the body of the reply".into(),
        Malformed::Empty => "empty reply".into(),
        Malformed::PartialJson => "reply ends too early".into(),
        Malformed::FieldsRemoved => "fields of the reply missing".into(),
        Malformed::ValuesChanged => "values of the reply changed".into(),
        Malformed::Stale { age } => format!("reply {age} out of date"),
        Malformed::OtherEntity => "reply about another entity".into(),
        Malformed::Forced { ok: true } => "reply says ok".into(),
        Malformed::Forced { ok: false } => "reply says failure".into(),
    }
}
