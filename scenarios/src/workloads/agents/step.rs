//! One step: model call, intent, tool call, result; given again by the queue if it fails.

use super::app::{Agent, call_key};
use super::calls::{Ask, Failure, Tokens, ask};
use super::session::{Cause, End};
use super::store::Stream;
use super::trace::Call;
use squall_core::history::Outcome;
use squall_core::world::Request;
use squall_core::{Cx, Sample, VirtualTime};

/// One step. A step that fails is given again by the queue, some times.
pub(super) async fn run(
    agent: &Agent,
    stream: u32,
    at: &Stream,
    call: &Call,
    last: &mut VirtualTime,
) -> Result<(), End> {
    let (app, retry) = (&agent.app, &agent.config().retry);
    let operation = agent.cx.operation(app.names.step);
    let cx = operation.cx();
    let since = cx.now();
    let mut intent = at.intent;
    let (mut model_tries, mut tool_tries) = (0, 0);
    let mut given = 0;
    let end = loop {
        if cx.wall_clock() >= at.deadline {
            break Err(Cause::Deadline);
        }
        let mut result = Ok(());
        if !intent {
            result = model(agent, cx, (stream, at), call, &mut model_tries).await;
            *last = cx.now();
            intent = result.is_ok() && agent.config().idempotency && call.tool;
            if intent {
                app.store.borrow_mut().stream(stream).intent = true;
            }
        }
        if result.is_ok() && call.tool {
            result = tool(agent, cx, (stream, at), &mut tool_tries).await;
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

async fn model(
    agent: &Agent,
    cx: &Cx,
    (stream, at): (u32, &Stream),
    call: &Call,
    tries: &mut u32,
) -> Result<(), Cause> {
    let (app, config) = (&agent.app, &agent.config().model);
    let operation = cx.operation(app.names.model_call);
    let recorded = if agent.config().arrivals.recorded {
        call.api_ms
    } else {
        0
    };
    let what = Ask {
        ports: &app.model,
        stream,
        seq: at.seq,
        request: Request {
            method: u32::from(call.model),
            cost: if config.cost_all {
                call.context
            } else {
                call.new
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
        timeout: config.timeout,
        deadline: at.deadline,
        tokens: Some(Tokens {
            task: at.task,
            context: call.context,
            out: call.out,
        }),
    };
    match ask(agent, operation.cx(), &what, tries).await {
        Ok((_, took)) => {
            cx.sample(app.names.model_latency, took.as_secs_f64());
            operation.end(Outcome::Ok);
            Ok(())
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

/// The tool call that the answer asks for: an effect, or a read.
async fn tool(
    agent: &Agent,
    cx: &Cx,
    (stream, at): (u32, &Stream),
    tries: &mut u32,
) -> Result<(), Cause> {
    let (app, config) = (&agent.app, &agent.config().tools);
    let operation = cx.operation(app.names.tool_call);
    let key = call_key(stream, at.seq);
    let write = app.keys.write.at(key).chance(config.writes);
    let what = Ask {
        ports: &app.tools,
        stream,
        seq: at.seq,
        request: Request {
            method: u32::from(write),
            cost: 1,
            answer: 1,
            key,
            args: [u64::from(agent.config().idempotency), 0, 0, 0],
        },
        timeout: config.timeout,
        deadline: at.deadline,
        tokens: None,
    };
    let since = cx.now();
    match ask(agent, operation.cx(), &what, tries).await {
        Ok((reply, _)) => {
            if reply.args[0] != 0 && config.check_body {
                agent.event(app.names.tool_error, key, 0);
            } else if write {
                agent.event(app.names.result_ok, key, 0);
            }
            cx.sample(app.names.tool_latency, cx.now().since(since).as_secs_f64());
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
