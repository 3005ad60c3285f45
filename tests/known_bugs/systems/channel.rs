//! A sender that tells a receiver numbers by datagrams, one every 10 ms, 500 in all: the first node of
//! the scenario to the second.
//!
//! `toy.lost`: a number never arrived. `toy.twice`: one was counted twice. `toy.back`: an older one
//! replaced a newer one. `toy.false`: one was taken for another. `toy.stale`: one was acted upon half a
//! second after it was sent.

use crate::pair::nodes;
use squall::core::world::{Body, Cx, Message};
use squall::core::{NameId, PortId, VirtualDuration};
use squall::scenarios::workloads::Install;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

const NUMBERS: u64 = 500;

/// What the two ends do about the network.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Channel {
    /// Times each number is sent, at once.
    pub(crate) copies: u32,
    /// Numbers that are sent at once, after as many times 10 ms.
    pub(crate) burst: u64,
    /// Whether one is sent again every 100 ms until the receiver has answered.
    pub(crate) until_answered: bool,
    /// Whether the receiver knows a number again.
    pub(crate) known_again: bool,
    /// Whether the receiver keeps the newest number, not the latest to arrive.
    pub(crate) newest: bool,
    /// Whether the receiver checks a checksum.
    pub(crate) checked: bool,
    /// Whether the receiver passes over what was under way for more than 200 ms. Both clocks are right.
    pub(crate) fresh: bool,
}

const FRESH: VirtualDuration = VirtualDuration::from_millis(200);
const STALE: VirtualDuration = VirtualDuration::from_millis(500);

/// What both ends write down; the test sees it all.
#[derive(Debug, Default)]
struct State {
    answered: BTreeSet<u64>,
    arrived: BTreeSet<u64>,
    current: u64,
}

/// Puts the two ends on the nodes.
pub(crate) fn install(install: &mut Install<'_>, channel: Channel) {
    let [from, to] = nodes(install);
    let world = &mut *install.world;
    let lost = world.name("toy.lost");
    let events = ["toy.twice", "toy.back", "toy.false", "toy.stale"].map(|name| world.name(name));
    let (numbers, answers) = (world.port(to, "numbers"), world.port(from, "answers"));
    let state = Rc::new(RefCell::new(State::default()));
    let known = Rc::clone(&state);
    world.process(to, "receiver", move |cx| {
        receive(cx, channel, answers, events, Rc::clone(&known))
    });
    let known = Rc::clone(&state);
    world.process(from, "answers", move |cx| hear(cx, Rc::clone(&known)));
    world.process(from, "sender", move |cx| {
        send(cx, channel, numbers, lost, Rc::clone(&state))
    });
}

async fn send(cx: Cx, channel: Channel, port: PortId, lost: NameId, state: Rc<RefCell<State>>) {
    for number in 1..=NUMBERS {
        if number % channel.burst == 0 {
            cx.sleep(VirtualDuration::from_millis(10) * channel.burst)
                .await;
        }
        cx.spawn(tell(cx.clone(), channel, port, number, Rc::clone(&state)));
    }
    cx.sleep(VirtualDuration::from_secs(20)).await;
    let missing = |number: &u64| !state.borrow().arrived.contains(number);
    for number in (1..=NUMBERS).filter(missing) {
        cx.event(lost, number, 0);
    }
}

async fn tell(cx: Cx, channel: Channel, port: PortId, number: u64, state: Rc<RefCell<State>>) {
    loop {
        for _ in 0..channel.copies {
            let sent = cx.monotonic().as_nanos();
            cx.send(
                port,
                Body::Words([number, sum(number), sent, 0, 0, 0, 0, 0]),
            );
        }
        if !channel.until_answered {
            return;
        }
        cx.sleep(VirtualDuration::from_millis(100)).await;
        if state.borrow().answered.contains(&number) {
            return;
        }
    }
}

fn sum(number: u64) -> u64 {
    number.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// What a message says: damage flips a bit of the number.
fn read(message: &Message) -> [u64; 3] {
    let [number, sum, sent, ..] = message.body.words();
    [number ^ (u64::from(message.damaged) << 9), sum, sent]
}

async fn receive(
    cx: Cx,
    channel: Channel,
    answers: PortId,
    [twice, back, wrong, stale]: [NameId; 4],
    state: Rc<RefCell<State>>,
) {
    let inbox = cx.listen("numbers");
    loop {
        let message = inbox.recv().await;
        let [number, checksum, sent] = read(&message);
        if channel.checked && sum(number) != checksum {
            continue;
        }
        if sum(number) != checksum {
            cx.event(wrong, number, 0);
        }
        if channel.until_answered {
            cx.send(answers, Body::Words([number, 0, 0, 0, 0, 0, 0, 0]));
        }
        let age = cx
            .monotonic()
            .saturating_sub(VirtualDuration::from_nanos(sent));
        if channel.fresh && age > FRESH {
            continue;
        }
        if age > STALE {
            cx.event(stale, number, age.as_nanos());
        }
        let mut state = state.borrow_mut();
        if !state.arrived.insert(number) {
            if channel.known_again {
                continue;
            }
            cx.event(twice, number, 0);
        }
        if number < state.current && !channel.newest {
            cx.event(back, number, state.current);
        }
        state.current = match channel.newest {
            true => state.current.max(number),
            false => number,
        };
    }
}

async fn hear(cx: Cx, state: Rc<RefCell<State>>) {
    let inbox = cx.listen("answers");
    loop {
        let message = inbox.recv().await;
        if !message.damaged {
            state.borrow_mut().answered.insert(read(&message)[0]);
        }
    }
}
