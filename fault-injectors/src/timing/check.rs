//! What a timing may be, beyond what its keys allow.

use super::{Dist, Length, Timing};
use crate::lowering::Refusal;
use crate::param::{Args, Issue};
use squall_core::{Law, VirtualDuration, VirtualTime};

impl Timing {
    /// Whether it starts before the run stops, whatever the seed.
    pub fn check_start(&self, stop: VirtualTime) -> Result<(), Refusal> {
        let latest = self.at.as_ref().map_or(0.0, highest);
        if latest < stop.since(VirtualTime::ZERO).as_nanos_f64() {
            return Ok(());
        }
        Err(Refusal::timing(
            "at",
            Issue::new("fault starts after the run has stopped", 0..0)
                .label(format!(
                    "the run stops at {}",
                    stop.since(VirtualTime::ZERO)
                ))
                .help("start it earlier, or let `stop.at` be later"),
        ))
    }

    /// Whether its repetition makes sense.
    pub(crate) fn check_every(&self, record: &Args) -> Result<(), Refusal> {
        let (Some(every), Some(table)) = (&self.every, record.table_opt("every")) else {
            return Ok(());
        };
        let at = |key: &str, issue: Issue| Refusal::inside(table.place(key), issue);
        if every.least > every.mean {
            let issue = Issue::new("the shortest gap is above the mean", 0..0);
            let issue = issue.label(format!("the mean is {}", every.mean));
            return Err(at("least", issue.help("make it shorter, or `mean` longer")));
        }
        if table.given("variance") && !matches!(every.dist, Dist::Hyperexponential(_)) {
            let issue = Issue::new("only hyperexponential gaps have a `variance`", 0..0);
            return Err(at(
                "variance",
                issue.help("add dist = \"hyperexponential\", or remove it"),
            ));
        }
        Ok(())
    }

    /// Whether `for` says how long it lasts.
    pub(crate) const fn has_length(&self) -> bool {
        self.length.is_some()
    }

    /// Whether it has one length, whatever the seed. `own` is the length the fault has by itself,
    /// `own_key` the parameter that may give it one.
    pub fn check_length(
        &self,
        own: Option<VirtualDuration>,
        own_key: Option<&'static str>,
    ) -> Result<(), Refusal> {
        match (&self.length, own) {
            (Some(Length::Law(Law::Constant(ns))), _) if *ns <= 0.0 => Err(Refusal::timing(
                "for",
                Issue::new("fault has no length", 0..0)
                    .help("write how long it lasts, or remove it"),
            )),
            (Some(_), Some(own)) => Err(Refusal::timing(
                "for",
                Issue::new("fault has two lengths", 0..0)
                    .label(format!("it lasts {own} by its own parameters"))
                    .help("remove `for`"),
            )),
            (None, None) => Err(Refusal::timing(
                "for",
                Issue::new("fault has no end", 0..0).help(format!(
                    "add {} = \"30s\", or for = \"forever\" if it never heals",
                    own_key.unwrap_or("for")
                )),
            )),
            _ => Ok(()),
        }
    }
}

/// The largest value that a moment can be.
fn highest(law: &Law) -> f64 {
    match law {
        Law::Uniform { high, .. } => *high,
        law => law.quantile(0.5),
    }
}
