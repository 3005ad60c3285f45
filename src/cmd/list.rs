//! `squall list`: what there is. The texts derive from the tables.

use super::{exit, out};
use clap::{Args, ValueEnum};
use squall::core::memory::Preset;
use squall::faults::{catalog, preset};
use squall::scenarios::{Settings, tables, workloads};
use squall::{load, scenario_files};
use std::fmt::Write as _;
use std::path::PathBuf;

/// List faults, presets, workloads, properties, metrics, scenarios or devices
#[derive(Args, Debug)]
pub(crate) struct List {
    /// What to list
    what: What,
    /// One of them in full, for instance `swap-storm`; for scenarios the directory
    name: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum What {
    Faults,
    Presets,
    Workloads,
    Properties,
    Metrics,
    Scenarios,
    Devices,
}

impl List {
    pub(crate) fn main(&self) -> u8 {
        let name = self.name.as_deref();
        let text = match (self.what, name) {
            (What::Faults, None) => Some(catalog::list()),
            (What::Faults, Some(name)) => catalog::find(name).map(|fault| fault.describe()),
            (What::Presets, None) => Some(preset::list()),
            (What::Presets, Some(name)) => preset::find(name).map(|preset| preset.describe()),
            (What::Workloads, None) => Some(workloads::list()),
            (What::Workloads, Some(name)) => workloads::find(name).map(|kind| kind.describe()),
            (What::Properties, _) => Some(tables::list_properties()),
            (What::Metrics, _) => Some(workloads::list_metrics()),
            (What::Devices, _) => Some(devices()),
            (What::Scenarios, dir) => return scenarios(dir.unwrap_or("scenarios")),
        };
        match text {
            Some(text) => {
                out::result(&text);
                exit::PASS
            }
            None => {
                let what = format!("{:?}", self.what).to_lowercase();
                let name = name.unwrap_or("");
                out::note(&format!(
                    "error: no `{name}` among the {what}: `squall list {what}` shows all"
                ));
                exit::NOTHING
            }
        }
    }
}

fn devices() -> String {
    let mut text = String::new();
    for preset in Preset::ALL {
        let device = preset.device();
        let _ = writeln!(
            text,
            "{:<10} median {:>8.1} us, {} reads at once",
            preset.name(),
            device.median_us,
            device.servers
        );
    }
    text.push_str("\"disk\" is a file on the node's disk: the two share its queue\n");
    text.push_str("\"800 iops\" caps the node's own device at that many reads a second\n");
    text
}

fn scenarios(dir: &str) -> u8 {
    let path = PathBuf::from(dir);
    if !path.is_dir() {
        out::note(&format!(
            "error: no directory `{dir}` here: `squall list scenarios DIR`"
        ));
        return exit::NOTHING;
    }
    let files = match scenario_files(&path) {
        Ok(files) => files,
        Err(error) => {
            out::note(&format!("error: cannot read {dir}: {error}"));
            return exit::NOTHING;
        }
    };
    let mut text = String::new();
    for path in files {
        let _ = match load(&path, &Settings::default()) {
            Ok(ready) => writeln!(text, "{:<60} {}", path.display(), ready.scenario.name),
            Err(_) => writeln!(text, "{:<60} (invalid: see `squall check`)", path.display()),
        };
    }
    out::result(&text);
    exit::PASS
}
