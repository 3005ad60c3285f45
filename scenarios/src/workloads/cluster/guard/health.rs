//! Health checks: each caller asks every replica it may call, again and again, and keeps away from one that
//! fails so many times in a row until it answers well so many times. A bound says how many may be kept
//! away from; without one a check that is too strict takes the whole fleet away.

use super::COUNT;
use squall_core::VirtualDuration;
use squall_faults::param::{Args, Kind, Param};

pub(crate) const PARAM: Param = Param::new(
    "health",
    Kind::Table(TABLE),
    "how callers check the replicas that they call; not at all if missing",
);

const TABLE: &[Param] = &[
    Param::new("every", Kind::Duration, "time between two checks of a replica").default("1s"),
    Param::new("timeout", Kind::Duration, "a check without an answer by then failed").default("500ms"),
    Param::new("unhealthy", COUNT, "failed checks in a row until it is avoided").default("3"),
    Param::new("healthy", COUNT, "good checks in a row until it is used again").default("2"),
    Param::new(
        "check",
        Kind::Choice(&["process", "work"]),
        "whether the process answers at once, or the replica does the work of a visit for it, without the \
         calls, when its turn comes",
    )
    .default("process"),
    Param::new(
        "share_max",
        Kind::Share,
        "share of a service's replicas that may be avoided for it; more are used all the same",
    )
    .default("0.5"),
];

/// The parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rules {
    pub(crate) every: VirtualDuration,
    healthy: u32,
    /// Whether a check is work for the replica.
    pub(crate) work: bool,
    pub(crate) share_max: f64,
}

impl Rules {
    pub(crate) fn read(args: &Args) -> Self {
        Self {
            every: args.duration("every").max(VirtualDuration::from_nanos(1)),
            healthy: u32::try_from(args.count("healthy")).expect("the table bounds it"),
            work: args.word("check") == "work",
            share_max: args.number("share_max"),
        }
    }
}

/// What a caller knows of one replica by its checks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Health {
    pub(crate) sick: bool,
    /// Checks in a row that say otherwise.
    against: u32,
}

impl Health {
    /// A check came to an end; whether the replica fell sick or got well by it. `unhealthy` is how many
    /// have to fail, `room` whether one more may be avoided.
    pub(crate) fn learn(&mut self, rules: Rules, unhealthy: f64, room: bool, ok: bool) -> bool {
        if ok != self.sick {
            self.against = 0;
            return false;
        }
        self.against = self.against.saturating_add(1);
        let changes = if self.sick {
            self.against >= rules.healthy
        } else {
            f64::from(self.against) >= unhealthy && room
        };
        if changes {
            self.sick = !self.sick;
            self.against = 0;
        }
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_takes_so_many_checks_in_a_row() {
        let rules = Rules {
            every: VirtualDuration::from_secs(1),
            healthy: 2,
            work: false,
            share_max: 1.0,
        };
        let mut health = Health::default();
        let mut see = |room, checks: &[bool]| {
            for ok in checks {
                health.learn(rules, 3.0, room, *ok);
            }
            health.sick
        };
        assert!(!see(true, &[false, false, true, false, false]));
        assert!(see(true, &[false]));
        assert!(see(true, &[true, false, true]));
        assert!(!see(true, &[true]));
        assert!(!see(false, &[false; 9]), "no room");
        assert!(see(true, &[false]), "it is due as soon as there is");
    }
}
