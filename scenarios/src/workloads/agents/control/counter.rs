//! The tokens of a tenant: what its sessions spent and reserved, as a counter says it.

use super::super::app::Agent;
use super::policy::parts;
use super::{Slug, mind};
use squall_core::VirtualTime;
use std::collections::BTreeMap;

/// One tenant's tokens, spent and reserved, over time.
#[derive(Debug, Default)]
pub(super) struct Counter {
    history: Vec<(VirtualTime, u64)>,
    /// Reserved, by task.
    reserved: BTreeMap<u32, u64>,
}

impl Counter {
    fn now(&self) -> u64 {
        self.history.last().map_or(0, |(_, tokens)| *tokens)
    }
    fn at(&self, at: VirtualTime) -> u64 {
        let known = self.history.partition_point(|(since, _)| *since <= at);
        known.checked_sub(1).map_or(0, |last| self.history[last].1)
    }
    fn set(&mut self, at: VirtualTime, tokens: u64) {
        self.history.push((at, tokens));
    }
}

/// Reserves tokens of the tenant whose session it is. `false` if it has not so many, as far as is known.
pub(in super::super) fn reserve(agent: &Agent, task: u32, tokens: u64) -> bool {
    let Some((control, config)) = parts(&agent.app) else {
        return true;
    };
    let Some(limit) = config.tenant_budget else {
        return true;
    };
    let (cx, now) = (&agent.cx, agent.now());
    let lag = control.knobs.time(cx, Slug::BudgetLag).as_nanos();
    let then = VirtualTime::from_nanos(now.as_nanos().saturating_sub(lag));
    let mut state = control.state.borrow_mut();
    let counter = state.tenants.entry(mind::tenant(config, task)).or_default();
    // What a replica says is enough to refuse; to permit, who counts centrally asks there.
    let seen = match config.count_centrally {
        true => counter.at(then).max(counter.now()),
        false => counter.at(then),
    };
    if (seen + tokens) as f64 > limit {
        return false;
    }
    let total = counter.now() + tokens;
    counter.set(now, total);
    *counter.reserved.entry(task).or_default() += tokens;
    true
}

/// Gives a reservation of a session back and spends `spent` of it.
pub(in super::super) fn settle(agent: &Agent, task: u32, reserved: u64, spent: u64) {
    let Some((control, config)) = parts(&agent.app) else {
        return;
    };
    if config.tenant_budget.is_none() {
        return;
    }
    let mut state = control.state.borrow_mut();
    let counter = state.tenants.entry(mind::tenant(config, task)).or_default();
    let held = counter.reserved.entry(task).or_default();
    // Less, if the session was taken by somebody else meanwhile.
    let back = reserved.min(*held);
    *held -= back;
    let total = counter.now() - back + spent;
    counter.set(agent.now(), total);
}

/// A session is taken anew: what its lost worker had reserved is free.
pub(super) fn drop_old(agent: &Agent, task: u32) {
    let Some((control, config)) = parts(&agent.app) else {
        return;
    };
    let mut state = control.state.borrow_mut();
    if let Some(counter) = state.tenants.get_mut(&mind::tenant(config, task)) {
        let held = counter.reserved.remove(&task).unwrap_or(0);
        let total = counter.now() - held;
        counter.set(agent.now(), total);
    }
}
