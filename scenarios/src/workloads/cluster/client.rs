//! The clients: open-loop arrivals, time-outs, retries with a budget.

use super::caller::Caller;
use super::guard::budget::Tokens;
use super::guard::throttle::Throttle;
use super::meter::bump;
use super::objective::{Count, Objective};
use super::server::status;
use super::shared::{BUDGET_BURST, Door, NO_BUDGET, Shared, Visit};
use core::cell::RefCell;
use squall_core::history::Outcome;
use squall_core::world::Cx;
use squall_core::{Sample, VirtualDuration};
use std::rc::Rc;

/// A request's number holds its client's number above this many bits.
pub(super) const CLIENT_SHIFT: u32 = 40;
/// A change of the load acts on a gap that is under way after so long at most.
const GAP_STEP: f64 = 0.1;

/// The process of the clients on one node.
#[derive(Debug)]
struct Client {
    shared: Rc<Shared>,
    caller: Rc<Caller>,
    /// Retries saved up.
    tokens: Tokens,
    throttle: RefCell<Throttle>,
}

/// Retries that a client may save up that earns `share` of one each time.
fn most(shared: &Shared, share: f64) -> f64 {
    match shared.config.budget {
        Some(_) => shared.config.saving.most(share),
        None => BUDGET_BURST,
    }
}

/// Makes requests, for ever.
pub(super) async fn run(cx: Cx, shared: Rc<Shared>, number: u64) {
    let config = &shared.config;
    let saved = most(&shared, config.budget.map_or(0.0, |(share, _)| share));
    let client = Rc::new(Client {
        caller: Rc::new(Caller::new(&cx, Rc::clone(&shared), &config.entries)),
        tokens: Tokens::new(saved),
        throttle: RefCell::default(),
        shared: Rc::clone(&shared),
    });
    if config.health.is_some() {
        client.caller.check_all(&cx, &config.entries);
    }
    let index = usize::try_from(number).expect("a client's number");
    let (arrivals, requests) = (shared.arrivals[index], &shared.requests[index]);
    let rate = config.rate / config.clients.len() as f64;
    loop {
        let ordinal = requests.get();
        wait(&cx, &shared, arrivals.at(ordinal).exponential(1.0), rate).await;
        requests.set(ordinal + 1);
        let id = (number << CLIENT_SHIFT) | ordinal;
        let turn = usize::try_from(ordinal).unwrap_or_default() % config.entries.len();
        let entry = config.entries[turn];
        cx.spawn(Rc::clone(&client).request(cx.clone(), id, entry));
    }
}

/// Waits until as much load as `exposure` has passed: arrivals are Poisson under any change of the load.
async fn wait(cx: &Cx, shared: &Shared, mut exposure: f64, rate: f64) {
    loop {
        let rate = rate * cx.knob(shared.knobs.load);
        let left = exposure / rate.max(1e-12);
        let step = left.min(GAP_STEP);
        cx.sleep(VirtualDuration::from_secs_f64(step)).await;
        if step == left {
            return;
        }
        exposure -= step * rate;
    }
}

/// How a request ended.
enum End {
    Ok,
    TimedOut,
    Shed(u16),
    Failed(u16),
}

impl Client {
    async fn request(self: Rc<Self>, cx: Cx, id: u64, entry: u32) {
        let (shared, events) = (&self.shared, &self.shared.events);
        let started = cx.now();
        let operation = cx.operation(shared.request_span);
        let inside = operation.cx();
        let mut event = events.request;
        let mut attempt = 0;
        let visit = Visit {
            request: id,
            path: 0,
            item: shared.item(&cx, id),
            critical: shared.is_critical(id),
            new: shared.fleet.route(&cx, id),
        };
        if shared.config.saving.of_requests {
            self.earn(&cx);
        }
        let end = loop {
            let timeout = cx.knob(shared.knobs.timeout);
            let timeout = VirtualDuration::from_secs_f64(timeout.clamp(0.0, 1e9));
            cx.event(event, id, timeout.as_nanos());
            event = events.retried;
            let end = self.attempt(inside, entry, (visit, attempt), timeout).await;
            attempt += 1;
            if matches!(end, End::Ok) || !self.may_retry(&cx, attempt) {
                break end;
            }
            self.back_off(inside, id, attempt).await;
        };
        let took = cx.now().since(started);
        let latency = took.as_secs_f64();
        shared
            .fleet
            .ended(&cx, visit.new, matches!(end, End::Ok), latency);
        if let Some(objective) = &shared.config.objective {
            let good = Objective::good(objective.latency, matches!(end, End::Ok), took);
            shared.meter.request(Count::one(good));
        }
        match end {
            End::Ok => {
                bump(&shared.meter.oks);
                if !shared.config.saving.of_requests {
                    self.earn(&cx);
                }
                operation.end(Outcome::Ok);
                cx.event(events.ok, id, 0);
                cx.sample(events.latency, latency);
            }
            End::TimedOut => {
                operation.end(Outcome::Info);
                cx.event(events.timed_out, id, 0);
                cx.sample(events.latency, latency);
            }
            End::Shed(code) => {
                operation.end(Outcome::Fail);
                cx.event(events.shed, id, u64::from(code));
            }
            End::Failed(code) => {
                operation.end(Outcome::Fail);
                cx.event(events.failed, id, u64::from(code));
            }
        }
    }

    async fn attempt(
        &self,
        cx: &Cx,
        entry: u32,
        (visit, attempt): (Visit, u64),
        timeout: VirtualDuration,
    ) -> End {
        if self.holds_back(cx, (visit.request, attempt)) {
            return End::Shed(503);
        }
        bump(&self.shared.meter.attempts);
        let deadline = cx.wall_clock().saturating_add(timeout);
        let latest = cx.monotonic().saturating_add(timeout);
        let what = (Door::Request, entry);
        let result = self.caller.call(cx, what, (visit, attempt), deadline).await;
        match result.map_err(status) {
            // A client that was paused may see an answer too late.
            Ok(()) if cx.monotonic() <= latest => {
                if let Some(rules) = self.shared.config.throttle {
                    self.throttle.borrow_mut().accepted(rules, cx.monotonic());
                }
                End::Ok
            }
            Ok(()) | Err(504) => End::TimedOut,
            Err(code @ (429 | 503)) => End::Shed(code),
            Err(code) => End::Failed(code),
        }
    }

    /// Whether an attempt is not made at all, as too many failed lately.
    fn holds_back(&self, cx: &Cx, (request, attempt): (u64, u64)) -> bool {
        let Some(rules) = self.shared.config.throttle else {
            return false;
        };
        let chance = self.throttle.borrow_mut().wants(rules, cx.monotonic());
        cx.key("throttle").child(request).at(attempt).chance(chance)
    }

    /// Whether another try is allowed; takes it from the budget.
    fn may_retry(&self, cx: &Cx, attempts: u64) -> bool {
        let most = cx.knob(self.shared.knobs.attempts);
        if attempts as f64 >= most {
            return false;
        }
        if cx.knob(self.shared.knobs.budget) >= NO_BUDGET {
            return true;
        }
        self.tokens.spend()
    }

    /// Saves up what a success or a request earns.
    fn earn(&self, cx: &Cx) {
        let share = cx.knob(self.shared.knobs.budget);
        if share < NO_BUDGET {
            self.tokens.earn(share, most(&self.shared, share));
        }
    }

    async fn back_off(&self, cx: &Cx, id: u64, attempt: u64) {
        let config = &self.shared.config;
        let mut draw = cx.key("backoff").child(id).at(attempt);
        let wait = config.backoff.sample(&mut draw);
        let factor = cx.knob(self.shared.knobs.backoff).max(0.0);
        let wait = wait.clamp(0.0, config.backoff_max) * factor;
        if wait > 0.0 {
            cx.back_off(VirtualDuration::from_nanos_f64(wait)).await;
        }
    }
}
