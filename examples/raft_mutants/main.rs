//! How many seeds it takes to find each planted bug of the raft workload, and that the intact code raises
//! no alarm: `cargo run --release --example raft_mutants [-- --seeds N --bases N --only B01,B04 --intact N
//! --first SEED --jobs N --scenario FILE --set KEY=VALUE --median --markdown]`.
//! With `--median` the bases are searched in step, and only until half of them have found the mutant: the median
//! is the same, and costs less. `--show SEED` prints what happened in one seed, of the first mutant of `--only` or of the intact code.
//!
//! Each mutant is searched from several base seeds, each with its own range of seeds; the count is that of
//! seeds up to and with the first alarm. Exits with 1 if the intact code raised an alarm.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_types,
    reason = "a program talks to its user, and measures wall time"
)]
mod intact;
mod options;
mod search;
mod show;
mod table;
mod told;

use options::Options;
use squall::core::property::{PropertyKind, Verdict};
use squall::scenarios::SeedRun;
use squall::scenarios::workloads::cluster::raft::Mutant;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The invariant that was violated first, and how.
fn alarm(run: &SeedRun) -> Option<(String, String)> {
    let failed = run
        .result
        .properties
        .iter()
        .filter(|p| p.outcome.verdict == Verdict::Fail);
    let always = failed.filter(|p| matches!(p.spec.kind, PropertyKind::Always { .. }));
    let first = always.min_by_key(|p| p.outcome.first.as_ref().map(|violation| violation.at))?;
    let text = first
        .outcome
        .first
        .as_ref()
        .map_or_else(String::new, |violation| {
            format!("at {}: {}", violation.at, violation.text)
        });
    let name = first.spec.name.clone();
    Some((name.rsplit('.').next().unwrap_or(&name).to_owned(), text))
}

/// Does work number 0 to `count` on threads; the results are in the order of the numbers.
fn on_threads<T: Send>(jobs: usize, count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if at >= count {
                        return;
                    }
                    let result = work(at);
                    done.lock().expect("no worker panics").push((at, result));
                }
            });
        }
    });
    let mut done = done.into_inner().expect("no worker panics");
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

fn run() -> Result<usize, String> {
    let options = Options::read()?;
    if let Some(seed) = options.show {
        show::show(&options, seed)?;
        return Ok(0);
    }
    let alarms = if options.intact > 0 {
        intact::intact(&options)?
    } else {
        0
    };
    if options.intact == 0 || options.only.len() < Mutant::ALL.len() {
        table::table(&options)?;
    }
    Ok(alarms)
}

fn main() -> ExitCode {
    match run() {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::from(2)
        }
    }
}
