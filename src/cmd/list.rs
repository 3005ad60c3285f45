//! `squall list`: what there is. The texts derive from the tables.

use super::{exit, out};
use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Args, Subcommand, ValueEnum};
use squall::core::memory::Preset;
use squall::faults::{catalog, preset};
use squall::scenarios::{Settings, tables, workloads};
use squall::{load, scenario_files};
use std::fmt::Write as _;
use std::path::PathBuf;

/// List faults, presets, workloads, properties, metrics, scenarios or devices
#[derive(Args, Debug)]
pub(crate) struct List {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    /// The faults; or one of them in full, with an example
    Faults {
        /// One of them, for instance `swap-storm`
        #[arg(value_parser = Names(fault_names), hide_possible_values = true)]
        name: Option<String>,
        /// How all of them are shown
        #[arg(long, value_enum, default_value = "human")]
        format: Format,
    },
    /// The published settings of other tools, for `use`; or one of them
    Presets {
        /// One of them, for instance `jepsen-net`
        #[arg(value_parser = Names(preset_names), hide_possible_values = true)]
        name: Option<String>,
    },
    /// The kinds of workload; or one of them
    Workloads {
        /// One of them, for instance `agents`
        #[arg(value_parser = Names(workload_names), hide_possible_values = true)]
        name: Option<String>,
    },
    /// The kinds of property
    Properties,
    /// The metrics of workloads and hosts, with their units
    Metrics,
    /// The scenarios below a directory
    Scenarios {
        /// The directory
        #[arg(default_value = "scenarios")]
        dir: String,
    },
    /// The swap devices and disks
    Devices,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table for terminals
    Human,
    /// The page docs/faults.md
    Markdown,
}

/// Names of a table: completions offer them, and what is in no table is answered as nothing found.
#[derive(Clone)]
struct Names(fn() -> Vec<&'static str>);

impl TypedValueParser for Names {
    type Value = String;
    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&clap::Arg>,
        value: &std::ffi::OsStr,
    ) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, arg, value)
    }
    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new((self.0)().into_iter().map(PossibleValue::new)))
    }
}

fn fault_names() -> Vec<&'static str> {
    catalog::ALL.iter().map(|kind| kind.name).collect()
}

fn preset_names() -> Vec<&'static str> {
    preset::ALL.iter().map(|preset| preset.name).collect()
}

fn workload_names() -> Vec<&'static str> {
    workloads::ALL.iter().map(|kind| kind.name).collect()
}

impl List {
    pub(crate) fn main(&self) -> u8 {
        let text = match &self.what {
            What::Faults { name: None, format } => match format {
                Format::Human => catalog::list(),
                Format::Markdown => catalog::markdown(),
            },
            What::Faults {
                name: Some(name), ..
            } => match catalog::find(name) {
                Some(fault) => fault.describe(),
                None => return unknown("fault", name, fault_names()),
            },
            What::Presets { name: None } => preset::list(),
            What::Presets { name: Some(name) } => match preset::find(name) {
                Some(preset) => preset.describe(),
                None => return unknown("preset", name, preset_names()),
            },
            What::Workloads { name: None } => workloads::list(),
            What::Workloads { name: Some(name) } => match workloads::find(name) {
                Some(kind) => kind.describe(),
                None => return unknown("workload", name, workload_names()),
            },
            What::Properties => tables::list_properties(),
            What::Metrics => workloads::list_metrics(),
            What::Devices => devices(),
            What::Scenarios { dir } => return scenarios(dir),
        };
        out::result(&text);
        exit::PASS
    }
}

fn unknown(what: &str, name: &str, known: Vec<&'static str>) -> u8 {
    let help = squall::faults::param::suggest(name, known);
    let help = help.map_or(String::new(), |help| format!("{help} "));
    out::note(&format!(
        "error: no {what} is called `{name}`. {help}`squall list {what}s` shows all"
    ));
    exit::NOTHING
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
    if files.is_empty() {
        out::note(&format!(
            "error: no scenario below `{dir}`: a scenario is a file ending in .toml; `squall demo` shows one"
        ));
        return exit::NOTHING;
    }
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
