//! The neutral tree between a file's parser and the reader: values with their places.

use std::ops::Range;

/// A value and where it stands in the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Bytes of the whole value, quotes included.
    pub span: Range<usize>,
    /// The value.
    pub raw: Raw,
}

/// A key and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeKey {
    /// The key, unquoted.
    pub name: String,
    /// Its bytes in the file.
    pub span: Range<usize>,
}

/// A value as the file's syntax has it, not yet checked against a [`super::Param`].
#[derive(Clone, Debug, PartialEq)]
pub enum Raw {
    /// `true` or `false`.
    Flag(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a point.
    Float(f64),
    /// A string. `start` is where its content begins in the file, if it stands there letter by
    /// letter, so that an error inside it can be pointed at.
    Text {
        /// The content.
        text: String,
        /// First byte of the content.
        start: Option<usize>,
    },
    /// A list.
    List(Vec<Node>),
    /// A table, keys in file order.
    Table(Vec<(NodeKey, Node)>),
    /// Something no parameter can be, by its name (`date`).
    Other(&'static str),
}

impl Node {
    /// A string without a place, for defaults and tests.
    pub fn text(text: &str) -> Self {
        Self {
            span: 0..text.len(),
            raw: Raw::Text {
                text: text.to_owned(),
                start: Some(0),
            },
        }
    }
    /// A table, built by hand.
    pub fn table(entries: Vec<(&str, Self)>) -> Self {
        let key = |name: &str| NodeKey {
            name: name.to_owned(),
            span: 0..0,
        };
        Self {
            span: 0..0,
            raw: Raw::Table(entries.into_iter().map(|(k, v)| (key(k), v)).collect()),
        }
    }
    /// The value at `key`, if this is a table that has it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match &self.raw {
            Raw::Table(entries) => entries.iter().find(|(k, _)| k.name == key).map(|(_, v)| v),
            _ => None,
        }
    }
}

impl Raw {
    /// What this is, with its article.
    pub const fn describe(&self) -> &'static str {
        match self {
            Self::Flag(_) => "true or false",
            Self::Integer(_) => "a whole number",
            Self::Float(_) => "a number",
            Self::Text { .. } => "a string",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
            Self::Other(name) => name,
        }
    }
}
