//! A panic in a node becomes a record and a failed verdict, and the thread may host the next run.

use squall_core::history::{Record, What};
use squall_core::outcome::Stop;
use squall_core::property::{Invariant, Ruling, Verdict};
use squall_core::{NodeId, Seed};
use squall_madsim::{HostError, Hosted, HostedRun};
use std::time::Duration;
use tokio::time::sleep;

use super::ping::{between, count};
use super::plans::ms;

fn run(panics: bool) -> Hosted {
    HostedRun::new(Seed(1))
        .node("steady", |cx| async move {
            loop {
                sleep(Duration::from_millis(100)).await;
                cx.recorder().event("steady.tick", 0, 0);
            }
        })
        .node("rash", move |_| async move {
            let task = tokio::spawn(async move {
                sleep(Duration::from_millis(1_050)).await;
                assert!(!panics, "index 7 out of luck");
            });
            sleep(Duration::from_millis(5_000)).await;
            drop(task);
        })
        .until(ms(2_000))
        .run()
        .expect("there is no plan that madsim could refuse")
}

#[test]
fn a_panic_of_a_spawned_task_names_its_node_and_fails_the_run() {
    let hosted = run(true);
    let Stop::Panicked(text) = &hosted.result.stop else {
        panic!("it stopped by {:?}", hosted.result.stop);
    };
    assert!(
        text.starts_with("node `rash`: index 7 out of luck ("),
        "{text}"
    );
    assert!(text.contains("panics.rs:"), "{text}");
    assert_eq!(hosted.verdict(), Verdict::Fail);
    assert_eq!(
        count(&hosted, "steady.tick", 0, 2_000),
        10,
        "what was before is kept"
    );

    let last = hosted.records.last().expect("there are records");
    let name = hosted
        .names
        .find("host.panic")
        .expect("a panic is recorded");
    let what = What::Event {
        name,
        node: NodeId(1),
        a: 0,
        b: 0,
    };
    assert_eq!(last.what, what);
    assert_eq!(last.at.as_nanos() / 1_000_000, 1_050);

    // The same thread, without the bug.
    let next = run(false);
    assert_eq!(
        (next.verdict(), next.result.stop.clone()),
        (Verdict::Pass, Stop::Finished)
    );
    assert_eq!(next.names.find("host.panic"), None);
    assert!(count(&next, "steady.tick", 0, 2_000) >= 19);
}

/// A monitor with a bug of its own: it panics at every event.
#[derive(Debug)]
struct Broken;

impl Invariant for Broken {
    fn observe(&mut self, record: &Record, _: &mut Ruling) {
        let event = matches!(record.what, What::Event { .. });
        assert!(!event, "a broken monitor");
    }
}

#[test]
fn a_monitor_that_panics_fails_the_run_and_leaves_the_thread_usable() {
    let hosted = HostedRun::new(Seed(1))
        .node(
            "speaker",
            |cx| async move { cx.recorder().event("word", 0, 0) },
        )
        .invariant("broken", |_| Box::new(Broken))
        .run()
        .expect("there is no plan that madsim could refuse");
    let stop = &hosted.result.stop;
    assert!(
        matches!(stop, Stop::Panicked(text) if text.contains("a broken monitor")),
        "{stop:?}"
    );
    assert_eq!(hosted.verdict(), Verdict::Fail);
    assert_eq!(run(false).verdict(), Verdict::Pass);
}

#[test]
fn a_hosted_service_cannot_host_a_run() {
    let hosted = HostedRun::new(Seed(1))
        .node("matryoshka", |cx| async move {
            let inner = HostedRun::new(Seed(2)).node("inner", |_| async {}).run();
            let refused = matches!(inner, Err(HostError::Nested));
            cx.recorder().event("inner", u64::from(refused), 0);
        })
        .until(ms(10))
        .run()
        .expect("there is no plan that madsim could refuse");
    assert_eq!(hosted.result.stop, Stop::Finished);
    assert_eq!(between(&hosted, "inner", 0, 10), [(1, 0)]);
}
