//! Runs loops on the engine and reads what they recorded.

use squall_core::history::{Record, What};
use squall_core::world::World;
use squall_core::{Names, Seed};
use squall_scenarios::{Files, Ready, SeedRun, Settings, parse};
use std::cell::RefCell;

/// No file at all.
#[derive(Debug)]
pub(crate) struct NoFiles;
impl Files for NoFiles {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        Err(format!("no `{path}` here"))
    }
}

pub(crate) fn ready(text: &str) -> Ready {
    let scenario = parse("test.toml", text, &Settings::default()).unwrap_or_else(|e| panic!("{e}"));
    scenario.ready(&NoFiles).unwrap_or_else(|e| panic!("{e}"))
}

/// A scenario of one servo loop: `rest` are lines of the workload's table.
pub(crate) fn servo(stop: &str, rest: &str) -> String {
    format!(
        "name = \"servo\"\nseeds = \"0..1\"\nstop = {{ at = \"{stop}\" }}\n\
         [topology]\nnodes.board = {{}}\nsignals = \"0s\"\n\
         [workload.loop.edge]\non = \"board\"\n{rest}\n"
    )
}

thread_local! {
    static WORLD: RefCell<World> = RefCell::new(World::new(Seed(0), false));
}

pub(crate) fn run(ready: &Ready, seed: u64) -> SeedRun {
    WORLD.with_borrow_mut(|world| {
        let run = ready.run(Seed(seed), true, world);
        run.unwrap_or_else(|e| panic!("{e}"))
    })
}

/// The samples of a run, in order, by name.
pub(crate) fn samples(run: &SeedRun) -> Vec<(String, f64)> {
    let recording = run.recording.as_ref().expect("records were kept");
    let names: &Names = &recording.header.names;
    let sample = |record: &Record| match record.what {
        What::Sample { name, value, .. } => Some((names.text(name).to_owned(), value)),
        _ => None,
    };
    recording.records.iter().filter_map(sample).collect()
}

/// A file of reference data, or nothing, said aloud.
pub(crate) fn data(name: &str) -> Option<String> {
    let path = format!(
        "{}/../../shared/data/edge/{name}",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(&path).ok();
    if text.is_none() {
        eprintln!("NOT RUN: {path} is missing");
    }
    text
}
