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

use squall::core::history::What;
use squall::core::property::{PropertyKind, Verdict};
use squall::core::{Seed, World};
use squall::scenarios::workloads::cluster::raft::Mutant;
use squall::scenarios::{Ready, SeedRun, Settings, parse};
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

const SCENARIO: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/scenarios/library/cluster/raft-climate.toml"
);
/// Seeds of one base are this far from those of the next.
const BASE_STEP: u64 = 1_000_000;

struct Options {
    seeds: u64,
    bases: u64,
    only: Vec<Mutant>,
    intact: u64,
    first: u64,
    jobs: usize,
    scenario: String,
    set: Vec<String>,
    markdown: bool,
    median: bool,
    show: Option<u64>,
}

impl Options {
    fn read() -> Result<Self, String> {
        let mut options = Self {
            seeds: 2000,
            bases: 20,
            only: Mutant::ALL.to_vec(),
            intact: 0,
            first: 0,
            jobs: 2,
            scenario: SCENARIO.to_owned(),
            set: Vec::new(),
            markdown: false,
            median: false,
            show: None,
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--markdown" => options.markdown = true,
                "--median" => options.median = true,
                _ => options.take(&argument, arguments.next())?,
            }
        }
        Ok(options)
    }
    /// An argument that has a value.
    fn take(&mut self, argument: &str, value: Option<String>) -> Result<(), String> {
        let value = value.ok_or(format!("`{argument}` needs a value"))?;
        let number = || {
            value
                .parse::<u64>()
                .map_err(|e| format!("`{argument} {value}`: {e}"))
        };
        match argument {
            "--seeds" => self.seeds = number()?,
            "--bases" => self.bases = number()?.max(1),
            "--intact" => self.intact = number()?,
            "--first" => self.first = number()?,
            "--jobs" => self.jobs = usize::try_from(number()?.max(1)).unwrap_or(1),
            "--show" => self.show = Some(number()?),
            "--scenario" => self.scenario = value,
            "--set" => self.set.push(value),
            "--only" => {
                let find = |name| Mutant::find(name).ok_or(format!("no mutant is called `{name}`"));
                self.only = value.split(',').map(find).collect::<Result<_, _>>()?;
            }
            _ => return Err(format!("unknown argument `{argument}`")),
        }
        Ok(())
    }
    fn ready(&self, mutant: Option<Mutant>) -> Result<Ready, String> {
        let text = std::fs::read_to_string(&self.scenario)
            .map_err(|e| format!("{}: {e}", self.scenario))?;
        let mut settings = Settings::default();
        for set in &self.set {
            settings.push_set(set)?;
        }
        if let Some(mutant) = mutant {
            settings.push_set(&format!("workload.kv.raft.mutant={}", mutant.name()))?;
        }
        let scenario =
            parse(&self.scenario, &text, &settings).map_err(|report| report.render(false))?;
        scenario
            .ready(&NoFiles)
            .map_err(|report| report.render(false))
    }
}

struct NoFiles;
impl squall::scenarios::Files for NoFiles {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        Err(format!("{path} is not read here"))
    }
}

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

/// What a search came to.
#[derive(Default)]
struct Search {
    seeds: u64,
    found: Option<String>,
    virtual_s: f64,
    wall_s: f64,
}

impl Search {
    /// Tries the next seed of a base. Whether the search goes on.
    fn next(&mut self, ready: &Ready, base: u64, world: &mut World) -> bool {
        let began = Instant::now();
        let seed = Seed(base * BASE_STEP + self.seeds);
        self.seeds += 1;
        if let Ok(run) = ready.run(seed, false, world) {
            self.virtual_s += run.result.end.as_secs_f64();
            self.found = alarm(&run).map(|(name, _)| name);
        }
        self.wall_s += began.elapsed().as_secs_f64();
        self.found.is_none()
    }
}

fn search(ready: &Ready, base: u64, seeds: u64) -> Search {
    let mut world = World::new(Seed(0), false);
    let mut search = Search::default();
    while search.seeds < seeds && search.next(ready, base, &mut world) {}
    search
}

/// Searches from all bases in step, until half of them have found something.
fn in_step(ready: &Ready, bases: usize, seeds: u64) -> Vec<Search> {
    let mut world = World::new(Seed(0), false);
    let mut all: Vec<Search> = (0..bases).map(|_| Search::default()).collect();
    for _ in 0..seeds {
        for (base, search) in (1..).zip(&mut all) {
            if search.found.is_none() {
                search.next(ready, base, &mut world);
            }
        }
        if all.iter().filter(|s| s.found.is_some()).count() >= bases.div_ceil(2) {
            break;
        }
    }
    all
}

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

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a length is a position in it"
)]
fn quantile(sorted: &[f64], p: f64) -> f64 {
    let at = (p * sorted.len() as f64).ceil() as usize;
    sorted[at.clamp(1, sorted.len()) - 1]
}

fn table(options: &Options) -> Result<(), String> {
    if options.markdown {
        println!(
            "| mutant | what is wrong | found | seeds, median | p90 | virtual time, median | wall time, median | by |"
        );
        println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    }
    let bases = usize::try_from(options.bases).unwrap_or(1);
    for mutant in &options.only {
        let ready = options.ready(Some(*mutant))?;
        let all = match options.median {
            true => in_step(&ready, bases, options.seeds),
            false => on_threads(options.jobs, bases, |base| {
                search(&ready, base as u64 + 1, options.seeds)
            }),
        };
        row(options, *mutant, &all);
    }
    Ok(())
}

/// Prints what the searches of one mutant came to.
fn row(options: &Options, mutant: Mutant, all: &[Search]) {
    let found = all.iter().filter(|s| s.found.is_some()).count();
    let sorted = |of: fn(&Search) -> f64| {
        let mut values: Vec<f64> = all.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values
    };
    // One that was not found counts with all the seeds that were tried.
    let seeds = sorted(|s| s.seeds as f64);
    let (virtual_s, wall_s) = (sorted(|s| s.virtual_s), sorted(|s| s.wall_s));
    let mut by: BTreeMap<&str, usize> = BTreeMap::new();
    for name in all.iter().filter_map(|s| s.found.as_deref()) {
        *by.entry(name).or_default() += 1;
    }
    let mut by: Vec<(&str, usize)> = by.into_iter().collect();
    by.sort_by_key(|(name, count)| (usize::MAX - count, *name));
    let by = by
        .iter()
        .take(3)
        .map(|(name, count)| format!("{name} {count}"));
    let cells = [
        mutant.name().to_owned(),
        mutant.doc().to_owned(),
        format!("{found} of {}", all.len()),
        format!("{}", quantile(&seeds, 0.5)),
        match options.median {
            true => String::new(),
            false => format!("{}", quantile(&seeds, 0.9)),
        },
        format!("{:.0} s", quantile(&virtual_s, 0.5)),
        format!("{:.2} s", quantile(&wall_s, 0.5)),
        by.collect::<Vec<_>>().join(", "),
    ];
    if options.markdown {
        println!("| {} |", cells.join(" | "));
        return;
    }
    let [name, doc, found, median, p90, virtual_s, wall_s, by] = cells;
    println!(
        "{name} {doc:<76} {found:>8}  median {median:>6} p90 {p90:>6} {virtual_s:>8} {wall_s:>9}  {by}"
    );
}

/// Runs the intact code; gives the number of alarms.
fn intact(options: &Options) -> Result<usize, String> {
    const BLOCK: u64 = 50;
    let ready = options.ready(None)?;
    let began = Instant::now();
    let blocks = usize::try_from(options.intact.div_ceil(BLOCK)).unwrap_or(usize::MAX);
    let results = on_threads(options.jobs, blocks, |block| {
        let mut world = World::new(Seed(0), false);
        let (mut alarms, mut undecided, mut events, mut records) = (Vec::new(), 0, 0, 0);
        for seed in block as u64 * BLOCK..((block as u64 + 1) * BLOCK).min(options.intact) {
            let seed = options.first + seed;
            let Ok(run) = ready.run(Seed(seed), false, &mut world) else {
                continue;
            };
            events += run.result.events;
            records += run.result.records;
            if let Some((name, text)) = alarm(&run) {
                eprintln!("ALARM seed {seed}: {name} {text}");
                alarms.push(seed);
            } else if run.result.verdict != Verdict::Pass {
                let open = run.result.properties.iter().filter(|p| {
                    let always = matches!(p.spec.kind, PropertyKind::Always { .. });
                    always && p.outcome.verdict != Verdict::Pass
                });
                let open: Vec<&str> = open.map(|p| p.spec.name.as_str()).collect();
                eprintln!("seed {seed}: {} {open:?}", run.result.verdict);
                undecided += 1;
            }
        }
        (alarms, undecided, events, records)
    });
    let wall = began.elapsed().as_secs_f64();
    let alarms: usize = results.iter().map(|r| r.0.len()).sum();
    let undecided: u64 = results.iter().map(|r| r.1).sum();
    let events: u64 = results.iter().map(|r| r.2).sum();
    let records: u64 = results.iter().map(|r| r.3).sum();
    let seeds = options.intact as f64;
    println!(
        "intact: {alarms} alarms, {undecided} undecided in {} seeds, {wall:.1} s; a seed {:.2} ms on each of {} \
         threads, {:.0} events, {:.0} records",
        options.intact,
        wall * 1e3 * options.jobs as f64 / seeds,
        options.jobs,
        events as f64 / seeds,
        records as f64 / seeds
    );
    Ok(alarms)
}

/// Prints faults, operations and events of one seed, and the first alarm.
fn show(options: &Options, seed: u64) -> Result<(), String> {
    let all = options.only.len() == Mutant::ALL.len();
    let ready = options.ready(options.only.first().copied().filter(|_| !all))?;
    let mut world = World::new(Seed(0), false);
    let run = ready
        .run(Seed(seed), true, &mut world)
        .map_err(|report| report.render(false))?;
    let Some(recording) = &run.recording else {
        return Ok(());
    };
    let (names, nodes) = (&recording.header.names, &recording.header.nodes);
    for record in &recording.records {
        let line = match record.what {
            What::Event { name, node, a, b } => {
                let (high, low) = (a >> 32, a & u64::from(u32::MAX));
                format!(
                    "{} {} {high}/{low} {b:#x}",
                    nodes[node.0 as usize],
                    names.text(name)
                )
            }
            What::Invoke {
                op,
                name,
                key,
                value,
                ..
            } => {
                format!("operation {op}: {} {key} {value:#x}", names.text(name))
            }
            What::Return { op, outcome, value } => {
                format!("operation {op}: {outcome:?} {value:#x}")
            }
            What::Node { node, change } => format!("{} {change:?}", nodes[node.0 as usize]),
            What::Fault { entry, change, .. } => {
                format!(
                    "fault {change:?} {:?}",
                    recording.header.plan.entry(entry).primitive
                )
            }
            _ => continue,
        };
        println!("{} {line}", record.at);
    }
    println!("{:?}", alarm(&run));
    Ok(())
}

fn run() -> Result<usize, String> {
    let options = Options::read()?;
    if let Some(seed) = options.show {
        show(&options, seed)?;
        return Ok(0);
    }
    let alarms = if options.intact > 0 {
        intact(&options)?
    } else {
        0
    };
    if options.intact == 0 || options.only.len() < Mutant::ALL.len() {
        table(&options)?;
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
