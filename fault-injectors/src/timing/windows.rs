//! The occurrences of one seed.

use super::{Length, Overlap, Timing, Window};
use crate::draws::Draws;
use crate::lowering::Refusal;
use crate::param::Issue;
use squall_core::{VirtualDuration, VirtualTime};

/// Occurrences one fault may have in one seed.
const OCCURRENCES_MAX: usize = 10_000;
impl Timing {
    /// All occurrences of one seed.
    pub fn windows(
        &self,
        own: Option<VirtualDuration>,
        draws: &Draws,
        stop: VirtualTime,
    ) -> Result<Vec<Window>, Refusal> {
        self.windows_by(draws, stop, &mut |ordinal, from| {
            self.window(ordinal, from, own, draws)
        })
    }

    /// [`Timing::windows`] of something whose end its caller knows.
    pub(crate) fn windows_by(
        &self,
        draws: &Draws,
        stop: VirtualTime,
        window: &mut dyn FnMut(u32, VirtualTime) -> Window,
    ) -> Result<Vec<Window>, Refusal> {
        let first = self.at.as_ref().map(|law| draws.length("at", law));
        let Some(every) = &self.every else {
            let from = VirtualTime::ZERO + first.unwrap_or(VirtualDuration::ZERO);
            return Ok(vec![window(0, from)]);
        };
        let end = every
            .until
            .map_or(stop, |d| (VirtualTime::ZERO + d).min(stop));
        let count = every.count.unwrap_or(u64::MAX);
        let mut windows: Vec<Window> = Vec::new();
        let mut at = VirtualTime::ZERO;
        match first {
            Some(first) => at += first,
            None => at = at.saturating_add(every.gap(&draws.occurrence(0), "first gap")),
        }
        for ordinal in 0u32.. {
            if at >= end || windows.len() as u64 >= count {
                break;
            }
            if ordinal as usize >= OCCURRENCES_MAX {
                return Err(Refusal::timing(
                    "every",
                    Issue::new(format!("more than {OCCURRENCES_MAX} occurrences"), 0..0)
                        .help("give it a `count`, or a larger `mean`"),
                ));
            }
            let busy = windows.last().map(|w| w.until.unwrap_or(VirtualTime::MAX));
            let overlaps = busy.is_some_and(|busy| busy > at);
            let start = match (overlaps, every.overlap) {
                (true, Overlap::Skip) => None,
                (true, Overlap::Queue) => busy.filter(|busy| *busy < end),
                (true, Overlap::Error) => {
                    return Err(Refusal::timing(
                        "every",
                        Issue::new("occurrences overlap", 0..0)
                            .label(format!("one starts at {at}, before the one before has ended"))
                            .help("make `for` shorter, `mean` longer, or `overlap` skip, queue or stack"),
                    ));
                }
                _ => Some(at),
            };
            windows.extend(start.map(|from| window(ordinal, from)));
            at = at.saturating_add(every.gap(&draws.occurrence(ordinal), "gap"));
        }
        Ok(windows)
    }

    pub(crate) fn window(
        &self,
        ordinal: u32,
        from: VirtualTime,
        own: Option<VirtualDuration>,
        draws: &Draws,
    ) -> Window {
        let length = match &self.length {
            Some(Length::Forever) => None,
            Some(Length::Law(law)) => Some(draws.occurrence(ordinal).length("for", law)),
            None => own,
        };
        // A law may draw zero; an overlay has a length.
        let until = length.map(|d| from.saturating_add(d.max(VirtualDuration::from_nanos(1))));
        Window {
            ordinal,
            from,
            until,
        }
    }
}
