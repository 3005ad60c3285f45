//! From parameters to targets, stages and rules: once, before the first seed.

use super::mutant::Mutant;
use crate::scenario::WorkloadUse;
use crate::workloads::{Prepare, Prepared};
use squall_core::{NodeId, VirtualDuration};
use squall_faults::Issue;
use squall_faults::param::{Value, suggest};
use std::sync::Arc;

/// When a gate is red.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gate {
    pub(super) every: VirtualDuration,
    pub(super) window: VirtualDuration,
    pub(super) errors: f64,
    pub(super) latency: f64,
    pub(super) memory: f64,
    pub(super) requests: u64,
}

/// The workload as it runs.
#[derive(Debug)]
pub(super) struct Config {
    pub(super) of: String,
    /// Nodes of the replicas, in the order in which they get the new version, then those of the routers.
    pub(super) targets: Vec<NodeId>,
    /// How many of them have replicas.
    pub(super) places: usize,
    pub(super) control: NodeId,
    pub(super) start: VirtualDuration,
    /// Shares, and the nodes that have the new version after each.
    pub(super) stages: Vec<(f64, usize)>,
    pub(super) bake: VirtualDuration,
    pub(super) max_unavailable: usize,
    pub(super) min_available: usize,
    pub(super) drain: VirtualDuration,
    pub(super) restart: VirtualDuration,
    pub(super) ready: VirtualDuration,
    pub(super) poll: VirtualDuration,
    pub(super) timeout: VirtualDuration,
    pub(super) gate: Gate,
    pub(super) memory: u64,
    pub(super) memory_max: u64,
    pub(super) deadline: VirtualDuration,
    pub(super) within: VirtualDuration,
    pub(super) mutant: Option<Mutant>,
}

impl Config {
    /// A node that was not heard for so long counts as lost: two looks that failed, and one under way.
    pub(super) fn lost_after(&self) -> VirtualDuration {
        (self.poll + self.timeout).scaled(3.0)
    }
}

/// A share of `n`, rounded up.
fn reach(n: usize, share: f64) -> usize {
    // Shares of files have few digits: the small step back undoes the rounding of the product.
    let wanted = (n as f64 * share - 1e-9).ceil();
    (0..=n).find(|k| *k as f64 >= wanted).unwrap_or(n)
}

fn nodes(prepare: &Prepare<'_>, key: &str, issues: &mut Vec<Issue>) -> Vec<NodeId> {
    let place = prepare.args.place(key);
    let Some(selector) = prepare.args.selector_opt(key) else {
        return Vec::new();
    };
    if selector.is_drawn() {
        let issue = prepare.issue(key, "nothing is drawn here");
        issues.push(issue.help("name the nodes, such as \"client\""));
    }
    selector.members(prepare.topology).unwrap_or_else(|issue| {
        issues.push(place.locate(issue));
        Vec::new()
    })
}

fn stages(prepare: &Prepare<'_>, places: usize, issues: &mut Vec<Issue>) -> Vec<(f64, usize)> {
    let shares = prepare.args.list("stages").iter();
    let shares = shares.filter_map(|arg| match arg.value {
        Value::Number(share) => Some(share),
        _ => None,
    });
    let shares: Vec<f64> = shares.collect();
    let grows = shares.windows(2).all(|w| w[0] < w[1]);
    if shares.first().is_none_or(|first| *first <= 0.0) || !grows || shares.last() != Some(&1.0) {
        let issue = prepare.issue("stages", "stages do not grow from above 0 to 1.0");
        issues.push(issue.help("write for instance [0.05, 0.25, 1.0]"));
    }
    shares
        .iter()
        .map(|share| (*share, reach(places, *share)))
        .collect()
}

/// Reads the parameters; every error at once.
pub(super) fn prepare(prepare: &Prepare<'_>, issues: &mut Vec<Issue>) -> Prepared {
    let args = prepare.args;
    let of = args.text("of").to_owned();
    let services = prepare.topology.services().iter();
    let graphs = services.filter_map(|service| service.strip_suffix(".service"));
    let graphs: Vec<&str> = graphs.collect();
    if !graphs.contains(&of.as_str()) {
        let issue = prepare.issue("of", format!("no `cluster` workload is called `{of}`"));
        issues.push(issue.maybe_help(suggest(&of, graphs)));
    }
    let routers = nodes(prepare, "routers", issues);
    let control = nodes(prepare, "control", issues);
    if control.len() > 1 {
        issues.push(
            prepare
                .issue("control", "more than one node")
                .help("name one node"),
        );
    }
    if routers.iter().any(|node| prepare.nodes.contains(node)) {
        let issue = prepare.issue("routers", "a node is of `on` and of `routers`");
        issues.push(
            issue.help("clients need nodes of their own: set `clients` of the cluster workload"),
        );
    }
    let places = prepare.nodes.len();
    let stages = stages(prepare, places, issues);
    let tick = VirtualDuration::from_millis(1);
    let long = |key: &str| args.duration(key);
    let (bake, deadline, poll) = (long("bake"), long("deadline"), long("poll").max(tick));
    let max_unavailable = usize::try_from(args.count("max_unavailable")).unwrap_or(usize::MAX);
    let min_available = reach(places, args.number("min_available"));
    if min_available >= places {
        let text = format!("all {places} nodes must be available: none may be taken");
        issues.push(
            prepare
                .issue("min_available", text)
                .help("write a smaller share"),
        );
    }
    let (memory, memory_max) = (args.size("memory"), args.size("memory_max"));
    if memory_max <= memory {
        let issue = prepare.issue("memory_max", "replicas are killed from the start");
        issues.push(issue.help("write more than `memory`"));
    }
    let gate = args.table("gate");
    let (drain, restart, ready) = (long("drain"), long("restart"), long("ready"));
    // Each node forth and back, one by one, with a look before every step; bakes; a wave that is given up.
    let turn = drain + restart + ready + (poll + long("timeout")).scaled(8.0);
    let most = bake.scaled(stages.len() as f64) + turn.scaled(2.0 * places as f64) + deadline;
    Arc::new(Config {
        of,
        targets: prepare.nodes.iter().copied().chain(routers).collect(),
        places,
        control: control.first().copied().unwrap_or(prepare.nodes[0]),
        start: long("start"),
        stages,
        bake,
        max_unavailable,
        min_available,
        drain,
        restart,
        ready,
        poll,
        timeout: long("timeout").max(tick),
        gate: Gate {
            every: gate.duration("every").max(poll),
            window: gate.duration("window"),
            errors: gate.number("errors"),
            latency: gate.number("latency"),
            memory: gate.number("memory"),
            requests: gate.count("requests"),
        },
        memory,
        memory_max,
        deadline,
        within: args.duration_opt("within").unwrap_or(most),
        mutant: args.word_opt("mutant").and_then(Mutant::find),
    })
}

/// Refuses two rollouts of one service graph: a node has one version.
pub(crate) fn twice(workloads: &[WorkloadUse], issues: &mut Vec<Issue>) {
    let rollouts = workloads
        .iter()
        .filter(|w| w.kind.name == super::ROLLOUT.name);
    let mut known: Vec<(&str, &str)> = Vec::new();
    for workload in rollouts {
        let of = workload.args.text("of");
        if let Some((_, other)) = known.iter().find(|(graph, _)| *graph == of) {
            let text = format!("`{of}` is rolled out by `{other}` already");
            let issue = Issue::new(text, 0..of.len()).help("leave one of the two away");
            issues.push(workload.args.place("of").locate(issue));
        }
        known.push((of, &workload.name));
    }
}
