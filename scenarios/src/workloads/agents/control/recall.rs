//! What agents keep in a store of memories: how much of its task a session has done.
//!
//! Without a store that stands in the context. With one, each write does the first thing of the task that
//! memory does not call done.

use super::super::app::Agent;
use super::Slug;
use super::config::Recall;
use super::gate::Block;
use super::policy::parts;

/// The number of the thing that the write `effect` is to do, from 1; 0 without a store.
pub(in super::super) fn goal(agent: &Agent, stream: u32, effect: u64) -> u64 {
    let Some((control, config)) = parts(&agent.app) else {
        return 0;
    };
    if config.recall == Recall::Context {
        return 0;
    }
    let age = control.knobs.time(&agent.cx, Slug::MemoryAge);
    let now = agent.now();
    let mut state = control.state.borrow_mut();
    let written = state.written.entry(stream).or_default();
    let known = written.last().map_or(0, |(_, done)| *done);
    let old = written
        .iter()
        .rev()
        .find(|(at, _)| at.saturating_add(age) <= now);
    let read = old.map_or(0, |(_, done)| *done);
    drop(state);
    if read < known && config.recall == Recall::Versioned {
        // The checkpoint names the version that there must be; what is missing is in the records of results.
        agent.event(control.names.blocked, effect, Block::Memory as u64);
        return known + 1;
    }
    read + 1
}

/// The thing is done, and the store is told.
pub(in super::super) fn remember(agent: &Agent, stream: u32, goal: u64) {
    if goal == 0 {
        return;
    }
    if let Some(control) = &agent.app.control {
        let mut state = control.state.borrow_mut();
        state
            .written
            .entry(stream)
            .or_default()
            .push((agent.now(), goal));
    }
}
