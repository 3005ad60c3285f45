//! Sub-agents that do a write for their parent, within what both of them may do.

use super::super::app::Agent;
use super::gate::{Block, Stop};
use super::mind::{Action, Labels, wanted};
use super::{Control, ControlConfig, Purpose, Slug};
use squall_core::Sample;
use squall_core::rng::thing_hash;

/// Sorts of things that a scope permits, as bits (a choice).
const SORTS: u64 = 8;

/// Three of four sorts, by hash (a choice).
const fn sorts(of: u64) -> u64 {
    let hash = thing_hash(of);
    hash | (hash >> SORTS)
}

/// Whether a write is a sub-agent's, and what its scope says to it.
pub(super) fn scope(
    agent: &Agent,
    (control, config): (&Control, &ControlConfig),
    stream: u32,
    action: &mut Action,
) -> Result<(), Stop> {
    let draws = control.draws(Purpose::Delegate, action.effect);
    if config.delegate <= 0.0 || !draws.at(0).chance(config.delegate) {
        return Ok(());
    }
    let needed = 1 << (wanted(action.effect) % SORTS);
    // Its role is made for what it does; what the session may do was not.
    let own = sorts(action.effect ^ needed) | needed;
    let parent = sorts(u64::from(stream));
    let token = match control.knobs.is_set(&agent.cx, Slug::ScopeUnion) {
        true => own | parent,
        false => own & parent,
    };
    if parent & needed == 0 {
        action.labels = action.labels.with(Labels::OUTSIDE);
    }
    let allowed = match config.check_chain {
        true => own & parent,
        false => token,
    };
    if allowed & needed != 0 {
        return Ok(());
    }
    let names = &control.names;
    agent.event(names.blocked, action.effect, Block::Scope as u64);
    agent.event(names.denied, action.effect, 0);
    Err(Stop::Skip)
}
