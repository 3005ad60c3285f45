//! The shortest beginning of a history that is already wrong.

use super::{Answer, Model, Operation, Violation, check};

/// The beginning of a history up to the first return that no order explains.
#[derive(Clone, Debug)]
pub struct Failure<I, O> {
    /// Its operations of the violated key, in the order of their calls. What had not returned by then is
    /// pending.
    pub operations: Vec<Operation<I, O>>,
    /// Why it is wrong; indices are into `operations`.
    pub violation: Violation,
}

/// Cuts `history` after the first return that makes it wrong. A beginning of a linearizable history is
/// linearizable, so halving finds it. `None` if `history` is not wrong, or that cannot be decided with
/// `steps_max` steps a check.
pub fn minimal_failure<M: Model>(
    model: &M,
    history: &[Operation<M::Input, M::Output>],
    steps_max: u64,
) -> Option<Failure<M::Input, M::Output>> {
    let Answer::Not(found) = check(model, history, steps_max).answer else {
        return None;
    };
    let of_key = history.iter().filter(|op| op.key == found.key);
    let mut of_key: Vec<_> = of_key.cloned().collect();
    of_key.sort_by_key(|op| op.call);
    let mut returns: Vec<u64> = of_key.iter().filter_map(|op| op.ret).collect();
    returns.sort_unstable();
    let mut violation = None;
    // The history is right up to `right` returns, and wrong up to `wrong`.
    let (mut right, mut wrong) = (0, returns.len());
    while wrong - right > 1 {
        let middle = right.midpoint(wrong);
        match check(model, &upto(&of_key, returns[middle - 1]), steps_max).answer {
            Answer::Not(why) => (wrong, violation) = (middle, Some(why)),
            Answer::Linearizable => right = middle,
            Answer::Undecided(_) => return None,
        }
    }
    let operations = upto(&of_key, returns[wrong - 1]);
    let violation = match violation {
        Some(violation) => violation,
        None => match check(model, &operations, steps_max).answer {
            Answer::Not(violation) => violation,
            _ => return None,
        },
    };
    Some(Failure {
        operations,
        violation,
    })
}

/// What was called before `last`; what returned after it is pending.
fn upto<I: Clone, O: Clone>(history: &[Operation<I, O>], last: u64) -> Vec<Operation<I, O>> {
    let called = history.iter().filter(|op| op.call < last);
    let cut = |op: &Operation<I, O>| {
        let returned = op.ret.is_some_and(|ret| ret <= last);
        Operation {
            output: op.output.clone().filter(|_| returned),
            ret: op.ret.filter(|_| returned),
            ..op.clone()
        }
    };
    called.map(cut).collect()
}
