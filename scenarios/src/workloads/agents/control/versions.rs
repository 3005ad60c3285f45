//! The code of the workflow: what it decides at a step, and what it decides when a worker that takes a
//! session over runs it again over what has happened.

use super::super::app::{Agent, call_key};
use super::policy::parts;
use super::{Control, Slug};
use squall_core::rng::thing_hash;

/// Of so many steps each version of the code decides one otherwise than the first one did (a choice).
const CHANGED: u64 = 5;

/// What is durable of a session's workflow.
#[derive(Debug, Default)]
pub(super) struct Workflow {
    /// The version that began it.
    version: u64,
    /// What was decided, step by step.
    decided: Vec<u64>,
}

/// What a version of the code decides at a step.
const fn decision(version: u64, step: u64) -> u64 {
    let same = thing_hash(step);
    let changed = version > 0 && thing_hash(step ^ thing_hash(version)).is_multiple_of(CHANGED);
    match changed {
        true => thing_hash(same ^ version),
        false => same,
    }
}

/// The version of the code that runs a session, and the step from which it goes on.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Resumed {
    version: u64,
    pub(in super::super) seq: u32,
}

/// A worker takes a stream that has come to step `seq`, and runs the workflow over what was decided.
pub(in super::super) fn replay(agent: &Agent, stream: u32, seq: u32) -> Resumed {
    let Some((control, config)) = parts(&agent.app) else {
        return Resumed { version: 0, seq };
    };
    let code = control.knobs.whole(&agent.cx, Slug::WorkflowVersion);
    let mut state = control.state.borrow_mut();
    let fresh = Workflow {
        version: code,
        decided: Vec::new(),
    };
    let workflow = state.workflows.entry(stream).or_insert(fresh);
    let version = match config.pin_versions {
        true => workflow.version,
        false => code,
    };
    let before: Vec<u64> = workflow
        .decided
        .iter()
        .copied()
        .take(seq as usize)
        .collect();
    drop(state);
    for (at, decided) in (0..seq).zip(before) {
        if decide(agent, control, (stream, at), version) != decided {
            // Code that decides otherwise does not know what came after.
            return Resumed { version, seq: at };
        }
    }
    Resumed { version, seq }
}

/// The workflow decides what step `seq` is.
pub(in super::super) fn choose(agent: &Agent, stream: u32, seq: u32, resumed: Resumed) {
    let Some(control) = &agent.app.control else {
        return;
    };
    let decided = decide(agent, control, (stream, seq), resumed.version);
    let mut state = control.state.borrow_mut();
    let log = &mut state.workflows.entry(stream).or_default().decided;
    log.truncate(seq as usize);
    log.push(decided);
}

fn decide(agent: &Agent, control: &Control, (stream, seq): (u32, u32), version: u64) -> u64 {
    let step = call_key(stream, seq);
    let decided = decision(version, step);
    agent.event(control.names.chose, step, decided);
    decided
}
