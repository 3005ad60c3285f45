//! What is told of a search that takes long.

use std::sync::Mutex;
use std::time::{Duration, Instant};

/// A line on stderr this often at the most.
const EVERY: Duration = Duration::from_secs(10);

/// How far it is, told now and then.
pub(crate) struct Told(Mutex<Instant>);

impl Told {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Instant::now()))
    }
    /// Says so, unless something was said a short time ago.
    pub(crate) fn say(&self, text: impl FnOnce() -> String) {
        let mut last = self.0.lock().expect("no worker panics");
        if last.elapsed() >= EVERY {
            *last = Instant::now();
            eprintln!("{}", text());
        }
    }
}
