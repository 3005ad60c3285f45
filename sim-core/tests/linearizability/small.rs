//! Histories small enough to know by heart.

use squall_core::linearizability::{
    Answer, Checked, Operation, Register, RegisterInput, STEPS_DEFAULT, check,
};

type Op = Operation<RegisterInput, Option<u64>>;

/// An operation of one register: process, input, answer, (call, return).
fn op(process: u32, input: RegisterInput, output: Option<u64>, time: (u64, u64)) -> Op {
    Op {
        process,
        key: 0,
        input,
        output: Some(output),
        call: time.0,
        ret: Some(time.1),
    }
}
fn pending(process: u32, input: RegisterInput, call: u64) -> Op {
    Op {
        process,
        key: 0,
        input,
        output: None,
        call,
        ret: None,
    }
}
fn checked(history: &[Op]) -> Checked {
    check(&Register, history, STEPS_DEFAULT)
}
fn right(history: &[Op]) -> bool {
    match checked(history).answer {
        Answer::Linearizable => true,
        Answer::Not(_) => false,
        Answer::Undecided(_) => panic!("small histories are decided"),
    }
}

use RegisterInput::{Read, Swap, Write};

#[test]
fn a_read_sees_a_write_that_overlaps_it_or_not() {
    let write = op(0, Write(1), Some(1), (0, 3));
    assert!(right(&[]));
    assert!(right(&[write.clone(), op(1, Read, None, (1, 2))]));
    assert!(right(&[write.clone(), op(1, Read, Some(1), (1, 2))]));
    // After it, it must.
    assert!(!right(&[write.clone(), op(1, Read, None, (4, 5))]));
    // And nobody sees what nobody wrote.
    assert!(!right(&[write, op(1, Read, Some(2), (1, 2))]));
}

#[test]
fn two_reads_one_after_the_other_do_not_go_back() {
    let write = op(0, Write(1), Some(1), (0, 9));
    let reads = |first, second| [op(1, Read, first, (1, 2)), op(2, Read, second, (3, 4))];
    let with = |reads: [Op; 2]| [vec![write.clone()], reads.to_vec()].concat();
    assert!(right(&with(reads(None, Some(1)))));
    assert!(!right(&with(reads(Some(1), None))));
}

#[test]
fn a_pending_write_happens_late_or_never() {
    let lost = pending(0, Write(7), 0);
    assert!(right(&[lost.clone(), op(1, Read, None, (5, 6))]));
    let seen = [op(1, Read, None, (5, 6)), op(1, Read, Some(7), (7, 8))];
    assert!(right(&[vec![lost.clone()], seen.to_vec()].concat()));
    // But not before it was called, and once only.
    assert!(!right(&[
        op(1, Read, Some(7), (1, 2)),
        pending(0, Write(7), 3)
    ]));
    let twice = [
        lost,
        op(1, Read, Some(7), (1, 2)),
        op(1, Write(8), Some(1), (3, 4)),
        op(1, Read, Some(7), (5, 6)),
    ];
    assert!(!right(&twice));
}

#[test]
fn a_swap_that_failed_is_a_fact() {
    let write = op(0, Write(1), Some(1), (0, 1));
    assert!(right(&[write.clone(), op(1, Swap(2, 3), None, (2, 3))]));
    assert!(!right(&[write.clone(), op(1, Swap(1, 3), None, (2, 3))]));
    assert!(!right(&[write.clone(), op(1, Swap(2, 3), Some(1), (2, 3))]));
    let done = op(1, Swap(1, 3), Some(1), (2, 3));
    assert!(right(&[
        write.clone(),
        done.clone(),
        op(2, Read, Some(3), (4, 5))
    ]));
    assert!(!right(&[write, done, op(2, Read, Some(1), (4, 5))]));
}

#[test]
fn keys_are_objects_of_their_own() {
    let mut other = op(1, Read, Some(5), (4, 5));
    other.key = 9;
    let history = [op(0, Write(5), Some(1), (0, 1)), other];
    match checked(&history).answer {
        Answer::Not(why) => assert_eq!((why.key, why.stuck, why.longest), (9, 1, vec![])),
        other => panic!("{other:?}"),
    }
}

#[test]
fn too_few_steps_are_no_verdict() {
    let history: Vec<Op> = (0..6)
        .map(|i| {
            op(
                i,
                Write(u64::from(i)),
                Some(1),
                (u64::from(i), 10 + u64::from(i)),
            )
        })
        .chain([op(9, Read, Some(0), (20, 21))])
        .collect();
    assert_eq!(checked(&history).answer, Answer::Linearizable);
    let cut = check(&Register, &history, 5);
    assert_eq!((cut.answer, cut.steps), (Answer::Undecided(vec![0]), 5));
}
