//! Calls: request and reply with a deadline, and what faults do to them.

mod late;
mod rules;

use super::Wake;
use super::clock::Due;
use super::kernel::{Kernel, Kind};
use super::message::{
    Arrived, Call, CallError, CallRef, CallState, Flight, Limit, Payload, Reply, Request,
    WaitingCall,
};
use crate::{EntryId, NodeId, PortId, ServiceId, SpanId, VirtualDuration, VirtualTime};
pub(super) use late::{Late, Parked};
pub(super) use rules::RuleUse;
use rules::{Fate, Rule, decide, limit};

/// A service by name, wherever it runs.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) ports: Vec<PortId>,
    /// Calls that arrived: the ordinal of the next.
    calls: u64,
    rules: Vec<Rule>,
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
        rule: Option<RuleUse>,
    ) {
        let now = self.now;
        let rules = &mut self.services[service.index()].rules;
        rules.retain(|other| other.id != id);
        if let Some(rule) = rule {
            rules.push(Rule::new(id, rule, now));
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
            connection,
            cut_off: false,
            shadow: false,
        };
        let call = self.new_call(fresh);
        self.calls[call.index as usize].sent = self.now;
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

    fn new_call(&mut self, fresh: impl Fn(u32) -> Call) -> CallRef {
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
        self.call_ref(index)
    }

    /// A call for the copy of a request: it may come when the call itself has ended, and nobody waits
    /// for its answer.
    pub(super) fn shadow(&mut self, call: CallRef) -> CallRef {
        let of = &self.calls[call.index as usize];
        let (client, server, port) = (of.client, of.server, of.port);
        let (request, deadline, span) = (of.request, of.deadline, of.span);
        let (connection, now) = (of.connection, self.now);
        self.new_call(|generation| Call {
            generation,
            client,
            server,
            port,
            request,
            deadline,
            span,
            waker: None,
            state: CallState::Pending(false),
            sent: now,
            network: 0,
            connection,
            cut_off: false,
            shadow: true,
        })
    }

    /// The service that listens at a port.
    pub(super) fn service_of(&self, port: PortId) -> ServiceId {
        let ports = &self.nodes[self.ports[port.index()].node.index()].ports;
        let found = ports.iter().find(|(_, p)| *p == port);
        found.expect("a port belongs to a service").0
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
            if self.calls[call.index as usize].shadow {
                self.free_call(call);
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
        let mut fate = self.fate_of(port, call);
        if let Some((error, work)) = fate.answer {
            let wait = self.early_wait(&fate.late);
            self.answer(call, Err(error), super::CALL_BYTES, (wait, work));
        } else if fate.hang {
            // Accepted, and nothing happens.
        } else if fate.delay > 0 {
            fate.late.arrived += fate.delay;
            let late = fate.late.boxed();
            let parked = self.park(Parked::Request { port, call, late });
            self.schedule(now + fate.delay, Kind::Parked, 0, parked);
        } else {
            self.admit(port, call, fate.late.boxed());
        }
    }

    /// Hands a request to the service.
    pub(super) fn admit(&mut self, port: PortId, call: CallRef, late: Option<Box<Late>>) {
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
                    late,
                };
                self.enqueue(port, Arrived::Call(waiting));
            }
        }
    }

    /// An answer that no code of the service made.
    pub(super) fn reply_from_network(&mut self, call: CallRef, error: CallError) {
        let now = (0, VirtualDuration::ZERO);
        self.answer(call, Err(error), super::CALL_BYTES, now);
    }

    /// Asks every rule about a call that arrives, stage by stage.
    fn fate_of(&mut self, port: PortId, call: CallRef) -> Fate {
        let service = self.service_of(port);
        let service = &mut self.services[service.index()];
        let ordinal = service.calls;
        service.calls += 1;
        if service.rules.is_empty() {
            return Fate::default();
        }
        let slot = &self.calls[call.index as usize];
        let mut fate = Fate::arriving(self.now);
        let rules = service.rules.iter_mut().filter(|r| r.concerns(slot));
        let mut applicable: Vec<&mut Rule> = rules.collect();
        self.landed_now.clear();
        for rule in &mut applicable {
            let when = (self.now, ordinal);
            limit(rule, when, slot, &mut fate, &mut self.landed_now);
        }
        // An early error comes before everything else, wherever it stands in the plan.
        applicable.sort_by_key(|rule| !rule.is_early_error());
        for rule in &mut applicable {
            decide(rule, ordinal, &mut fate, &mut self.landed_now);
        }
        self.land_collected();
        fate
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
