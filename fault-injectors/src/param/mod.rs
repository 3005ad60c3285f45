//! Parameters: the one declarative mechanism behind everything that stands in a scenario file.
//!
//! A table of [`Param`]s says which keys a record has, what their values look like, which have a
//! default and what they mean. From these tables come the reader with its errors ([`read`]), the
//! checked values ([`Args`]), the JSON Schema and the text of `squall list`.
//!
//! ```text
//! file text --parser--> Node tree (spans) --read(&[Param])--> Args (values with their places)
//!                                                        \--> Issues (message, place, help)
//! ```

mod args;
mod date;
mod issue;
mod kind;
mod law;
mod read;
mod signed;
mod tree;
mod units;

pub use args::{Arg, Args, Place, Recording, TraceUse, Value};
pub use date::{Date, date};
pub use issue::{Issue, Quote, nearest, suggest, suggest_choice, suggest_listed};
pub use kind::{Kind, Need, Param, Shape, Unit, Variant};
pub use law::{law, law_text, trace};
pub(crate) use read::node_of;
pub use read::{read, read_value};
pub use signed::{Sign, Signed, signed, signed_text};
pub use tree::{Node, NodeKey, Raw};
pub use units::{
    DISK_PRESETS, SWAP_PRESETS, bandwidth, bandwidth_text, byte_rate, device, duration, hold_back,
    length, moment, rate, rate_text, size, size_text,
};
