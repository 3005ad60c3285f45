//! Requests of clients and operators, as calls have them.

use super::machine::{Answer, CommandId, Member, Op, Request};
use squall_core::world::{Reply, Request as Call};

/// Packs a request.
pub(super) fn ask(request: Request) -> Call {
    let call = |method, key: u32, args| Call {
        method,
        cost: 1,
        key: u64::from(key),
        args,
        ..Call::default()
    };
    match request {
        Request::Get { key, lease } => call(0, key, [0, u64::from(lease), 0, 0]),
        Request::Write { id, key, op } => {
            let (method, one, two) = match op {
                Op::Put(value) => (1, value, 0),
                Op::Swap(expected, value) => (2, expected, value),
                Op::Append(value) => (3, value, 0),
            };
            call(method, key, [id.packed(), one, two, 0])
        }
        Request::Add { id, member } => call(4, u32::from(member), [id.packed(), 0, 0, 0]),
        Request::Remove { id, member } => call(5, u32::from(member), [id.packed(), 0, 0, 0]),
        Request::Wipe { removal } => call(6, removal, [0; 4]),
    }
}

/// Unpacks one; `None` for nonsense.
pub(super) fn asked(call: &Call) -> Option<Request> {
    let key = u32::try_from(call.key).ok()?;
    let [packed, one, two, _] = call.args;
    let id = CommandId {
        session: u32::try_from(packed >> 32).ok()?,
        serial: u32::try_from(packed & u64::from(u32::MAX)).ok()?,
    };
    let write = |op| Some(Request::Write { id, key, op });
    match call.method {
        0 => Some(Request::Get {
            key,
            lease: one == 1,
        }),
        1 => write(Op::Put(one)),
        2 => write(Op::Swap(one, two)),
        3 => write(Op::Append(one)),
        4 | 5 => {
            let member = Member::try_from(key).ok()?;
            Some(match call.method {
                4 => Request::Add { id, member },
                _ => Request::Remove { id, member },
            })
        }
        6 => Some(Request::Wipe { removal: key }),
        _ => None,
    }
}

/// Packs an answer. None is all zeros: that is what an error looks like which somebody on the way turned
/// into a success.
pub(super) fn answer(answer: Answer) -> Reply {
    let args = match answer {
        Answer::Done(value) => [1, value, 0, 0],
        Answer::NotLeader(hint) => [2, hint.map_or(0, |member| u64::from(member) + 1), 0, 0],
        Answer::Refused => [3, 0, 0, 0],
        Answer::Stale => [4, 0, 0, 0],
    };
    Reply {
        args,
        ..Reply::default()
    }
}

/// Unpacks one. `None` if it was damaged on its way, so that it does not have its checksum, or is none.
pub(super) fn answered(reply: Reply) -> Option<Answer> {
    if reply.damage != Reply::default().damage {
        return None;
    }
    let member = |hint: u64| hint.checked_sub(1).and_then(|m| Member::try_from(m).ok());
    Some(match reply.args {
        [1, value, ..] => Answer::Done(value),
        [2, hint, ..] => Answer::NotLeader(member(hint)),
        [3, ..] => Answer::Refused,
        [4, ..] => Answer::Stale,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_and_answers_come_back() {
        let id = CommandId {
            session: 3,
            serial: u32::MAX,
        };
        let (key, member) = (5, 63);
        let requests = [
            Request::Get { key, lease: true },
            Request::Get { key, lease: false },
            Request::Write {
                id,
                key,
                op: Op::Put(9),
            },
            Request::Write {
                id,
                key,
                op: Op::Swap(u64::MAX, 9),
            },
            Request::Write {
                id,
                key,
                op: Op::Append(9),
            },
            Request::Add { id, member },
            Request::Remove { id, member },
            Request::Wipe { removal: 7 },
        ];
        for request in requests {
            assert_eq!(asked(&ask(request)), Some(request));
        }
        let answers = [
            Answer::Done(u64::MAX),
            Answer::NotLeader(None),
            Answer::NotLeader(Some(0)),
            Answer::Refused,
            Answer::Stale,
        ];
        for one in answers {
            assert_eq!(answered(answer(one)), Some(one));
        }
        assert_eq!(
            answered(Reply::default()),
            None,
            "an error that became a success"
        );
        assert_eq!(
            asked(&Call {
                method: 9,
                ..Call::default()
            }),
            None
        );
    }
}
