//! What the arguments say.

use squall::scenarios::workloads::cluster::raft::Mutant;
use squall::scenarios::{Ready, Settings, parse};

const SCENARIO: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/scenarios/library/cluster/raft-climate.toml"
);
pub(crate) struct Options {
    pub(crate) seeds: u64,
    pub(crate) bases: u64,
    pub(crate) only: Vec<Mutant>,
    pub(crate) intact: u64,
    pub(crate) first: u64,
    pub(crate) jobs: usize,
    pub(crate) scenario: String,
    pub(crate) set: Vec<String>,
    pub(crate) markdown: bool,
    pub(crate) median: bool,
    pub(crate) show: Option<u64>,
}

impl Options {
    pub(crate) fn read() -> Result<Self, String> {
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
    pub(crate) fn ready(&self, mutant: Option<Mutant>) -> Result<Ready, String> {
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
