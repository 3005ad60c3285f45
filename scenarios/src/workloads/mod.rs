//! The kinds of workload. Adding one: a module with a [`WorkloadKind`], and a line in [`ALL`].

pub mod agents;
mod channels;
pub mod cluster;
mod depends;
mod edge;
mod install;

pub use channels::Channel;
pub use depends::{Depends, DependsFn, whole};
pub use install::{Install, InstallFn, Prepare, PrepareFn, Prepared, nothing};

use core::fmt;
use squall_core::world::HOST_SIGNALS;
use squall_faults::param::{Args, Need, Param, Value, Variant};
use squall_faults::topology::KnobKind;
use std::fmt::Write as _;

/// All kinds.
pub const ALL: &[&WorkloadKind] = &[
    &agents::AGENTS,
    &edge::EDGE,
    &cluster::CLUSTER,
    &cluster::raft::RAFT,
    &cluster::membership::MEMBERSHIP,
    &cluster::scheduler::SCHEDULER,
    &cluster::training::TRAINING,
    &cluster::rollout::ROLLOUT,
];

/// A kind of workload: what it takes, and what can be said about it.
pub struct WorkloadKind {
    /// Its name in scenario files.
    pub name: &'static str,
    /// The domain it belongs to.
    pub domain: &'static str,
    /// What it does, in one line.
    pub summary: &'static str,
    /// Its parameters; the first is [`crate::tables::ON`].
    pub params: &'static [Param],
    /// Events it records, for `never`, `eventually` and `sometimes`.
    pub events: &'static [Word],
    /// Invariants it checks, for `always`.
    pub invariants: &'static [Word],
    /// Metrics it samples, for `recovers` and `threshold`.
    pub metrics: &'static [Metric],
    /// Parameters that faults can set.
    pub knobs: &'static [Knob],
    /// Services that faults can hit. One that is called as an optional table of the parameters is there
    /// only if that is written: see [`WorkloadKind::services_in`].
    pub services: &'static [Word],
    /// Sensors and actuators that faults can hit.
    pub channels: &'static [Channel],
    /// Roles that its nodes take and give up, for selectors: `leader`, `primary`, `holder`, `owner` of
    /// the workload's name.
    pub roles: &'static [Word],
    /// Names of its operations in spans.
    pub operations: &'static [&'static str],
    /// Reads what it needs before the first seed.
    pub prepare: PrepareFn,
    /// Says who needs whom in it: [`whole`] if there is no more to say than that it runs.
    pub depends: DependsFn,
    /// Puts it into a world.
    pub install: InstallFn,
}

/// A name and what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// The name, in kebab case.
    pub name: &'static str,
    /// What it means.
    pub doc: &'static str,
}

/// A metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// Its unit: `s`, `bytes`, `1` and so on. Durations are in seconds.
    pub unit: &'static str,
    /// What it measures.
    pub doc: &'static str,
}

/// A parameter that faults can set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Knob {
    /// Its name.
    pub name: &'static str,
    /// What it may be set to.
    pub range: KnobRange,
    /// The parameter that gives its value without a fault, as a dotted path; empty is none.
    pub param: &'static str,
    /// Its value without a fault where there is no such parameter.
    pub base: f64,
    /// What it does.
    pub doc: &'static str,
}

/// What a knob may be set to: the constant form of [`KnobKind`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum KnobRange {
    /// A number in a range.
    Number(f64, f64),
    /// A duration.
    Seconds,
    /// One of these words.
    Words(&'static [&'static str]),
    /// True or false.
    Flag,
}

impl KnobRange {
    /// As faults know it.
    pub fn kind(self) -> KnobKind {
        match self {
            Self::Number(min, max) => KnobKind::Number { min, max },
            Self::Seconds => KnobKind::Seconds,
            Self::Words(words) => KnobKind::Words(words.iter().map(|w| (*w).to_owned()).collect()),
            Self::Flag => KnobKind::Flag,
        }
    }
}

impl Knob {
    /// Its value in a workload with these parameters and without a fault.
    pub fn base_in(&self, args: &Args) -> f64 {
        let mut args = args;
        let mut keys = self.param.split('.').peekable();
        while let Some(key) = keys.next() {
            if keys.peek().is_some() {
                match args.table_opt(key) {
                    Some(table) => args = table,
                    None => break,
                }
                continue;
            }
            return match args.get(key) {
                Some(Value::Number(x)) => *x,
                Some(Value::Integer(i)) => *i as f64,
                Some(Value::Duration(d)) => d.as_secs_f64(),
                Some(Value::Flag(flag)) => f64::from(u8::from(*flag)),
                Some(Value::Word(word)) => match self.range {
                    KnobRange::Words(words) => words
                        .iter()
                        .position(|w| w == word)
                        .map_or(self.base, |i| i as f64),
                    _ => self.base,
                },
                _ => self.base,
            };
        }
        self.base
    }
}

/// A metric, for tables.
pub const fn metric(name: &'static str, unit: &'static str, doc: &'static str) -> Metric {
    Metric { name, unit, doc }
}

/// A name with its meaning, for tables.
pub const fn word(name: &'static str, doc: &'static str) -> Word {
    Word { name, doc }
}

/// The kind called `name`.
pub fn find(name: &str) -> Option<&'static WorkloadKind> {
    ALL.iter().copied().find(|kind| kind.name == name)
}

/// The kinds as the choices of `[workload.<name>]`.
pub fn variants() -> Vec<Variant> {
    let variant = |kind: &&WorkloadKind| Variant {
        name: kind.name,
        doc: kind.summary,
        params: kind.params,
    };
    ALL.iter().map(variant).collect()
}

/// The text of `squall list workloads`: a line a kind.
pub fn list() -> String {
    let width = ALL.iter().map(|kind| kind.name.len()).max().unwrap_or(0);
    let lines = ALL
        .iter()
        .map(|k| format!("{:<width$}  {}\n", k.name, k.summary));
    let lines: String = lines.collect();
    format!(
        "{lines}`squall list workloads KIND` shows its parameters, invariants, events, roles, services, metrics and knobs\n"
    )
}

/// The text of `squall list metrics`: those of each kind of workload, then those of the host by what
/// they belong to, each with its unit.
pub fn list_metrics() -> String {
    let mut groups: Vec<(String, Vec<[&str; 3]>)> = Vec::new();
    for kind in ALL {
        let title = format!("{}: <workload>.<metric>", kind.name);
        let metrics = kind.metrics.iter().map(|m| [m.name, m.unit, m.doc]);
        groups.push((title, metrics.collect()));
    }
    for signal in HOST_SIGNALS {
        let title = format!("host, {}: <node>.<metric>", signal.group);
        let line = [signal.name, signal.unit, signal.doc];
        match groups.iter_mut().find(|(other, _)| *other == title) {
            Some((_, lines)) => lines.push(line),
            None => groups.push((title, vec![line])),
        }
    }
    let lines = || groups.iter().flat_map(|(_, lines)| lines);
    let width = lines().map(|line| line[0].len()).max().unwrap_or(0);
    let mut text = String::new();
    for (title, lines) in &groups {
        let _ = writeln!(text, "{title}");
        for [name, unit, doc] in lines {
            let _ = writeln!(text, "  {name:<width$} {unit:<8} {doc}");
        }
    }
    text
}

impl WorkloadKind {
    /// The services of a workload with these parameters.
    pub fn services_in<'a>(&'a self, args: &'a Args) -> impl Iterator<Item = &'a Word> {
        self.services.iter().filter(|service| {
            let optional =
                |param: &&Param| param.key == service.name && param.need == Need::Optional;
            let absent = args.table_opt(service.name).is_none();
            !(absent && self.params.iter().any(|param| optional(&param)))
        })
    }
    /// Everything about it, for people.
    pub fn describe(&self) -> String {
        let mut text = format!("{}   {}\n\n", self.name, self.summary);
        text.push_str(&squall_faults::catalog::describe_params(self.params));
        let words = |title: &str, words: &[Word]| {
            let lines = words
                .iter()
                .map(|w| format!("    {:<28} {}\n", w.name, w.doc));
            format!("  {title}\n{}", lines.collect::<String>())
        };
        text.push_str(&words("invariants", self.invariants));
        text.push_str(&words("events", self.events));
        text.push_str(&words("services", self.services));
        if !self.channels.is_empty() {
            text.push_str("  channels\n");
        }
        for c in self.channels {
            let _ = writeln!(text, "    {:<28} {}", c.name, c.doc);
        }
        if !self.roles.is_empty() {
            text.push_str(&words("roles", self.roles));
        }
        text.push_str("  metrics\n");
        for m in self.metrics {
            let _ = writeln!(text, "    {:<28} {} ({})", m.name, m.doc, m.unit);
        }
        text.push_str("  knobs\n");
        for k in self.knobs {
            let _ = writeln!(text, "    {:<28} {}", k.name, k.doc);
        }
        text
    }
}

impl fmt::Debug for WorkloadKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WorkloadKind({})", self.name)
    }
}
