//! From parameters to what replicas and clients go by: once, before the first seed.

use super::machine::{MEMBERS_MAX, Member, Rules, Voters};
use super::mutant::Mutant;
use super::placed;
use crate::workloads::{Prepare, Prepared};
use squall_core::{NodeId, VirtualDuration};
use squall_faults::Issue;
use squall_faults::param::Args;
use std::sync::Arc;

/// What clients do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    pub(super) clients: u32,
    pub(super) think: VirtualDuration,
    pub(super) keys: u64,
    pub(super) reads: f64,
    pub(super) cas: f64,
    pub(super) appends: f64,
    pub(super) timeout: VirtualDuration,
    pub(super) patience: VirtualDuration,
    pub(super) until: VirtualDuration,
}

/// What operators do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operators {
    pub(super) count: u32,
    pub(super) every: VirtualDuration,
    pub(super) out: VirtualDuration,
    pub(super) wipe: f64,
}

/// How reads are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reads {
    Mixed,
    ReadIndex,
    Lease,
    Unchecked,
}

/// The workload as it runs.
#[derive(Debug)]
pub(super) struct Config {
    /// The nodes on which replicas are, or may be.
    pub(super) nodes: Vec<NodeId>,
    /// How many there are; without `placed` one on each node.
    pub(super) count: usize,
    /// The scheduler whose pods they are, and which of its pods.
    pub(super) placed: Option<(String, String)>,
    pub(super) clients: Vec<NodeId>,
    /// Who votes at first.
    pub(super) voters: Voters,
    /// Rules of all replicas; each has its own `me`.
    pub(super) rules: Rules,
    pub(super) load: Load,
    pub(super) operators: Option<Operators>,
    pub(super) reads: Reads,
    pub(super) cpu: VirtualDuration,
    /// Whether replicas do not wait for their disks.
    pub(super) lazy: bool,
    pub(super) disk_retry: VirtualDuration,
    pub(super) settle: VirtualDuration,
    pub(super) steps_max: u64,
    pub(super) mutant: Option<Mutant>,
}

fn small(args: &Args, key: &str) -> u32 {
    u32::try_from(args.count(key)).expect("the table bounds counts")
}

/// Reads the parameters; every error at once.
pub(super) fn prepare(prepare: &Prepare<'_>, issues: &mut Vec<Issue>) -> Prepared {
    let args = prepare.args;
    let mutant = args.word_opt("mutant").and_then(Mutant::find);
    let placed = placed::read(prepare, issues);
    let on = prepare.nodes.len();
    let count = placed.as_ref().map_or(on, |placed| placed.count);
    check_replicas(prepare, count, issues);
    check_times(prepare, issues);
    let reads = match args.word("reads") {
        "read-index" => Reads::ReadIndex,
        "lease" => Reads::Lease,
        "unchecked" => Reads::Unchecked,
        _ => Reads::Mixed,
    };
    let pre_vote = args.flag("pre_vote");
    if !pre_vote && matches!(reads, Reads::Lease | Reads::Mixed) {
        let key = if args.given("pre_vote") {
            "pre_vote"
        } else {
            "reads"
        };
        let issue = prepare.issue(key, "leases need `pre_vote`: without it a vote breaks them");
        issues.push(issue.help("set `reads = \"read-index\"`, or leave `pre_vote` on"));
    }
    let count = count.clamp(1, MEMBERS_MAX);
    let spare = args
        .table_opt("membership")
        .map_or(0, |m| small(m, "spare") as usize);
    let clients = clients(prepare, issues).unwrap_or_else(|| prepare.nodes.to_vec());
    Arc::new(Config {
        nodes: match placed {
            Some(_) => prepare.nodes.to_vec(),
            None => prepare.nodes.iter().copied().take(count).collect(),
        },
        count,
        placed: placed.map(|placed| placed.pods),
        clients,
        voters: Voters::first(count.saturating_sub(spare).max(1)),
        rules: rules(args, pre_vote, reads, mutant),
        load: load(args.table("load")),
        operators: args.table_opt("membership").map(|operators| Operators {
            count: small(operators, "operators"),
            every: operators.duration("every"),
            out: operators.duration("out"),
            wipe: operators.number("wipe"),
        }),
        reads,
        cpu: args.duration("cpu"),
        lazy: !args.flag("fsync") || mutant == Some(Mutant::B10),
        disk_retry: args
            .duration("disk_retry")
            .max(VirtualDuration::from_millis(1)),
        settle: args.duration("settle"),
        steps_max: args.count("steps_max"),
        mutant,
    })
}

fn check_replicas(prepare: &Prepare<'_>, count: usize, issues: &mut Vec<Issue>) {
    if count > MEMBERS_MAX {
        let issue = prepare.issue(
            "on",
            format!("{count} replicas are more than {MEMBERS_MAX}"),
        );
        issues.push(issue.help("name fewer nodes; a cluster has 3 to 7 replicas as a rule"));
    }
    let Some(membership) = prepare.args.table_opt("membership") else {
        return;
    };
    let (spare, min) = (
        small(membership, "spare") as usize,
        small(membership, "min") as usize,
    );
    if spare >= count {
        let text = format!("{spare} of {count} replicas do not vote: nobody is left");
        issues.push(
            prepare
                .issue("membership.spare", text)
                .help("leave some voters"),
        );
    } else if count - spare < min {
        let text = format!("{} replicas vote at first, fewer than {min}", count - spare);
        issues.push(
            prepare
                .issue("membership.min", text)
                .help("lower `min`, or name more nodes"),
        );
    }
}

fn check_times(prepare: &Prepare<'_>, issues: &mut Vec<Issue>) {
    let args = prepare.args;
    let (min, max) = (args.duration("election"), args.duration("election_max"));
    let heartbeat = args.duration("heartbeat");
    if max < min {
        let text = format!("the longest time-out, {max}, is below the shortest, {min}");
        issues.push(
            prepare
                .issue("election_max", text)
                .help("raise it, or lower `election`"),
        );
    }
    if heartbeat.as_nanos() == 0 || heartbeat >= min {
        let text = format!(
            "a heartbeat every {heartbeat} cannot keep time-outs of {min} from running out"
        );
        let issue = prepare.issue("heartbeat", text);
        issues.push(issue.help("take a third of `election` or less, and more than nothing"));
    }
}

fn clients(prepare: &Prepare<'_>, issues: &mut Vec<Issue>) -> Option<Vec<NodeId>> {
    let selector = prepare.args.selector_opt("clients")?;
    let place = prepare.args.place("clients");
    if selector.is_drawn() {
        let issue = Issue::new("nothing is drawn here", 0..place.span.len());
        issues.push(place.locate(issue.help("name the nodes, such as \"client\"")));
    }
    match selector.members(prepare.topology) {
        Ok(nodes) => Some(nodes),
        Err(issue) => {
            issues.push(place.locate(issue));
            None
        }
    }
}

fn rules(args: &Args, pre_vote: bool, reads: Reads, mutant: Option<Mutant>) -> Rules {
    let (min, max) = (
        args.duration("election").as_nanos(),
        args.duration("election_max").as_nanos(),
    );
    let drift = args.number("drift_max");
    // The leader's clock may be slow and a follower's fast, both by the most that is allowed.
    let lease = min as f64 * (1.0 - drift) / (1.0 + drift);
    let snapshot = args.table("snapshot");
    let member: Member = 0;
    Rules {
        me: member,
        election_ns: (min, max.max(min)),
        heartbeat_ns: args.duration("heartbeat").as_nanos().max(1),
        lease_ns: VirtualDuration::from_nanos_f64(lease).as_nanos(),
        pre_vote: pre_vote && mutant != Some(Mutant::B22),
        check_quorum: args.flag("check_quorum"),
        unchecked_reads: reads == Reads::Unchecked,
        batch: small(args, "batch") as usize,
        snapshot_every: small(snapshot, "every"),
        snapshot_keep: small(snapshot, "keep"),
        voters_min: args
            .table_opt("membership")
            .map_or(1, |m| small(m, "min") as usize),
        hold_ns: args.duration("hold").as_nanos(),
        mutant,
    }
}

fn load(args: &Args) -> Load {
    Load {
        clients: small(args, "clients"),
        think: args.duration("think"),
        keys: args.count("keys"),
        reads: args.number("reads"),
        cas: args.number("cas"),
        appends: args.number("appends"),
        timeout: args
            .duration("timeout")
            .max(VirtualDuration::from_millis(1)),
        patience: args.duration("patience"),
        until: args.duration_opt("until").unwrap_or(VirtualDuration::MAX),
    }
}
