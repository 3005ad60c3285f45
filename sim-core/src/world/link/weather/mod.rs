//! What a link has beyond delay and plain loss: overlays, base values with a state, and messages
//! that wait. It exists only while something of it does.

mod change;

use super::chain::Chain;
use super::overlay::{Clog, Delay, Limit, Loss, Overlay};
use super::queue::Queue;
use super::{Packet, Transit, land};
use crate::plan::{
    Arithmetic, Corrupt, Corruption, CutMode, CutScope, Duplicate, HoldBack, Reorder,
};
use crate::{EntryId, Sample, VirtualDuration};

/// A message held back by a number of messages goes on after this time at the latest: there may be
/// no later ones. A choice of this project.
pub(in crate::world) const HELD_BACK_NS_MAX: u64 = 1_000_000_000;

/// A message held back until `left` later ones have arrived.
#[derive(Clone, Copy, Debug)]
pub(in crate::world) struct Late {
    pub(in crate::world) slot: u32,
    left: u32,
    /// When it may arrive at the earliest.
    due: u64,
    /// Which message it is.
    number: u64,
}

/// Tells the messages of a link and their copies apart; fewer than 256 copies.
const fn number(ordinal: u64, copy: u32) -> u64 {
    (ordinal << 8) | (copy & 0xff) as u64
}

/// What becomes of a message before it is queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::world) enum Judged {
    Cut(CutMode),
    Lost,
    /// It goes on, with so many copies beside it, which come so much later.
    Passes {
        copies: u32,
        copies_after: u64,
        damage: Option<Corruption>,
    },
}

/// A bus with error counters: the overlay that makes the link part of one, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::world) struct Bus {
    pub(in crate::world) id: EntryId,
    pub(in crate::world) started: u64,
    /// How long a sender is off it.
    pub(in crate::world) off_for: VirtualDuration,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub(in crate::world) struct Weather {
    delays: Vec<Overlay<Delay>>,
    losses: Vec<Overlay<Loss>>,
    chains: Vec<Overlay<Chain>>,
    corrupts: Vec<Overlay<Corrupt>>,
    duplicates: Vec<Overlay<Duplicate>>,
    limits: Vec<Overlay<Limit>>,
    reorders: Vec<Overlay<Reorder>>,
    clogs: Vec<Overlay<Clog>>,
    cuts: Vec<Overlay<(CutMode, CutScope)>>,
    holds: Vec<EntryId>,
    queue: Queue,
    /// Messages held, with the time at which they would have arrived, in send order.
    held: Vec<(u32, u64)>,
    late: Vec<Late>,
}

impl Weather {
    /// Cut, loss, corruption, copies. `base_lost`: the link itself loses it.
    pub(super) fn judge(
        &mut self,
        packet: &Packet,
        (ordinal, base_lost): (u64, bool),
        landed: &mut Vec<EntryId>,
    ) -> Judged {
        // Chains step with every message, so that none depends on what else happens to it.
        let before = landed.len();
        let mut lost = base_lost;
        for overlay in &mut self.chains {
            if overlay.value.loses(overlay.key, ordinal, packet.now) {
                land(landed, overlay.id);
                lost = true;
            }
        }
        if let Some(mode) = self.cut(packet) {
            landed.truncate(before);
            landed.extend(self.cuts_for(packet));
            return Judged::Cut(mode);
        }
        for overlay in &mut self.losses {
            // Every overlay draws for every message, so that none depends on the others.
            if overlay.unit(ordinal) < overlay.value.share {
                landed.push(overlay.id);
                lost = true;
            }
        }
        if lost {
            return Judged::Lost;
        }
        let damage = self.damage(packet, ordinal, landed);
        let (mut copies, mut copies_after) = (0, 0);
        for overlay in self.duplicates.iter().filter(|_| packet.copyable) {
            let meant = overlay
                .value
                .only
                .is_none_or(|only| packet.service == Some(only));
            let hit = meant && overlay.key.at(ordinal).chance(overlay.value.share);
            if hit && overlay.value.copies > 0 {
                copies += overlay.value.copies;
                copies_after = copies_after.max(overlay.value.after.as_nanos());
                land(landed, overlay.id);
            }
        }
        Judged::Passes {
            copies,
            copies_after,
            damage,
        }
    }

    fn damage(
        &self,
        packet: &Packet,
        ordinal: u64,
        landed: &mut Vec<EntryId>,
    ) -> Option<Corruption> {
        let mut worst = None;
        for overlay in &self.corrupts {
            if overlay.key.at(ordinal).chance(overlay.value.share) {
                let seen = match packet.connection {
                    true => Corruption::Detected,
                    false => overlay.value.seen,
                };
                worst = worst.max(Some(seen));
                land(landed, overlay.id);
            }
        }
        worst
    }

    /// The bus that the link is part of; of several the one whose senders are off for longest.
    pub(in crate::world) fn bus(&self) -> Option<Bus> {
        let buses = self.corrupts.iter().filter_map(|overlay| {
            let off_for = overlay.value.bus_off?;
            Some(Bus {
                id: overlay.id,
                started: overlay.started,
                off_for,
            })
        });
        buses.max_by_key(|bus| (bus.off_for, core::cmp::Reverse(bus.id)))
    }

    /// Whether no message passes, whatever it is.
    pub(in crate::world::link) fn is_cut(&self) -> bool {
        let whole = |cut: &Overlay<(CutMode, CutScope)>| cut.value.1 == CutScope::All;
        !self.holds.is_empty() || self.cuts.iter().any(whole)
    }

    fn cuts_for(&self, packet: &Packet) -> impl Iterator<Item = EntryId> {
        let hits = self.cuts.iter().filter(|cut| match cut.value.1 {
            CutScope::All => true,
            CutScope::Above(most) => u64::from(packet.bytes) > most,
            CutScope::Existing => packet.opened.is_some_and(|opened| opened < cut.started),
        });
        hits.map(|cut| cut.id)
    }
    fn cut(&self, packet: &Packet) -> Option<CutMode> {
        let hits = self.cuts_for(packet);
        let mode = |id| {
            self.cuts
                .iter()
                .find(|cut| cut.id == id)
                .map(|cut| cut.value.0)
        };
        hits.filter_map(mode).max()
    }
    #[inline]
    pub(in crate::world) const fn has_cuts(&self) -> bool {
        !self.cuts.is_empty()
    }
    /// The cuts in force that kill a message which arrives now.
    pub(in crate::world) fn cut_at_arrival(&self, packet: &Packet, landed: &mut Vec<EntryId>) {
        landed.extend(self.cuts_for(packet));
    }

    /// Queue, delay, order, hold, for the message itself (copy 0) or a copy, in `slot`.
    pub(super) fn pass(
        &mut self,
        packet: &Packet,
        (ordinal, copy, base): (u64, u32, u64),
        slot: u32,
        landed: &mut Vec<EntryId>,
    ) -> Transit {
        let now = packet.now;
        let parked = self.held.len() + self.late.len();
        let load = (now, packet.bytes, parked);
        let Some(leave) = self.queue.admit(&self.limits, load, landed) else {
            return Transit::Lost;
        };
        let delay = self.delay((ordinal, copy, base), now, landed);
        let (by, count) = self.hold_back(packet, (ordinal, copy), landed);
        let due = leave.saturating_add(delay).saturating_add(by);
        let due = self.clog(ordinal, copy, (now, due), landed);
        self.queue.flies_until(&self.limits, due);
        if count > 0 && self.holds.is_empty() {
            let late = Late {
                slot,
                left: count,
                due,
                number: number(ordinal, copy),
            };
            self.late.push(late);
            return Transit::HeldBack(late.number);
        }
        if self.holds.is_empty() {
            return Transit::At(due);
        }
        landed.extend(&self.holds);
        self.held.push((slot, due));
        Transit::Held
    }

    fn delay(
        &mut self,
        (ordinal, copy, base): (u64, u32, u64),
        now: u64,
        landed: &mut Vec<EntryId>,
    ) -> u64 {
        if self.delays.is_empty() {
            return base;
        }
        let base = VirtualDuration::from_nanos(base).as_nanos_f64();
        let latest = self
            .delays
            .iter()
            .filter(|o| o.value.mode == Arithmetic::Replace)
            .max_by_key(|o| (o.started, o.id))
            .map(|o| o.id);
        let (mut replaced, mut scale, mut added) = (base, 1.0, 0.0);
        for overlay in &mut self.delays {
            let drawn = overlay.sample(ordinal, copy, now);
            let changed = match overlay.value.mode {
                Arithmetic::Replace if Some(overlay.id) == latest => {
                    replaced = drawn;
                    drawn != base
                }
                Arithmetic::Replace => false,
                Arithmetic::Scale => {
                    scale *= drawn;
                    drawn != 1.0
                }
                Arithmetic::Add => {
                    added += drawn;
                    drawn != 0.0
                }
            };
            if changed {
                landed.push(overlay.id);
            }
        }
        VirtualDuration::from_nanos_f64(replaced * scale + added).as_nanos()
    }

    /// The longest time and the largest number of messages by which it is held back.
    fn hold_back(
        &self,
        packet: &Packet,
        (ordinal, copy): (u64, u32),
        landed: &mut Vec<EntryId>,
    ) -> (u64, u32) {
        let (mut by, mut count) = (0, 0);
        for overlay in &self.reorders {
            let mut draw = overlay.of(copy).at(ordinal);
            if !draw.chance(overlay.value.share) {
                continue;
            }
            let held = match overlay.value.by {
                HoldBack::Time(time) => {
                    by = by.max(time.as_nanos());
                    !time.is_zero()
                }
                HoldBack::Messages(n) if !packet.connection => {
                    count = count.max(n);
                    n > 0
                }
                HoldBack::Messages(_) => false,
            };
            if held {
                land(landed, overlay.id);
            }
        }
        (by, count)
    }

    /// When a message arrives that would arrive at `due`, if the link is clogged or it clogs it.
    fn clog(
        &mut self,
        ordinal: u64,
        copy: u32,
        (now, due): (u64, u64),
        landed: &mut Vec<EntryId>,
    ) -> u64 {
        let mut last = due;
        for overlay in &mut self.clogs {
            let mut draw = overlay.of(copy).at(ordinal);
            let clog = &mut overlay.value;
            if draw.chance(clog.share) {
                let length = VirtualDuration::from_nanos_f64(clog.length.sample(&mut draw));
                clog.until = clog.until.max(now.saturating_add(length.as_nanos()));
            }
            if clog.until > due {
                last = last.max(clog.until);
                landed.push(overlay.id);
            }
        }
        last
    }

    /// A later message arrives at `at`: those it sets free, and when they arrive, go to `free`.
    pub(in crate::world) fn overtaken(&mut self, at: u64, free: &mut Vec<(u32, u64)>) {
        self.late.retain_mut(|late| {
            late.left -= 1;
            if late.left == 0 {
                free.push((late.slot, late.due.max(at)));
            }
            late.left > 0
        });
    }
    /// Whether messages are held back until others have overtaken them.
    pub(in crate::world) const fn holds_back(&self) -> bool {
        !self.late.is_empty()
    }
    /// No other message has come: the one that was held back goes on, if it still is.
    pub(in crate::world) fn waited_enough(&mut self, number: u64) -> Option<(u32, u64)> {
        let at = self.late.iter().position(|late| late.number == number)?;
        let late = self.late.remove(at);
        Some((late.slot, late.due))
    }
    /// What was held, in send order, if no hold is left.
    pub(super) fn release(&mut self) -> Vec<(u32, u64)> {
        match self.holds.is_empty() {
            true => core::mem::take(&mut self.held),
            false => Vec::new(),
        }
    }
}
