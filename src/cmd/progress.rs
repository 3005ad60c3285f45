//! Progress on stderr: a bar on a terminal, else a line now and then.
#![expect(
    clippy::disallowed_types,
    reason = "wall time decides when a line is due, and never what a result is"
)]

use super::out;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How far a command is.
pub(crate) struct Bar {
    bar: ProgressBar,
    /// What runs, for lines.
    name: String,
    /// What is counted: `seeds`, `runs`.
    unit: &'static str,
    /// How many there are, or may be at the most, if that is known.
    total: Option<u64>,
    lines: bool,
    told: Mutex<Told>,
}

/// The last line.
struct Told {
    tenth: u64,
    at: Instant,
}

/// From so many on each tenth is told, however quick.
const MANY: u64 = 1_000;
/// Below that a tenth is told if nothing was for so long.
const QUIET: Duration = Duration::from_secs(5);
/// A line comes after this time in any case.
const SILENT: Duration = Duration::from_secs(30);

/// Whether a line is due: after `since` without one, with so many tenths more than were told.
fn due(total: Option<u64>, tenths: u64, since: Duration) -> bool {
    let passed = tenths > 0 && (total.is_some_and(|total| total >= MANY) || since >= QUIET);
    passed || since >= SILENT || (total.is_none() && since >= QUIET)
}

impl Bar {
    pub(crate) fn new(name: String, unit: &'static str, total: Option<u64>) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
        let template = match total {
            Some(_) => "  {pos}/{len} UNIT   {per_sec}   {msg}   {eta} left   {wide_bar}",
            None => "  {pos} UNIT   {per_sec}   {msg}   {elapsed}",
        };
        if let Ok(style) = ProgressStyle::with_template(&template.replace("UNIT", unit)) {
            bar.set_style(style);
        }
        Self {
            bar,
            name,
            unit,
            total,
            lines: !terminal,
            told: Mutex::new(Told {
                tenth: 0,
                at: Instant::now(),
            }),
        }
    }
    /// So many are done, of which so many fail.
    pub(crate) fn show(&self, done: u64, failing: u64) {
        self.bar.set_position(done);
        if failing > 0 {
            self.bar.set_message(format!("{failing} failing"));
        }
        if !self.lines {
            return;
        }
        let tenth = self.total.map_or(0, |total| done * 10 / total.max(1));
        let mut told = self.told.lock().expect("nobody panics while telling");
        if due(
            self.total,
            tenth.saturating_sub(told.tenth),
            told.at.elapsed(),
        ) {
            (told.tenth, told.at) = (tenth, Instant::now());
            let of = self
                .total
                .map_or(String::new(), |total| format!("/{total}"));
            let failing = match failing {
                0 => String::new(),
                failing => format!(", {failing} failing"),
            };
            out::note(&format!(
                "{}   {done}{of} {}{failing}",
                self.name, self.unit
            ));
        }
    }
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_are_told_by_tenths_few_by_time_and_nothing_is_silent_for_long() {
        let (now, a_while, long) = (Duration::ZERO, QUIET, SILENT);
        assert!(due(Some(1_000), 1, now) && !due(Some(1_000), 0, a_while));
        assert!(!due(Some(500), 1, now) && due(Some(500), 1, a_while));
        assert!(!due(Some(500), 0, a_while) && due(Some(500), 0, long));
        assert!(!due(None, 0, now) && due(None, 0, a_while));
    }
}
