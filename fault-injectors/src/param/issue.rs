//! What is wrong with a value, as data.

use super::Variant;
use std::ops::Range;

/// One thing that is wrong: what, where, and what to write instead.
///
/// The range counts bytes in whatever the producer looked at: a unit parser in its string, the
/// reader in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// What is wrong, as a lower-case fragment.
    pub message: String,
    /// The word it is about.
    pub range: Range<usize>,
    /// What stands under the word; may be empty.
    pub label: String,
    /// What to write instead.
    pub help: Option<String>,
    /// Where the error really stands, if that is another file than the one `range` is about.
    pub quote: Option<Box<Quote>>,
}

/// A line of another file, a trace for instance, with the word that is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quote {
    /// Path of the file.
    pub path: String,
    /// Line, from 1.
    pub line: u64,
    /// Text of the line.
    pub text: String,
    /// The word, in bytes of the text.
    pub range: Range<usize>,
}

impl Issue {
    /// An issue with the word at `range`.
    pub fn new(message: impl Into<String>, range: Range<usize>) -> Self {
        Self {
            message: message.into(),
            range,
            label: String::new(),
            help: None,
            quote: None,
        }
    }
    /// With a text under the word.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }
    /// With an advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
    /// With an advice, if there is one.
    #[must_use]
    pub fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }
    /// With the line of another file where the error stands.
    #[must_use]
    pub fn quoting(mut self, quote: Option<Quote>) -> Self {
        self.quote = quote.map(Box::new);
        self
    }
    /// The same issue `offset` bytes further on.
    #[must_use]
    pub fn shifted(mut self, offset: usize) -> Self {
        self.range = self.range.start + offset..self.range.end + offset;
        self
    }
}

/// The message alone.
impl core::fmt::Display for Issue {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.message)
    }
}

/// The known word nearest to `word`, if one is near: at most a third of its letters differ.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = word.chars().count().max(3) / 3;
    let scored = known.into_iter().map(|k| (distance(word, k), k));
    let best = scored.min_by_key(|(score, _)| *score)?;
    (best.0 <= limit.max(1)).then_some(best.1)
}

/// Known words that a message shows at the most.
const LISTED_MAX: usize = 16;

/// The advice for an unknown word: the nearest known one, or all of them.
pub fn suggest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let known: Vec<&str> = known.into_iter().collect();
    if let Some(found) = nearest(word, known.iter().copied()) {
        return Some(format!("did you mean `{found}`?"));
    }
    match known.len() {
        0 => None,
        1..=LISTED_MAX => Some(format!("known here: {}", known.join(", "))),
        n => Some(format!(
            "known here: {} and {} more",
            known[..LISTED_MAX].join(", "),
            n - LISTED_MAX
        )),
    }
}

/// As [`suggest`], for words of which there may be too many to be of use in a message: `squall list`
/// shows those of `list`.
pub fn suggest_listed<'a>(
    word: &str,
    known: impl IntoIterator<Item = &'a str>,
    list: &str,
) -> Option<String> {
    let known: Vec<&str> = known.into_iter().collect();
    match nearest(word, known.iter().copied()) {
        None if known.len() > LISTED_MAX => {
            Some(format!("`squall list {list}` shows all {}", known.len()))
        }
        _ => suggest(word, known),
    }
}

/// As [`suggest`], for what one of several records is called by: faults have a list of their own.
pub fn suggest_choice(noun: &str, word: &str, choices: &[Variant]) -> Option<String> {
    let known = choices.iter().map(|choice| choice.name);
    match noun {
        "fault" => suggest_listed(word, known, "faults"),
        _ => suggest(word, known),
    }
}

/// Optimal string alignment distance: insertions, deletions, substitutions, swaps of neighbours.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > 64 {
        return usize::MAX;
    }
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    rows[0] = (0..=b.len()).collect();
    for i in 1..=a.len() {
        rows[i][0] = i;
        for j in 1..=b.len() {
            let cost = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (rows[i - 1][j] + 1)
                .min(rows[i][j - 1] + 1)
                .min(rows[i - 1][j - 1] + cost);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        let known = ["node-loss", "node-pause", "link-delay"];
        assert_eq!(nearest("node-los", known), Some("node-loss"));
        assert_eq!(nearest("node-psuae", known), Some("node-pause"));
        assert_eq!(nearest("quux", known), None);
    }
}
