//! Checked values with their places.

use super::{Date, Issue, Signed, Unit};
use crate::selector::{LinkSelector, Selector};
use squall_core::plan::{HoldBack, Swap};
use squall_core::{Law, VirtualDuration};
use std::ops::Range;

/// Where a value stands in the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Its bytes, quotes included. Empty for a default.
    pub span: Range<usize>,
    /// First byte of a string's content, if it stands in the file letter by letter.
    pub start: Option<usize>,
}

impl Place {
    /// An issue of a parser that looked at the string, at its place in the file: inside of its quotes.
    pub fn locate(&self, issue: Issue) -> Issue {
        match self.start {
            Some(start) => {
                let end = self.span.end.saturating_sub(start - self.span.start);
                let issue = issue.shifted(start);
                Issue {
                    range: issue.range.start.min(end)..issue.range.end.min(end),
                    ..issue
                }
            }
            None => Issue {
                range: self.span.clone(),
                ..issue
            },
        }
    }
}

/// A checked value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Of [`super::Kind::Duration`].
    Duration(VirtualDuration),
    /// Of a law, a moment or a length.
    Law(Law),
    /// Of a law with a sign.
    Signed(Signed),
    /// A calendar date.
    Date(Date),
    /// Of a law that stands in a file: where, and what it is. Until the file is read it is a constant.
    Trace(TraceUse, Law),
    /// The path of a recording; `None` until it is read.
    Recording(String, Option<Recording>),
    /// How long messages are held back.
    HoldBack(HoldBack),
    /// Of a rate, a share or a number.
    Number(f64),
    /// Of a whole number.
    Integer(i64),
    /// Bytes.
    Size(u64),
    /// One of the words of the table.
    Word(&'static str),
    /// A string or the path of a file.
    Text(String),
    /// True or false.
    Flag(bool),
    /// Targets in words, not yet resolved.
    Selector(Selector),
    /// Links in words, not yet resolved.
    Links(LinkSelector),
    /// A swap device.
    Device(Swap),
    /// A record or a table of names.
    Table(Args),
    /// A list.
    List(Vec<Arg>),
    /// The choice of a variant and its record.
    Variant(&'static str, Args),
    /// Something that is not looked into.
    Any,
}

/// A law in a file: `trace FILE [column NAME] [in UNIT]`.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceUse {
    /// Path of the file, relative to the scenario.
    pub path: String,
    /// Name of the column; `None` is the only one.
    pub column: Option<String>,
    /// Nanoseconds that the unit of the file's numbers has; `None` where each has its own, and for
    /// plain numbers.
    pub unit: Option<f64>,
    /// What its numbers count.
    pub of: Unit,
}

/// Delays and capacities by time, each at nanoseconds since the first row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recording {
    /// One-way delays in nanoseconds; empty if none were recorded.
    pub delay: Vec<(u64, f64)>,
    /// Capacities in bytes a second; empty if none were recorded.
    pub capacity: Vec<(u64, f64)>,
}

/// A key, its value and their places. Elements of lists have no key.
#[derive(Clone, Debug, PartialEq)]
pub struct Arg {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub key_span: Range<usize>,
    /// The value.
    pub value: Value,
    /// Where the value stands.
    pub place: Place,
    /// Whether it stands in the file; otherwise it is a default.
    pub given: bool,
}

/// The values of a record, in the order of its table; of a table of names, in file order.
///
/// A getter named after a type gives the value of a key that the table requires or has a default
/// for, and panics if the table does not; the `_opt` getters give what may be missing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Args {
    /// The values.
    pub entries: Vec<Arg>,
    /// Where the record stands.
    pub place: Place,
    /// Whether an error was found in it, so that values may be missing.
    pub broken: bool,
    /// Keys that stand in the file, but whose values could not be read.
    pub unread: Vec<String>,
}

macro_rules! getters {
    ($($(#[$doc:meta])* $name:ident, $opt:ident: $pattern:pat => $out:expr, $type:ty;)*) => {
        $(
            $(#[$doc])*
            ///
            /// # Panics
            /// If the table does not say that this is there.
            pub fn $name(&self, key: &str) -> $type {
                self.$opt(key).unwrap_or_else(|| absent(key, stringify!($name)))
            }
            $(#[$doc])*
            /// `None` if there is none.
            pub fn $opt(&self, key: &str) -> Option<$type> {
                match self.get(key)? {
                    $pattern => Some($out),
                    _ => None,
                }
            }
        )*
    };
}

#[cold]
fn absent(key: &str, what: &str) -> ! {
    panic!("the parameter table has no {what} `{key}` that is required or has a default")
}

impl Args {
    /// The argument at `key`.
    pub fn arg(&self, key: &str) -> Option<&Arg> {
        self.entries.iter().find(|arg| arg.key == key)
    }
    /// The value at `key`.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.arg(key).map(|arg| &arg.value)
    }
    /// Whether `key` stands in the file.
    pub fn given(&self, key: &str) -> bool {
        self.arg(key).is_some_and(|arg| arg.given)
    }
    /// Whether `key` stands in the file with a value that could not be read.
    pub fn is_unread(&self, key: &str) -> bool {
        self.unread.iter().any(|unread| unread == key)
    }
    /// Where the value at `key` stands; the whole record if it stands nowhere.
    pub fn place(&self, key: &str) -> &Place {
        match self.arg(key) {
            Some(arg) if arg.given => &arg.place,
            _ => &self.place,
        }
    }
    getters! {
        /// The duration at `key`.
        duration, duration_opt: Value::Duration(d) => *d, VirtualDuration;
        /// The law at `key`: of a distribution, a moment or a length that is not forever.
        law, law_opt: Value::Law(law) | Value::Trace(_, law) => law.clone(), Law;
        /// The law with a sign at `key`.
        signed, signed_opt: Value::Signed(signed) => signed, &Signed;
        /// The date at `key`.
        date, date_opt: Value::Date(date) => *date, Date;
        /// The number at `key`: a rate (events a second), a share or a number.
        number, number_opt: Value::Number(x) => *x, f64;
        /// The whole number at `key`.
        integer, integer_opt: Value::Integer(i) => *i, i64;
        /// The size at `key`, in bytes.
        size, size_opt: Value::Size(bytes) => *bytes, u64;
        /// The chosen word at `key`.
        word, word_opt: Value::Word(word) => *word, &'static str;
        /// The flag at `key`.
        flag, flag_opt: Value::Flag(flag) => *flag, bool;
        /// The table at `key`.
        table, table_opt: Value::Table(table) => table, &Args;
        /// The list at `key`.
        list, list_opt: Value::List(list) => list, &[Arg];
        /// The string or path at `key`.
        text, text_opt: Value::Text(text) => text, &str;
        /// The targets at `key`.
        selector, selector_opt: Value::Selector(s) => s, &Selector;
        /// The links at `key`.
        links, links_opt: Value::Links(s) => s, &LinkSelector;
        /// The swap device at `key`.
        device, device_opt: Value::Device(device) => device, &Swap;
        /// How long messages are held back at `key`.
        hold_back, hold_back_opt: Value::HoldBack(by) => *by, HoldBack;
        /// The recording at `key`; nothing is in it until its file is read.
        recording, recording_opt: Value::Recording(_, read) => read.as_ref(), Option<&Recording>;
        /// The choice at `key` and its record.
        variant, variant_opt: Value::Variant(name, args) => (*name, args), (&'static str, &Args);
    }
    /// The whole number at `key` as a count.
    ///
    /// # Panics
    /// If the table does not say that it is there and not negative.
    pub fn count(&self, key: &str) -> u64 {
        u64::try_from(self.integer(key)).expect("the table bounds counts from below")
    }
    /// The number at `key`, whole or not.
    pub fn scalar_opt(&self, key: &str) -> Option<f64> {
        match self.get(key)? {
            Value::Number(x) => Some(*x),
            Value::Integer(i) => Some(*i as f64),
            _ => None,
        }
    }
    /// Calls `visit` for every value of the record and of the records in it, to change it.
    pub fn walk_mut(&mut self, visit: &mut dyn FnMut(&mut Arg)) {
        for arg in &mut self.entries {
            walk_mut(arg, visit);
        }
    }
    /// Calls `visit` for every value of the record and of the records in it.
    pub fn walk(&self, visit: &mut dyn FnMut(&Arg)) {
        for arg in &self.entries {
            walk(arg, visit);
        }
    }
}

fn walk_mut(arg: &mut Arg, visit: &mut dyn FnMut(&mut Arg)) {
    visit(arg);
    match &mut arg.value {
        Value::Table(args) | Value::Variant(_, args) => args.walk_mut(visit),
        Value::List(list) => list.iter_mut().for_each(|arg| walk_mut(arg, visit)),
        _ => {}
    }
}

fn walk(arg: &Arg, visit: &mut dyn FnMut(&Arg)) {
    visit(arg);
    match &arg.value {
        Value::Table(args) | Value::Variant(_, args) => args.walk(visit),
        Value::List(list) => list.iter().for_each(|arg| walk(arg, visit)),
        _ => {}
    }
}
