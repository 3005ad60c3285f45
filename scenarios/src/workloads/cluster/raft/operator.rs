//! Operators: they remove replicas and add them again, one at a time, and empty some in between.
//!
//! A replica may be emptied only while its removal is committed and nobody adds it: what it acknowledged
//! in a new membership must not be lost. So each operator cares for replicas of its own, writes down what
//! it did, and gives its orders numbers, so that an old one that comes late is refused.

use super::client::Caller;
use super::machine::{Answer, CommandId, Member, Request};
use super::shared::{Desk, Diary, Shared};
use super::wire;
use squall_core::world::Cx;
use squall_core::{Sample, VirtualDuration};
use std::rc::Rc;

/// Attempts of one order before it is left for later.
const ATTEMPTS_MAX: u32 = 12;

struct Operator {
    cx: Cx,
    shared: Rc<Shared>,
    caller: Caller,
    number: usize,
}

/// Works, until the load ends.
pub(super) async fn run(cx: Cx, shared: Rc<Shared>, number: u32) {
    let Some(orders) = shared.config.operators else {
        return;
    };
    let cx = cx.numbered(u64::from(number));
    let mut operator = Operator {
        caller: Caller::new(&cx, &shared),
        number: number as usize,
        shared,
        cx,
    };
    // Whatever was in hand when the process died is not any more.
    operator.desk(|desk| desk.busy = None);
    let count = operator.desk(|desk| desk.replicas.len()) as u64;
    if count == 0 {
        return;
    }
    let (cx, key) = (operator.cx.clone(), operator.cx.key("orders"));
    for ordinal in 0.. {
        if operator.rests() {
            return;
        }
        let mut draw = key.at(ordinal);
        let place = usize::try_from(draw.below(count)).unwrap_or(0);
        let (_, diary) = operator.desk(|desk| desk.replicas[place]);
        let (empties, pause, out) = (draw.chance(orders.wipe), draw.unit(), draw.unit());
        if diary == Diary::In {
            cx.sleep(exponential(orders.every, pause)).await;
            if !operator.rests() && operator.takes(place) {
                operator.remove(place).await;
                operator.desk(|desk| desk.busy = None);
            }
            continue;
        }
        cx.sleep(exponential(orders.out, out)).await;
        if !operator.rests() && operator.takes(place) {
            operator.add(place, empties).await;
            operator.desk(|desk| desk.busy = None);
        }
    }
}

/// A time that is exponential with this mean, for a draw of the unit interval.
fn exponential(mean: VirtualDuration, unit: f64) -> VirtualDuration {
    let mean = mean.as_nanos() as f64;
    VirtualDuration::from_nanos_f64(-libm::log1p(-unit.min(1.0 - 1e-9)) * mean)
}

impl Operator {
    fn desk<T>(&self, see: impl FnOnce(&mut Desk) -> T) -> T {
        see(&mut self.shared.desks.borrow_mut()[self.number])
    }
    /// Whether the load is over.
    fn rests(&self) -> bool {
        self.cx.monotonic() >= self.shared.config.load.until
    }
    fn order(&self) -> CommandId {
        let serial = self.desk(|desk| {
            desk.serial += 1;
            desk.serial
        });
        let session = u32::try_from(self.number + 1).unwrap_or(u32::MAX);
        CommandId { session, serial }
    }
    /// Gives an order until it is done. `None` if that takes too long: it may still be done.
    async fn insist(&mut self, request: Request) -> Option<u64> {
        let cx = self.cx.clone();
        for _ in 0..ATTEMPTS_MAX {
            if self.rests() {
                break;
            }
            match self.caller.try_once(&cx, request).await {
                Some(Answer::Done(value)) => return Some(value),
                Some(Answer::Stale) => return None,
                _ => self.caller.pause(&cx).await,
            }
        }
        None
    }
    /// Takes a replica in hand, unless the steward has it.
    fn takes(&self, place: usize) -> bool {
        let (member, _) = self.desk(|desk| desk.replicas[place]);
        let free = !self.shared.book.get().held.has(member);
        self.desk(|desk| desk.busy = free.then_some(member));
        free
    }
    async fn remove(&mut self, place: usize) {
        let (member, _) = self.desk(|desk| desk.replicas[place]);
        let id = self.order();
        if let Some(index) = self.insist(Request::Remove { id, member }).await {
            let index = u32::try_from(index).unwrap_or(u32::MAX);
            self.desk(|desk| desk.replicas[place].1 = Diary::Out(index));
            self.cx
                .event(self.shared.events.changed, u64::from(member), 0);
        }
    }
    async fn add(&mut self, place: usize, empties: bool) {
        let (member, diary) = self.desk(|desk| desk.replicas[place]);
        let (removal, empties) = match diary {
            Diary::Out(removal) => (removal, empties && removal > 0),
            Diary::Emptying(removal) => (removal, true),
            Diary::In => return,
        };
        if empties {
            // The order may be obeyed at any time from here on, so that only an answer ends the wait.
            self.desk(|desk| desk.replicas[place].1 = Diary::Emptying(removal));
            if !self.empty(member, removal).await {
                return;
            }
        }
        // From here on it may vote, whatever the answer.
        self.desk(|desk| desk.replicas[place].1 = Diary::In);
        let id = self.order();
        if self.insist(Request::Add { id, member }).await.is_some() {
            self.cx
                .event(self.shared.events.changed, u64::from(member), 1);
        }
    }
    /// Tells a replica to empty itself. Whether it says that it did.
    async fn empty(&self, member: Member, removal: u32) -> bool {
        let Some(port) = self.shared.request(member) else {
            return false;
        };
        let call = wire::ask(Request::Wipe { removal });
        let timeout = self.shared.config.load.timeout;
        let answer = self.cx.call(port, call).within(timeout).await;
        matches!(answer.ok().and_then(wire::answered), Some(Answer::Done(_)))
    }
}
