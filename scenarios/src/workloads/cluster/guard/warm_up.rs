//! Warm-up: a process that was restarted works slower at first, until its caches and its code are warm.

use squall_core::VirtualDuration;
use squall_faults::param::{Args, Kind, Param};

pub(crate) const PARAM: Param = Param::new(
    "warm_up",
    Kind::Table(TABLE),
    "how a replica is slower after a restart; not at all if missing",
);

const TABLE: &[Param] = &[
    Param::new("for", Kind::Duration, "until it is as fast as before").default("30s"),
    Param::new(
        "factor",
        Kind::Number {
            min: 1.0,
            max: 1000.0,
        },
        "on the processor time at first; it falls in a straight line to 1",
    )
    .default("3"),
];

/// The parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rules {
    length: VirtualDuration,
    factor: f64,
}

impl Rules {
    pub(crate) fn read(args: &Args) -> Self {
        Self {
            length: args.duration("for"),
            factor: args.number("factor"),
        }
    }
    /// The factor on the work of a process this long after its restart.
    pub(crate) fn factor(self, age: VirtualDuration) -> f64 {
        if age >= self.length {
            return 1.0;
        }
        let left = 1.0 - age.as_secs_f64() / self.length.as_secs_f64();
        1.0 + (self.factor - 1.0) * left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_falls_in_a_straight_line() {
        let rules = Rules {
            length: VirtualDuration::from_secs(10),
            factor: 5.0,
        };
        let at = |secs| rules.factor(VirtualDuration::from_secs(secs));
        assert_eq!([at(0), at(5), at(10), at(99)], [5.0, 3.0, 1.0, 1.0]);
    }
}
