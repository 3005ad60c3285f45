//! Error counters of a bus: who sends too many damaged frames takes itself off it.

use super::super::kernel::Kernel;
use super::super::link::Judged;
use crate::{NodeId, VirtualDuration};

/// What a damaged frame adds to the error counter of its sender, and what a good one takes from it
/// (ISO 11898-1, transmit error counter).
const DAMAGED_ADDS: u32 = 8;
const GOOD_TAKES: u32 = 1;
/// The highest count with which a sender stays on the bus. From 128 on it is error-passive, which changes
/// what it signals to others and not whether its frames pass.
const ERRORS_MAX: u32 = 255;

/// The controller of one node on its bus.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::world) struct BusNode {
    /// Since when frames are damaged, and the incarnation of the node: with another one, all is anew.
    since: (u64, u16),
    errors: u32,
    /// It is off the bus before this time.
    off_until: u64,
}

impl BusNode {
    /// Whether it sends a frame at `now`; how the frame fares is `damaged`.
    fn sends(&mut self, now: u64, damaged: bool, off_for: VirtualDuration) -> bool {
        if now < self.off_until {
            return false;
        }
        self.errors = match damaged {
            true => self.errors + DAMAGED_ADDS,
            false => self.errors.saturating_sub(GOOD_TAKES),
        };
        if self.errors > ERRORS_MAX {
            self.off_until = now.saturating_add(off_for.as_nanos());
            // Recovery sets the counter to zero.
            self.errors = 0;
        }
        true
    }
}

impl Kernel {
    /// What becomes of a message if its link is part of a bus: nothing passes while its sender is off.
    /// One counter a sender, whichever links its frames take.
    pub(super) fn on_bus(&mut self, link: usize, judged: Judged) -> Judged {
        let place = &mut self.links[link];
        let from = place.from;
        let Some(bus) = place.weather().and_then(|weather| weather.bus()) else {
            return judged;
        };
        let damaged = match judged {
            Judged::Passes { damage, .. } => damage.is_some(),
            // It never was on the bus, or is lost behind it.
            Judged::Cut(_) | Judged::Lost => return judged,
        };
        let now = self.now;
        let controller = self.controller(from, bus.started);
        if controller.sends(now, damaged, bus.off_for) {
            return judged;
        }
        self.landed_now.push(bus.id);
        Judged::Lost
    }

    fn controller(&mut self, node: NodeId, started: u64) -> &mut BusNode {
        let since = (started, self.nodes[node.index()].incarnation);
        let controller = self.bus.entry(node).or_default();
        if controller.since != since {
            *controller = BusNode {
                since,
                ..BusNode::default()
            };
        }
        controller
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFF: VirtualDuration = VirtualDuration::from_millis(3);

    #[test]
    fn the_thirty_second_damaged_frame_in_a_row_takes_the_sender_off() {
        let mut node = BusNode::default();
        // 31 x 8 = 248 is passive, and on the bus; 256 is off.
        assert!((0..32).all(|_| node.sends(0, true, OFF)));
        assert!(!node.sends(1, false, OFF));
        assert!(!node.sends(OFF.as_nanos() - 1, true, OFF));
        assert!(node.sends(OFF.as_nanos(), true, OFF), "and is on it again");
        assert_eq!(node.errors, DAMAGED_ADDS, "with a counter that begins anew");
    }

    #[test]
    fn eight_good_frames_undo_a_damaged_one() {
        let mut node = BusNode::default();
        for frame in 0..9000 {
            assert!(node.sends(frame, frame % 9 == 0, OFF), "frame {frame}");
        }
        assert_eq!(node.errors, 0);
        // One in eight is too many.
        let off = (0..9000).any(|frame| !node.sends(frame, frame % 8 == 0, OFF));
        assert!(off);
    }
}
