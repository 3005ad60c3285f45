//! The steps of an agent: context, model call, intent, tool call, result, checkpoint.

use super::app::{Agent, call_key};
use super::calls::{Ask, Failure, Tokens, ask};
use super::store::{State, Stream};
use super::trace::{Call, Step};
use core::future::Future;
use core::pin::Pin;
use squall_core::history::Outcome;
use squall_core::world::Request;
use squall_core::{Cx, Sample, VirtualDuration, VirtualTime};

/// How a stream ended for the worker that ran it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Done,
    Failed(Cause),
    /// Another worker has it.
    Fenced,
}

/// Why a session failed, as in the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    Model = 1,
    Tool = 2,
    Deadline = 3,
    Budget = 4,
}

/// Runs a session and says how it ended.
pub(super) async fn session(agent: Agent, stream: u32, epoch: u32) {
    let end = steps(agent.clone(), stream, epoch).await;
    let (app, config) = (&agent.app, agent.config());
    if end == End::Fenced {
        return agent.event(app.names.fenced, u64::from(stream), u64::from(epoch));
    }
    let mut store = app.store.borrow_mut();
    if !store.holds(config.fencing, stream, epoch) {
        drop(store);
        return agent.event(app.names.fenced, u64::from(stream), u64::from(epoch));
    }
    let entry = store.stream(stream);
    entry.state = State::Ended;
    let (accepted, seq, main) = (entry.accepted, entry.seq, entry.task == stream);
    drop(store);
    if main {
        match end {
            End::Failed(cause) => agent.event(app.names.failed, u64::from(stream), cause as u64),
            _ => agent.event(app.names.done, u64::from(stream), u64::from(seq)),
        }
        let took = agent.now().since(accepted).as_secs_f64();
        agent.cx.sample(app.names.task_latency, took);
    }
}

/// A stream from its checkpoint on. Boxed, since a sub-agent runs inside its parent.
fn steps(agent: Agent, stream: u32, epoch: u32) -> Pin<Box<dyn Future<Output = End>>> {
    Box::pin(async move {
        let app = &agent.app;
        let mut at: Stream = *app.store.borrow_mut().stream(stream);
        let len = app.source.len(agent.config(), stream);
        let mut last = agent.now();
        let mut rested = epoch > 1;
        while at.seq < len {
            let step = app
                .source
                .step(agent.config(), (stream, at.seq), at.context);
            let done = match step {
                Step::Call(call) => {
                    // Whoever takes a session over does not wait again.
                    if !core::mem::take(&mut rested) {
                        agent
                            .cx
                            .sleep_until(last.saturating_add(gap(&agent, &call)))
                            .await;
                    }
                    last = agent.now();
                    let done = one(&agent, stream, &at, &call, &mut last).await;
                    at.context = call.context;
                    done
                }
                Step::Spawn { child, wait } => {
                    spawn(&agent, child, at.task, at.deadline, wait).await
                }
            };
            if let Err(end) = done {
                return end;
            }
            at.seq += 1;
            at.intent = false;
            if !checkpoint(&agent, stream, epoch, &at) {
                return End::Fenced;
            }
        }
        End::Done
    })
}

fn gap(agent: &Agent, call: &Call) -> VirtualDuration {
    let arrivals = &agent.config().arrivals;
    let gap = VirtualDuration::from_millis(u64::from(call.gap_ms)).scaled(arrivals.gap_scale);
    gap.min(arrivals.gap_max)
}

/// Writes progress down, unless somebody else owns the stream.
fn checkpoint(agent: &Agent, stream: u32, epoch: u32, at: &Stream) -> bool {
    let mut store = agent.app.store.borrow_mut();
    if !store.holds(agent.config().fencing, stream, epoch) {
        return false;
    }
    let entry = store.stream(stream);
    (entry.seq, entry.context, entry.intent) = (at.seq, at.context, at.intent);
    drop(store);
    let place = (u64::from(epoch) << 32) | u64::from(at.seq);
    agent.event(agent.app.names.checkpoint, u64::from(stream), place);
    true
}

/// Starts a sub-agent, or goes on with it.
async fn spawn(
    agent: &Agent,
    child: u32,
    task: u32,
    deadline: VirtualTime,
    wait: bool,
) -> Result<(), End> {
    let app = &agent.app;
    let epoch = {
        let mut store = app.store.borrow_mut();
        let entry = store.stream(child);
        if entry.state == State::Ended || (entry.state == State::Active && !wait) {
            return Ok(());
        }
        (entry.task, entry.deadline) = (task, deadline);
        if !wait {
            entry.state = State::Active;
        }
        store.claim(child, agent.worker)
    };
    if wait {
        let end = steps(agent.clone(), child, epoch).await;
        if end == End::Fenced {
            return Err(end);
        }
        // What a sub-agent does not bring its parent does without.
        app.store.borrow_mut().stream(child).state = State::Ended;
    } else {
        agent.cx.spawn(session(agent.clone(), child, epoch));
    }
    Ok(())
}

/// One step. A step that fails is given again by the queue, some times.
async fn one(
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
        if cx.now() >= at.deadline {
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
                let wait = at.deadline.since(cx.now()).min(retry.redelivery_after);
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
                Failure::Call(_) if cx.now() >= at.deadline => Cause::Deadline,
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
