//! When a drawn fault starts: at a time and again, or at moments of the run.

use super::LABEL;
use crate::compose::{node_at, quoted};
use crate::param::{Kind, Node, NodeKey, Param, Raw};
use crate::timing;
use std::fmt::Write as _;
use std::ops::Range;

/// When a fault starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// At times.
    At {
        /// The first.
        at: String,
        /// When it comes again: `every` of the file.
        again: Option<Again>,
    },
    /// When something happens: `on` of the file.
    On(Moment),
}

/// How a fault comes again: `every` of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Again {
    /// Mean time from start to start.
    pub mean: String,
    /// No spell starts from here on.
    pub until: String,
}

/// What a fault waits for: `on` of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The event.
    pub event: String,
    /// How often it starts at the most.
    pub times: u32,
    /// The part of the run in which the event counts.
    pub within: String,
    /// Time after an event that counted in which no other does: until the fault has ended.
    pub cooldown: String,
}

/// From the event to the start: from before the next message arrives to after a time-out.
pub(super) const DELAY: &str = "loguniform 10us 100ms";
/// The longest of it, in nanoseconds.
pub(super) const DELAY_MAX: f64 = 1e8;

/// What is written behind a key: words, or a table of words.
enum Words<'a> {
    One(&'a str),
    Table(Vec<(&'static str, String)>),
}

impl Start {
    /// It as keys of a fault.
    fn words(&self) -> Vec<(&'static str, Words<'_>)> {
        match self {
            Self::At { at, again } => {
                let again = again.as_ref().map(|Again { mean, until }| {
                    let table = [
                        ("mean", mean),
                        ("dist", &"uniform".to_owned()),
                        ("until", until),
                    ];
                    (
                        "every",
                        Words::Table(table.map(|(key, words)| (key, words.clone())).into()),
                    )
                });
                [("at", Words::One(at))].into_iter().chain(again).collect()
            }
            Self::On(moment) => {
                let table = [
                    ("event", moment.event.clone()),
                    ("times", moment.times.to_string()),
                    ("delay", DELAY.to_owned()),
                    ("within", moment.within.clone()),
                    ("cooldown", moment.cooldown.clone()),
                ];
                vec![("on", Words::Table(table.into()))]
            }
        }
    }

    /// It in the syntax of a scenario file, a line a key.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for (key, words) in self.words() {
            let param = param(timing::PARAMS, key);
            let words = match words {
                Words::One(words) => quoted(&param.kind, words),
                Words::Table(table) => {
                    let entry = |(key, words): &(&str, String)| {
                        format!("{key} = {}", quoted(&entry_of(param, key).kind, words))
                    };
                    let entries: Vec<String> = table.iter().map(entry).collect();
                    format!("{{ {} }}", entries.join(", "))
                }
            };
            let _ = writeln!(text, "{key} = {words}");
        }
        text
    }

    /// It as what was read from a file, at a place of it.
    pub(super) fn nodes(&self, span: &Range<usize>) -> Vec<(&'static str, Node)> {
        let node = |(key, words): (&'static str, Words<'_>)| {
            let param = param(timing::PARAMS, key);
            let node = match words {
                Words::One(words) => node_at(&param.kind, words, span),
                Words::Table(table) => {
                    let entry = |(name, words): &(&'static str, String)| {
                        let name_at = NodeKey {
                            name: (*name).to_owned(),
                            span: span.clone(),
                        };
                        (name_at, node_at(&entry_of(param, name).kind, words, span))
                    };
                    Node {
                        span: span.clone(),
                        raw: Raw::Table(table.iter().map(entry).collect()),
                    }
                }
            };
            (key, node)
        };
        self.words().into_iter().map(node).collect()
    }
}

fn param(params: &'static [Param], key: &str) -> &'static Param {
    let found = params.iter().find(|param| param.key == key);
    found.unwrap_or_else(|| panic!("{LABEL} writes `{key}`, which no fault has"))
}

fn entry_of(table: &Param, key: &str) -> &'static Param {
    match table.kind {
        Kind::Table(params) => param(params, key),
        _ => unreachable!("`{}` is a table", table.key),
    }
}
