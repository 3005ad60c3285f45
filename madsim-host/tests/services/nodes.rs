//! Nodes: slow and throttled processors, knobs, ends of processes, and what a dead one writes.

use squall_core::history::{FaultChange, What};
use squall_core::outcome::Stop;
use squall_core::plan::{KnobChange, Plan, Primitive};
use squall_core::{KnobId, NodeId, Sample, Seed};
use squall_madsim::{Cx, Hosted, HostedRun, Recorder};
use std::time::Duration;
use tokio::time::sleep;

use super::ping::{between, count};
use super::plans::{at, crash, ms, pause, plan};

/// A node that writes `tick` each millisecond.
fn ticks(plan: Plan) -> Hosted {
    let run = HostedRun::new(Seed(3)).node("ticker", |cx| async move {
        loop {
            sleep(Duration::from_millis(1)).await;
            cx.recorder().event("tick", 0, 0);
        }
    });
    run.plan(plan)
        .until(ms(10_000))
        .run()
        .expect("madsim can do this plan")
}

#[test]
fn a_slow_processor_runs_for_its_share_of_the_time() {
    let speed = |factor| Primitive::CpuSpeed {
        node: NodeId(0),
        factor,
    };
    // A half, and a half of it again while the second overlay lasts.
    let hosted = ticks(plan(vec![
        (2_000, 8_000, vec![speed(0.5)]),
        (4_000, 6_000, vec![speed(0.5)]),
    ]));
    let share =
        |from, until| count(&hosted, "tick", from, until) * 100 / count(&hosted, "tick", 0, 2_000);
    assert!(
        (44..=52).contains(&share(2_000, 4_000)),
        "{}",
        share(2_000, 4_000)
    );
    assert!(
        (19..=27).contains(&share(4_000, 6_000)),
        "{}",
        share(4_000, 6_000)
    );
    assert!(
        (44..=52).contains(&share(6_000, 8_000)),
        "{}",
        share(6_000, 8_000)
    );
    assert!(
        (99..=101).contains(&share(8_000, 10_000)),
        "{}",
        share(8_000, 10_000)
    );
    assert_eq!(hosted.approximated.len(), 2);
}

#[test]
fn a_throttled_node_stands_still_from_its_quota_to_the_next_period() {
    let quota = |quota, period| Primitive::CpuQuota {
        node: NodeId(0),
        quota: ms(quota),
        period: ms(period),
        phase: ms(2_030),
    };
    // 30 of each 100 ms; the tighter 10 of each 100 ms wins while it lasts.
    let hosted = ticks(plan(vec![
        (2_000, 8_000, vec![quota(30, 100)]),
        (4_000, 6_000, vec![quota(10, 100)]),
    ]));
    let ticks = |from, until| count(&hosted, "tick", from, until);
    assert!(ticks(2_000, 2_030) > 20, "no boundary has come yet");
    assert_eq!(ticks(2_062, 2_130), 0, "quota used up");
    assert!(
        (20..=31).contains(&ticks(2_130, 2_162)),
        "{}",
        ticks(2_130, 2_162)
    );
    assert!(
        (5..=11).contains(&ticks(4_130, 4_162)),
        "{}",
        ticks(4_130, 4_162)
    );
    assert!(
        (20..=31).contains(&ticks(6_130, 6_162)),
        "{}",
        ticks(6_130, 6_162)
    );
    assert!(ticks(8_000, 10_000) > 1_800);
}

#[test]
fn knobs_are_read_by_the_service_and_land_when_read() {
    let set = |node, value| Primitive::Knob {
        knob: KnobId(0),
        node,
        change: KnobChange::Set,
        value,
    };
    let read = |cx: Cx| async move {
        loop {
            let batch = cx.knob("batch").expect("the run declares it");
            // As hundredths, to have an integer.
            let hundredths = (batch * 100.0)
                .to_string()
                .parse()
                .expect("a small integer");
            cx.recorder().event(cx.name(), hundredths, 0);
            assert_eq!(cx.knob("no such knob"), None);
            sleep(Duration::from_millis(10)).await;
        }
    };
    let hosted = HostedRun::new(Seed(1))
        .node("left", read)
        .node("right", read)
        .knob("batch", 1.0)
        .plan(plan(vec![
            (1_000, 5_000, vec![set(None, 2.0)]),
            (2_000, 3_000, vec![set(Some(NodeId(1)), 3.0)]),
            (3_001, 3_002, vec![set(Some(NodeId(1)), 4.0)]),
        ]))
        .until(ms(6_000))
        .run()
        .expect("madsim can do this plan");
    let values = |node, from, until| {
        let mut values: Vec<u64> = between(&hosted, node, from, until)
            .into_iter()
            .map(|(value, _)| value)
            .collect();
        values.dedup();
        values
    };
    assert_eq!(values("left", 0, 6_000), [100, 200, 100]);
    assert_eq!(values("right", 0, 6_000), [100, 200, 300, 200, 100]);
    // The third came and went between two reads.
    let landed: Vec<u64> = hosted.result.faults.iter().map(|f| f.landed).collect();
    assert_eq!(landed, [1, 1, 0]);
    // A landing carries the planned start of its entry.
    let landings = hosted
        .records
        .iter()
        .filter_map(|record| match record.what {
            What::Fault {
                entry,
                change: FaultChange::Landed,
                planned,
            } => Some((entry.0, planned)),
            _ => None,
        });
    let landings: Vec<_> = landings.collect();
    assert_eq!(landings, [(0, at(1_000)), (1, at(2_000))]);
    assert_eq!(hosted.unobserved, []);
}

#[test]
fn a_main_that_returns_ends_its_process_and_a_crash_starts_it_again() {
    let hosted = HostedRun::new(Seed(1))
        .node("job", |cx| async move {
            let background = cx.clone();
            tokio::spawn(async move {
                loop {
                    sleep(Duration::from_millis(100)).await;
                    background.recorder().event("job.alive", 0, 0);
                }
            });
            sleep(Duration::from_millis(1_000)).await;
        })
        .plan(plan(vec![(5_000, 6_000, vec![crash(0)])]))
        .until(ms(10_000))
        .run()
        .expect("madsim can do this plan");
    let exits = between(&hosted, "host.exit", 0, 10_000);
    assert_eq!(exits, [(0, 0), (1, 0)]);
    assert!(count(&hosted, "job.alive", 0, 1_002) >= 9);
    assert_eq!(count(&hosted, "job.alive", 1_002, 6_000), 0);
    assert!(count(&hosted, "job.alive", 6_000, 7_002) >= 9);
    // There was no process left to crash.
    assert_eq!(hosted.result.faults[0].landed, 0);
}

#[test]
fn a_node_knows_itself_its_peers_and_its_own_draws() {
    let draws = |seed: u64| {
        let draw = |cx: Cx| async move {
            assert_eq!(cx.ip("left"), Some([10, 0, 0, 1].into()));
            assert_eq!(cx.ip("right"), Some([10, 0, 0, 2].into()));
            assert_eq!(cx.ip("nobody"), None);
            let name = ["left", "right"][cx.node().index()];
            assert_eq!(cx.name(), name);
            cx.recorder()
                .event("drawn", cx.key("batch").at(0).below(1 << 40), 0);
            assert_eq!(cx.now().as_nanos() / 1_000, 0);
        };
        let run = HostedRun::new(Seed(seed)).node("left", draw);
        let run = run.node("right", draw).until(ms(1)).run();
        let hosted = run.expect("there is no plan that madsim could refuse");
        assert_eq!(hosted.result.stop, Stop::Finished);
        let mut drawn = between(&hosted, "drawn", 0, 1);
        // Which node runs first is drawn by madsim.
        drawn.sort_unstable();
        drawn
    };
    let first = draws(1);
    assert_ne!(first[0], first[1], "nodes draw apart");
    assert_eq!(first, draws(1));
    assert_ne!(first, draws(2));
}

#[test]
fn a_dead_host_writes_nothing() {
    struct LastWords(Recorder);
    impl Drop for LastWords {
        fn drop(&mut self) {
            self.0.event("last-words", 0, 0);
        }
    }
    let speak = |cx: Cx| async move {
        let _words = LastWords(cx.recorder());
        cx.recorder().event("spoke", u64::from(cx.start()), 0);
        // Asleep at the crash and at the end of the run, or waiting in a pause.
        sleep(Duration::from_millis(1_000_000)).await;
    };
    let hosted = HostedRun::new(Seed(1))
        .node("a", speak)
        .node("b", speak)
        .plan(plan(vec![
            (1_000, 2_000, vec![crash(0)]),
            (500, 3_000, vec![pause(1)]),
            (1_000, 2_000, vec![crash(1)]),
        ]))
        .until(ms(5_000))
        .run()
        .expect("madsim can do this plan");
    assert_eq!(count(&hosted, "spoke", 0, 5_000), 4);
    assert_eq!(count(&hosted, "last-words", 0, 5_001), 0);
}
