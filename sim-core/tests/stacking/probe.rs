//! A world of two nodes that does a little of everything, and what it is seen to do.

use squall_core::plan::{Entry, Land, Plan, PlannedFault, Primitive, Swap};
use squall_core::world::{
    Body, Bounds, CallError, Cx, LinkProfile, NodeSpec, Reply, Request, World,
};
use squall_core::{ChannelId, KnobId, Law, PortId, Seed, VirtualDuration, VirtualTime};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Values by (tick in milliseconds, probe).
pub(crate) type Seen = BTreeMap<(u64, &'static str), Vec<String>>;
type Notes = Rc<RefCell<Seen>>;

const fn ms(ms: u64) -> VirtualDuration {
    VirtualDuration::from_millis(ms)
}

/// What is seen until `until` under these overlays: (which fault it is, from, until, what). Draws are
/// keyed by the fault, not by its place in the plan.
pub(crate) fn observe(entries: Vec<(usize, u64, u64, Primitive)>, until: u64) -> Seen {
    let mut world = World::new(Seed(17), false);
    world.set_default_link(LinkProfile::with_delay(Law::Constant(1e6)));
    let memory = NodeSpec::new("a").memory(64 << 20, Some(Swap::Preset("nvme".into())));
    let a = world.add_node(&memory);
    let b = world.add_node(&NodeSpec::new("b"));
    let service = world.service("serve");
    let knob = world.add_knob(10.0);
    let channel = world.channel("sensor", 0.01);
    let (sink, serve) = (world.port(b, "sink"), world.port(b, "serve"));
    assert_eq!((service.index(), a.index(), b.index()), (0, 0, 1));
    let notes: Notes = Rc::default();
    servers(&mut world, b, &notes);
    let ids = Ids {
        sink,
        serve,
        knob,
        channel,
    };
    probes(&mut world, a, &notes, ids);
    let faults = entries.iter().map(|(which, ..)| PlannedFault {
        kind: "sample".into(),
        label: format!("fault {which}"),
        land: Land::Any,
        notes: Vec::new(),
    });
    let faults = faults.collect();
    let at = |ms: u64| VirtualTime::from_nanos(ms * 1_000_000);
    let entry = |(fault, (_, from, until, primitive)): (u32, (usize, u64, u64, Primitive))| Entry {
        fault,
        part: 0,
        from: at(from),
        until: Some(at(until)),
        firing: None,
        primitive,
    };
    world.set_plan(Plan::new(faults, (0..).zip(entries).map(entry).collect()));
    world.run(Bounds::until(at(until)));
    drop(world);
    notes.take()
}

/// What probes need.
#[derive(Clone, Copy)]
pub(crate) struct Ids {
    sink: PortId,
    serve: PortId,
    knob: KnobId,
    channel: ChannelId,
}

fn note(notes: &Notes, tick: u64, probe: &'static str, value: String) {
    notes
        .borrow_mut()
        .entry((tick, probe))
        .or_default()
        .push(value);
}

fn since(cx: &Cx, from: VirtualTime) -> u64 {
    cx.now().since(from).as_nanos() / 1_000
}

/// Waits for the next multiple of `period`, whatever the clock of the node says; its number in
/// milliseconds.
async fn tick(cx: &Cx, period: u64) -> u64 {
    let now = cx.now().as_nanos();
    let step = period * 1_000_000;
    // A timer of a clock that is fast fires early: that is still the same tick.
    let next = (now + step / 4) / step * step + step;
    cx.sleep(VirtualDuration::from_nanos(next - now)).await;
    (cx.now().as_nanos() + step / 2) / step * period
}

fn servers(world: &mut World, b: squall_core::NodeId, notes: &Notes) {
    let seen = Rc::clone(notes);
    world.process(b, "sink", move |cx| {
        let seen = Rc::clone(&seen);
        async move {
            let inbox = cx.listen("sink");
            loop {
                let words = inbox.recv().await.body.words();
                let late = cx.now().as_nanos() / 1_000 - words[1];
                note(&seen, words[0], "message", format!("{late} us"));
            }
        }
    });
    world.process(b, "serve", move |cx| async move {
        let inbox = cx.listen("serve");
        loop {
            let call = inbox.accept().await;
            call.reply(&cx, Reply::of([1, 2, 3, 4]));
        }
    });
}

/// Starts a process on `node` that ticks for ever.
macro_rules! probe {
    ($world:expr, $node:expr, $notes:expr, $ids:expr, $name:literal, $period:literal,
     |$cx:ident, $at:ident, $seen:ident, $use:ident| $body:block) => {{
        let seen = Rc::clone($notes);
        let ids: Ids = $ids;
        $world.process($node, $name, move |$cx| {
            let $seen = Rc::clone(&seen);
            let $use = ids;
            async move {
                loop {
                    let $at = tick(&$cx, $period).await;
                    let _ = &$use;
                    $body
                }
            }
        });
    }};
}

fn probes(world: &mut World, a: squall_core::NodeId, notes: &Notes, ids: Ids) {
    probe!(world, a, notes, ids, "message", 20, |cx, at, _seen, ids| {
        let sent = cx.now().as_nanos() / 1_000;
        cx.send(ids.sink, Body::Words([at, sent, 0, 0, 0, 0, 0, 0]));
    });
    probe!(world, a, notes, ids, "compute", 50, |cx, at, seen, _ids| {
        let from = cx.now();
        cx.compute(ms(5)).await;
        note(&seen, at, "compute", format!("{} us", since(&cx, from)));
    });
    probe!(world, a, notes, ids, "call", 100, |cx, at, seen, ids| {
        let from = cx.now();
        let result = cx.call(ids.serve, Request::default()).within(ms(60)).await;
        let what = match result {
            Ok(reply) => format!("{:?}", reply.damage),
            Err(error) => format!("error {}", CallError::code(error)),
        };
        note(
            &seen,
            at,
            "call",
            format!("{what} after {} us", since(&cx, from)),
        );
    });
    probe!(world, a, notes, ids, "disk", 100, |cx, at, seen, _ids| {
        let from = cx.now();
        // A file of its own: what was damaged before stays with the files of before.
        let name = format!("file-{at}");
        let file = cx.disk().open(&name);
        let written = file.write_at(0, &[7; 4096]).await;
        let synced = file.sync().await;
        let read = file
            .read()
            .await
            .map(|bytes| bytes.iter().map(|b| u64::from(*b)).sum::<u64>());
        let _ = cx.disk().remove(&name).await;
        // The time of the device itself is drawn an operation, and far below these steps.
        let late = since(&cx, from) / 2_500;
        note(
            &seen,
            at,
            "disk",
            format!("{written:?} {synced:?} {read:?} {late}"),
        );
    });
    probe!(world, a, notes, ids, "clock", 50, |cx, at, seen, _ids| {
        let exact = cx.now().as_nanos();
        let (wall, mono) = (cx.wall_clock(), cx.monotonic().as_nanos());
        let ahead = i128::from(mono) - i128::from(exact);
        let wall = i128::from(wall.as_nanos()) - i128::from(exact);
        note(&seen, at, "clock", format!("wall {wall} monotonic {ahead}"));
    });
    probe!(world, a, notes, ids, "knob", 50, |cx, at, seen, ids| {
        note(&seen, at, "knob", format!("{}", cx.knob(ids.knob)));
    });
    probe!(world, a, notes, ids, "channel", 50, |cx, at, seen, ids| {
        let from = cx.now();
        let seen = Rc::clone(&seen);
        let value = (at % 1_000) as f64 / 100.0;
        cx.through(ids.channel, value, move |cx, value| {
            note(
                &seen,
                at,
                "channel",
                format!("{value} after {} us", since(cx, from)),
            );
        });
    });
}
