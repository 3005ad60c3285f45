//! `squall schema`: the JSON Schema of scenario files.

use super::{exit, out};
use clap::Args;

/// Print the JSON Schema (draft 7) of scenario files
#[derive(Args, Debug)]
pub(crate) struct Schema {}

impl Schema {
    #[expect(clippy::unused_self, reason = "every command has this form")]
    pub(crate) fn main(&self) -> u8 {
        out::result(&squall::scenarios::schema::schema_text());
        out::result("\n");
        exit::PASS
    }
}
