//! The promise of determinism, and that its breach is noticed.

use squall::campaign;
use squall::core::outcome::ENGINE_EPOCH;
use squall::core::recording::{Header, RECORDING_FORMAT, Recording};
use squall::core::world::{Bounds, NodeSpec, World};
use squall::core::{Seed, VirtualDuration, VirtualTime};
use squall::reports::{divergence, storage};
use squall::scenarios::Settings;
use squall::{load, scenario_files};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};

fn library() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/library");
    let files = scenario_files(&root).expect("the library can be read");
    assert!(files.len() >= 6, "at least six scenarios are shipped");
    files
}

/// Digests of the first three seeds of a scenario in a fresh process.
fn fresh_process(path: &Path, seeds: &str, jobs: &str, test: &str) -> Vec<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_squall"))
        .args([
            "run", "--format", "json", "--seeds", seeds, "--jobs", jobs, "--out",
        ])
        .arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join(test))
        .arg(path)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("squall runs");
    let document: serde_json::Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stderr)));
    let seeds = document["seeds"].as_array().expect("seeds");
    seeds
        .iter()
        .map(|seed| seed["digest"].as_str().expect("a digest").to_owned())
        .collect()
}

/// Each shipped scenario at three seeds, in this process on three threads, in a fresh one on one
/// thread and in another on two; and one of them once more in an arena that ran another seed
/// before, with recording.
#[test]
fn shipped_scenarios_end_in_the_same_digest_every_time() {
    for path in library() {
        let ready = load(&path, &Settings::default()).unwrap_or_else(|e| panic!("{e}"));
        let first = ready.scenario.seeds.start;
        let seeds = first..first + 3;
        let ran =
            campaign::run(&ready, seeds.clone(), 3, &|_| ()).unwrap_or_else(|e| panic!("{e}"));
        let here: Vec<String> = ran
            .campaign
            .seeds
            .iter()
            .map(|s| s.digest.to_string())
            .collect();
        let name = path.display();
        let range = format!("{}..{}", seeds.start, seeds.end);
        assert_eq!(here, fresh_process(&path, &range, "1", "fresh-1"), "{name}");
        assert_eq!(here, fresh_process(&path, &range, "2", "fresh-2"), "{name}");
        let mut world = World::new(Seed(0), false);
        for (seed, keep) in [(first + 1, false), (first, true)] {
            let run = ready
                .run(Seed(seed), keep, &mut world)
                .unwrap_or_else(|e| panic!("{e}"));
            let digest = &here[usize::try_from(seed - first).expect("one of three")];
            assert_eq!(
                run.result.digest.to_string(),
                *digest,
                "{name}: arena and recording"
            );
        }
        assert!(
            here[0] != here[1] || here[1] != here[2],
            "{name}: seeds differ"
        );
    }
}

/// What every seed shares although it must not.
static LEAK: AtomicU64 = AtomicU64::new(0);

/// A model that cheats: after a while a process-wide counter reaches a record.
fn cheating() -> Recording {
    let mut world = World::new(Seed(1), true);
    let node = world.add_node(&NodeSpec::new("n"));
    let (tick, leak) = (world.name("tick"), world.name("leak"));
    world.process(node, "p", move |cx| async move {
        for i in 0..5_000 {
            cx.sleep(VirtualDuration::from_millis(1)).await;
            match i {
                3_210 => cx.event(leak, LEAK.fetch_add(1, Ordering::Relaxed), 0),
                _ => cx.event(tick, i, 0),
            }
        }
    });
    let stop = world.run(Bounds::until(VirtualTime::MAX));
    let names = world.names();
    let mut finished = world.finish(&stop);
    Recording {
        header: Header {
            format: RECORDING_FORMAT,
            epoch: ENGINE_EPOCH,
            scenario: "canary".into(),
            path: "canary.toml".into(),
            text: String::new(),
            seed: Seed(1),
            nodes: vec!["n".into()],
            plan: Default::default(),
            names,
            digest: finished.digest,
            checkpoints: finished.history.checkpoints().to_vec(),
        },
        records: finished.history.take_records(),
    }
}

/// A detector that was never seen to fire proves nothing.
#[test]
fn the_canary_is_caught_at_its_record() {
    let (a, b) = (cheating(), cheating());
    assert_ne!(a.header.digest, b.header.digest);
    let at = divergence::first(&a, &b).expect("they differ");
    let line = divergence::line(&a, &a.records[at]);
    assert!(line.contains("event leak"), "{line}");
    assert!(
        divergence::text(&a, &b).contains("event leak"),
        "{}",
        divergence::text(&a, &b)
    );
    assert_eq!(divergence::first(&a, &a.clone()), None);
}

#[test]
fn recordings_survive_storage_and_changes_are_noticed() {
    let recording = cheating();
    let bytes = storage::encode(&recording).expect("writing to memory");
    assert_eq!(
        storage::decode(&bytes).expect("what was written"),
        recording
    );
    let mut changed = recording.clone();
    changed.records.swap(10, 11);
    let bytes = storage::encode(&changed).expect("writing to memory");
    assert!(matches!(
        storage::decode(&bytes),
        Err(storage::StorageError::Digest { .. })
    ));
    let mut foreign = recording;
    foreign.header.epoch += 1;
    let bytes = storage::encode(&foreign).expect("writing to memory");
    assert!(matches!(
        storage::decode(&bytes),
        Err(storage::StorageError::Epoch { .. })
    ));
}
