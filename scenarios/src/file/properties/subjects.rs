//! What properties are about: events, metrics, operations and invariants by name.

use super::super::Running;
use crate::log::EventLog;
use crate::workloads::WorkloadKind;
use squall_core::world::HOST_SIGNALS;
use squall_faults::Issue;
use squall_faults::param::{Place, nearest, suggest};

/// What a subject must be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Invariant,
    Event,
    Metric,
    Operation,
}

impl Wanted {
    const ALL: [(Self, &'static str, &'static str); 4] = [
        (Self::Invariant, "invariant", "`always`"),
        (Self::Event, "event", "`never`, `eventually` or `sometimes`"),
        (Self::Metric, "metric", "`recovers` or `threshold`"),
        (Self::Operation, "operation", "`operations`"),
    ];
    fn names(self, kind: &WorkloadKind) -> Vec<&'static str> {
        match self {
            Self::Invariant => kind.invariants.iter().map(|w| w.name).collect(),
            Self::Event => kind.events.iter().map(|w| w.name).collect(),
            Self::Metric => kind.metrics.iter().map(|m| m.name).collect(),
            Self::Operation => kind.operations.to_vec(),
        }
    }
    /// All subjects of this sort in the scenario.
    fn all_of(self, running: &Running) -> Vec<String> {
        let of = |name: &str, kind: &WorkloadKind| {
            let names = self
                .names(kind)
                .into_iter()
                .map(move |slug| format!("{name}.{slug}"));
            names.collect::<Vec<_>>()
        };
        let mut all: Vec<String> = running
            .known
            .iter()
            .flat_map(|workload| of(&workload.name, workload.kind))
            .collect();
        if self == Self::Metric {
            for host in &running.hosts {
                all.extend(HOST_SIGNALS.iter().map(|s| format!("{host}.{}", s.name)));
            }
        }
        all
    }
}

/// What properties can be about.
#[derive(Clone, Copy)]
pub(crate) enum Subjects<'a> {
    /// The workloads of a scenario and its hosts.
    Running(&'a Running),
    /// What an event log declares or holds.
    Log(&'a EventLog),
}

impl<'a> Subjects<'a> {
    /// All subjects of this sort.
    fn all(self, wanted: Wanted) -> Vec<String> {
        match (self, wanted) {
            (Self::Running(running), _) => wanted.all_of(running),
            (Self::Log(log), Wanted::Event) => log.events.iter().cloned().collect(),
            (Self::Log(log), Wanted::Metric) => log.metrics.keys().cloned().collect(),
            (Self::Log(log), Wanted::Operation) => log.operations.iter().cloned().collect(),
            // An invariant of any workload can be named, though a log does not decide it.
            (Self::Log(_), Wanted::Invariant) => {
                let names = crate::workloads::ALL
                    .iter()
                    .flat_map(|kind| wanted.names(kind));
                names.map(str::to_owned).collect()
            }
        }
    }
    fn has(self, name: &str, wanted: Wanted) -> bool {
        let name = match (self, wanted) {
            (Self::Log(_), Wanted::Invariant) => name.rsplit('.').next().unwrap_or(name),
            _ => name,
        };
        self.all(wanted).iter().any(|known| known == name)
    }
    /// Whether nothing can be said about names that begin so.
    fn is_unknown(self, workload: &str) -> bool {
        match self {
            Self::Running(running) => running.unknown.iter().any(|unknown| unknown == workload),
            Self::Log(_) => false,
        }
    }
    fn unit_of(self, name: &str) -> Option<&'a str> {
        match self {
            Self::Running(running) => unit_of(name, running),
            Self::Log(log) => log.metrics.get(name).map(String::as_str),
        }
    }
}

/// Checks that a subject exists; gives the unit of a metric.
pub(super) fn subject<'a>(
    place: &Place,
    name: &str,
    wanted: Wanted,
    subjects: Subjects<'a>,
    issues: &mut Vec<Issue>,
) -> Option<&'a str> {
    if subjects.has(name, wanted) {
        return subjects.unit_of(name);
    }
    if subjects.is_unknown(name.split('.').next().unwrap_or("")) {
        return None;
    }
    let all = subjects.all(wanted);
    let word = |w: Wanted| {
        Wanted::ALL
            .iter()
            .find(|(kind, ..)| *kind == w)
            .map_or("?", |(_, word, _)| word)
    };
    let other = Wanted::ALL
        .iter()
        .find(|(kind, ..)| *kind != wanted && subjects.has(name, *kind));
    // A log holds the operations that happened: one that is not there is not exercised, unless it is
    // but misspelt.
    let near = nearest(name, all.iter().map(String::as_str));
    if matches!(subjects, Subjects::Log(_))
        && wanted == Wanted::Operation
        && other.is_none()
        && near.is_none()
    {
        return None;
    }
    if let Subjects::Running(running) = subjects
        && let Some((workload, _)) = name.split_once('.')
        && !running.known.iter().any(|known| known.name == workload)
        && !running.hosts.iter().any(|host| host == workload)
        && !running.known.is_empty()
        && near.is_none()
    {
        // Once a workload, whatever is promised of it.
        let message = format!("no workload `{workload}`");
        if !issues.iter().any(|issue| issue.message == message) {
            let known: Vec<&str> = running
                .known
                .iter()
                .map(|known| known.name.as_str())
                .collect();
            let issue = Issue::new(message, 0..workload.len());
            issues.push(place.locate(issue.help(format!("here: {}", known.join(", ")))));
        }
        return None;
    }
    let issue = Issue::new(format!("unknown {} `{name}`", word(wanted)), 0..name.len());
    issues.push(
        place.locate(match other {
            Some((_, what, keys)) => issue
                .label(format!("this is the name of an {what}").replace("an m", "a m"))
                .help(format!("use {keys} with it")),
            None => issue.maybe_help(suggest(name, all.iter().map(String::as_str))),
        }),
    );
    None
}

fn unit_of(name: &str, running: &Running) -> Option<&'static str> {
    let (workload, slug) = name.split_once('.')?;
    if running.hosts.iter().any(|host| host == workload) {
        return HOST_SIGNALS.iter().find(|s| s.name == slug).map(|s| s.unit);
    }
    let workload = running.known.iter().find(|w| w.name == workload)?;
    workload
        .kind
        .metrics
        .iter()
        .find(|m| m.name == slug)
        .map(|m| m.unit)
}
