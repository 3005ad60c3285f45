//! Command line of Squall.

mod cmd;

use std::process::ExitCode;

fn main() -> ExitCode {
    cmd::main()
}
