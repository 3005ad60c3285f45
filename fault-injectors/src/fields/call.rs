//! Fields of calls.

use super::words::word;
use super::{Field, LESS, POSITIVE, SHARE, UNIT, Visit, Weak, delay_field, name, whole_opt, words};
use squall_core::plan::{CallRule, CallScope, Malformed, Shard};

/// Which calls a rule is for.
pub(super) fn scope_fields(only: &mut CallScope, visit: &mut Visit<'_>) {
    let CallScope {
        method,
        server,
        shard,
        new_connections,
    } = only;
    whole_opt(
        name("method", "method, tool or model; all if missing"),
        method,
        visit,
    );
    visit(
        name("server", "the replica on this node; all if missing"),
        Field::NodeOpt(server),
    );
    let (mut index, mut of) = (shard.map(|s| s.index), shard.map(|s| s.of));
    let part = "part of the keys, from 0; all if missing";
    whole_opt(name("shard", part), &mut index, visit);
    whole_opt(name("shards", "how many parts there are"), &mut of, visit);
    *shard = index.map(|index| Shard {
        index,
        of: of.unwrap_or(1),
    });
    visit(
        name("new_connections", "whether only new connections are hit"),
        Field::Flag(new_connections),
    );
}

pub(super) fn rule_fields(rule: &mut CallRule, visit: &mut Visit<'_>) {
    let status_name = name("status", "of the answer, as in HTTP");
    let code = |status: &mut u16, visit: &mut Visit<'_>| {
        let mut wide = u64::from(*status);
        visit(status_name, Field::Count(&mut wide, (0, 999), Weak::Fixed));
        *status = u16::try_from(wide).unwrap_or(999);
    };
    match rule {
        CallRule::Error {
            status,
            share,
            after_effect,
            retry_after,
            work,
        } => {
            code(status, visit);
            visit(SHARE, Field::Number(share, UNIT, LESS));
            let late = name("after_effect", "whether the effect happens first");
            visit(late, Field::Flag(after_effect));
            visit(
                name("retry_after", "hint to the client"),
                Field::LengthOpt(retry_after),
            );
            visit(
                name("work", "processor time that the error takes"),
                Field::Length(work, LESS),
            );
        }
        CallRule::Malformed { mode, share } => {
            match mode {
                Malformed::Stale { age } => {
                    visit(name("age", "how old it is"), Field::Length(age, LESS));
                }
                Malformed::Forced { ok } => {
                    let says = name("ok", "whether it says that all is well");
                    visit(says, Field::Flag(ok));
                }
                mode => {
                    let what = name("mode", "what is wrong with the reply");
                    word(what, mode, words::MALFORMED, visit);
                }
            }
            visit(SHARE, Field::Number(share, UNIT, LESS));
        }
        CallRule::Stream {
            cut,
            factor,
            stall,
            share,
        } => {
            whole_opt(
                name("cut", "it ends after so many units; not at all if missing"),
                cut,
                visit,
            );
            let pace = name("factor", "on the time between units");
            visit(pace, Field::Number(factor, POSITIVE, Weak::Towards(1.0)));
            visit(
                name("stall", "the first unit comes so much later"),
                Field::Length(stall, LESS),
            );
            visit(SHARE, Field::Number(share, UNIT, LESS));
        }
        CallRule::Delay { delay, mode, share } => {
            delay_field(delay, *mode, visit);
            visit(SHARE, Field::Number(share, UNIT, LESS));
        }
        CallRule::Hang { share } | CallRule::LostReply { share } => {
            visit(SHARE, Field::Number(share, UNIT, LESS));
        }
        CallRule::RateLimit {
            rate,
            burst,
            unit,
            status,
            retry_after,
        } => {
            visit(
                name("rate", "tokens a second"),
                Field::Number(rate, POSITIVE, Weak::Up),
            );
            visit(
                name("burst", "size of the bucket"),
                Field::Number(burst, POSITIVE, Weak::Fixed),
            );
            word(
                name("unit", "what a call costs"),
                unit,
                words::LIMIT_UNIT,
                visit,
            );
            code(status, visit);
            let hint = name("retry_after", "what it says about when to come again");
            word(hint, retry_after, words::RETRY_AFTER, visit);
        }
    }
}
