//! edge: a control loop with plant, sensor, compute and actuator.

use super::{Knob, KnobRange, WorkloadKind, metric, word};
use crate::tables::ON;
use squall_faults::param::{Kind, Param, Unit};

pub(super) const EDGE: WorkloadKind = WorkloadKind {
    name: "edge",
    domain: "edge",
    summary: "a periodic control loop that must keep its deadline",
    params: &[
        ON,
        Param::new("period", Kind::Duration, "time from sample to sample").default("10ms"),
        Param::new("compute", Kind::Law(Unit::Time), "processor time of a job").default("3ms"),
        Param::new(
            "on_miss",
            Kind::Choice(&["hold", "zero"]),
            "output after a missed deadline",
        )
        .default("hold"),
    ],
    events: &[
        word("deadline-missed", "a job ended after its deadline"),
        word("safe-stop", "the loop went to its safe state"),
    ],
    invariants: &[word("output-in-range", "the actuator stays in its range")],
    metrics: &[
        metric("response", "s", "time from sample to actuation"),
        metric("error", "1", "distance from the set point"),
    ],
    knobs: &[Knob {
        name: "load",
        range: KnobRange::Number(0.0, 1000.0),
        param: "",
        base: 1.0,
        doc: "factor on the processor time of a job",
    }],
    services: &[word("perception", "the perception service")],
    operations: &[],
    prepare: super::nothing,
    install: |_| (),
};
