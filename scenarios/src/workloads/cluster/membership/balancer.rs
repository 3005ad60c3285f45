//! The fail-over balancer: requests go to members that are alive in the view of the member that routes them.

use super::config::Load;
use super::mutant::Mutant;
use super::shared::Shared;
use super::swim::{Member, Swim};
use core::cell::RefCell;
use squall_core::history::Outcome;
use squall_core::world::{Cx, Reply, Request};
use squall_core::{Key, Sample, VirtualDuration};
use std::rc::{Rc, Weak};

/// Serves the requests that come to a member, one after the other.
pub(super) async fn serve(cx: Cx, shared: Rc<Shared>, work: VirtualDuration) {
    let inbox = cx.listen(&shared.doors[1]);
    loop {
        let request = inbox.accept().await;
        if !work.is_zero() {
            cx.compute(work).await;
        }
        request.reply(&cx, Reply::default());
    }
}

/// Routes requests for as long as the member stays.
pub(super) async fn route(cx: Cx, shared: Rc<Shared>, swim: Weak<RefCell<Swim>>) {
    let Some(load) = shared.config.load else {
        return;
    };
    let mut arrivals = cx.stream("arrivals");
    loop {
        let gap = arrivals.next_thing().exponential(1e9 / load.rate.max(1e-9));
        cx.sleep(VirtualDuration::from_nanos_f64(gap)).await;
        if cx.monotonic() >= load.until || swim.strong_count() == 0 {
            return;
        }
        let request = Routed {
            number: shared.number(),
            cx: cx.clone(),
            shared: Rc::clone(&shared),
            swim: Weak::clone(&swim),
        };
        cx.spawn(request.run(load));
    }
}

/// A request on its way.
struct Routed {
    number: u64,
    cx: Cx,
    shared: Rc<Shared>,
    swim: Weak<RefCell<Swim>>,
}

impl Routed {
    async fn run(self, load: Load) {
        let (cx, events) = (&self.cx, &self.shared.events);
        let operation = cx.operation(events.request);
        let (began, key) = (cx.now(), cx.key("route").child(self.number));
        for attempt in 0..load.attempts {
            let Some(member) = self.choose(key, attempt) else {
                break;
            };
            cx.event(events.routed, u64::from(member), self.number);
            let request = Request {
                key: self.number,
                cost: 1,
                ..Request::default()
            };
            let port = self.shared.requests[member as usize];
            let answer = operation
                .cx()
                .call(port, request)
                .within(load.timeout)
                .await;
            if answer.is_ok() {
                cx.sample(events.latency, cx.now().since(began).as_secs_f64());
                operation.end(Outcome::Ok);
                return;
            }
        }
        cx.event(events.failed, self.number, 0);
        operation.end(Outcome::Fail);
    }
    /// A member that is alive as far as this one knows, each with the same chance.
    fn choose(&self, key: Key, attempt: u32) -> Option<Member> {
        let swim = self.swim.upgrade()?;
        let mut draw = key.at(u64::from(attempt));
        if self.shared.rules.mutant == Some(Mutant::M13) {
            let places = u64::from(self.shared.rules.formed);
            return Member::try_from(draw.below(places)).ok();
        }
        let swim = swim.borrow();
        swim.any_alive(&mut draw)
    }
}
