//! The clients: open-loop arrivals, time-outs, retries with a budget.

use super::balance::Caller;
use super::config::Config;
use super::server::status;
use super::shared::{BUDGET_BURST, Door, NO_BUDGET, Shared, Visit, bump};
use core::cell::Cell;
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
    caller: Caller,
    /// Retries saved up.
    tokens: Cell<f64>,
}

/// Retries that a client may save up.
fn burst(config: &Config) -> f64 {
    config.budget.map_or(BUDGET_BURST, |(_, burst)| burst)
}

/// Makes requests, for ever.
pub(super) async fn run(cx: Cx, shared: Rc<Shared>, number: u64) {
    let config = &shared.config;
    let client = Rc::new(Client {
        caller: Caller::new(&cx, Rc::clone(&shared)),
        tokens: Cell::new(burst(config)),
        shared: Rc::clone(&shared),
    });
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
        let new = shared.fleet.route(&cx, id);
        let mut event = events.request;
        let mut attempt = 0;
        let end = loop {
            let timeout = cx.knob(shared.knobs.timeout);
            let timeout = VirtualDuration::from_secs_f64(timeout.clamp(0.0, 1e9));
            cx.event(event, id, timeout.as_nanos());
            event = events.retried;
            let end = self
                .attempt(inside, entry, (id, new, attempt), timeout)
                .await;
            attempt += 1;
            if matches!(end, End::Ok) || !self.may_retry(&cx, attempt) {
                break end;
            }
            self.back_off(inside, id, attempt).await;
        };
        let latency = cx.now().since(started).as_secs_f64();
        shared
            .fleet
            .ended(&cx, new, matches!(end, End::Ok), latency);
        match end {
            End::Ok => {
                bump(&shared.meter.oks);
                let earned = cx.knob(shared.knobs.budget);
                if earned < NO_BUDGET {
                    let saved = self.tokens.get() + earned.max(0.0);
                    self.tokens.set(saved.min(burst(&shared.config)));
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
        (request, new, attempt): (u64, bool, u64),
        timeout: VirtualDuration,
    ) -> End {
        bump(&self.shared.meter.attempts);
        let deadline = cx.wall_clock().saturating_add(timeout);
        let latest = cx.monotonic().saturating_add(timeout);
        let visit = Visit {
            request,
            path: 0,
            new,
        };
        let what = (Door::Request, entry);
        let result = self.caller.call(cx, what, (visit, attempt), deadline).await;
        match result.map_err(status) {
            // A client that was paused may see an answer too late.
            Ok(()) if cx.monotonic() <= latest => End::Ok,
            Ok(()) | Err(504) => End::TimedOut,
            Err(code @ (429 | 503)) => End::Shed(code),
            Err(code) => End::Failed(code),
        }
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
        let tokens = self.tokens.get();
        if tokens >= 1.0 {
            self.tokens.set(tokens - 1.0);
        }
        tokens >= 1.0
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
