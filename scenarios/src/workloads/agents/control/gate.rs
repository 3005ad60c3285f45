//! The gate: what stands between what an agent wants and the tool that would do it.

use super::super::app::Agent;
use super::super::session::Cause;
use super::config::Enforce;
use super::mind::{self, Action, Labels, Meant};
use super::{Control, ControlConfig, Purpose, Slug, delegation};
use squall_core::world::Request;
use squall_core::{Cx, Sample, VirtualDuration};

/// Time that a write of the audit sink takes, and one of a slow sink.
const AUDIT_TIME: VirtualDuration = VirtualDuration::from_millis(5);
const AUDIT_TIME_SLOW: VirtualDuration = VirtualDuration::from_secs(20);
/// How long an approval waits for somebody who has time.
const APPROVAL_PATIENCE: VirtualDuration = VirtualDuration::from_secs(60);
/// How long a gate waits for an audit sink that is full before it gives the step back.
const AUDIT_PATIENCE: VirtualDuration = VirtualDuration::from_secs(10);

/// What goes to the tool.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Gate {
    pub(in super::super) hash: u64,
    pub(in super::super) labels: Labels,
}

/// Why a tool is not called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Stop {
    /// The agent goes on without the effect.
    Skip,
    Fail(Cause),
}

/// Why an action was stopped or changed, as in the event `blocked`.
#[derive(Clone, Copy, Debug)]
pub(super) enum Block {
    Arguments = 1,
    Taint = 2,
    Owner = 3,
    Approval = 4,
    Approver = 5,
    Memory = 6,
    Scope = 7,
}

/// Passes what the agent of `stream` wants to do for the effect of its step.
pub(in super::super) async fn gate(
    agent: &Agent,
    cx: &Cx,
    (control, config): (&Control, &ControlConfig),
    (stream, seq): (u32, u32),
    meant: Meant,
) -> Result<Gate, Stop> {
    let mut action = mind::action(agent, (control, config), (stream, seq), meant);
    check(agent, (control, config), &mut action);
    delegation::scope(agent, (control, config), stream, &mut action)?;
    stopped(agent, control, true)?;
    if !action.stray {
        permission(agent, cx, (control, config), stream, &mut action).await?;
    }
    let must = config.approvals > 0.0
        && control
            .draws(Purpose::Approval, action.effect)
            .at(0)
            .chance(config.approvals);
    if must {
        approval(agent, cx, (control, config), &mut action).await?;
    }
    audit(agent, cx, (control, config), &action).await?;
    stopped(agent, control, true)?;
    Ok(Gate {
        hash: action.hash,
        labels: action.labels,
    })
}

/// What a look at the action itself shows. What is wrong is put right: the agent is asked again.
fn check(agent: &Agent, (control, config): (&Control, &ControlConfig), action: &mut Action) {
    let block = |why: Block| agent.event(control.names.blocked, action.effect, why as u64);
    let right = mind::wanted(action.effect);
    let labels = action.labels;
    if config.taint_labels && labels.has(Labels::TAINTED) {
        block(Block::Taint);
        action.hash = right;
        action.labels = labels.without(Labels::TAINTED);
    }
    let odd = labels.has(Labels::TAINTED) || labels.has(Labels::FORBIDDEN);
    if config.verify && action.hash != right && !odd {
        block(Block::Arguments);
        action.hash = right;
    }
    if config.check_owner && labels.has(Labels::FOREIGN) {
        block(Block::Owner);
        action.labels = action.labels.without(Labels::FOREIGN);
    }
}

/// Whether an agent that looks now knows that it was stopped; `gate` is before an effect.
pub(super) fn stopped(agent: &Agent, control: &Control, gate: bool) -> Result<(), Stop> {
    let Some(killed) = control.state.borrow().killed else {
        return Ok(());
    };
    let cx = &agent.cx;
    if gate && control.knobs.is_set(cx, Slug::KillPoll) {
        return Ok(());
    }
    let known = killed.saturating_add(control.knobs.time(cx, Slug::KillDelay));
    match cx.now() >= known {
        true => Err(Stop::Fail(Cause::Killed)),
        false => Ok(()),
    }
}

async fn permission(
    agent: &Agent,
    cx: &Cx,
    (control, config): (&Control, &ControlConfig),
    stream: u32,
    action: &mut Action,
) -> Result<(), Stop> {
    let known = control.state.borrow_mut().memory(stream).decision;
    let decision = match known {
        Some((_, allowed)) if config.enforce == Enforce::Agent => Some(allowed),
        _ => ask(cx, (control, config), stream, action.effect).await,
    };
    let names = &control.names;
    let who = mind::tenant(config, stream);
    let allowed = match decision {
        Some(allowed) => {
            let mut state = control.state.borrow_mut();
            state.memory(stream).decision = Some((cx.now(), allowed));
            allowed
        }
        None => match control.knobs.whole(cx, Slug::PolicyClient) {
            // Open: it does what it wants, and nobody has decided anything.
            1 => return Ok(()),
            2 => {
                let age = control.knobs.time(cx, Slug::PolicyCacheAge);
                let fresh = known.filter(|(at, _)| at.saturating_add(age) >= cx.now());
                match fresh {
                    Some((_, allowed)) => allowed,
                    None => return Err(Stop::Fail(Cause::Tool)),
                }
            }
            _ => return Err(Stop::Fail(Cause::Tool)),
        },
    };
    if !allowed {
        agent.event(names.denied, action.effect, who);
        return Err(Stop::Fail(Cause::Denied));
    }
    agent.event(names.decided, action.effect, who);
    action.labels = action.labels.with(Labels::DECIDED);
    Ok(())
}

/// Asks the policy server; `None` if it does not answer.
async fn ask(
    cx: &Cx,
    (control, config): (&Control, &ControlConfig),
    stream: u32,
    effect: u64,
) -> Option<bool> {
    let lag = control.knobs.time(cx, Slug::PolicyLag).as_nanos();
    let request = Request {
        cost: 1,
        answer: 1,
        key: effect,
        args: [lag, 0, 0, 0],
        ..Request::default()
    };
    let port = control.policy[stream as usize % control.policy.len()];
    let result = cx.call(port, request).within(config.policy_timeout).await;
    let reply = result.ok().filter(|reply| reply.damage.is_none())?;
    Some(reply.args[0] == 1)
}

/// Somebody looks at the action, if somebody has time, and sees whether it is what the task wants.
async fn approval(
    agent: &Agent,
    cx: &Cx,
    (control, config): (&Control, &ControlConfig),
    action: &mut Action,
) -> Result<(), Stop> {
    let (names, effect) = (&control.names, action.effect);
    let load = control.knobs.whole(cx, Slug::ApproverLoad);
    let busy = control.state.borrow().approving.saturating_add(load);
    if busy >= config.approvers {
        cx.sleep(APPROVAL_PATIENCE).await;
        if !control.knobs.is_set(cx, Slug::ApprovalDefault) {
            agent.event(names.blocked, effect, Block::Approver as u64);
            agent.event(names.denied, effect, 0);
            return Err(Stop::Skip);
        }
    } else {
        control.state.borrow_mut().approving += 1;
        let mut draw = control.draws(Purpose::Approval, effect).at(1);
        let time = config.approval_time.sample(&mut draw).max(0.0);
        cx.sleep(VirtualDuration::from_nanos_f64(time)).await;
        let mut state = control.state.borrow_mut();
        state.approving = state.approving.saturating_sub(1);
        drop(state);
        if action.hash != mind::wanted(effect) {
            agent.event(names.blocked, effect, Block::Approver as u64);
            agent.event(names.denied, effect, 0);
            return Err(Stop::Skip);
        }
    }
    agent.event(names.approved, effect, action.hash);
    action.labels = action.labels.with(Labels::APPROVED);
    let replay = (Slug::ApprovalReplay, Purpose::Replay);
    if mind::chance(control, cx, replay, effect) {
        let approved = action.hash;
        action.hash = mind::changed(action);
        if config.bind_approval {
            agent.event(names.blocked, effect, Block::Approval as u64);
            action.hash = approved;
        }
    }
    Ok(())
}

/// The record of the intent becomes durable, or should.
async fn audit(
    agent: &Agent,
    cx: &Cx,
    (control, config): (&Control, &ControlConfig),
    action: &Action,
) -> Result<(), Stop> {
    let mode = control.knobs.whole(cx, Slug::AuditMode);
    let time = match mode {
        1 => AUDIT_TIME_SLOW,
        _ => AUDIT_TIME,
    };
    let (names, effect) = (control.names, action.effect);
    if config.audit_ahead {
        if mode >= 2 {
            cx.sleep(AUDIT_PATIENCE).await;
            return Err(Stop::Fail(Cause::Tool));
        }
        cx.sleep(time).await;
        agent.event(names.audited, effect, 0);
    } else if mode < 2 {
        let writer = cx.clone();
        cx.spawn(async move {
            writer.sleep(time).await;
            writer.event(names.audited, effect, 0);
        });
    }
    Ok(())
}
