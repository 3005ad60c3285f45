//! Properties on what was stored: a recording, or the log of another system. Nothing is run.

use crate::log::EventLog;
use crate::run::{Ready, verdict};
use squall_core::history::{History, Record, What};
use squall_core::outcome::{PropertyResult, SeedResult, Stop};
use squall_core::plan::Plan;
use squall_core::property::{
    Event, Invariant, Monitor, Monitored, Operations, PropertyKind, PropertyOutcome, PropertySpec,
    Recovers, RunEnd, Threshold, Verdict,
};
use squall_core::recording::Recording;
use squall_core::world::{HOST_SIGNALS, World};
use squall_core::{NameId, Names, NodeId, Seed, VirtualTime};

/// The times that baselines and recovery go by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// The start of the first fault.
    pub first_fault: Option<VirtualTime>,
    /// The end of the last fault that ends.
    pub last_heal: VirtualTime,
}

impl Times {
    /// Those of a plan.
    pub fn of(plan: &Plan) -> Self {
        Self {
            first_fault: plan.first_start(),
            last_heal: plan.last_heal(),
        }
    }
}

/// The monitor of a property; `number` gives the number of a name, `invariant` a named invariant.
pub(crate) fn monitor(
    kind: &PropertyKind,
    number: &mut dyn FnMut(&str) -> NameId,
    invariant: impl FnOnce(&str) -> Box<dyn Invariant>,
) -> Box<dyn Monitor> {
    let name = number(kind.subject());
    match kind {
        PropertyKind::Operations {
            promise,
            reads,
            writes,
            initial,
            steps_max,
        } => {
            let mut numbers = |names: &[String]| names.iter().map(|name| number(name)).collect();
            let names = (numbers(reads), numbers(writes));
            let operations = Operations::new(*promise, names, (*initial, *steps_max));
            Box::new(Monitored::new(Box::new(operations)))
        }
        PropertyKind::Always { invariant: named } => Box::new(Monitored::new(invariant(named))),
        PropertyKind::Never { event } => Box::new(Event::never(name, format!("{event} happened"))),
        PropertyKind::Eventually {
            event,
            within,
            after,
        } => {
            let text = format!("{event} had not happened");
            Box::new(Event::eventually(name, *after, *within, text))
        }
        PropertyKind::Sometimes { .. } => Box::new(Event::sometimes(name)),
        PropertyKind::Recovers {
            stat,
            factor,
            within,
            window,
            ..
        } => Box::new(Recovers {
            name,
            stat: *stat,
            factor: *factor,
            within: *within,
            window: *window,
        }),
        PropertyKind::Threshold {
            stat,
            is,
            limit,
            unit,
            from,
            until,
            ..
        } => Box::new(Threshold {
            name,
            stat: *stat,
            is: *is,
            limit: *limit,
            unit: unit.clone(),
            from: VirtualTime::ZERO + *from,
            until: until.map(|until| VirtualTime::ZERO + until),
        }),
    }
}

/// Why a recording cannot be judged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JudgeError {
    /// Its names are not those of its scenario as this build reads it.
    #[error(
        "name {number} of the recording is `{found}`, and its scenario as this build reads it has \
         `{wanted}` there: a workload or a file that the scenario names has changed since. Judge it with \
         the build that made it, or run the seed again"
    )]
    Names {
        /// Which name, from 0.
        number: usize,
        /// What the recording has.
        found: String,
        /// What the scenario has.
        wanted: String,
    },
    /// It is of another seed's world: more nodes or fewer.
    #[error("the recording has {found} nodes, and its scenario has {wanted}: it was changed")]
    Nodes {
        /// What the recording has.
        found: usize,
        /// What the scenario has.
        wanted: usize,
    },
}

/// What was judged, and what it says.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// The result, as of a seed.
    pub result: SeedResult,
    /// Of properties that could not be judged the name and what they need.
    pub needs: Vec<(String, String)>,
}

impl Ready {
    /// Judges a recording of this scenario by `specs`, without running anything. Invariants are those of
    /// the scenario's workloads, which read records only.
    ///
    /// # Errors
    /// If the recording is not one of this scenario as this build reads it.
    pub fn judge(
        &self,
        recording: &Recording,
        specs: &[PropertySpec],
    ) -> Result<Judged, JudgeError> {
        let header = &recording.header;
        let wanted = self.scenario.topology.nodes().len();
        if header.nodes.len() != wanted {
            let found = header.nodes.len();
            return Err(JudgeError::Nodes { found, wanted });
        }
        // Built as for a run, the invariants know the records by the same numbers.
        let mut world = World::new(header.seed, false);
        let mut promised = self.build(&mut world);
        let built = world.names();
        for (number, wanted) in built.all().enumerate() {
            let found = header.names.text(NameId::from_index(number));
            if found != wanted {
                let (found, wanted) = (found.to_owned(), wanted.to_owned());
                return Err(JudgeError::Names {
                    number,
                    found,
                    wanted,
                });
            }
        }
        let mut history = History::new(false);
        let mut names = header.names.clone();
        self.hold_signals(&mut history, &mut names, (specs, header.end));
        let times = Times::of(&header.plan.frozen(&recording.records));
        for spec in specs {
            let monitor = monitor(&spec.kind, &mut |name| names.intern(name), |invariant| {
                let at = promised.iter().position(|(name, _)| name == invariant);
                promised
                    .remove(at.expect("the file was checked against the tables of the workloads"))
                    .1
            });
            history.watch(monitor);
        }
        replay(&mut history, &recording.records, header.end);
        let complete = matches!(header.stop, Stop::Finished | Stop::Quiet);
        let properties = results(&mut history, specs, (header.end, complete), times);
        Ok(Judged {
            result: SeedResult {
                seed: header.seed,
                verdict: verdict(&header.stop, &properties, &[]),
                stop: header.stop.clone(),
                digest: header.digest,
                end: header.end,
                events: 0,
                records: recording.records.len() as u64,
                properties,
                metrics: self.metrics(&history, &names),
                faults: Vec::new(),
            },
            needs: Vec::new(),
        })
    }

    /// Signals of hosts are recorded when they change. What is asked for and was never recorded stayed
    /// at zero.
    fn hold_signals(
        &self,
        history: &mut History,
        names: &mut Names,
        (specs, end): (&[PropertySpec], VirtualTime),
    ) {
        let period = self.scenario.signals.as_nanos();
        let first = VirtualTime::from_nanos(period);
        let hosts = self.scenario.topology.nodes();
        let host_of = |text: &str| {
            let (host, signal) = text.split_once('.')?;
            HOST_SIGNALS.iter().find(|known| known.name == signal)?;
            let host = hosts.iter().position(|node| node.name == host)?;
            Some(NodeId::from_index(host))
        };
        if period == 0 {
            return;
        }
        let recorded: Vec<NameId> = (0..names.all().count())
            .map(NameId::from_index)
            .filter(|id| host_of(names.text(*id)).is_some())
            .collect();
        for name in recorded {
            history.hold(name, first, period);
        }
        for subject in specs.iter().map(|spec| spec.kind.subject()) {
            let known = names.find(subject).is_some();
            if let Some(node) = host_of(subject).filter(|_| !known && first <= end) {
                let name = names.intern(subject);
                history.hold(name, first, period);
                let value = 0.0;
                history.push(first, What::Sample { name, node, value });
            }
        }
    }
}

fn replay(history: &mut History, records: &[Record], end: VirtualTime) {
    for record in records {
        history.push(record.at, record.what);
    }
    history.close(end);
}

/// The outcomes of the monitors of a history, in the order of `specs`.
fn results(
    history: &mut History,
    specs: &[PropertySpec],
    (at, complete): (VirtualTime, bool),
    times: Times,
) -> Vec<PropertyResult> {
    let mut monitors = history.take_monitors();
    let run = RunEnd {
        at,
        complete,
        metrics: history.metrics(),
        first_fault: times.first_fault,
        last_heal: times.last_heal,
    };
    let judge = |(spec, monitor): (&PropertySpec, &mut Box<dyn Monitor>)| PropertyResult {
        spec: spec.clone(),
        outcome: monitor.finish(&run),
    };
    specs.iter().zip(&mut monitors).map(judge).collect()
}

/// What cannot be judged from the records that are there.
#[derive(Debug)]
struct Undecidable;

impl Monitor for Undecidable {
    fn observe(&mut self, _record: &Record) {}
    fn finish(&mut self, _run: &RunEnd<'_>) -> PropertyOutcome {
        PropertyOutcome {
            verdict: Verdict::Inconclusive,
            checked: 0,
            violations: 0,
            margin: None,
            measured: None,
            first: None,
        }
    }
}

impl EventLog {
    /// Judges the log by `specs`. A log without its `end` record was cut: what needs the whole run is
    /// inconclusive, and so are invariants, which need the records of a workload.
    pub fn judge(&self, specs: &[PropertySpec]) -> Judged {
        let mut history = History::new(false);
        let mut names = self.names.clone();
        let mut needs = Vec::new();
        for spec in specs {
            if matches!(spec.kind, PropertyKind::Always { .. }) {
                let needed = "the records of a workload, which no log of another system has: judge a \
                              recording of `squall run`, or promise `never` about an event of the log";
                needs.push((spec.name.clone(), needed.to_owned()));
                history.watch(Box::new(Undecidable));
                continue;
            }
            let no_invariant = |_: &str| -> Box<dyn Invariant> { Box::new(Nothing) };
            let mut number = |name: &str| names.intern(name);
            history.watch(monitor(&spec.kind, &mut number, no_invariant));
        }
        replay(&mut history, &self.records, self.end);
        let mut properties = results(&mut history, specs, (self.end, self.complete), self.times);
        for property in &mut properties {
            if let Some(first) = &mut property.outcome.first {
                first.text = self.by_its_names(&first.text);
            }
        }
        if !self.complete {
            let undecided = properties
                .iter()
                .filter(|p| p.outcome.verdict == Verdict::Inconclusive);
            for property in undecided {
                let name = &property.spec.name;
                if !needs.iter().any(|(other, _)| other == name) {
                    let needed = "the end of the run: the log has no record of kind `end`";
                    needs.push((name.clone(), needed.to_owned()));
                }
            }
        }
        let stop = Stop::Finished;
        Judged {
            result: SeedResult {
                seed: Seed(0),
                verdict: verdict(&stop, &properties, &[]),
                stop,
                digest: history.digest(),
                end: self.end,
                events: 0,
                records: self.records.len() as u64,
                metrics: self.metrics(&history, &names),
                properties,
                faults: Vec::new(),
            },
            needs,
        }
    }
}

impl EventLog {
    /// A text about operations, with what the log calls them instead of their numbers, and their lines.
    fn by_its_names(&self, text: &str) -> String {
        const WORD: &str = "operation ";
        let mut parts = text.split(WORD);
        let mut out = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            out.push_str(WORD);
            let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
            let called = part[..part.len() - rest.len()].parse().ok();
            match called.and_then(|op: u32| self.called.get(&op)) {
                Some((name, line)) => out.push_str(&format!("{name} (line {line}){rest}")),
                None => out.push_str(part),
            }
        }
        out
    }
}

/// The invariant of nothing: never asked for.
#[derive(Debug)]
struct Nothing;

impl Invariant for Nothing {
    fn observe(&mut self, _: &Record, _: &mut squall_core::property::Ruling) {}
}
