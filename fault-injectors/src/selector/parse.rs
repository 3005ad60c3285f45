//! The parser of selectors. Ranges of its issues are bytes of the string.

use super::{Filter, LinkSelector, PathOf, Pick, Selector, Term, Who};
use crate::param::Issue;
use crate::trigger::Bound;
use std::ops::Range;

/// Roles that a run assigns.
const ROLES: [&str; 5] = ["leader", "followers", "primaries", "holder", "owner"];
/// Labels that may be written as two words.
const LABELS: [&str; 5] = ["zone", "rack", "pdu", "room", "kind"];
const HELP: &str = "write for instance \"gateway\", \"any 1 of gateway\", \"up to 20% of cluster\", \
                    \"any 2 of gateway spread zone\", \"web zone b\", \"minority of kv except {kv-0}\", \
                    \"kv not leader of kv\"";

impl Selector {
    /// Reads nodes in words.
    pub fn parse(text: &str) -> Result<Self, Issue> {
        let mut words = Words::new(text);
        let selector = words.selector()?;
        match words.next() {
            None => Ok(selector),
            Some((arrow @ ("->" | "<->"), range)) => Err(Issue::new(
                format!("`{arrow}` names links, but nodes are wanted here"),
                range,
            )),
            Some((word, range)) => {
                Err(Issue::new(format!("unexpected `{word}` in a selector"), range).help(HELP))
            }
        }
    }
    /// Whether a draw decides who is taken.
    pub fn is_drawn(&self) -> bool {
        self.pick.is_drawn() || self.filters.iter().any(|f| matches!(f, Filter::Spread(_)))
    }
}

impl LinkSelector {
    /// Reads links in words.
    pub fn parse(text: &str) -> Result<Self, Issue> {
        if let Some(path) = path_of(text)? {
            let nobody = || Selector {
                text: text.to_owned(),
                pick: Pick::All,
                terms: Vec::new(),
                filters: Vec::new(),
                floor: None,
            };
            return Ok(Self {
                from: nobody(),
                to: nobody(),
                both: false,
                to_start: 0,
                path: Some(path),
            });
        }
        let found = text.find("<->").map(|at| (at, 3, true));
        let found = found.or_else(|| text.find("->").map(|at| (at, 2, false)));
        let Some((at, len, both)) = found else {
            return Err(Issue::new("links have two ends", 0..text.len())
                .label("expected \"a -> b\" or \"a <-> b\"")
                .help(format!("write \"{text} -> ..\"")));
        };
        let to_start = at + len;
        let side = |part: &str, offset: usize| {
            Selector::parse(part).map_err(|issue| issue.shifted(offset))
        };
        Ok(Self {
            from: side(&text[..at], 0)?,
            to: side(&text[to_start..], to_start)?,
            both,
            to_start,
            path: None,
        })
    }
}

/// What stands behind a group is no `[N]`.
fn no_index(word: &str, group: &str, range: Range<usize>) -> Issue {
    let signed = word.split_once("]-").map(|(a, b)| (a, "-", b));
    let signed = signed.or_else(|| word.split_once("]+").map(|(a, b)| (a, "+", b)));
    if let Some((first, sign, second)) = signed {
        let issue = Issue::new(format!("`{sign}` stands between spaces"), range);
        return issue.help(format!("write \"{first}] {sign} {second}\""));
    }
    if let Some((index, rest)) = word[group.len() + 1..].split_once(']')
        && !rest.is_empty()
        && index.parse::<u32>().is_ok()
    {
        let issue = Issue::new(format!("unexpected `{rest}` behind an index"), range);
        return issue.help(format!("write \"{group}[{index}]\""));
    }
    let issue = Issue::new(format!("`{word}` has no index"), range);
    issue.help(format!("write \"{group}[0]\""))
}

/// `path of W`, if that is what stands there.
fn path_of(text: &str) -> Result<Option<PathOf>, Issue> {
    let mut words = Words::new(text);
    if words.peek(0) != Some("path") || words.peek(1) != Some("of") {
        return Ok(None);
    }
    words.at = 2;
    let (unit, range) = words.want("the name of a workload, a service or a loop")?;
    let path = PathOf {
        unit: unit.to_owned(),
        range,
    };
    match words.next() {
        None => Ok(Some(path)),
        Some((word, range)) => {
            let issue = Issue::new(format!("unexpected `{word}` after `path of {unit}`"), range);
            Err(issue.help("a path has both ways of its links; for some of them write \"a -> b\""))
        }
    }
}

type Word<'a> = (&'a str, Range<usize>);

/// The words of a selector; braces and commas are words of their own.
struct Words<'a> {
    text: &'a str,
    words: Vec<Word<'a>>,
    at: usize,
}

impl<'a> Words<'a> {
    fn new(text: &'a str) -> Self {
        let mut words = Vec::new();
        let mut start = None;
        for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
            let mark = matches!(c, '{' | '}' | ',');
            if mark || c.is_whitespace() {
                if let Some(start) = start.take() {
                    words.push((&text[start..at], start..at));
                }
                if mark {
                    words.push((&text[at..at + 1], at..at + 1));
                }
            } else if start.is_none() {
                start = Some(at);
            }
        }
        Self { text, words, at: 0 }
    }
    fn peek(&self, ahead: usize) -> Option<&'a str> {
        self.words.get(self.at + ahead).map(|(word, _)| *word)
    }
    fn next(&mut self) -> Option<Word<'a>> {
        let word = self.words.get(self.at).cloned()?;
        self.at += 1;
        Some(word)
    }
    /// The next word, or an issue at the end.
    fn want(&mut self, what: &str) -> Result<Word<'a>, Issue> {
        self.next().ok_or_else(|| {
            let end = self
                .words
                .last()
                .map_or(0..self.text.len(), |(_, range)| range.clone());
            Issue::new(format!("selector ends where {what} is expected"), end).help(HELP)
        })
    }
    fn expect(&mut self, word: &str) -> Result<(), Issue> {
        let (found, range) = self.want(&format!("`{word}`"))?;
        if found == word {
            return Ok(());
        }
        Err(Issue::new(format!("expected `{word}`, found `{found}`"), range).help(HELP))
    }

    fn selector(&mut self) -> Result<Selector, Issue> {
        let pick = self.pick()?;
        let mut terms = vec![self.term(false)?];
        while let Some(sign @ ("+" | "-")) = self.peek(0) {
            self.at += 1;
            terms.push(self.term(sign == "-")?);
        }
        let mut filters = Vec::new();
        let mut floor = None;
        loop {
            if self.peek(0) == Some("keep_healthy") {
                self.at += 1;
                floor = Some(self.floor()?);
                continue;
            }
            let Some(filter) = self.filter()? else { break };
            filters.push(filter);
        }
        Ok(Selector {
            text: self.text.to_owned(),
            pick,
            terms,
            filters,
            floor,
        })
    }

    fn pick(&mut self) -> Result<Pick, Issue> {
        let pick = match (self.peek(0), self.peek(1)) {
            (Some("all"), Some("of")) => self.skip(1, Pick::All),
            (Some("minority"), Some("of")) => self.skip(1, Pick::Minority),
            (Some("majority"), Some("of")) => self.skip(1, Pick::Majority),
            (Some("any"), Some(_)) => {
                self.at += 1;
                let (word, range) = self.want("a number")?;
                let count = word.parse().ok().filter(|n| *n > 0);
                Pick::Any(count.ok_or_else(|| {
                    Issue::new(format!("`{word}` is not a number of nodes"), range)
                        .help("write for instance \"any 1 of gateway\"")
                })?)
            }
            (Some("up"), Some("to")) => {
                self.at += 2;
                let parts = self.percent()?;
                Pick::Share { parts, up_to: true }
            }
            (Some(word), _) if word.ends_with('%') => {
                let parts = self.percent()?;
                Pick::Share {
                    parts,
                    up_to: false,
                }
            }
            _ => return Ok(Pick::All),
        };
        self.expect("of")?;
        Ok(pick)
    }

    fn skip(&mut self, words: usize, pick: Pick) -> Pick {
        self.at += words;
        pick
    }

    /// `20%` or `12.5%`, in hundredths of a percent.
    fn percent(&mut self) -> Result<u32, Issue> {
        let (word, range) = self.want("a share such as `20%`")?;
        let digits = word.strip_suffix('%').unwrap_or("");
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        let padded = format!("{whole}{part:0<2}");
        let plain =
            !whole.is_empty() && part.len() <= 2 && padded.bytes().all(|b| b.is_ascii_digit());
        let parts = padded
            .parse()
            .ok()
            .filter(|n| plain && (1..=10_000).contains(n));
        parts.ok_or_else(|| {
            Issue::new(format!("`{word}` is not a share"), range).help("write from 0.01% to 100%")
        })
    }

    fn term(&mut self, minus: bool) -> Result<Term, Issue> {
        let (word, range) = self.want("a name")?;
        if matches!(word, "{" | "}" | "," | "+" | "-" | "->" | "<->" | "of") {
            return Err(Issue::new(format!("expected a name, found `{word}`"), range).help(HELP));
        }
        let mut range = range;
        let who = if self.peek(0) == Some("of") && (word == "host" || ROLES.contains(&word)) {
            self.at += 1;
            let (name, end) = self.want("a name")?;
            range.end = end.end;
            match word {
                "host" => Who::HostOf(name.to_owned()),
                role => Who::Role(role.to_owned(), name.to_owned()),
            }
        } else if let Some((key, value)) = word.split_once('=') {
            Who::Label(key.to_owned(), value.to_owned())
        } else if let Some((group, rest)) = word.split_once('[') {
            let index = rest.strip_suffix(']').and_then(|n| n.parse().ok());
            Who::Indexed(
                group.to_owned(),
                index.ok_or_else(|| no_index(word, group, range.clone()))?,
            )
        } else {
            Who::Named(word.to_owned())
        };
        Ok(Term { minus, who, range })
    }

    fn filter(&mut self) -> Result<Option<Filter>, Issue> {
        let filter = match self.peek(0) {
            Some("not") => {
                self.at += 1;
                Filter::Without(vec![self.term(true)?])
            }
            Some("except") => {
                self.at += 1;
                Filter::Without(self.exceptions()?)
            }
            Some("spread") => {
                self.at += 1;
                Filter::Spread(self.want("a label such as `zone`")?.0.to_owned())
            }
            Some(label) if LABELS.contains(&label) => {
                let (_, start) = self.want("a label")?;
                let (value, end) = self.want(&format!("a {label}"))?;
                Filter::Only(Term {
                    minus: false,
                    who: Who::Label(label.to_owned(), value.to_owned()),
                    range: start.start..end.end,
                })
            }
            _ => return Ok(None),
        };
        Ok(Some(filter))
    }

    /// `2` or `quorum`.
    fn floor(&mut self) -> Result<Bound, Issue> {
        let (word, range) = self.want("a floor")?;
        if word == "quorum" {
            return Ok(Bound::Quorum);
        }
        let least = word.parse().ok().filter(|n| *n > 0).map(Bound::Nodes);
        least.ok_or_else(|| {
            Issue::new(format!("unknown floor `{word}`"), range)
                .help("write a number of nodes, or `quorum`")
        })
    }

    /// `{a, b}`, or one term without braces.
    fn exceptions(&mut self) -> Result<Vec<Term>, Issue> {
        if self.peek(0) != Some("{") {
            return Ok(vec![self.term(true)?]);
        }
        self.at += 1;
        let mut terms = vec![self.term(true)?];
        while self.peek(0) == Some(",") {
            self.at += 1;
            terms.push(self.term(true)?);
        }
        self.expect("}")?;
        Ok(terms)
    }
}
