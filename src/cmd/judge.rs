//! `squall judge`: other properties on what was stored, without a run.

use super::{TOOL, exit, out, stored};
use clap::{Args, ValueEnum};
use squall::LoadError;
use squall::core::outcome::Campaign;
use squall::core::property::PropertySpec;
use squall::reports::judged::{self, Judgement};
use squall::scenarios::log::EventLog;
use squall::scenarios::{Judged, Report, properties_for, properties_for_log};
use std::path::PathBuf;

/// Check a stored recording, or the event log of another system, by the properties of a file
#[derive(Args, Debug)]
pub(crate) struct Judge {
    /// A recording of `squall run`, or an event log in JSON Lines (docs/event-log.md)
    file: PathBuf,
    /// A scenario, of which the properties are taken, or a file with nothing but `[[property]]`
    #[arg(long, value_name = "FILE")]
    properties: PathBuf,
    /// What to print on stdout
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Human,
    Json,
}

/// What was judged: what it is and its lines, names of its nodes, the properties, what they say.
type Found = (
    (&'static str, Option<u64>),
    Vec<String>,
    Vec<PropertySpec>,
    Judged,
);

impl Judge {
    pub(crate) fn main(mut self, colour: bool) -> u8 {
        self.file = match stored::file_at(&self.file) {
            Ok(file) => file,
            Err(code) => return code,
        };
        match self.judge(colour) {
            Ok(found) => self.show(found),
            Err(code) => code,
        }
    }

    fn judge(&self, colour: bool) -> Result<Found, u8> {
        let bytes = stored::read(&self.file, colour)?;
        let promised = stored::read_text(&self.properties, colour)?;
        let path = self.properties.display().to_string();
        let invalid = |report: Report| out::invalid(&[LoadError::Invalid(report)], colour);
        if stored::is_recording(&bytes) {
            let (recording, ready) = stored::recording(&self.file, &bytes, colour)?;
            let specs = properties_for(&path, &promised, &ready).map_err(invalid)?;
            let judged = ready.judge(&recording, &specs).map_err(|error| {
                out::note(&format!("error: {}: {error}", self.file.display()));
                exit::INVALID
            })?;
            return Ok((("recording", None), recording.header.nodes, specs, judged));
        }
        let log = EventLog::parse(&self.file.display().to_string(), &bytes).map_err(invalid)?;
        let specs = properties_for_log(&path, &promised, &log).map_err(invalid)?;
        let judged = log.judge(&specs);
        Ok((("event log", Some(log.lines)), log.nodes, specs, judged))
    }

    fn show(&self, ((what, lines), nodes, specs, judged): Found) -> u8 {
        let campaign = Campaign::new(vec![judged.result], &specs, &[]);
        let judgement = Judgement {
            path: &self.file.display().to_string(),
            what,
            lines,
            properties: &self.properties.display().to_string(),
            nodes: &nodes,
            campaign: &campaign,
            needs: &judged.needs,
        };
        out::result(&match self.format {
            Format::Human => judged::text(&judgement),
            Format::Json => format!("{:#}\n", judged::document(&judgement, TOOL)),
        });
        judgement.exit_code()
    }
}
