//! The back end's side: whether it does what it is asked, and what it records of it.

use super::super::app::{App, SEQ_BITS};
use super::config::Enforce;
use super::mind::Labels;
use super::policy::parts;
use squall_core::world::{Cx, Request};

/// Status of what is not permitted, and of an agent that was stopped.
const FORBIDDEN: u16 = 403;
const STOPPED: u16 = 409;

/// Whether the back end does a write at all; else the status of its refusal.
pub(in super::super) fn admit(cx: &Cx, app: &App, request: &Request) -> Result<(), u16> {
    let Some((control, config)) = parts(app) else {
        return Ok(());
    };
    let state = control.state.borrow();
    if config.kill_fence && state.killed.is_some() {
        return Err(STOPPED);
    }
    let decided = Labels(request.args[2]).has(Labels::DECIDED);
    if config.enforce == Enforce::Backend && !(decided && state.permitted(cx.now())) {
        return Err(FORBIDDEN);
    }
    Ok(())
}

/// It has happened.
pub(in super::super) fn executed(cx: &Cx, app: &App, request: &Request) {
    if let Some(control) = &app.control {
        let (labels, goal) = Labels(request.args[2]).split();
        cx.event(control.names.executed_as, request.key, labels);
        if goal > 0 {
            cx.event(control.names.did, request.key >> SEQ_BITS, goal);
        }
        cx.event(control.names.executed, request.key, request.args[1]);
    }
}
