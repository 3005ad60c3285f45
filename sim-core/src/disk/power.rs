//! What a loss of power leaves on a disk.

use super::content::{Content, rename};
use super::image::index;
use super::inode::{Change, Inode, Pending};
use crate::{EntryId, Key, Sample};

/// Rules of one loss of power, from the overlays in force.
#[derive(Clone, Debug, Default)]
pub(crate) struct PowerRules {
    /// Shares of the unsynced writes that vanish; the largest wins.
    pub(crate) lost: Vec<(EntryId, f64)>,
    /// Chances that an unsynced write is torn, and their units in bytes; the largest chance and the
    /// smallest unit win.
    pub(crate) torn: Vec<(EntryId, f64, u64)>,
    /// Draws for losses, by the number of the write.
    pub(crate) lost_key: Key,
    /// Draws for tears, by the number of the write.
    pub(crate) torn_key: Key,
}

/// What it did: each overlay as often as it decided about a write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PowerLoss {
    /// By overlays of loss: writes and renames that vanished.
    pub(crate) lost: Vec<EntryId>,
    /// By overlays of tearing: writes of which a part survived.
    pub(crate) torn: Vec<EntryId>,
    /// By overlays of lying syncs: writes that were said to be safe, and vanished or were torn.
    pub(crate) exposed: Vec<EntryId>,
    /// By overlays of misdirection.
    pub(crate) misdirected: Vec<EntryId>,
}

impl PowerRules {
    fn vanishes(&self, ordinal: u64, done: &mut PowerLoss) -> bool {
        let unit = self.lost_key.at(ordinal).open_unit();
        let by = self.lost.iter().filter(|(_, share)| unit < *share);
        let before = done.lost.len();
        done.lost.extend(by.map(|(id, _)| *id));
        done.lost.len() > before
    }

    /// Whether anything is left of a change; a write that is torn is cut to what is.
    fn leaves(&self, pending: &mut Pending, done: &mut PowerLoss) -> bool {
        let torn = match &pending.change {
            Change::Write(offset, bytes) => {
                self.tear(pending.ordinal, (*offset, bytes.len() as u64), done)
            }
            Change::Truncate(_) => None,
        };
        let left = torn.is_some() || !self.vanishes(pending.ordinal, done);
        if let (Change::Write(_, bytes), Some(kept)) = (&mut pending.change, torn) {
            bytes.truncate(index(kept));
        }
        if torn.is_some() || !left {
            done.exposed.append(&mut pending.claimed);
        }
        left
    }

    /// How many bytes of a write survive, if it is torn: a part of its units, in their order, not
    /// none and not all. A write inside one unit is never torn.
    fn tear(&self, ordinal: u64, (offset, len): (u64, u64), done: &mut PowerLoss) -> Option<u64> {
        let mut draw = self.torn_key.at(ordinal);
        let chance = draw.open_unit();
        let unit = self.torn.iter().map(|(.., unit)| *unit).min()?.max(1);
        let end = offset + len;
        let first = (offset / unit + 1) * unit;
        if len == 0 || first >= end {
            return None;
        }
        let by = self.torn.iter().filter(|(_, share, _)| chance < *share);
        let before = done.torn.len();
        done.torn.extend(by.map(|(id, ..)| *id));
        let boundaries = (end - 1 - first) / unit + 1;
        (done.torn.len() > before).then(|| first + draw.below(boundaries) * unit - offset)
    }
}

impl Content {
    /// The power goes: of what was not durable, only what the rules leave.
    ///
    /// Each write or truncation has a draw of its own, so that a later one may survive an earlier
    /// one. Names do not: their journal is written in order, so what follows a lost change of names
    /// is lost too.
    pub(crate) fn power_loss(&mut self, now: u64, rules: &PowerRules) -> PowerLoss {
        let mut done = PowerLoss::default();
        let inodes: Vec<u64> = self.inodes.keys().copied().collect();
        for inode in inodes {
            let pending = match self.inodes.get_mut(&inode) {
                Some(file) => core::mem::take(&mut file.pending),
                None => continue,
            };
            for mut pending in pending {
                if rules.leaves(&mut pending, &mut done) {
                    done.misdirected.extend(self.persist(now, inode, &pending));
                }
            }
        }
        let mut lost = false;
        for mut change in core::mem::take(&mut self.journal) {
            lost = lost || rules.vanishes(change.ordinal, &mut done);
            if lost {
                done.exposed.append(&mut change.claimed);
            } else {
                rename(&mut self.durable_names, &change.naming);
            }
        }
        self.start_from_durable();
        done
    }

    /// The disk is a new one.
    pub(crate) fn wipe(&mut self) {
        self.inodes.clear();
        self.durable_names.clear();
        self.journal.clear();
        self.start_from_durable();
    }

    fn start_from_durable(&mut self) {
        self.names.clone_from(&self.durable_names);
        self.forget_unreachable();
        for file in self.inodes.values_mut() {
            let Inode { live, durable, .. } = file;
            live.clone_from(durable);
            file.unlinked = false;
        }
        self.recount();
    }
}
