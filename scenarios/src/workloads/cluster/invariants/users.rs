//! What is promised to users: how far a failure reaches, and that goodput comes back.

use super::super::shared::Events;
use super::service::event;
use squall_core::history::Record;
use squall_core::property::{Invariant, Ruling, RunEnd};
use squall_core::{NameId, VirtualDuration, VirtualTime};
use std::collections::{BTreeMap, BTreeSet};

/// No larger share of the services misses the objective than allowed, and only those that a fault may
/// reach.
#[derive(Debug)]
pub(crate) struct BlastRadius {
    /// The event of a breach; `None` without an objective.
    pub(crate) breached: Option<NameId>,
    pub(crate) services: Vec<String>,
    pub(crate) radius: f64,
    pub(crate) reach: Option<Vec<u32>>,
    pub(crate) hit: BTreeSet<u64>,
}

impl Invariant for BlastRadius {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        let Some((name, node, service, _)) = event(record) else {
            return;
        };
        if Some(name) != self.breached || !self.hit.insert(service) {
            return;
        }
        ruling.checked();
        let index = usize::try_from(service).unwrap_or(usize::MAX);
        let known = self.services.get(index).map_or("?", String::as_str);
        let (hit, all) = (self.hit.len(), self.services.len());
        if hit as f64 > self.radius * all as f64 + 1e-9 {
            let text = || format!("`{known}` is service {hit} of {all} to miss the objective");
            ruling.violated(record.at, Some(node), text);
        }
        let reached = |reach: &Vec<u32>| reach.iter().any(|known| u64::from(*known) == service);
        if !self.reach.as_ref().is_none_or(reached) {
            let text =
                || format!("`{known}` misses the objective and does not need what was faulted");
            ruling.violated(record.at, Some(node), text);
        }
    }
    fn finish(&mut self, _: &RunEnd<'_>, ruling: &mut Ruling) {
        if self.breached.is_some() {
            ruling.checked();
            let share = self.hit.len() as f64 / self.services.len().max(1) as f64;
            ruling.margin(self.radius - share, share);
        }
    }
}

/// Of the requests that begin so long after the last heal, enough succeed.
#[derive(Debug)]
pub(crate) struct GoodputRecovers {
    pub(crate) events: Events,
    /// The share that has to, and how long it may take; `None` without an objective.
    pub(crate) rule: Option<(f64, VirtualDuration)>,
    pub(crate) open: BTreeMap<u64, VirtualTime>,
    /// Requests that ended, and that were ok, by the second in which they began.
    pub(crate) seconds: Vec<(u32, u32)>,
}

impl Invariant for GoodputRecovers {
    fn observe(&mut self, record: &Record, _: &mut Ruling) {
        let (Some(_), Some((name, _, request, _))) = (self.rule, event(record)) else {
            return;
        };
        let events = &self.events;
        let ends = [events.ok, events.failed, events.shed, events.timed_out];
        if name == events.request {
            self.open.insert(request, record.at);
        } else if ends.contains(&name)
            && let Some(began) = self.open.remove(&request)
        {
            let second = usize::try_from(began.as_nanos() / 1_000_000_000).unwrap_or(usize::MAX);
            if self.seconds.len() <= second {
                self.seconds.resize(second + 1, (0, 0));
            }
            self.seconds[second].0 += 1;
            self.seconds[second].1 += u32::from(name == events.ok);
        }
    }
    fn finish(&mut self, run: &RunEnd<'_>, ruling: &mut Ruling) {
        let Some((wanted, within)) = self.rule else {
            return;
        };
        let from = run.last_heal.saturating_add(within).as_nanos();
        let first = usize::try_from(from.div_ceil(1_000_000_000)).unwrap_or(usize::MAX);
        let after = self.seconds.iter().skip(first);
        let add = |sum: (u64, u64), second: &(u32, u32)| {
            (sum.0 + u64::from(second.0), sum.1 + u64::from(second.1))
        };
        let (all, ok) = after.fold((0, 0), add);
        if all == 0 {
            return;
        }
        let share = ok as f64 / all as f64;
        ruling.checked();
        ruling.margin(share - wanted, share);
        if share < wanted {
            ruling.violated(run.at, None, || {
                format!("{ok} of {all} requests succeeded that began {within} after the last heal or later")
            });
        }
    }
}
