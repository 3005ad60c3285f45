//! The only test of a build without `--cfg madsim`: it runs the real suite in a build with it.
//!
//! The flag turns the whole suite on; without it every other test of this crate does not exist. So
//! that nothing is green by emptiness, this test demands that a second build succeeds *and* that it
//! ran at least the tests that are known to be there. Cargo's flags are set here by hand, since any
//! `RUSTFLAGS` of the caller would silently replace configured ones.

#![cfg(not(madsim))]

use squall_core::Seed;
use squall_madsim::{HostError, HostedRun};
use std::path::Path;
use std::process::Command;

/// How many tests the suite has. Raise it with every test; lowering it needs a reason.
const TESTS_MIN: usize = 41;

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the guard starts cargo, and must know which"
)]
fn the_suite_passes_in_a_build_with_the_flag() {
    // This build has no host and says so, instead of running in real time.
    let run = HostedRun::new(Seed(1)).node("a", |_| async {});
    assert!(matches!(run.run(), Err(HostError::NoHost)));

    let target = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .expect("cargo's tmp directory lies in the target directory")
        .join("madsim");
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let child = Command::new(cargo)
        .args(["test", "--locked", "-p", "squall-madsim", "--tests"])
        .arg("--target-dir")
        .arg(&target)
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env("RUSTFLAGS", "--cfg madsim")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo can be started");
    let (out, err) = (
        String::from_utf8_lossy(&child.stdout),
        String::from_utf8_lossy(&child.stderr),
    );
    let (running, passed) = counts(&out);
    println!("madsim suite: {running} tests, {passed} passed");
    assert!(
        child.status.success() && running >= TESTS_MIN && passed >= TESTS_MIN - IGNORED,
        "the suite with --cfg madsim: {}, {running} tests (at least {TESTS_MIN} are known), \
         {passed} passed\n--- stdout\n{out}\n--- stderr\n{err}",
        child.status
    );
}

/// Tests that only run when another test starts them in a process of their own.
const IGNORED: usize = 1;

/// Sums of the `running N tests` lines and of the `N passed` parts.
fn counts(out: &str) -> (usize, usize) {
    let number = |word: Option<&str>| {
        word.and_then(|word| word.parse::<usize>().ok())
            .unwrap_or(0)
    };
    let running = out.lines().filter_map(|line| line.strip_prefix("running "));
    let passed = out
        .lines()
        .filter_map(|line| line.strip_prefix("test result: ok. "));
    let first = |line: &str| number(line.split(' ').next());
    (running.map(first).sum(), passed.map(first).sum())
}
