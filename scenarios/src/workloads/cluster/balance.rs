//! Choosing a replica: what a process knows of those it may call.

use super::config::{Balance, Config, Ejection};
use super::guard::health::{self, Health};
use super::guard::items::shard;
use super::guard::subset::subset;
use super::shared::Shared;
use squall_core::world::Cx;
use squall_core::{Sample, VirtualDuration};
use std::collections::VecDeque;

/// What one process knows of the replicas it calls.
#[derive(Debug)]
pub(super) struct View {
    /// Whose turn it is, by service.
    turn: Vec<u32>,
    /// By replica: calls outstanding, consecutive errors, until when it is avoided.
    outstanding: Vec<u32>,
    errors: Vec<u32>,
    /// By replica, where callers learn: how long good answers take.
    times: Vec<Time>,
    /// Until which reading of its monotonic clock.
    avoided: Vec<VirtualDuration>,
    /// By replica, if there are health checks.
    health: Vec<Health>,
    /// By service, where a caller knows some of its replicas only.
    subsets: Vec<Vec<u32>>,
    /// Calls that failed and count as outstanding until then.
    penalties: VecDeque<(VirtualDuration, u32)>,
}

/// How long the good answers of a replica take: a mean in which old ones fade.
#[derive(Clone, Copy, Debug, Default)]
struct Time {
    mean_ns: f64,
    count: u32,
}

/// Weight of a new answer, and answers from which on a mean counts.
const FADE: f64 = 0.1;
const ANSWERS: u32 = 20;

impl Time {
    fn learn(&mut self, time: VirtualDuration) {
        let weight = FADE.max(1.0 / f64::from(self.count + 1));
        self.mean_ns += weight * (time.as_nanos_f64() - self.mean_ns);
        self.count = self.count.saturating_add(1);
    }
}

/// What counts for one choice.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) now: VirtualDuration,
    /// The replicas that there are for this call, if not all that the caller knows.
    pub(super) among: Option<&'a [u32]>,
    /// Whether the node of a replica drains, if any does.
    pub(super) drains: Option<&'a dyn Fn(u32) -> bool>,
    /// A replica that is not chosen if there is another.
    pub(super) not: Option<u32>,
    pub(super) item: u64,
}

impl View {
    pub(super) fn new(cx: &Cx, shared: &Shared, called: &[u32]) -> Self {
        let config = &shared.config;
        let (services, replicas) = (config.services.len(), config.replicas.len());
        let subsets = match config.subset {
            None => Vec::new(),
            Some(size) => (0..services)
                .map(|service| {
                    let all = &config.services[service].replicas;
                    if !called.iter().any(|other| *other as usize == service) {
                        return all.clone();
                    }
                    let caller = config.caller_number(service, cx.node());
                    let path = &shared.subset_paths[service];
                    let chosen = subset(shared.seed, path, caller, (all.len(), size));
                    chosen.into_iter().map(|n| all[n]).collect()
                })
                .collect(),
        };
        Self {
            // Callers begin with different replicas, or they would all move in step.
            turn: vec![cx.node().0; services],
            outstanding: vec![0; replicas],
            errors: vec![0; replicas],
            times: vec![Time::default(); config.ejection.map_or(0, |_| replicas)],
            avoided: vec![VirtualDuration::ZERO; replicas],
            health: vec![Health::default(); config.health.map_or(0, |_| replicas)],
            subsets,
            penalties: VecDeque::new(),
        }
    }

    /// The replicas of a service that this process may call.
    pub(super) fn known<'a>(&'a self, config: &'a Config, service: u32) -> &'a [u32] {
        match self.subsets.get(service as usize) {
            Some(subset) => subset,
            None => &config.services[service as usize].replicas,
        }
    }

    pub(super) fn begins(&mut self, replica: u32) {
        self.outstanding[replica as usize] += 1;
    }
    pub(super) fn ends(&mut self, replica: u32) {
        self.outstanding[replica as usize] -= 1;
    }
    /// A call of `replica` failed: it counts as outstanding until then.
    pub(super) fn penalise(&mut self, replica: u32, until: VirtualDuration) {
        self.begins(replica);
        self.penalties.push_back((until, replica));
    }

    fn sick(&self, replica: u32) -> bool {
        self.health
            .get(replica as usize)
            .is_some_and(|health| health.sick)
    }

    /// The replica for a call of `service`. If all are avoided, none is.
    pub(super) fn pick(
        &mut self,
        config: &Config,
        service: u32,
        known: Known<'_>,
        draw: &mut impl Sample,
    ) -> u32 {
        let Known {
            now,
            among,
            drains,
            not,
            item,
        } = known;
        while let Some((until, replica)) = self.penalties.front().copied()
            && until <= now
        {
            self.penalties.pop_front();
            self.ends(replica);
        }
        let turn = &mut self.turn[service as usize];
        let start = *turn as usize;
        *turn = turn.wrapping_add(1);
        let all = among.unwrap_or_else(|| self.known(config, service));
        let drained = |r: u32| drains.is_some_and(|drains| drains(r));
        let usable =
            |r: &&u32| self.avoided[**r as usize] <= now && !self.sick(**r) && !drained(**r);
        let some = all.iter().any(|r| usable(&r));
        let fresh = |r: &&u32| (!some || usable(r)) && not != Some(**r);
        let other = not.is_none() || all.iter().any(|r| fresh(&r));
        let candidate = |r: &&u32| (!some || usable(r)) && (!other || not != Some(**r));
        let load = |r: &&u32| self.outstanding[**r as usize];
        let from = |start: usize| all.iter().cycle().skip(start % all.len()).take(all.len());
        let plain = config.ejection.is_none() && config.health.is_none() && drains.is_none();
        let chosen = match config.balance {
            Balance::RoundRobin => from(start).find(candidate),
            Balance::LeastLoaded => from(start).filter(candidate).min_by_key(load),
            Balance::ByItem => from(shard(item, all.len())).find(candidate),
            // Nobody is avoided: no walk over a thousand replicas for a call.
            Balance::Choices(d) if plain && not.is_none() => {
                let drawn = choose(d, all.len(), draw).into_iter().flatten();
                drawn.map(|n| &all[n]).min_by_key(load)
            }
            Balance::Choices(d) => {
                let count = all.iter().filter(candidate).count();
                let nth = |n: usize| all.iter().filter(candidate).nth(n);
                choose(d, count, draw)
                    .into_iter()
                    .flatten()
                    .filter_map(nth)
                    .min_by_key(load)
            }
        };
        *chosen.expect("a service has replicas, and one is a candidate")
    }

    /// A call ended after `time`. Whether its replica is avoided from now on: after so many errors in a row, or
    /// if it is so much slower than the others, as long as not too many are.
    pub(super) fn learn(
        &mut self,
        config: &Config,
        ejection: Ejection,
        (service, replica): (u32, u32),
        (now, time): (VirtualDuration, VirtualDuration),
        ok: bool,
    ) -> bool {
        let errors = &mut self.errors[replica as usize];
        *errors = if ok { 0 } else { *errors + 1 };
        let failed = *errors >= ejection.errors;
        if ok && ejection.slower.is_some() {
            self.times[replica as usize].learn(time);
        }
        if !failed && !self.is_slow(config, ejection, (service, replica)) {
            return false;
        }
        let all = self.known(config, service);
        let avoided = all.iter().filter(|r| self.avoided[**r as usize] > now);
        let fits = (avoided.count() + 1) as f64 <= ejection.share_max * all.len() as f64;
        let ejected = fits && self.avoided[replica as usize] <= now;
        if ejected {
            self.avoided[replica as usize] = now + ejection.length;
            self.errors[replica as usize] = 0;
            self.times[replica as usize] = Time::default();
        }
        ejected
    }

    /// Whether a replica takes so many times as long as the median of those that are known well.
    fn is_slow(&self, config: &Config, ejection: Ejection, (service, replica): (u32, u32)) -> bool {
        let own = self.times[replica as usize];
        let Some(slower) = ejection.slower.filter(|_| own.count >= ANSWERS) else {
            return false;
        };
        let times = self.known(config, service).iter();
        let times = times.map(|r| self.times[*r as usize]);
        let known = times.filter(|time| time.count >= ANSWERS);
        let mut means: Vec<f64> = known.map(|time| time.mean_ns).collect();
        means.sort_unstable_by(f64::total_cmp);
        // Of an even number the lower one, so that one of two can be slow.
        let median = means[(means.len() - 1) / 2];
        own.mean_ns > slower * median
    }

    /// A health check ended. Whether the replica fell sick or got well by it.
    pub(super) fn check(
        &mut self,
        config: &Config,
        rules: health::Rules,
        (service, replica): (u32, u32),
        unhealthy: f64,
        ok: bool,
    ) -> bool {
        let all = self.known(config, service);
        let sick = all.iter().filter(|r| self.sick(**r)).count();
        let room = (sick + 1) as f64 <= rules.share_max * all.len() as f64;
        self.health[replica as usize].learn(rules, unhealthy, room, ok)
    }
}

/// `d` of `count` things, at most three, each set with the same chance; fewer where there are no more.
fn choose(d: u32, count: usize, draw: &mut impl Sample) -> [Option<usize>; 3] {
    let first = draw.index(count);
    let second = (d > 1 && count > 1).then(|| (first + 1 + draw.index(count - 1)) % count);
    let third = (d > 2 && count > 2).then(|| {
        // A place among those that are left: past both that are taken.
        let (low, high) = (
            first.min(second.unwrap_or(first)),
            first.max(second.unwrap_or(first)),
        );
        let mut n = draw.index(count - 2);
        n += usize::from(n >= low);
        n + usize::from(n >= high)
    });
    [Some(first), second, third]
}

#[cfg(test)]
mod tests {
    use super::*;
    use squall_core::{Key, Seed};

    /// Three of five: every one equally often, never one twice.
    #[test]
    fn choices_are_even_and_without_repetition() {
        let key = Key::new(Seed(1), "balance", "test");
        for d in 1..=3 {
            let mut seen = [0u32; 5];
            for i in 0..50_000 {
                let drawn: Vec<usize> =
                    choose(d, 5, &mut key.at(i)).into_iter().flatten().collect();
                assert_eq!(drawn.len(), d as usize);
                let set: std::collections::BTreeSet<_> = drawn.iter().collect();
                assert_eq!(set.len(), drawn.len(), "{drawn:?}");
                drawn.iter().for_each(|n| seen[*n] += 1);
            }
            let even = 10_000 * d;
            for n in seen {
                // Five standard deviations.
                assert!(n.abs_diff(even) < 500, "{d} of 5: {seen:?}");
            }
            assert_eq!(choose(d, 1, &mut key.at(0)), [Some(0), None, None]);
        }
        assert_eq!(choose(3, 2, &mut key.at(0))[2], None);
    }
}
