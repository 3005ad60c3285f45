//! What works beside the tasks: background reclaim, early kills of a group, a daemon that watches
//! pressure.

use super::{HostMemory, Kernel, NodeId};
use crate::memory::{TICK, faults};
use crate::world::compute::{JobRef, Work};
use crate::world::{MemoryRules, Oomd};
use crate::{Key, Sample, VirtualDuration, VirtualTime};

/// Time after a kill in which the daemon does not act again, as in `systemd-oomd` (unverified).
const AFTER_KILL: VirtualDuration = VirtualDuration::from_secs(15);
/// Time between two looks of the daemon.
const LOOK: VirtualDuration = VirtualDuration::from_secs(1);

/// The daemons of one node.
#[derive(Debug)]
pub(super) struct Daemons {
    /// The job of background reclaim, and its pages.
    kswapd: Option<(JobRef, u64)>,
    early: Option<Early>,
    oomd: Option<Watch>,
}

/// Kills of groups that churn. The hazard is summed up, and one kills when its sum reaches a number that
/// is drawn by the ordinal of the kill: how finely time is cut does not matter.
#[derive(Debug)]
struct Early {
    rate: f64,
    key: Key,
    at: VirtualTime,
    /// By group: the hazard since its last kill, and its kills.
    groups: Vec<(f64, u64)>,
}

/// What the daemon remembers between two looks.
#[derive(Debug)]
struct Watch {
    law: Oomd,
    next: VirtualTime,
    /// The first of the looks in a row at which pressure was above the limit.
    since: Option<VirtualTime>,
}

impl Daemons {
    pub(super) fn new(rules: &MemoryRules, key: Key) -> Option<Self> {
        let early = (rules.early_oom > 0.0).then(|| Early {
            rate: rules.early_oom,
            key,
            at: VirtualTime::ZERO,
            groups: vec![(0.0, 0); rules.groups.len() + 1],
        });
        let oomd = rules.oomd.map(|law| Watch {
            law,
            next: VirtualTime::ZERO,
            since: None,
        });
        let any = rules.kswapd.is_some() || early.is_some() || oomd.is_some();
        any.then_some(Self {
            kswapd: None,
            early,
            oomd,
        })
    }
    /// Whether somebody looks at the pressure of the node.
    pub(super) const fn watch_pressure(&self) -> bool {
        self.oomd.is_some()
    }
}

impl HostMemory {
    /// The innermost group whose aging goes wrong to the point of a kill.
    fn early_kill(&mut self, now: VirtualTime) -> Option<usize> {
        let early = self.daemons.as_mut()?.early.as_mut()?;
        // Ticks stop on a calm node: nothing churned meanwhile.
        let seconds = now.since(early.at).min(TICK).as_secs_f64();
        early.at = now;
        let mut killed = None;
        for (group, (spent, kills)) in early.groups.iter_mut().enumerate().rev() {
            if self.domain.churns(group) {
                *spent += early.rate * seconds;
                let key = early.key.child(group as u64);
                if *spent >= key.at(*kills).exponential(1.0) && killed.is_none() {
                    (*spent, *kills) = (0.0, *kills + 1);
                    killed = Some(group);
                }
            }
        }
        killed
    }

    /// Whether the daemon kills now, under this full memory pressure over 10 s.
    fn oomd_acts(&mut self, now: VirtualTime, pressure: f64) -> bool {
        let used = self.domain.used_pages(now) as f64 / self.domain.budget_pages().max(1) as f64;
        // Without swap there is none that could be full, whatever is still out there.
        let swapped = match self.domain.swap_bytes() {
            0 => 0.0,
            space => self.domain.swapped_bytes() as f64 / space as f64,
        };
        let Some(watch) = self.daemons.as_mut().and_then(|d| d.oomd.as_mut()) else {
            return false;
        };
        // A tick that did not come within two looks found a calm node.
        let seen = now.since(watch.next) <= LOOK + LOOK;
        watch.next = now + LOOK;
        let since = match pressure > watch.law.pressure {
            true => Some(watch.since.filter(|_| seen).unwrap_or(now)),
            false => None,
        };
        watch.since = since;
        let lasted = since.is_some_and(|since| now.since(since) >= watch.law.lasting);
        let short = used > watch.law.swap_used && swapped > watch.law.swap_used;
        if lasted || short {
            watch.since = None;
            watch.next = now + AFTER_KILL;
        }
        lasted || short
    }
}

impl Kernel {
    /// What the daemons of a node do at a tick of its memory.
    pub(super) fn daemons(&mut self, node: NodeId) {
        let now = self.time();
        let host = &mut self.hosts.list[node.index()];
        let Some(memory) = host.memory.as_deref_mut() else {
            return;
        };
        let Some(daemons) = &memory.daemons else {
            return;
        };
        let looks = daemons.oomd.as_ref().is_some_and(|watch| now >= watch.next);
        if let Some(group) = memory.early_kill(now) {
            self.kill_in(node, group);
        } else if looks {
            let full = host.pressure.read(now).memory_full.averages().avg10;
            if memory.oomd_acts(now, full) {
                self.kill_in(node, 0);
            }
        }
        self.reclaim_in_background(node);
    }

    /// Background reclaim gets its pages when it had its time on a core, and asks for more.
    fn reclaim_in_background(&mut self, node: NodeId) {
        let Some(memory) = self.memory(node) else {
            return;
        };
        let Some(daemons) = memory.daemons.as_deref_mut() else {
            return;
        };
        if let Some((job, pages)) = daemons.kswapd {
            if !self.take_done(job) {
                return;
            }
            if let Some(memory) = self.memory(node) {
                memory.domain.background_done(pages);
            }
        }
        let Some(memory) = self.memory(node) else {
            return;
        };
        let page_us = faults::reclaim_us_mean(memory.domain.dirty_share());
        // One core, and no further than to the next tick: what is wanted changes.
        let most = crate::memory::whole(TICK.as_nanos_f64() / 1e3 / page_us);
        let pages = memory.domain.background_wanted().min(most);
        let work = Work {
            ns: pages as f64 * page_us * 1e3,
            system: true,
            // The kernel counts its own thread as stalled on memory while it reclaims.
            reclaim: true,
        };
        let job = (pages > 0).then(|| (self.submit(node, work, None), pages));
        if let Some(daemons) = self.memory(node).and_then(|m| m.daemons.as_deref_mut()) {
            daemons.kswapd = job;
        }
    }

    /// The node crashed: its processors forgot all jobs, and the daemons what they saw.
    pub(super) fn daemons_crashed(&mut self, node: NodeId) {
        let Some(daemons) = self.memory(node).and_then(|m| m.daemons.as_deref_mut()) else {
            return;
        };
        if let Some(watch) = &mut daemons.oomd {
            watch.since = None;
        }
        for (spent, _) in daemons.early.iter_mut().flat_map(|early| &mut early.groups) {
            *spent = 0.0;
        }
        if let Some((job, _)) = daemons.kswapd.take() {
            self.cancel_job(job);
        }
    }
}
