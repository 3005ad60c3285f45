//! From parameters to a plan of services, replicas and clients: once, before the first seed.

use super::generate::generate;
use super::graph::{CALLS_MAX, Edges, Graph};
use super::guard::budget;
use super::guard::{
    admission, breaker, cache, codel, health, hedge, items, pool, throttle, warm_up,
};
use super::objective::Objective;
use super::store::Store;
use crate::workloads::{Prepare, Prepared};
use squall_core::{Law, NodeId, VirtualDuration};
use squall_faults::Issue;
use squall_faults::param::{Args, Value, suggest};
use std::sync::Arc;

/// How a caller chooses a replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Balance {
    RoundRobin,
    LeastLoaded,
    /// The least loaded of so many, drawn without repetition.
    Choices(u32),
    /// The one that has the item, or the next after it.
    ByItem,
}

/// Who is next in a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Discipline {
    Fifo,
    Lifo,
    /// The latest while the queue is longer than this.
    Adaptive(usize),
}

/// What a service's process may try again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct HopBudget {
    pub(super) share: f64,
    pub(super) burst: f64,
}

/// When a caller avoids a replica.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ejection {
    pub(super) errors: u32,
    /// How many times slower than the median.
    pub(super) slower: Option<f64>,
    pub(super) length: VirtualDuration,
    pub(super) share_max: f64,
}

/// One service.
#[derive(Clone, Debug)]
pub(super) struct Service {
    pub(super) name: String,
    pub(super) cpu: Law,
    /// Median of `cpu`: a visit with less time left than this is lost.
    pub(super) cost: VirtualDuration,
    pub(super) concurrency: u32,
    pub(super) working_set: Option<u64>,
    pub(super) pages: u32,
    pub(super) callees: Vec<u32>,
    /// By callee, whether a visit can do without.
    pub(super) soft: Vec<bool>,
    pub(super) cache: Option<cache::Rules>,
    /// Its replicas, by number.
    pub(super) replicas: Vec<u32>,
}

/// One replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Replica {
    pub(super) service: u32,
    pub(super) node: NodeId,
}

/// The workload as it runs.
#[derive(Debug)]
pub(super) struct Config {
    pub(super) services: Vec<Service>,
    pub(super) replicas: Vec<Replica>,
    pub(super) entries: Vec<u32>,
    pub(super) clients: Vec<NodeId>,
    pub(super) rate: f64,
    pub(super) attempts: u32,
    pub(super) backoff: Law,
    /// No back-off is longer, in nanoseconds.
    pub(super) backoff_max: f64,
    /// Retries earned by a success, and how many may be saved up by a client.
    pub(super) budget: Option<(f64, f64)>,
    pub(super) saving: budget::Rules,
    pub(super) throttle: Option<throttle::Rules>,
    pub(super) hop_budget: Option<HopBudget>,
    /// Whether a call gets what is left of the caller's time.
    pub(super) pass_on: bool,
    pub(super) soft_timeout: Option<VirtualDuration>,
    pub(super) sequential: bool,
    pub(super) hop_timeout: Option<VirtualDuration>,
    pub(super) hop_attempts: u32,
    pub(super) balance: Balance,
    pub(super) ejection: Option<Ejection>,
    /// How long a failed call counts as outstanding.
    pub(super) penalty: Option<VirtualDuration>,
    pub(super) queue_capacity: usize,
    pub(super) discipline: Discipline,
    pub(super) critical_first: bool,
    pub(super) codel: Option<codel::Rules>,
    pub(super) deadline_drop: bool,
    pub(super) admission: Option<admission::Rules>,
    /// Visits that a node serves at once.
    pub(super) threads: Option<u32>,
    pub(super) warm_up: Option<warm_up::Rules>,
    pub(super) breaker: Option<breaker::Rules>,
    pub(super) hedge: Option<hedge::Rules>,
    pub(super) pool: Option<pool::Rules>,
    pub(super) health: Option<health::Rules>,
    pub(super) subset: Option<usize>,
    /// What requests are about, if anything asks for it.
    pub(super) items: Option<items::Items>,
    pub(super) critical: f64,
    pub(super) objective: Option<Objective>,
    /// With `objective.faulted`: the services that may miss the objective.
    pub(super) reach: Option<Vec<u32>>,
    pub(super) visits: bool,
    pub(super) zipf: f64,
    pub(super) written: f64,
    pub(super) check_answers: bool,
    /// Whether callers keep away from a node that drains.
    pub(super) drain_seen: bool,
    pub(super) store: Option<Store>,
    pub(super) version_cpu: f64,
    pub(super) version_errors: f64,
    /// Whether requests of version 2 have a form that version 1 does not read.
    pub(super) version_speaks: bool,
    pub(super) window: VirtualDuration,
}

impl Config {
    /// The nodes that run a replica, each once.
    pub(super) fn nodes(&self) -> Vec<NodeId> {
        let mut nodes: Vec<NodeId> = self.replicas.iter().map(|r| r.node).collect();
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }
    /// The services that the replicas of a node call.
    pub(super) fn called_from(&self, node: NodeId) -> Vec<u32> {
        let here = self.replicas.iter().filter(|replica| replica.node == node);
        let callees = here.flat_map(|replica| &self.services[replica.service as usize].callees);
        let mut called: Vec<u32> = callees.copied().collect();
        called.sort_unstable();
        called.dedup();
        called
    }
    /// The number of the process on `node` among those that call a service: clients first.
    pub(super) fn caller_number(&self, service: usize, node: NodeId) -> usize {
        let entry = self.entries.iter().any(|entry| *entry as usize == service);
        let clients: &[NodeId] = if entry { &self.clients } else { &[] };
        let calls = |node: &NodeId| {
            let called = self.called_from(*node);
            called.iter().any(|callee| *callee as usize == service)
        };
        if let Some(number) = clients.iter().position(|client| *client == node) {
            return number;
        }
        let servers = self.nodes();
        let before = servers.iter().take_while(|other| **other != node);
        clients.len() + before.filter(|other| calls(other)).count()
    }
}

fn count(args: &Args, key: &str) -> u32 {
    u32::try_from(args.count(key)).expect("the table bounds counts")
}
fn count_opt(args: &Args, key: &str) -> Option<u32> {
    args.integer_opt(key).map(|_| count(args, key))
}

/// Reads the parameters; every error at once.
pub(super) fn prepare(prepare: &Prepare<'_>, issues: &mut Vec<Issue>) -> Prepared {
    let args = prepare.args;
    let (mut graph, drawn) = read_graph(prepare, issues);
    let entries = match args.text_opt("entry") {
        None => graph.roots(),
        Some(name) => {
            let found = graph.find(name);
            if found.is_none() {
                let issue = prepare.issue("entry", format!("no service is called `{name}`"));
                let names = graph.names().iter().map(String::as_str);
                issues.push(issue.maybe_help(suggest(name, names)));
            }
            vec![found.unwrap_or_default()]
        }
    };
    graph.cut_cycles(&entries);
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

/// The services that a fault of `objective.faulted` may reach.
fn reach(
    prepare: &Prepare<'_>,
    objective: &Args,
    graph: &Graph,
    issues: &mut Vec<Issue>,
) -> Option<Vec<u32>> {
    let name = objective.text_opt("faulted")?;
    let Some(faulted) = graph.find(name) else {
        let issue = prepare.issue(
            "objective.faulted",
            format!("no service is called `{name}`"),
        );
        let names = graph.names().iter().map(String::as_str);
        issues.push(issue.maybe_help(suggest(name, names)));
        return None;
    };
    Some(graph.affected(faulted).into_iter().map(number).collect())
}

fn number(index: usize) -> u32 {
    u32::try_from(index).expect("fewer than 2^32 services and replicas")
}

/// The graph, and the replicas of its services where those are drawn with it.
fn read_graph(prepare: &Prepare<'_>, issues: &mut Vec<Issue>) -> (Graph, Option<Vec<u32>>) {
    let args = prepare.args.table("graph");
    let size = |key| {
        args.integer_opt(key)
            .map(|n| usize::try_from(n).unwrap_or(1))
    };
    let mut graph = Graph::default();
    let mut drawn = None;
    if let Some(args) = args.table_opt("generate") {
        (graph, drawn) = generate(args);
    } else if let Some(n) = size("chain") {
        graph = Graph::chain(n);
    } else if let Some(n) = size("fan") {
        graph = Graph::fan(n);
    } else if let Some(edges) = args.list_opt("edges") {
        for edge in edges {
            if let Value::Text(text) = &edge.value
                && let Err(message) = graph.edge(text)
            {
                issues.push(edge.place.locate(Issue::new(message, 0..text.len())));
            }
        }
    } else if let Some(path) = args.text_opt("file") {
        match prepare.files.read(path) {
            Err(why) => {
                let issue = prepare.issue("graph.file", format!("cannot read `{path}`: {why}"));
                issues
                    .push(issue.help("give the path of a CSV file, or `edges` instead of `file`"));
            }
            Ok(bytes) => match Graph::from_csv(&bytes, args.text_opt("app")) {
                Edges::Graph(read) => graph = read,
                Edges::BadRows(rows) => issues.extend(
                    rows.into_iter()
                        .map(|row| prepare.issue("graph.file", format!("{path}, {row}")))
                        .map(|issue| {
                            issue.help(
                                "correct the row; the columns are app, caller, callee, callee_kind",
                            )
                        }),
                ),
                Edges::UnknownApp(advice) => issues.push(match args.text_opt("app") {
                    Some(app) => {
                        let text = format!("`{path}` holds no application `{app}`");
                        prepare.issue("graph.app", text).maybe_help(advice)
                    }
                    None => {
                        let text = format!("`{path}` holds several applications or none");
                        let issue = prepare.issue("graph.file", text).maybe_help(advice);
                        issue.label("say which with `app`")
                    }
                }),
            },
        }
    }
    if graph.names().is_empty() {
        graph.add("s0");
    }
    for call in args.list_opt("soft").unwrap_or_default() {
        if let Value::Text(text) = &call.value
            && let Err(message) = graph.soften(text)
        {
            issues.push(call.place.locate(Issue::new(message, 0..text.len())));
        }
    }
    (graph, drawn)
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
