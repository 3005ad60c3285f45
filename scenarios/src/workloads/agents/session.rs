//! A session: steps with gaps and checkpoints between them, and sub-agents.

use super::app::{Agent, call_key};
use super::control::{self, Write};
use super::step;
use super::store::{State, Stream};
use super::trace::{Call, Step};
use core::future::Future;
use core::pin::Pin;
use squall_core::{VirtualDuration, WallTime};

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
    /// Its permission was taken away.
    Denied = 5,
    /// An operator stopped it.
    Killed = 6,
    /// It did the same step again and again.
    Loop = 7,
    /// It was put aside after it had killed too many workers.
    Parked = 8,
}

/// Runs a session and says how it ended.
pub(super) async fn session(agent: Agent, stream: u32, epoch: u32) {
    let end = match control::take(&agent, stream, epoch).await {
        Err(cause) => End::Failed(cause),
        Ok(()) => {
            if agent.app.store.borrow_mut().stream(stream).task == stream {
                control::fan_out(&agent, stream);
            }
            steps(agent.clone(), stream, epoch).await
        }
    };
    let (app, config) = (&agent.app, agent.config());
    agent.holds(stream, epoch, false);
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
        let code = control::replay(&agent, stream, at.seq);
        if code.seq < at.seq {
            (at.seq, at.intent) = (code.seq, false);
        }
        let mut last = agent.now();
        let mut rested = epoch > 1;
        while at.seq < len {
            let step = app
                .source
                .step(agent.config(), (stream, at.seq), at.context);
            let done = match step {
                Step::Call(mut call) => {
                    // Whoever takes a session over does not wait again.
                    if !core::mem::take(&mut rested) {
                        agent
                            .cx
                            .sleep_until(last.saturating_add(gap(&agent, &call)))
                            .await;
                    }
                    last = agent.now();
                    if let Err(cause) = control::turn(&agent, stream, &call) {
                        return End::Failed(cause);
                    }
                    control::choose(&agent, stream, at.seq, code);
                    let early = control::too_early(&agent);
                    if early {
                        let mut next = at;
                        (next.seq, next.context) = (at.seq + 1, call.context);
                        checkpoint(&agent, stream, epoch, &next);
                    }
                    let mut done = step::run(&agent, stream, &at, &mut call, &mut last).await;
                    at.context = call.context;
                    if done.is_ok() {
                        match control::repeats(&agent, stream, at.seq) {
                            Ok(true) => continue,
                            Ok(false) => {}
                            Err(cause) => done = Err(End::Failed(cause)),
                        }
                    }
                    if early && done.is_ok() {
                        // Its checkpoint has been written.
                        (at.seq, at.intent) = (at.seq + 1, false);
                        continue;
                    }
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
            let written = control::checkpoint(&agent, stream).await;
            if written == Write::Done && !checkpoint(&agent, stream, epoch, &at) {
                return End::Fenced;
            }
            let done = call_key(stream, at.seq - 1);
            control::point(&agent, |names| names.after_checkpoint, done).await;
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
    deadline: WallTime,
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
