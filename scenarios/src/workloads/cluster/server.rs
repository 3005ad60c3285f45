//! The replicas of one node: who comes in, who waits, who is served.

use super::caller::Caller;
use super::guard::admission::Admission;
use super::guard::cache::Cache;
use super::place::{Place, Waiting};
use super::shared::{CHECK, FORM, HANDSHAKE, NEW, Shared};
use super::store;
use core::cell::{Cell, RefCell};
use squall_core::world::{CallError, Cx, Inbox, Incoming, Reply};
use squall_core::{VirtualDuration, WallTime};
use std::rc::Rc;

/// The process of one node.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) cx: Cx,
    pub(super) shared: Rc<Shared>,
    pub(super) caller: Rc<Caller>,
    /// By replica; `None` for those of other nodes.
    pub(super) places: RefCell<Vec<Option<Place>>>,
    /// Visits that are served on this node.
    serving: Cell<u32>,
    /// When a restarted process began, by its monotonic clock.
    pub(super) restarted: Option<VirtualDuration>,
}

/// How a visit ended, for records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum VisitEnd {
    Ok,
    Failed,
    Shed,
}

/// Serves all replicas of a node, for ever.
pub(super) async fn serve(cx: Cx, shared: Rc<Shared>) {
    let config = &shared.config;
    let first = shared.begins(cx.node());
    let place = |(number, replica): (usize, &super::config::Replica)| {
        let service = shared.service(replica.service);
        (replica.node == cx.node()).then(|| {
            let set = service
                .working_set
                .map(|bytes| cx.memory_set(bytes, config.zipf, config.written));
            let key = shared.cache_key(replica.service).child(number as u64);
            let cache = service.cache.as_ref();
            let cache = cache.map(|rules| Cache::new(rules, first, key));
            Place::new(config, set, cache)
        })
    };
    for (replica, place) in config.replicas.iter().enumerate() {
        if place.node == cx.node() {
            let replica = u32::try_from(replica).expect("fewer than 2^32 replicas");
            store::begin(&cx, &shared, replica).await;
        }
    }
    let places = config.replicas.iter().enumerate().map(place).collect();
    let called = config.called_from(cx.node());
    let restarted = (!first && config.warm_up.is_some()).then(|| cx.monotonic());
    let server = Rc::new(Server {
        caller: Rc::new(Caller::new(&cx, Rc::clone(&shared), &called)),
        places: RefCell::new(places),
        serving: Cell::new(0),
        restarted,
        shared: Rc::clone(&shared),
        cx: cx.clone(),
    });
    let (clients, services) = (cx.listen(&shared.doors[0]), cx.listen(&shared.doors[1]));
    if config.health.is_some() {
        let checks = cx.listen(&shared.doors[2]);
        cx.spawn(accept(Rc::clone(&server), checks));
        server.caller.check_all(&cx, &called);
    }
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
        let flags = incoming.request.args[3];
        if cx.knob(self.shared.knobs.drain) > 1.5 || self.shared.fleet.is_down(cx.node()) {
            incoming.fail(cx, 503, None);
            return;
        }
        if flags & FORM != 0 && !self.shared.version_2(cx) {
            incoming.fail(cx, 400, None);
            return;
        }
        if flags & HANDSHAKE != 0 {
            cx.spawn(Rc::clone(self).shake_hands(incoming));
            return;
        }
        if flags & CHECK != 0 && config.health.is_some_and(|health| !health.work) {
            incoming.reply(cx, Reply::default());
            return;
        }
        let others = self.shared.service(service).replicas.iter();
        let others = others.map(|other| config.replicas[*other as usize].node);
        if flags & CHECK == 0 && self.shared.fleet.turns_away(cx, flags & NEW != 0, others) {
            incoming.fail(cx, 503, None);
            return;
        }
        let waiting = Waiting {
            number: self.shared.visit_begins(cx, service),
            incoming,
        };
        let mut places = self.places.borrow_mut();
        let place = places[replica as usize]
            .as_mut()
            .expect("a call goes to the node of its replica");
        let (free, inside) = (place.busy < self.slots(service), place.busy as usize);
        let inside = inside + place.waiting();
        if self.turned_away(place.admission, inside, &waiting) {
            if let Some(refused) = self.shared.guards.refused {
                cx.event(refused, u64::from(service), inside as u64);
            }
            self.shed(service, waiting);
        } else if free && self.serving.get() < self.threads() {
            // Some may wait, if there were fewer slots for a time.
            place.push(config, waiting);
            while let Some(first) = place.first() {
                if let Some(first) = self.fits(service, place, first) {
                    place.busy += 1;
                    self.serving.set(self.serving.get() + 1);
                    cx.spawn(Rc::clone(self).work(service, first));
                    return;
                }
            }
        } else if place.waiting() < config.queue_capacity {
            place.push(config, waiting);
            self.shared.meter.queue(place.waiting());
        } else {
            let queued = place.waiting() as u64;
            cx.event(self.shared.events.queue_full, u64::from(service), queued);
            self.shed(service, waiting);
        }
    }

    /// Whether admission control keeps a visit out.
    fn turned_away(&self, admission: Option<Admission>, inside: usize, visit: &Waiting) -> bool {
        match (self.shared.config.admission, admission) {
            (Some(rules), Some(admission)) => !admission.admits(rules, inside, visit.is_critical()),
            _ => false,
        }
    }

    /// Answers a visit that is not served.
    fn shed(&self, service: u32, waiting: Waiting) {
        self.shared
            .visit_ends(&self.cx, (service, waiting.number), VisitEnd::Shed);
        waiting.incoming.fail(&self.cx, 503, None);
    }

    /// The visit whose turn comes, unless it is too late for it or it waited too long.
    fn fits(&self, service: u32, place: &mut Place, waiting: Waiting) -> Option<Waiting> {
        let (config, cx) = (&self.shared.config, &self.cx);
        if config.deadline_drop {
            let hopeless = cx.wall_clock() + self.shared.service(service).cost;
            if deadline_of(&waiting.incoming) <= hopeless {
                let what = (service, waiting.number);
                self.shared.visit_ends(cx, what, VisitEnd::Shed);
                cx.event(self.shared.events.dropped, u64::from(service), 0);
                return None;
            }
        }
        if config.codel.is_none() && config.admission.is_none() {
            return Some(waiting);
        }
        let now = cx.now();
        let delay = now.since(waiting.incoming.arrived);
        if let (Some(rules), Some(admission)) = (config.admission, &mut place.admission) {
            admission.learn(rules, now, delay);
        }
        if let Some(rules) = config.codel
            && place.codel.refuses(rules, now, delay)
        {
            if let Some(sloughed) = self.shared.guards.sloughed {
                cx.event(sloughed, u64::from(service), delay.as_nanos());
            }
            self.shed(service, waiting);
            return None;
        }
        Some(waiting)
    }

    /// How many visits a replica serves at once.
    fn slots(&self, service: u32) -> u32 {
        let knob = count(self.cx.knob(self.shared.knobs.slots));
        self.shared.service(service).concurrency.min(knob)
    }

    /// How many visits the node serves at once.
    fn threads(&self) -> u32 {
        let knob = count(self.cx.knob(self.shared.knobs.threads));
        self.shared.config.threads.unwrap_or(u32::MAX).min(knob)
    }

    /// Serves one visit, then those that wait.
    async fn work(self: Rc<Self>, service: u32, first: Waiting) {
        let mut next = Some((service, first));
        while let Some((service, waiting)) = next {
            let replica = waiting.incoming.request.method;
            self.visit(service, waiting).await;
            next = self.next(service, replica);
        }
    }

    /// Who is next; if nobody waits, the turn is given back.
    fn next(&self, service: u32, replica: u32) -> Option<(u32, Waiting)> {
        let mut places = self.places.borrow_mut();
        let place = places[replica as usize].as_mut()?;
        self.shared.meter.queue(place.waiting());
        let shared =
            self.shared.config.threads.is_some() || self.cx.knob_changed(self.shared.knobs.threads);
        if !shared && place.busy <= self.slots(service).max(1) {
            while let Some(waiting) = place.next(&self.shared.config) {
                if let Some(waiting) = self.fits(service, place, waiting) {
                    return Some((service, waiting));
                }
            }
        }
        place.busy -= 1;
        self.serving.set(self.serving.get() - 1);
        if shared && self.serving.get() < self.threads() {
            return self.next_of_node(&mut places);
        }
        None
    }

    /// Where threads are shared: the replica with a free slot whose queue waits longest is next.
    fn next_of_node(&self, places: &mut [Option<Place>]) -> Option<(u32, Waiting)> {
        let config = &self.shared.config;
        loop {
            let due = |(number, place): (usize, &Option<Place>)| {
                let (place, service) = (place.as_ref()?, config.replicas[number].service);
                let free = place.busy < self.slots(service);
                let oldest = place.oldest().filter(|_| free)?;
                Some((oldest, number))
            };
            let (_, number) = places.iter().enumerate().filter_map(due).min()?;
            let (place, service) = (places[number].as_mut()?, config.replicas[number].service);
            let waiting = place.next(config)?;
            if let Some(waiting) = self.fits(service, place, waiting) {
                place.busy += 1;
                self.serving.set(self.serving.get() + 1);
                return Some((service, waiting));
            }
        }
    }

    /// The work of a new connection.
    async fn shake_hands(self: Rc<Self>, incoming: Incoming) {
        let mut draw = self.cx.key("connect").child(incoming.request.key);
        draw = draw.child(incoming.request.args[0]);
        if let Some(pool) = &self.shared.config.pool {
            let work = pool.connect.sample(&mut draw.at(0)).max(0.0);
            self.cx.compute(VirtualDuration::from_nanos_f64(work)).await;
        }
        incoming.reply(&self.cx, Reply::default());
    }
}

/// A knob that counts.
fn count(knob: f64) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "`as` saturates, and what is no number is zero"
    )]
    let count = knob.round() as u32;
    count
}

/// The deadline of a call, by the wall clock of its caller.
pub(super) const fn deadline_of(incoming: &Incoming) -> WallTime {
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
