//! The promise of determinism over the whole matrix, and that its breach is noticed.
//!
//! What may differ between two runs of one seed, and where it is varied here:
//!
//! | what | where |
//! | --- | --- |
//! | another seed ran before in the same arena; recording on or off | [`shipped`], in this process |
//! | a fresh process: addresses, the seed of hash maps, lazy statics | [`shipped`], the same program |
//! | one thread or several | [`shipped`], `--jobs 1` and `2` |
//! | debug or release | [`shipped`], with `SQUALL_OTHER_BINARY` (the gate sets it) |
//! | what memory holds and where it lies | [`shipped`], glibc's allocator disturbed; `tests/allocator` |
//!
//! The seed of `std`'s hash maps cannot be set: it is drawn anew in every process, so two fresh
//! processes have two of them.

mod canary;
mod shipped;

use squall::scenario_files;
use std::path::{Path, PathBuf};

fn library() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/library");
    let files = scenario_files(&root).expect("the library can be read");
    assert!(files.len() >= 6, "at least six scenarios are shipped");
    files
}
