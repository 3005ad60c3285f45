//! The process of one replica: it drives the state machine with time, messages and requests, and does what
//! the machine says.

use super::machine::{Member, Message, Note, Outputs, Raft, Rules, Save, Ticket};
use super::mutant::Mutant;
use super::shared::Shared;
use super::storage::Storage;
use super::wire;
use crate::workloads::cluster::timer::Timer;
use core::cell::Cell;
use core::convert::Infallible;
use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::Poll;
use squall_core::VirtualDuration;
use squall_core::disk::DiskError;
use squall_core::world::{Body, Cx, Inbox, Incoming, Message as Datagram};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Inputs that are taken before what they led to is saved: one sync serves them all.
const BATCH_MAX: usize = 64;

/// A disk that takes longer is on record: a sync may go on long after the fault in which it began, and
/// meanwhile its replica hears and says nothing.
const DISK_WAIT: VirtualDuration = VirtualDuration::from_millis(100);

/// Runs a replica, for ever.
pub(super) async fn run(cx: Cx, shared: Rc<Shared>, me: Member) {
    let inboxes = (cx.listen(&shared.doors[0]), cx.listen(&shared.doors[1]));
    let (mut life, leads) = (0, Cell::new(None));
    match lives(&cx, &shared, (me, &mut life), (&inboxes, &leads)).await {}
}

/// The lives of a replica: after an error of its disk it begins anew with what is there. `leads` is the term in which
/// it leads, for whoever ends it.
pub(super) async fn lives(
    cx: &Cx,
    shared: &Rc<Shared>,
    (me, life): (Member, &mut u64),
    (inboxes, leads): (&(Inbox, Inbox), &Cell<Option<u32>>),
) -> Infallible {
    loop {
        let Err(error) = live(cx, shared, (me, *life), (inboxes, leads)).await;
        cx.event(shared.events.disk_error, error as u64, 0);
        cx.sleep(shared.config.disk_retry).await;
        *life += 1;
    }
}

/// A replica's process between two errors of its disk.
struct Server<'a> {
    cx: &'a Cx,
    shared: &'a Shared,
    storage: Storage,
    raft: Raft,
    tickets: Ticket,
    waiting: BTreeMap<Ticket, Incoming>,
    leads: &'a Cell<Option<u32>>,
}

async fn live(
    cx: &Cx,
    shared: &Rc<Shared>,
    (me, life): (Member, u64),
    ((peers, calls), leads): (&(Inbox, Inbox), &Cell<Option<u32>>),
) -> Result<Infallible, DiskError> {
    let config = &shared.config;
    let dir = format!("{}/{me}", shared.dir);
    let storage = Storage::new(&dir, config.mutant, config.lazy);
    let stored = storage.recover(cx, config.voters).await?;
    let rules = Rules {
        me,
        ..config.rules.clone()
    };
    let key = cx.key("election").child(life);
    let raft = Raft::new(rules, stored, key, reading(cx));
    let mut server = Server {
        cx,
        shared,
        storage,
        raft,
        tickets: 0,
        waiting: BTreeMap::new(),
        leads,
    };
    server.settle().await?;
    let mut timer = Timer::default();
    loop {
        let woken = next((peers, calls), timer.until(cx, server.raft.deadline())).await;
        let mut inputs = Inputs::default();
        inputs.take(woken);
        while inputs.count < BATCH_MAX {
            match () {
                () if !peers.is_empty() => inputs.take(Woken::Message(peers.recv().await)),
                () if !calls.is_empty() => match calls.try_accept() {
                    Some(call) => inputs.take(Woken::Call(call)),
                    None => break,
                },
                () => break,
            }
        }
        timer.rang(inputs.rang);
        let work = config.cpu.as_nanos().saturating_mul(inputs.count as u64);
        if work > 0 {
            cx.compute(VirtualDuration::from_nanos(work)).await;
        }
        server.step(inputs);
        server.settle().await?;
    }
}

fn reading(cx: &Cx) -> u64 {
    cx.monotonic().as_nanos()
}

/// What came before the replica acts.
#[derive(Default)]
struct Inputs {
    messages: Vec<Rc<Message>>,
    calls: Vec<Incoming>,
    count: usize,
    rang: bool,
}

impl Inputs {
    fn take(&mut self, woken: Woken) {
        match woken {
            Woken::Timer => self.rang = true,
            Woken::Call(call) => {
                self.count += 1;
                self.calls.push(call);
            }
            Woken::Message(datagram) => {
                self.count += 1;
                // A message that was damaged on its way does not have its checksum.
                if let (Body::Shared(body), false) = (datagram.body, datagram.damaged)
                    && let Ok(message) = body.downcast::<Message>()
                {
                    self.messages.push(message);
                }
            }
        }
    }
}

impl Server<'_> {
    fn step(&mut self, inputs: Inputs) {
        let now = reading(self.cx);
        if self.shared.config.mutant == Some(Mutant::B09) {
            // Readings keep their order; those before the start of the run are below the others.
            let wall = self.cx.wall_clock().as_nanos().cast_unsigned();
            self.raft.see_wall(wall ^ (1 << 63));
        }
        for message in &inputs.messages {
            self.raft.receive(now, message);
        }
        for call in inputs.calls {
            let Some(request) = wire::asked(&call.request) else {
                call.fail(self.cx, 400, None);
                continue;
            };
            self.tickets += 1;
            self.waiting.insert(self.tickets, call);
            self.raft.request(now, self.tickets, request);
        }
        self.raft.tick(now);
    }
    /// Does what the steps led to, until they lead to nothing more.
    async fn settle(&mut self) -> Result<(), DiskError> {
        loop {
            if !self.raft.has_outputs() {
                self.raft.compact();
            }
            if !self.raft.has_outputs() {
                return Ok(());
            }
            let outputs = self.raft.take_outputs();
            let save = outputs.save;
            // One that acknowledges first says and believes everything before the disk has it.
            if self.shared.config.lazy {
                self.act(outputs);
                self.save(&save).await?;
            } else {
                self.save(&save).await?;
                self.act(outputs);
            }
            if !save.is_empty() {
                self.raft.saved(reading(self.cx));
            }
        }
    }
    /// Waits for the disk, and says so if that takes long.
    async fn save(&self, save: &Save) -> Result<(), DiskError> {
        if save.is_empty() {
            return Ok(());
        }
        let (cx, waits) = (self.cx, self.shared.events.disk_waits);
        let mut saving = pin!(self.storage.save(cx, &self.raft, save));
        let mut long = pin!(cx.sleep(DISK_WAIT));
        let soon = poll_fn(|context| match saving.as_mut().poll(context) {
            Poll::Ready(saved) => Poll::Ready(Some(saved)),
            Poll::Pending => long.as_mut().poll(context).map(|()| None),
        });
        if let Some(saved) = soon.await {
            return saved;
        }
        cx.event(waits, 1, 0);
        let saved = saving.await;
        cx.event(waits, 0, 0);
        saved
    }
    /// Roles are for selectors; of a new leader it is measured how late and in which term it came.
    fn role(&self, note: &Note) {
        let (cx, shared) = (self.cx, self.shared);
        let (term, gained) = match note {
            Note::Elected(term) => (*term, true),
            Note::SteppedDown(term) => (*term, false),
            _ => return,
        };
        self.leads.set(gained.then_some(term));
        match shared.leader {
            Some(leader) if gained => cx.take_role(leader, u64::from(term)),
            Some(leader) => cx.leave_role(leader, u64::from(term)),
            None => {}
        }
        if gained {
            let gap = cx.now().since(shared.led.get()).as_secs_f64();
            cx.sample(shared.events.leaderless, gap);
            cx.sample(shared.events.term_of_leader, f64::from(term));
        }
    }
    fn act(&mut self, outputs: Outputs) {
        let (cx, shared) = (self.cx, self.shared);
        for note in &outputs.notes {
            shared.events.record(cx, note);
            self.role(note);
        }
        if self.raft.leads() {
            shared.led.set(cx.now());
        }
        for (to, message) in outputs.messages {
            let bytes = message.bytes();
            // One that has no place yet hears nothing.
            if let Some(peer) = shared.peer(to) {
                cx.send_sized(peer, Body::Shared(message), bytes);
            }
        }
        for (ticket, answer) in outputs.answers {
            if let Some(call) = self.waiting.remove(&ticket) {
                call.reply(cx, wire::answer(answer));
            }
        }
    }
}

/// What wakes a replica.
pub(super) enum Woken {
    Message(Datagram),
    Call(Incoming),
    Timer,
}

/// The next of them; what has come goes before the time.
pub(super) async fn next(
    (peers, calls): (&Inbox, &Inbox),
    timer: impl Future<Output = ()>,
) -> Woken {
    let mut timer = pin!(timer);
    let mut recv = pin!(peers.recv());
    let mut accept = pin!(calls.accept());
    poll_fn(|context| {
        if let Poll::Ready(message) = recv.as_mut().poll(context) {
            return Poll::Ready(Woken::Message(message));
        }
        if let Poll::Ready(call) = accept.as_mut().poll(context) {
            return Poll::Ready(Woken::Call(call));
        }
        timer.as_mut().poll(context).map(|()| Woken::Timer)
    })
    .await
}
