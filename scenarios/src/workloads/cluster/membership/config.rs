//! From parameters to what members and routers go by: once, before the first seed.

use super::mutant::Mutant;
use super::phi::PhiRules;
use super::swim::{MEMBERS_MAX, Member, Order, Rules};
use crate::workloads::{Prepare, Prepared};
use squall_core::{NodeId, VirtualDuration};
use squall_faults::Issue;
use squall_faults::param::Args;
use std::sync::Arc;

/// Members that are not there from the start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Join {
    pub(super) members: u32,
    pub(super) from: VirtualDuration,
    pub(super) over: VirtualDuration,
}

/// Members that leave and join again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Churn {
    /// The places of them.
    pub(super) members: (Member, Member),
    pub(super) every: VirtualDuration,
    pub(super) out: VirtualDuration,
    pub(super) until: VirtualDuration,
}

/// What routers do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    pub(super) routers: u32,
    pub(super) rate: f64,
    pub(super) work: VirtualDuration,
    pub(super) timeout: VirtualDuration,
    pub(super) attempts: u32,
    pub(super) until: VirtualDuration,
}

/// The memory of a member's process.
#[derive(Clone, Copy, Debug)]
pub(super) struct Memory {
    pub(super) bytes: u64,
    pub(super) pages: u32,
    pub(super) zipf: f64,
    pub(super) written: f64,
}

/// The workload as it runs.
#[derive(Debug)]
pub(super) struct Config {
    /// Nodes by place.
    pub(super) nodes: Vec<NodeId>,
    pub(super) rules: Rules,
    pub(super) join: Option<Join>,
    pub(super) churn: Option<Churn>,
    pub(super) load: Option<Load>,
    pub(super) cpu: VirtualDuration,
    pub(super) memory: Option<Memory>,
    pub(super) notice: VirtualDuration,
    pub(super) bound: VirtualDuration,
    pub(super) settle: VirtualDuration,
}

/// Most members that send heartbeats to each other: a million links (a choice).
const PHI_MAX: usize = 1_000;

fn small(args: &Args, key: &str) -> u32 {
    u32::try_from(args.count(key)).expect("the table bounds counts")
}

/// Reads the parameters; every error at once.
pub(super) fn prepare(prepare: &Prepare<'_>, issues: &mut Vec<Issue>) -> Prepared {
    let args = prepare.args;
    check(prepare, issues);
    let nodes: Vec<NodeId> = prepare.nodes.iter().copied().take(MEMBERS_MAX).collect();
    let places = u32::try_from(nodes.len()).expect("at most MEMBERS_MAX places");
    let join = args.table_opt("join").map(|join| Join {
        members: small(join, "members").min(places),
        from: join.duration("from"),
        over: join.duration("over"),
    });
    let formed = places - join.map_or(0, |join| join.members);
    let rules = rules(args, places, formed);
    let notice = args
        .duration_opt("notice")
        .unwrap_or_else(|| notice(&rules));
    let bound = args.duration_opt("bound").unwrap_or_else(|| bound(&rules));
    let twice = bound
        .saturating_add(bound)
        .saturating_add(args.duration("sync"));
    let settle = args.duration_opt("settle").unwrap_or(twice);
    Arc::new(Config {
        nodes,
        join,
        churn: args.table_opt("churn").map(|churn| Churn {
            members: (formed.saturating_sub(small(churn, "members")), formed),
            every: churn.duration("every"),
            out: churn.duration("out"),
            until: churn.duration_opt("until").unwrap_or(VirtualDuration::MAX),
        }),
        load: args.table_opt("load").map(|load| Load {
            routers: small(load, "routers"),
            rate: load.number("rate"),
            work: load.duration("work"),
            timeout: load
                .duration("timeout")
                .max(VirtualDuration::from_millis(1)),
            attempts: small(load, "attempts"),
            until: load.duration_opt("until").unwrap_or(VirtualDuration::MAX),
        }),
        cpu: args.duration("cpu"),
        memory: args.size_opt("working_set").map(|bytes| Memory {
            bytes,
            pages: small(args, "pages"),
            zipf: args.number("zipf"),
            written: args.number("written"),
        }),
        notice,
        bound,
        settle,
        rules,
    })
}

fn check(prepare: &Prepare<'_>, issues: &mut Vec<Issue>) {
    let (args, count) = (prepare.args, prepare.nodes.len());
    if count > MEMBERS_MAX {
        let issue = prepare.issue("on", format!("{count} members are more than {MEMBERS_MAX}"));
        issues.push(issue.help("name fewer nodes"));
    }
    let (period, ack) = (args.duration("period"), args.duration("ack"));
    if period < VirtualDuration::from_millis(1) {
        let issue = prepare.issue("period", format!("a period of {period} is too short"));
        issues.push(issue.help("take 1ms or more; 1s is usual in a data centre"));
    } else if ack.is_zero() || ack >= period {
        let text = format!("an answer may take {ack}, and the period is over after {period}");
        let issue = prepare.issue("ack", text);
        issues.push(issue.help("take half of `period`, so that relays have the other half"));
    }
    if args.table_opt("phi").is_some() && count > PHI_MAX {
        let text = format!(
            "{count} members that all hear each other are {} links",
            count * count
        );
        let issue = prepare.issue("phi", text);
        issues.push(issue.help(format!(
            "take {PHI_MAX} members at most, or leave `phi` away"
        )));
    }
    let left = |key: &str| {
        args.table_opt(key)
            .map_or(0, |table| small(table, "members") as usize)
    };
    let (join, churn) = (left("join"), left("churn"));
    if join >= count {
        let text = format!("{join} of {count} members join later: nobody is there from the start");
        issues.push(
            prepare
                .issue("join.members", text)
                .help("leave some members"),
        );
    } else if churn >= count - join {
        let text = format!(
            "{churn} of {} members come and go: nobody stays",
            count - join
        );
        issues.push(
            prepare
                .issue("churn.members", text)
                .help("leave some members"),
        );
    }
    let seeds = small(args, "seeds") as usize;
    if (join > 0 || churn > 0) && seeds + join + churn > count && seeds < count {
        let text = format!("not all of the {seeds} seeds are always there");
        let issue = prepare.issue("seeds", text);
        issues
            .push(issue.help("those who join or come and go are the last of `on`: lower `seeds`"));
    }
}

fn rules(args: &Args, places: u32, formed: u32) -> Rules {
    let ns = |key: &str| args.duration(key).as_nanos();
    Rules {
        places,
        formed,
        seeds: small(args, "seeds").min(formed),
        period: ns("period").max(1),
        ack: ns("ack"),
        relays: small(args, "relays"),
        order: match args.word("order") {
            "random" => Order::Random,
            _ => Order::RoundRobin,
        },
        suspicion: args.flag("suspicion"),
        suspicion_periods: args.number("suspicion_periods"),
        suspicion_factor: args.number("suspicion_factor"),
        confirmations: small(args, "confirmations"),
        health_max: small(args, "health_max"),
        buddy: args.flag("buddy"),
        piggyback: small(args, "piggyback"),
        retransmit: args.number("retransmit"),
        gossip: ns("gossip"),
        fanout: small(args, "fanout"),
        gossip_news: small(args, "gossip_news"),
        sync: ns("sync"),
        phi: args.table_opt("phi").map(|phi| PhiRules {
            threshold: phi.number("threshold"),
            window: small(phi, "window") as usize,
            deviation_min: phi.duration("deviation_min").as_nanos().max(1) as f64,
            expected: args.duration("period").as_nanos() as f64,
        }),
        mutant: args.word_opt("mutant").and_then(Mutant::find),
    }
}

/// When somebody notices a death, if nothing else is wrong.
///
/// In each period nobody of the others probes the dead one with a chance below 1/e, so that 24 periods without
/// a probe have one of 4e-11; and with round-robin no member lets 2n - 1 pass. A probe fails at the end of its
/// period; members that had trouble before stretch theirs, which is allowed for by a factor of two.
fn notice(rules: &Rules) -> VirtualDuration {
    let most = match rules.order {
        Order::RoundRobin => (2 * rules.places - 1).min(24),
        Order::Random => 24,
    };
    VirtualDuration::from_nanos(rules.period.saturating_mul(u64::from(most + 1) * 2))
}

/// When a death is known everywhere, if nothing else is wrong: it is noticed, the suspicion runs out, the news
/// arrive. They are everywhere after three times log2 n rounds, or periods where nobody gossips.
fn bound(rules: &Rules) -> VirtualDuration {
    let suspected = match rules.suspicion {
        true => rules.suspicion_ns(rules.places).1,
        false => 0,
    };
    let rounds = 3 * u64::from(32 - rules.places.leading_zeros());
    let told = rules.period.saturating_mul(rounds);
    notice(rules).saturating_add(VirtualDuration::from_nanos(suspected.saturating_add(told)))
}
