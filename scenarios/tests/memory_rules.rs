//! `paging` and `memory_groups` of nodes: what they mean, what is wrong with them, and that they act.

use squall_core::memory::{DeviceStalls, GroupLimit, Watermarks};
use squall_core::world::{MemoryGroup, MemoryRules, Oomd};
use squall_core::{Seed, World};
use squall_scenarios::{Files, Scenario, Settings, parse};

const MIB: u64 = 1 << 20;

struct None_;

impl Files for None_ {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        Err(format!("{path} is not there"))
    }
}

/// A scenario of one host with these keys, on which two loops run.
fn text(keys: &str) -> String {
    format!(
        "name = \"x\"\nstop = {{ at = \"20s\" }}\n[topology]\n\
         nodes.host = {{ cores = 4, memory = \"512MiB\", {keys} }}\nnodes.far = {{}}\n\
         [workload.near.edge]\non = \"host\"\nplant.servo = {{}}\nperiod = \"10ms\"\n\
         compute = \"1ms\"\nmemory = {{ set = \"128MiB\", pages = 64 }}\n\
         [workload.away.edge]\non = \"far\"\nplant.servo = {{}}\n"
    )
}

fn read(keys: &str) -> Result<Scenario, String> {
    let scenario = parse("x.toml", &text(keys), &Settings::default());
    scenario.map_err(|report| report.render(false))
}

fn rules(keys: &str) -> MemoryRules {
    let scenario = read(keys).unwrap_or_else(|shown| panic!("{shown}"));
    assert_eq!(scenario.nodes[1].memory_rules, MemoryRules::default());
    scenario.nodes[0].memory_rules.clone()
}

#[test]
fn nothing_is_on_unless_asked_for() {
    assert_eq!(rules("swap = \"nvme\""), MemoryRules::default());
    assert_eq!(
        rules("paging = {}, memory_groups = {}"),
        MemoryRules::default()
    );
}

#[test]
fn every_key_of_paging_is_read() {
    let read = rules(
        "swap = \"nvme\", paging = { kswapd = true, high = \"400MiB\", page_cluster = 5, \
         device_stalls = { every = \"10s\", for = \"1s\" }, early_oom = 0.05, \
         oomd = { pressure = 40, for = \"5s\", swap_used = 0.5 } }",
    );
    let want = MemoryRules {
        kswapd: Some(Watermarks::of(512 * MIB)),
        high: Some(400 * MIB),
        page_cluster: 5,
        device_stalls: Some(DeviceStalls {
            every: squall_core::VirtualDuration::from_secs(10),
            length: squall_core::VirtualDuration::from_secs(1),
        }),
        early_oom: 0.05,
        oomd: Some(Oomd {
            pressure: 40.0,
            lasting: squall_core::VirtualDuration::from_secs(5),
            swap_used: 0.5,
        }),
        groups: Vec::new(),
    };
    assert_eq!(read, want);
    let presets = rules("swap = \"nvme\", paging = { oomd = {}, device_stalls = {} }");
    assert_eq!(presets.oomd, Some(Oomd::default()));
    assert_eq!(presets.device_stalls, Some(DeviceStalls::default()));
    let own = rules("paging = { kswapd = true, min_free = \"8MiB\" }").kswapd;
    assert_eq!(own, Some(Watermarks { min_pages: 2_048 }));
}

/// In any order; each stands behind the one it is in.
#[test]
fn groups_are_put_in_order() {
    let read = rules(
        "memory_groups = { pod = { limit = \"64MiB\", high = \"60MiB\", inside = \"slice\", \
         holds = [\"near\"] }, slice = { limit = \"256MiB\" } }",
    );
    let group = |name: &str, inside: Option<&str>, limit, holds: &[&str]| MemoryGroup {
        name: name.to_owned(),
        inside: inside.map(str::to_owned),
        limit,
        processes: holds.iter().map(|name| (*name).to_owned()).collect(),
    };
    let limit = |max: u64, high: Option<u64>| GroupLimit {
        max_bytes: Some(max * MIB),
        high_bytes: high.map(|mib| mib * MIB),
    };
    let want = [
        group("slice", None, limit(256, None), &[]),
        group("pod", Some("slice"), limit(64, Some(60)), &["near"]),
    ];
    assert_eq!(read.groups, want);
}

/// Each mistake has its place and its remedy, and all of them are told at once.
#[test]
fn every_mistake_is_told_at_once() {
    let shown = read(
        "swap = \"zram\", paging = { min_free = \"8MiB\", high = \"1GiB\", \
         device_stalls = { every = \"1us\", for = \"0s\" } }, \
         memory_groups = { a = { inside = \"b\" }, b = { inside = \"a\" }, c = { inside = \"slize\" }, \
         f = { inside = \"c\" }, g = { inside = \"a\" }, \
         slice = { limit = \"0B\", high = \"1MiB\", holds = [\"nearr\", \"away\"] }, \
         d = { holds = [\"near\"] }, e = { holds = [\"near\"] } }",
    )
    .expect_err("nearly everything is wrong");
    for told in [
        "`min_free` without background reclaim",
        "add kswapd = true, or remove it",
        "`high` is not below the memory of the node",
        "the device would never do anything",
        "a stall that takes no time",
        "compressed memory does not stall",
        "`a` is inside itself",
        "`b` is inside itself",
        "no memory group `slize`",
        "did you mean `slice`?",
        "a group without any memory",
        "`high` is not below the limit of the group",
        "no workload `nearr`",
        "did you mean `near`?",
        "`away` does not run on `host`",
        "`near` is in a memory group already",
    ] {
        assert!(shown.contains(told), "{told}\n{shown}");
    }
    // What hangs on a mistake is none of its own.
    for fine in ["`c` is inside", "`f` is inside", "`g` is inside"] {
        assert!(!shown.contains(fine), "{fine}\n{shown}");
    }
    let range = read("paging = { page_cluster = 11, oomd = { pressure = 0 }, high = \"1GiB\" }");
    let range = range.expect_err("three mistakes");
    for told in [
        "expected a whole number from 0 to 10",
        "expected a number from 1 to 100",
        "`high` is not below the memory of the node",
    ] {
        assert!(range.contains(told), "{told}\n{range}");
    }
    let none = read("paging = { device_stalls = {} }").expect_err("no device");
    assert!(
        none.contains("there is no swap device that could stall"),
        "{none}"
    );
    let greedy = read("paging = { kswapd = true, min_free = \"200MiB\" }").expect_err("too much");
    assert!(
        greedy.contains("that leaves no memory to work with"),
        "{greedy}"
    );
}

fn digest(keys: &str) -> (String, usize) {
    let scenario = read(keys).unwrap_or_else(|shown| panic!("{shown}"));
    let ready = scenario.ready(&None_).expect("it names no files");
    let run = ready
        .run(Seed(1), true, &mut World::new(Seed(1), true))
        .expect("there is no fault");
    let records = run.recording.expect("records are kept").records;
    let kill = |record: &&squall_core::history::Record| {
        let change = squall_core::history::NodeChange::OutOfMemory;
        matches!(record.what, squall_core::history::What::Node { change: c, .. } if c == change)
    };
    (
        run.result.digest.to_string(),
        records.iter().filter(kill).count(),
    )
}

/// What does not bind changes no bit of a run; what binds does.
#[test]
fn rules_act_when_they_bind() {
    let swap = "swap = \"nvme\"";
    let (base, kills) = digest(swap);
    assert_eq!(kills, 0);
    let idle = [
        "paging = { kswapd = true }",
        "paging = { high = \"500MiB\" }",
        "paging = { page_cluster = 0, early_oom = 1.0, oomd = {}, device_stalls = {} }",
        "memory_groups = { pod = { limit = \"500MiB\", holds = [\"near\"] } }",
    ];
    for keys in idle {
        assert_eq!(digest(&format!("{swap}, {keys}")).0, base, "{keys}");
    }
    let pod = "memory_groups = { pod = { limit = \"64MiB\", holds = [\"near\"] } }";
    assert_ne!(digest(&format!("{swap}, {pod}")).0, base);
    assert!(digest(pod).1 > 0, "without swap it is killed");
}

/// A loop that goes through its pages in order is the one that `page_cluster` acts on.
#[test]
fn passes_in_order_read_clusters() {
    let run = |order: &str, cluster: u32| {
        let keys = format!("swap = \"nvme\", paging = {{ page_cluster = {cluster} }}");
        let text = text(&keys).replace("512MiB", "100MiB");
        let text = text.replace("pages = 64", &format!("pages = 64, order = \"{order}\""));
        let scenario = parse("x.toml", &text, &Settings::default());
        let ready = scenario.expect("it is right").ready(&None_);
        let world = &mut World::new(Seed(1), true);
        let run = ready.expect("no files").run(Seed(1), false, world);
        run.expect("no fault").result.digest
    };
    assert_ne!(run("in-order", 0), run("in-order", 3));
    assert_eq!(run("popularity", 0), run("popularity", 3));
}
