//! One step: model call, intent, tool call, result; given again by the queue if it fails.

use super::app::{Agent, call_key};
use super::calls::{Ask, Failure, Tokens, ask};
use super::control::{self, Meant, Owner, Stop};
use super::session::{Cause, End};
use super::store::Stream;
use super::trace::Call;
use squall_core::history::Outcome;
use squall_core::world::{Reply, Request};
use squall_core::{Cx, Sample, VirtualDuration, VirtualTime};

/// When an attempt of a model call is given up.
fn timeout(agent: &Agent, cx: &Cx) -> VirtualDuration {
    let own = agent.config().model.timeout;
    let knob = cx.knob(agent.app.knobs.timeout);
    match knob == own.as_secs_f64() {
        // As it was written, to the nanosecond.
        true => own,
        false => VirtualDuration::from_secs_f64(knob.clamp(0.0, 1e9)),
    }
}

/// A call as the cache and the version of the model make it.
fn of_version(agent: &Agent, cx: &Cx, call: &Call) -> Call {
    let knobs = &agent.app.knobs;
    let lost = cx.knob(knobs.cache_loss).clamp(0.0, 1.0);
    let cached = f64::from(call.context.saturating_sub(call.new));
    let out = f64::from(call.out) * cx.knob(knobs.model_out).max(0.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "`as` saturates, and neither is negative"
    )]
    let (more, out) = ((cached * lost).round() as u32, out.round() as u32);
    Call {
        new: call.new + more,
        out,
        ..*call
    }
}

/// One step. A step that fails is given again by the queue, some times.
pub(super) async fn run(
    agent: &Agent,
    stream: u32,
    at: &Stream,
    call: &mut Call,
    last: &mut VirtualTime,
) -> Result<(), End> {
    let (app, retry) = (&agent.app, &agent.config().retry);
    let operation = agent.cx.operation(app.names.step);
    let cx = operation.cx();
    let since = cx.now();
    let mut intent = at.intent;
    let (mut model_tries, mut tool_tries) = (0, 0);
    let mut given = 0;
    let mut meant = Meant::Asked;
    let effect = call_key(stream, at.seq);
    let end = loop {
        if cx.wall_clock() >= at.deadline {
            break Err(Cause::Deadline);
        }
        let mut result = Ok(());
        if !intent {
            match model(agent, cx, (stream, at), call, &mut model_tries).await {
                Ok(answer) => meant = answer,
                Err(cause) => result = Err(cause),
            }
            *last = cx.now();
            intent = result.is_ok() && agent.config().idempotency && call.tool;
            if intent {
                control::point(agent, |names| names.before_intent, effect).await;
                app.store.borrow_mut().stream(stream).intent = true;
                control::point(agent, |names| names.after_intent, effect).await;
            }
        }
        if result.is_ok() && call.tool {
            result = tool(agent, cx, (stream, at), meant, &mut tool_tries).await;
            control::point(agent, |names| names.after_result, effect).await;
        }
        match result {
            Err(Cause::Model | Cause::Tool) if given < retry.redeliveries => {
                given += 1;
                let wait = at
                    .deadline
                    .since(cx.wall_clock())
                    .min(retry.redelivery_after);
                cx.back_off(wait).await;
            }
            result => break result,
        }
    };
    if model_tries > 0 {
        cx.sample(app.names.attempts, f64::from(model_tries));
    }
    match end {
        Ok(()) => {
            cx.sample(app.names.latency, cx.now().since(since).as_secs_f64());
            operation.end(Outcome::Ok);
            Ok(())
        }
        Err(cause) => {
            operation.end(Outcome::Fail);
            Err(End::Failed(cause))
        }
    }
}

/// The model call of a step. A prompt that is too long may be made shorter, in `call`, and asked again.
async fn model(
    agent: &Agent,
    cx: &Cx,
    (stream, at): (u32, &Stream),
    call: &mut Call,
    tries: &mut u32,
) -> Result<Meant, Cause> {
    let app = &agent.app;
    let operation = cx.operation(app.names.model_call);
    let key = call_key(stream, at.seq);
    let answered = loop {
        let what = question(agent, cx, (stream, at), &of_version(agent, cx, call));
        let asked = ask(agent, operation.cx(), &what, tries).await;
        let read = match &asked {
            Ok((reply, _)) => Ok(reply.args[1]),
            Err(Failure::Call(error)) => Err(error.code()),
            Err(Failure::Budget) => break asked,
        };
        if !control::shortens(agent, key, call, read) {
            break asked;
        }
    };
    match answered {
        Ok((reply, took)) => {
            let took = control::read_answer(agent, operation.cx(), key, took).await;
            cx.sample(app.names.model_latency, took.as_secs_f64());
            let Ok(meant) = control::decode(agent, (key, *tries), call.tool, reply.damage) else {
                operation.end(Outcome::Fail);
                return Err(Cause::Model);
            };
            operation.end(Outcome::Ok);
            Ok(meant)
        }
        Err(failure) => {
            operation.end(Outcome::Fail);
            Err(match failure {
                Failure::Budget => Cause::Budget,
                Failure::Call(_) if cx.wall_clock() >= at.deadline => Cause::Deadline,
                Failure::Call(_) => Cause::Model,
            })
        }
    }
}

/// What is asked of the model.
fn question<'a>(agent: &'a Agent, cx: &Cx, (stream, at): (u32, &Stream), call: &Call) -> Ask<'a> {
    let config = &agent.config().model;
    let recorded = match agent.config().arrivals.recorded {
        true => call.api_ms,
        false => 0,
    };
    Ask {
        ports: &agent.app.model,
        stream,
        seq: at.seq,
        request: Request {
            method: u32::from(call.model),
            cost: match config.cost_all {
                true => call.context,
                false => call.new,
            },
            answer: call.out,
            key: call_key(stream, at.seq),
            args: [
                u64::from(call.context) | (u64::from(call.new) << 32),
                u64::from(call.out),
                u64::from(recorded),
                0,
            ],
        },
        timeout: timeout(agent, cx),
        deadline: at.deadline,
        tokens: Some(Tokens {
            task: at.task,
            context: call.context,
            out: call.out,
        }),
    }
}

/// The tool call that the answer asks for: an effect, or a read.
async fn tool(
    agent: &Agent,
    cx: &Cx,
    (stream, at): (u32, &Stream),
    meant: Meant,
    tries: &mut u32,
) -> Result<(), Cause> {
    let app = &agent.app;
    let operation = cx.operation(app.names.tool_call);
    let key = call_key(stream, at.seq);
    let write = app.keys.write.at(key).chance(agent.config().tools.writes);
    let permitted = match write {
        true => permit(agent, cx, (stream, at), meant).await,
        false => Ok(Permit::default()),
    };
    let permit = match permitted {
        Ok(permit) => permit,
        Err(stop) => {
            operation.end(Outcome::Fail);
            return match stop {
                Stop::Skip => Ok(()),
                Stop::Fail(cause) => Err(cause),
            };
        }
    };
    let result = act(agent, operation.cx(), (stream, at), (write, &permit), tries).await;
    let owner = Owner {
        stream,
        epoch: at.epoch,
    };
    control::unlock(agent, owner, &permit.locks);
    match result {
        Ok((reply, took)) => {
            if write {
                control::point(agent, |names| names.after_effect, key).await;
            } else {
                control::after_read(agent, cx, (stream, key), (reply.damage, meant));
            }
            let wrong = reply.args[0] != 0 || !reply.damage.is_none();
            if wrong && agent.config().tools.check_body {
                agent.event(app.names.tool_error, key, 0);
            } else if write {
                control::remember(agent, stream, permit.goal);
                agent.event(app.names.result_ok, key, 0);
            }
            cx.sample(app.names.tool_latency, took.as_secs_f64());
            operation.end(Outcome::Ok);
            Ok(())
        }
        Err(Failure::Call(error)) if error.ambiguous() => {
            operation.end(Outcome::Info);
            Err(Cause::Tool)
        }
        Err(_) => {
            operation.end(Outcome::Fail);
            Err(Cause::Tool)
        }
    }
}

/// With what a write goes to its tool.
#[derive(Debug, Default)]
struct Permit {
    hash: u64,
    labels: u64,
    /// The thing of the task that it does, if somebody counts.
    goal: u64,
    locks: Vec<u64>,
}

/// Everything that stands before a write.
async fn permit(
    agent: &Agent,
    cx: &Cx,
    (stream, at): (u32, &Stream),
    meant: Meant,
) -> Result<Permit, Stop> {
    let Some(control) = control::parts(&agent.app) else {
        return Ok(Permit::default());
    };
    let effect = call_key(stream, at.seq);
    let gate = control::gate(agent, cx, control, (stream, at.seq), meant).await?;
    let owner = Owner {
        stream,
        epoch: at.epoch,
    };
    let locks = control::lock(agent, cx, (owner, effect), at.deadline).await?;
    let goal = control::goal(agent, stream, effect);
    Ok(Permit {
        hash: gate.hash,
        labels: gate.labels.about(goal).0,
        goal,
        locks,
    })
}

/// Asks the tool, retries and all; gives the time that took.
async fn act(
    agent: &Agent,
    cx: &Cx,
    (stream, at): (u32, &Stream),
    (write, permit): (bool, &Permit),
    tries: &mut u32,
) -> Result<(Reply, VirtualDuration), Failure> {
    let what = Ask {
        ports: &agent.app.tools,
        stream,
        seq: at.seq,
        request: Request {
            method: u32::from(write),
            cost: 1,
            answer: 1,
            key: call_key(stream, at.seq),
            args: [
                u64::from(agent.config().idempotency),
                permit.hash,
                permit.labels,
                0,
            ],
        },
        timeout: agent.config().tools.timeout,
        deadline: at.deadline,
        tokens: None,
    };
    let since = cx.now();
    let (reply, _) = ask(agent, cx, &what, tries).await?;
    Ok((reply, cx.now().since(since)))
}
