//! Parameters of `[workload.<name>.membership]`.

use super::mutant::Mutant;
use crate::tables::ON;
use squall_faults::param::{Kind, Param};

const fn count(min: i64, max: i64) -> Kind {
    Kind::Integer { min, max }
}

const FACTOR: Kind = Kind::Number {
    min: 0.0,
    max: 1000.0,
};

pub(super) const PARAMS: &[Param] = &[
    ON,
    Param::new(
        "period",
        Kind::Duration,
        "protocol period: each member probes one other",
    )
    .default("1s"),
    Param::new(
        "ack",
        Kind::Duration,
        "time for an answer before others are asked to ask",
    )
    .default("500ms"),
    Param::new("relays", count(0, 100), "how many others are asked").default("3"),
    Param::new(
        "order",
        Kind::Choice(&["round-robin", "random"]),
        "whom a member probes: everybody once, in an order drawn anew in each pass, or anybody",
    )
    .default("round-robin"),
    Param::new(
        "suspicion",
        Kind::Flag,
        "whether one who does not answer is suspected, and may refute it, before it is dead",
    )
    .default("true"),
    Param::new(
        "suspicion_periods",
        FACTOR,
        "shortest suspicion, in periods for each factor of ten of members",
    )
    .default("5"),
    Param::new(
        "suspicion_factor",
        Kind::Number {
            min: 1.0,
            max: 1000.0,
        },
        "it lasts so many times longer at first; each member that says the same shortens it",
    )
    .default("6"),
    Param::new(
        "confirmations",
        count(0, 100),
        "so many others bring it down to the shortest; 0 is the shortest from the start",
    )
    .default("3"),
    Param::new(
        "health_max",
        count(0, 1000),
        "highest local health score: a member whose probes fail or that is suspected multiplies its times by \
         the score + 1; 0 is none",
    )
    .default("8"),
    Param::new(
        "buddy",
        Kind::Flag,
        "whether who probes a suspected member tells it so first",
    )
    .default("true"),
    Param::new("piggyback", count(0, 6), "most pieces of news on a packet").default("6"),
    Param::new(
        "retransmit",
        FACTOR,
        "a piece of news is told so many times for each factor of ten of members",
    )
    .default("4"),
    Param::new(
        "gossip",
        Kind::Duration,
        "time between two rounds of gossip while there are news; 0 s is on probes only",
    )
    .default("200ms"),
    Param::new("fanout", count(1, 100), "members told in a round").default("3"),
    Param::new(
        "gossip_news",
        count(1, 1000),
        "most pieces of news in a datagram of a round: as many as memberlist puts in 1400 bytes",
    )
    .default("35"),
    Param::new(
        "sync",
        Kind::Duration,
        "time between two exchanges of whole views, one of them with a dead member; 0 s is never",
    )
    .default("30s"),
    Param::new(
        "seeds",
        count(1, 1_000_000),
        "members, the first of `on`, whom those who join ask",
    )
    .default("3"),
    Param::new(
        "phi",
        Kind::Table(PHI),
        "members send heartbeats to all each period, and judge by the phi-accrual detector instead of probes; \
         if missing they probe",
    ),
    Param::new(
        "join",
        Kind::Table(JOIN),
        "members that are not there from the start; none if missing",
    ),
    Param::new(
        "churn",
        Kind::Table(CHURN),
        "members that leave and join again; none if missing",
    ),
    Param::new(
        "load",
        Kind::Table(LOAD),
        "requests that members route to members; none if missing",
    ),
    Param::new("cpu", Kind::Duration, "processor time of a packet or timer").default("20us"),
    Param::new(
        "working_set",
        Kind::Size,
        "memory of a member's process; none if missing",
    ),
    Param::new(
        "pages",
        count(0, 1_000_000),
        "pages of it that a packet touches",
    )
    .default("8"),
    Param::new(
        "zipf",
        Kind::Number { min: 0.0, max: 2.0 },
        "how unequally they are touched; 0 is evenly",
    )
    .default("0.9"),
    Param::new("written", Kind::Share, "share of the touches that write").default("0.3"),
    Param::new(
        "notice",
        Kind::Duration,
        "time after its death in which somebody notices a member; by the laws of the protocol if missing, see \
         docs/membership.md",
    ),
    Param::new(
        "bound",
        Kind::Duration,
        "time after its death from which no request goes to a member; by the laws of the protocol if missing, \
         see docs/membership.md",
    ),
    Param::new(
        "settle",
        Kind::Duration,
        "time without a change after which views agree; twice `bound` and `sync` if missing",
    ),
    Param::new(
        "mutant",
        Kind::Choice(Mutant::NAMES),
        "a planted bug, to see that the invariants find it; see docs/membership.md",
    ),
];

const PHI: &[Param] = &[
    Param::new(
        "threshold",
        Kind::Number {
            min: 0.1,
            max: 300.0,
        },
        "a silence with a chance of one in ten to the power of this convicts",
    )
    .default("8"),
    Param::new("window", count(2, 100_000), "gaps that are remembered").default("100"),
    Param::new(
        "deviation_min",
        Kind::Duration,
        "smallest standard deviation of gaps that is believed",
    )
    .default("100ms"),
];

const JOIN: &[Param] = &[
    Param::new("members", count(1, 1_000_000), "how many, the last of `on`").default("1"),
    Param::new("from", Kind::Duration, "when the first may join").default("5s"),
    Param::new("over", Kind::Duration, "they join within this time").default("10s"),
];

const CHURN: &[Param] = &[
    Param::new(
        "members",
        count(1, 1_000_000),
        "how many, the last of those that are there from the start",
    )
    .default("1"),
    Param::new(
        "every",
        Kind::Duration,
        "mean time that such a member stays",
    )
    .default("30s"),
    Param::new("out", Kind::Duration, "mean time until it joins again").default("5s"),
    Param::new(
        "until",
        Kind::Duration,
        "when they stop leaving; never if missing",
    ),
];

const LOAD: &[Param] = &[
    Param::new(
        "routers",
        count(1, 1_000_000),
        "members, the first of `on`, that route requests",
    )
    .default("1"),
    Param::new(
        "rate",
        Kind::Rate,
        "mean rate of a Poisson process, at each router",
    )
    .default("10/s"),
    Param::new("work", Kind::Duration, "processor time of a request").default("1ms"),
    Param::new(
        "timeout",
        Kind::Duration,
        "when a router tries another member",
    )
    .default("200ms"),
    Param::new("attempts", count(1, 100), "members tried for a request").default("3"),
    Param::new(
        "until",
        Kind::Duration,
        "when requests end; never if missing",
    ),
];
