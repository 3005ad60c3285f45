//! Signs: the records that show how a unit fares.

use crate::NodeId;
use crate::history::{Record, What};

/// What records show about how a unit fares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sign {
    /// Spans of this name are its operations.
    Operation(String),
    /// Its operations are events: one begins each, another ends it.
    Job(Job),
    /// An event of this name is trouble for it.
    Trouble {
        /// Name of the event, `<workload>.<event>`.
        event: String,
        /// Only on these nodes; empty is any.
        nodes: Vec<NodeId>,
        /// Only with such a first argument.
        about: About,
    },
}

/// Operations that no span shows, since their processes come and go: pairs of events whose first
/// argument is equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Name of the event that begins one.
    pub begins: String,
    /// Name of the event that ends one well.
    pub done: String,
    /// Name of the event that ends one otherwise.
    pub failed: String,
    /// Only with such a first argument.
    pub about: About,
}

/// What an event says of a [`Job`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobEvent {
    /// It begins.
    Begins,
    /// It ends well.
    Done,
    /// It ends otherwise.
    Failed,
}

/// Which first arguments of an event are about a unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum About {
    /// Any.
    #[default]
    Any,
    /// This one.
    Is(u64),
    /// Those whose bits from `bit` on are a number that leaves `rest` when divided by `of`: a part of
    /// what is dealt out among `of` units. None if `of` is 0.
    Share {
        /// The lowest bit of the number, below 64.
        bit: u32,
        /// Units among which the numbers are dealt out.
        of: u64,
        /// The position of the unit among these.
        rest: u64,
    },
}

impl About {
    /// Whether an event with this first argument is about the unit.
    pub fn fits(self, argument: u64) -> bool {
        match self {
            Self::Any => true,
            Self::Is(wanted) => wanted == argument,
            Self::Share { bit, of, rest } => {
                let number = argument.checked_shr(bit).unwrap_or(0);
                number.checked_rem(of) == Some(rest)
            }
        }
    }
}

impl Job {
    /// What an event of this name says of one of these, given its first argument.
    pub fn reads(&self, name: &str, argument: u64) -> Option<JobEvent> {
        let event = match name {
            _ if name == self.begins => JobEvent::Begins,
            _ if name == self.done => JobEvent::Done,
            _ if name == self.failed => JobEvent::Failed,
            _ => return None,
        };
        self.about.fits(argument).then_some(event)
    }
}

impl Sign {
    /// Names of the events that it reads.
    pub fn events(&self) -> Vec<&str> {
        match self {
            Self::Operation(_) => Vec::new(),
            Self::Job(job) => vec![&job.begins, &job.done, &job.failed],
            Self::Trouble { event, .. } => vec![event],
        }
    }
    /// Whether a record is trouble, given the name in it.
    pub fn is_trouble(&self, record: &Record, name: &str) -> bool {
        match (self, record.what) {
            (
                Self::Trouble {
                    event,
                    nodes,
                    about,
                },
                What::Event { node, a, .. },
            ) => event == name && (nodes.is_empty() || nodes.contains(&node)) && about.fits(a),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_of_the_number_in_the_upper_bits() {
        let of = |rest| About::Share {
            bit: 24,
            of: 3,
            rest,
        };
        let effect = (7 << 24) | 2;
        let fits: Vec<bool> = (0..4).map(|rest| of(rest).fits(effect)).collect();
        assert_eq!(fits, [false, true, false, false], "7 leaves 1");
        let none = About::Share {
            bit: 0,
            of: 0,
            rest: 0,
        };
        assert!(
            !none.fits(0) && About::Any.fits(5) && About::Is(5).fits(5) && !About::Is(5).fits(4)
        );
    }

    #[test]
    fn a_job_reads_its_three_events_and_no_others() {
        let about = About::Share {
            bit: 0,
            of: 2,
            rest: 1,
        };
        let [begins, done, failed] = ["w.accepted", "w.done", "w.failed"].map(String::from);
        let job = Job {
            begins,
            done,
            failed,
            about,
        };
        assert_eq!(job.reads("w.accepted", 3), Some(JobEvent::Begins));
        assert_eq!(job.reads("w.done", 1), Some(JobEvent::Done));
        assert_eq!(job.reads("w.failed", 1), Some(JobEvent::Failed));
        assert_eq!(job.reads("w.failed", 2), None, "another's");
        assert_eq!(job.reads("w.retried", 1), None);
        let sign = Sign::Job(job);
        assert_eq!(sign.events(), ["w.accepted", "w.done", "w.failed"]);
    }
}
