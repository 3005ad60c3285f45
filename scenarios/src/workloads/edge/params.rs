//! The parameters of a loop.

use super::plant;
use super::sampled::Overrun;
use crate::tables::ON;
use squall_faults::param::{Kind, Param, Shape, Unit};

pub(super) const PARAMS: &[Param] = &[
    ON,
    Param::new(
        "sensor",
        Kind::Selector(Shape::Nodes),
        "where the sensors are, one for each controller; with the controllers if missing",
    ),
    Param::new(
        "actuator",
        Kind::Selector(Shape::Nodes),
        "where the actuators are, one for each controller; with the controllers if missing",
    ),
    Param::new(
        "backup",
        Kind::Selector(Shape::Nodes),
        "a second controller for each, which takes over when it hears nothing of the first",
    ),
    Param::new("takeover", Kind::Table(TAKEOVER), "when and how it does").default(""),
    Param::new(
        "measurement",
        Kind::Table(MEASUREMENT),
        "what the sensors make of the plant's output",
    )
    .default(""),
    Param::new(
        "guard",
        Kind::Table(GUARD),
        "what is checked before a sample is believed or a command obeyed; nothing if missing",
    )
    .default(""),
    Param::new("period", Kind::Duration, "time from sample to sample").default("10ms"),
    Param::new(
        "plant",
        Kind::Variant {
            noun: "plant",
            of: plant::variants,
        },
        "what is controlled: `plant.servo = { .. }`",
    )
    .required(),
    Param::new("compute", Kind::Law(Unit::Time), "processor time of a job").default("0s"),
    Param::new(
        "delay",
        Kind::Law(Unit::Time),
        "time from the end of a job until its output acts",
    )
    .default("0s")
    .one_of("delay"),
    Param::new(
        "delay_periods",
        Kind::Law(Unit::Plain),
        "the same as a multiple of the period",
    )
    .one_of("delay"),
    Param::new(
        "delay_cycle",
        Kind::List(&Kind::Duration),
        "the same job by job, again and again",
    )
    .one_of("delay"),
    Param::new(
        "loss",
        Kind::Share,
        "share of the jobs lost, each by itself",
    )
    .default("0"),
    Param::new(
        "pattern",
        Kind::Text,
        "outcome of one job after the other, again and again: o is ok, L lost, D output dropped",
    )
    .one_of("outcome"),
    Param::new(
        "bursts",
        Kind::Table(BURSTS),
        "a channel with a good and a bad state, in which all jobs are lost",
    )
    .one_of("outcome"),
    Param::new(
        "lost",
        Kind::Choice(&["job", "output"]),
        "what a loss takes: the job, whose state is then frozen, or its output only",
    )
    .default("job"),
    Param::new(
        "overrun",
        Kind::Choice(Overrun::WORDS),
        "when a job still runs at the next sample: the next is skipped, it is killed, one waits, both run",
    )
    .default("skip"),
    Param::new("miss", Kind::Table(MISS), "what follows a job that was skipped or killed").default(""),
    Param::new("memory", Kind::Table(MEMORY), "what a job touches").default(""),
    Param::new("promise", Kind::Table(PROMISE), "limits of the invariants").default(""),
];

const TAKEOVER: &[Param] = &[
    Param::new(
        "heartbeat",
        Kind::Duration,
        "time between two signs of life of the active controller",
    )
    .default("20ms"),
    Param::new(
        "after",
        Kind::Duration,
        "silence after which the other takes over",
    )
    .default("100ms"),
    Param::new(
        "fence",
        Kind::Flag,
        "whether the actuator refuses a controller that another one has replaced",
    )
    .default("false"),
];

const MEASUREMENT: &[Param] = &[
    Param::new(
        "noise",
        Kind::Number { min: 0.0, max: 1e9 },
        "standard deviation of the noise of each sensor; 0 is none",
    )
    .default("0"),
    Param::new(
        "step",
        Kind::Number { min: 0.0, max: 1e9 },
        "resolution of each sensor; 0 is none",
    )
    .default("0"),
    Param::new(
        "sensors",
        Kind::Integer { min: 1, max: 9 },
        "sensors side by side; the controller gets the value in the middle",
    )
    .default("1"),
];

const GUARD: &[Param] = &[
    Param::new(
        "finite",
        Kind::Flag,
        "samples and commands that are no finite numbers are not believed",
    )
    .default("false"),
    Param::new("range", LIMIT, "largest absolute sample that is believed; any if missing"),
    Param::new(
        "step",
        LIMIT,
        "largest change from the latest believed sample; any if missing",
    ),
    Param::new(
        "repeats",
        COUNT,
        "how often the same reading may come again before the sensor counts as frozen; for ever if missing",
    ),
    Param::new(
        "stale_after",
        Kind::Duration,
        "samples older than this are not believed; any age if missing",
    ),
    Param::new(
        "stamps",
        Kind::Choice(&["count", "wall"]),
        "how their age is known: by their number and the controller's monotonic clock, or by the wall \
         clock of the sensor against the controller's",
    )
    .default("count"),
    Param::new(
        "ordered",
        Kind::Flag,
        "a sample that comes after a later one is not believed",
    )
    .default("false"),
    Param::new(
        "command",
        LIMIT,
        "largest absolute command that the actuator obeys; any if missing",
    ),
    Param::new(
        "zero_after",
        Kind::Duration,
        "an actuator that obeyed nothing for this long goes to zero; never if missing",
    ),
];

const LIMIT: Kind = Kind::Number {
    min: 0.0,
    max: 1e12,
};

const MISS: &[Param] = &[
    Param::new(
        "output",
        Kind::Choice(&["hold", "zero"]),
        "the command in force stays, or goes to zero",
    )
    .default("hold"),
    Param::new(
        "state",
        Kind::Choice(&["freeze", "advance"]),
        "the controller's state stays, or advances with the sample all the same",
    )
    .default("freeze"),
];

const BURSTS: &[Param] = &[
    Param::new("begin", Kind::Share, "chance a period to turn bad").required(),
    Param::new("end", Kind::Share, "chance a period to turn good").required(),
];

const MEMORY: &[Param] = &[
    Param::new("set", Kind::Size, "working set of the controller").default("0B"),
    Param::new(
        "pages",
        Kind::Integer {
            min: 0,
            max: 1_000_000,
        },
        "pages of it that a job touches; 0 is memory locked in place",
    )
    .default("0"),
    Param::new(
        "zipf",
        Kind::Number { min: 0.0, max: 2.0 },
        "exponent of the popularity of pages",
    )
    .default("0.9"),
    Param::new("writes", Kind::Share, "share of the touches that write").default("0.5"),
    Param::new(
        "order",
        Kind::Choice(&["popularity", "in-order"]),
        "which pages a job touches: by their popularity, or the next ones in a pass round and round, of \
         which a fault reads a cluster",
    )
    .default("popularity"),
];

const COUNT: Kind = Kind::Integer {
    min: 1,
    max: 1_000_000,
};

const PROMISE: &[Param] = &[
    Param::new("hits", COUNT, "jobs in time in each window").default("1"),
    Param::new("window", COUNT, "consecutive jobs of a window").default("1"),
    Param::new(
        "age",
        Kind::Duration,
        "largest age of the sample behind the command in force; three periods if missing",
    ),
    Param::new(
        "rate",
        Kind::Number {
            min: 0.0,
            max: 1e12,
        },
        "largest change of the command, a second; only finite if missing",
    ),
    Param::new(
        "bound",
        Kind::Number {
            min: 0.0,
            max: 1e12,
        },
        "largest absolute output",
    )
    .default("100"),
];
