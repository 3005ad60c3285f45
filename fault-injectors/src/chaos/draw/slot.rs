//! The fault of one slot: attempts until one can be.

use super::super::recipe::{How, needs_role, recipe};
use super::climate::{Climate, takes_out};
use super::{Drawn, ON};
use crate::catalog::FaultKind;
use crate::draws::Draws;
use crate::lowering::lower;
use crate::param::Need;
use squall_core::{Sample, VirtualDuration, VirtualTime};

/// Values that cannot be, more cores than there are for instance, are drawn again so many times, each
/// time for a shorter fault.
const ATTEMPTS: u32 = 8;
impl Climate<'_> {
    /// The fault of a slot, if it is used.
    pub(super) fn slot(&self, slot: u32) -> Option<Drawn> {
        let draws = self.draws.of(&format!("{}", slot + 1));
        if slot > 0 && !draws.stream("used").chance(ON) {
            return None;
        }
        // Slots of one lane follow each other; those of different lanes may meet.
        let lanes = self.chaos.concurrent.min(self.chaos.faults);
        let (lane, turn) = (slot % lanes, slot / lanes);
        let turns = self.chaos.faults.div_ceil(lanes);
        let kinds = self.kinds.iter().copied();
        // Two partitions at one time would be a larger one.
        let mut kinds: Vec<&'static FaultKind> = kinds
            .filter(|kind| kind.name != "partition" || lane == 0 || self.boundless)
            .collect();
        kinds.sort_by_cached_key(|kind| (draws.rank("kind", kind.name), kind.name));
        let again = |attempt: u32| match attempt {
            0 => draws.clone(),
            attempt => draws.of(&format!("again {attempt}")),
        };
        let place = (slot + 1, turn, turns);
        // What this world has no room for gives way to the next kind.
        kinds.into_iter().find_map(|kind| {
            (0..ATTEMPTS).find_map(|attempt| self.attempt(kind, place, &again(attempt), attempt))
        })
    }

    /// The fault of a slot with the values of one attempt, if it can be.
    fn attempt(
        &self,
        kind: &'static FaultKind,
        (slot, turn, turns): (u32, u32, u32),
        draws: &Draws,
        attempt: u32,
    ) -> Option<Drawn> {
        let recipe = recipe(kind).ok()?;
        let spells = self.spells(draws);
        // Two who had a role, one after the other, would be more than one.
        let lane = (slot - 1) % self.chaos.concurrent.min(self.chaos.faults);
        let may_ask = self.boundless || lane == 0 || !takes_out(kind);
        let asks =
            may_ask && (needs_role(kind) || self.asks(recipe.iter().map(|(_, how)| *how), draws));
        if needs_role(kind) && !asks {
            return None;
        }
        if !asks && kind.name != "partition" && takes_out(kind) && self.down.is_empty() {
            return None;
        }
        let value = |(param, how): &(&'static crate::param::Param, How)| {
            // Values that exclude each other, in ways that only their fault knows, are drawn apart.
            let default =
                matches!(how, How::OneOf(_) | How::Around(_)) && param.need != Need::Required;
            if attempt > 0 && default && draws.of(param.key).stream("default").chance(ON) {
                return None;
            }
            let mut stream = draws.of(param.key).stream("value");
            Some((
                param.key,
                self.value(kind, (param, *how), (draws, spells, asks), &mut stream)?,
            ))
        };
        let mut args: Vec<(&'static str, String)> = recipe.iter().filter_map(value).collect();
        if kind.name == "partition" {
            let split = draws.stream("split").choice(&self.splits);
            args.push(("split", (*split).to_owned()));
        }
        let when = self.when((turn, turns), (draws, spells), attempt);
        let fault = self.chaos.fault(slot, kind, &args, (&when, asks))?;
        let plan = lower(
            self.seed,
            std::slice::from_ref(&fault),
            self.topology,
            self.chaos.stop,
        )
        .ok()?;
        // Also what follows from it, a clock that is slewed back, is over before the next one.
        let share = f64::from(turn + 1) / f64::from(turns);
        let last = self
            .chaos
            .from
            .saturating_add(VirtualDuration::from_nanos_f64(self.span() * share));
        // Times of one that waits for a role count from its start, a nanosecond after its instant.
        let whole = crate::param::duration(&when.length).unwrap_or_default();
        let own = VirtualTime::ZERO + whole + VirtualDuration::from_nanos(1);
        let healed = plan.entries().iter().all(|e| {
            let last = if e.firing.is_some() { own } else { last };
            e.until.is_some_and(|until| until <= last)
        });
        // One that would do nothing in this seed is no fault.
        let acts = !plan.entries().is_empty();
        (healed && acts).then_some(Drawn {
            slot,
            kind,
            args,
            start: when.start,
            length: when.length,
            asks,
            fault,
        })
    }
}
