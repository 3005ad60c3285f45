//! The caller's side: one call, with whatever guards it, and what is learnt from it.
//!
//! ```text
//! call -> breaker -> [leg, and after a while a second leg] -> replica -> connection -> answer
//! ```

mod checks;
mod scopes;

use super::balance::{Known, View};
use super::guard::breaker::Breaker;
use super::guard::budget::Tokens;
use super::guard::hedge::{self, Delays};
use super::guard::pool::{Lease, Pool};
use super::server::status;
use super::shared::{CRITICAL, Door, FORM, HANDSHAKE, NEW, Shared, Visit};
use core::cell::{Cell, RefCell};
use core::future::poll_fn;
use core::pin::pin;
use core::task::Poll;
use scopes::{Asked, Counted, Outstanding};
use squall_core::world::{CallError, Cx, Reply, Request};
use squall_core::{Key, VirtualDuration, VirtualTime, WallTime};
use std::rc::Rc;

/// Status of an answer that is not one, as a gateway would make it.
const BAD_ANSWER: u16 = 502;
/// Status of a call that its caller's own guards refuse.
const REFUSED: CallError = CallError::Status {
    code: 503,
    retry_after: None,
};
/// A hedge is a call of its own for the choice of a replica.
const SECOND: u64 = 1 << 32;

/// What one process knows of the replicas it calls: its own view, as a client library has it.
#[derive(Debug)]
pub(super) struct Caller {
    shared: Rc<Shared>,
    key: Key,
    view: RefCell<View>,
    /// By service.
    breakers: RefCell<Vec<Breaker>>,
    delays: RefCell<Vec<Delays>>,
    pools: Vec<Rc<Pool>>,
    tokens: Vec<Tokens>,
    hedges: Tokens,
    /// The share of connections whose drop was seen last.
    cold: Cell<f64>,
}

impl Caller {
    /// Of a process that calls these services.
    pub(super) fn new(cx: &Cx, shared: Rc<Shared>, called: &[u32]) -> Self {
        let config = &shared.config;
        let services = config.services.len();
        let each = |on: bool| if on { services } else { 0 };
        let saved = config.hop_budget.map_or(0.0, |budget| budget.burst);
        Self {
            view: RefCell::new(View::new(cx, &shared, called)),
            breakers: RefCell::new(vec![Breaker::new(); each(config.breaker.is_some())]),
            delays: RefCell::new(vec![Delays::default(); each(config.hedge.is_some())]),
            pools: (0..each(config.pool.is_some()))
                .map(|_| Rc::default())
                .collect(),
            tokens: (0..each(config.hop_budget.is_some()))
                .map(|_| Tokens::new(saved))
                .collect(),
            hedges: Tokens::new(hedge::SAVED),
            cold: Cell::new(0.0),
            key: cx.key("balance"),
            shared,
        }
    }

    /// A service calls another for the first time for a visit: that earns it tries again.
    pub(super) fn first_try(&self, cx: &Cx, service: u32) {
        if let (Some(budget), Some(call)) =
            (self.shared.config.hop_budget, self.shared.guards.hop_call)
        {
            self.tokens[service as usize].earn(budget.share, budget.burst);
            cx.event(call, u64::from(service), 0);
        }
    }
    /// Whether the budget has another try; takes it.
    pub(super) fn may_try_again(&self, service: u32) -> bool {
        self.shared.config.hop_budget.is_none() || self.tokens[service as usize].spend()
    }

    /// Calls `service` once, until the wall clock here reads `deadline`.
    pub(super) async fn call(
        &self,
        cx: &Cx,
        what: (Door, u32),
        visit: (Visit, u64),
        deadline: WallTime,
    ) -> Result<(), CallError> {
        let config = &self.shared.config;
        let counted = config.objective.as_ref().map(|objective| Counted {
            shared: &self.shared,
            cx,
            objective,
            service: what.1,
            started: cx.now(),
            deadline,
            open: true,
        });
        let count = |ok: bool| counted.map_or((), |counted| counted.ended(ok));
        let pass = match config.breaker {
            None => None,
            Some(rules) => match Asked::new(self, cx, rules, what) {
                Some(asked) => Some(asked),
                None => {
                    count(false);
                    return Err(REFUSED);
                }
            },
        };
        let hedge = config.hedge.filter(|hedge| hedge.calls[what.0 as usize]);
        let result = match hedge {
            None => self.leg(cx, what, visit, (deadline, None)).await,
            Some(rules) => self.hedged(cx, rules, what, (visit, deadline)).await,
        };
        if let Some(pass) = pass {
            pass.ended(result.is_ok());
        }
        count(result.is_ok());
        result
    }

    /// A call, and one more to another replica if it takes long: the first good answer counts.
    async fn hedged(
        &self,
        cx: &Cx,
        rules: hedge::Rules,
        (door, service): (Door, u32),
        ((visit, attempt), deadline): ((Visit, u64), WallTime),
    ) -> Result<(), CallError> {
        self.hedges.earn(rules.budget, hedge::SAVED);
        let started = cx.monotonic();
        let what = (door, service);
        let chosen = Cell::new(None);
        let one = self.leg(cx, what, (visit, attempt), (deadline, Some(&chosen)));
        let mut one = pin!(one);
        let wait = self.delays.borrow()[service as usize].wait(rules);
        let learn = |result: &Result<(), CallError>, since: VirtualDuration| {
            if result.is_ok() {
                let delay = cx.monotonic().saturating_sub(since);
                self.delays.borrow_mut()[service as usize].learn(rules, delay);
            }
        };
        let early = match wait {
            None => Some(one.as_mut().await),
            Some(wait) => cx.timeout(wait, one.as_mut()).await.ok(),
        };
        let early = match early {
            Some(result) => Some(result),
            // Nothing left to save up: it waits for the one there is.
            None if rules.budget < 1.0 && !self.hedges.spend() => Some(one.as_mut().await),
            None => None,
        };
        if let Some(result) = early {
            learn(&result, started);
            return result;
        }
        if let Some(hedged) = self.shared.guards.hedged {
            cx.event(hedged, visit.request, u64::from(service));
        }
        let second = cx.monotonic();
        let two = self.leg(
            cx,
            what,
            (visit, attempt | SECOND),
            (deadline, Some(&chosen)),
        );
        let mut two = pin!(two);
        let mut ended: [Option<Result<(), CallError>>; 2] = [None, None];
        poll_fn(|context| {
            if ended[0].is_none()
                && let Poll::Ready(result) = one.as_mut().poll(context)
            {
                learn(&result, started);
                ended[0] = Some(result);
            }
            if ended[1].is_none()
                && !matches!(ended[0], Some(Ok(())))
                && let Poll::Ready(result) = two.as_mut().poll(context)
            {
                learn(&result, second);
                ended[1] = Some(result);
            }
            match &ended {
                [Some(Ok(())), _] | [_, Some(Ok(()))] => Poll::Ready(Ok(())),
                [Some(Err(a)), Some(Err(b))] => {
                    let (a, b) = (*a, *b);
                    let first = hedge::better(status(a), status(b)) == status(a);
                    Poll::Ready(Err(if first { a } else { b }))
                }
                _ => Poll::Pending,
            }
        })
        .await
    }

    /// Calls one replica; not the one that was chosen before, if `chosen` says so and there is another.
    async fn leg(
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
