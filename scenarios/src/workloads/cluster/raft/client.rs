//! Clients: closed loops of operations, with retries at other replicas.

use super::config::Reads;
use super::machine::{Answer, CommandId, Member, Op, Request};
use super::mutant::Mutant;
use super::shared::Shared;
use super::wire;
use squall_core::history::Outcome;
use squall_core::world::Cx;
use squall_core::{Key, NameId, Sample, Stream, VirtualDuration};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Shortest and longest wait before another replica is asked.
const BACK_OFF: (VirtualDuration, VirtualDuration) = (
    VirtualDuration::from_millis(5),
    VirtualDuration::from_millis(80),
);

/// One client's connection to the cluster: whom it takes for the leader.
#[derive(Debug)]
pub(super) struct Caller {
    shared: Rc<Shared>,
    guess: usize,
    back_off: Stream,
}

impl Caller {
    pub(super) fn new(cx: &Cx, shared: &Rc<Shared>) -> Self {
        let mut first = cx.stream("first");
        let count = shared.config.count as u64;
        let guess = usize::try_from(first.next_thing().below(count)).unwrap_or(0);
        Self {
            shared: Rc::clone(shared),
            guess,
            back_off: cx.stream("back-off"),
        }
    }
    /// Asks one replica once. `None` if nobody knows what came of it.
    pub(super) async fn try_once(&mut self, cx: &Cx, request: Request) -> Option<Answer> {
        let guess = Member::try_from(self.guess).expect("at most 64 replicas");
        let timeout = self.shared.config.load.timeout;
        let answer = match self.shared.request(guess) {
            Some(port) => cx.call(port, wire::ask(request)).within(timeout).await.ok(),
            None => None,
        };
        let answer = answer.and_then(wire::answered);
        match answer {
            Some(Answer::NotLeader(Some(leader))) if usize::from(leader) != self.guess => {
                self.guess = usize::from(leader);
            }
            Some(Answer::Done(_) | Answer::Stale | Answer::Refused) => {}
            _ => self.guess = (self.guess + 1) % self.shared.config.count,
        }
        answer
    }
    pub(super) async fn pause(&mut self, cx: &Cx) {
        let (min, max) = (BACK_OFF.0.as_nanos(), BACK_OFF.1.as_nanos());
        let wait = min + self.back_off.next_thing().below(max - min);
        cx.back_off(VirtualDuration::from_nanos(wait)).await;
    }
}

/// What a client asks for, before it has a number.
#[derive(Clone, Copy, Debug)]
enum Wish {
    Get,
    Write(Op),
}

/// A client.
struct Client {
    cx: Cx,
    shared: Rc<Shared>,
    caller: Caller,
    key: Key,
    /// Whether its reads may be answered by a lease.
    leases: bool,
    session: u32,
    serial: u32,
    /// What it saw last, by key.
    seen: BTreeMap<u32, u64>,
}

/// Works, until the load ends.
pub(super) async fn run(cx: Cx, shared: Rc<Shared>, number: u64) {
    let cx = cx.numbered(number);
    let mut client = Client {
        caller: Caller::new(&cx, &shared),
        key: cx.key("operation"),
        leases: match shared.config.reads {
            Reads::Mixed => number % 2 == 1,
            Reads::Lease => true,
            Reads::ReadIndex | Reads::Unchecked => false,
        },
        session: shared.session(),
        serial: 0,
        seen: BTreeMap::new(),
        shared,
        cx,
    };
    let load = client.shared.config.load;
    let mut think = client.cx.stream("think");
    for ordinal in 0.. {
        let mean = load.think.as_nanos() as f64;
        let wait = think.next_thing().exponential(mean);
        client.cx.sleep(VirtualDuration::from_nanos_f64(wait)).await;
        if client.cx.monotonic() >= load.until {
            return;
        }
        client.operate(ordinal).await;
    }
}

impl Client {
    fn wish(&self, ordinal: u64) -> (u32, Wish, bool) {
        let mut draw = self.key.at(ordinal);
        let load = &self.shared.config.load;
        let key = u32::try_from(draw.below(load.keys)).expect("the table bounds the keys");
        let lease = self.leases;
        if draw.chance(load.reads) {
            return (key, Wish::Get, lease);
        }
        let value = self.shared.value();
        let kind = draw.unit();
        let op = if kind < load.cas {
            let expected = self.seen.get(&key).copied().unwrap_or(0);
            Op::Swap(expected, value)
        } else if kind < load.cas + load.appends {
            Op::Append(value)
        } else {
            Op::Put(value)
        };
        (key, Wish::Write(op), lease)
    }
    fn record(&self, key: u32, wish: Wish, id: CommandId) -> u32 {
        let (cx, events) = (&self.cx, &self.shared.events);
        let (name, value): (NameId, u64) = match wish {
            Wish::Get => (events.get, 0),
            Wish::Write(Op::Put(value)) => (events.put, value),
            Wish::Write(Op::Append(value)) => (events.append, value),
            Wish::Write(Op::Swap(_, value)) => (events.cas, value),
        };
        let op = cx.invoke(name, u64::from(key), value);
        cx.event(events.session, u64::from(op), id.packed());
        if let Wish::Write(Op::Swap(expected, _)) = wish {
            cx.event(events.expected, u64::from(op), expected);
        }
        op
    }

    async fn operate(&mut self, ordinal: u64) {
        let (key, wish, lease) = self.wish(ordinal);
        self.serial += 1;
        let session = self.session;
        let mut id = CommandId {
            session,
            serial: self.serial,
        };
        let op = self.record(key, wish, id);
        let cx = self.cx.clone();
        let began = cx.monotonic();
        let latest = began.saturating_add(self.shared.config.load.patience);
        let mut attempt = 0;
        let answer = loop {
            let request = match wish {
                Wish::Get => Request::Get { key, lease },
                Wish::Write(op) => Request::Write { id, key, op },
            };
            match self.caller.try_once(&cx, request).await {
                Some(Answer::Done(value)) => break Some(value),
                Some(Answer::Stale) => break None,
                _ if cx.monotonic() >= latest => break None,
                _ => {}
            }
            attempt += 1;
            cx.event(self.shared.events.retried, u64::from(op), attempt);
            self.caller.pause(&cx).await;
            if self.shared.config.mutant == Some(Mutant::B20) {
                self.serial += 1;
                id.serial = self.serial;
            }
        };
        self.end(op, (key, wish), answer);
        let latency = cx.monotonic().saturating_sub(began).as_secs_f64();
        cx.sample(self.shared.events.latency, latency);
    }
    fn end(&mut self, op: u32, (key, wish): (u32, Wish), answer: Option<u64>) {
        let (cx, events) = (&self.cx, &self.shared.events);
        let Some(value) = answer else {
            cx.event(events.gave_up, u64::from(op), 0);
            // A read that nobody answered did nothing.
            let outcome = match wish {
                Wish::Get => Outcome::Fail,
                Wish::Write(_) => Outcome::Info,
            };
            return cx.returned(op, outcome, 0);
        };
        cx.returned(op, Outcome::Ok, value);
        match wish {
            Wish::Write(Op::Swap(_, new)) if value == 1 => self.seen.insert(key, new),
            Wish::Write(Op::Swap(..)) => self.seen.remove(&key),
            Wish::Get | Wish::Write(_) => self.seen.insert(key, value),
        };
    }
}
