//! Clocks on their own against exact arithmetic, then in a world.

use super::{Clock, ClockSpec};
use crate::history::What;
use crate::plan::{Clocks, Entry, FreezeEnd, Land, Plan, PlannedFault, Primitive, StepEnd};
use crate::world::{Bounds, Handler, HandlerCx, NodeSpec, Reply, Request, World};
use crate::{Cx, EntryId, NodeId, Seed, VirtualDuration, VirtualTime};

const MS: u64 = 1_000_000;
const S: u64 = 1_000_000_000;
const NODE: NodeId = NodeId(0);

const fn at(s: u64) -> VirtualTime {
    VirtualTime::from_nanos(s * S)
}
const fn drift(ppm: f64, wall_only: bool) -> Primitive {
    Primitive::ClockDrift {
        node: NODE,
        ppm,
        wall_only,
    }
}
const fn step(offset_ns: i64, end: StepEnd) -> Primitive {
    Primitive::ClockStep {
        node: NODE,
        offset_ns,
        strobe: None,
        end,
    }
}
const fn freeze(clock: Clocks, end: FreezeEnd) -> Primitive {
    Primitive::ClockFreeze {
        node: NODE,
        clock,
        end,
    }
}
fn entry(fault: u32, primitive: Primitive) -> Entry {
    Entry {
        fault,
        part: 0,
        from: VirtualTime::ZERO,
        until: None,
        firing: None,
        primitive,
    }
}

/// A clock under overlays: (start, end, primitive), each a fault of its own.
struct Course {
    clock: Clock,
    entries: Vec<Entry>,
    /// (time, start, index), in the order of a timeline.
    steps: Vec<(u64, bool, usize)>,
    done: usize,
}

impl Course {
    fn new(spec: ClockSpec, overlays: &[(u64, u64, Primitive)]) -> Self {
        let numbered = (0u32..).zip(overlays);
        let entries = numbered.map(|(fault, o)| entry(fault, o.2.clone()));
        let steps = overlays.iter().enumerate();
        let steps = steps.flat_map(|(i, o)| [(o.0, true, i), (o.1, false, i)]);
        let mut steps: Vec<_> = steps.collect();
        steps.sort_unstable();
        Self {
            clock: Clock::new(spec),
            entries: entries.collect(),
            steps,
            done: 0,
        }
    }
    fn upto(&mut self, now: u64) -> &Clock {
        while let Some(&(time, start, index)) = self.steps.get(self.done).filter(|s| s.0 <= now) {
            let id = EntryId::from_index(index);
            self.clock.overlay(time, (id, &self.entries[index]), start);
            self.done += 1;
        }
        &self.clock
    }
    fn wall(&mut self, now: u64) -> i64 {
        self.upto(now).wall(now) - i64::try_from(now).expect("short")
    }
    fn monotonic(&mut self, now: u64) -> i64 {
        let reading = self.upto(now).monotonic(now);
        i64::try_from(reading).expect("short") - i64::try_from(now).expect("short")
    }
    fn blamed(&mut self, now: u64) -> Vec<u32> {
        let mut out = Vec::new();
        self.upto(now).wall_errors(now, &mut out);
        out.into_iter().map(|id| id.0).collect()
    }
}

const RIGHT: ClockSpec = ClockSpec {
    offset_ns: 0,
    drift_ppm: 0.0,
};

#[test]
fn a_crystal_of_50_ppm_is_180_ms_off_after_an_hour() {
    let mut course = Course::new(RIGHT, &[(0, 3600 * S, drift(50.0, false))]);
    assert_eq!(course.wall(3600 * S - 1), 179_999_999);
    assert_eq!(course.monotonic(3600 * S), 180 * 1_000_000);
    // The error stays when the drift is over.
    assert_eq!(course.wall(9000 * S), 180 * 1_000_000);
    assert_eq!(course.blamed(9000 * S), [0]);
}

#[test]
fn offsets_add_and_the_end_of_one_leaves_the_other() {
    let overlays = [
        (10 * S, 40 * S, step(5_000, StepEnd::Back)),
        (20 * S, 30 * S, step(-7_000, StepEnd::Back)),
    ];
    for overlays in [overlays.to_vec(), overlays.iter().rev().cloned().collect()] {
        let mut course = Course::new(RIGHT, &overlays);
        let walls = [9, 10, 25, 35, 41].map(|s| course.wall(s * S));
        assert_eq!(walls, [0, 5_000, -2_000, 5_000, 0]);
        assert_eq!(course.monotonic(50 * S), 0, "a step is of the wall clock");
    }
}

#[test]
fn an_offset_is_kept_or_slewed_away_at_500_ppm() {
    let overlays = [
        (S, 2 * S, step(-1_000_000, StepEnd::Keep)),
        (S, 2 * S, step(3_000_000, StepEnd::Slew)),
    ];
    let mut course = Course::new(RIGHT, &overlays);
    assert_eq!(course.wall(2 * S), 2_000_000);
    assert_eq!(course.wall(3 * S), 1_500_000, "0.5 ms a second");
    assert_eq!(course.wall(8 * S), -1_000_000, "6 s for 3 ms");
    assert_eq!(course.blamed(7 * S), [0, 1]);
    assert_eq!(course.blamed(9 * S), [0]);
}

#[test]
fn rates_add_and_are_clamped_in_sum() {
    let overlays = [
        (0, 10 * S, drift(90_000.0, false)),
        (0, 20 * S, drift(60_000.0, false)),
        (0, 30 * S, drift(-30_000.0, true)),
    ];
    let mut course = Course::new(RIGHT, &overlays);
    // 10 s at +100,000 (not 150,000), 10 s at +60,000, then nothing but the slew.
    assert_eq!(course.monotonic(30 * S), 1_600_000_000);
    // The slew takes 30,000 from the clamped rate: 70,000, 30,000, -30,000.
    assert_eq!(course.wall(30 * S), 700_000_000 + 300_000_000 - 300_000_000);
}

#[test]
fn a_frozen_clock_jumps_or_lags() {
    let overlays = [(10 * S, 15 * S, freeze(Clocks::Both, FreezeEnd::Jump))];
    let mut course = Course::new(RIGHT, &overlays);
    assert_eq!(course.wall(12 * S), -2_000_000_000);
    assert_eq!(course.monotonic(12 * S), -2_000_000_000);
    assert_eq!(course.blamed(12 * S), [0]);
    assert_eq!((course.wall(15 * S), course.monotonic(15 * S)), (0, 0));
    assert_eq!(course.blamed(16 * S), Vec::<u32>::new());

    let overlays = [
        (10 * S, 15 * S, freeze(Clocks::Wall, FreezeEnd::Lag)),
        (12 * S, 20 * S, freeze(Clocks::Wall, FreezeEnd::Jump)),
    ];
    let mut course = Course::new(RIGHT, &overlays);
    let walls = [12, 15, 19].map(|s| course.wall(s * S));
    assert_eq!(walls, [-2, -5, -9].map(|s| s * 1_000_000_000), "a union");
    assert_eq!(course.wall(20 * S), -5_000_000_000, "what lagged is lost");
    assert_eq!(course.monotonic(20 * S), 0);
}

#[test]
fn a_strobe_flips_without_an_event() {
    let strobe = Primitive::ClockStep {
        node: NODE,
        offset_ns: 4_000_000,
        strobe: Some(VirtualDuration::from_millis(10)),
        end: StepEnd::Back,
    };
    let mut course = Course::new(RIGHT, &[(S, 2 * S, strobe)]);
    let walls = [0, 9, 10, 19, 20, 30].map(|ms| course.wall(S + ms * MS));
    assert_eq!(walls, [0, 0, 4_000_000, 4_000_000, 0, 4_000_000]);
    assert_eq!(course.wall(2 * S), 0);
}

/// However an interval is split, and in whatever order overlays are named.
#[test]
fn readings_do_not_depend_on_how_time_is_split() {
    let spec = ClockSpec {
        offset_ns: -123,
        drift_ppm: 12.345,
    };
    let overlays = [
        (S, 977 * S, drift(-0.017, false)),
        (3 * S + 1, 611 * S + 7, drift(33.333, true)),
    ];
    let mut coarse = Course::new(spec, &overlays);
    let mut split: Vec<(u64, u64, Primitive)> = overlays.to_vec();
    // Overlays of no effect only split the time.
    split.extend((0..900).map(|i| (i * S + 13 * i, i * S + 13 * i + 17, drift(0.0, false))));
    let mut fine = Course::new(spec, &split);
    for s in [2, 600, 700, 1000] {
        let now = s * S + 1;
        assert_eq!(coarse.wall(now), fine.wall(now));
        assert_eq!(coarse.monotonic(now), fine.monotonic(now));
    }
}

#[test]
fn a_timer_is_due_at_the_first_nanosecond_that_reads_its_time() {
    for ppm in [-100_000.0, -50.0, -0.001, 0.0, 0.001, 20.0, 100_000.0] {
        let spec = ClockSpec {
            offset_ns: 0,
            drift_ppm: ppm,
        };
        let clock = Clock::new(spec);
        for target in [1, 999, 1_000_000_007, 86_400 * S] {
            let due = clock.due(target).expect("the clock runs");
            assert!(clock.monotonic(due) >= target, "{ppm} {target}");
            assert!(clock.monotonic(due - 1) < target, "{ppm} {target}");
        }
    }
}

/// What is left of a fault that came a thousand times is one thing to look at.
#[test]
fn occurrences_of_one_fault_are_merged() {
    let mut clock = Clock::new(RIGHT);
    for i in 0..1000u64 {
        let id = EntryId::from_index(usize::try_from(i).expect("small"));
        let what = entry(0, step(1_000, StepEnd::Keep));
        clock.overlay(2 * i * S, (id, &what), true);
        clock.overlay((2 * i + 1) * S, (id, &what), false);
    }
    let now = 3000 * S;
    assert_eq!(clock.wall(now), 3_000_001_000_000);
    let mut out = Vec::new();
    clock.wall_errors(now, &mut out);
    assert_eq!(out, [EntryId(999)]);
}

/// A world of one node whose plan has these overlays.
fn world(spec: ClockSpec, overlays: &[(u64, u64, Primitive)]) -> (World, NodeId) {
    let mut world = World::new(Seed(1), true);
    let node = world.add_node(&NodeSpec::new("n").clock(spec));
    let faults = overlays.iter().map(|o| PlannedFault {
        kind: "clock".into(),
        label: o.2.name().into(),
        land: Land::Any,
        notes: Vec::new(),
    });
    let entries = (0u32..).zip(overlays).map(|(fault, o)| Entry {
        from: VirtualTime::from_nanos(o.0),
        until: Some(VirtualTime::from_nanos(o.1)),
        ..entry(fault, o.2.clone())
    });
    world.set_plan(Plan::new(faults.collect(), entries.collect()));
    (world, node)
}

/// Times of the events, and how often each fault landed.
fn run(mut world: World, until: u64) -> (Vec<u64>, Vec<u64>) {
    let stop = world.run(Bounds::until(VirtualTime::from_nanos(until)));
    let finished = world.finish(&stop);
    let events = finished.history.records().iter();
    let times = events.filter(|r| matches!(r.what, What::Event { .. }));
    let times = times.map(|r| r.at.as_nanos()).collect();
    (times, finished.faults.iter().map(|f| f.landed).collect())
}

fn ticker(world: &mut World, node: NodeId, count: u32) {
    let tick = world.name("tick");
    world.process(node, "ticker", move |cx: Cx| async move {
        for _ in 0..count {
            cx.sleep(VirtualDuration::from_secs(1)).await;
            cx.event(tick, 0, 0);
        }
    });
}

#[test]
fn timers_fire_by_the_nodes_own_clock() {
    let fast = ClockSpec {
        offset_ns: 0,
        drift_ppm: 1000.0,
    };
    let (mut world, node) = world(fast, &[]);
    ticker(&mut world, node, 2);
    let (times, _) = run(world, 5 * S);
    // ceil(1e9 / 1.001), then a second of readings later.
    assert_eq!(times, [999_000_999 + 1, 2 * 999_000_999 + 1 + 1]);
}

#[test]
fn a_timer_that_waits_follows_a_drift_that_begins_and_ends() {
    let overlays = [(S / 2, 5 * S, drift(100_000.0, false))];
    let (mut world, node) = world(RIGHT, &overlays);
    ticker(&mut world, node, 1);
    let (times, landed) = run(world, 9 * S);
    // Half a second as it is, the other half at 1.1.
    assert_eq!(times, [S / 2 + 454_545_455]);
    assert_eq!(landed, [1]);

    let overlays = [(0, S / 2, drift(100_000.0, false))];
    let (mut world, node) = self::world(RIGHT, &overlays);
    ticker(&mut world, node, 1);
    let (times, landed) = run(world, 9 * S);
    assert_eq!(times, [S - S / 20]);
    assert_eq!(
        landed,
        [1],
        "it was over when the timer fired, and moved it"
    );
}

#[test]
fn timers_of_a_frozen_clock_wait_for_it() {
    let check = |end: FreezeEnd, clock: Clocks, expect: &[u64], landings: u64| {
        let overlays = [(S / 2, 3 * S, freeze(clock, end))];
        let (mut world, node) = world(RIGHT, &overlays);
        ticker(&mut world, node, 2);
        let (times, landed) = run(world, 9 * S);
        assert_eq!(
            (times.as_slice(), landed[0]),
            (expect, landings),
            "{end:?} {clock:?}"
        );
    };
    check(FreezeEnd::Jump, Clocks::Monotonic, &[3 * S, 4 * S], 1);
    check(
        FreezeEnd::Lag,
        Clocks::Both,
        &[3 * S + S / 2, 4 * S + S / 2],
        1,
    );
    check(FreezeEnd::Jump, Clocks::Wall, &[S, 2 * S], 0);
}

#[test]
fn a_wrong_clock_lands_when_somebody_reads_it() {
    let overlays = [
        (S, 4 * S, step(-5, StepEnd::Back)),
        (2 * S, 3 * S, drift(10.0, true)),
        (5 * S, 6 * S, step(7, StepEnd::Keep)),
    ];
    let (mut idle, node) = world(RIGHT, &overlays);
    ticker(&mut idle, node, 8);
    assert_eq!(
        run(idle, 9 * S).1,
        [0, 0, 0],
        "nobody reads, no timer moves"
    );

    let (mut busy, node) = world(RIGHT, &overlays);
    busy.process(node, "reader", |cx: Cx| async move {
        let mut read = Vec::new();
        for _ in 0..8 {
            cx.sleep_until(cx.now() + VirtualDuration::from_secs(1))
                .await;
            let now = i64::try_from(cx.now().as_nanos()).expect("short");
            read.push(cx.wall_clock().as_nanos() - now);
        }
        assert_eq!(
            read,
            [-5, -5, 9_995, 10_000, 10_007, 10_007, 10_007, 10_007]
        );
    });
    // The step lands at 1, 2 and 3 s, the drift's error from 3 s on, the kept step from 5 s on.
    assert_eq!(run(busy, 9 * S).1, [3, 6, 4]);
}

struct Beat(crate::NameId);
impl Handler for Beat {
    fn start(&mut self, cx: &mut HandlerCx<'_>) {
        cx.after(VirtualDuration::from_secs(1), 0);
    }
    fn event(&mut self, cx: &mut HandlerCx<'_>, word: u64) {
        cx.record(self.0, word, cx.node().0.into());
        cx.after(VirtualDuration::from_secs(1), word + 1);
    }
}

#[test]
fn handlers_and_timeouts_of_calls_go_by_the_clock_too() {
    let slow = ClockSpec {
        offset_ns: 0,
        drift_ppm: -100_000.0,
    };
    let (mut world, node) = world(slow, &[]);
    let beat = world.name("beat");
    world.handler(node, move || Beat(beat));
    let (times, _) = run(world, 4 * S);
    assert_eq!(times.len(), 3);
    assert_eq!(times[0], 1_111_111_112);

    let (mut world, node) = self::world(slow, &[(S / 4, 9 * S, drift(100_000.0, false))]);
    let gave_up = world.name("gave-up");
    let server = world.add_node(&NodeSpec::new("server"));
    world.process(server, "deaf", |cx: Cx| async move {
        let inbox = cx.listen("x");
        let call = inbox.accept().await;
        cx.sleep(VirtualDuration::from_secs(30)).await;
        call.reply(&cx, Reply::default());
    });
    world.process(node, "caller", move |cx: Cx| async move {
        let port = cx.port(server, "x");
        let limit = VirtualDuration::from_secs(1);
        let result = cx.call(port, Request::default()).within(limit).await;
        assert!(result.is_err());
        cx.event(gave_up, 0, 0);
        // A wait for another task's sake: the waker of a combinator.
        let never = core::future::pending::<()>();
        assert!(cx.timeout(limit, never).await.is_err());
        cx.event(gave_up, 1, 0);
    });
    let (times, landed) = run(world, 8 * S);
    // A quarter at 0.9 of the rate, then the two drifts cancel.
    assert_eq!(times, [S + S / 40, 2 * S + S / 40]);
    assert_eq!(landed, [2]);
}

/// A right clock on a node that a plan names gives the run that a node without one gives.
#[test]
fn a_clock_that_is_never_wrong_changes_nothing() {
    let quiet = [(2 * S, 3 * S, drift(0.0, false))];
    let (mut with, node) = world(RIGHT, &quiet);
    ticker(&mut with, node, 5);
    let (mut without, node) = world(RIGHT, &[]);
    ticker(&mut without, node, 5);
    let (a, landed) = run(with, 9 * S);
    let (b, _) = run(without, 9 * S);
    assert_eq!((a, landed), (b, vec![0]));
}

#[test]
fn a_wait_of_no_length_uses_up_an_event() {
    let (mut world, node) = world(RIGHT, &[(at(1).as_nanos(), 2 * S, drift(1.0, false))]);
    world.process(node, "spin", |cx: Cx| async move {
        loop {
            cx.sleep(VirtualDuration::ZERO).await;
        }
    });
    let bounds = Bounds {
        until: at(1),
        events_max: 1000,
    };
    assert_eq!(world.run(bounds), crate::outcome::Stop::EventsMax);
}
