//! What is wrong with a fault that cannot be lowered, and where.

use crate::param::{Args, Issue, Place};

/// Why a fault cannot be lowered: an issue with one of its keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    about: About,
    /// What is wrong; its range counts bytes of the key's string, and is empty for all of it.
    pub issue: Issue,
}

/// What a refusal is about.
#[derive(Clone, Debug, PartialEq, Eq)]
enum About {
    /// A parameter of the fault.
    Arg(&'static str),
    /// A key of its record.
    Timing(&'static str),
    /// A value inside of a table.
    Inside(Box<Place>),
}

impl Refusal {
    /// An issue with a parameter of the fault.
    pub fn arg(key: &'static str, issue: Issue) -> Self {
        let about = About::Arg(key);
        Self { about, issue }
    }
    /// An issue with its timing.
    pub fn timing(key: &'static str, issue: Issue) -> Self {
        let about = About::Timing(key);
        Self { about, issue }
    }
    /// An issue with a value inside of a table, at this place.
    pub fn inside(place: &Place, issue: Issue) -> Self {
        let about = About::Inside(Box::new(place.clone()));
        Self { about, issue }
    }
    /// The issue at its place in the file.
    pub fn locate(self, args: &Args, record: &Args) -> Issue {
        let (args, key) = match self.about {
            About::Arg(key) => (args, key),
            About::Timing(key) => (record, key),
            About::Inside(place) if self.issue.range.is_empty() => {
                return Issue {
                    range: place.span,
                    ..self.issue
                };
            }
            About::Inside(place) => return place.locate(self.issue),
        };
        let place: &Place = args.place(key);
        if self.issue.range.is_empty() || !args.given(key) {
            let end = match args.given(key) {
                true => place.span.end,
                false => place.span.end.min(place.span.start + 1),
            };
            return Issue {
                range: place.span.start..end,
                ..self.issue
            };
        }
        place.locate(self.issue)
    }
}

impl core::fmt::Display for LowerError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "fault {}: {}", self.fault, self.issue)
    }
}
impl std::error::Error for LowerError {}

/// Why a scenario cannot be lowered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LowerError {
    /// Position of the fault.
    pub fault: usize,
    /// What is wrong; its range is absolute in the file.
    pub issue: Issue,
}
