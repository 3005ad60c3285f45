//! From parameters to machines, kinds of pods and rules: once, before the first seed.

mod planned;

pub(super) use planned::{Turns, Upgrade};

use super::mutant::Mutant;
use super::placement::{Demand, Domain, GPU_MILLI, Gpu, Machine, Policy, Quota, Rules, Set, Shape};
use crate::workloads::cluster::autoscaler;
use crate::workloads::{Prepare, Prepared};
use squall_core::{Law, NodeId, VirtualDuration};
use squall_faults::Issue;
use squall_faults::param::{Arg, Args, Value, suggest};
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

/// Names that are known by numbers below 64.
#[derive(Debug)]
struct Names {
    what: &'static str,
    names: Vec<String>,
}

impl Names {
    const fn of(what: &'static str) -> Self {
        let names = Vec::new();
        Self { what, names }
    }
    fn number(&mut self, name: &str) -> Result<u8, Issue> {
        let known = self.names.iter().position(|other| other == name);
        let at = known.unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        });
        let number = u8::try_from(at).ok().filter(|number| *number < 64);
        number.ok_or_else(|| {
            let issue = Issue::new(format!("more than 64 {}", self.what), 0..name.len());
            issue.help("take fewer names")
        })
    }
    /// The set of the names in a list.
    fn set(&mut self, list: &[Arg], issues: &mut Vec<Issue>) -> Set {
        let mut set = Set::NONE;
        for arg in list {
            if let Value::Text(text) = &arg.value {
                match self.number(text) {
                    Ok(number) => set = set.and(Set::one(number)),
                    Err(issue) => issues.push(arg.place.locate(issue)),
                }
            }
        }
        set
    }
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
    fn machines(&mut self) -> (Vec<Machine>, Vec<bool>) {
        let (prepare, args) = (self.prepare, self.prepare.args);
        let mut machines = Vec::new();
        for node in prepare.nodes {
            let info = prepare.topology.node(*node);
            let label = |key| info.label(key).unwrap_or("").to_owned();
            // Without racks a node is one of its own; racks of two zones are two racks.
            let rack = match info.label("rack") {
                Some(rack) => format!("{rack} in {}", label("zone")),
                None => info.name.clone(),
            };
            machines.push(Machine {
                cpu_milli: milli(f64::from(info.cores)),
                memory_mib: mib(info.memory),
                rack: place_of(&mut self.racks, rack),
                zone: place_of(&mut self.zones, label("zone")),
                ..Machine::default()
            });
        }
        let mut elastic = vec![false; machines.len()];
        for arg in &args.table("machines").entries {
            let Value::Table(table) = &arg.value else {
                continue;
            };
            let taints = self
                .taints
                .set(table.list_opt("taints").unwrap_or(&[]), self.issues);
            let model = table.text_opt("model").map(|name| self.models.number(name));
            let model = model.and_then(|number| self.or_issue(number, table, "model"));
            for node in self.nodes(table, "nodes").unwrap_or_default() {
                let Some(at) = prepare.nodes.iter().position(|other| *other == node) else {
                    let name = &prepare.topology.node(node).name;
                    let place = table.place("nodes");
                    let text = format!("`{name}` is not among the nodes of `on`");
                    let issue = Issue::new(text, 0..place.span.len());
                    self.issues
                        .push(place.locate(issue.help("machines are for workers")));
                    break;
                };
                let machine = &mut machines[at];
                machine.taints = taints;
                machine.gpus = u16::try_from(small(table, "gpus")).unwrap_or(0);
                machine.model = model;
                if let Some(cores) = table.number_opt("cores") {
                    machine.cpu_milli = milli(cores);
                }
                if let Some(memory) = table.size_opt("memory") {
                    machine.memory_mib = mib(memory);
                }
                elastic[at] = table.flag("elastic");
            }
        }
        (machines, elastic)
    }
    fn or_issue<T>(&mut self, value: Result<T, Issue>, args: &Args, key: &str) -> Option<T> {
        value
            .map_err(|issue| self.issues.push(args.place(key).locate(issue)))
            .ok()
    }
    /// Gives machines the labels that pods ask for.
    fn label(&self, machines: &mut [Machine]) {
        for (machine, node) in machines.iter_mut().zip(self.prepare.nodes) {
            let info = self.prepare.topology.node(*node);
            for (number, name) in (0u8..).zip(&self.labels.names) {
                let has = name
                    .split_once('=')
                    .is_some_and(|(key, value)| info.label(key) == Some(value));
                if has {
                    machine.labels = machine.labels.and(Set::one(number));
                }
            }
        }
    }
    fn kinds(&mut self, mutant: Option<Mutant>) -> (Vec<PodKind>, Rules) {
        let args = self.prepare.args;
        let tables = args.table("pods");
        if tables.entries.is_empty() {
            let issue = self.prepare.issue("pods", "there are no pods");
            self.issues
                .push(issue.help("add a kind, such as pods.web = { replicas = 3 }"));
        }
        let quotas: Vec<Quota> = args
            .table("tenants")
            .entries
            .iter()
            .map(|arg| {
                self.tenants.push(arg.key.clone());
                let Value::Table(table) = &arg.value else {
                    return Quota::NONE;
                };
                let number = |key| {
                    table
                        .number_opt(key)
                        .map_or(u64::MAX, |x| u64::from(milli(x)))
                };
                Quota {
                    cpu_milli: number("cores"),
                    memory_mib: table
                        .size_opt("memory")
                        .map_or(u64::MAX, |bytes| bytes >> 20),
                    gpu_milli: number("gpus"),
                }
            })
            .collect();
        let names: Vec<String> = tables.entries.iter().map(|arg| arg.key.clone()).collect();
        let table = |arg: &Arg| match &arg.value {
            Value::Table(table) => table.clone(),
            _ => Args::default(),
        };
        let tables: Vec<(String, Args)> = tables
            .entries
            .iter()
            .map(|arg| (arg.key.clone(), table(arg)))
            .collect();
        let mut priorities: Vec<i64> = tables
            .iter()
            .map(|(_, table)| table.integer_opt("priority").unwrap_or(0))
            .collect();
        priorities.sort_unstable();
        priorities.dedup();
        let kinds: Vec<PodKind> = (0u32..)
            .zip(&tables)
            .map(|(number, (name, table))| self.kind(name, (number, table), (&names, &priorities)))
            .collect();
        let budget = |(_, table): &(String, Args)| {
            table
                .integer_opt("min_available")
                .map_or(0, |least| u32::try_from(least).unwrap_or(0))
        };
        let policy = match args.word("policy") {
            "spread" => Policy::Spread,
            "balance" => Policy::Balance,
            _ => Policy::BinPack,
        };
        let rules = Rules {
            policy,
            levels: u8::try_from(priorities.len()).unwrap_or(u8::MAX),
            quotas,
            budgets: tables.iter().map(budget).collect(),
            slip: mutant.and_then(Mutant::slip),
        };
        if priorities.len() > 200 {
            let issue = self.prepare.issue("pods", "more than 200 priorities");
            self.issues.push(issue.help("let kinds share some"));
        }
        (kinds, rules)
    }
    fn kind(
        &mut self,
        name: &str,
        (number, args): (u32, &Args),
        (names, priorities): (&[String], &[i64]),
    ) -> PodKind {
        let shape = self.shape((number, args), (names, priorities));
        let source = match args.number_opt("rate") {
            Some(rate) => Source::Jobs {
                rate,
                length: args.law("length"),
                gang: small(args, "gang"),
                until: args.duration_opt("until").unwrap_or(VirtualDuration::MAX),
            },
            None => Source::Service {
                replicas: args
                    .integer_opt("replicas")
                    .map_or(0, |n| u32::try_from(n).unwrap_or(0)),
            },
        };
        let only = |service: bool| matches!(source, Source::Service { .. }) == service;
        let misplaced = [
            ("length", false),
            ("gang", false),
            ("until", false),
            ("min_available", true),
            ("local_volume", true),
            ("needs", true),
            ("traffic", true),
            ("autoscale", true),
        ];
        for (key, service) in misplaced {
            if args.given(key) && !only(service) {
                let place = args.place(key);
                let (what, other) = match service {
                    true => ("a service", "`replicas` instead of `rate`"),
                    false => ("jobs", "`rate` instead of `replicas`"),
                };
                let issue = Issue::new(format!("`{key}` is for {what}"), 0..place.span.len());
                let issue = issue.help(format!("leave it out, or give {other}"));
                self.issues.push(place.locate(issue));
            }
        }
        let traffic = args.table_opt("traffic").map(|table| Traffic {
            rate: table.number("rate"),
            cpu: table
                .duration("cpu")
                .max(VirtualDuration::from_nanos(1000))
                .as_secs_f64(),
            blocked: table.duration("blocked").as_secs_f64(),
            threads: f64::from(small(table, "threads")),
            timeout: table.duration("timeout").as_secs_f64(),
        });
        let scaling = args.table_opt("autoscale").map(|table| {
            if traffic.is_none() {
                let place = args.place("autoscale");
                let issue = Issue::new(
                    "a service without traffic has nothing to go by",
                    0..place.span.len(),
                );
                self.issues
                    .push(place.locate(issue.help("add `traffic = {}`")));
            }
            autoscaler::read(table, self.issues)
        });
        PodKind {
            name: name.to_owned(),
            shape,
            local_volume: args.flag("local_volume"),
            needs: args
                .integer_opt("needs")
                .and_then(|least| u32::try_from(least).ok()),
            source,
            traffic,
            scaling,
        }
    }
    fn shape(
        &mut self,
        (number, args): (u32, &Args),
        (names, priorities): (&[String], &[i64]),
    ) -> Shape {
        let share = u16::try_from(milli(args.number_opt("gpu_share").unwrap_or(0.0))).unwrap_or(0);
        let whole = args
            .integer_opt("gpus")
            .map_or(0, |n| u16::try_from(n).unwrap_or(0));
        if share > 0 && whole > 0 {
            let place = args.place("gpu_share");
            let issue = Issue::new("whole GPUs and a part of one", 0..place.span.len());
            self.issues
                .push(place.locate(issue.help("give `gpus` or `gpu_share`")));
        }
        let gpu = match (share, whole) {
            (0, 0) => Gpu::None,
            (0, count) => Gpu::Whole(count),
            (share, _) => Gpu::Share(share.min(GPU_MILLI - 1)),
        };
        let mut models = None;
        for name in args
            .text_opt("gpu_models")
            .into_iter()
            .flat_map(|text| text.split('|'))
        {
            let one = self.models.number(name.trim());
            if let Some(one) = self.or_issue(one, args, "gpu_models") {
                models = Some(models.unwrap_or(Set::NONE).and(Set::one(one)));
            }
        }
        let list = |key| args.list_opt(key).unwrap_or(&[]);
        for arg in list("labels") {
            if let Value::Text(text) = &arg.value
                && !text.contains('=')
            {
                let issue = Issue::new(format!("`{text}` is no label"), 0..text.len());
                self.issues.push(
                    arg.place
                        .locate(issue.help("write key=value, such as \"zone=a\"")),
                );
            }
        }
        let tenant = args
            .text_opt("tenant")
            .map(|name| place_of(&mut self.tenants, name.to_owned()));
        let priority = args.integer_opt("priority").unwrap_or(0);
        let level = priorities.binary_search(&priority).unwrap_or(0);
        Shape {
            demand: Demand {
                cpu_milli: milli(args.number_opt("cores").unwrap_or(1.0)),
                memory_mib: mib(args.size_opt("memory").unwrap_or(0)),
                gpu,
            },
            models,
            tolerates: self.taints.set(list("tolerates"), self.issues),
            labels: self.labels.set(list("labels"), self.issues),
            tenant,
            group: Some(number),
            level: u8::try_from(level).unwrap_or(0),
            apart: self.wishes(list("apart"), names),
            near: self.wishes(list("near"), names),
            home: None,
        }
    }
    fn wishes(&mut self, list: &[Arg], names: &[String]) -> Vec<(u32, Domain)> {
        let mut wishes = Vec::new();
        for arg in list {
            let Value::Table(table) = &arg.value else {
                continue;
            };
            let (Some(name), Some(within)) = (table.text_opt("pods"), table.word_opt("within"))
            else {
                continue;
            };
            match names.iter().position(|other| other == name) {
                Some(at) => wishes.push((index(at), Domain::named(within))),
                None => {
                    let issue = Issue::new(format!("no pods are called `{name}`"), 0..name.len());
                    let issue = issue.maybe_help(suggest(name, names.iter().map(String::as_str)));
                    self.issues.push(table.place("pods").locate(issue));
                }
            }
        }
        wishes
    }
    /// A kind that no machine could ever take is a mistake in the file.
    fn check_possible(&mut self, kind: &PodKind, arg: &Arg, machines: &[Machine]) {
        let admits = |machine: &&Machine| machine.admits(&kind.shape);
        let holds = |machine: &Machine| machine.room().holds(&kind.shape.demand);
        let admitting: Vec<&Machine> = machines.iter().filter(admits).collect();
        let message = match admitting.as_slice() {
            [] => "has its GPU model, labels and taints",
            some if !some.iter().any(|machine| holds(machine)) => "is large enough",
            _ => return,
        };
        let issue = Issue::new(
            format!("no machine {message} for pods `{}`", kind.name),
            arg.key_span.clone(),
        );
        let help = "add one under `machines`, or ask for less: such pods could never be placed";
        self.issues.push(issue.help(help));
    }
}
