//! The tables: parameters and the kinds of their values.

/// One key of a record: what its value looks like, whether it must be there, what it means.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// The key, in snake case.
    pub key: &'static str,
    /// What its value looks like.
    pub kind: Kind,
    /// Whether it must be written.
    pub need: Need,
    /// Keys of one group exclude each other; empty is no group. If one of them is required, exactly
    /// one must be written.
    pub group: &'static str,
    /// What it means, one sentence without a full stop.
    pub doc: &'static str,
    /// A value for examples, as it stands in a file; empty is [`Kind::sample`].
    pub sample: &'static str,
}

/// Whether a parameter must be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// It has no default.
    Required,
    /// It may be missing, and then nothing is there.
    Optional,
    /// It may be missing, and then it is this, in the words of the file but without quotes. The
    /// default of a table is `""`, the table of its own defaults; elements of a list are separated
    /// by `, `.
    Default(&'static str),
}

impl Param {
    /// An optional parameter.
    pub const fn new(key: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self {
            key,
            kind,
            need: Need::Optional,
            group: "",
            doc,
            sample: "",
        }
    }
    /// Must be written.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.need = Need::Required;
        self
    }
    /// Is `value` if it is not written.
    #[must_use]
    pub const fn default(mut self, value: &'static str) -> Self {
        self.need = Need::Default(value);
        self
    }
    /// Is `value` in examples, as it stands in a file.
    #[must_use]
    pub const fn sample(mut self, value: &'static str) -> Self {
        self.sample = value;
        self
    }
    /// Excludes the other parameters of this group.
    #[must_use]
    pub const fn one_of(mut self, group: &'static str) -> Self {
        self.group = group;
        self
    }
}

/// What a number of a law or a scalar counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Plain numbers.
    Plain,
    /// Durations; as numbers they are nanoseconds.
    Time,
}

/// Which targets a selector may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Nodes.
    Nodes,
    /// Directed links: `a -> b`, `a <-> b`.
    Links,
}

/// What a value looks like.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// `"1h30m"`.
    Duration,
    /// `"2m"`, or a range `"1m..3m"` that is drawn once a seed.
    Moment,
    /// A duration, a range, a distribution, or `"forever"`.
    Length,
    /// `"20/s"`.
    Rate,
    /// `"50MiB/s"`.
    ByteRate,
    /// `"8GiB"`.
    Size,
    /// `"1Mbit/s"`, in bytes a second.
    Bandwidth,
    /// `"10ms"` or `"5 messages"`.
    HoldBack,
    /// A number in 0..=1.
    Share,
    /// A number in a range.
    Number {
        /// Smallest.
        min: f64,
        /// Largest.
        max: f64,
    },
    /// A whole number in a range.
    Integer {
        /// Smallest.
        min: i64,
        /// Largest.
        max: i64,
    },
    /// Any string.
    Text,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// `true` or `false`.
    Flag,
    /// A distribution in words.
    Law(Unit),
    /// A number or a distribution with a sign before it; `±` is drawn.
    Signed(Unit),
    /// A calendar date, UTC.
    Date,
    /// Targets in words.
    Selector(Shape),
    /// A swap device: a preset or `"800 iops"`.
    Device,
    /// The path of a file, relative to the scenario.
    File,
    /// The path of a recording of delays or capacities by time, relative to the scenario.
    Recording,
    /// A number, a string or a flag: what it may be is checked by whoever knows.
    Scalar,
    /// Anything the file's syntax allows.
    Any,
    /// A key that is spoken for but does nothing yet: using it is an error.
    Reserved,
    /// A record.
    Table(&'static [Param]),
    /// A record that may hold records of its own sort, so that its table needs a name.
    Named {
        /// Its name, for the schema.
        name: &'static str,
        /// The record.
        of: fn() -> &'static [Param],
    },
    /// A list.
    List(&'static Kind),
    /// A table whose keys are names of the author's.
    Map(&'static Kind),
    /// A table with exactly one key, which says what its value is: `{ swap-storm = {..} }`.
    Variant {
        /// What is chosen, for messages: `fault`.
        noun: &'static str,
        /// The choices.
        of: fn() -> Vec<Variant>,
    },
}

/// One choice of a [`Kind::Variant`].
#[derive(Clone, Copy, Debug)]
pub struct Variant {
    /// The key.
    pub name: &'static str,
    /// What it means.
    pub doc: &'static str,
    /// The record it takes.
    pub params: &'static [Param],
}

impl Kind {
    /// What is expected, for messages, with its article.
    pub fn expects(&self) -> String {
        match self {
            Self::Duration => "a duration such as \"250ms\"".into(),
            Self::Moment => "a time such as \"2m\" or a range such as \"1m..3m\"".into(),
            Self::Length => "a duration such as \"90s\", a distribution, or \"forever\"".into(),
            Self::Rate => "a rate such as \"20/s\"".into(),
            Self::ByteRate => "a rate such as \"50MiB/s\"".into(),
            Self::Size => "a size such as \"8GiB\"".into(),
            Self::Bandwidth => "a rate such as \"1Mbit/s\"".into(),
            Self::HoldBack => "a duration such as \"10ms\", or \"5 messages\"".into(),
            Self::Share => "a number from 0 to 1".into(),
            Self::Number { min, max } => format!("a number {}", between(*min, *max)),
            Self::Integer { min, max } => {
                format!("a whole number {}", between(*min as f64, *max as f64))
            }
            Self::Text => "a string".into(),
            Self::Choice(words) => format!("one of {}", words.join(", ")),
            Self::Flag => "true or false".into(),
            Self::Law(Unit::Time) => {
                "a duration or a distribution such as \"normal 50ms sd 10ms\"".into()
            }
            Self::Law(Unit::Plain) => "a number or a distribution such as \"uniform 1 5\"".into(),
            Self::Signed(Unit::Time) => {
                "a duration or a distribution with a sign, such as \"-2ms\" or \"±uniform 1ms 5ms\""
                    .into()
            }
            Self::Signed(Unit::Plain) => {
                "a number or a distribution with a sign, such as -20 or \"±uniform 1 5\"".into()
            }
            Self::Date => "a date such as \"2038-01-19T03:14:08Z\"".into(),
            Self::Selector(Shape::Nodes) => "nodes, such as \"any 1 of gateway\"".into(),
            Self::Selector(Shape::Links) => "links, such as \"a -> b\"".into(),
            Self::Device => "a swap device such as \"nvme\" or \"800 iops\"".into(),
            Self::File => "the path of a file".into(),
            Self::Recording => "the path of a recording".into(),
            Self::Scalar => "a number, a string, true or false".into(),
            Self::Any => "a value".into(),
            Self::Reserved => "nothing".into(),
            Self::Table(_) | Self::Named { .. } => "a table".into(),
            Self::List(of) => format!("a list, each element {}", of.expects()),
            Self::Map(_) => "a table of names".into(),
            Self::Variant { noun, .. } => format!("a table with the name of one {noun}"),
        }
    }

    /// What a value is and between which limits, with its units, for tables: no longer than it must be.
    pub fn takes(&self) -> String {
        match self {
            Self::Duration => "duration".into(),
            Self::Moment => "time, or range `1m..3m`".into(),
            Self::Length => "duration, distribution of durations, or `forever`".into(),
            Self::Rate => "rate, `20/s`".into(),
            Self::ByteRate => "bytes a time, `50MiB/s`".into(),
            Self::Size => "size, `8GiB`".into(),
            Self::Bandwidth => "bits or bytes a second, `1Mbit/s`".into(),
            Self::HoldBack => "duration, or `5 messages`".into(),
            Self::Share => "share, 0 to 1".into(),
            Self::Number { min, max } => limits("number", *min, *max),
            Self::Integer { min, max } => limits("whole number", *min as f64, *max as f64),
            Self::Text => "text".into(),
            Self::Choice(words) => words.join(" | "),
            Self::Flag => "true | false".into(),
            Self::Law(Unit::Time) => "duration, or distribution of durations".into(),
            Self::Law(Unit::Plain) => "number, or distribution".into(),
            Self::Signed(Unit::Time) => "duration with a sign, or distribution".into(),
            Self::Signed(Unit::Plain) => "number with a sign, or distribution".into(),
            Self::Date => "date, UTC".into(),
            Self::Selector(Shape::Nodes) => "nodes".into(),
            Self::Selector(Shape::Links) => "links".into(),
            Self::Device => "swap device".into(),
            Self::File => "path of a file".into(),
            Self::Recording => "path of a recording".into(),
            Self::Scalar => "number, text or flag".into(),
            Self::Any => "anything".into(),
            Self::Reserved => "nothing".into(),
            Self::Table(_) | Self::Named { .. } => "table".into(),
            Self::List(of) => format!("list: {}", of.takes()),
            Self::Map(_) => "table of names".into(),
            Self::Variant { noun, .. } => format!("table with one {noun}"),
        }
    }

    /// A value of this kind, as it stands in a file: for examples.
    pub fn sample(&self) -> String {
        match self {
            Self::Duration | Self::Law(Unit::Time) | Self::HoldBack => "\"100ms\"".into(),
            Self::Moment => "\"2m\"".into(),
            Self::Length => "\"30s\"".into(),
            Self::Rate => "\"20/s\"".into(),
            Self::ByteRate => "\"50MiB/s\"".into(),
            Self::Size => "\"64KiB\"".into(),
            Self::Bandwidth => "\"1Mbit/s\"".into(),
            Self::Share => "0.1".into(),
            Self::Number { min, max } => format!("{:?}", 2.0_f64.clamp(*min, *max)),
            Self::Integer { min, max } => 2.clamp(*min, *max).to_string(),
            Self::Text => "\"name\"".into(),
            Self::Choice(words) => format!("\"{}\"", words.first().unwrap_or(&"")),
            Self::Flag => "true".into(),
            Self::Law(Unit::Plain) | Self::Signed(Unit::Plain) | Self::Scalar | Self::Any => {
                "2".into()
            }
            Self::Signed(Unit::Time) => "\"-2ms\"".into(),
            Self::Date => "\"2038-01-19T03:14:08Z\"".into(),
            Self::Selector(Shape::Nodes) => "\"any 1 of gateway\"".into(),
            Self::Selector(Shape::Links) => "\"client -> gateway\"".into(),
            Self::Device => "\"800 iops\"".into(),
            Self::File | Self::Recording => "\"recorded.csv\"".into(),
            Self::Reserved
            | Self::Table(_)
            | Self::Named { .. }
            | Self::Map(_)
            | Self::Variant { .. } => "{}".into(),
            Self::List(of) => format!("[{}]", of.sample()),
        }
    }
}

/// `from 1 to 4`, `of at least 1`, or nothing at all.
fn between(min: f64, max: f64) -> String {
    // Bounds at the ends of the integers mean that there is none.
    let open = |x: f64| x.abs() >= 9e18;
    match (open(min), open(max)) {
        (true, true) => String::new(),
        (false, true) => format!("of at least {min}"),
        (true, false) => format!("of at most {max}"),
        (false, false) => format!("from {min} to {max}"),
    }
}

/// `number, 1 to 4`.
fn limits(what: &str, min: f64, max: f64) -> String {
    match between(min, max)
        .trim_start_matches("from ")
        .trim_start_matches("of ")
    {
        "" => what.into(),
        limits => format!("{what}, {limits}"),
    }
}
