//! Calls.

use super::{Rule, Sample, call, law, ms, sample};
use squall_core::VirtualDuration;
use squall_core::plan::{Arithmetic, CallRule, LimitUnit, Malformed, RetryAfter};

pub(super) fn calls(share: f64, half: f64) -> Vec<Sample> {
    let error = |status, share| {
        let (after_effect, retry_after, work) = (false, None, VirtualDuration::ZERO);
        call(CallRule::Error {
            status,
            share,
            after_effect,
            retry_after,
            work,
        })
    };
    let delay = |by, mode| {
        call(CallRule::Delay {
            delay: by,
            mode,
            share: 1.0,
        })
    };
    let damaged = |mode, share| call(CallRule::Malformed { mode, share });
    let stream = |factor| {
        call(CallRule::Stream {
            cut: None,
            factor,
            stall: ms(3),
            share,
        })
    };
    let limit = |rate, status| {
        let (burst, unit, retry_after) = (1.0, LimitUnit::Calls, RetryAfter::None);
        call(CallRule::RateLimit {
            rate,
            burst,
            unit,
            status,
            retry_after,
        })
    };
    vec![
        sample("call-error", error(503, share), error(500, share)).rule(Rule::OrderOfItself),
        sample(
            "call-delay add",
            delay(law(5), Arithmetic::Add),
            delay(law(8), Arithmetic::Add),
        ),
        sample(
            "call-hang",
            call(CallRule::Hang { share }),
            call(CallRule::Hang { share: half }),
        ),
        sample(
            "lost-reply",
            call(CallRule::LostReply { share }),
            call(CallRule::LostReply { share: half }),
        ),
        sample(
            "malformed",
            damaged(Malformed::PartialJson, share),
            damaged(Malformed::FieldsRemoved, half),
        ),
        sample("stream", stream(2.0), stream(3.0)).quiet(),
        sample("rate-limit", limit(3.0, 429), limit(2.0, 430))
            .rule(Rule::OrderOfItself)
            .counts(),
    ]
}
