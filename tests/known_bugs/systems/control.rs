//! The loop that the pairs of sensors, actuators, buses and jobs are about.

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
