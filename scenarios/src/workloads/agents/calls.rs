//! One call with its retries: the client library's, below the framework's.

use super::app::{Agent, call_key};
use super::control;
use super::store::until;
use super::tables::NO_BUDGET;
use squall_core::world::{CallError, Reply, Request};
use squall_core::{Cx, PortId, Sample, VirtualDuration, WallTime};

/// What is asked, of whom.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ask<'a> {
    /// Where the service runs: a retry goes to the next place.
    pub(super) ports: &'a [PortId],
    pub(super) stream: u32,
    pub(super) seq: u32,
    pub(super) request: Request,
    pub(super) timeout: VirtualDuration,
    pub(super) deadline: WallTime,
    /// The prompt and answer of a model call, and who pays.
    pub(super) tokens: Option<Tokens>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Tokens {
    pub(super) task: u32,
    pub(super) context: u32,
    pub(super) out: u32,
}

/// Why a call came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The last attempt ended like this.
    Call(CallError),
    /// The session has not the tokens.
    Budget,
}

const fn retryable(error: CallError) -> bool {
    match error {
        CallError::Deadline | CallError::Refused | CallError::Reset | CallError::Cut { .. } => true,
        CallError::Status { code, .. } => code == 429 || code >= 500,
    }
}

/// Asks until there is an answer or no further try; `tally` counts the attempts. Gives the answer and
/// the time of the attempt that brought it.
pub(super) async fn ask(
    agent: &Agent,
    cx: &Cx,
    what: &Ask<'_>,
    tally: &mut u32,
) -> Result<(Reply, VirtualDuration), Failure> {
    let (app, retry) = (&agent.app, &agent.config().retry);
    agent.allowance.borrow_mut().earn(budget(agent));
    let key = call_key(what.stream, what.seq);
    let mut tried = 0;
    loop {
        let request = of_attempt(what, cx.knob(app.knobs.resend) >= 0.5, *tally);
        if what.tokens.is_some() {
            let wall = cx.wall_clock();
            let patience = what.deadline.since(wall);
            if !control::contracted(agent, cx, key, patience).await {
                return Err(Failure::Call(CallError::Deadline));
            }
        }
        let reserved = what
            .tokens
            .map(|t| (t.task, agent.config().reserve(t.context)));
        if let Some((task, tokens)) = reserved
            && !reserve(agent, task, tokens)
        {
            agent.event(app.names.over_budget, u64::from(task), tokens);
            return Err(Failure::Budget);
        }
        let sent = cx.now();
        let port = what.ports[(what.stream as usize + *tally as usize) % what.ports.len()];
        let wall = cx.wall_clock();
        let limit = until(wall, what.timeout, what.deadline).since(wall);
        let result = cx.call(port, request).within(limit).await;
        *tally += 1;
        tried += 1;
        if let (Some((task, reserved)), Some(tokens)) = (reserved, what.tokens) {
            pay(agent, (task, reserved), (tokens, key, *tally), &result);
        }
        let error = match result {
            Ok(reply) => return Ok((reply, cx.now().since(sent))),
            Err(error) => error,
        };
        if error.code() == 429 {
            agent.event(app.names.limited, key, u64::from(tried));
        }
        if !retryable(error) || cx.wall_clock() >= what.deadline {
            return Err(Failure::Call(error));
        }
        let attempts = tries(cx.knob(app.knobs.attempts)) * retry.under;
        if tried >= attempts || !agent.allowance.borrow_mut().take(budget(agent)) {
            return Err(Failure::Call(error));
        }
        agent.event(app.names.retried, key, u64::from(error.code()));
        let wait = wait(agent, what, (tried - 1, *tally), error);
        let wall = cx.wall_clock();
        let wait = until(wall, wait, what.deadline).since(wall);
        cx.back_off(wait).await;
    }
}

/// The share of calls that may be retries, if there is a budget.
fn budget(agent: &Agent) -> Option<f64> {
    let share = agent.cx.knob(agent.app.knobs.budget);
    (share < NO_BUDGET).then_some(share)
}

/// The request as this attempt sends it.
fn of_attempt(what: &Ask<'_>, resend: bool, attempt: u32) -> Request {
    let mut request = what.request;
    request.args[3] = u64::from(attempt);
    if let Some(tokens) = what.tokens.filter(|_| resend && attempt > 0) {
        request.cost = tokens.context;
        request.args[0] = u64::from(tokens.context) | (u64::from(tokens.context) << 32);
    }
    request
}

/// Reserves tokens of a session and of its tenant.
fn reserve(agent: &Agent, task: u32, tokens: u64) -> bool {
    if !control::reserve(agent, task, tokens) {
        return false;
    }
    let mut store = agent.app.store.borrow_mut();
    let has = store.reserve(agent.config(), task, tokens);
    drop(store);
    if !has {
        control::settle(agent, task, tokens, 0);
    }
    has
}

/// Gives a reservation back and spends what is written down as spent.
pub(super) fn settle(agent: &Agent, task: u32, (reserved, spent): (u64, u64)) {
    agent.app.store.borrow_mut().settle(task, reserved, spent);
    control::settle(agent, task, reserved, spent);
}

/// Tokens are spent by an answer, and by a call of which nobody knows how it ended.
fn pay(
    agent: &Agent,
    (task, reserved): (u32, u64),
    (tokens, call, attempt): (Tokens, u64, u32),
    result: &Result<Reply, CallError>,
) {
    let spent = match result {
        Ok(_) => u64::from(tokens.context) + u64::from(tokens.out),
        // What came of a stream that broke off is billed too.
        Err(CallError::Cut { units }) => u64::from(tokens.context) + u64::from(*units),
        Err(error) if error.ambiguous() => u64::from(tokens.context),
        Err(_) => 0,
    };
    let recorded = control::usage(agent, task, (call, attempt), spent);
    agent
        .app
        .store
        .borrow_mut()
        .settle(task, reserved, recorded);
    if spent > 0 {
        agent.event(agent.app.names.spent, u64::from(task), spent);
        agent.cx.sample(agent.app.names.tokens, spent as f64);
    }
}

/// The wait before the next try: doubled for each one before, with full jitter, and not shorter than
/// what the service asked for.
fn wait(
    agent: &Agent,
    what: &Ask<'_>,
    (before, tally): (u32, u32),
    error: CallError,
) -> VirtualDuration {
    let retry = &agent.config().retry;
    let key = agent
        .app
        .keys
        .back_off
        .child(call_key(what.stream, what.seq));
    let mut draw = key
        .child(u64::from(what.tokens.is_some()))
        .at(u64::from(tally));
    let base = retry.backoff.sample(&mut draw).max(0.0);
    let doubled = base * f64::from(1u32 << before.min(20));
    let capped = doubled.min(retry.backoff_max.as_nanos_f64());
    let knobs = &agent.app.knobs;
    let jitter = agent.cx.knob(knobs.jitter) >= 0.5;
    let share = if jitter { draw.open_unit() } else { 1.0 };
    let share = share * agent.cx.knob(knobs.backoff).max(0.0);
    let own = VirtualDuration::from_nanos_f64(capped * share);
    match error {
        CallError::Status {
            retry_after: Some(told),
            ..
        } if retry.honour_retry_after => {
            // All who were refused were told nearly the same time: the jitter goes on top.
            told.saturating_add(own)
        }
        _ => own,
    }
}

/// A knob as a number of tries.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the range of the parameter"
)]
fn tries(knob: f64) -> u32 {
    // A pushed configuration may be anything, NaN included.
    if knob.is_nan() {
        1
    } else {
        knob.clamp(1.0, 100.0) as u32
    }
}
