//! What the parameters say, checked once for all seeds.

use super::super::{Prepare, Prepared};
use super::control::{self, ControlConfig};
use super::latency::{MODELS, number};
use super::trace::{Bad, Trace};
use squall_core::{Law, NodeId, VirtualDuration};
use squall_faults::Issue;
use squall_faults::param::{Args, Quote};
use std::sync::Arc;

/// Tokens of an answer that are reserved before a call.
const OUT_MAX: u64 = 32_000;

/// Parameters and trace.
#[derive(Debug)]
pub(super) struct Config {
    pub(super) trace: Option<Trace>,
    pub(super) arrivals: Arrivals,
    pub(super) model: Model,
    pub(super) tools: Tools,
    pub(super) retry: Retry,
    pub(super) idempotency: bool,
    pub(super) fencing: bool,
    pub(super) recovery: Recovery,
    pub(super) lease: VirtualDuration,
    /// Bytes that a worker goes through before it renews its lease.
    pub(super) heap: Option<u64>,
    pub(super) deadline: VirtualDuration,
    pub(super) grace: VirtualDuration,
    pub(super) budget_tokens: f64,
    pub(super) budget_enforce: bool,
    pub(super) amplification: (f64, VirtualDuration),
    pub(super) control: Option<ControlConfig>,
}

#[derive(Debug)]
pub(super) struct Arrivals {
    pub(super) rate: f64,
    pub(super) sessions: u64,
    pub(super) spread: VirtualDuration,
    pub(super) gap_scale: f64,
    pub(super) gap_max: VirtualDuration,
    pub(super) recorded: bool,
    pub(super) calls: Option<Law>,
}

#[derive(Debug)]
pub(super) struct Model {
    pub(super) nodes: Vec<NodeId>,
    pub(super) number: u8,
    pub(super) latency: Option<Law>,
    pub(super) timeout: VirtualDuration,
    pub(super) cost_all: bool,
}

#[derive(Debug)]
pub(super) struct Tools {
    pub(super) nodes: Vec<NodeId>,
    pub(super) workers: u64,
    pub(super) work: Law,
    pub(super) working_set: u64,
    pub(super) pages: u32,
    pub(super) timeout: VirtualDuration,
    pub(super) writes: f64,
    pub(super) errors: f64,
    pub(super) check_body: bool,
}

#[derive(Debug)]
pub(super) struct Retry {
    pub(super) under: u32,
    pub(super) redeliveries: u64,
    pub(super) redelivery_after: VirtualDuration,
    pub(super) backoff: Law,
    pub(super) backoff_max: VirtualDuration,
    pub(super) honour_retry_after: bool,
}

/// Who goes on with the sessions of a lost worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recovery {
    Lease,
    Restart,
    None,
}

impl Config {
    /// What a call may cost at most: reserved before it.
    pub(super) fn reserve(&self, context: u32) -> u64 {
        u64::from(context) + OUT_MAX
    }
}

/// What to do about an error of a trace.
fn remedy(what: &str) -> &'static str {
    if what.contains("line ") {
        "correct the row or take it out; the columns are those of claude_code_sessions.csv.gz"
    } else if what.contains("no such file") {
        "give the path of a file with recorded sessions, or `rate` instead of `trace`"
    } else {
        "get the file again: it is not whole, or not one of recorded sessions"
    }
}

/// Reads the trace, if there is one, and resolves the nodes of model and tools.
pub(super) fn prepare(prepare: &Prepare<'_>, issues: &mut Vec<Issue>) -> Prepared {
    let args = prepare.args;
    let arrivals = args.table("arrivals");
    let trace = arrivals.text_opt("trace").map(|path| {
        let read = prepare.files.read(path).map_err(|why| vec![Bad::from(why)]);
        read.and_then(|bytes| Trace::read(&bytes))
            .unwrap_or_else(|wrong| {
                let issue = |bad: Bad| {
                    let help = remedy(&bad.text);
                    let issue = prepare.issue("arrivals.trace", format!("`{path}`: {}", bad.text));
                    let path = path.to_owned();
                    issue
                        .help(help)
                        .quoting(bad.quote.map(|quote| Quote { path, ..quote }))
                };
                issues.extend(wrong.into_iter().map(issue));
                Trace::default()
            })
    });
    let model_nodes = nodes(prepare, "model", issues);
    let tools_nodes = nodes(prepare, "tools", issues);
    let (model, tools, retry) = (
        args.table("model"),
        args.table("tools"),
        args.table("retry"),
    );
    let (budget, amplification) = (args.table("budget"), args.table("amplification"));
    let small =
        |args: &Args, key: &str| u32::try_from(args.count(key)).expect("the table bounds it");
    let name = number(model.word("name"));
    debug_assert_eq!(
        MODELS[usize::from(name)].name,
        model.word("name"),
        "words and models agree"
    );
    Arc::new(Config {
        trace,
        arrivals: Arrivals {
            rate: arrivals.number_opt("rate").unwrap_or(0.0),
            sessions: arrivals
                .integer_opt("sessions")
                .map_or(u64::MAX, i64::unsigned_abs),
            spread: arrivals.duration("spread"),
            gap_scale: arrivals.number("gap_scale"),
            gap_max: arrivals.duration("gap_max"),
            recorded: arrivals.word("times") == "recorded",
            calls: arrivals.law_opt("calls"),
        },
        model: Model {
            nodes: model_nodes,
            number: name,
            latency: model.law_opt("latency"),
            timeout: model.duration("timeout"),
            cost_all: model.word("cost") == "all",
        },
        tools: Tools {
            nodes: tools_nodes,
            workers: tools.count("workers"),
            work: tools.law("work"),
            working_set: tools.size("working_set"),
            pages: small(tools, "pages"),
            timeout: tools.duration("timeout"),
            writes: tools.number("writes"),
            errors: tools.number("errors"),
            check_body: tools.flag("check_body"),
        },
        retry: Retry {
            under: small(retry, "under"),
            redeliveries: retry.count("redeliveries"),
            redelivery_after: retry.duration("redelivery_after"),
            backoff: retry.law("backoff"),
            backoff_max: retry.duration("backoff_max"),
            honour_retry_after: retry.flag("honour_retry_after"),
        },
        idempotency: args.flag("idempotency"),
        fencing: args.flag("fencing"),
        recovery: match args.word("recovery") {
            "none" => Recovery::None,
            "restart" => Recovery::Restart,
            _ => Recovery::Lease,
        },
        lease: args.duration("lease"),
        heap: args.table_opt("heap").map(|heap| heap.size("size")),
        deadline: args.duration("deadline"),
        grace: args.duration("grace"),
        budget_tokens: budget.number("tokens"),
        budget_enforce: budget.flag("enforce"),
        amplification: (
            amplification.number("bound"),
            amplification.duration("window"),
        ),
        control: control::read(prepare, issues),
    })
}

/// The nodes of `<part>.on`; the workload's own if it says nothing.
pub(super) fn nodes(prepare: &Prepare<'_>, part: &str, issues: &mut Vec<Issue>) -> Vec<NodeId> {
    let table = prepare.args.table(part);
    let Some(on) = table.selector_opt("on") else {
        return prepare.nodes.to_vec();
    };
    let members = match on.is_drawn() {
        true => Err(Issue::new(
            "a service runs on fixed nodes",
            0..on.text.len(),
        )),
        false => on.members(prepare.topology),
    };
    members.unwrap_or_else(|issue| {
        issues.push(table.place("on").locate(issue));
        prepare.nodes.to_vec()
    })
}
