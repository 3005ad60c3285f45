//! The contract with the provider: so many calls a second, for sessions and for batch work.
//!
//! Each call takes the next place in its queue at once, and waits until that is due. With a reserve the
//! two classes have a queue and a part of the rate each; without one a call of a session stands behind
//! whatever batch work has taken.

use super::super::app::{Agent, App};
use super::config::Contract;
use super::policy::parts;
use super::{Slug, State};
use squall_core::world::Cx;
use squall_core::{VirtualDuration, VirtualTime};
use std::rc::Rc;

/// How often batch work that has nothing to do looks again.
const LOOK: VirtualDuration = VirtualDuration::from_secs(1);

/// Whose call it is: the number of its queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Session = 0,
    Batch = 1,
}

impl Contract {
    /// The queue of a class, and its part of the rate.
    fn queue(&self, class: Class) -> (usize, f64) {
        match (self.reserve, class) {
            (None, _) => (0, self.rate),
            (Some(share), Class::Session) => (0, self.rate * share),
            (Some(share), Class::Batch) => (1, self.rate * (1.0 - share)),
        }
    }
    /// When the next place of the class is due; `None` is never.
    fn due(&self, state: &State, class: Class, now: VirtualTime) -> Option<VirtualTime> {
        let (queue, rate) = self.queue(class);
        (rate > 0.0).then(|| state.places[queue].max(now))
    }
    fn take(&self, state: &mut State, class: Class, due: VirtualTime) {
        let (queue, rate) = self.queue(class);
        state.places[queue] = due.saturating_add(VirtualDuration::from_secs_f64(1.0 / rate));
    }
}

/// A model call waits for its place in the contract, for `patience` at most; whether it got one.
pub(in super::super) async fn contracted(
    agent: &Agent,
    cx: &Cx,
    call: u64,
    patience: VirtualDuration,
) -> bool {
    let Some((control, config)) = parts(&agent.app) else {
        return true;
    };
    let Some(contract) = &config.contract else {
        return true;
    };
    let since = cx.now();
    let (wait, in_time) = {
        let mut state = control.state.borrow_mut();
        let due = contract.due(&state, Class::Session, since);
        let wait = due.map_or(VirtualDuration::MAX, |due| due.since(since));
        let in_time = due.filter(|_| wait <= patience);
        if let Some(due) = in_time {
            contract.take(&mut state, Class::Session, due);
        }
        (wait, in_time)
    };
    let wait = wait.min(patience);
    agent.event(control.names.admitted, call, wait.as_nanos());
    cx.sleep(wait).await;
    cx.waited_in_queue(since);
    in_time.is_some()
}

/// The batch work: its calls come evenly, and none of them is given up.
pub(in super::super) async fn batch(cx: Cx, app: Rc<App>) {
    let Some((control, config)) = parts(&app) else {
        return;
    };
    let Some(contract) = config.contract.as_ref().filter(|c| c.batch > 0.0) else {
        return;
    };
    loop {
        let load = control.knobs.read(&cx, Slug::BatchLoad);
        let rate = contract.batch * load;
        if !(rate > 0.0 && rate.is_finite()) {
            cx.sleep(LOOK).await;
            continue;
        }
        // A rate beyond what a nanosecond can hold would stop the time.
        let gap = VirtualDuration::from_secs_f64(1.0 / rate);
        cx.sleep(gap.max(VirtualDuration::from_micros(1))).await;
        let now = cx.now();
        let mut state = control.state.borrow_mut();
        let Some(due) = contract.due(&state, Class::Batch, now) else {
            continue;
        };
        contract.take(&mut state, Class::Batch, due);
        drop(state);
        cx.event(control.names.batch_call, 0, due.since(now).as_nanos());
    }
}
