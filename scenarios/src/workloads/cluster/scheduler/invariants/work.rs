//! Planned work, and what is left in service whoever takes the rest.

use super::{Place, Seer, Slug};
use crate::workloads::cluster::scheduler::config::Config;
use crate::workloads::cluster::scheduler::events::{CheckEvents, WorkEvents};
use squall_core::NameId;
use std::collections::{BTreeMap, BTreeSet};

/// What is known of it.
#[derive(Debug)]
pub(super) struct Work {
    events: Option<WorkEvents>,
    pub(super) checks: Option<CheckEvents>,
    /// Workers that are being emptied or away, as far as the work has checks.
    pub(super) busy: BTreeSet<u32>,
    /// Pods of services that had to leave such a worker and do not serve again, each with that worker.
    pub(super) moved: BTreeMap<u32, u32>,
    /// Workers that are away, and those that were.
    away: BTreeSet<u32>,
    pub(super) done: BTreeSet<u32>,
    /// By kind, whether as many run as it needs; not before they did for the first time.
    enough: Vec<Option<bool>>,
}

impl Work {
    pub(super) fn new(
        (events, checks): (Option<WorkEvents>, Option<CheckEvents>),
        config: &Config,
    ) -> Self {
        Self {
            events,
            checks,
            busy: BTreeSet::new(),
            moved: BTreeMap::new(),
            away: BTreeSet::new(),
            done: BTreeSet::new(),
            enough: vec![None; config.kinds.len()],
        }
    }
}

impl Seer {
    /// Whether this was about planned work.
    pub(super) fn worked(&mut self, place: Place, (name, worker): (NameId, u32)) -> bool {
        let (Some(events), Some(plan)) = (self.work.events, &self.config.upgrade) else {
            return false;
        };
        if name == events.begun {
            let new = !self.work.done.contains(&worker);
            self.work.away.insert(worker);
            let few = self.work.away.len() <= plan.at_once;
            let site = self.placed.sites.get(worker as usize);
            let empty = site.is_some_and(|site| site.pods.is_empty());
            self.findings.test(Slug::PlannedWork, new && few && empty, place, || {
                let away = self.work.away.len();
                let pods = site.map_or(0, |site| site.pods.len());
                format!("worker {worker} is taken with {pods} pods on it; {away} are away; done before: {}", !new)
            });
            return true;
        }
        if self
            .work
            .checks
            .is_some_and(|checks| name == checks.emptying)
        {
            self.emptying(place, worker);
            return true;
        }
        if name == events.upgraded {
            let mut planned = plan.workers.iter();
            let left = planned.find(|worker| !self.work.done.contains(*worker));
            self.findings
                .test(Slug::PlannedWork, left.is_none(), place, || {
                    format!(
                        "the work is said to be over, and worker {} is not renewed",
                        left.unwrap_or(&0)
                    )
                });
            return true;
        }
        if name == events.done {
            self.work.done.insert(worker);
        }
        let ends = [events.done, events.put_off].contains(&name);
        if ends {
            self.work.away.remove(&worker);
            self.work.busy.remove(&worker);
        }
        ends
    }
    /// How many pods of a kind run, each counted once.
    fn running(&self, kind: u32) -> usize {
        let workers = u32::try_from(self.config.workers.len()).unwrap_or(u32::MAX);
        let running = self.running.pods().iter();
        let mine = running.filter(|(_, placed)| placed.shape.group == Some(kind));
        let pods: BTreeSet<u32> = mine.map(|(instance, _)| instance / workers).collect();
        pods.len()
    }
    /// Something began or ended to run.
    pub(super) fn in_service(&mut self, place: Place) {
        for number in 0..self.config.kinds.len() {
            let Some(needs) = self.config.kinds[number].needs else {
                continue;
            };
            let running = self.running(u32::try_from(number).unwrap_or(u32::MAX));
            let enough = running >= needs as usize;
            let before = self.work.enough[number];
            if before.is_none() && !enough {
                continue;
            }
            self.work.enough[number] = Some(enough);
            // Said once, when they become too few.
            if before != Some(false) {
                let name = &self.config.kinds[number].name;
                self.findings.test(Slug::InService, enough, place, || {
                    format!("{running} of `{name}` run; {needs} are needed")
                });
            }
        }
    }
}
