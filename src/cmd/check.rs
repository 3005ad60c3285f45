//! `squall check`: validate without running.

use super::selection::{Set, check_plans, load_all};
use super::{exit, out};
use clap::Args;
use std::path::PathBuf;

/// Validate scenarios without running them
#[derive(Args, Debug)]
pub(crate) struct Check {
    /// Scenario files or directories
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    set: Set,
}

impl Check {
    pub(crate) fn main(&self, colour: bool) -> u8 {
        let loaded = match load_all(&self.files, &self.set, colour) {
            Ok(loaded) => loaded,
            Err(code) => return code,
        };
        let mut code = exit::PASS;
        for (path, ready) in loaded {
            let scenario = &ready.scenario;
            // What a seed draws may still be impossible.
            let drawn = check_plans(&ready, scenario.seeds.clone(), colour);
            code = code.max(drawn);
            if drawn == exit::PASS {
                out::result(&format!(
                    "ok   {}   nodes {}, workloads {}, faults {}, properties {}, seeds {}..{}\n",
                    path.display(),
                    scenario.topology.nodes().len(),
                    scenario.workloads.len(),
                    scenario.lands().len(),
                    scenario.properties.len(),
                    scenario.seeds.start,
                    scenario.seeds.end
                ));
            }
        }
        code
    }
}
