//! What happens to an agent between its calls: it is stopped, its context is compacted, it goes in
//! circles, its progress is written down.

use super::super::app::{Agent, call_key};
use super::super::session::Cause;
use super::super::trace::Call;
use super::gate::{Stop, stopped};
use super::mind::Meant;
use super::policy::parts;
use super::{Control, ControlConfig, ControlNames, Purpose, Slug, mind};
use squall_core::world::ReplyDamage;
use squall_core::{Cx, NameId, Sample, VirtualDuration};

/// How long a worker stays at a point: what answers to the record comes a nanosecond after it.
pub(super) const POINT: VirtualDuration = VirtualDuration::from_micros(1);
/// Time that a slow store takes for a checkpoint, and between two tries at one that refuses.
const CHECKPOINT_SLOW: VirtualDuration = VirtualDuration::from_secs(5);
const CHECKPOINT_AGAIN: VirtualDuration = VirtualDuration::from_secs(1);

/// A worker reaches a point at which a fault may crash it.
pub(in super::super) async fn point(
    agent: &Agent,
    which: fn(&ControlNames) -> NameId,
    effect: u64,
) {
    if let Some(control) = &agent.app.control {
        agent.event(which(&control.names), effect, 0);
        // A crash that answers to this record comes before what follows.
        agent.cx.sleep(POINT).await;
    }
}

/// Before a step: whether the agent was stopped, and what becomes of its context.
pub(in super::super) fn turn(agent: &Agent, stream: u32, call: &Call) -> Result<(), Cause> {
    let Some((control, config)) = parts(&agent.app) else {
        return Ok(());
    };
    if let Err(Stop::Fail(cause)) = stopped(agent, control, false) {
        agent.event(control.names.killed, u64::from(stream), 0);
        return Err(cause);
    }
    let mut state = control.state.borrow_mut();
    let memory = state.memory(stream);
    let context = f64::from(call.context);
    if context - memory.tokens < config.window {
        return Ok(());
    }
    drop(state);
    compacted(agent, (control, config), stream, call.context);
    Ok(())
}

/// What there was in a context is a summary of `tokens` now; the window counts from here.
pub(super) fn compacted(
    agent: &Agent,
    (control, config): (&Control, &ControlConfig),
    stream: u32,
    tokens: u32,
) {
    control.state.borrow_mut().memory(stream).tokens = f64::from(tokens);
    agent.event(
        control.names.compacted,
        u64::from(stream),
        u64::from(tokens),
    );
    let lost = (Slug::CompactionLoss, Purpose::Compaction);
    let about = (u64::from(stream) << 32) | u64::from(tokens);
    let drops = mind::chance(control, &agent.cx, lost, about);
    if drops && !config.pin_constraints {
        control.state.borrow_mut().memory(stream).constraint = false;
        agent.event(control.names.constraint_lost, u64::from(stream), 0);
    }
}

/// What the model's answer to the `attempt`-th question of a call means; `Err` asks it again.
pub(in super::super) fn decode(
    agent: &Agent,
    (call, attempt): (u64, u32),
    asks_for_tool: bool,
    damage: ReplyDamage,
) -> Result<Meant, ()> {
    let Some((control, config)) = parts(&agent.app) else {
        return match damage.is_none() {
            true => Ok(Meant::Asked),
            false => Err(()),
        };
    };
    if !damage.is_none() {
        return match config.lenient(damage) {
            true => Ok(Meant::Guess),
            // An empty answer asks for nothing that could be guessed.
            false => Err(()),
        };
    }
    let share = control.knobs.read(&agent.cx, Slug::WrongToolName);
    let mut draw = control
        .draws(Purpose::ToolName, call)
        .at(u64::from(attempt));
    if !(asks_for_tool && share > 0.0 && draw.chance(share)) {
        return Ok(Meant::Asked);
    }
    agent.event(control.names.tool_unknown, call, 0);
    match config.reject_unknown {
        true => Err(()),
        false => Ok(Meant::OtherTool),
    }
}

/// A read brought something: from outside, perhaps, or something that is not so and nobody looked at.
pub(in super::super) fn after_read(
    agent: &Agent,
    cx: &Cx,
    (stream, key): (u32, u64),
    (damage, meant): (ReplyDamage, Meant),
) {
    let Some(control) = &agent.app.control else {
        return;
    };
    let unseen = !damage.is_none() && !agent.config().tools.check_body;
    if unseen || meant == Meant::OtherTool {
        control.state.borrow_mut().memory(stream).misled = true;
    }
    if mind::chance(control, cx, (Slug::PoisonedContext, Purpose::Poison), key) {
        control.state.borrow_mut().memory(stream).poisoned = true;
    }
}

/// After a step: whether the agent does it again instead of the next.
pub(in super::super) fn repeats(agent: &Agent, stream: u32, seq: u32) -> Result<bool, Cause> {
    let Some((control, config)) = parts(&agent.app) else {
        return Ok(false);
    };
    let share = control.knobs.read(&agent.cx, Slug::StuckLoop);
    let mut state = control.state.borrow_mut();
    let memory = state.memory(stream);
    let draws = control.draws(Purpose::Loop, call_key(stream, seq));
    if share <= 0.0 || !draws.at(memory.repeats).chance(share) {
        memory.repeats = 0;
        return Ok(false);
    }
    memory.repeats += 1;
    let times = memory.repeats;
    drop(state);
    agent.event(control.names.repeated, u64::from(stream), times);
    if config.detect_loops && times >= config.repeats_max {
        return Err(Cause::Loop);
    }
    Ok(true)
}

/// What becomes of a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Write {
    Done,
    /// Nobody will find it.
    Lost,
}

fn mode(control: &Control, cx: &Cx) -> u64 {
    control.knobs.whole(cx, Slug::CheckpointMode)
}

/// A store that may refuse, lose or be slow about a checkpoint.
pub(in super::super) async fn checkpoint(agent: &Agent, stream: u32) -> Write {
    let Some((control, config)) = parts(&agent.app) else {
        return Write::Done;
    };
    let cx = &agent.cx;
    loop {
        match mode(control, cx) {
            1 => {
                cx.sleep(CHECKPOINT_SLOW).await;
                return Write::Done;
            }
            // Read-only or torn: one that waits for it reads it back, and writes it again.
            2 | 3 if config.checkpoints_wait => cx.sleep(CHECKPOINT_AGAIN).await,
            2 | 3 => {
                agent.event(control.names.checkpoint_lost, u64::from(stream), 0);
                return Write::Lost;
            }
            _ => return Write::Done,
        }
    }
}

/// Whether the checkpoint of a step reaches the store before the step's effect: a store that reorders
/// writes, and an agent that waits for none of them.
pub(in super::super) fn too_early(agent: &Agent) -> bool {
    parts(&agent.app)
        .is_some_and(|(control, config)| !config.checkpoints_wait && mode(control, &agent.cx) == 4)
}
