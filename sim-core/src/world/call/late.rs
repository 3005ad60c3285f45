//! What overlays do to the answer of a call: lost, an error, longer, damaged, streamed otherwise.

use crate::plan::Malformed;
use crate::world::Wake;
use crate::world::compute::Work;
use crate::world::kernel::{Kernel, Kind};
use crate::world::message::{CallError, CallRef, Flight, Payload, Reply, ReplyDamage};
use crate::{EntryId, NodeId, PortId, VirtualDuration};

/// What is to be done when a call is answered. It goes with one arrival of the request, not with the
/// call: a copy of the request has a fate of its own.
#[derive(Debug, Default)]
pub(in crate::world) struct Late {
    pub(super) arrived: u64,
    pub(super) lost: Option<EntryId>,
    pub(super) error: Option<(EntryId, CallError, VirtualDuration)>,
    pub(super) lengthen: Vec<Lengthen>,
    pub(super) damages: Vec<(EntryId, Malformed)>,
    pub(super) streams: Vec<StreamRule>,
}

/// Makes the time between arrival and answer longer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lengthen {
    id: EntryId,
    /// When it began, for a replace.
    replaces: Option<u64>,
    /// Nanoseconds, or a factor.
    value: f64,
}

impl Lengthen {
    pub(super) const fn scale(id: EntryId, factor: f64) -> Self {
        Self {
            id,
            replaces: None,
            value: factor,
        }
    }
    pub(super) const fn replace(id: EntryId, started: u64, ns: f64) -> Self {
        Self {
            id,
            replaces: Some(started),
            value: ns,
        }
    }
}

/// How an overlay changes the stream of an answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct StreamRule {
    pub(super) id: EntryId,
    pub(super) cut: Option<u32>,
    pub(super) factor: f64,
    pub(super) stall: u64,
}

/// How an answer is streamed: all overlays together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::world) struct StreamShape {
    /// Units that come before it breaks off.
    pub(in crate::world) cut: Option<u32>,
    /// Time by which the end of the stream comes later, or with a cut the break.
    pub(in crate::world) end: u64,
}

/// Something that waits outside the network until it goes on.
#[derive(Debug)]
pub(in crate::world) enum Parked {
    /// A request in front of its service.
    Request {
        port: PortId,
        call: CallRef,
        late: Option<Box<Late>>,
    },
    /// An answer, and how long it has still to wait.
    Answer { flight: Flight, wait: u64 },
    /// The copy of a message, by its slot: of which link, message and copy.
    Copy { slot: u32, of: (usize, u64, u32) },
}

impl Late {
    fn is_nothing(&self) -> bool {
        self.lost.is_none()
            && self.error.is_none()
            && self.lengthen.is_empty()
            && self.damages.is_empty()
            && self.streams.is_empty()
    }
    /// Boxed, unless there is nothing to do.
    pub(super) fn boxed(self) -> Option<Box<Self>> {
        (!self.is_nothing()).then(|| Box::new(self))
    }

    /// By how much an answer at `now` comes later; what changes it goes to `landed`.
    fn wait(&self, now: u64, landed: &mut Vec<EntryId>) -> u64 {
        let took = now.saturating_sub(self.arrived) as f64;
        let replaces = self.lengthen.iter().filter(|l| l.replaces.is_some());
        let latest = replaces.max_by_key(|l| (l.replaces, l.id));
        let mut base = took;
        if let Some(replace) = latest {
            if replace.value > took {
                landed.push(replace.id);
            }
            base = replace.value;
        }
        let mut whole = base;
        for scale in self.lengthen.iter().filter(|l| l.replaces.is_none()) {
            whole *= scale.value;
            if scale.value > 1.0 && base > 0.0 {
                landed.push(scale.id);
            }
        }
        VirtualDuration::from_nanos_f64((whole - took).max(0.0)).as_nanos()
    }

    /// What the stream rules make of a stream of `units`, one each `pace`. `None`: they change nothing.
    fn stream(&self, units: u32, pace: u64, landed: &mut Vec<EntryId>) -> Option<StreamShape> {
        let (mut cut, mut factor, mut stall) = (None, 1.0, 0u64);
        // The first unit ends the wait for it: a stream of n units has n - 1 gaps.
        let gaps = units.saturating_sub(1);
        let mut changed = false;
        for rule in &self.streams {
            let cuts = rule.cut.filter(|after| *after < units);
            let paces = rule.factor != 1.0 && gaps > 0 && pace > 0;
            if cuts.is_some() || paces || rule.stall > 0 {
                landed.push(rule.id);
                changed = true;
            }
            cut = match (cut, cuts) {
                (Some(a), Some(b)) => Some(u32::min(a, b)),
                (a, b) => a.or(b),
            };
            factor *= rule.factor;
            stall = stall.saturating_add(rule.stall);
        }
        let gaps = cut.map_or(gaps, |cut| cut.min(gaps));
        let slower = pace as f64 * f64::from(gaps) * factor;
        let end = stall.saturating_add(VirtualDuration::from_nanos_f64(slower).as_nanos());
        changed.then_some(StreamShape { cut, end })
    }

    /// What the reply looks like to the client.
    fn damaged(
        &self,
        mut result: Result<Reply, CallError>,
        landed: &mut Vec<EntryId>,
    ) -> Result<Reply, CallError> {
        for (id, mode) in &self.damages {
            let before = result;
            result = match (*mode, result) {
                (Malformed::Forced { ok: true }, Err(CallError::Status { .. })) => {
                    Ok(Reply::default())
                }
                (Malformed::Forced { ok: false }, Ok(_)) => Err(CallError::Status {
                    code: FORCED_FAILURE,
                    retry_after: None,
                }),
                (mode, Ok(mut reply)) => {
                    reply.damage.add(mode);
                    Ok(reply)
                }
                (_, other) => other,
            };
            if before != result {
                landed.push(*id);
            }
        }
        result
    }
}

/// Status of a reply that is made to say that nothing is well.
const FORCED_FAILURE: u16 = 503;

impl ReplyDamage {
    fn add(&mut self, mode: Malformed) {
        match mode {
            // Another body: what was wrong with the one before is gone with it.
            Malformed::ErrorBody => *self = Self::of(Self::ERROR_BODY),
            Malformed::Empty => *self = Self::of(Self::EMPTY),
            Malformed::PartialJson => self.bits |= Self::PARTIAL,
            Malformed::FieldsRemoved => self.bits |= Self::FIELDS_REMOVED,
            Malformed::ValuesChanged => self.bits |= Self::VALUES_CHANGED,
            Malformed::OtherEntity => self.bits |= Self::OTHER_ENTITY,
            Malformed::Stale { age } => self.age = self.age.max(age),
            Malformed::Forced { .. } => {}
        }
    }
}

impl Kernel {
    /// The service, or what stands before it, answers.
    pub(in crate::world) fn reply(
        &mut self,
        (call, late): (CallRef, Option<Box<Late>>),
        result: Result<Reply, CallError>,
        bytes: u32,
    ) {
        if self.call_slot(call).is_none_or(|slot| slot.cut_off) {
            return;
        }
        let Some(late) = late else {
            return self.answer(call, result, bytes, (0, VirtualDuration::ZERO));
        };
        if let Some(id) = late.lost {
            return self.land(id, 1);
        }
        let (mut result, mut work) = (result, VirtualDuration::ZERO);
        if let Some((id, error, cost)) = late.error {
            self.land(id, 1);
            (result, work) = (Err(error), cost);
        }
        let now = self.now;
        let mut landed = core::mem::take(&mut self.landed_now);
        let mut wait = late.wait(now, &mut landed);
        result = late.damaged(result, &mut landed);
        if result.is_ok()
            && let Some(shape) = late.stream(1, 0, &mut landed)
        {
            wait = wait.saturating_add(shape.end);
            if let Some(units) = shape.cut {
                result = Err(CallError::Cut { units });
            }
        }
        self.landed_now = landed;
        self.land_collected();
        self.answer(call, result, bytes, (wait, work));
    }

    /// How long an early error waits.
    pub(super) fn early_wait(&mut self, late: &Late) -> u64 {
        let (now, mut landed) = (self.now, core::mem::take(&mut self.landed_now));
        let wait = late.wait(now, &mut landed);
        self.landed_now = landed;
        self.land_collected();
        wait
    }

    /// How the answer of a call is streamed. Its overlays are used up by this.
    pub(in crate::world) fn stream_shape(
        &mut self,
        late: &mut Late,
        (units, pace): (u32, u64),
    ) -> Option<StreamShape> {
        let mut landed = core::mem::take(&mut self.landed_now);
        let shape = late.stream(units, pace, &mut landed);
        late.streams.clear();
        self.landed_now = landed;
        self.land_collected();
        shape
    }

    /// Sends an answer, when `work` is done on the server's processors and `wait` is over.
    pub(super) fn answer(
        &mut self,
        call: CallRef,
        result: Result<Reply, CallError>,
        bytes: u32,
        (wait, work): (u64, VirtualDuration),
    ) {
        let now = self.now;
        let Some(slot) = self.call_slot(call) else {
            return;
        };
        slot.sent = now;
        let ends = (slot.server, slot.client);
        let flight = Flight::new(ends, PortId::NONE, Payload::Reply(call, result), bytes);
        if !work.is_zero() {
            self.work_on_answer(ends.0, work, Parked::Answer { flight, wait });
        } else if wait > 0 {
            let parked = self.park(Parked::Answer { flight, wait: 0 });
            self.schedule(now + wait, Kind::Parked, 0, parked);
        } else {
            self.transmit(flight);
        }
    }

    fn work_on_answer(&mut self, server: NodeId, work: VirtualDuration, answer: Parked) {
        let parked = self.park(answer);
        let work = Work {
            ns: work.as_nanos_f64(),
            system: false,
            reclaim: false,
        };
        self.submit(server, work, Some(Wake::Parked(parked)));
    }

    pub(in crate::world) fn park(&mut self, what: Parked) -> u64 {
        let number = self.parked_next;
        self.parked_next += 1;
        self.parked.insert(number, what);
        number
    }

    /// What was parked goes on.
    pub(in crate::world) fn unpark(&mut self, number: u64) {
        let now = self.now;
        match self.parked.remove(&number) {
            None => {}
            Some(Parked::Request { port, call, late }) => self.admit(port, call, late),
            Some(Parked::Copy { slot, of }) => self.late_copy(slot, of),
            Some(Parked::Answer { flight, wait }) if wait > 0 => {
                let parked = self.park(Parked::Answer { flight, wait: 0 });
                self.schedule(now + wait, Kind::Parked, 0, parked);
            }
            Some(Parked::Answer { flight, .. }) => {
                let Payload::Reply(call, _) = flight.payload else {
                    return;
                };
                let there = self.call_slot(call).is_some_and(|slot| !slot.cut_off);
                if there && self.remembers(call) {
                    if let Some(slot) = self.call_slot(call) {
                        slot.sent = now;
                    }
                    self.transmit(flight);
                }
            }
        }
    }
}
