//! Workers: they take sessions from the queue, renew their lease, and take over what others lost.

use super::app::{Agent, App};
use super::config::Recovery;
use super::session::session;
use super::store::{Allowance, Given};
use squall_core::{Cx, Sample, VirtualDuration, VirtualTime};
use std::cell::RefCell;
use std::rc::Rc;

/// The process of a worker: anew at every start of its node.
pub(super) async fn worker(cx: Cx, app: Rc<App>, number: usize) {
    let config = &app.config;
    let reading = config.control.as_ref().and_then(|c| c.reading.as_ref());
    let agent = Agent {
        allowance: Rc::new(RefCell::new(Allowance::new())),
        app: Rc::clone(&app),
        cx: cx.clone(),
        worker: number,
        memory: reading.map(|reading| cx.memory_set(reading.memory, 0.8, 0.1)),
    };
    app.store
        .borrow_mut()
        .renew(number, agent.wall() + config.lease);
    if config.recovery != Recovery::None {
        let own = app.store.borrow_mut().owned(number);
        for stream in own {
            begin(&agent, stream);
        }
    }
    cx.spawn(heartbeat(agent.clone()));
    cx.spawn(arrivals(agent.clone()));
    loop {
        let stream = Given(&app.store, number).await;
        let owner = app.store.borrow_mut().stream(stream).owner;
        // Others may have taken it meanwhile.
        if owner as usize == number {
            begin(&agent, stream);
        }
    }
}

/// Claims a stream and runs it.
fn begin(agent: &Agent, stream: u32) {
    let epoch = agent.app.store.borrow_mut().claim(stream, agent.worker);
    if epoch > 1 {
        agent.event(agent.app.names.resumed, u64::from(stream), u64::from(epoch));
    }
    agent.holds(stream, epoch, true);
    agent.cx.spawn(session(agent.clone(), stream, epoch));
}

/// A pass through the heap takes so long for a byte where all of it is there: 1 GB/s (a choice).
const PASS_NS_PER_BYTE: u64 = 1;

/// Renews the lease at a third of its length, and gives away what silent workers had. A worker with a heap has to have
/// gone through it first: if the host pages, that takes as long as the pages take, while its sessions go on.
async fn heartbeat(agent: Agent) {
    let (app, lease) = (&agent.app, agent.config().lease);
    let heap = agent.config().heap;
    // Written to as much as read: what is live is marked.
    let heap = heap.map(|bytes| (bytes, agent.cx.memory_set(bytes, 0.0, 0.5)));
    loop {
        agent.cx.sleep(lease.scaled(1.0 / 3.0)).await;
        if let Some((bytes, set)) = heap {
            let pass = VirtualDuration::from_nanos(bytes.saturating_mul(PASS_NS_PER_BYTE));
            let pages = u32::try_from(bytes >> 12).unwrap_or(u32::MAX);
            agent.cx.compute(pass).scanning(set, pages).await;
        }
        let now = agent.wall();
        let mut store = app.store.borrow_mut();
        store.renew(agent.worker, now + lease);
        if agent.config().recovery == Recovery::Lease {
            for stream in store.orphans(now) {
                store.give(stream, now);
            }
        }
    }
}

/// Every worker waits for the next session; the first to wake accepts it for all.
async fn arrivals(agent: Agent) {
    let app = &agent.app;
    loop {
        let next = app.store.borrow().next();
        let Some((_, at)) = next else { return };
        agent.cx.sleep_until(at).await;
        accept(&agent);
    }
}

fn accept(agent: &Agent) {
    let (app, now) = (&agent.app, agent.now());
    let mut store = app.store.borrow_mut();
    let Some((session, at)) = store.next() else {
        return;
    };
    if at > now {
        return;
    }
    let load = agent.cx.knob(app.knobs.load);
    if load.is_nan() || load <= 0.0 {
        // Nobody comes; look again soon.
        store.set_next(Some((session, now + VirtualDuration::from_secs(1))));
        return;
    }
    let stream = app.stream_of(session);
    store.set_next(
        app.gap(session + 1)
            .map(|gap| (session + 1, now + gap.scaled(1.0 / load))),
    );
    let entry = store.stream(stream);
    let wall = agent.wall();
    (entry.task, entry.accepted, entry.deadline) = (stream, now, wall + app.config.deadline);
    let latest = (now + app.config.deadline + app.config.grace).as_nanos();
    agent.event(app.names.accepted, u64::from(stream), latest);
    store.give(stream, wall);
}

impl App {
    fn stream_of(&self, session: u64) -> u32 {
        let at = usize::try_from(session).expect("fewer sessions than memory");
        let recorded = self.starts.get(at).map(|(_, stream)| *stream);
        recorded.unwrap_or_else(|| u32::try_from(session).expect("fewer than 2^32 sessions"))
    }
    /// The time between a session and the one before; `None` if it does not come.
    pub(super) fn gap(&self, session: u64) -> Option<VirtualDuration> {
        let arrivals = &self.config.arrivals;
        if session >= arrivals.sessions {
            return None;
        }
        if self.config.trace.is_none() {
            let gap = self
                .keys
                .arrival
                .at(session)
                .exponential(1.0 / arrivals.rate);
            return (gap.is_finite()).then(|| VirtualDuration::from_secs_f64(gap));
        }
        let at = usize::try_from(session).ok()?;
        let start = self.starts.get(at)?.0;
        let before = at
            .checked_sub(1)
            .map_or(VirtualDuration::ZERO, |before| self.starts[before].0);
        Some(start.saturating_sub(before))
    }
    /// When the first session comes.
    pub(super) fn first(&self) -> Option<VirtualTime> {
        self.gap(0).map(|gap| VirtualTime::ZERO + gap)
    }
}
