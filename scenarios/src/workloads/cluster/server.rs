//! The replicas of one node.

use super::balance::Caller;
use super::shared::{Door, Shared, Visit};
use super::store;
use core::cell::RefCell;
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::Poll;
use squall_core::history::Outcome;
use squall_core::world::{CallError, Cx, Inbox, Incoming, MemorySet, Reply};
use squall_core::{Sample, VirtualDuration, WallTime};
use std::collections::VecDeque;
use std::rc::Rc;

/// A replica's turn of affairs.
#[derive(Debug)]
struct Place {
    set: Option<MemorySet>,
    busy: u32,
    queue: VecDeque<Incoming>,
}

/// The process of one node.
#[derive(Debug)]
struct Server {
    cx: Cx,
    shared: Rc<Shared>,
    caller: Caller,
    /// By replica; `None` for those of other nodes.
    places: RefCell<Vec<Option<Place>>>,
}

/// Serves all replicas of a node, for ever.
pub(super) async fn serve(cx: Cx, shared: Rc<Shared>) {
    let config = &shared.config;
    let place = |replica: &super::config::Replica| {
        let service = shared.service(replica.service);
        (replica.node == cx.node()).then(|| Place {
            set: service
                .working_set
                .map(|bytes| cx.memory_set(bytes, config.zipf, config.written)),
            busy: 0,
            queue: VecDeque::new(),
        })
    };
    for (replica, place) in config.replicas.iter().enumerate() {
        if place.node == cx.node() {
            let replica = u32::try_from(replica).expect("fewer than 2^32 replicas");
            store::begin(&cx, &shared, replica).await;
        }
    }
    let places = config.replicas.iter().map(place).collect();
    let server = Rc::new(Server {
        caller: Caller::new(&cx, Rc::clone(&shared)),
        places: RefCell::new(places),
        shared: Rc::clone(&shared),
        cx: cx.clone(),
    });
    let (clients, services) = (cx.listen(&shared.doors[0]), cx.listen(&shared.doors[1]));
    cx.spawn(accept(Rc::clone(&server), clients));
    accept(server, services).await;
}

async fn accept(server: Rc<Server>, inbox: Inbox) {
    loop {
        let incoming = inbox.accept().await;
        server.admit(incoming);
    }
}

impl Server {
    /// A visit begins, waits or is refused.
    fn admit(self: &Rc<Self>, incoming: Incoming) {
        let (config, cx) = (&self.shared.config, &self.cx);
        let replica = incoming.request.method;
        let service = config.replicas[replica as usize].service;
        if cx.knob(self.shared.knobs.drain) > 1.5 || self.shared.fleet.is_down(cx.node()) {
            incoming.fail(cx, 503, None);
            return;
        }
        if incoming.request.args[2] > 0 && !self.shared.version_2(cx) {
            incoming.fail(cx, 400, None);
            return;
        }
        let others = self.shared.service(service).replicas.iter();
        let mut others = others.map(|other| config.replicas[*other as usize].node);
        let new = incoming.request.args[3] > 0;
        if self.shared.fleet.turns_away(cx, new, &mut others) {
            incoming.fail(cx, 503, None);
            return;
        }
        let mut places = self.places.borrow_mut();
        let place = places[replica as usize]
            .as_mut()
            .expect("a call goes to the node of its replica");
        if place.busy < self.slots(service) {
            place.busy += 1;
            // Some may wait, if there were fewer slots for a time.
            place.queue.push_back(incoming);
            let first = place.queue.pop_front().expect("one was put there");
            cx.spawn(Rc::clone(self).work(service, first));
        } else if place.queue.len() < config.queue_capacity {
            place.queue.push_back(incoming);
            self.shared.meter.queue(place.queue.len());
        } else {
            let waiting = place.queue.len() as u64;
            cx.event(self.shared.events.queue_full, u64::from(service), waiting);
            incoming.fail(cx, 503, None);
        }
    }

    /// How many visits a replica serves at once.
    fn slots(&self, service: u32) -> u32 {
        let knob = self.cx.knob(self.shared.knobs.slots);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "`as` saturates, and what is no number is zero"
        )]
        let slots = knob.round() as u32;
        self.shared.service(service).concurrency.min(slots)
    }

    /// Serves one visit, then those that wait.
    async fn work(self: Rc<Self>, service: u32, first: Incoming) {
        let replica = first.request.method;
        let mut next = Some(first);
        while let Some(incoming) = next {
            self.visit(service, incoming).await;
            next = self.next(service, replica);
        }
    }

    /// Who is next; if nobody waits, the turn is given back.
    fn next(&self, service: u32, replica: u32) -> Option<Incoming> {
        let config = &self.shared.config;
        let mut places = self.places.borrow_mut();
        let place = places[replica as usize].as_mut()?;
        self.shared.meter.queue(place.queue.len());
        if place.busy > self.slots(service).max(1) {
            place.busy -= 1;
            return None;
        }
        let hopeless = self.cx.wall_clock() + self.shared.service(service).cost;
        loop {
            let next = if config.lifo {
                place.queue.pop_back()
            } else {
                place.queue.pop_front()
            };
            match next {
                None => {
                    place.busy -= 1;
                    return None;
                }
                Some(late) if config.deadline_drop && deadline_of(&late) <= hopeless => {
                    self.cx
                        .event(self.shared.events.dropped, u64::from(service), 0);
                }
                next => return next,
            }
        }
    }

    async fn visit(&self, service: u32, incoming: Incoming) {
        let operation = incoming.operation(&self.cx, self.shared.spans[service as usize]);
        let cx = operation.cx();
        let visit = Visit {
            request: incoming.request.key,
            path: incoming.request.args[0],
            new: incoming.request.args[3] > 0,
        };
        self.shared.fleet.visited(cx, visit.request, visit.new);
        let mut result = self
            .compute(cx, service, incoming.request.method, visit)
            .await;
        if result.is_ok() {
            let place = (service, incoming.request.method);
            result = store::visit(cx, &self.shared, place, visit).await;
        }
        if result.is_ok() {
            result = self
                .call_all(cx, service, visit, deadline_of(&incoming))
                .await;
        }
        match result {
            Ok(()) => {
                operation.end(Outcome::Ok);
                incoming.reply(&self.cx, Reply::default());
            }
            Err(code) => {
                operation.end(Outcome::Fail);
                incoming.fail(&self.cx, code, None);
            }
        }
    }

    /// The visit's own work.
    async fn compute(&self, cx: &Cx, service: u32, replica: u32, visit: Visit) -> Result<(), u16> {
        let (shared, config) = (&self.shared, &self.shared.config);
        let known = shared.service(service);
        let [mut cpu, mut error] = shared.draws(service, visit);
        let mut work = known.cpu.sample(&mut cpu) / cx.knob(shared.knobs.capacity).max(1e-6);
        let new = shared.version_2(cx);
        if new {
            work *= config.version_cpu;
        }
        let work = VirtualDuration::from_nanos_f64(work.max(0.0));
        let set = self.places.borrow()[replica as usize]
            .as_ref()
            .and_then(|place| place.set);
        match set {
            Some(set) => cx.compute(work).touching(set, known.pages).await,
            None => cx.compute(work).await,
        }
        if new && error.chance(config.version_errors) {
            return Err(500);
        }
        Ok(())
    }

    /// Calls all callees; the first error is the visit's own.
    async fn call_all(
        &self,
        cx: &Cx,
        service: u32,
        visit: Visit,
        deadline: WallTime,
    ) -> Result<(), u16> {
        let callees = &self.shared.service(service).callees;
        let call = |(index, callee): (usize, &u32)| {
            self.call(cx, *callee, visit.below(index as u64), deadline)
        };
        let mut calls = callees.iter().enumerate().map(call);
        if self.shared.config.sequential || callees.len() < 2 {
            for call in calls.by_ref() {
                call.await?;
            }
            return Ok(());
        }
        type Calls<'a> = Vec<Option<Pin<Box<dyn Future<Output = Result<(), u16>> + 'a>>>>;
        let mut waiting: Calls<'_> = calls.map(|call| Some(Box::pin(call) as _)).collect();
        poll_fn(|context| {
            let mut all = true;
            for slot in &mut waiting {
                let Some(call) = slot else { continue };
                match call.as_mut().poll(context) {
                    Poll::Ready(Ok(())) => *slot = None,
                    Poll::Ready(error) => return Poll::Ready(error),
                    Poll::Pending => all = false,
                }
            }
            if all {
                Poll::Ready(Ok(()))
            } else {
                Poll::Pending
            }
        })
        .await
    }

    /// One call with its tries, inside what is left of the deadline.
    async fn call(
        &self,
        cx: &Cx,
        callee: u32,
        visit: Visit,
        deadline: WallTime,
    ) -> Result<(), u16> {
        let config = &self.shared.config;
        let mut attempt = 0;
        loop {
            let now = cx.wall_clock();
            if now >= deadline {
                return Err(504);
            }
            let until = match config.hop_timeout {
                Some(timeout) => deadline.min(now.saturating_add(timeout)),
                None => deadline,
            };
            let what = (Door::Service, callee);
            let result = self.caller.call(cx, what, (visit, attempt), until).await;
            attempt += 1;
            match result {
                Ok(()) => return Ok(()),
                Err(_) if attempt < u64::from(config.hop_attempts) => {
                    let retried = self.shared.events.hop_retried;
                    cx.event(retried, u64::from(callee), 0);
                }
                Err(error) => return Err(status(error)),
            }
        }
    }
}

/// The deadline of a call, by the wall clock of its caller.
const fn deadline_of(incoming: &Incoming) -> WallTime {
    WallTime::from_nanos(incoming.request.args[1].cast_signed())
}

/// What a caller is told of an error further down: a status as a gateway would make it.
pub(super) const fn status(error: CallError) -> u16 {
    match error {
        CallError::Deadline => 504,
        CallError::Refused | CallError::Reset | CallError::Cut { .. } => 502,
        CallError::Status { code, .. } => code,
    }
}
