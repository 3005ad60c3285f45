//! swap-zombie: the host pages, the lease runs out, and two workers have one session.

use super::{CREW, NoFiles, scenario};
use squall_core::history::{NodeChange, What};
use squall_core::{Seed, World};

/// Sessions that another worker took over, and whether a node went down, in seeds of a world with these lines.
fn taken_over(more: &str, fault: &str) -> Vec<usize> {
    let text = format!("{fault}\n[workload.crew.agents.heap]\n{more}\n");
    let text = if more.is_empty() {
        fault.to_owned()
    } else {
        text
    };
    let ready = scenario(&[CREW], 4, &text).ready(&NoFiles);
    let ready = ready.unwrap_or_else(|report| panic!("{report}"));
    let mut world = World::new(Seed(0), false);
    let mut one = |seed| {
        let run = ready.run(Seed(seed), true, &mut world);
        let run = run.unwrap_or_else(|report| panic!("{report}"));
        let recording = run.recording.as_ref().expect("it was kept");
        let names = &recording.header.names;
        let records = || recording.records.iter().map(|record| &record.what);
        let down = |what: &What| {
            matches!(
                what,
                What::Node {
                    change: NodeChange::Down | NodeChange::OutOfMemory,
                    ..
                }
            )
        };
        assert!(
            !records().any(down),
            "nobody crashed: leases ran out, or did not"
        );
        let resumed = |what: &&What| matches!(what, What::Event { name, .. } if names.text(*name) == "crew.resumed");
        records().filter(resumed).count()
    };
    (0..4).map(&mut one).collect()
}

#[test]
fn a_lease_runs_out_where_the_host_pages() {
    let preset = "[[fault]]\nuse = 'swap-zombie'\nat = '1m'";
    let with = taken_over("size = '512MiB'", preset);
    let calm = taken_over("size = '512MiB'", "");
    let without = taken_over("", preset);
    println!("taken over: {with:?}; without the preset {calm:?}, without a heap {without:?}");
    assert!(with.iter().all(|count| *count > 0), "{with:?}");
    assert!(
        calm.iter().chain(&without).all(|count| *count == 0),
        "{calm:?} {without:?}"
    );
}
