//! The caller's side: one call, with whatever guards it, and what is learnt from it.
//!
//! ```text
//! call -> breaker -> [leg, and after a while a second leg] -> replica -> connection -> answer
//! ```

mod checks;
mod hedged;
mod leg;
mod scopes;

use super::balance::View;
use super::guard::breaker::Breaker;
use super::guard::budget::Tokens;
use super::guard::hedge::{self, Delays};
use super::guard::pool::Pool;
use super::shared::{Door, Shared, Visit};
use core::cell::{Cell, RefCell};
use scopes::{Asked, Counted};
use squall_core::world::{CallError, Cx};
use squall_core::{Key, WallTime};
use std::rc::Rc;

/// Status of a call that its caller's own guards refuse.
const REFUSED: CallError = CallError::Status {
    code: 503,
    retry_after: None,
};

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
}
