//! What all reports are made of: a campaign with its names and its expectation.

use squall_core::outcome::{Campaign, FaultSummary, SeedResult, Stop};
use squall_core::property::{PropertyKind, Verdict};
use squall_core::words::{amount, span};
use squall_core::{Seed, VirtualDuration};

pub(crate) use squall_core::words::number;

/// What the scenario says it is there to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// The verdict.
    pub verdict: Verdict,
    /// Positions of the properties that must give it; empty is any.
    pub because: Vec<usize>,
}

impl Expectation {
    /// Whether a campaign shows what it is there to show: it has the verdict, by these properties
    /// and no others.
    pub fn met(&self, campaign: &Campaign) -> bool {
        let because = |index: &usize| self.because.is_empty() || self.because.contains(index);
        let with_verdict = |verdict| {
            let all = campaign.properties.iter().enumerate();
            all.filter(move |(_, p)| p.verdict == verdict)
                .map(|(index, _)| index)
        };
        let failed = |f: &FaultSummary| f.firings.is_some_and(|firings| firings.failed.is_some());
        campaign.verdict == self.verdict
            && !campaign.faults.iter().any(failed)
            && with_verdict(self.verdict).all(|index| because(&index))
            && self.because.iter().all(|index| {
                campaign
                    .properties
                    .get(*index)
                    .is_some_and(|p| p.verdict == self.verdict)
            })
    }
    /// Whether one seed is within it: a seed may also do better.
    pub fn allows(&self, seed: &SeedResult) -> bool {
        if seed.faults.iter().any(|fault| fault.failed().is_some()) {
            return false;
        }
        let failing = seed.properties.iter().enumerate();
        let mut failing = failing.filter(|(_, p)| p.outcome.verdict == Verdict::Fail);
        match self.verdict {
            Verdict::Fail => {
                failing.all(|(i, _)| self.because.is_empty() || self.because.contains(&i))
            }
            _ => failing.next().is_none(),
        }
    }
}

/// A campaign as reports see it.
#[derive(Clone, Copy, Debug)]
pub struct Outcome<'a> {
    /// Name of the scenario.
    pub scenario: &'a str,
    /// Path of its file.
    pub path: &'a str,
    /// Whether that is a recording, which has its own seed and settings.
    pub recorded: bool,
    /// The results.
    pub campaign: &'a Campaign,
    /// What the scenario is there to show.
    pub expectation: Option<&'a Expectation>,
    /// Wall time of every seed, in seconds.
    pub wall_s: &'a [f64],
    /// Settings in force, as arguments: `--with`, `x`, `--set`, `a=b`.
    pub settings: &'a [String],
    /// A seed that ended in another digest when it was run again.
    pub differs: Option<Seed>,
    /// How long a seed is to run.
    pub planned: VirtualDuration,
    /// Where the recording of the first failing seed is kept, if it is.
    pub recording: Option<&'a str>,
}

impl Outcome<'_> {
    /// Whether the expectation is met, if there is one.
    pub fn expected(&self) -> Option<bool> {
        self.expectation
            .map(|expectation| expectation.met(self.campaign))
    }
    /// The exit code that this outcome asks for.
    pub fn exit_code(&self) -> u8 {
        if self.differs.is_some() {
            return 102;
        }
        // A failure that is expected proves nothing if its fault did not happen.
        let missed = self.campaign.faults.iter().any(|fault| fault.missed);
        match (self.expected(), self.campaign.verdict) {
            (Some(true), _) if missed => 3,
            (Some(true), _) | (None, Verdict::Pass) => 0,
            (Some(false), _) | (None, Verdict::Fail) => 100,
            (None, Verdict::Inconclusive | Verdict::NotExercised) => 3,
        }
    }
    /// Why a seed ended before its time, if its bound on events did that, with the remedy.
    pub fn bound(&self, seed: &SeedResult) -> Option<String> {
        let reached = seed.stop == Stop::EventsMax;
        reached.then(|| {
            let end = VirtualDuration::from_nanos(seed.end.as_nanos());
            format!(
                "stopped: {} events reached at {} of {}; raise stop.events_max",
                seed.events,
                span(end),
                span(self.planned)
            )
        })
    }
    /// The commands that explain one seed and that make it smaller.
    pub fn next(&self, seed: &SeedResult) -> [String; 2] {
        ["explain", "shrink"].map(|verb| {
            let run = self.run(seed);
            let words = ["squall", verb].into_iter();
            command(words.chain(run.iter().map(String::as_str)))
        })
    }
    /// The words that name the run of a seed.
    fn run(&self, seed: &SeedResult) -> Vec<String> {
        let mut words = vec![self.path.to_owned()];
        if !self.recorded {
            words.extend(["--seed".to_owned(), seed.seed.to_string()]);
            words.extend_from_slice(self.settings);
        }
        words
    }
    /// The command that repeats one seed, to be pasted into a shell.
    pub fn replay(&self, seed: &SeedResult) -> String {
        let (run, digest) = (self.run(seed), seed.digest.to_string());
        let words = ["squall", "replay"].into_iter();
        let words = words.chain(run.iter().map(String::as_str));
        command(words.chain(["--digest", &digest]))
    }
}

/// Words as a command, to be pasted into a shell.
pub fn command<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.map(quoted).collect::<Vec<_>>().join(" ")
}

/// A word for a POSIX shell, in quotes where it needs them.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./=:,@%+-".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// The verdict of a property as a mark of two letters.
pub(crate) fn mark(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "ok",
        Verdict::Fail => "FAIL",
        Verdict::NotExercised => "--",
        Verdict::Inconclusive => "??",
    }
}

/// What a property measured, or by how much it is kept, with its unit.
pub(crate) fn measure(kind: &PropertyKind, x: f64) -> String {
    match kind {
        PropertyKind::Recovers { .. } => format!("{}x baseline", number(x)),
        PropertyKind::Eventually { .. } => amount(x, "s"),
        PropertyKind::Threshold { unit, .. } => amount(x, unit),
        _ => number(x),
    }
}

/// `1 seed`, `8 seeds`.
pub(crate) fn seeds(count: usize) -> String {
    format!("{count} seed{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_for_a_shell() {
        assert_eq!(quoted("a/b.toml"), "a/b.toml");
        assert_eq!(quoted("a $b"), "'a $b'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
        assert_eq!(quoted(""), "''");
    }
}
