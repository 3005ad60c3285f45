//! TOML text to the neutral tree of the reader.

use squall_faults::Issue;
use squall_faults::param::{Node, NodeKey, Raw};
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The tree of `text` and every syntax error. Keys are in file order.
pub(crate) fn parse(text: &str) -> (Node, Vec<Issue>) {
    let (table, errors) = DeTable::parse_recoverable(text);
    let issues = errors.iter().map(|error| {
        let range = error.span().unwrap_or(0..0);
        let label = match error.message() {
            "duplicate key" => "it is already there",
            _ => "not TOML",
        };
        Issue::new(lower_first(error.message()), range).label(label)
    });
    let issues = issues.collect();
    let node = Node {
        span: 0..text.len(),
        raw: convert_table(table.get_ref(), text),
    };
    (node, issues)
}

fn lower_first(message: &str) -> String {
    let mut chars = message.trim_end_matches('.').chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => "syntax error".to_owned(),
    }
}

fn convert_table(table: &DeTable<'_>, text: &str) -> Raw {
    let mut entries: Vec<(NodeKey, Node)> = table
        .iter()
        .map(|(key, value)| {
            let name = key.get_ref().to_string();
            let span = key.span();
            (NodeKey { name, span }, convert(value, text))
        })
        .collect();
    entries.sort_by_key(|(key, _)| key.span.start);
    Raw::Table(entries)
}

fn convert(value: &Spanned<DeValue<'_>>, text: &str) -> Node {
    let span = value.span();
    let raw = match value.get_ref() {
        DeValue::String(content) => Raw::Text {
            start: content_start(text, &span, content),
            text: content.to_string(),
        },
        DeValue::Integer(number) => {
            match i64::from_str_radix(&number.as_str().replace('_', ""), number.radix()) {
                Ok(i) => Raw::Integer(i),
                Err(_) => Raw::Other("a number beyond 64 bits"),
            }
        }
        DeValue::Float(number) => match number.as_str().replace('_', "").parse() {
            Ok(x) => Raw::Float(x),
            Err(_) => Raw::Other("a number beyond 64 bits"),
        },
        DeValue::Boolean(flag) => Raw::Flag(*flag),
        DeValue::Datetime(_) => Raw::Other("a date"),
        DeValue::Array(items) => Raw::List(items.iter().map(|item| convert(item, text)).collect()),
        DeValue::Table(table) => convert_table(table, text),
    };
    Node { span, raw }
}

/// Where a string's content begins, if it stands in the file letter by letter.
fn content_start(text: &str, span: &Range<usize>, content: &str) -> Option<usize> {
    let quoted = text.get(span.clone())?;
    let quotes = if quoted.starts_with("\"\"\"") || quoted.starts_with("'''") {
        3
    } else {
        1
    };
    let inner = quoted.get(quotes..quoted.len().checked_sub(quotes)?)?;
    (inner == content).then_some(span.start + quotes)
}
