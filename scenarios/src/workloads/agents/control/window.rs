//! Prompts that are longer than what the model takes.

use super::super::app::{Agent, App, SEQ_BITS};
use super::super::trace::Call;
use super::policy::parts;
use super::{Slug, turn};
use squall_core::world::{Cx, Request};

/// Status of a prompt that is too long.
const TOO_LONG: u16 = 400;
/// What a compaction leaves: the median of the recorded ones, new size over old.
const COMPACTS_TO: f64 = 0.233;
/// Tokens below which there is nothing to compact (a choice).
const SHORTEST: u32 = 1000;

/// The provider's side: how many tokens of a prompt the model reads, 0 is all of it; else the status.
pub(in super::super) fn prompt(cx: &Cx, app: &App, request: &Request) -> Result<u64, u16> {
    let Some((control, _)) = parts(app) else {
        return Ok(0);
    };
    // The lower half of the word.
    let context = request.args[0] & u64::from(u32::MAX);
    let limit = control.knobs.whole(cx, Slug::ContextLimit);
    if context <= limit {
        return Ok(0);
    }
    let cuts = control.knobs.whole(cx, Slug::ContextOverflow) == 1;
    cx.event(control.names.overflow, request.key, context - limit);
    match cuts {
        true => Ok(limit.max(1)),
        false => Err(TOO_LONG),
    }
}

/// The agent's side: it was told how many tokens of the prompt of `call` were read, or that it is too
/// long. Whether it makes the prompt shorter and asks again.
pub(in super::super) fn shortens(
    agent: &Agent,
    key: u64,
    call: &mut Call,
    read: Result<u64, u16>,
) -> bool {
    let Some((control, config)) = parts(&agent.app) else {
        return false;
    };
    let stream = u32::try_from(key >> SEQ_BITS).expect("a stream has 32 bits");
    let whole = match read {
        Ok(read) => read == 0,
        Err(status) if status != TOO_LONG => return false,
        Err(_) => false,
    };
    control.state.borrow_mut().memory(stream).cut = read.is_ok() && !whole;
    if whole || !config.compacts || call.context <= SHORTEST {
        return false;
    }
    let shorter = (f64::from(call.context) * COMPACTS_TO).round();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "shorter than what has 32 bits, and not negative"
    )]
    let shorter = (shorter as u32).max(SHORTEST);
    // What no cache has is all of it.
    (call.context, call.new) = (shorter, shorter);
    control.state.borrow_mut().memory(stream).cut = false;
    turn::compacted(agent, (control, config), stream, shorter);
    true
}
