//! Pairs of primitives of memory, in a world that has to lose something: a node whose working set fits
//! without them, and not with them.

use crate::samples::{self, Sample, host};
use squall_core::plan::{Entry, Land, Plan, PlannedFault, Primitive, Swap};
use squall_core::world::{Bounds, LinkProfile, NodeSpec, World};
use squall_core::{Law, Sample as _, Seed, VirtualDuration, VirtualTime};
use std::cell::RefCell;
use std::rc::Rc;

/// How long each piece of work took, in microseconds, by the time at which it began in milliseconds.
type Seen = Vec<(u64, u64)>;

/// Each is in force from its first to its second time, in milliseconds.
fn observe(entries: Vec<(usize, u64, u64, Primitive)>, until: u64) -> Seen {
    let mut world = World::new(Seed(17), false);
    world.set_default_link(LinkProfile::with_delay(Law::Constant(1e6)));
    let spec = NodeSpec::new("a").memory(64 << 20, Some(Swap::Preset("nvme".into())));
    let node = world.add_node(&spec);
    let seen: Rc<RefCell<Seen>> = Rc::default();
    let notes = Rc::clone(&seen);
    world.process(node, "work", move |cx| {
        let notes = Rc::clone(&notes);
        async move {
            let set = cx.memory_set(48 << 20, 0.6, 0.5);
            let mut pauses = cx.stream("pauses");
            loop {
                let from = cx.now();
                cx.compute(VirtualDuration::from_millis(1))
                    .touching(set, 400)
                    .await;
                let took = cx.now().since(from).as_nanos() / 1_000;
                notes.borrow_mut().push((from.as_nanos() / 1_000_000, took));
                cx.sleep(VirtualDuration::from_millis(
                    4 + pauses.next_thing().below(3),
                ))
                .await;
            }
        }
    });
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
    seen.take()
}

fn pairs() -> Vec<(&'static str, [Primitive; 2], bool)> {
    let all = host::memory();
    let pair = |(i, one): (usize, &Sample)| {
        let rest = all.iter().enumerate().skip(i);
        let of = |(j, two): (usize, &Sample)| {
            let second = if i == j { &two.again } else { &two.primitive };
            let same = i == j && two.rule == samples::Rule::OrderOfItself;
            (one.name, [one.primitive.clone(), second.clone()], same)
        };
        rest.map(of).collect::<Vec<_>>()
    };
    all.iter().enumerate().flat_map(pair).collect()
}

/// A set of 48 MiB of 64: pressure and limits take what it needs, a slow device shows once they do.
#[test]
fn every_primitive_of_memory_is_felt_beside_pressure() {
    let all = host::memory();
    let pressure = all[0].primitive.clone();
    let calm = observe(Vec::new(), 4_000);
    let pressed = |more: Option<Primitive>| {
        let mut entries = vec![(0, 1_000, 3_000, pressure.clone())];
        entries.extend(more.map(|more| (1, 1_200, 3_000, more)));
        observe(entries, 4_000)
    };
    let alone = pressed(None);
    assert_ne!(alone, calm, "pressure is felt by itself");
    for sample in &all[1..] {
        assert_ne!(
            pressed(Some(sample.primitive.clone())),
            alone,
            "{} changes nothing",
            sample.name
        );
    }
}

#[test]
fn the_order_of_two_primitives_of_memory_does_not_matter() {
    let calm = observe(Vec::new(), 5_000);
    for (name, pair, by_order) in pairs() {
        let plan = |order: [usize; 2]| {
            let entry = |k: usize| {
                let k64 = k as u64;
                (k, 1_000 + 13 * k64, 3_000 + 11 * k64, pair[k].clone())
            };
            observe(order.map(entry).to_vec(), 5_000)
        };
        let (one, two) = (plan([0, 1]), plan([1, 0]));
        assert!(
            one == two || by_order,
            "{name} and {:?} depend on their order",
            pair[1]
        );
        let slow = matches!(
            pair,
            [Primitive::SwapDevice { .. }, Primitive::SwapDevice { .. }]
        );
        assert!(one != calm || slow, "{name} and {:?} do nothing", pair[1]);
    }
}

/// What pressed is gone, and what was evicted is read back: twenty seconds later work takes its old time.
#[test]
fn what_pressed_leaves_nothing_once_all_is_back() {
    let calm = observe(Vec::new(), 26_000);
    let usual = calm.iter().map(|(_, took)| *took).max().expect("it works");
    for (name, pair, _) in pairs() {
        let entries = vec![
            (0, 1_000, 3_000, pair[0].clone()),
            (1, 1_500, 2_500, pair[1].clone()),
        ];
        let seen = observe(entries, 26_000);
        let late = seen.iter().filter(|(at, _)| *at > 23_000);
        let slowest = late.map(|(_, took)| *took).max().expect("it works again");
        assert!(
            slowest <= usual,
            "{name} and {:?}: {slowest} us, {usual} us without",
            pair[1]
        );
    }
}
