//! Every shipped scenario at three seeds, under everything that must not matter.

use super::library;
use squall::core::Seed;
use squall::core::world::World;
use squall::load;
use squall::scenarios::{Ready, Settings};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Seeds of a scenario that are compared.
const SEEDS: u64 = 3;

/// A scenario with the digests of its first seeds, each in a world of its own.
struct Shipped {
    path: PathBuf,
    ready: Ready,
    first: u64,
    digests: Vec<String>,
}

/// All of them; run once.
fn shipped() -> &'static [Shipped] {
    static ALL: OnceLock<Vec<Shipped>> = OnceLock::new();
    ALL.get_or_init(|| {
        let one = |path: PathBuf| {
            let ready = load(&path, &Settings::default()).unwrap_or_else(|e| panic!("{e}"));
            let first = ready.scenario.seeds.start;
            let mut shipped = Shipped {
                path,
                ready,
                first,
                digests: Vec::new(),
            };
            shipped.digests = (0..SEEDS)
                .map(|n| shipped.run(n, false, &mut World::new(Seed(0), false)))
                .collect();
            shipped
        };
        library().into_iter().map(one).collect()
    })
}

impl Shipped {
    fn run(&self, n: u64, keep: bool, world: &mut World) -> String {
        let run = self.ready.run(Seed(self.first + n), keep, world);
        run.unwrap_or_else(|e| panic!("{e}"))
            .result
            .digest
            .to_string()
    }
}

/// Digests of `all` in a fresh process of `program`, in the same order.
fn fresh(program: &Path, jobs: &str, environment: &[(&str, &str)]) -> Vec<Vec<String>> {
    // Scenarios start with different seeds, so each has a process of its own.
    let one = |shipped: &Shipped| {
        let out = format!("fresh-{jobs}-{}", environment.len());
        let seeds = format!("{}..{}", shipped.first, shipped.first + SEEDS);
        let output = Command::new(program)
            .args(["run", "--format", "json", "--seeds", &seeds, "--jobs", jobs])
            .arg("--out")
            .arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join(out))
            .arg(&shipped.path)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .envs(environment.iter().copied())
            .output()
            .unwrap_or_else(|e| panic!("{}: {e}", program.display()));
        let document: serde_json::Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stderr)));
        let seeds = document["seeds"].as_array().expect("seeds");
        let digest = |seed: &serde_json::Value| seed["digest"].as_str().expect("one").to_owned();
        seeds.iter().map(digest).collect()
    };
    shipped().iter().map(one).collect()
}

fn own_program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_squall"))
}

/// Fails with every scenario that differs.
fn assert_same(found: &[Vec<String>], what: &str) {
    assert_eq!(found.len(), shipped().len());
    let differ = shipped().iter().zip(found);
    let differ = differ.filter(|(shipped, found)| shipped.digests != **found);
    let differ: Vec<String> = differ
        .map(|(s, found)| format!("{}: {:?} here, {found:?}", s.path.display(), s.digests))
        .collect();
    assert!(differ.is_empty(), "{what}:\n{}", differ.join("\n"));
}

#[test]
fn seeds_tell_runs_apart() {
    for one in shipped() {
        let all_same = one.digests.windows(2).all(|pair| pair[0] == pair[1]);
        assert!(!all_same, "{}: seeds change nothing", one.path.display());
    }
}

/// A, B, A, C in one arena, then C and A with recording; the same arena for all scenarios.
#[test]
fn an_arena_remembers_nothing_of_the_seeds_and_scenarios_before() {
    let mut world = World::new(Seed(0), false);
    let mut found = Vec::new();
    for one in shipped() {
        let quiet = [0, 1, 0, 2].map(|n| (n, one.run(n, false, &mut world)));
        let kept = [2, 0].map(|n| (n, one.run(n, true, &mut world)));
        // One digest a seed remains if they are the same.
        let ran: BTreeSet<(u64, String)> = quiet.into_iter().chain(kept).collect();
        found.push(ran.into_iter().map(|(_, digest)| digest).collect());
    }
    assert_same(&found, "one arena");
}

/// Fresh processes differ in addresses, in the seed of hash maps and in everything lazy; this one runs
/// on one thread.
#[test]
fn a_fresh_process_changes_nothing() {
    assert_same(&fresh(own_program(), "1", &[]), "a fresh process, 1 thread");
}

/// glibc fills memory with a pattern, keeps no cache, and maps every block above 1 KiB on its own: other
/// contents, other addresses, other reuse. Elsewhere these variables do nothing.
#[test]
fn neither_threads_nor_a_disturbed_allocator_change_anything() {
    let environment = [
        ("MALLOC_PERTURB_", "165"),
        ("MALLOC_TOP_PAD_", "7"),
        ("MALLOC_MMAP_THRESHOLD_", "1024"),
        ("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0"),
    ];
    let found = fresh(own_program(), "2", &environment);
    assert_same(&found, "a fresh process, 2 threads, glibc disturbed");
}

/// The other build profile. The gate builds it and says where it is; a plain `cargo test` need not wait
/// for a release build.
#[test]
fn debug_and_release_agree() {
    let Some(other) = std::env::var_os("SQUALL_OTHER_BINARY") else {
        eprintln!(
            "NOT RUN: debug_and_release_agree: set SQUALL_OTHER_BINARY to a squall of another \
             profile, as .ci/run does"
        );
        return;
    };
    let other = Path::new(env!("CARGO_MANIFEST_DIR")).join(other);
    assert_same(&fresh(&other, "2", &[]), "the other profile");
}
