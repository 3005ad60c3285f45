//! Queues of the cluster workload: rows Q04 to Q07. The mean service time is 1 ms.

use crate::common::{metric, property, ready, run};
use crate::table::{Estimate, Row, rows};
use squall_core::VirtualDuration;
use squall_scenarios::Ready;

/// Replicas of one service on hosts with cores for all, behind a network without delay, called by one
/// client that never gives up.
fn service((hosts, cores): (u32, u32), workload: &str, (rate, seconds): (f64, f64)) -> Ready {
    let stop = VirtualDuration::from_secs_f64(seconds).as_nanos();
    let warm_up = stop / 2;
    let text = format!(
        "name = \"queue\"\nstop = {{ at = \"{stop}ns\", events_max = 1_000_000_000 }}\n\
         [topology]\nnodes.host = {{ count = {hosts}, cores = {cores} }}\nnodes.client = {{}}\n\
         links.default = {{ delay = \"0s\" }}\n\
         [workload.q.cluster]\non = \"host\"\nclients = \"client\"\ntimeout = \"1h\"\n\
         cpu = \"exponential mean 1ms\"\narrivals.rate = \"{rate}/s\"\n{workload}\n\
         [[property]]\nname = \"time\"\nthreshold = {{ metric = \"q.latency\", stat = \"mean\", \
         below = \"1h\", from = \"{warm_up}ns\" }}\n"
    );
    ready("queue.toml", &text, &[], &[])
}

/// Mean time in the system over seeds, in service times, after the warm-up.
fn time_in_system(ready: &Ready, seeds: u64) -> Estimate {
    let one = |seed| {
        property(&run(ready, seed, false).result, "time")
            .1
            .expect("it is there")
            / 1e-3
    };
    Estimate::of(&(0..seeds).map(one).collect::<Vec<_>>())
}

/// Share of the attempts that were refused. It settles within a few service times of a small queue.
fn refused(ready: &Ready, seeds: u64) -> Estimate {
    let one = |seed| {
        let result = run(ready, seed, false).result;
        1.0 - metric(&result, "q.goodput").0 / metric(&result, "q.attempts").0
    };
    Estimate::of(&(0..seeds).map(one).collect::<Vec<_>>())
}

fn all_near(rows: &[Row], found: impl Fn(&Row) -> Estimate) {
    let far: Vec<&Row> = rows.iter().filter(|row| !row.check(found(row))).collect();
    assert!(far.is_empty(), "{far:?}");
}

fn whole(row: &Row, key: &str) -> u32 {
    let number = row.number(key).expect("the set-up names it");
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count"
    )]
    let whole = number as u32;
    whole
}

/// The power of two choices: 500 replicas, one client that knows how many requests each has.
fn supermarket(d: u32, word: &str) {
    let Some(rows) = rows("Q04", "supermarket") else {
        return;
    };
    let rows: Vec<Row> = rows
        .into_iter()
        .filter(|row| whole(row, "d=") == d)
        .collect();
    assert_eq!(rows.len(), 3);
    all_near(&rows, |row| {
        let lambda = row.number("lambda=").expect("the set-up names it");
        // It begins empty and settles in a few times 1 / (1 - lambda) service times. Requests that are
        // under way at the end are not counted, which must be few.
        let seconds = (4e-3 / (1.0 - lambda)).max(0.12);
        let workload =
            format!("replicas = 500\nconcurrency = 1\nbalance = \"{word}\"\nqueue.capacity = 1000");
        time_in_system(&service((500, 1), &workload, (lambda * 500e3, seconds)), 10)
    });
}

#[test]
fn the_power_of_two_choices() {
    supermarket(2, "two-choices");
}

#[test]
fn the_power_of_three_choices() {
    supermarket(3, "three-choices");
}

/// Balls are requests to replicas that never finish; the longest queue and the one in service are the
/// largest load.
fn balls(row: &Row) -> Estimate {
    let bins = whole(row, "n=");
    let word = ["random", "two-choices"][whole_of(row) - 1];
    // On average as many balls as bins come before the end; the window ends with the run.
    let rate = f64::from(bins);
    let workload = format!(
        "replicas = {bins}\nconcurrency = 1\nbalance = \"{word}\"\nqueue.capacity = 1000\n\
         window = \"1s\"\nservices.s0 = {{ cpu = \"1h\" }}"
    );
    let ready = service((1, 1), &workload, (rate, 1.000_001));
    // Where the largest load is a coin toss between 3 and 4 it takes more to know its mean.
    let seeds = match (bins, whole_of(row)) {
        (100_000, 2) => 120,
        (0..5_000, _) => 60,
        _ => 40,
    };
    let one = |seed| 1.0 + metric(&run(&ready, seed, false).result, "q.queue").0;
    Estimate::of(&(0..seeds).map(one).collect::<Vec<_>>())
}

/// `d` of a row that names it in the quantity.
fn whole_of(row: &Row) -> usize {
    if row.quantity.ends_with("d=2") { 2 } else { 1 }
}

#[test]
fn balls_into_bins() {
    let Some(rows) = rows("Q05", "balls_into_bins") else {
        return;
    };
    assert_eq!(rows.len(), 6);
    all_near(&rows, balls);
}

/// M/M/1/K: K in the system are one in service and K - 1 that wait.
#[test]
fn losses_of_a_finite_queue() {
    let Some(rows) = rows("Q06", "losses_of_a_finite_queue") else {
        return;
    };
    assert_eq!(rows.len(), 2);
    all_near(&rows, |row| {
        let workload = format!(
            "replicas = 1\nconcurrency = 1\nqueue.capacity = {}",
            whole(row, "K=") - 1
        );
        let rho = row.number("rho=").expect("the set-up names it");
        refused(&service((1, 1), &workload, (rho * 1e3, 20.0)), 30)
    });
}

/// Erlang B: k servers and no place to wait.
#[test]
fn blocking_of_erlang() {
    let Some(rows) = rows("Q07", "blocking_of_erlang") else {
        return;
    };
    assert_eq!(rows.len(), 2);
    all_near(&rows, |row| {
        let servers = whole(row, "k=");
        let workload = format!("replicas = 1\nconcurrency = {servers}\nqueue.capacity = 0");
        let erlangs = row.number("a=").expect("the set-up names it");
        refused(&service((1, servers), &workload, (erlangs * 1e3, 2.0)), 30)
    });
}
