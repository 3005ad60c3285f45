//! A node that trains: it does one order after the other, for one job at a time.

use super::mutant::Mutant;
use super::shared::Shared;
use super::tables::Incarnation;
use super::wire::{self, Order};
use core::future::{Future, poll_fn};
use core::pin::{Pin, pin};
use core::task::Poll;
use squall_core::world::{Cx, Inbox, Incoming};
use squall_core::{VirtualDuration, VirtualTime};
use std::rc::Rc;

/// An answer that the rank does not work for whoever asks.
const NOT_YOURS: u16 = 409;
/// An answer to nonsense.
const UNKNOWN: u16 = 400;

struct Rank {
    cx: Cx,
    shared: Rc<Shared>,
    owner: Option<Incarnation>,
}

/// An order that is being done.
struct Work<'a> {
    call: Incoming,
    order: Order,
    began: VirtualTime,
    time: Pin<Box<dyn Future<Output = ()> + 'a>>,
}

enum Woken {
    Call(Incoming),
    Done,
}

/// Works, until the node dies.
pub(super) async fn run(cx: Cx, shared: Rc<Shared>) {
    let inbox = cx.listen(&shared.door);
    let mut rank = Rank {
        cx: cx.clone(),
        shared,
        owner: None,
    };
    let mut work: Option<Work<'_>> = None;
    loop {
        match next(&inbox, work.as_mut()).await {
            Woken::Done => {
                if let Some(work) = work.take() {
                    rank.finish(work);
                }
            }
            Woken::Call(call) => {
                let Some((from, order)) = wire::asked(&call.request) else {
                    call.fail(&cx, UNKNOWN, None);
                    continue;
                };
                rank.order(&cx, (call, from, order), &mut work);
            }
        }
    }
}

/// The end of the work, or a call; the end goes first.
async fn next(inbox: &Inbox, mut work: Option<&mut Work<'_>>) -> Woken {
    let mut accept = pin!(inbox.accept());
    poll_fn(|context| {
        if let Some(work) = work.as_mut()
            && work.time.as_mut().poll(context).is_ready()
        {
            return Poll::Ready(Woken::Done);
        }
        accept.as_mut().poll(context).map(Woken::Call)
    })
    .await
}

impl Rank {
    /// Begins an order, or answers at once.
    fn order<'a>(
        &mut self,
        cx: &'a Cx,
        (call, from, order): (Incoming, Incarnation, Order),
        work: &mut Option<Work<'a>>,
    ) {
        if order == Order::Ping {
            return call.reply(cx, wire::done(VirtualDuration::ZERO, self.owner));
        }
        let stale = self
            .owner
            .is_some_and(|owner| owner.job == from.job && owner.epoch > from.epoch);
        let begins = matches!(order, Order::Load(_));
        if stale || (!begins && self.owner != Some(from)) {
            return call.fail(cx, NOT_YOURS, None);
        }
        if let Order::Flush(time, step) = order {
            return self.flush(from, (call, time, step));
        }
        if let Some(old) = work.take() {
            old.call.fail(cx, NOT_YOURS, None);
        }
        let time: Pin<Box<dyn Future<Output = ()> + 'a>> = match order {
            Order::Release => {
                self.release();
                return call.reply(cx, wire::done(VirtualDuration::ZERO, self.owner));
            }
            Order::Run(time, _) => Box::pin(cx.compute(time)),
            Order::Load(time) | Order::Save(time, ..) | Order::Flush(time, _) => {
                Box::pin(cx.sleep(time))
            }
            Order::Ping => Box::pin(core::future::ready(())),
        };
        if begins {
            self.claim(from);
        }
        let began = cx.now();
        *work = Some(Work {
            call,
            order,
            began,
            time,
        });
    }
    fn claim(&mut self, by: Incarnation) {
        if self.owner != Some(by) {
            let other = self.owner.is_some_and(|owner| owner.job != by.job);
            if !(other && self.shared.config.is(Mutant::T05)) {
                self.release();
            }
            self.owner = Some(by);
            self.cx.event(self.shared.events.claimed, by.packed(), 0);
        }
    }
    fn release(&mut self) {
        if let Some(owner) = self.owner.take() {
            self.cx
                .event(self.shared.events.released, owner.packed(), 0);
        }
    }
    fn finish(&self, work: Work<'_>) {
        let (cx, events) = (&self.cx, &self.shared.events);
        let owner = self.owner.map_or(0, Incarnation::packed);
        match work.order {
            Order::Run(_, step) => cx.event(events.stepped, owner, step),
            Order::Save(_, step, true) => cx.event(events.saved, owner, step),
            _ => {}
        }
        let took = cx.now() - work.began;
        work.call.reply(cx, wire::done(took, self.owner));
    }
    /// Writes beside the next steps: the state to write was copied before.
    fn flush(&self, from: Incarnation, (call, time, step): (Incoming, VirtualDuration, u64)) {
        let (cx, saved) = (self.cx.clone(), self.shared.events.saved);
        self.cx.spawn(async move {
            cx.sleep(time).await;
            cx.event(saved, from.packed(), step);
            call.reply(&cx, wire::done(time, Some(from)));
        });
    }
}
