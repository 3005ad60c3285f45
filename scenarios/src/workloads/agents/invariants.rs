//! What the control layer promises. Each reads records and nothing else; the letters are those of
//! `reference/agents.md`.

use super::app::{Names, call_text};
use squall_core::history::{Record, What};
use squall_core::property::{Invariant, Ruling, RunEnd};
use squall_core::{NameId, NodeId, VirtualDuration, VirtualTime};
use std::collections::{BTreeMap, BTreeSet};

/// The event of this name in a record: where, and its arguments.
pub(super) fn event(record: &Record, wanted: NameId) -> Option<(NodeId, u64, u64)> {
    match record.what {
        What::Event { name, node, a, b } if name == wanted => Some((node, a, b)),
        _ => None,
    }
}

/// A1: no effect happens twice.
#[derive(Debug)]
pub(super) struct AtMostOnce {
    effect: NameId,
    seen: BTreeSet<u64>,
}

impl AtMostOnce {
    pub(super) const fn new(names: &Names) -> Self {
        Self {
            effect: names.effect,
            seen: BTreeSet::new(),
        }
    }
}

impl Invariant for AtMostOnce {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        let Some((node, key, _)) = event(record, self.effect) else {
            return;
        };
        ruling.checked();
        if !self.seen.insert(key) {
            ruling.violated(record.at, Some(node), || {
                format!("effect {} happened again", call_text(key))
            });
        }
    }
}

/// A3: what an agent believes to have happened has happened.
#[derive(Debug)]
pub(super) struct NoGhost {
    effect: NameId,
    result: NameId,
    happened: BTreeSet<u64>,
}

impl NoGhost {
    pub(super) const fn new(names: &Names) -> Self {
        Self {
            effect: names.effect,
            result: names.result_ok,
            happened: BTreeSet::new(),
        }
    }
}

impl Invariant for NoGhost {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        if let Some((_, key, _)) = event(record, self.effect) {
            self.happened.insert(key);
        }
        let Some((node, key, _)) = event(record, self.result) else {
            return;
        };
        ruling.checked();
        if !self.happened.contains(&key) {
            let text = || {
                format!(
                    "effect {} is believed in and never happened",
                    call_text(key)
                )
            };
            ruling.violated(record.at, Some(node), text);
        }
    }
}

/// L1: every accepted session ends, well or not, by its deadline and the grace after it.
#[derive(Debug)]
pub(super) struct Terminates {
    accepted: NameId,
    ends: [NameId; 2],
    /// Sessions under way, with their latest end.
    open: BTreeMap<u64, VirtualTime>,
}

impl Terminates {
    pub(super) const fn new(names: &Names) -> Self {
        Self {
            accepted: names.accepted,
            ends: [names.done, names.failed],
            open: BTreeMap::new(),
        }
    }
}

impl Invariant for Terminates {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        if let Some((_, session, latest)) = event(record, self.accepted) {
            self.open.insert(session, VirtualTime::from_nanos(latest));
        }
        let ended = self.ends.iter().find_map(|name| event(record, *name));
        if let Some((node, session, _)) = ended
            && let Some(latest) = self.open.remove(&session)
        {
            ruling.checked();
            let left = latest.as_secs_f64() - record.at.as_secs_f64();
            ruling.margin(left, record.at.as_secs_f64());
            if left < 0.0 {
                ruling.violated(record.at, Some(node), || {
                    format!("session {session} ended {:.1}s too late", -left)
                });
            }
        }
    }
    fn finish(&mut self, run: &RunEnd<'_>, ruling: &mut Ruling) {
        for (session, latest) in &self.open {
            if *latest <= run.at {
                ruling.checked();
                ruling.violated(*latest, None, || format!("session {session} has not ended"));
            } else {
                ruling.undecided();
            }
        }
    }
}

/// R1: attempts a model call, over the calls that end in a window.
#[derive(Debug)]
pub(super) struct Amplification {
    attempts: NameId,
    bound: f64,
    window: VirtualDuration,
    from: VirtualTime,
    calls: u64,
    sum: f64,
}

/// Calls that a window needs to say something (a choice).
const CALLS_MIN: u64 = 20;

impl Amplification {
    pub(super) const fn new(names: &Names, (bound, window): (f64, VirtualDuration)) -> Self {
        Self {
            attempts: names.attempts,
            bound,
            window,
            from: VirtualTime::ZERO,
            calls: 0,
            sum: 0.0,
        }
    }
    fn close(&mut self, ruling: &mut Ruling) {
        if self.calls >= CALLS_MIN {
            ruling.checked();
            let ratio = self.sum / self.calls as f64;
            ruling.margin(self.bound - ratio, ratio);
            if ratio > self.bound {
                let text = || format!("{ratio:.2} attempts a call, more than {}", self.bound);
                ruling.violated(self.from, None, text);
            }
        }
        (self.calls, self.sum) = (0, 0.0);
    }
}

impl Invariant for Amplification {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        let What::Sample { name, value, .. } = record.what else {
            return;
        };
        if name != self.attempts {
            return;
        }
        if record.at >= self.from.saturating_add(self.window) {
            self.close(ruling);
            let window = self.window.as_nanos().max(1);
            self.from = VirtualTime::from_nanos(record.at.as_nanos() / window * window);
        }
        self.calls += 1;
        self.sum += value;
    }
    fn finish(&mut self, _: &RunEnd<'_>, ruling: &mut Ruling) {
        self.close(ruling);
    }
}

/// B1: no session spends more tokens than it has.
#[derive(Debug)]
pub(super) struct TokenBudget {
    spent: NameId,
    limit: f64,
    by_session: BTreeMap<u64, u64>,
}

impl TokenBudget {
    pub(super) const fn new(names: &Names, limit: f64) -> Self {
        Self {
            spent: names.spent,
            limit,
            by_session: BTreeMap::new(),
        }
    }
}

impl Invariant for TokenBudget {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        let Some((node, session, tokens)) = event(record, self.spent) else {
            return;
        };
        ruling.checked();
        let sum = self.by_session.entry(session).or_default();
        *sum += tokens;
        let sum = *sum as f64;
        ruling.margin(self.limit - sum, sum);
        if sum > self.limit {
            let text = || format!("session {session} spent {sum} tokens of {}", self.limit);
            ruling.violated(record.at, Some(node), text);
        }
    }
}

/// C1: checkpoints of a stream only go forward, in epoch and step.
#[derive(Debug)]
pub(super) struct CheckpointMonotone {
    checkpoint: NameId,
    last: BTreeMap<u64, u64>,
}

impl CheckpointMonotone {
    pub(super) const fn new(names: &Names) -> Self {
        Self {
            checkpoint: names.checkpoint,
            last: BTreeMap::new(),
        }
    }
}

impl Invariant for CheckpointMonotone {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        let Some((node, stream, place)) = event(record, self.checkpoint) else {
            return;
        };
        ruling.checked();
        let place_text = |place: u64| {
            format!(
                "step {} of epoch {}",
                place & u64::from(u32::MAX),
                place >> 32
            )
        };
        if let Some(last) = self.last.insert(stream, place)
            && last >= place
        {
            let text = || {
                format!(
                    "checkpoint of agent {stream} at {} after {}",
                    place_text(place),
                    place_text(last)
                )
            };
            ruling.violated(record.at, Some(node), text);
        }
    }
}
