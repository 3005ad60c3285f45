//! When a fault acts, how long and how often. Everything is drawn in lowering.

use crate::draws::Draws;
use crate::lowering::Refusal;
use crate::param::{Args, Issue, Kind, Param};
use crate::trigger;
use squall_core::{Law, VirtualDuration, VirtualTime};

/// `at`: the instant of the first occurrence.
pub const AT: Param = Param::new(
    "at",
    Kind::Moment,
    "when it starts; a range is drawn once a seed; the start of the run if missing",
);
/// `for`: the length of each occurrence.
pub const FOR: Param = Param::new(
    "for",
    Kind::Length,
    "how long it lasts; `forever` must be written out",
);
/// `every`: repetition.
pub const EVERY: Param = Param::new(
    "every",
    Kind::Table(EVERY_PARAMS),
    "repeats it; without `at` the first occurrence comes after one gap",
);
/// `chance`: whether it happens at all.
pub const CHANCE: Param = Param::new(
    "chance",
    Kind::Share,
    "chance that it happens in a seed at all; drawn in lowering",
)
.default("1");
/// `land`: what it takes to count as having happened.
pub const LAND: Param = Param::new(
    "land",
    Kind::Choice(&["any", "every seed", "optional"]),
    "where it must have an effect: in any seed of a campaign, in every seed, or nowhere",
)
.default("any");
/// The timing keys of a fault.
pub const PARAMS: &[Param] = &[
    AT,
    FOR,
    EVERY,
    CHANCE,
    LAND,
    trigger::ON,
    trigger::KEEP_HEALTHY,
    trigger::PATIENCE,
    trigger::IF_NONE,
    trigger::PHASE,
];

/// The keys of a repetition.
pub(crate) const EVERY_PARAMS: &[Param] = &[
    Param::new("mean", Kind::Duration, "mean time from start to start").required(),
    Param::new(
        "dist",
        Kind::Choice(&["constant", "uniform", "exponential", "hyperexponential"]),
        "law of the gaps; uniform is between zero and twice the mean, hyperexponential comes in clusters",
    )
    .default("constant"),
    Param::new(
        "cv2",
        Kind::Number {
            min: 1.0,
            max: 1e6,
        },
        "of hyperexponential gaps: variance over squared mean; 4 if missing",
    ),
    Param::new(
        "least",
        Kind::Duration,
        "shortest gap; what is drawn comes on top, so that the mean stays; 0s if missing",
    ),
    Param::new("until", Kind::Duration, "no occurrence starts from here on"),
    Param::new(
        "count",
        Kind::Integer {
            min: 1,
            max: 10_000,
        },
        "at most this many occurrences",
    ),
    Param::new(
        "overlap",
        Kind::Choice(&["skip", "queue", "stack", "error"]),
        "what becomes of an occurrence that starts before the one before has ended",
    )
    .default("skip"),
];

/// Variance over squared mean of gaps in clusters where the file does not say.
const CV2: f64 = 4.0;
/// Occurrences one fault may have in one seed.
const OCCURRENCES_MAX: usize = 10_000;

/// When, how long, how often.
#[derive(Clone, Debug, PartialEq)]
pub struct Timing {
    /// The first instant, in nanoseconds; `None` is the start of the run.
    pub at: Option<Law>,
    /// The length; `None` if the fault has one of its own.
    pub length: Option<Length>,
    /// Repetition.
    pub every: Option<Every>,
    /// Chance that it happens in a seed at all.
    pub chance: f64,
}

/// How long an occurrence lasts.
#[derive(Clone, Debug, PartialEq)]
pub enum Length {
    /// A law of nanoseconds.
    Law(Law),
    /// Until the end of the run.
    Forever,
}

/// Repetition.
#[derive(Clone, Debug, PartialEq)]
pub struct Every {
    /// Mean time from start to start.
    pub mean: VirtualDuration,
    /// Law of the gaps.
    pub dist: Dist,
    /// Shortest gap; the law has what is left of the mean.
    pub least: VirtualDuration,
    /// No start from here on.
    pub until: Option<VirtualDuration>,
    /// At most this many occurrences.
    pub count: Option<u64>,
    /// What becomes of one that starts before the one before has ended.
    pub overlap: Overlap,
}

/// Law of the gaps of [`Every`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Dist {
    /// Always the mean.
    Constant,
    /// Between zero and twice the mean.
    Uniform,
    /// Memoryless.
    Exponential,
    /// In clusters: gaps that vary more, with this variance over their squared mean.
    Hyperexponential(f64),
}

/// What becomes of an occurrence that starts before the one before has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overlap {
    /// It is left out.
    Skip,
    /// It waits for the end.
    Queue,
    /// Both are in force.
    Stack,
    /// The scenario is refused.
    Error,
}

/// One occurrence of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Its number among the drawn instants; draws are keyed by it.
    pub ordinal: u32,
    /// Its start.
    pub from: VirtualTime,
    /// Its end; `None` is the end of the run.
    pub until: Option<VirtualTime>,
}

impl Default for Timing {
    /// At the start of the run, once, for a length that the fault itself must have.
    fn default() -> Self {
        Self {
            at: None,
            length: None,
            every: None,
            chance: 1.0,
        }
    }
}

impl Timing {
    /// The timing in a record that was read with [`PARAMS`].
    pub fn from_args(args: &Args) -> Self {
        let length = match args.law_opt("for") {
            Some(law) => Some(Length::Law(law)),
            None => args.word_opt("for").map(|_| Length::Forever),
        };
        Self {
            at: args.law_opt("at"),
            length,
            every: args
                .table_opt("every")
                .filter(|e| !e.broken)
                .map(Every::from_args),
            chance: args.number_opt("chance").unwrap_or(1.0),
        }
    }

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
        if table.given("cv2") && !matches!(every.dist, Dist::Hyperexponential(_)) {
            let issue = Issue::new("only hyperexponential gaps have a `cv2`", 0..0);
            return Err(at(
                "cv2",
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

    /// All occurrences of one seed.
    pub fn windows(
        &self,
        own: Option<VirtualDuration>,
        draws: &Draws,
        stop: VirtualTime,
    ) -> Result<Vec<Window>, Refusal> {
        self.windows_by(draws, stop, &mut |ordinal, from| {
            self.window(ordinal, from, own, draws)
        })
    }

    /// [`Timing::windows`] of something whose end its caller knows.
    pub(crate) fn windows_by(
        &self,
        draws: &Draws,
        stop: VirtualTime,
        window: &mut dyn FnMut(u32, VirtualTime) -> Window,
    ) -> Result<Vec<Window>, Refusal> {
        let first = self.at.as_ref().map(|law| draws.length("at", law));
        let Some(every) = &self.every else {
            let from = VirtualTime::ZERO + first.unwrap_or(VirtualDuration::ZERO);
            return Ok(vec![window(0, from)]);
        };
        let end = every
            .until
            .map_or(stop, |d| (VirtualTime::ZERO + d).min(stop));
        let count = every.count.unwrap_or(u64::MAX);
        let mut windows: Vec<Window> = Vec::new();
        let mut at = VirtualTime::ZERO;
        match first {
            Some(first) => at += first,
            None => at = at.saturating_add(every.gap(&draws.occurrence(0), "first gap")),
        }
        for ordinal in 0u32.. {
            if at >= end || windows.len() as u64 >= count {
                break;
            }
            if ordinal as usize >= OCCURRENCES_MAX {
                return Err(Refusal::timing(
                    "every",
                    Issue::new(format!("more than {OCCURRENCES_MAX} occurrences"), 0..0)
                        .help("give it a `count`, or a larger `mean`"),
                ));
            }
            let busy = windows.last().map(|w| w.until.unwrap_or(VirtualTime::MAX));
            let overlaps = busy.is_some_and(|busy| busy > at);
            let start = match (overlaps, every.overlap) {
                (true, Overlap::Skip) => None,
                (true, Overlap::Queue) => busy.filter(|busy| *busy < end),
                (true, Overlap::Error) => {
                    return Err(Refusal::timing(
                        "every",
                        Issue::new("occurrences overlap", 0..0)
                            .label(format!("one starts at {at}, before the one before has ended"))
                            .help("make `for` shorter, `mean` longer, or `overlap` skip, queue or stack"),
                    ));
                }
                _ => Some(at),
            };
            windows.extend(start.map(|from| window(ordinal, from)));
            at = at.saturating_add(every.gap(&draws.occurrence(ordinal), "gap"));
        }
        Ok(windows)
    }

    pub(crate) fn window(
        &self,
        ordinal: u32,
        from: VirtualTime,
        own: Option<VirtualDuration>,
        draws: &Draws,
    ) -> Window {
        let length = match &self.length {
            Some(Length::Forever) => None,
            Some(Length::Law(law)) => Some(draws.occurrence(ordinal).length("for", law)),
            None => own,
        };
        // A law may draw zero; an overlay has a length.
        let until = length.map(|d| from.saturating_add(d.max(VirtualDuration::from_nanos(1))));
        Window {
            ordinal,
            from,
            until,
        }
    }
}

impl Every {
    fn from_args(args: &Args) -> Self {
        Self {
            mean: args.duration("mean"),
            dist: match args.word("dist") {
                "uniform" => Dist::Uniform,
                "exponential" => Dist::Exponential,
                "hyperexponential" => Dist::Hyperexponential(args.number_opt("cv2").unwrap_or(CV2)),
                _ => Dist::Constant,
            },
            least: args.duration_opt("least").unwrap_or_default(),
            until: args.duration_opt("until"),
            count: args
                .integer_opt("count")
                .and_then(|n| u64::try_from(n).ok()),
            overlap: match args.word("overlap") {
                "queue" => Overlap::Queue,
                "stack" => Overlap::Stack,
                "error" => Overlap::Error,
                _ => Overlap::Skip,
            },
        }
    }
    fn gap(&self, draws: &Draws, purpose: &str) -> VirtualDuration {
        let mean = self.mean.saturating_sub(self.least).as_nanos_f64();
        let law = match self.dist {
            Dist::Constant => Law::Constant(mean),
            Dist::Uniform => Law::Uniform {
                low: 0.0,
                high: 2.0 * mean,
            },
            Dist::Exponential => Law::Exponential { mean },
            Dist::Hyperexponential(cv2) => Law::Hyperexponential { mean, cv2 },
        };
        draws
            .length(purpose, &law)
            .saturating_add(self.least)
            .max(VirtualDuration::from_nanos(1))
    }
}

/// The largest value that a moment can be.
fn highest(law: &Law) -> f64 {
    match law {
        Law::Uniform { high, .. } => *high,
        law => law.quantile(0.5),
    }
}
