//! Calls: request and reply with a deadline, and what faults do to them.

use super::Wake;
use super::clock::Due;
use super::kernel::{Kernel, Kind};
use super::message::{
    Arrived, Call, CallError, CallRef, CallState, Flight, Limit, Payload, Reply, Request,
    WaitingCall,
};
use crate::plan::{Arithmetic, CallRule};
use crate::{
    EntryId, Key, NodeId, PortId, Sample, ServiceId, SpanId, VirtualDuration, VirtualTime,
};

/// A service by name, wherever it runs.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) ports: Vec<PortId>,
    /// Calls that arrived: the ordinal of the next.
    calls: u64,
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    id: EntryId,
    client: Option<NodeId>,
    rule: CallRule,
    key: Key,
    bucket: Bucket,
}

/// A token bucket with continuous refill.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: f64,
    filled: u64,
}

impl Bucket {
    /// Takes `cost` tokens, or says how many nanoseconds are missing.
    fn take(&mut self, now: u64, (rate, burst, cost): (f64, f64, f64)) -> Result<(), u64> {
        let refill = (now - self.filled) as f64 / 1e9 * rate;
        self.tokens = (self.tokens + refill).min(burst);
        self.filled = now;
        // What does not fit into the bucket at all must still pass a full one.
        let needed = cost.min(burst);
        if self.tokens >= needed {
            self.tokens -= cost;
            return Ok(());
        }
        let missing = (needed - self.tokens) / rate * 1e9;
        Err(VirtualDuration::from_nanos_f64(libm::ceil(missing)).as_nanos())
    }
}

/// What the rules say about a call that arrives.
#[derive(Default)]
struct Fate {
    answer: Option<CallError>,
    delay: u64,
    hang: bool,
}

impl Kernel {
    pub(super) fn service(&mut self, name: &str) -> ServiceId {
        let id = self.service_names.intern(name);
        if id.index() == self.services.len() {
            self.services.push(Service {
                ports: Vec::new(),
                calls: 0,
                rules: Vec::new(),
            });
        }
        ServiceId(id.0)
    }

    /// Puts a rule in force for calls of a service, or takes it away.
    pub(super) fn call_overlay(
        &mut self,
        (id, service): (EntryId, ServiceId),
        rule: Option<(Option<NodeId>, CallRule, Key)>,
    ) {
        let now = self.now;
        let rules = &mut self.services[service.index()].rules;
        rules.retain(|other| other.id != id);
        if let Some((client, rule, key)) = rule {
            let tokens = match rule {
                CallRule::RateLimit { burst, .. } => burst,
                _ => 0.0,
            };
            let bucket = Bucket {
                tokens,
                filled: now,
            };
            rules.push(Rule {
                id,
                client,
                rule,
                key,
                bucket,
            });
            rules.sort_by_key(|rule| rule.id);
        }
    }

    pub(super) fn call_ref(&self, index: usize) -> CallRef {
        CallRef {
            index: u32::try_from(index).expect("fewer than 2^32 calls"),
            generation: self.calls[index].generation,
        }
    }
    pub(super) fn call_slot(&mut self, call: CallRef) -> Option<&mut Call> {
        let slot = self.calls.get_mut(call.index as usize)?;
        (slot.generation == call.generation).then_some(slot)
    }
    pub(super) fn is_pending(&self, call: CallRef) -> bool {
        let slot = &self.calls[call.index as usize];
        slot.generation == call.generation && matches!(slot.state, CallState::Pending(_))
    }

    /// Starts a call: the request is on its way, the deadline is set.
    pub(super) fn start_call(
        &mut self,
        client: NodeId,
        port: PortId,
        (request, limit, span, bytes): (Request, Limit, SpanId, u32),
    ) -> CallRef {
        if self.triggers.is_some() {
            self.match_call(client, port);
        }
        let deadline = self.deadline_of(client, limit);
        let server = self.ports[port.index()].node;
        let connection = self.connect(client, server);
        let fresh = |generation| Call {
            generation,
            client,
            server,
            port,
            request,
            deadline,
            span,
            waker: None,
            state: CallState::Pending(false),
            sent: 0,
            network: 0,
            reply_lost: None,
            late_error: None,
            connection,
            cut_off: false,
        };
        let index = match self.calls_free.pop() {
            Some(index) => {
                let slot = &mut self.calls[index as usize];
                *slot = fresh(slot.generation);
                index as usize
            }
            None => {
                self.calls.push(fresh(0));
                self.calls.len() - 1
            }
        };
        let call = self.call_ref(index);
        self.calls[index].sent = self.now;
        if let Limit::Monotonic(target) = limit {
            let due = Due::Deadline(call.index, u64::from(call.generation));
            self.arm_by_clock(client, target, due);
        } else if deadline < VirtualTime::MAX {
            let (at, word) = (deadline.as_nanos(), u64::from(call.generation));
            self.schedule(at.max(self.now), Kind::Deadline, call.index, word);
        }
        self.transmit(Flight::new(
            (client, server),
            port,
            Payload::Call(call),
            bytes,
        ));
        call
    }

    /// The limit of a call that begins now and may last for `duration`.
    pub(super) fn limit(&mut self, client: NodeId, duration: VirtualDuration) -> Limit {
        let now = self.now;
        match self.clock(client) {
            None => Limit::At(self.time().saturating_add(duration)),
            Some(clock) => {
                let target = clock.monotonic(now).saturating_add(duration.as_nanos());
                Limit::Monotonic(target)
            }
        }
    }
    /// The virtual time of a limit, if the client's clock goes on as it does.
    fn deadline_of(&mut self, client: NodeId, limit: Limit) -> VirtualTime {
        match limit {
            Limit::At(deadline) => deadline,
            Limit::Monotonic(target) => {
                let due = self.clock(client).and_then(|clock| clock.due(target));
                due.map_or(VirtualTime::MAX, VirtualTime::from_nanos)
            }
        }
    }

    /// Frees a call's slot; whatever is still under way for it becomes stale.
    pub(super) fn free_call(&mut self, call: CallRef) {
        if self.is_pending(call) {
            // Given up.
            self.close_connection(call);
        }
        if let Some(slot) = self.call_slot(call) {
            slot.generation = slot.generation.wrapping_add(1);
            slot.state = CallState::Free;
            slot.waker = None;
            self.calls_free.push(call.index);
        }
    }

    /// Ends a call, if it still is one, and wakes the client.
    pub(super) fn finish_call(&mut self, call: CallRef, result: Result<Reply, CallError>) {
        if let Some(slot) = self.call_slot(call)
            && matches!(slot.state, CallState::Pending(_))
        {
            slot.state = CallState::Done(result);
            let waker = slot.waker.take();
            if let Err(CallError::Deadline | CallError::Reset | CallError::Refused) = result {
                self.close_connection(call);
            }
            if let Some(wake) = waker {
                self.wake(wake);
            }
        }
    }

    pub(super) fn deadline_passed(&mut self, index: u32, word: u64) {
        let reference = self.call_ref(index as usize);
        if u64::from(reference.generation) == word {
            self.finish_call(reference, Err(CallError::Deadline));
        }
    }

    /// A message of the call left its link.
    pub(super) fn leave_link(&mut self, call: CallRef) {
        let now = self.now;
        if let Some(slot) = self.call_slot(call) {
            slot.network += now - slot.sent;
        }
    }

    /// A request reached its server.
    pub(super) fn arrive_call(&mut self, port: PortId, call: CallRef) {
        let now = self.now;
        self.leave_link(call);
        let Some(slot) = self.call_slot(call) else {
            return;
        };
        slot.state = match slot.state {
            CallState::Pending(_) => CallState::Pending(true),
            done => done,
        };
        if !self.accepts(call) {
            // A host resets a connection that it does not know.
            self.reply_from_network(call, CallError::Reset);
            return;
        }
        let fate = self.fate_of(port, call);
        if let Some(error) = fate.answer {
            self.reply_from_network(call, error);
        } else if fate.hang {
            // Accepted, and nothing happens.
        } else if fate.delay > 0 {
            let word = (u64::from(port.0) << 32) | u64::from(call.generation);
            self.schedule(now + fate.delay, Kind::Admit, call.index, word);
        } else {
            self.admit(port, call);
        }
    }

    /// Hands a request to the service.
    pub(super) fn admit(&mut self, port: PortId, call: CallRef) {
        let place = &self.ports[port.index()];
        if !place.open {
            self.reply_from_network(call, CallError::Refused);
        } else {
            let arrived = self.time();
            if let Some(slot) = self.call_slot(call) {
                let waiting = WaitingCall {
                    call,
                    request: slot.request,
                    from: slot.client,
                    deadline: slot.deadline,
                    arrived,
                    span: slot.span,
                };
                self.enqueue(port, Arrived::Call(waiting));
            }
        }
    }
    pub(super) fn admit_delayed(&mut self, index: u32, word: u64) {
        #[expect(clippy::cast_possible_truncation, reason = "the two halves of a word")]
        let (port, generation) = (PortId((word >> 32) as u32), word as u32);
        self.admit(port, CallRef { index, generation });
    }

    /// The service, or what stands before it, answers.
    pub(super) fn reply(&mut self, call: CallRef, result: Result<Reply, CallError>, bytes: u32) {
        let now = self.now;
        let Some(slot) = self.call_slot(call).filter(|slot| !slot.cut_off) else {
            return;
        };
        slot.sent = now;
        let (from, to) = (slot.server, slot.client);
        let result = match (slot.reply_lost, slot.late_error) {
            (Some(id), _) => {
                self.land(id, 1);
                return;
            }
            (None, Some((id, error))) => {
                self.land(id, 1);
                Err(error)
            }
            (None, None) => result,
        };
        let reply = Payload::Reply(call, result);
        self.transmit(Flight::new((from, to), PortId::NONE, reply, bytes));
    }

    /// An answer that no code of the service made.
    pub(super) fn reply_from_network(&mut self, call: CallRef, error: CallError) {
        let now = self.now;
        if let Some(slot) = self.call_slot(call) {
            slot.sent = now;
            let (from, to) = (slot.server, slot.client);
            let reply = Payload::Reply(call, Err(error));
            let bytes = super::CALL_BYTES;
            self.transmit(Flight::new((from, to), PortId::NONE, reply, bytes));
        }
    }

    /// Asks every rule about a call that arrives, stage by stage.
    fn fate_of(&mut self, port: PortId, call: CallRef) -> Fate {
        let service = self.nodes[self.ports[port.index()].node.index()]
            .ports
            .iter()
            .find(|(_, p)| *p == port)
            .map(|(service, _)| *service)
            .expect("a port belongs to a service");
        let service = &mut self.services[service.index()];
        let ordinal = service.calls;
        service.calls += 1;
        if service.rules.is_empty() {
            return Fate::default();
        }
        let slot = &mut self.calls[call.index as usize];
        let mut fate = Fate::default();
        let rules = service
            .rules
            .iter_mut()
            .filter(|r| r.client.is_none_or(|c| c == slot.client));
        let mut applicable: Vec<&mut Rule> = rules.collect();
        self.landed_now.clear();
        for rule in &mut applicable {
            limit(
                rule,
                self.now,
                slot.request.cost,
                &mut fate,
                &mut self.landed_now,
            );
        }
        for rule in &mut applicable {
            decide(rule, ordinal, slot, &mut fate, &mut self.landed_now);
        }
        self.land_collected();
        fate
    }
}

/// Stage 1: a call must pass every bucket; each bucket is asked, so that none depends on the others.
fn limit(rule: &mut Rule, now: u64, cost: u32, fate: &mut Fate, landed: &mut Vec<EntryId>) {
    let CallRule::RateLimit {
        rate,
        burst,
        by_cost,
        status,
        retry_after,
    } = rule.rule
    else {
        return;
    };
    let cost = if by_cost { f64::from(cost) } else { 1.0 };
    if let Err(missing) = rule.bucket.take(now, (rate, burst, cost)) {
        landed.push(rule.id);
        let retry_after = retry_after.then(|| VirtualDuration::from_nanos(missing));
        fate.answer.get_or_insert(CallError::Status {
            code: status,
            retry_after,
        });
    }
}

/// Stages 2 to 6. Every rule draws for every call, whether or not an earlier one has decided.
fn decide(rule: &Rule, ordinal: u64, slot: &mut Call, fate: &mut Fate, landed: &mut Vec<EntryId>) {
    let mut draw = rule.key.at(ordinal);
    let ended = fate.answer.is_some() || fate.hang;
    match &rule.rule {
        CallRule::RateLimit { .. } => {}
        CallRule::Error {
            status,
            share,
            after_effect,
            retry_after,
        } => {
            let error = CallError::Status {
                code: *status,
                retry_after: *retry_after,
            };
            if draw.chance(*share) && !ended {
                if *after_effect {
                    slot.late_error.get_or_insert((rule.id, error));
                } else {
                    landed.push(rule.id);
                    fate.answer = Some(error);
                }
            }
        }
        CallRule::Delay { delay, mode, share } => {
            if draw.chance(*share) && !ended {
                let drawn = delay.sample(&mut draw).max(0.0);
                let ns = match mode {
                    Arithmetic::Add | Arithmetic::Replace => drawn,
                    // The base of a call is the way its request took.
                    Arithmetic::Scale => slot.network as f64 * (drawn - 1.0).max(0.0),
                };
                let ns = VirtualDuration::from_nanos_f64(ns).as_nanos();
                if ns > 0 {
                    landed.push(rule.id);
                }
                fate.delay = match mode {
                    Arithmetic::Replace => ns,
                    _ => fate.delay + ns,
                };
            }
        }
        CallRule::Hang { share } => {
            if draw.chance(*share) && !ended {
                landed.push(rule.id);
                fate.hang = true;
            }
        }
        CallRule::LostReply { share } => {
            if draw.chance(*share) && !ended {
                slot.reply_lost.get_or_insert(rule.id);
            }
        }
    }
}

/// Waits for the call's end: registers the waker, or gives the result.
impl Kernel {
    pub(super) fn poll_call(
        &mut self,
        call: CallRef,
        waker: &core::task::Waker,
    ) -> Option<Result<Reply, CallError>> {
        let slot = self.call_slot(call)?;
        match slot.state {
            CallState::Done(result) => Some(result),
            _ => {
                if !slot.waker.as_ref().is_some_and(|wake| wake.is(waker)) {
                    slot.waker = Some(Wake::of(waker));
                }
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_refills_continuously_and_says_when() {
        let mut bucket = Bucket {
            tokens: 2.0,
            filled: 0,
        };
        let second = 1_000_000_000;
        let rule = (1.0, 2.0, 1.0);
        assert_eq!(bucket.take(0, rule), Ok(()));
        assert_eq!(bucket.take(0, rule), Ok(()));
        assert_eq!(bucket.take(0, rule), Err(second));
        assert_eq!(bucket.take(second / 2, rule), Err(second / 2));
        assert_eq!(bucket.take(second, rule), Ok(()));
        assert_eq!(bucket.take(100 * second, (1.0, 2.0, 50.0)), Ok(()));
        assert!(bucket.tokens < 0.0, "a large request leaves a debt");
    }
}
