//! The caller's side: choosing a replica, calling it, learning from errors.

use super::config::{Balance, Config};
use super::shared::{Door, Shared, Visit};
use core::cell::RefCell;
use squall_core::world::{CallError, Cx, Reply, Request};
use squall_core::{Key, Sample, VirtualDuration, WallTime};
use std::rc::Rc;

/// Status of an answer that is not one, as a gateway would make it.
const BAD_ANSWER: u16 = 502;

/// What one process knows of the replicas it calls: its own view, as a client library has it.
#[derive(Debug)]
pub(super) struct Caller {
    shared: Rc<Shared>,
    key: Key,
    view: RefCell<View>,
}

#[derive(Debug)]
struct View {
    /// Whose turn it is, by service.
    turn: Vec<u32>,
    /// By replica: calls outstanding, consecutive errors, until when it is avoided.
    outstanding: Vec<u32>,
    errors: Vec<u32>,
    /// Until which reading of its monotonic clock.
    avoided: Vec<VirtualDuration>,
}

impl View {
    /// The replica for a call of `service`. If all are avoided, none is.
    fn pick(
        &mut self,
        config: &Config,
        (service, among): (u32, &[u32]),
        (now, drains): (VirtualDuration, Option<&dyn Fn(u32) -> bool>),
        draw: &mut impl Sample,
    ) -> u32 {
        let all = among;
        let turn = &mut self.turn[service as usize];
        let start = *turn as usize;
        *turn = turn.wrapping_add(1);
        let drained = |r: u32| drains.is_some_and(|drains| drains(r));
        let usable = |r: &&u32| self.avoided[**r as usize] <= now && !drained(**r);
        let some = all.iter().any(|r| usable(&r));
        let candidate = |r: &&u32| !some || usable(r);
        let load = |r: &&u32| self.outstanding[**r as usize];
        let cycle = all.iter().cycle().skip(start % all.len()).take(all.len());
        let chosen = match config.balance {
            Balance::RoundRobin => cycle.clone().find(candidate),
            Balance::LeastLoaded => cycle.clone().filter(candidate).min_by_key(load),
            // Without ejection nobody is avoided: no walk over a thousand replicas for a call.
            Balance::Choices(d) if config.ejection.is_none() && drains.is_none() => {
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

impl Caller {
    pub(super) fn new(cx: &Cx, shared: Rc<Shared>) -> Self {
        let (services, replicas) = (shared.config.services.len(), shared.config.replicas.len());
        let view = View {
            // Callers begin with different replicas, or they would all move in step.
            turn: vec![cx.node().0; services],
            outstanding: vec![0; replicas],
            errors: vec![0; replicas],
            avoided: vec![VirtualDuration::ZERO; replicas],
        };
        Self {
            shared,
            key: cx.key("balance"),
            view: RefCell::new(view),
        }
    }

    /// Calls a replica of `service` once, until the wall clock here reads `deadline`.
    pub(super) async fn call(
        &self,
        cx: &Cx,
        (door, service): (Door, u32),
        (visit, attempt): (Visit, u64),
        deadline: WallTime,
    ) -> Result<(), CallError> {
        let mut draw = self.key.child(visit.request).child(visit.path).at(attempt);
        let config = &self.shared.config;
        let drain = self.shared.knobs.drain;
        let drains = |replica: u32| {
            let node = config.replicas[replica as usize].node;
            cx.knob_at(drain, node) > 0.5
        };
        let some = config.drain_seen && cx.knob_changed(drain);
        let drains: Option<&dyn Fn(u32) -> bool> = if some { Some(&drains) } else { None };
        let at = (cx.monotonic(), drains);
        let (all, fleet) = (
            &config.services[service as usize].replicas,
            &self.shared.fleet,
        );
        let node = |replica: u32| config.replicas[replica as usize].node;
        let allowed = fleet
            .is_driven()
            .then(|| fleet.allowed(all, node, visit.new));
        let among = (service, allowed.as_deref().unwrap_or(all));
        let replica = self.view.borrow_mut().pick(config, among, at, &mut draw);
        let form = u64::from(config.version_speaks && self.shared.version_2(cx));
        let request = Request {
            method: replica,
            cost: 1,
            answer: 1,
            key: visit.request,
            // The deadline travels as a time of day: the server compares it with its own clock.
            args: [
                visit.path,
                deadline.as_nanos().cast_unsigned(),
                form,
                u64::from(visit.new),
            ],
        };
        let outstanding = Outstanding::new(self, replica);
        let result = cx
            .call(self.shared.port(door, replica), request)
            .within(deadline.since(cx.wall_clock()))
            .await;
        drop(outstanding);
        let result = result.and_then(|reply| self.checked(cx, (service, visit), reply));
        self.learn(cx, service, replica, result.is_ok());
        result
    }

    /// What an answer is worth: one that cannot be read is none, and of one that is wrong a caller who
    /// looks knows.
    fn checked(
        &self,
        cx: &Cx,
        (service, visit): (u32, Visit),
        reply: Reply,
    ) -> Result<(), CallError> {
        let damage = reply.damage;
        if damage.is_none() {
            return Ok(());
        }
        if damage.unreadable() || self.shared.config.check_answers {
            return Err(CallError::Status {
                code: BAD_ANSWER,
                retry_after: None,
            });
        }
        if let Some(wrong) = self.shared.wrong_answer {
            cx.event(wrong, visit.request, u64::from(service));
        }
        Ok(())
    }

    /// Consecutive errors make a replica avoided, as long as not too many are.
    fn learn(&self, cx: &Cx, service: u32, replica: u32, ok: bool) {
        let Some(ejection) = self.shared.config.ejection else {
            return;
        };
        let view = &mut *self.view.borrow_mut();
        let errors = &mut view.errors[replica as usize];
        *errors = if ok { 0 } else { *errors + 1 };
        if *errors < ejection.errors {
            return;
        }
        let now = cx.monotonic();
        let all = &self.shared.service(service).replicas;
        let avoided = all
            .iter()
            .filter(|r| view.avoided[**r as usize] > now)
            .count();
        let fits = (avoided + 1) as f64 <= ejection.share_max * all.len() as f64;
        if fits && view.avoided[replica as usize] <= now {
            view.avoided[replica as usize] = now + ejection.length;
            *errors = 0;
            let ejected = self.shared.events.ejected;
            cx.event(ejected, u64::from(service), u64::from(replica));
        }
    }
}

/// A call counts as outstanding until it ends, or is given up.
struct Outstanding<'a> {
    caller: &'a Caller,
    replica: usize,
}

impl<'a> Outstanding<'a> {
    fn new(caller: &'a Caller, replica: u32) -> Self {
        let replica = replica as usize;
        caller.view.borrow_mut().outstanding[replica] += 1;
        Self { caller, replica }
    }
}

impl Drop for Outstanding<'_> {
    fn drop(&mut self) {
        self.caller.view.borrow_mut().outstanding[self.replica] -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use squall_core::Seed;

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
