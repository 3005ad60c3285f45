//! Seeds a second through the campaign: five nodes, two faults, three properties.

use crate::{median, timed};
use squall::campaign;
use squall::scenarios::{Ready, Settings, parse};
use std::time::Instant;

const FILE: &str = r#"
name = "five nodes"
stop = { at = "1s" }
[topology]
nodes.web = { count = 4 }
nodes.client = {}
links.default = { delay = "lognormal median 400us p99 2ms" }
[workload.shop.cluster]
on = "web"
clients = "client"
graph.chain = 2
arrivals.rate = "40/s"
timeout = "100ms"
retry.attempts = 2
[[fault]]
at = "200ms..400ms"
for = "200ms"
inject.node-loss = { nodes = "any 1 of web" }
[[fault]]
at = "500ms"
for = "200ms"
inject.link-loss = { links = "client -> web", p = 0.2 }
[[property]]
always = "shop.conservation"
[[property]]
always = "shop.no-late-success"
[[property]]
sometimes = "shop.retried"
"#;

const SEEDS: u64 = 4_000;
const ROUNDS: u32 = 3;
/// Seeds a second on two threads.
const BAR: f64 = 10_000.0;

fn ready() -> Ready {
    let scenario = parse("five.toml", FILE, &Settings::default());
    let scenario = scenario.unwrap_or_else(|e| panic!("{}", e.render(false)));
    let ready = scenario.ready(&squall::Place::default());
    ready.unwrap_or_else(|e| panic!("{}", e.render(false)))
}

#[expect(clippy::disallowed_types, reason = "threads overlap in wall time only")]
pub(crate) fn run() {
    let ready = ready();
    let mut events = 0;
    let mut rate = |jobs: usize| {
        let one = |_| {
            let start = Instant::now();
            let (cpu, ran) = timed(|| campaign::run(&ready, 0..SEEDS, jobs, &|_| ()));
            let wall = start.elapsed().as_secs_f64();
            let ran = ran.unwrap_or_else(|e| panic!("{e}"));
            let landed = ran.campaign.faults.iter().all(|fault| fault.landed > 0);
            assert!(landed, "both faults land");
            events = ran
                .campaign
                .seeds
                .iter()
                .map(|seed| seed.events)
                .sum::<u64>()
                / SEEDS;
            (cpu / SEEDS as f64 * 1e6, SEEDS as f64 / wall)
        };
        let rounds: Vec<(f64, f64)> = (0..ROUNDS).map(one).collect();
        let cpu = median(rounds.iter().map(|(cpu, _)| *cpu).collect());
        (cpu, median(rounds.iter().map(|(_, rate)| *rate).collect()))
    };
    let ((one_us, one), (two_us, two)) = (rate(1), rate(2));
    println!(
        "seeds        five nodes, 1 s, {events} events a seed: {one_us:.1} us CPU a seed on one thread, \
         {two_us:.1} on two; {one:.0} and {two:.0} seeds a second of wall time; {:.0} on two free \
         cores (bar {BAR})",
        2e6 / two_us
    );
}
