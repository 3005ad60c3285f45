//! From parameters to the configuration: once, before the first seed; every error at once.

use super::super::graph::{CALLS_MAX, Graph};
use super::super::guard::{
    admission, breaker, budget, cache, codel, health, hedge, items, pool, throttle, warm_up,
};
use super::super::objective::Objective;
use super::super::store::Store;
use super::graph::{cycles, reach, read_graph};
use super::{Balance, Config, Discipline, Ejection, HopBudget, Replica, Service};
use crate::workloads::{Prepare, Prepared};
use squall_core::{NodeId, VirtualDuration};
use squall_faults::Issue;
use squall_faults::param::{Args, suggest};
use std::sync::Arc;

fn count(args: &Args, key: &str) -> u32 {
    u32::try_from(args.count(key)).expect("the table bounds counts")
}
fn count_opt(args: &Args, key: &str) -> Option<u32> {
    args.integer_opt(key).map(|_| count(args, key))
}

/// Reads the parameters; every error at once.
pub(in super::super) fn prepare(prepare: &Prepare<'_>, issues: &mut Vec<Issue>) -> Prepared {
    let args = prepare.args;
    let (mut graph, drawn) = read_graph(prepare, issues);
    let entries = match args.text_opt("entry") {
        None => graph.roots(),
        Some(name) => {
            let found = graph.find(name);
            if found.is_none() {
                let message = format!("no service is called `{name}`");
                let issue = Issue::new(message, 0..name.len());
                let issue = args.place("entry").locate(issue);
                let names = graph.names().iter().map(String::as_str);
                issues.push(issue.maybe_help(suggest(name, names)));
            }
            vec![found.unwrap_or_default()]
        }
    };
    let cut = graph.cut_cycles(&entries);
    cycles(prepare, &graph, &cut, issues);
    for entry in &entries {
        let visits = graph.visits(*entry);
        if visits > CALLS_MAX {
            let name = &graph.names()[*entry];
            let text = format!("a request to `{name}` visits {visits} services");
            let issue = prepare.issue("graph", text);
            issues.push(issue.help(format!("at most {CALLS_MAX} are allowed; cut some calls")));
        }
    }
    let (services, replicas) = place(prepare, (&graph, drawn.as_deref()), issues);
    let clients = nodes_of(prepare, args, "clients", issues);
    let clients = clients.unwrap_or_else(|| prepare.nodes.to_vec());
    let (retry, hop, queue) = (args.table("retry"), args.table("hop"), args.table("queue"));
    let backoff = retry.law("backoff");
    let version = args.table("version");
    let rate = args.table("arrivals").number("rate");
    let balance = balance(args.word("balance"));
    let cached = services.iter().any(|service| service.cache.is_some());
    let asked = cached || balance == Balance::ByItem;
    let burst = f64::from(count(retry, "burst"));
    let objective = args.table_opt("objective");
    Arc::new(Config {
        items: asked.then(|| items::Items::read(args.table("items"))),
        saving: budget::Rules::read(retry, burst, rate / clients.len() as f64),
        throttle: throttle::Rules::read(retry),
        hop_budget: hop.number_opt("budget").map(|share| HopBudget {
            share,
            burst: f64::from(count(hop, "burst")),
        }),
        pass_on: hop.word("deadline") == "pass-on",
        soft_timeout: hop.duration_opt("soft_timeout"),
        critical_first: queue.flag("critical_first"),
        codel: queue.table_opt("codel").map(codel::Rules::read),
        admission: args.table_opt("admission").map(admission::Rules::read),
        threads: count_opt(args, "threads"),
        warm_up: args.table_opt("warm_up").map(warm_up::Rules::read),
        breaker: args.table_opt("breaker").map(breaker::Rules::read),
        hedge: args.table_opt("hedge").map(hedge::Rules::read),
        pool: args.table_opt("pool").map(pool::Rules::read),
        health: args.table_opt("health").map(health::Rules::read),
        subset: count_opt(args, "subset").map(|size| size as usize),
        critical: args.number("critical"),
        reach: objective.and_then(|objective| reach(prepare, objective, &graph, issues)),
        objective: objective.map(Objective::read),
        visits: args.flag("visits"),
        services,
        replicas,
        entries: entries.into_iter().map(number).collect(),
        clients,
        rate,
        attempts: count(retry, "attempts"),
        backoff_max: backoff.quantile(0.9999).max(0.0),
        backoff,
        budget: retry.number_opt("budget").map(|share| (share, burst)),
        sequential: hop.word("order") == "sequential",
        hop_timeout: hop.duration_opt("timeout"),
        hop_attempts: count(hop, "attempts"),
        balance,
        penalty: args.duration_opt("penalty"),
        ejection: args.table_opt("ejection").map(|ejection| Ejection {
            errors: count(ejection, "errors"),
            slower: ejection.number_opt("slower"),
            length: ejection.duration("for"),
            share_max: ejection.number("share_max"),
        }),
        queue_capacity: count(queue, "capacity") as usize,
        discipline: match queue.word("discipline") {
            "lifo" => Discipline::Lifo,
            "adaptive-lifo" => Discipline::Adaptive(count(queue, "lifo_above") as usize),
            _ => Discipline::Fifo,
        },
        deadline_drop: queue.flag("deadline_drop"),
        zipf: args.number("zipf"),
        written: args.number("written"),
        check_answers: args.flag("check_answers"),
        drain_seen: args.flag("drain_seen"),
        store: args.table_opt("store").map(|store| Store {
            record: store.size("record").clamp(1, 1 << 30),
            fsync: store.flag("fsync"),
            read: store.number("read"),
        }),
        version_cpu: version.number("cpu"),
        version_errors: version.number("errors"),
        version_speaks: version.word("speaks") == "new",
        window: args.duration("window").max(VirtualDuration::from_nanos(1)),
    })
}

fn balance(word: &str) -> Balance {
    match word {
        "least-loaded" => Balance::LeastLoaded,
        "random" => Balance::Choices(1),
        "two-choices" => Balance::Choices(2),
        "three-choices" => Balance::Choices(3),
        "by-item" => Balance::ByItem,
        _ => Balance::RoundRobin,
    }
}

pub(super) fn number(index: usize) -> u32 {
    u32::try_from(index).expect("fewer than 2^32 services and replicas")
}

/// The nodes that a selector names, if it is there. Nothing is drawn here.
fn nodes_of(
    prepare: &Prepare<'_>,
    args: &Args,
    key: &str,
    issues: &mut Vec<Issue>,
) -> Option<Vec<NodeId>> {
    let selector = args.selector_opt(key)?;
    let place = args.place(key);
    if selector.is_drawn() {
        let issue = Issue::new("nothing is drawn here", 0..place.span.len());
        issues.push(place.locate(issue.help("name the nodes, such as \"gateway\"")));
    }
    match selector.members(prepare.topology) {
        Ok(nodes) => Some(nodes),
        Err(issue) => {
            issues.push(place.locate(issue));
            None
        }
    }
}

/// Services with what differs in them, and their replicas dealt out over their nodes.
fn place(
    prepare: &Prepare<'_>,
    (graph, drawn): (&Graph, Option<&[u32]>),
    issues: &mut Vec<Issue>,
) -> (Vec<Service>, Vec<Replica>) {
    let args = prepare.args;
    let special = args.table("services");
    for arg in &special.entries {
        if graph.find(&arg.key).is_none() {
            let text = format!("no service is called `{}`", arg.key);
            let names = graph.names().iter().map(String::as_str);
            let issue = Issue::new(text, arg.key_span.clone());
            issues.push(issue.maybe_help(suggest(&arg.key, names)));
        }
    }
    let none = Args::default();
    let mut replicas = Vec::new();
    let mut services = Vec::new();
    for (id, name) in graph.names().iter().enumerate() {
        let own = special.table_opt(name).unwrap_or(&none);
        let nodes = nodes_of(prepare, own, "on", issues);
        let nodes = nodes.unwrap_or_else(|| prepare.nodes.to_vec());
        let whole = |key| count_opt(own, key).unwrap_or_else(|| count(args, key));
        let first = replicas.len();
        let count = match drawn {
            Some(drawn) => count_opt(own, "replicas").unwrap_or(drawn[id]),
            None => whole("replicas"),
        };
        replicas.extend((0..count as usize).map(|i| Replica {
            service: number(id),
            node: nodes[(id + i) % nodes.len()],
        }));
        let cpu = own.law_opt("cpu").unwrap_or_else(|| args.law("cpu"));
        services.push(Service {
            name: name.clone(),
            cost: VirtualDuration::from_nanos_f64(cpu.quantile(0.5).max(0.0)),
            cpu,
            concurrency: whole("concurrency"),
            working_set: own.size_opt("working_set").or(args.size_opt("working_set")),
            pages: whole("pages"),
            callees: graph.callees(id).iter().copied().map(number).collect(),
            soft: graph
                .callees(id)
                .iter()
                .map(|to| graph.is_soft(id, *to))
                .collect(),
            cache: own.table_opt("cache").map(cache::Rules::read),
            replicas: (first..replicas.len()).map(number).collect(),
        });
    }
    (services, replicas)
}
