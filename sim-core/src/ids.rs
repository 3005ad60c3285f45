//! Identifiers: `u32` newtypes handed out by a builder, and the name table that maps them for people.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u32);

        impl $name {
            /// No such thing: the absence of an id where a record has room for one.
            pub const NONE: Self = Self(u32::MAX);
            /// The position in the table of its kind.
            pub const fn index(self) -> usize {
                self.0 as usize
            }
            /// The id at position `index`.
            ///
            /// # Panics
            /// If there are more than four thousand million of them.
            pub fn from_index(index: usize) -> Self {
                Self(u32::try_from(index).expect("fewer than 2^32 things of a kind"))
            }
            /// Whether this names a thing.
            pub const fn is_some(self) -> bool {
                self.0 != u32::MAX
            }
        }
    };
}

id! {
    /// A machine: cores, memory, links to others.
    NodeId
}
id! {
    /// A place on a node where messages arrive: a named inbox or service.
    PortId
}
id! {
    /// A service by name, wherever its replicas run.
    ServiceId
}
id! {
    /// A named parameter of a workload.
    KnobId
}
id! {
    /// A sensor or an actuator of a workload.
    ChannelId
}
id! {
    /// A name in the name table.
    NameId
}
id! {
    /// The split time of one operation.
    SpanId
}
id! {
    /// A planned primitive, by its position in the plan's `entries`.
    EntryId
}

/// Names by number and numbers by name. Numbers follow the order in which names were first seen,
/// which is the order in which the world is built: the same in every run of a scenario.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Names {
    texts: Vec<String>,
    ids: BTreeMap<String, NameId>,
}

impl Names {
    /// The number of `text`, new if it was not seen before.
    pub fn intern(&mut self, text: &str) -> NameId {
        if let Some(&id) = self.ids.get(text) {
            return id;
        }
        let id = NameId::from_index(self.texts.len());
        self.texts.push(text.to_owned());
        self.ids.insert(text.to_owned(), id);
        id
    }
    /// The number of `text`, if it was seen.
    pub fn find(&self, text: &str) -> Option<NameId> {
        self.ids.get(text).copied()
    }
    /// The text of `id`; `?` for a number of another table.
    pub fn text(&self, id: NameId) -> &str {
        self.texts.get(id.index()).map_or("?", String::as_str)
    }
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.texts.len()
    }
    /// All names, by number.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(String::as_str)
    }
    /// Forgets all names but keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.texts.clear();
        self.ids.clear();
    }
}
