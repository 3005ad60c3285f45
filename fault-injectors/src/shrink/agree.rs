//! Agreement: an oracle for hosts that do not repeat, and for failures that must not hang on one seed.

use super::{Answer, Candidate};

/// An oracle that asks `runs` times and follows the majority: a candidate fails if more than half of
/// the runs do. `run` gets the number of the run, from 0. It stops asking when the answer is certain.
///
/// A run that cannot be done makes the candidate invalid: it would not be there for the next one
/// either. The instant of the failure is the latest that was seen, so that a run that is cut behind it
/// has room for all of them.
pub fn agreed<'a>(
    runs: u32,
    mut run: impl FnMut(&Candidate, u32) -> Answer + 'a,
) -> impl FnMut(&Candidate) -> Answer + 'a {
    let runs = runs.max(1);
    let needed = runs / 2 + 1;
    move |candidate| {
        let (mut failed, mut latest) = (0, None);
        for number in 0..runs {
            match run(candidate, number) {
                Answer::Invalid => return Answer::Invalid,
                Answer::Holds => {}
                Answer::Fails(at) => {
                    failed += 1;
                    latest = latest.max(at);
                }
            }
            if failed >= needed {
                return Answer::Fails(latest);
            }
            if failed + (runs - number - 1) < needed {
                break;
            }
        }
        Answer::Holds
    }
}
