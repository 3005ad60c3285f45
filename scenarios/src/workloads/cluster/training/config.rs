//! From parameters to what scheduler and ranks go by: once, before the first seed.

use super::mutant::Mutant;
use crate::workloads::{Prepare, Prepared};
use squall_core::{Law, NodeId, VirtualDuration};
use squall_faults::Issue;
use squall_faults::param::Args;
use std::sync::Arc;

/// When a node is used no more.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quarantine {
    pub(super) failures: usize,
    pub(super) window: VirtualDuration,
    /// Most nodes that are kept out.
    pub(super) most: usize,
}

/// When a rank is replaced for being slow.
#[derive(Clone, Copy, Debug)]
pub(super) struct Evict {
    pub(super) factor: f64,
    pub(super) orders: u32,
}

/// The workload as it runs.
#[derive(Debug)]
pub(super) struct Config {
    pub(super) nodes: Vec<NodeId>,
    pub(super) controller: NodeId,
    pub(super) jobs: u32,
    /// Nodes of a job.
    pub(super) ranks: usize,
    pub(super) gpus: u64,
    pub(super) step: VirtualDuration,
    pub(super) steps: Option<u64>,
    pub(super) noise: Law,
    /// Steps of an order at most, and between two checkpoints.
    pub(super) order_steps: u64,
    pub(super) checkpoint_steps: u64,
    pub(super) write: VirtualDuration,
    /// How long ranks stand still for a checkpoint; as long as it takes if `None`.
    pub(super) pause: Option<VirtualDuration>,
    pub(super) restart: VirtualDuration,
    pub(super) watchdog: VirtualDuration,
    pub(super) probe: VirtualDuration,
    pub(super) quarantine: Option<Quarantine>,
    pub(super) evict: Option<Evict>,
    pub(super) mutant: Option<Mutant>,
}

impl Config {
    /// Longest time without progress while nodes suffice and nothing is wrong: an order or a checkpoint
    /// that fails at its very end, the watchdog, the survey, the restart, and the same again.
    pub(super) fn settle(&self) -> VirtualDuration {
        // A step of the slowest rank, as good as surely.
        let slowest = self.noise.quantile(1.0 - 1e-9).max(1.0);
        let order = self.work(self.order_steps).as_nanos_f64() * slowest;
        let order = VirtualDuration::from_nanos_f64(order);
        let parts = [
            order,
            self.write,
            self.watchdog,
            self.probe,
            self.probe,
            self.restart,
        ];
        let once = parts
            .iter()
            .fold(VirtualDuration::ZERO, |sum, part| sum.saturating_add(*part));
        once.saturating_add(once)
    }
    /// Most steps that a failure may cost: those between two checkpoints and in a write. A write beside the
    /// steps may also fail without a word: then the watchdog, two questions and the order after it pass.
    pub(super) fn lost_most(&self) -> u64 {
        let steps = |time: VirtualDuration| time.as_nanos().div_ceil(self.step.as_nanos());
        let unnoticed = match self.pause {
            Some(_) => steps(self.watchdog) * 2 + steps(self.probe) * 2 + self.order_steps,
            None => 0,
        };
        self.checkpoint_steps + steps(self.write) + unnoticed
    }
    /// So many steps at full speed.
    pub(super) fn work(&self, steps: u64) -> VirtualDuration {
        VirtualDuration::from_nanos(self.step.as_nanos().saturating_mul(steps))
    }
    pub(super) fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }
}

/// Reads the parameters; every error at once.
pub(super) fn prepare(prepare: &Prepare<'_>, issues: &mut Vec<Issue>) -> Prepared {
    let args = prepare.args;
    let controller = controller(prepare, issues);
    let nodes = prepare.nodes.len();
    let jobs = args.count("jobs");
    let ranks = ranks(prepare, issues, jobs);
    let step = args.duration("step").max(VirtualDuration::from_millis(1));
    if args.duration("step") < step {
        issues.push(prepare.issue("step", "a step takes at least 1ms"));
    }
    let checkpoint = args.table("checkpoint");
    let steps_of = |duration: VirtualDuration| {
        let steps = duration.as_nanos().saturating_add(step.as_nanos() / 2) / step.as_nanos();
        steps.max(1)
    };
    let (write, pause) = (
        checkpoint.duration("write"),
        checkpoint.duration_opt("pause"),
    );
    if pause.is_some_and(|pause| pause > write) {
        let issue = prepare.issue("checkpoint.pause", format!("a pause longer than {write}"));
        issues.push(issue.help("it is a part of `write`"));
    }
    for key in ["probe", "watchdog"] {
        if args.duration(key) < VirtualDuration::from_millis(1) {
            issues.push(prepare.issue(key, "below 1ms no answer can come in time"));
        }
    }
    let checkpoint_steps = steps_of(checkpoint.duration("every"));
    let small = |args: &Args, key: &str| usize::try_from(args.count(key)).unwrap_or(usize::MAX);
    Arc::new(Config {
        nodes: prepare.nodes.to_vec(),
        controller,
        jobs: u32::try_from(jobs).expect("the table bounds the jobs"),
        ranks,
        gpus: args.count("gpus"),
        step,
        steps: args
            .integer_opt("steps")
            .and_then(|steps| u64::try_from(steps).ok()),
        noise: args.law("noise"),
        order_steps: steps_of(args.duration("order")).min(checkpoint_steps),
        checkpoint_steps,
        write,
        pause,
        restart: args.duration("restart"),
        watchdog: args
            .duration("watchdog")
            .max(VirtualDuration::from_millis(1)),
        probe: args.duration("probe").max(VirtualDuration::from_millis(1)),
        quarantine: args.table_opt("quarantine").map(|table| Quarantine {
            failures: small(table, "failures"),
            window: table.duration("window"),
            most: most(table.number("share"), nodes),
        }),
        evict: args.table_opt("evict").map(|table| Evict {
            factor: table.number("factor"),
            orders: u32::try_from(table.count("orders")).unwrap_or(u32::MAX),
        }),
        mutant: args.word_opt("mutant").and_then(Mutant::find),
    })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a length is one"
)]
fn most(share: f64, nodes: usize) -> usize {
    (share * nodes as f64).floor() as usize
}

fn ranks(prepare: &Prepare<'_>, issues: &mut Vec<Issue>, jobs: u64) -> usize {
    let nodes = prepare.nodes.len();
    let jobs = usize::try_from(jobs).unwrap_or(usize::MAX);
    let given = prepare.args.integer_opt("ranks");
    let ranks = given.map_or(nodes / jobs, |ranks| {
        usize::try_from(ranks).unwrap_or(usize::MAX)
    });
    if ranks == 0 || ranks.saturating_mul(jobs) > nodes {
        let key = if given.is_some() { "ranks" } else { "jobs" };
        let text = format!(
            "{jobs} x {} nodes are more than the {nodes} of `on`",
            ranks.max(1)
        );
        issues.push(
            prepare
                .issue(key, text)
                .help("name more nodes in `on`, or ask for fewer"),
        );
    }
    ranks.max(1)
}

fn controller(prepare: &Prepare<'_>, issues: &mut Vec<Issue>) -> NodeId {
    let fallback = prepare.nodes.first().copied().unwrap_or(NodeId(0));
    let Some(selector) = prepare.args.selector_opt("controller") else {
        return fallback;
    };
    let place = prepare.args.place("controller");
    if selector.is_drawn() {
        let issue = Issue::new("nothing is drawn here", 0..place.span.len());
        issues.push(place.locate(issue.help("name one node, such as \"head\"")));
        return fallback;
    }
    let wrong = match selector.members(prepare.topology) {
        Err(issue) => issue,
        Ok(nodes) if nodes.len() != 1 => {
            let text = format!("{} nodes, and jobs have one controller", nodes.len());
            Issue::new(text, 0..place.span.len()).help("name one node, such as \"head[0]\"")
        }
        Ok(nodes) if prepare.nodes.contains(&nodes[0]) => {
            let text = "the controller is among the nodes that train";
            Issue::new(text, 0..place.span.len()).help("give it a node of its own")
        }
        Ok(nodes) => return nodes[0],
    };
    issues.push(place.locate(wrong));
    fallback
}
