//! Values in the words of the file that stand in a table of ours: parts of presets, drawn faults.

use crate::catalog::FaultKind;
use crate::draws::Draws;
use crate::lowering::Refusal;
use crate::param::{
    Args, Issue, Kind, Node, NodeKey, Param, Place, Raw, Unit, law, node_of, read, read_value,
};
use squall_core::Sample;
use std::ops::Range;

/// A parameter that is drawn once a seed: words with laws in braces, `exponential mean {uniform 30
/// 100}ms`, each of which becomes one number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrawnArg {
    /// The parameter.
    pub key: &'static str,
    /// Its words.
    pub words: &'static str,
}

/// Significant digits of a drawn number: enough for every purpose, and short in a plan.
const DIGITS: usize = 3;

impl DrawnArg {
    /// Whether words have something to draw.
    pub(crate) fn in_words(words: &str) -> bool {
        words.contains('{')
    }

    /// Draws it, and puts it in its place.
    pub(crate) fn draw(
        &self,
        kind: &FaultKind,
        args: &mut Args,
        draws: &Draws,
    ) -> Result<(), Refusal> {
        let param = kind.params.iter().find(|p| p.key == self.key);
        let param = param.expect("a preset names parameters that are there");
        let purpose = format!("param {}", self.key);
        let words = fill(self.words, &mut draws.stream(&purpose));
        let mut issues = Vec::new();
        let value = read_value(&param.kind, &node_of(&param.kind, &words), &mut issues);
        let Some(value) = value else {
            let why = issues.pop().map_or_else(String::new, |issue| issue.message);
            let issue = Issue::new(
                format!("`{}` was drawn as `{words}`: {why}", self.key),
                0..0,
            );
            return Err(Refusal::arg(self.key, issue));
        };
        if let Some(arg) = args.entries.iter_mut().find(|arg| arg.key == self.key) {
            arg.value = value;
        }
        Ok(())
    }
}

/// The words with a number for each law in braces.
pub(crate) fn fill(words: &str, source: &mut impl Sample) -> String {
    let mut text = String::new();
    let mut rest = words;
    while let Some(open) = rest.find('{') {
        let close = rest.find('}').expect("braces of a table are closed");
        let (words, whole) = match rest[open + 1..close].strip_prefix("whole ") {
            Some(words) => (words, true),
            None => (&rest[open + 1..close], false),
        };
        let drawn = law(words, Unit::Plain)
            .expect("laws of a table are valid")
            .sample(source);
        text.push_str(&rest[..open]);
        text.push_str(&match whole {
            true => drawn.round().to_string(),
            false => significant(drawn),
        });
        rest = &rest[close + 1..];
    }
    text.push_str(rest);
    text
}

/// A number that is not negative, with three significant digits, without an exponent.
pub(crate) fn significant(x: f64) -> String {
    if x <= 0.0 || !x.is_finite() {
        return "0".to_owned();
    }
    let digits = DIGITS - 1;
    let rounded: f64 = format!("{x:.digits$e}")
        .parse()
        .expect("a number is a number");
    format!("{rounded}")
}

/// A record of words and nodes at one place of the file, read by its table.
pub(crate) fn record_of(
    params: &[Param],
    given: Vec<(&str, Node)>,
    place: &Place,
    issues: &mut Vec<Issue>,
) -> Args {
    let key = |name: &str| NodeKey {
        name: name.to_owned(),
        span: place.span.clone(),
    };
    let entries = given.into_iter().map(|(name, node)| (key(name), node));
    let node = Node {
        span: place.span.clone(),
        raw: Raw::Table(entries.collect()),
    };
    read(params, &node, issues)
}

/// Words of a table of ours at a place of the file.
pub(crate) fn node_at(kind: &Kind, words: &str, span: &Range<usize>) -> Node {
    let mut node = node_of(kind, words);
    node.span = span.clone();
    if let Raw::Text { start, .. } = &mut node.raw {
        *start = None;
    }
    node
}
/// Words as the file writes them: in quotes where the value is a string.
pub(crate) fn quoted(kind: &Kind, words: &str) -> String {
    match node_of(kind, words).raw {
        Raw::Text { .. } => format!("\"{words}\""),
        _ => words.to_owned(),
    }
}
