//! The loop that the pairs of sensors, actuators, buses and jobs are about.

use crate::pair::System;

/// A servo at 10 ms over three nodes: the controller on one, sensor and actuator on another. Without
/// a command it comes to rest; with the last one held it runs away.
pub(crate) const LOOP: &str = "stop = { at = '12s' }\n\
    [topology]\n\
    nodes.board = { memory = '64MiB', swap = 'vdisk', swap_size = '1GiB' }\n\
    nodes.spare = {}\n\
    nodes.field = {}\n\
    links.default = { delay = '500us' }\n\
    [workload.loop.edge]\n\
    on = 'board'\n\
    sensor = 'field'\n\
    actuator = 'field'\n\
    period = '10ms'\n\
    plant.servo = { noise = 1e-6 }\n\
    measurement = { noise = 0.005 }\n\
    promise = { bound = 10 }";
pub(crate) const BOUNDED: &str = "[[property]]\nalways = 'loop.bounded'";
pub(crate) const ORDER: &str = "[[property]]\nalways = 'loop.order'";
pub(crate) const RATE_FINITE: &str = "[[property]]\nalways = 'loop.rate-finite'";
pub(crate) const WEAKLY_HARD: &str = "[[property]]\nalways = 'loop.weakly-hard'";
pub(crate) const ONE_ACTIVE: &str = "[[property]]\nalways = 'loop.one-active'";

/// Whether an actuator that hears nothing goes to zero.
pub(crate) const ZEROED: System = System::Scenario {
    world: &[LOOP, BOUNDED, ORDER],
    weak: &[],
    hardened: &["workload.loop.edge.guard.zero_after=50ms"],
};

/// Whether the gain leaves room for a delay.
pub(crate) const GENTLE: System = System::Scenario {
    world: &[LOOP, BOUNDED, ORDER],
    weak: &[],
    hardened: &["workload.loop.edge.plant.servo.gain=0.2"],
};

/// Whether a command that is old is obeyed.
pub(crate) const STALE: System = System::Scenario {
    world: &[LOOP, BOUNDED],
    weak: &[],
    hardened: &[
        "workload.loop.edge.guard.stale_after=20ms",
        "workload.loop.edge.guard.zero_after=50ms",
    ],
};

/// Whether one sensor is believed, or the median of three.
pub(crate) const THREE_SENSORS: System = System::Scenario {
    world: &[LOOP, BOUNDED, ORDER],
    weak: &[],
    hardened: &["workload.loop.edge.measurement.sensors=3"],
};
