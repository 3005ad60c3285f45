//! What comes from outside: jobs, requests, and the registry of images.

use super::config::{PodKind, Source};
use super::kubelet::service;
use super::shared::{Phase, Shared};
use super::wire::{Order, Report, pack, unpack};
use squall_core::world::{Cx, Reply, Request};
use squall_core::{Sample, VirtualDuration, VirtualTime};
use std::collections::BTreeMap;
use std::rc::Rc;

/// When a submission that nobody answers is tried again.
const TIMEOUT: VirtualDuration = VirtualDuration::from_secs(5);
/// Time between two rounds of requests.
pub(super) const ROUND: VirtualDuration = VirtualDuration::from_secs(1);
/// Time between two looks at the load, where it keeps jobs from coming.
const LULL: VirtualDuration = VirtualDuration::from_secs(1);

/// Submits jobs of a kind, for ever: each until it is accepted.
pub(super) async fn submit(cx: Cx, shared: Rc<Shared>, number: u32) {
    let cx = cx.numbered(u64::from(number));
    let kind = &shared.config.kinds[number as usize];
    let Source::Jobs {
        rate,
        length,
        until,
        ..
    } = &kind.source
    else {
        return;
    };
    let (mut gaps, key) = (cx.stream("gaps"), cx.key("jobs"));
    let until = VirtualTime::ZERO.saturating_add(*until);
    let mut due = cx.now();
    // Numbers go on after a restart: the instant makes them differ.
    let first = cx.now().as_nanos();
    for ordinal in 0.. {
        // A gap is unit work of an arrival process that the load makes faster or slower.
        let mut work = gaps.next_thing().exponential(1.0);
        loop {
            let now = rate * cx.knob(shared.knobs.load);
            let lull = LULL.as_secs_f64();
            if work <= now * lull {
                due = due.saturating_add(VirtualDuration::from_nanos_f64(work / now * 1e9));
                break;
            }
            work -= now * lull;
            due = due.saturating_add(LULL);
            cx.sleep_until(due).await;
        }
        if due > until {
            return;
        }
        cx.sleep_until(due).await;
        let ns = length.sample(&mut key.at(ordinal)).max(0.0);
        let request = Request {
            cost: 1,
            key: u64::from(number),
            args: [
                first.wrapping_add(ordinal),
                VirtualDuration::from_nanos_f64(ns).as_nanos(),
                0,
                0,
            ],
            ..Request::default()
        };
        let (one, shared) = (cx.numbered(ordinal), Rc::clone(&shared));
        cx.spawn(async move {
            let mut wait = VirtualDuration::from_secs(1);
            while one
                .call(shared.submit, request)
                .within(TIMEOUT)
                .await
                .is_err()
            {
                one.back_off(wait).await;
                wait = wait
                    .saturating_add(wait)
                    .min(VirtualDuration::from_secs(60));
            }
        });
    }
}

/// Gives images to whoever asks.
pub(super) async fn registry(cx: Cx, shared: Rc<Shared>) {
    let inbox = cx.listen(&shared.doors.registry);
    loop {
        let call = inbox.accept().await;
        let (cx, shared) = (cx.clone(), Rc::clone(&shared));
        cx.clone().spawn(async move {
            let [attempt, failures, ..] = call.request.args;
            let key = shared.key.child(call.request.key).child(attempt);
            let ns = shared.config.pull.sample(&mut key.at(failures));
            cx.sleep(VirtualDuration::from_nanos_f64(ns)).await;
            call.reply(&cx, Reply::default());
        });
    }
}

/// What happened since the last sample.
#[derive(Default)]
struct Meter {
    served: f64,
    sent: f64,
    delay: f64,
}

/// Sends requests to the replicas that serve, as the control plane has them, in equal parts.
pub(super) async fn front(cx: Cx, shared: Rc<Shared>) {
    let meter = Rc::new(core::cell::RefCell::new(Meter::default()));
    let (inbox, sums) = (cx.listen(&shared.doors.front), Rc::clone(&meter));
    cx.spawn(async move {
        loop {
            let Some(report) = unpack::<Report>(inbox.recv().await) else {
                continue;
            };
            if let Report::Load(loads) = &*report {
                let mut sums = sums.borrow_mut();
                for load in loads {
                    sums.served += load.done.served;
                    sums.delay = sums.delay.max(load.done.delay);
                }
            }
        }
    });
    let mut noise = cx.stream("requests");
    let window = shared.config.window;
    let mut sampled = cx.now();
    loop {
        let at = cx.now();
        cx.sleep_until(at.saturating_add(ROUND)).await;
        let seconds = cx.now().since(at).as_secs_f64();
        round(&cx, &shared, (&mut noise, seconds), &mut meter.borrow_mut());
        let since = cx.now().since(sampled);
        if since >= window {
            sampled = cx.now();
            let Meter {
                served,
                sent,
                delay,
            } = core::mem::take(&mut *meter.borrow_mut());
            let seconds = since.as_secs_f64();
            cx.sample(shared.events.goodput, served / seconds);
            cx.sample(shared.events.lost, (sent - served).max(0.0) / seconds);
            cx.sample(shared.events.delay, delay);
        }
    }
}

fn round(
    cx: &Cx,
    shared: &Shared,
    (noise, seconds): (&mut squall_core::Stream, f64),
    meter: &mut Meter,
) {
    let mut work: BTreeMap<u32, Vec<(u32, u32, f64)>> = BTreeMap::new();
    let load = cx.knob(shared.knobs.load);
    let blocked = cx.knob(shared.knobs.blocked);
    let (mut serving, mut needed, mut short) = (0.0, 0.0, 0.0_f64);
    let kinds = (0u32..).zip(&shared.config.kinds);
    for (number, kind) in kinds.filter(|(_, kind)| kind.traffic.is_some()) {
        let requests = drawn(kind, load * seconds, noise);
        meter.sent += requests;
        let replicas = replicas(shared, number);
        for (pod, worker) in &replicas {
            let share = requests / replicas.len() as f64;
            work.entry(*worker).or_default().push((*pod, number, share));
        }
        let need = need(shared, (number, kind), (load, blocked));
        let there = replicas.len() as f64;
        serving += there;
        needed += need;
        short = short.max((need - there).max(0.0) / need.max(1.0));
    }
    for (worker, requests) in work {
        cx.send(shared.workers[worker as usize], pack(Order::Work(requests)));
    }
    cx.sample(shared.events.replicas, serving);
    cx.sample(shared.events.need, needed);
    cx.sample(shared.events.shortfall, short);
}

/// Requests of a round: their number is Poisson, by its normal approximation.
fn drawn(kind: &PodKind, seconds: f64, noise: &mut squall_core::Stream) -> f64 {
    let mean = kind.traffic.map_or(0.0, |traffic| traffic.rate) * seconds;
    let unit = noise.next_thing().unit().clamp(1e-9, 1.0 - 1e-9);
    (mean + libm::sqrt(mean) * squall_core::rng::probit(unit)).max(0.0)
}

/// Replicas that requests of a kind need, at the mean of their number.
fn need(shared: &Shared, (number, kind): (u32, &PodKind), (load, blocked): (f64, f64)) -> f64 {
    let traffic = kind.traffic.expect("only kinds with traffic are asked");
    let service = service(shared, number, blocked).expect("only kinds with traffic are asked");
    libm::ceil(traffic.rate * load / service.capacity() - 1e-9)
}

/// Replicas of a kind that serve, with their workers.
fn replicas(shared: &Shared, number: u32) -> Vec<(u32, u32)> {
    let store = shared.store.borrow();
    let pods = store.live[number as usize].iter();
    let serving = pods.filter_map(|pod| match store.pods[*pod as usize].phase {
        Phase::Bound {
            worker, runs: true, ..
        } => Some((*pod, worker)),
        _ => None,
    });
    serving.collect()
}
