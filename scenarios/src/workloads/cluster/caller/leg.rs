//! One call of one replica: which, over which connection, and what its answer teaches.

use super::super::balance::{Known, View};
use super::super::guard::pool::Lease;
use super::super::shared::{CRITICAL, Door, FORM, HANDSHAKE, NEW, Visit};
use super::scopes::Outstanding;
use super::{Caller, REFUSED};
use core::cell::Cell;
use squall_core::world::{CallError, Cx, Reply, Request};
use squall_core::{VirtualTime, WallTime};

/// Status of an answer that is not one, as a gateway would make it.
const BAD_ANSWER: u16 = 502;

impl Caller {
    /// Calls one replica; not the one that was chosen before, if `chosen` says so and there is another.
    pub(super) async fn leg(
        &self,
        cx: &Cx,
        (door, service): (Door, u32),
        (visit, attempt): (Visit, u64),
        (deadline, chosen): (WallTime, Option<&Cell<Option<u32>>>),
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
        let fleet = &self.shared.fleet;
        let node = |replica: u32| config.replicas[replica as usize].node;
        let allowed = fleet.is_driven().then(|| {
            let view = self.view.borrow();
            fleet.allowed(view.known(config, service), node, visit.new)
        });
        let known = Known {
            now: cx.monotonic(),
            among: allowed.as_deref(),
            drains,
            not: chosen.and_then(Cell::get),
            item: visit.item,
        };
        let mut pick = |view: &mut View| view.pick(config, service, known, &mut draw);
        let replica = pick(&mut self.view.borrow_mut());
        if let Some(chosen) = chosen {
            chosen.set(Some(replica));
        }
        let form = if config.version_speaks && self.shared.version_2(cx) {
            FORM
        } else {
            0
        };
        let flag = |is: bool, flag: u64| if is { flag } else { 0 };
        let flags = form | flag(visit.critical, CRITICAL) | flag(visit.new, NEW);
        let request = Request {
            method: replica,
            cost: 1,
            answer: 1,
            key: visit.request,
            // The deadline travels as a time of day: the server compares it with its own clock.
            args: [
                visit.path,
                deadline.as_nanos().cast_unsigned(),
                visit.item,
                flags,
            ],
        };
        let (outstanding, started) = (Outstanding::new(self, replica), cx.now());
        let lease = match config.pool.is_some() {
            true => Some(
                self.connection(cx, (door, service), request, deadline)
                    .await,
            ),
            false => None,
        };
        let (lease, refused) = match lease.transpose() {
            Ok(lease) => (lease, None),
            Err(error) => (None, Some(error)),
        };
        let result = match refused {
            Some(error) => Err(error),
            None => {
                cx.call(self.shared.port(door, replica), request)
                    .within(deadline.since(cx.wall_clock()))
                    .await
            }
        };
        drop(outstanding);
        if let (Some(lease), Ok(_) | Err(CallError::Status { .. })) = (lease, &result) {
            lease.give_back();
        }
        let result = result.and_then(|reply| self.checked(cx, (service, visit), reply));
        self.learn(cx, (service, replica), started, result.is_ok());
        result
    }
    /// A connection to the replica that `request` names, new if there is none.
    async fn connection(
        &self,
        cx: &Cx,
        (door, service): (Door, u32),
        request: Request,
        deadline: WallTime,
    ) -> Result<Lease, CallError> {
        let shared = &self.shared;
        let rules = shared.config.pool.as_ref().expect("there are pools");
        let cold = cx.knob(shared.knobs.cold);
        if cold != self.cold.replace(cold) && cold > 0.0 {
            self.pools.iter().for_each(|pool| pool.chill(cold.min(1.0)));
        }
        let most = f64::from(rules.size).min(cx.knob(shared.knobs.connections).round());
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "no more than the size, and `as` saturates below"
        )]
        let most = most as u32;
        let left = deadline.since(cx.wall_clock());
        let wait = rules.wait.map_or(left, |wait| wait.min(left));
        let pool = &self.pools[service as usize];
        let lease = pool.take(cx, request.method, (most, wait)).await;
        shared.meter.pool(pool.open());
        let Ok(lease) = lease else {
            if let Some(full) = shared.guards.pool_full {
                cx.event(full, u64::from(service), u64::from(pool.open()));
            }
            return Err(if wait < left {
                REFUSED
            } else {
                CallError::Deadline
            });
        };
        if lease.new {
            if let Some(connected) = shared.guards.connected {
                cx.event(connected, u64::from(service), u64::from(request.method));
            }
            let mut hello = request;
            hello.args[3] = HANDSHAKE;
            cx.call(shared.port(door, request.method), hello)
                .within(deadline.since(cx.wall_clock()))
                .await?;
        }
        Ok(lease)
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
    /// Consecutive errors make a replica avoided, as long as not too many are; and one that failed counts
    /// as busy for a while.
    fn learn(&self, cx: &Cx, (service, replica): (u32, u32), started: VirtualTime, ok: bool) {
        let config = &self.shared.config;
        if let Some(penalty) = config.penalty
            && !ok
        {
            let until = cx.monotonic().saturating_add(penalty);
            self.view.borrow_mut().penalise(replica, until);
        }
        let Some(ejection) = config.ejection else {
            return;
        };
        let (now, time) = (cx.monotonic(), cx.now().since(started));
        let mut view = self.view.borrow_mut();
        if view.learn(config, ejection, (service, replica), (now, time), ok) {
            let ejected = self.shared.events.ejected;
            cx.event(ejected, u64::from(service), u64::from(replica));
        }
    }
}
