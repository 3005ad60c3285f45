//! The overlays in force on a disk, and what they do to one operation.

use super::decay::Rotting;
use super::error::{DiskError, Op};
use super::power::PowerRules;
use crate::plan::{Arithmetic, DiskSpace, DiskTarget, Primitive};
use crate::{EntryId, Key, Sample, VirtualTime};

/// What overlays do to the service time of one operation at the device.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Strain {
    /// It is this long, in nanoseconds, whatever the device's law says.
    pub replaced: Option<f64>,
    /// Factor on the service time.
    pub scale: f64,
    /// Nanoseconds that the answer takes longer; no server is occupied meanwhile.
    pub added: f64,
}

impl Strain {
    /// Nothing.
    pub const CALM: Self = Self {
        replaced: None,
        scale: 1.0,
        added: 0.0,
    };
    pub(crate) fn is_calm(&self) -> bool {
        *self == Self::CALM
    }
    /// A service time in microseconds, from a law (median, sigma of the logarithm).
    pub(crate) fn of(&self, (median, sigma): (f64, f64), source: &mut impl Sample) -> f64 {
        let own = median * libm::exp(sigma * source.normal());
        self.replaced.map_or(own, |ns| ns / 1e3) * self.scale
    }
    /// What is left for the second of two stages: the first took what replaces both.
    pub(crate) fn second(self) -> Self {
        Self {
            replaced: self.replaced.map(|_| 0.0),
            ..self
        }
    }
}

#[derive(Clone, Debug)]
struct Placed {
    id: EntryId,
    /// Order of coming into force, in nanoseconds.
    started: u64,
    key: Key,
    primitive: Primitive,
}

/// The overlays in force, in id order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Weather {
    placed: Vec<Placed>,
    /// Rot at rest that is over, and when it ended: blocks it hit stay rotten.
    past: Vec<(Placed, u64)>,
}

/// Whether a rule about `target` is about the file called `path`.
fn about(target: &DiskTarget, path: &str) -> bool {
    let Some(wanted) = target.path.as_deref() else {
        return true;
    };
    match wanted.strip_suffix('*') {
        Some(prefix) => path.starts_with(prefix),
        None => path
            .strip_prefix(wanted)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
    }
}

impl Weather {
    /// Whether nothing is in force.
    pub(crate) const fn is_calm(&self) -> bool {
        self.placed.is_empty() && self.past.is_empty()
    }
    /// Puts an overlay in force.
    pub(crate) fn start(&mut self, id: EntryId, now: u64, key: Key, primitive: &Primitive) {
        self.placed.retain(|placed| placed.id != id);
        self.placed.push(Placed {
            id,
            started: now,
            key,
            primitive: primitive.clone(),
        });
        self.placed.sort_by_key(|placed| placed.id);
    }
    /// Takes it away.
    pub(crate) fn end(&mut self, id: EntryId, now: u64) {
        let ended = self.placed.iter().filter(|placed| {
            let at_rest = matches!(placed.primitive, Primitive::BitRot { at_rest: true, .. });
            placed.id == id && at_rest
        });
        self.past.extend(ended.map(|placed| (placed.clone(), now)));
        self.placed.retain(|placed| placed.id != id);
    }

    /// The error of an operation, if one fires: the first in id order names it. Each that fires has
    /// landed.
    pub(crate) fn error(
        &self,
        (op, path): (Op, &str),
        ordinal: u64,
        landed: &mut Vec<EntryId>,
    ) -> Option<DiskError> {
        let mut first = None;
        for placed in &self.placed {
            if let Primitive::DiskError {
                disk,
                ops,
                error,
                share,
            } = &placed.primitive
                && ops.has(op)
                && about(disk, path)
                && placed.fires(op, ordinal, *share)
            {
                landed.push(placed.id);
                first.get_or_insert(*error);
            }
        }
        first
    }

    /// Whether there is no room for `need` more bytes on a disk of `capacity` bytes of which `used`
    /// are taken.
    pub(crate) fn is_full(
        &self,
        now: VirtualTime,
        need: u64,
        (used, capacity): (u64, u64),
        landed: &mut Vec<EntryId>,
    ) -> bool {
        let free = capacity.saturating_sub(used);
        if need == 0 {
            return false;
        }
        if need > free {
            return true;
        }
        let before = landed.len();
        let (mut filled, mut least, mut fills) = (0.0, u64::MAX, Vec::new());
        for placed in &self.placed {
            let Primitive::DiskFull { space, .. } = &placed.primitive else {
                continue;
            };
            let left = match space {
                DiskSpace::Free(bytes) => free.min(*bytes),
                DiskSpace::Fill { rate, reserve } => {
                    let since = now.as_nanos().saturating_sub(placed.started);
                    let bytes = rate * (since as f64 / 1e9);
                    filled += bytes;
                    least = least.min(*reserve);
                    fills.push(placed.id);
                    left_by(free, bytes, *reserve)
                }
            };
            if need > left {
                landed.push(placed.id);
            }
        }
        if landed.len() == before && !fills.is_empty() && need > left_by(free, filled, least) {
            landed.extend(fills);
        }
        landed.len() > before
    }

    /// What becomes of an operation's time. The latest replace wins, then scales multiply, then adds
    /// sum.
    pub(crate) fn strain(
        &self,
        (op, path): (Op, &str),
        ordinal: u64,
        landed: &mut Vec<EntryId>,
    ) -> Strain {
        let mut strain = Strain::CALM;
        let mut latest = None;
        for placed in &self.placed {
            let Primitive::DiskLatency {
                disk,
                ops,
                delay,
                mode,
                share,
            } = &placed.primitive
            else {
                continue;
            };
            if !ops.has(op) || !about(disk, path) || !placed.fires(op, ordinal, *share) {
                continue;
            }
            let drawn = delay.sample(&mut placed.draw(op, ordinal, 1)).max(0.0);
            match mode {
                Arithmetic::Replace => {
                    let order = (placed.started, placed.id);
                    if latest.is_none_or(|(other, _)| other < order) {
                        latest = Some((order, placed.id));
                        strain.replaced = Some(drawn);
                    }
                    continue;
                }
                Arithmetic::Scale => strain.scale *= drawn,
                Arithmetic::Add => strain.added += drawn,
            }
            let neutral = if *mode == Arithmetic::Scale { 1.0 } else { 0.0 };
            if drawn != neutral {
                landed.push(placed.id);
            }
        }
        landed.extend(latest.map(|(_, id)| id));
        strain
    }

    /// The holds that an operation waits for.
    pub(crate) fn holds(&self, op: Op, path: &str) -> impl Iterator<Item = EntryId> {
        let held = self.placed.iter().filter(move |placed| {
            matches!(&placed.primitive, Primitive::DiskHold { disk, ops }
                if ops.has(op) && about(disk, path))
        });
        held.map(|placed| placed.id)
    }

    /// The overlays that lie about a sync.
    pub(crate) fn liars(&self, path: &str, ordinal: u64) -> Vec<EntryId> {
        let lies = self.placed.iter().filter(|placed| {
            matches!(&placed.primitive, Primitive::LyingFsync { disk, share }
                if about(disk, path) && placed.fires(Op::Fsync, ordinal, *share))
        });
        lies.map(|placed| placed.id).collect()
    }

    /// Where a write goes, or a read comes from, instead: blocks away. The first that fires.
    pub(crate) fn misdirect(&self, (op, path): (Op, &str), ordinal: u64) -> Option<(EntryId, i64)> {
        self.placed.iter().find_map(|placed| {
            let Primitive::Misdirect {
                disk,
                ops,
                share,
                distance,
            } = &placed.primitive
            else {
                return None;
            };
            if !ops.has(op) || !about(disk, path) || !placed.fires(op, ordinal, *share) {
                return None;
            }
            let mut draw = placed.draw(op, ordinal, 1);
            let blocks = libm::round(distance.sample(&mut draw)).clamp(1.0, 1e15);
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a whole number of at most 10^15"
            )]
            let blocks = blocks as i64;
            let back = placed.draw(op, ordinal, 2).chance(0.5);
            Some((placed.id, if back { -blocks } else { blocks }))
        })
    }

    /// The laws by which blocks of a file rot.
    pub(crate) fn rotting(&self, path: &str) -> Vec<Rotting> {
        let past = self
            .past
            .iter()
            .map(|(placed, until)| (placed, Some(*until)));
        let now = self.placed.iter().map(|placed| (placed, None));
        let all = past.chain(now);
        all.filter_map(|(placed, until)| placed.rotting(path, until))
            .collect()
    }

    /// The rules of a loss of power, drawn by `key`, that of the disk.
    pub(crate) fn power_rules(&self, key: Key) -> PowerRules {
        let mut rules = PowerRules {
            lost_key: key.child(1),
            torn_key: key.child(2),
            ..PowerRules::default()
        };
        for placed in &self.placed {
            match placed.primitive {
                Primitive::UnsyncedLoss { share, .. } => rules.lost.push((placed.id, share)),
                Primitive::TornWrite { share, unit, .. } => {
                    rules.torn.push((placed.id, share, unit));
                }
                _ => {}
            }
        }
        rules
    }
}

/// What a fill leaves of `free` bytes: it stops at its reserve.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates; a fill is not negative"
)]
fn left_by(free: u64, filled: f64, reserve: u64) -> u64 {
    free.saturating_sub(filled as u64).max(reserve.min(free))
}

impl Placed {
    fn draw(&self, op: Op, ordinal: u64, what: u64) -> crate::rng::Draw {
        self.key.child(op as u64).child(what).at(ordinal)
    }
    fn fires(&self, op: Op, ordinal: u64, share: f64) -> bool {
        share >= 1.0 || self.draw(op, ordinal, 0).chance(share)
    }
    /// The law of a rot, if it is one, and about `path`.
    fn rotting(&self, path: &str, until: Option<u64>) -> Option<Rotting> {
        let Primitive::BitRot {
            disk,
            share,
            at_rest,
            visible,
        } = &self.primitive
        else {
            return None;
        };
        about(disk, path).then_some(Rotting {
            id: self.id,
            key: self.key,
            from: self.started,
            until,
            share: *share,
            at_rest: *at_rest,
            visible: *visible,
        })
    }
}
