//! How weather comes and goes.

use super::super::LinkProfile;
use super::super::chain::Chain;
use super::super::overlay::{Clog, Delay, Limit, Loss, Overlay, Rate, Source};
use super::Weather;
use crate::plan::{Arithmetic, Primitive, Traced};
use crate::{EntryId, Key};

impl Weather {
    /// The parts of a profile that have a state.
    pub(in crate::world::link) fn of(profile: &LinkProfile, key: Key) -> Self {
        let mut weather = Self::default();
        weather.set_base(profile, key);
        weather
    }
    /// The base values, instead of those that are there.
    pub(in crate::world::link) fn set_base(&mut self, profile: &LinkProfile, key: Key) {
        fn put<T>(list: &mut Vec<Overlay<T>>, value: Option<T>, key: Key) {
            list.retain(|overlay| overlay.id.is_some());
            list.extend(value.map(|value| Overlay {
                id: EntryId::NONE,
                started: 0,
                key,
                value,
            }));
        }
        let chain = profile.burst_loss.map(|law| Chain::new(law, 0));
        put(&mut self.chains, chain, key.child(3));
        put(&mut self.corrupts, profile.corrupt, key.child(4));
        put(&mut self.duplicates, profile.duplicate, key.child(5));
        put(
            &mut self.limits,
            profile.bandwidth.map(Limit::of),
            key.child(6),
        );
        put(&mut self.reorders, profile.reorder, key.child(7));
    }

    /// Whether nothing of it is left.
    pub(in crate::world::link) fn is_over(&self, now: u64) -> bool {
        self.delays.is_empty()
            && self.losses.is_empty()
            && self.chains.is_empty()
            && self.corrupts.is_empty()
            && self.duplicates.is_empty()
            && self.limits.is_empty()
            && self.reorders.is_empty()
            && self.clogs.is_empty()
            && self.cuts.is_empty()
            && self.holds.is_empty()
            && self.held.is_empty()
            && self.late.is_empty()
            && self.queue.last <= now
    }

    pub(in crate::world::link) fn remove(&mut self, id: EntryId) {
        self.delays.retain(|o| o.id != id);
        self.losses.retain(|o| o.id != id);
        self.chains.retain(|o| o.id != id);
        self.corrupts.retain(|o| o.id != id);
        self.duplicates.retain(|o| o.id != id);
        self.limits.retain(|o| o.id != id);
        self.reorders.retain(|o| o.id != id);
        self.clogs.retain(|o| o.id != id);
        self.cuts.retain(|o| o.id != id);
        self.holds.retain(|other| *other != id);
    }

    /// Puts an overlay in force.
    pub(in crate::world::link) fn add(
        &mut self,
        (id, started, key): (EntryId, u64, Key),
        primitive: &Primitive,
    ) {
        fn put<T>(list: &mut Vec<Overlay<T>>, (id, started, key): (EntryId, u64, Key), value: T) {
            list.push(Overlay {
                id,
                started,
                key,
                value,
            });
            list.sort_by_key(|o| o.id);
        }
        let who = (id, started, key);
        let delay = |mode, source, correlation| Delay {
            mode,
            source,
            correlation,
            last: 0.5,
        };
        match primitive {
            Primitive::LinkDelay {
                delay: law,
                mode,
                correlation,
                ..
            } => {
                let source = Source::Law(law.clone());
                put(&mut self.delays, who, delay(*mode, source, *correlation));
            }
            Primitive::LinkTrace { traced, series, .. } => match traced {
                Traced::Delay => {
                    let source = Source::Series(series.clone());
                    put(
                        &mut self.delays,
                        who,
                        delay(Arithmetic::Replace, source, 0.0),
                    );
                }
                Traced::Capacity => {
                    let limit = Limit {
                        rate: Rate::Series(series.clone()),
                        burst: 0,
                        queue: None,
                    };
                    put(&mut self.limits, who, limit);
                }
            },
            Primitive::LinkLoss {
                share, correlation, ..
            } => {
                let loss = Loss {
                    share: *share,
                    correlation: *correlation,
                    last: 0.5,
                };
                put(&mut self.losses, who, loss);
            }
            Primitive::LinkBurstLoss { chain, .. } => {
                put(&mut self.chains, who, Chain::new(*chain, started));
            }
            Primitive::LinkCorrupt { corrupt, .. } => put(&mut self.corrupts, who, *corrupt),
            Primitive::LinkDuplicate { duplicate, .. } => {
                put(&mut self.duplicates, who, *duplicate);
            }
            Primitive::LinkRate { bandwidth, .. } => {
                put(&mut self.limits, who, Limit::of(*bandwidth));
            }
            Primitive::LinkReorder { reorder, .. } => put(&mut self.reorders, who, *reorder),
            Primitive::LinkClog { share, length, .. } => {
                let clog = Clog {
                    share: *share,
                    length: length.clone(),
                    until: 0,
                };
                put(&mut self.clogs, who, clog);
            }
            Primitive::LinkCut { mode, scope, .. } => put(&mut self.cuts, who, (*mode, *scope)),
            Primitive::LinkHold { .. } => {
                self.holds.push(id);
                self.holds.sort_unstable();
            }
            _ => {}
        }
    }
}
