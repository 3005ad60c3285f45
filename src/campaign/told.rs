//! Who wants to know how far a search is.

use core::fmt;

/// Is told after each run how many there were; from any thread.
#[derive(Clone, Copy)]
pub struct OnRun<'a>(pub &'a (dyn Fn(u64) + Sync));

impl OnRun<'_> {
    /// So many runs are done.
    pub fn tell(&self, runs: u64) {
        (self.0)(runs);
    }
}

impl Default for OnRun<'_> {
    /// Tells nobody.
    fn default() -> Self {
        Self(&|_| ())
    }
}

impl fmt::Debug for OnRun<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnRun")
    }
}
