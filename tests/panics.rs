//! A panic in model code ends its seed as a failure and takes nothing else down.

use squall::campaign;
use squall::core::outcome::Stop;
use squall::core::property::Verdict;
use squall::core::{Sample, Seed, VirtualDuration};
use squall::scenarios::workloads::{Install, WorkloadKind, nothing, whole};
use squall::scenarios::{Settings, parse};

/// A workload whose process panics after three seconds in odd seeds.
static FRAGILE: WorkloadKind = WorkloadKind {
    name: "fragile",
    domain: "test",
    summary: "panics in odd seeds",
    params: &[],
    events: &[],
    invariants: &[],
    metrics: &[],
    knobs: &[],
    services: &[],
    channels: &[],
    roles: &[],
    operations: &[],
    prepare: nothing,
    depends: whole,
    install: |install: &mut Install<'_>| {
        let odd = install.world.seed().0 % 2 == 1;
        let node = install.nodes()[0];
        install
            .world
            .process(node, "fragile", move |cx| async move {
                let mut draws = cx.stream("wait");
                let ms = 3_000 + draws.next_thing().below(10);
                cx.sleep(VirtualDuration::from_millis(ms)).await;
                assert!(!odd, "the ice broke");
                cx.sleep(VirtualDuration::from_secs(1)).await;
            });
    },
};

const FILE: &str = r#"
name = "fragile"
stop = { at = "20s" }
[topology]
nodes.web = {}
[workload.x.edge]
on = "web"
period = "10ms"
plant.servo = {}
"#;

#[test]
fn a_panic_ends_one_seed_with_its_time_and_the_campaign_goes_on() {
    let scenario =
        parse("fragile.toml", FILE, &Settings::default()).unwrap_or_else(|e| panic!("{e}"));
    let mut ready = scenario
        .ready(&squall::Place::default())
        .unwrap_or_else(|e| panic!("{e}"));
    ready.scenario.workloads[0].kind = &FRAGILE;
    let run = |jobs| {
        campaign::run(&ready, 0..9, jobs, &|_| ())
            .unwrap_or_else(|e| panic!("{e}"))
            .campaign
    };
    let campaign = run(2);
    assert_eq!(campaign.verdict, Verdict::Fail);
    assert_eq!(campaign.seeds.len(), 9, "no seed is missing");
    for seed in &campaign.seeds {
        if seed.seed.0 % 2 == 1 {
            assert_eq!(seed.stop, Stop::Panicked("the ice broke".into()));
            assert_eq!(seed.verdict, Verdict::Fail);
            let at = seed.end.as_secs_f64();
            assert!(
                (3.0..3.02).contains(&at),
                "it ends when it panicked, at {at}"
            );
        } else {
            assert_eq!(seed.stop, Stop::Finished);
            assert_eq!(seed.end.as_secs_f64(), 20.0);
        }
    }
    // The world that panicked leaves nothing behind for the seeds after it.
    assert_eq!(campaign, run(1));
    let alone = campaign::record(&ready, Seed(5)).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(alone.result.digest, campaign.seeds[5].digest);
}
