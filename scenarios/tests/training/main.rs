//! The training workload: its published figures, its planted bugs, and bad parameters.
//!
//! * [`tables`]: groups L, M and Y of `../shared/data/cluster/reference_tables.csv`, by the workload.
//! * [`fleets`]: the rates of groups L and M, by the presets on as many nodes as they are of.
//! * [`behaviour`]: stragglers, lemons, spares, controllers that crash, checkpoints beside the steps.
//! * [`planted`]: every mutant is found, by the invariant that is there for it.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what was compared is said aloud"
)]

#[path = "../common/mod.rs"]
mod common;

mod behaviour;
mod fleets;
mod planted;
#[path = "../queueing/table.rs"]
mod table;
mod tables;

/// A job of 2 nodes with 2 spares under failures, `mtbf` apart for the gang. A node is down for so short
/// a time that the gang always finds enough: what is measured is the job's own loss.
pub(crate) struct Setup {
    pub(crate) mtbf_s: f64,
    pub(crate) every_s: f64,
    pub(crate) write_s: f64,
    pub(crate) restart_s: f64,
    pub(crate) days: f64,
    /// Planned stops of the gang in that time, at drawn times as well.
    pub(crate) planned: f64,
}

impl Setup {
    pub(crate) fn text(&self) -> String {
        let Self {
            mtbf_s,
            every_s,
            write_s,
            restart_s,
            days,
            planned,
        } = self;
        // Half of the failures hit spares.
        let mean = (mtbf_s / 2.0 * 1e9).round();
        let seconds = (days * 86_400.0).round();
        let planned = match *planned {
            0.0 => String::new(),
            count => format!(
                r#"
                [[fault]]
                name = "planned"
                at = "0s"
                every = {{ mean = "{}ns", dist = "exponential", overlap = "stack" }}
                inject.gpu-fault = {{ nodes = "any 1 of gpu", restart_after = "2s" }}
                "#,
                (seconds / count / 2.0 * 1e9).round()
            ),
        };
        format!(
            r#"
            name = "gang"
            stop = {{ at = "{seconds}s", events_max = 100_000_000 }}
            [topology]
            nodes.gpu = {{ count = 4 }}
            nodes.head = {{ count = 1 }}
            signals = "0s"
            [workload.llm.training]
            on = "gpu"
            controller = "head"
            ranks = 2
            step = "1s"
            order = "24h"
            probe = "10s"
            checkpoint = {{ every = "{every_s}s", write = "{write_s}s" }}
            restart = "{restart_s}s"
            [[fault]]
            name = "failure"
            at = "0s"
            every = {{ mean = "{mean}ns", dist = "exponential", overlap = "stack" }}
            inject.gpu-fault = {{ nodes = "any 1 of gpu", restart_after = "2s" }}
            [[property]]
            always = "llm.lost-bound"
            [[property]]
            always = "llm.complete-checkpoint"
            [[property]]
            always = "llm.whole-gang"
            [[property]]
            always = "llm.resumes"
            [[property]]
            name = "ratio"
            threshold = {{ metric = "llm.ettr", stat = "last", above = 0.0 }}
            {planned}
            "#
        )
    }
}
