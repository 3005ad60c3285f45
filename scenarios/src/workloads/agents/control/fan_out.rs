//! Sub-agents that start sub-agents.

use super::super::app::Agent;
use super::policy::parts;
use super::{Control, ControlConfig, Slug};
use core::future::Future;
use core::pin::Pin;
use squall_core::VirtualDuration;

/// Time that a sub-agent lives beyond its children's start: a short task.
const LIFE: VirtualDuration = VirtualDuration::from_secs(30);

/// An agent of `task` may start others, down to the depth that a fault sets.
pub(in super::super) fn fan_out(agent: &Agent, task: u32) {
    if let Some((control, _)) = parts(&agent.app) {
        let depth = control.knobs.whole(&agent.cx, Slug::FanOutDepth).min(10);
        children(agent, control, task, depth);
    }
}

fn children(agent: &Agent, control: &Control, task: u32, depth: u64) {
    let branch = control.knobs.whole(&agent.cx, Slug::FanOutBranch).min(64);
    if depth == 0 || branch == 0 {
        return;
    }
    for _ in 0..branch {
        agent.cx.spawn(child(agent.clone(), task, depth - 1));
    }
}

/// One sub-agent: it is counted while it lives.
fn child(agent: Agent, task: u32, depth: u64) -> Pin<Box<dyn Future<Output = ()>>> {
    Box::pin(async move {
        let Some((control, config)) = parts(&agent.app) else {
            return;
        };
        if !starts(&agent, (control, config), task) {
            return;
        }
        children(&agent, control, task, depth);
        agent.cx.sleep(LIFE).await;
        let mut state = control.state.borrow_mut();
        if let Some(live) = state.agents.get_mut(&task) {
            *live = live.saturating_sub(1);
        }
    })
}

/// Counts one more agent, unless that would be one too many.
fn starts(agent: &Agent, (control, config): (&Control, &ControlConfig), task: u32) -> bool {
    let mut state = control.state.borrow_mut();
    // The session's own agent is one.
    let live = state.agents.entry(task).or_insert(1);
    if config.limit_agents && *live >= config.agents_max {
        drop(state);
        agent.event(control.names.refused_agent, u64::from(task), 0);
        return false;
    }
    *live += 1;
    let live = *live;
    drop(state);
    agent.event(control.names.agents, u64::from(task), live);
    true
}
