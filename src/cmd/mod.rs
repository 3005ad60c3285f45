//! The command line: one thin file a subcommand.

mod asked;
mod check;
mod compare;
mod demo;
mod explain;
mod judge;
mod list;
mod out;
mod plan;
mod progress;
mod replay;
mod run;
mod schema;
mod selection;
mod shrink;
mod stored;

use clap::{CommandFactory, Parser, Subcommand, ValueEnum};
use std::process::ExitCode;

/// Exit codes: stable, and documented in docs/exit-codes.md.
pub(crate) mod exit {
    /// Everything passed, or `[expect]` was met.
    pub(crate) const PASS: u8 = 0;
    /// A bug in squall, or a result that could not be written.
    pub(crate) const BUG: u8 = 1;
    /// Wrong arguments.
    pub(crate) const USAGE: u8 = 2;
    /// Not decided, or not exercised.
    pub(crate) const INCONCLUSIVE: u8 = 3;
    /// Nothing selected.
    pub(crate) const NOTHING: u8 = 4;
    /// An invalid scenario.
    pub(crate) const INVALID: u8 = 96;
    /// A property violated, or one that was to be violated is not.
    pub(crate) const VIOLATED: u8 = 100;
    /// A re-run ended in another digest.
    pub(crate) const NONDETERMINISM: u8 = 102;
}

/// Name and version, as in the first line of a run and in JSON.
pub(crate) const TOOL: &str = concat!("squall ", env!("CARGO_PKG_VERSION"));

#[derive(Parser, Debug)]
#[command(name = "squall", version, about, long_about = None, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// When to colour diagnostics
    #[arg(long, global = true, value_enum, default_value = "auto")]
    color: Color,
}

const EXAMPLES: &str = "\
Examples:
  squall demo                                      a host that swaps, blamed on a deploy
  squall run scenarios/library                     every shipped scenario
  squall run FILE --seeds 0..1000 --jobs 8         more seeds; results do not depend on --jobs
  squall run FILE --coverage                       which faults had an effect on what, and what never happened
  squall run FILE --set stop.at=5m --with no-storm settings and variants of the file
  squall plan FILE --seed 0x11                     what would happen to whom and when
  squall compare FILE --with no-storm              what differs on the same seeds, and how sure that is
  squall compare FILE --without storm              what one fault reached, against what was predicted
  squall judge RECORDING --properties FILE         other promises on what was stored, without a run
  squall replay FILE --seed 0x11                   one seed again, with the whole report
  squall explain FILE --seed 0x11                  which faults cause it, which do not, and from where on
  squall shrink FILE --seed 0x11 --write           the smallest plan that still fails, as a regression file

Exit codes: 0 pass, 1 bug or unwritable result, 2 usage, 3 inconclusive or not exercised, 4 nothing selected,
96 invalid scenario, 100 property violated, 102 nondeterminism";

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

impl Color {
    /// Whether diagnostics on stderr are coloured.
    fn on(self) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => {
                anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never
            }
        }
    }
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Find a failure, show what an operator would have seen, and prove its cause; in seconds
    Demo(demo::Demo),
    /// Run scenarios over their seeds and judge what they promise
    Run(run::Run),
    /// Show what would happen to whom and when, without running
    Plan(plan::PlanArgs),
    /// Validate scenarios without running them
    Check(check::Check),
    /// Compare two variants or two files on the same seeds, or one with and without a fault
    Compare(compare::Compare),
    /// Run one seed again and show everything about it; the digest must match
    Replay(replay::Replay),
    /// Check a stored recording, or the event log of another system, by the properties of a file
    Judge(judge::Judge),
    /// Say which faults cause a failure and which do not, from which strength on, and where the time went
    Explain(explain::Explain),
    /// Find the smallest plan that still fails, and keep it as a regression file
    Shrink(shrink::Shrink),
    /// List faults, presets, workloads, properties, metrics, scenarios or devices
    List(list::List),
    /// Print the JSON Schema of scenario files
    Schema(schema::Schema),
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// Parses the arguments and does what they say.
pub(crate) fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let code = if error.use_stderr() {
                exit::USAGE
            } else {
                exit::PASS
            };
            // Nothing is left to do if the terminal is gone.
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    out::silence_model_panics();
    let colour = cli.color.on();
    let code = match cli.command {
        Command::Demo(command) => command.main(colour),
        Command::Run(command) => command.main(colour),
        Command::Plan(command) => command.main(colour),
        Command::Check(command) => command.main(colour),
        Command::Compare(command) => command.main(colour),
        Command::Replay(command) => command.main(colour),
        Command::Judge(command) => command.main(colour),
        Command::Explain(command) => command.main(colour),
        Command::Shrink(command) => command.main(colour),
        Command::List(command) => command.main(),
        Command::Schema(command) => command.main(),
        Command::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "squall", &mut text);
            out::result(&String::from_utf8_lossy(&text));
            exit::PASS
        }
    };
    // Without its result a command has not done what it was asked for, whatever it found.
    let code = if out::lost() { exit::BUG } else { code };
    ExitCode::from(code)
}
