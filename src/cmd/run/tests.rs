//! A canary on the way of a campaign: a workload that cheats ends it with 102, at its record.

use super::*;
use squall::core::VirtualDuration;
use squall::scenarios::workloads::{Install, WorkloadKind, nothing, whole, word};
use squall::scenarios::{Settings, parse};
use std::sync::atomic::{AtomicU64, Ordering};

/// What every run shares although it must not.
static LEAK: AtomicU64 = AtomicU64::new(0);

/// After a while a counter of the whole process reaches a record, in one seed of eight.
static CANARY: WorkloadKind = WorkloadKind {
    name: "canary",
    domain: "test",
    summary: "is not deterministic",
    params: &[],
    events: &[word("tick", "goes on"), word("leak", "cheats")],
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
        let node = install.nodes()[0];
        let [tick, leak] = ["tick", "leak"].map(|name| install.name(name));
        let cheats = install.world.seed().0.is_multiple_of(8);
        install.world.process(node, "canary", move |cx| async move {
            for i in 0..3_000 {
                cx.sleep(VirtualDuration::from_millis(1)).await;
                match i {
                    2_500 if cheats => {
                        cx.event(leak, LEAK.fetch_add(1, Ordering::Relaxed), 0);
                    }
                    _ => cx.event(tick, i, 0),
                }
            }
        });
    },
};

const FILE: &str = r#"
name = "canary"
stop = { at = "5s" }
[topology]
nodes.web = {}
[workload.x.edge]
on = "web"
period = "10ms"
plant.servo = {}
[[fault]]
at = "1s"
for = "3s"
inject.cpu-slow = { nodes = "web", factor = 0.5 }
"#;

fn canary() -> Ready {
    let scenario = parse("canary.toml", FILE, &Settings::default());
    let scenario = scenario.unwrap_or_else(|e| panic!("{}", e.render(false)));
    let ready = scenario.ready(&squall::Place::default());
    let mut ready = ready.unwrap_or_else(|e| panic!("{}", e.render(false)));
    ready.scenario.workloads[0].kind = &CANARY;
    ready
}

fn ran(seeds: Range<u64>) -> Finished {
    let path = Path::new("canary.toml");
    run_one(&canary(), (path, &[]), seeds, 2).unwrap_or_else(|e| panic!("{}", e.render(false)))
}

#[test]
fn a_campaign_that_does_not_repeat_ends_with_102_and_names_the_record() {
    // Seed 16 is in the sample, being divisible by 16; nothing fails, and the first seed is honest.
    let finished = ran(9..24);
    assert_eq!(finished.exit_code(), exit::NONDETERMINISM);
    let mismatch = finished.differs.as_ref().expect("it was found");
    assert_eq!(mismatch.seed.0, 16);
    let text = human(&finished, 2);
    for part in [
        "NONDETERMINISM   canary.toml   seed 0x10",
        "run 1    00:02.501  web-0  event x.leak",
        "run 2    00:02.501  web-0  event x.leak",
        "00:02.500  web-0  event x.tick  2499 0",
        "fault cpu-slow#1  in force (plan entry 0, planned at 00:01.000)",
        "another value",
        "exit code 102",
    ] {
        assert!(text.contains(part), "no `{part}` in\n{text}");
    }
    let document = json::campaign(&finished.outcome(), TOOL);
    assert_eq!(document["exit_code"], 102);
    assert_eq!(document["nondeterministic_seed"], "0x10");
}

#[test]
fn a_campaign_that_repeats_is_left_alone() {
    let finished = ran(17..24);
    assert!(finished.differs.is_none());
    assert_ne!(finished.exit_code(), exit::NONDETERMINISM);
}
