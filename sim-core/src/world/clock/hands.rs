//! What the two clocks of a node read, from their base and the overlays in force.

use super::ClockSpec;
use super::timers::Timers;
use crate::EntryId;
use crate::plan::{Clocks, Entry, FreezeEnd, Primitive, StepEnd};

/// Billionths of a nanosecond in a nanosecond; the rate of a right clock in parts per billion.
const GIGA: i128 = 1_000_000_000;
/// Fastest and slowest drift: ±100,000 ppm, in parts per billion. `adjtimex` takes as much.
const DRIFT_MAX: i64 = 100_000_000;
/// How fast an offset is slewed away: 500 ppm, what `adjtime` and NTP do at most.
const SLEW: i128 = 500_000;

/// One of the two clocks.
#[derive(Debug, Default)]
struct Hand {
    /// What its integral is ahead of the virtual time, in billionths of a nanosecond.
    lead: i128,
    /// Parts per billion by which it is fast now.
    rate: i64,
    /// What it reads while it stands still.
    held: Option<i128>,
}

impl Hand {
    fn lead_at(&self, elapsed: u64) -> i128 {
        self.lead + i128::from(self.rate) * i128::from(elapsed)
    }
}

/// An overlay in force, or what it left behind.
#[derive(Debug)]
struct Overlay {
    id: EntryId,
    fault: u32,
    from: u64,
    until: Option<u64>,
    value: Value,
    /// What it alone did to the wall clock and the monotonic clock, in billionths of a nanosecond.
    own: [i128; 2],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Value {
    Step {
        offset: i64,
        strobe: Option<u64>,
        end: StepEnd,
    },
    Drift {
        rate: i64,
        wall_only: bool,
    },
    Freeze {
        clocks: Clocks,
        end: FreezeEnd,
    },
}

impl Value {
    fn of(primitive: &Primitive) -> Self {
        match primitive {
            Primitive::ClockStep {
                offset_ns,
                strobe,
                end,
                ..
            } => Self::Step {
                offset: *offset_ns,
                strobe: strobe.map(|period| period.as_nanos().max(1)),
                end: *end,
            },
            Primitive::ClockDrift { ppm, wall_only, .. } => Self::Drift {
                rate: parts_per_billion(*ppm),
                wall_only: *wall_only,
            },
            Primitive::ClockFreeze { clock, end, .. } => Self::Freeze {
                clocks: *clock,
                end: *end,
            },
            other => panic!("{} does not act on a clock", other.name()),
        }
    }
    /// Whether it stops the wall clock or the monotonic one.
    fn freezes(self, hand: usize) -> bool {
        match self {
            Self::Freeze { clocks, .. } => match clocks {
                Clocks::Wall => hand == WALL,
                Clocks::Monotonic => hand == MONOTONIC,
                Clocks::Both => true,
            },
            _ => false,
        }
    }
    fn lags(self, hand: usize) -> bool {
        let lag = matches!(self, Self::Freeze { end, .. } if end == FreezeEnd::Lag);
        lag && self.freezes(hand)
    }
    /// Parts per billion that it alone adds to the rate of a clock.
    fn rate(self, hand: usize) -> i64 {
        match self {
            Self::Drift { rate, wall_only } if hand == WALL || !wall_only => rate,
            Self::Freeze { .. } if self.lags(hand) => -1_000_000_000,
            _ => 0,
        }
    }
    /// Whether timers go by what it changes.
    fn moves_timers(self) -> bool {
        self.rate(MONOTONIC) != 0 || self.freezes(MONOTONIC)
    }
}

const WALL: usize = 0;
const MONOTONIC: usize = 1;

/// Parts per million as whole parts per billion.
#[expect(
    clippy::cast_possible_truncation,
    reason = "`as` saturates and maps NaN to zero; the sum is clamped anyway"
)]
fn parts_per_billion(ppm: f64) -> i64 {
    (libm::round(ppm * 1000.0) as i64).clamp(-DRIFT_MAX, DRIFT_MAX)
}

impl Overlay {
    /// The offset of a step at `now`, in billionths of a nanosecond.
    fn offset(&self, now: u64) -> i128 {
        let Value::Step {
            offset,
            strobe,
            end,
        } = self.value
        else {
            return 0;
        };
        let at = self.until.unwrap_or(now).min(now);
        let on = strobe.is_none_or(|period| ((at - self.from) / period) % 2 == 1);
        let offset = if on { i128::from(offset) * GIGA } else { 0 };
        match (self.until, end) {
            (Some(until), StepEnd::Slew) => {
                let gone = i128::from(now - until) * SLEW;
                offset.signum() * (offset.abs() - gone).max(0)
            }
            (Some(_), StepEnd::Back) => 0,
            _ => offset,
        }
    }
    /// Whether nothing is left of it.
    fn over(&self, now: u64) -> bool {
        self.until.is_some() && self.own == [0, 0] && self.offset(now) == 0
    }
}

/// The clocks of a node that can be wrong.
#[derive(Debug)]
pub(in crate::world) struct Clock {
    offset: i64,
    rate: i64,
    /// Up to when the leads are accounted for.
    settled: u64,
    hands: [Hand; 2],
    /// In id order.
    overlays: Vec<Overlay>,
    pub(super) timers: Timers,
}

impl Clock {
    pub(in crate::world) fn new(spec: ClockSpec) -> Self {
        let mut clock = Self {
            offset: spec.offset_ns,
            rate: parts_per_billion(spec.drift_ppm),
            settled: 0,
            hands: Default::default(),
            overlays: Vec::new(),
            timers: Timers::default(),
        };
        clock.set_rates();
        clock
    }

    /// What the wall clock reads, in nanoseconds.
    pub(super) fn wall(&self, now: u64) -> i64 {
        let reading = self.hands[WALL]
            .held
            .unwrap_or_else(|| self.running(WALL, now));
        i64::try_from(reading).unwrap_or(if reading < 0 { i64::MIN } else { i64::MAX })
    }
    /// What the monotonic clock reads, in nanoseconds.
    pub(in crate::world) fn monotonic(&self, now: u64) -> u64 {
        let hand = &self.hands[MONOTONIC];
        let reading = hand.held.unwrap_or_else(|| self.running(MONOTONIC, now));
        u64::try_from(reading).unwrap_or(if reading < 0 { 0 } else { u64::MAX })
    }
    /// What a clock reads, or would if it were not held.
    fn running(&self, hand: usize, now: u64) -> i128 {
        let mut lead = self.hands[hand].lead_at(now - self.settled);
        if hand == WALL {
            lead += i128::from(self.offset) * GIGA;
            lead += self.overlays.iter().map(|o| o.offset(now)).sum::<i128>();
        }
        i128::from(now) + lead.div_euclid(GIGA)
    }

    /// The first instant at which the monotonic clock reads `target`, if it goes on as it does.
    pub(in crate::world) fn due(&self, target: u64) -> Option<u64> {
        let hand = &self.hands[MONOTONIC];
        let speed = GIGA + i128::from(hand.rate);
        if hand.held.is_some() || speed <= 0 {
            return None;
        }
        let missing = (i128::from(target) - i128::from(self.settled)) * GIGA - hand.lead;
        let wait = (missing.max(0) + speed - 1) / speed;
        u64::try_from(i128::from(self.settled) + wait).ok()
    }

    /// The instant at which it would, from `now` on, if no overlay were in force.
    pub(super) fn due_without_overlays(&self, now: u64, target: u64) -> u64 {
        let missing = i128::from(target.saturating_sub(self.monotonic(now))) * GIGA;
        let speed = GIGA + i128::from(self.rate);
        let wait = (missing + speed - 1) / speed;
        u64::try_from(wait).map_or(u64::MAX, |wait| now.saturating_add(wait))
    }
    /// What two instants may differ by in nanoseconds and be the same: fractions of a nanosecond on
    /// a clock that drifts by itself.
    pub(super) const fn rounding(&self) -> u64 {
        if self.rate == 0 { 0 } else { 1 }
    }

    /// Overlays without each of which the wall clock would read something else.
    pub(super) fn wall_errors(&self, now: u64, out: &mut Vec<EntryId>) {
        self.errors(WALL, now, out);
    }
    pub(super) fn monotonic_errors(&self, now: u64, out: &mut Vec<EntryId>) {
        self.errors(MONOTONIC, now, out);
    }
    fn errors(&self, hand: usize, now: u64, out: &mut Vec<EntryId>) {
        let held = self.hands[hand].held;
        let stands = held.is_some_and(|held| held != self.running(hand, now));
        for overlay in &self.overlays {
            let mut own = overlay.own[hand];
            if overlay.until.is_none() {
                own += i128::from(overlay.value.rate(hand)) * i128::from(now - self.settled);
            }
            if hand == WALL {
                own += overlay.offset(now);
            }
            let holds = stands && overlay.until.is_none() && overlay.value.freezes(hand);
            if own.abs() >= GIGA || holds {
                out.push(overlay.id);
            }
        }
    }
    /// Overlays in force that move timers.
    pub(super) fn timer_overlays(&self) -> impl Iterator<Item = EntryId> {
        let active = self.overlays.iter().filter(|o| o.until.is_none());
        active.filter(|o| o.value.moves_timers()).map(|o| o.id)
    }

    /// Puts an overlay in force or takes it away. Whether timers fire at other times now.
    pub(super) fn overlay(
        &mut self,
        now: u64,
        (id, entry): (EntryId, &Entry),
        start: bool,
    ) -> bool {
        let before = [WALL, MONOTONIC].map(|hand| self.running(hand, now));
        self.settle(now);
        let value = Value::of(&entry.primitive);
        if start {
            self.overlays.push(Overlay {
                id,
                fault: entry.fault,
                from: now,
                until: None,
                value,
                own: [0, 0],
            });
            self.overlays.sort_by_key(|o| o.id);
        } else {
            if value.moves_timers() {
                self.timers.passed(id);
            }
            self.end(now, id);
        }
        self.overlays.retain(|o| !o.over(now));
        self.set_rates();
        for hand in [WALL, MONOTONIC] {
            let frozen = self.active().any(|o| o.value.freezes(hand));
            let held = &mut self.hands[hand].held;
            *held = frozen.then(|| held.unwrap_or(before[hand]));
        }
        value.moves_timers()
    }

    fn end(&mut self, now: u64, id: EntryId) {
        let Some(at) = self.overlays.iter().position(|o| o.id == id) else {
            return;
        };
        let fault = self.overlays[at].fault;
        self.overlays[at].until = Some(now);
        // What several occurrences of a fault left behind is one error, and counts for the latest:
        // a fault that comes again and again must not make readings slower and slower.
        let kept = |o: &Overlay| match o.value {
            Value::Step { end, .. } => o.until.is_some() && end == StepEnd::Keep,
            Value::Drift { .. } | Value::Freeze { .. } => o.until.is_some(),
        };
        let same = |o: &Overlay| o.id != id && o.fault == fault && kept(o);
        if !kept(&self.overlays[at]) {
            return;
        }
        let (mut own, mut offset) = ([0, 0], 0);
        for other in self.overlays.iter().filter(|o| same(o)) {
            own = [own[0] + other.own[0], own[1] + other.own[1]];
            offset += other.offset(now) / GIGA;
        }
        let latest = &mut self.overlays[at];
        if let Value::Step { end, .. } = latest.value {
            let sum = offset + latest.offset(now) / GIGA;
            latest.value = Value::Step {
                offset: i64::try_from(sum).unwrap_or(if sum < 0 { i64::MIN } else { i64::MAX }),
                strobe: None,
                end,
            };
        }
        latest.own = [latest.own[0] + own[0], latest.own[1] + own[1]];
        self.overlays.retain(|o| !same(o));
    }

    fn active(&self) -> impl Iterator<Item = &Overlay> {
        self.overlays.iter().filter(|o| o.until.is_none())
    }

    /// Accounts for the time up to `now`.
    fn settle(&mut self, now: u64) {
        let elapsed = now - self.settled;
        self.settled = now;
        for hand in &mut self.hands {
            hand.lead = hand.lead_at(elapsed);
        }
        for overlay in self.overlays.iter_mut().filter(|o| o.until.is_none()) {
            for hand in [WALL, MONOTONIC] {
                let rate = i128::from(overlay.value.rate(hand));
                overlay.own[hand] += rate * i128::from(elapsed);
            }
        }
    }

    fn set_rates(&mut self) {
        let drift = |o: &Overlay| match o.value {
            Value::Drift { rate, wall_only } => (rate, wall_only),
            _ => (0, false),
        };
        let (mut oscillator, mut slew) = (self.rate, 0i64);
        for (rate, wall_only) in self.active().map(drift) {
            let sum = if wall_only {
                &mut slew
            } else {
                &mut oscillator
            };
            *sum = sum.saturating_add(rate);
        }
        oscillator = oscillator.clamp(-DRIFT_MAX, DRIFT_MAX);
        let wall = oscillator.saturating_add(slew).clamp(-DRIFT_MAX, DRIFT_MAX);
        for (hand, rate) in [(WALL, wall), (MONOTONIC, oscillator)] {
            let lags = self.active().any(|o| o.value.lags(hand));
            self.hands[hand].rate = if lags { -1_000_000_000 } else { rate };
        }
    }
}
