//! Rows of the recording: fields by column, and everything that is wrong with them.

use super::trace::SHOWN_MAX;
use squall_faults::param::Quote;

/// The columns that are read.
pub(super) const COLUMNS: [&str; 12] = [
    "session",
    "agent",
    "seq",
    "kind",
    "model",
    "in_tok",
    "out_tok",
    "new_blocks",
    "out_types",
    "stop",
    "api_time_s",
    "think_time_s",
];
/// What is wrong with a file, capped.
#[derive(Debug, Default)]
pub(super) struct Wrong {
    pub(super) shown: Vec<Bad>,
    pub(super) count: usize,
}

/// One thing that is wrong, and the row where it stands; the path is not known here.
#[derive(Debug)]
pub struct Bad {
    /// What is wrong.
    pub text: String,
    /// The row.
    pub quote: Option<Quote>,
}

impl From<String> for Bad {
    fn from(text: String) -> Self {
        Self { text, quote: None }
    }
}

impl Wrong {
    pub(super) fn push(&mut self, text: String) {
        self.count += 1;
        if self.shown.len() < SHOWN_MAX {
            self.shown.push(text.into());
        }
    }
    /// Something is wrong with a column of a row.
    pub(super) fn push_at(&mut self, row: &Row<'_>, column: &str, what: &str) {
        self.push(format!("line {}: `{column}` {what}", row.line()));
        if self.count == self.shown.len()
            && let Some(bad) = self.shown.last_mut()
        {
            bad.quote = Some(row.quote(column));
        }
    }
}

/// A row by columns.
pub(super) struct Row<'a> {
    pub(super) record: &'a csv::ByteRecord,
    pub(super) at: &'a [usize; COLUMNS.len()],
}

impl Row<'_> {
    /// The row as it stands in the file, with the field of `column`.
    fn quote(&self, column: &str) -> Quote {
        let index = COLUMNS
            .iter()
            .position(|name| *name == column)
            .map(|at| self.at[at]);
        let (mut text, mut range) = (String::new(), 0..0);
        for (at, field) in self.record.iter().enumerate() {
            if at > 0 {
                text.push(',');
            }
            let start = text.len();
            text.push_str(&String::from_utf8_lossy(field));
            if Some(at) == index {
                range = start..text.len();
            }
        }
        Quote {
            path: String::new(),
            line: self.line(),
            text,
            range,
        }
    }
    pub(super) fn line(&self) -> u64 {
        self.record.position().map_or(0, csv::Position::line)
    }
    pub(super) fn text(&self, column: &str, wrong: &mut Wrong) -> &str {
        let at = COLUMNS.iter().position(|name| *name == column);
        let field = self
            .record
            .get(self.at[at.expect("the column is in the list")]);
        let Some(text) = field.map(core::str::from_utf8) else {
            wrong.push_at(self, column, "is missing");
            return "";
        };
        text.unwrap_or_else(|_| {
            wrong.push_at(self, column, "is not UTF-8");
            ""
        })
    }
    /// A number from zero to 2^32 in units of `scale`; an empty field is zero if it may be.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to lie between zero and 2^32"
    )]
    pub(super) fn number(
        &self,
        column: &str,
        (scale, empty): (f64, bool),
        wrong: &mut Wrong,
    ) -> u32 {
        let before = wrong.count;
        let text = self.text(column, wrong);
        if (text.is_empty() && empty) || wrong.count > before {
            return 0;
        }
        match text.parse::<f64>() {
            Ok(x) if x.is_finite() && x >= 0.0 && x * scale < f64::from(u32::MAX) => {
                (x * scale).round() as u32
            }
            Ok(_) => {
                wrong.push_at(self, column, &format!("is out of range: `{text}`"));
                0
            }
            Err(_) => {
                wrong.push_at(self, column, &format!("is not a number: `{text}`"));
                0
            }
        }
    }
}
