//! The six workloads of the engine: the same small programs that were measured on other engines.
//!
//! Every bench checks its golden value before it is timed: a figure counts only for the right work.
//! Time is CPU time of the process, since machines are shared.

mod clock;
mod generator;
mod phold;
mod ping_pong;
mod queueing;
mod seeds;
mod timers;
mod yardstick;

use criterion::Criterion;

fn main() {
    let mut criterion = Criterion::default()
        .with_measurement(clock::CpuTime)
        .sample_size(10)
        .configure_from_args();
    yardstick::bench(&mut criterion);
    phold::bench(&mut criterion);
    ping_pong::bench(&mut criterion);
    timers::bench(&mut criterion);
    seeds::bench(&mut criterion);
    queueing::bench(&mut criterion);
    criterion.final_summary();
}
