//! Promises about what outlives a worker: budgets, memories, histories. Records only.

use super::super::super::app::{Names, SEQ_BITS, call_text};
use super::super::super::invariants::event;
use super::super::{ControlConfig, ControlNames};
use squall_core::NameId;
use squall_core::history::Record;
use squall_core::property::{Invariant, Ruling};
use std::collections::{BTreeMap, BTreeSet};

/// B1 of tenants: all sessions of a tenant together are billed no more than it has.
#[derive(Debug)]
pub(super) struct TenantBudget {
    spent: NameId,
    /// Tenants, and what each has, if there is a limit.
    limit: Option<(u64, f64)>,
    by_tenant: BTreeMap<u64, u64>,
}

impl TenantBudget {
    pub(super) fn new(names: &Names, config: Option<&ControlConfig>) -> Self {
        Self {
            spent: names.spent,
            limit: config.and_then(|c| Some((c.tenants, c.tenant_budget?))),
            by_tenant: BTreeMap::new(),
        }
    }
}

impl Invariant for TenantBudget {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        let (Some((tenants, limit)), Some((node, session, tokens))) =
            (self.limit, event(record, self.spent))
        else {
            return;
        };
        ruling.checked();
        let tenant = session % tenants;
        let sum = self.by_tenant.entry(tenant).or_default();
        *sum += tokens;
        let sum = *sum as f64;
        ruling.margin(limit - sum, sum);
        if sum > limit {
            let text = || format!("tenant {tenant} spent {sum} tokens of {limit}");
            ruling.violated(record.at, Some(node), text);
        }
    }
}

/// Nothing that a task wants is done twice, by whatever effect.
#[derive(Debug)]
pub(super) struct OnceEach {
    did: NameId,
    seen: BTreeSet<(u64, u64)>,
}

impl OnceEach {
    pub(super) const fn new(control: ControlNames) -> Self {
        Self {
            did: control.did,
            seen: BTreeSet::new(),
        }
    }
}

impl Invariant for OnceEach {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        let Some((node, agent, goal)) = event(record, self.did) else {
            return;
        };
        ruling.checked();
        if !self.seen.insert((agent, goal)) {
            let text = || format!("agent {agent} did the {goal}. thing of its task again");
            ruling.violated(record.at, Some(node), text);
        }
    }
}

/// A workflow decides at a step what it decided there before.
#[derive(Debug)]
pub(super) struct SameAgain {
    chose: NameId,
    ends: [NameId; 2],
    decided: BTreeMap<u64, u64>,
}

impl SameAgain {
    pub(super) const fn new(names: &Names, control: ControlNames) -> Self {
        Self {
            chose: control.chose,
            ends: [names.done, names.failed],
            decided: BTreeMap::new(),
        }
    }
}

impl Invariant for SameAgain {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        if let Some((_, session, _)) = self.ends.iter().find_map(|name| event(record, *name)) {
            // Nobody runs it any more.
            let first = session << SEQ_BITS;
            let mut later = self.decided.split_off(&first);
            let mut others = later.split_off(&(first + (1 << SEQ_BITS)));
            self.decided.append(&mut others);
        }
        let Some((node, step, decision)) = event(record, self.chose) else {
            return;
        };
        ruling.checked();
        if let Some(before) = self.decided.insert(step, decision)
            && before != decision
        {
            let text = || format!("step {} was decided otherwise before", call_text(step));
            ruling.violated(record.at, Some(node), text);
        }
    }
}
