//! From parameters to machines, kinds of pods and rules: once, before the first seed.

mod machines;
mod names;
mod planned;
mod pods;

pub(super) use planned::{Turns, Upgrade};

use super::mutant::Mutant;
use super::placement::{Machine, Rules, Shape};
use crate::workloads::cluster::autoscaler;
use crate::workloads::{Prepare, Prepared};
use names::Names;
use squall_core::{Law, NodeId, VirtualDuration};
use squall_faults::Issue;
use squall_faults::param::Args;
use std::sync::Arc;

/// Where pods of a kind come from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// Clients submit them, and they end.
    Jobs {
        /// Gangs a second.
        rate: f64,
        length: Law,
        gang: u32,
        until: VirtualDuration,
    },
    /// So many run for ever.
    Service { replicas: u32 },
}

/// Requests that a service serves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Traffic {
    /// A second, of all clients.
    pub(super) rate: f64,
    /// Seconds of processor time.
    pub(super) cpu: f64,
    /// Seconds for which it blocks a thread beyond that.
    pub(super) blocked: f64,
    pub(super) threads: f64,
    /// Seconds.
    pub(super) timeout: f64,
}

/// A kind of pods. Its number is its group too.
#[derive(Clone, Debug)]
pub(super) struct PodKind {
    pub(super) name: String,
    pub(super) shape: Shape,
    /// Whether its volume is on its node, so that it stays there.
    pub(super) local_volume: bool,
    /// So many must run, once they did.
    pub(super) needs: Option<u32>,
    pub(super) source: Source,
    pub(super) traffic: Option<Traffic>,
    pub(super) scaling: Option<autoscaler::Scaling>,
}

/// The workload as it runs.
#[derive(Debug)]
pub(super) struct Config {
    pub(super) control: NodeId,
    pub(super) client: NodeId,
    pub(super) workers: Vec<NodeId>,
    pub(super) machines: Vec<Machine>,
    pub(super) elastic: Vec<bool>,
    pub(super) kinds: Vec<PodKind>,
    pub(super) rules: Rules,
    pub(super) upgrade: Option<Upgrade>,
    pub(super) heartbeat: VirtualDuration,
    pub(super) grace: VirtualDuration,
    pub(super) evict_after: VirtualDuration,
    pub(super) pull: Law,
    pub(super) start: Law,
    pub(super) backoff: (VirtualDuration, VirtualDuration),
    pub(super) stop: VirtualDuration,
    pub(super) give_up: VirtualDuration,
    pub(super) idle: VirtualDuration,
    pub(super) settle: VirtualDuration,
    pub(super) reversal_min: Option<VirtualDuration>,
    pub(super) window: VirtualDuration,
    pub(super) mutant: Option<Mutant>,
}

/// What is being read.
struct Reader<'a, 'p> {
    prepare: &'a Prepare<'p>,
    issues: &'a mut Vec<Issue>,
    taints: Names,
    models: Names,
    labels: Names,
    tenants: Vec<String>,
    racks: Vec<String>,
    zones: Vec<String>,
}

fn milli(x: f64) -> u32 {
    VirtualDuration::from_nanos_f64(x * 1000.0)
        .as_nanos()
        .try_into()
        .unwrap_or(u32::MAX)
}
fn mib(bytes: u64) -> u32 {
    u32::try_from(bytes >> 20).unwrap_or(u32::MAX)
}
fn small(args: &Args, key: &str) -> u32 {
    u32::try_from(args.count(key)).expect("the table bounds counts")
}
fn index(at: usize) -> u32 {
    u32::try_from(at).expect("fewer than 2^32 kinds, racks and tenants")
}
fn place_of(names: &mut Vec<String>, name: String) -> u32 {
    let known = names.iter().position(|other| *other == name);
    index(known.unwrap_or_else(|| {
        names.push(name);
        names.len() - 1
    }))
}

/// Reads the parameters; every error at once.
pub(super) fn prepare(prepare: &Prepare<'_>, issues: &mut Vec<Issue>) -> Prepared {
    let args = prepare.args;
    let mutant = args.word_opt("mutant").and_then(Mutant::find);
    let mut reader = Reader {
        prepare,
        issues,
        taints: Names::of("taints"),
        models: Names::of("GPU models"),
        labels: Names::of("labels"),
        tenants: Vec::new(),
        racks: Vec::new(),
        zones: Vec::new(),
    };
    let (mut machines, elastic) = reader.machines();
    let (kinds, rules) = reader.kinds(mutant);
    reader.label(&mut machines);
    for (kind, pods) in kinds.iter().zip(&args.table("pods").entries) {
        reader.check_possible(kind, pods, &machines);
        reader.check_volume(kind, pods, (&machines, &elastic));
        reader.check_needs(kind, pods);
    }
    let upgrade = reader.upgrade();
    let control = reader.node("control").unwrap_or(prepare.nodes[0]);
    let client = reader.node("clients").unwrap_or(control);
    let (images, provision) = (args.table("images"), args.table("provision"));
    let least = VirtualDuration::from_millis(1);
    Arc::new(Config {
        control,
        client,
        workers: prepare.nodes.to_vec(),
        machines,
        elastic,
        kinds,
        rules,
        upgrade,
        heartbeat: args.duration("heartbeat").max(least),
        grace: args.duration("grace"),
        evict_after: args.duration("evict_after"),
        pull: images.law("pull"),
        start: images.law("start"),
        backoff: (images.duration("backoff"), images.duration("backoff_max")),
        stop: args.duration("stop"),
        give_up: provision.duration("give_up"),
        idle: provision.duration("idle"),
        settle: args.duration("settle"),
        reversal_min: args.duration_opt("reversal_min"),
        window: args.duration("window").max(least),
        mutant,
    })
}

impl Reader<'_, '_> {
    /// The first node that a selector names, if it is there. Nothing is drawn here.
    fn node(&mut self, key: &str) -> Option<NodeId> {
        self.nodes(self.prepare.args, key)?.first().copied()
    }
    fn nodes(&mut self, args: &Args, key: &str) -> Option<Vec<NodeId>> {
        let selector = args.selector_opt(key)?;
        let place = args.place(key);
        if selector.is_drawn() {
            let issue = Issue::new("nothing is drawn here", 0..place.span.len());
            let issue = issue.help("name the nodes, such as \"worker\"");
            self.issues.push(place.locate(issue));
        }
        match selector.members(self.prepare.topology) {
            Ok(nodes) => Some(nodes),
            Err(issue) => {
                self.issues.push(place.locate(issue));
                None
            }
        }
    }
    fn or_issue<T>(&mut self, value: Result<T, Issue>, args: &Args, key: &str) -> Option<T> {
        value
            .map_err(|issue| self.issues.push(args.place(key).locate(issue)))
            .ok()
    }
}
