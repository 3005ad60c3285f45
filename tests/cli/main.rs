//! The command line as a user meets it: exit codes one by one, documents, files, replays.

mod channels;
mod codes;
mod compare;
mod coverage;
mod documents;
mod explain;
mod judge;
mod newcomer;
mod recorded;
mod replay;
mod shrink;
mod statistics;
mod taken;
mod tenants;
mod unknown;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A scenario of one cluster service without faults that passes.
const CALM: &str = include_str!("calm.toml");

/// A fresh directory with the calm scenario in it.
fn directory(test: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&dir).expect("a directory for the test");
    std::fs::write(dir.join("calm.toml"), CALM).expect("a file for the test");
    dir
}

/// Runs squall in `dir`.
fn squall(dir: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_squall"))
        .args(arguments)
        .current_dir(dir)
        .env_remove("SQUALL_SEEDS")
        .env_remove("SQUALL_JOBS")
        .env_remove("SQUALL_OUT")
        .output()
        .expect("squall runs")
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("squall exits")
}
fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}
fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("text")
}
