//! What an object does: sequential specifications.

use core::fmt;

/// A sequential object, one key of it.
pub trait Model {
    /// What it holds.
    type State: Clone + Ord + fmt::Debug;
    /// What is asked of it.
    type Input: Clone + fmt::Debug;
    /// What it answers.
    type Output: Clone + fmt::Debug;

    /// What it holds at first.
    fn initial(&self) -> Self::State;
    /// What it holds after `input`, if `output` is the answer that it gives then; any answer will do
    /// where it is not known.
    fn apply(
        &self,
        state: &Self::State,
        input: &Self::Input,
        output: Option<&Self::Output>,
    ) -> Option<Self::State>;
}

/// A register that is read, written, and written if it holds what is expected. Holds nothing at first.
#[derive(Clone, Copy, Debug, Default)]
pub struct Register;

/// What is asked of a [`Register`]. The answer is what a read found; for a `Swap` whether it was done
/// (`Some` of anything) or not (`None`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegisterInput {
    /// What does it hold?
    Read,
    /// Hold this.
    Write(u64),
    /// Hold the second if it holds the first.
    Swap(u64, u64),
}

impl Model for Register {
    type State = Option<u64>;
    type Input = RegisterInput;
    type Output = Option<u64>;

    fn initial(&self) -> Self::State {
        None
    }
    fn apply(
        &self,
        state: &Self::State,
        input: &Self::Input,
        output: Option<&Self::Output>,
    ) -> Option<Self::State> {
        match *input {
            RegisterInput::Read => output.is_none_or(|found| found == state).then_some(*state),
            RegisterInput::Write(value) => Some(Some(value)),
            RegisterInput::Swap(expected, value) => {
                let done = *state == Some(expected);
                let right = output.is_none_or(|answer| answer.is_some() == done);
                right.then_some(if done { Some(value) } else { *state })
            }
        }
    }
}

/// A text that is read, written and appended to. Empty at first.
#[derive(Clone, Copy, Debug, Default)]
pub struct Append;

/// What is asked of an [`Append`]. The answer is the text that a `Get` found; that of the others means
/// nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppendInput {
    /// What is the text?
    Get,
    /// Let the text be this.
    Put(String),
    /// Let this follow the text.
    Append(String),
}

impl Model for Append {
    type State = String;
    type Input = AppendInput;
    type Output = String;

    fn initial(&self) -> String {
        String::new()
    }
    fn apply(
        &self,
        state: &String,
        input: &AppendInput,
        output: Option<&String>,
    ) -> Option<String> {
        match input {
            AppendInput::Get => output
                .is_none_or(|found| found == state)
                .then(|| state.clone()),
            AppendInput::Put(text) => Some(text.clone()),
            AppendInput::Append(text) => Some(format!("{state}{text}")),
        }
    }
}
