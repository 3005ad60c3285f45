//! Diagnostics: what is wrong with a file, and how it is shown.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use squall_faults::Issue;
use std::ops::Range;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What, where and what to do; its range counts bytes of the origin's text.
    pub issue: Issue,
    /// Which text.
    pub origin: Origin,
}

/// The text that a diagnostic points into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The scenario file, with the settings applied.
    File,
    /// An argument, for instance `--set seeds=0..8`.
    Argument(String),
}

/// Everything that is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.render(false))]
pub struct Report {
    /// Path of the file.
    pub path: String,
    /// The text the diagnostics point into.
    pub text: String,
    /// What is wrong, by position; never empty.
    pub diagnostics: Vec<Diagnostic>,
}

impl Report {
    /// A report of issues in the text of a file: sorted by position, each once.
    pub(crate) fn of_file(path: &str, text: &str, mut issues: Vec<Issue>) -> Self {
        issues.sort_by(|a, b| (a.range.start, &a.message).cmp(&(b.range.start, &b.message)));
        issues.dedup();
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
            diagnostics: issues
                .into_iter()
                .map(|issue| Diagnostic {
                    issue,
                    origin: Origin::File,
                })
                .collect(),
        }
    }

    /// A report of issues that quote their lines, in the order in which they were found.
    pub(crate) fn in_order(path: &str, issues: Vec<Issue>) -> Self {
        let diagnostic = |issue| Diagnostic {
            issue,
            origin: Origin::File,
        };
        Self {
            path: path.to_owned(),
            text: String::new(),
            diagnostics: issues.into_iter().map(diagnostic).collect(),
        }
    }

    /// All diagnostics as text, with carets, and a last line that counts them.
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        let mut out = String::new();
        for diagnostic in &self.diagnostics {
            let (path, text) = match &diagnostic.origin {
                Origin::File => (self.path.as_str(), self.text.as_str()),
                Origin::Argument(text) => ("command line", text.as_str()),
            };
            out.push_str(&render(&renderer, path, text, &diagnostic.issue));
            out.push_str("\n\n");
        }
        let plural = if self.diagnostics.len() == 1 { "" } else { "s" };
        let name = self.path.rsplit('/').next().unwrap_or("");
        let count = self.diagnostics.len();
        out.push_str(&format!("{name}: {count} error{plural}, nothing was run\n"));
        out
    }
}

fn render(renderer: &Renderer, path: &str, text: &str, issue: &Issue) -> String {
    let (path, text, line, range) = match issue.quote.as_deref() {
        Some(quote) => (
            quote.path.as_str(),
            quote.text.as_str(),
            quote.line,
            &quote.range,
        ),
        None => (path, text, 1, &issue.range),
    };
    let mut primary = AnnotationKind::Primary.span(inside(text, range));
    if !issue.label.is_empty() {
        primary = primary.label(issue.label.as_str());
    }
    let line = usize::try_from(line).unwrap_or(1);
    let snippet = Snippet::source(text)
        .path(path)
        .line_start(line)
        .annotation(primary);
    let mut groups = vec![
        Level::ERROR
            .primary_title(issue.message.as_str())
            .element(snippet),
    ];
    if let Some(help) = &issue.help {
        groups.push(annotate_snippets::Group::with_title(
            Level::HELP.secondary_title(help.as_str()),
        ));
    }
    renderer.render(&groups)
}

/// The range, moved to where characters begin and end.
fn inside(text: &str, range: &Range<usize>) -> Range<usize> {
    let floor = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = floor(range.start);
    start..floor(range.end).max(start)
}

/// Line of the byte `at`, from 1.
pub(crate) fn line_of(text: &str, at: usize) -> u32 {
    let before = text.bytes().take(at).filter(|b| *b == b'\n').count();
    u32::try_from(before + 1).unwrap_or(u32::MAX)
}
