//! The process of one member: it drives the protocol with time and packets, and does what it says.

use super::balancer;
use super::config::Churn;
use super::shared::{Presence, Shared};
use super::swim::{Member, News, Note, Packet, Send, Swim, Sync, Verdict, news_bytes};
use crate::workloads::cluster::timer::Timer;
use core::cell::RefCell;
use core::future::{Future, poll_fn};
use core::pin::{Pin, pin};
use core::task::Poll;
use squall_core::world::{Body, Cx, Inbox, MemorySet, Message, Sleep};
use squall_core::{Sample, Stream, VirtualDuration};
use std::rc::Rc;

/// A member that serves a wake-up later than this share of `ack` counts as ill, for the metrics.
const LATE_SHARE: u64 = 10;

/// Runs a member, for ever.
pub(super) async fn run(cx: Cx, shared: Rc<Shared>, me: Member) {
    let member = Runner::new(&cx, &shared, me);
    let inbox = cx.listen(&shared.doors[0]);
    let _presence = Presence::new(&shared, me, &cx);
    member.live(&inbox).await;
}

struct Runner {
    cx: Cx,
    shared: Rc<Shared>,
    me: Member,
    set: Option<MemorySet>,
    /// When it is late, so that it may be held for dead with reason, and for how long after.
    late: (u64, u64),
}

/// A stay in the cluster: from joining to leaving.
struct Stay {
    swim: Rc<RefCell<Swim>>,
    /// When it ends of its own will.
    leave_at: u64,
}

fn reading(cx: &Cx) -> u64 {
    cx.monotonic().as_nanos()
}

impl Runner {
    fn new(cx: &Cx, shared: &Rc<Shared>, me: Member) -> Self {
        let memory = shared.config.memory;
        let set = memory.map(|memory| cx.memory_set(memory.bytes, memory.zipf, memory.written));
        let rules = &shared.rules;
        let longest = rules.suspicion_ns(rules.places).1;
        Self {
            cx: cx.clone(),
            shared: Rc::clone(shared),
            me,
            set,
            late: (rules.ack / LATE_SHARE, longest.saturating_add(rules.period)),
        }
    }

    /// Stays, and those who come and go stay again and again.
    async fn live(&self, inbox: &Inbox) {
        let (cx, config) = (&self.cx, &self.shared.config);
        let life = cx.key("life");
        let mut times = cx.stream("churn");
        // One that begins when the run is under way was killed, and knows nothing any more.
        let first = reading(cx) == 0;
        let mut incarnation = 0;
        let late = self.me >= config.rules.formed;
        if let Some(join) = config.join.filter(|_| late && first) {
            let over = join.over.as_nanos() as f64;
            let wait = times.next_thing().between(0.0, over.max(1.0));
            cx.sleep(
                join.from
                    .saturating_add(VirtualDuration::from_nanos_f64(wait)),
            )
            .await;
        }
        for number in 0.. {
            let key = life.child(number);
            let rules = Rc::clone(&self.shared.rules);
            let again = !first || number > 0;
            let swim = match again {
                true => Swim::returning((self.me, incarnation), rules, key, reading(cx)),
                false => Swim::new((self.me, incarnation), rules, key, reading(cx)),
            };
            let churn = config.churn.filter(|churn| self.churns(churn));
            let mut stay = Stay {
                swim: Rc::new(RefCell::new(swim)),
                leave_at: churn.map_or(u64::MAX, |churn| self.leave_at(&churn, &mut times)),
            };
            if self
                .shared
                .config
                .load
                .is_some_and(|load| self.me < load.routers)
            {
                let (shared, swim) = (Rc::clone(&self.shared), Rc::downgrade(&stay.swim));
                cx.spawn(balancer::route(cx.numbered(number), shared, swim));
            }
            self.stay(&mut stay, inbox).await;
            // It may have been told by then that it is in a higher one.
            incarnation = stay.swim.borrow().incarnation() + 1;
            let Some(churn) = churn else { return };
            let out = times.next_thing().exponential(churn.out.as_nanos() as f64);
            self.away(inbox, VirtualDuration::from_nanos_f64(out)).await;
        }
    }
    fn churns(&self, churn: &Churn) -> bool {
        (churn.members.0..churn.members.1).contains(&self.me)
    }
    fn leave_at(&self, churn: &Churn, times: &mut Stream) -> u64 {
        let stays = times
            .next_thing()
            .exponential(churn.every.as_nanos() as f64);
        let at = self
            .cx
            .monotonic()
            .saturating_add(VirtualDuration::from_nanos_f64(stays));
        match at < churn.until {
            true => at.as_nanos(),
            false => u64::MAX,
        }
    }
    /// Is away for a while: what comes meanwhile is nobody's.
    async fn away(&self, inbox: &Inbox, time: VirtualDuration) {
        let back = self.cx.monotonic().saturating_add(time).as_nanos();
        let mut timer = Timer::default();
        while next(inbox, timer.until(&self.cx, back)).await.is_some() {}
    }

    async fn stay(&self, stay: &mut Stay, inbox: &Inbox) {
        let (cx, shared) = (&self.cx, &self.shared);
        let begins = {
            let swim = stay.swim.borrow();
            (u64::from(swim.incarnation()), u64::from(swim.joined()))
        };
        cx.event(shared.events.began, begins.0, begins.1);
        if begins.1 == 1 {
            shared.truth.takes_part(self.me);
        }
        self.act(&stay.swim);
        let mut timer = Timer::default();
        loop {
            let deadline = stay.swim.borrow().deadline().min(stay.leave_at);
            let wait = VirtualDuration::from_nanos(deadline.saturating_sub(reading(cx)));
            shared.truth.due(self.me, cx.now().saturating_add(wait));
            let woken = next(inbox, timer.until(cx, deadline)).await;
            timer.rang(woken.is_none());
            self.work().await;
            if let Some(message) = woken {
                self.receive(&stay.swim, message);
            }
            let now = reading(cx);
            shared.truth.acts(self.me, cx.now(), self.late);
            if now >= stay.leave_at {
                stay.swim.borrow_mut().leave(now);
                shared.truth.left(self.me);
                self.act(&stay.swim);
                return;
            }
            stay.swim.borrow_mut().tick(now);
            self.act(&stay.swim);
        }
    }
    /// The processor time and the pages of one wake-up.
    async fn work(&self) {
        let config = &self.shared.config;
        let compute = self.cx.compute(config.cpu);
        match (self.set, config.memory) {
            (Some(set), Some(memory)) => compute.touching(set, memory.pages).await,
            _ if config.cpu.is_zero() => {}
            _ => compute.await,
        }
    }

    fn receive(&self, swim: &RefCell<Swim>, message: Message) {
        // A packet that was damaged on its way does not have its checksum.
        let (Some(from), false) = (self.shared.place(message.from), message.damaged) else {
            return;
        };
        let now = reading(&self.cx);
        match message.body {
            Body::Words(words) => {
                if let Some(packet) = Packet::read(words) {
                    swim.borrow_mut().receive(now, from, &packet);
                }
            }
            Body::Shared(body) => match body.downcast::<Vec<News>>() {
                Ok(news) => swim.borrow_mut().receive_news(now, &news),
                Err(body) => {
                    if let Ok(view) = body.downcast::<Sync>() {
                        swim.borrow_mut().receive_view(now, from, &view);
                    }
                }
            },
            Body::Boxed(_) => {}
        }
    }

    /// Records and sends what the steps led to.
    fn act(&self, swim: &RefCell<Swim>) {
        let outputs = swim.borrow_mut().outputs();
        for note in outputs.notes {
            self.shared.events.record(&self.cx, note);
            self.measure(swim, note);
        }
        for send in outputs.sends {
            let (to, body, bytes) = match send {
                Send::Packet(to, packet) => (to, Body::Words(packet.words()), packet.bytes()),
                Send::News(to, news) => {
                    let bytes = news_bytes(news.len());
                    (to, Body::Shared(news), bytes)
                }
                Send::View(to, view) => {
                    let bytes = view.bytes();
                    (to, Body::Shared(view), bytes)
                }
            };
            self.cx
                .send_sized(self.shared.peers[to as usize], body, bytes);
        }
    }
    fn measure(&self, swim: &RefCell<Swim>, note: Note) {
        let (cx, Shared { events, truth, .. }) = (&self.cx, &*self.shared);
        match note {
            Note::Period => {
                let mut swim = swim.borrow_mut();
                cx.sample(events.messages, f64::from(swim.take_sent()));
                cx.sample(events.health, f64::from(swim.health()));
            }
            Note::Probed(target, false) => {
                if let Some((time, true)) = truth.dead_for(target, cx.now()) {
                    cx.sample(events.first_detection, time);
                }
            }
            Note::Joined => truth.takes_part(self.me),
            Note::Dead(member, _, verdict) => {
                let now = cx.now();
                if let Some((time, _)) = truth.dead_for(member, now) {
                    cx.sample(events.detection, time);
                }
                if verdict != Verdict::Heard {
                    let wrong = truth.is_well(member, now, self.late.0);
                    cx.sample(events.false_kill, f64::from(u8::from(wrong)));
                }
            }
            _ => {}
        }
    }
}

/// The next packet, or nothing when the time has come; what has come goes before the time.
async fn next(inbox: &Inbox, mut timer: Pin<&mut Sleep<'_>>) -> Option<Message> {
    let mut recv = pin!(inbox.recv());
    poll_fn(|context| match recv.as_mut().poll(context) {
        Poll::Ready(message) => Poll::Ready(Some(message)),
        Poll::Pending => timer.as_mut().poll(context).map(|()| None),
    })
    .await
}
