//! A call, and one more if it takes long.

use super::super::guard::hedge;
use super::super::server::status;
use super::super::shared::{Door, Visit};
use super::Caller;
use core::cell::Cell;
use core::future::poll_fn;
use core::pin::pin;
use core::task::Poll;
use squall_core::world::{CallError, Cx};
use squall_core::{VirtualDuration, WallTime};

/// A hedge is a call of its own for the choice of a replica.
const SECOND: u64 = 1 << 32;

impl Caller {
    /// A call, and one more to another replica if it takes long: the first good answer counts.
    pub(super) async fn hedged(
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
}
