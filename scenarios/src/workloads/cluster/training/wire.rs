//! Orders to ranks, as calls have them.

use super::tables::Incarnation;
use squall_core::VirtualDuration;
use squall_core::world::{Reply, Request};

/// What a rank is told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// To begin for a job: it loads the checkpoint, which takes so long.
    Load(VirtualDuration),
    /// To compute so long at full speed, after which the job has so many steps.
    Run(VirtualDuration, u64),
    /// To stand still for a checkpoint of so many steps. Whether all of it is written by then.
    Save(VirtualDuration, u64, bool),
    /// To write the rest beside the next steps.
    Flush(VirtualDuration, u64),
    /// To end.
    Release,
    /// To say that it lives.
    Ping,
}

pub(super) fn ask(to: Incarnation, order: Order) -> Request {
    let (method, args) = match order {
        Order::Load(time) => (0, [time.as_nanos(), 0, 0, 0]),
        Order::Run(work, step) => (1, [work.as_nanos(), step, 0, 0]),
        Order::Save(time, step, whole) => (2, [time.as_nanos(), step, u64::from(whole), 0]),
        Order::Flush(time, step) => (3, [time.as_nanos(), step, 0, 0]),
        Order::Release => (4, [0; 4]),
        Order::Ping => (5, [0; 4]),
    };
    Request {
        method,
        cost: 1,
        key: to.packed(),
        args,
        ..Request::default()
    }
}

/// Whom an order is for, and what it says; `None` for nonsense.
pub(super) fn asked(request: &Request) -> Option<(Incarnation, Order)> {
    let [time, step, whole, _] = request.args;
    let time = VirtualDuration::from_nanos(time);
    let order = match request.method {
        0 => Order::Load(time),
        1 => Order::Run(time, step),
        2 => Order::Save(time, step, whole == 1),
        3 => Order::Flush(time, step),
        4 => Order::Release,
        5 => Order::Ping,
        _ => return None,
    };
    Some((Incarnation::unpack(request.key), order))
}

/// The answer of one who did it in so long, and works for `owner`.
pub(super) fn done(took: VirtualDuration, owner: Option<Incarnation>) -> Reply {
    let owner = owner.map_or([0, 0], |owner| [1, owner.packed()]);
    Reply::of([took.as_nanos(), owner[0], owner[1], 0])
}

/// How long it took, and whom the rank works for; `None` if the answer was damaged on its way.
pub(super) fn took(reply: &Reply) -> Option<(VirtualDuration, Option<Incarnation>)> {
    let [time, owned, owner, _] = reply.args;
    let owner = (owned == 1).then(|| Incarnation::unpack(owner));
    let whole = reply.damage == Reply::default().damage;
    whole.then_some((VirtualDuration::from_nanos(time), owner))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_come_back() {
        let to = Incarnation {
            job: 3,
            epoch: u32::MAX,
        };
        let time = VirtualDuration::from_secs(7);
        let orders = [
            Order::Load(time),
            Order::Run(time, u64::MAX),
            Order::Save(time, 9, true),
            Order::Save(time, 9, false),
            Order::Flush(time, 9),
            Order::Release,
            Order::Ping,
        ];
        for order in orders {
            assert_eq!(asked(&ask(to, order)), Some((to, order)));
        }
        let nonsense = Request {
            method: 6,
            ..Request::default()
        };
        assert_eq!(asked(&nonsense), None);
        for owner in [None, Some(to)] {
            assert_eq!(took(&done(time, owner)), Some((time, owner)));
        }
    }
}
