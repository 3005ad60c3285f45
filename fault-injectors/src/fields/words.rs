//! The words of the enumerations that primitives hold.

use super::{Field, Name, Visit};
use squall_core::disk::DiskError;
use squall_core::plan::{
    Clocks, Corruption, CutMode, FreezeEnd, LimitUnit, Malformed, Poison, ResetEnds, RetryAfter,
    Seen, StepEnd,
};

/// Words and their meanings, side by side.
pub(super) type Words<T> = (&'static [&'static str], &'static [T]);

pub(super) const SEEN: Words<Seen> = (&["silence", "reset"], &[Seen::Silent, Seen::Reset]);
pub(super) const CORRUPTION: Words<Corruption> = (
    &["detected", "silent"],
    &[Corruption::Detected, Corruption::Silent],
);
pub(super) const CUT_MODE: Words<CutMode> =
    (&["drop", "refuse"], &[CutMode::Drop, CutMode::Refuse]);
pub(super) const RESET_ENDS: Words<ResetEnds> = (
    &["both", "from", "to"],
    &[ResetEnds::Both, ResetEnds::From, ResetEnds::To],
);
pub(super) const STEP_END: Words<StepEnd> = (
    &["back", "keep", "slew"],
    &[StepEnd::Back, StepEnd::Keep, StepEnd::Slew],
);
pub(super) const CLOCKS: Words<Clocks> = (
    &["wall", "monotonic", "both"],
    &[Clocks::Wall, Clocks::Monotonic, Clocks::Both],
);
pub(super) const FREEZE_END: Words<FreezeEnd> =
    (&["jump", "lag"], &[FreezeEnd::Jump, FreezeEnd::Lag]);
pub(super) const POISON: Words<Poison> = (
    &["nan", "inf", "minus-inf", "denormal", "garbage"],
    &[
        Poison::Nan,
        Poison::Inf,
        Poison::MinusInf,
        Poison::Denormal,
        Poison::Garbage,
    ],
);
/// Those of a damaged reply that have no fields of their own.
pub(super) const MALFORMED: Words<Malformed> = (
    &[
        "error-body",
        "empty",
        "partial-json",
        "fields-removed",
        "values-changed",
        "other-entity",
    ],
    &[
        Malformed::ErrorBody,
        Malformed::Empty,
        Malformed::PartialJson,
        Malformed::FieldsRemoved,
        Malformed::ValuesChanged,
        Malformed::OtherEntity,
    ],
);
pub(super) const LIMIT_UNIT: Words<LimitUnit> = (
    &["calls", "cost", "answer"],
    &[LimitUnit::Calls, LimitUnit::Cost, LimitUnit::Answer],
);
pub(super) const RETRY_AFTER: Words<RetryAfter> = (
    &["exact", "none", "wrong"],
    &[RetryAfter::Exact, RetryAfter::None, RetryAfter::Wrong],
);
pub(super) const DISK_ERROR: Words<DiskError> = (
    &[
        "EIO",
        "ENOSPC",
        "EROFS",
        "ENOENT",
        "ENODEV",
        "EBADMSG",
        "EACCES",
        "ETIMEDOUT",
    ],
    &DiskError::ALL,
);

/// Shows a word as a field.
///
/// # Panics
/// If the table has no word for the value: a test walks every primitive that a fault lowers to.
pub(super) fn word<T: Copy + PartialEq>(
    name: Name,
    value: &mut T,
    (words, values): Words<T>,
    visit: &mut Visit<'_>,
) {
    let mut at = (values.iter())
        .position(|v| v == value)
        .expect("the table has a word for every value");
    visit(name, Field::Word(words, &mut at));
    *value = values[at];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_the_names_of_posix() {
        let names: Vec<&str> = DiskError::ALL.iter().map(|e| e.errno()).collect();
        assert_eq!(names, DISK_ERROR.0);
    }
}
