//! Histories made from an order: they are right; and with one answer swapped they are not.

use proptest::prelude::*;
use squall_core::linearizability::{
    Answer, Model, Operation, Register, RegisterInput, STEPS_DEFAULT, check,
};

type Op = Operation<RegisterInput, Option<u64>>;

/// An order of operations: (process, what, how long before its instant it is called, how long after
/// it returns, whether it returns at all).
fn orders() -> impl Strategy<Value = Vec<(u32, RegisterInput, u64, u64, bool)>> {
    let input = prop_oneof![
        Just(RegisterInput::Read),
        Just(RegisterInput::Read),
        (0u64..4).prop_map(RegisterInput::Write),
        (0u64..4, 0u64..4).prop_map(|(a, b)| RegisterInput::Swap(a, b)),
    ];
    let one = (0u32..5, input, 0u64..6, 0u64..6, prop::bool::weighted(0.9));
    prop::collection::vec(one, 1..40)
}

/// The history of an order: each operation takes effect at 100 times its position; a process calls one
/// thing after the other. Instants are made unlike by the position.
fn history(order: &[(u32, RegisterInput, u64, u64, bool)]) -> Vec<Op> {
    let mut state = Register.initial();
    let mut free = [0u64; 5];
    let mut history = Vec::new();
    let count = order.len() as u64;
    for (position, (process, input, before, after, returns)) in order.iter().enumerate() {
        let (position, lane) = (position as u64, &mut free[*process as usize]);
        let instant = 1000 * (position + 1);
        let next = Register
            .apply(&state, input, None)
            .expect("any answer will do");
        let output = match input {
            RegisterInput::Read => state,
            RegisterInput::Write(_) => Some(1),
            RegisterInput::Swap(expected, _) => (state == Some(*expected)).then_some(1),
        };
        state = next;
        let call = (instant.saturating_sub(1000 * before + 1)).max(*lane) * count + position;
        let ret = (instant + 1000 * after + 1) * count + position;
        *lane = instant + 1000 * after + 2;
        if call >= instant * count {
            // The process was still busy: it would have been called after its instant.
            return history;
        }
        // A process whose call is pending calls no more: the next one has another name.
        history.push(Op {
            process: *process,
            key: 0,
            input: *input,
            output: returns.then_some(output),
            call,
            ret: returns.then_some(ret),
        });
    }
    history
}

proptest! {
    #[test]
    fn what_was_made_from_an_order_is_right(order in orders()) {
        let history = history(&order);
        prop_assert_eq!(check(&Register, &history, STEPS_DEFAULT).answer, Answer::Linearizable);
    }

    #[test]
    fn a_read_of_what_nobody_wrote_is_wrong(order in orders(), which in any::<prop::sample::Index>()) {
        let mut history = history(&order);
        let reads: Vec<usize> = (0..history.len())
            .filter(|&i| history[i].input == RegisterInput::Read && history[i].output.is_some())
            .collect();
        prop_assume!(!reads.is_empty());
        let wrong = reads[which.index(reads.len())];
        history[wrong].output = Some(Some(99));
        match check(&Register, &history, STEPS_DEFAULT).answer {
            Answer::Not(why) => prop_assert_eq!(why.key, 0),
            other => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn names_of_processes_and_values_do_not_matter(order in orders(), swap in any::<bool>()) {
        let mut one = history(&order);
        if swap && let Some(op) = one.iter_mut().find(|op| op.input == RegisterInput::Read) {
            op.output = op.output.map(|_| Some(3));
        }
        let value = |v: u64| 1000 - 7 * v;
        let other: Vec<Op> = one.iter().map(|op| Op {
            process: 40 - op.process,
            input: match op.input {
                RegisterInput::Read => RegisterInput::Read,
                RegisterInput::Write(v) => RegisterInput::Write(value(v)),
                RegisterInput::Swap(a, b) => RegisterInput::Swap(value(a), value(b)),
            },
            output: op.output.map(|found| found.map(value)),
            ..op.clone()
        }).collect();
        let kind = |history: &[Op]| core::mem::discriminant(&check(&Register, history, STEPS_DEFAULT).answer);
        prop_assert_eq!(kind(&one), kind(&other));
    }

    #[test]
    fn the_search_agrees_with_trying_every_order(order in orders(), wrong in 0u64..4) {
        let mut history = history(&order);
        history.truncate(7);
        if let Some(op) = history.iter_mut().rev().find(|op| op.input == RegisterInput::Read) {
            op.output = op.output.map(|_| Some(wrong));
        }
        let found = check(&Register, &history, STEPS_DEFAULT).answer;
        let brute = any_order(&history, &mut Vec::new(), Register.initial());
        prop_assert_eq!(found == Answer::Linearizable, brute);
    }
}

/// Tries every order that keeps those apart that did not overlap.
fn any_order(history: &[Op], placed: &mut Vec<usize>, state: Option<u64>) -> bool {
    let open = |i: &usize| !placed.contains(i);
    let left: Vec<usize> = (0..history.len()).filter(open).collect();
    if left.iter().all(|&i| history[i].ret.is_none()) {
        return true;
    }
    let first_return = left.iter().filter_map(|&i| history[i].ret).min();
    left.iter().any(|&i| {
        let op = &history[i];
        if first_return.is_some_and(|ret| ret < op.call) {
            return false;
        }
        let Some(next) = Register.apply(&state, &op.input, op.output.as_ref()) else {
            return false;
        };
        placed.push(i);
        let found = any_order(history, placed, next);
        placed.pop();
        found
    })
}
