//! A checked scenario on the native host: one seed to one result.

use crate::diagnose::Report;
use crate::scenario::{Files, Scenario};
use crate::workloads::cluster::rollout::Fleets;
use crate::workloads::cluster::scheduler::Homes;
use crate::workloads::{Install, Prepare, Prepared};
use squall_core::depends::DependencyMap;
use squall_core::history::History;
use squall_core::outcome::{
    ENGINE_EPOCH, FaultResult, Landing, MetricResult, PropertyResult, SeedResult, Stop,
};
use squall_core::plan::Plan;
use squall_core::property::{Invariant, PropertyKind, PropertyOutcome, Verdict};
use squall_core::recording::{Header, RECORDING_FORMAT, Recording};
use squall_core::world::{Bounds, ClockSpec, HOST_SIGNALS, NodeSpec, World};
use squall_core::{Key, Names, Seed};
use squall_faults::param::Signed;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A scenario whose files are read: it can run any seed, on any thread.
#[derive(Debug)]
pub struct Ready {
    /// The scenario.
    pub scenario: Scenario,
    prepared: Vec<Prepared>,
}

/// The result of one seed.
#[derive(Debug)]
pub struct SeedRun {
    /// What it says.
    pub result: SeedResult,
    /// The plan it ran.
    pub plan: Plan,
    /// The plan with the times and targets of what fired, if anything in it waited.
    pub ran: Option<Plan>,
    /// What came of each entry of the plan, in its order.
    pub landings: Vec<Landing>,
    /// What happened, if records were kept.
    pub recording: Option<Recording>,
}

pub(crate) type Promised = Vec<(String, Box<dyn Invariant>)>;

impl Scenario {
    /// Reads the files that the scenario names. The error holds everything that is wrong; a regression
    /// file of another engine epoch is.
    pub fn ready(self, files: &dyn Files) -> Result<Ready, Report> {
        match self.epoch_issue() {
            Some(report) => Err(report),
            None => self.ready_of_any_epoch(files),
        }
    }

    /// [`Scenario::ready`], whatever the engine epoch of its digest.
    pub fn ready_of_any_epoch(mut self, files: &dyn Files) -> Result<Ready, Report> {
        let mut issues = Vec::new();
        crate::traces::load(&mut self, files, &mut issues);
        let prepare = |workload: &crate::WorkloadUse| {
            let prepare = Prepare {
                args: &workload.args,
                nodes: &workload.nodes,
                topology: &self.topology,
                workloads: &self.workloads,
                files,
            };
            (workload.kind.prepare)(&prepare, &mut issues)
        };
        let prepared: Vec<Prepared> = self.workloads.iter().map(prepare).collect();
        crate::workloads::cluster::rollout::twice(&self.workloads, &mut issues);
        let path = |fault: &squall_faults::FaultUse| crate::file::paths::named(&fault.args);
        if issues.is_empty() && self.faults.iter().any(path) {
            let workloads = self.workloads.iter().zip(&prepared);
            let map = crate::file::paths::dependencies(&self.topology, workloads);
            crate::file::paths::settle(&mut self, &map, &mut issues);
        }
        if issues.is_empty() {
            Ok(Ready {
                scenario: self,
                prepared,
            })
        } else {
            Err(self.report(issues))
        }
    }
}

impl Ready {
    /// Runs one seed in `world`, which is reset first: its memory serves seed after seed. A panic of
    /// model code ends the seed as a failure; the world is then replaced.
    ///
    /// The error is a plan that cannot be drawn for this seed.
    pub fn run(&self, seed: Seed, keep: bool, world: &mut World) -> Result<SeedRun, Report> {
        let plan = self.scenario.plan(seed)?;
        Ok(self.run_plan(seed, plan, keep, world))
    }

    /// Runs one seed under a given plan.
    pub fn run_plan(&self, seed: Seed, plan: Plan, keep: bool, world: &mut World) -> SeedRun {
        self.run_against(seed, (plan, None), keep, world)
    }

    /// Runs one seed under a given plan, and judges it by the times of another one if there is one:
    /// baselines end where its first fault starts, and recovery counts from its last heal. So runs with
    /// and without a fault answer the same question.
    pub fn run_against(
        &self,
        seed: Seed,
        (plan, times): (Plan, Option<&Plan>),
        keep: bool,
        world: &mut World,
    ) -> SeedRun {
        world.reset(seed, keep);
        let caught = catch_unwind(AssertUnwindSafe(|| {
            let promised = self.build(world);
            self.watch(world, promised);
            world.set_plan(plan.clone());
            world.run(Bounds {
                until: self.scenario.stop_time(),
                events_max: self.scenario.events_max,
            })
        }));
        let stop = caught.unwrap_or_else(|panic| Stop::Panicked(text_of(panic.as_ref())));
        let names = world.names();
        let finished = world.finish_against(&stop, times);
        let properties = self.properties(finished.outcomes);
        let result = SeedResult {
            seed,
            verdict: verdict(&stop, &properties, &finished.faults),
            digest: finished.digest,
            end: finished.end,
            events: finished.events,
            records: finished.history.count(),
            metrics: self.metrics(&finished.history, &names),
            properties,
            faults: finished.faults,
            stop,
        };
        if matches!(result.stop, Stop::Panicked(_)) {
            *world = World::new(seed, keep);
        }
        let mut history = finished.history;
        let recording = keep.then(|| Recording {
            header: self.header(&result, plan.clone(), names, &history),
            records: history.take_records(),
        });
        SeedRun {
            result,
            plan,
            ran: finished.ran,
            landings: finished.landings,
            recording,
        }
    }

    /// Who needs whom in its world, before anything runs.
    pub fn dependencies(&self) -> DependencyMap {
        let workloads = self.scenario.workloads.iter().zip(&self.prepared);
        crate::file::paths::dependencies(&self.scenario.topology, workloads)
    }

    fn header(&self, result: &SeedResult, plan: Plan, names: Names, history: &History) -> Header {
        let scenario = &self.scenario;
        let nodes = scenario
            .topology
            .nodes()
            .iter()
            .map(|node| node.name.clone());
        Header {
            format: RECORDING_FORMAT,
            epoch: ENGINE_EPOCH,
            scenario: scenario.name.clone(),
            path: scenario.path.clone(),
            text: scenario.text.clone(),
            seed: result.seed,
            stop: result.stop.clone(),
            end: result.end,
            nodes: nodes.collect(),
            plan,
            names,
            digest: history.digest(),
            checkpoints: history.checkpoints().to_vec(),
        }
    }

    /// Nodes, links, services, knobs and channels, in the order of the topology; then the workloads.
    pub(crate) fn build(&self, world: &mut World) -> Promised {
        let scenario = &self.scenario;
        let mut ids = Vec::new();
        for group in &scenario.nodes {
            for index in 0..group.count {
                let spec = NodeSpec::new(format!("{}-{index}", group.name)).cores(group.cores);
                let mut spec = spec.memory(group.memory, group.swap.clone());
                spec.swap_bytes = group.swap_bytes;
                let clock = clock(world.seed(), &spec.name, &group.clock);
                let spec = spec.clock(clock).disk(group.disk.clone());
                let spec = spec.memory_rules(group.memory_rules.clone());
                ids.push(world.add_node(&spec));
            }
        }
        world.set_default_link(scenario.links.default.profile.clone());
        for rule in &scenario.links.pairs {
            world.set_links(&rule.from, &rule.to, rule.both, rule.base.profile.clone());
        }
        for service in scenario.topology.services() {
            world.service(service);
        }
        for knob in scenario.topology.knobs() {
            let id = world.add_knob(knob.base);
            world.bound_knob(id, knob.kind.range());
        }
        for channel in scenario.topology.channels() {
            world.channel(&channel.name, channel.resolution);
        }
        if !scenario.signals.is_zero() {
            world.sample_hosts(scenario.signals);
        }
        let mut promised = Promised::new();
        let mut fleets = Fleets::default();
        let mut homes = Homes::default();
        for (workload, prepared) in scenario.workloads.iter().zip(&self.prepared) {
            let mut install = Install {
                world,
                workload,
                prepared,
                topology: &scenario.topology,
                fleets: &mut fleets,
                homes: &mut homes,
                invariants: Vec::new(),
            };
            (workload.kind.install)(&mut install);
            let invariants = install.invariants;
            let full = |(slug, invariant)| (format!("{}.{slug}", workload.name), invariant);
            promised.extend(invariants.into_iter().map(full));
        }
        promised
    }

    /// One monitor for each property, in the order of the file.
    fn watch(&self, world: &mut World, mut promised: Promised) {
        for spec in &self.scenario.properties {
            let monitor =
                crate::judge::monitor(&spec.kind, &mut |name| world.name(name), |invariant| {
                    let at = promised.iter().position(|(name, _)| name == invariant);
                    let at = at.unwrap_or_else(|| {
                        panic!("a workload did not promise `{invariant}`, which its tables declare")
                    });
                    promised.remove(at).1
                });
            world.watch(monitor);
        }
    }

    /// Results in the order of the file; a run that panicked while it was built has none to give.
    fn properties(&self, outcomes: Vec<PropertyOutcome>) -> Vec<PropertyResult> {
        let specs = self.scenario.properties.iter().cloned();
        let results = specs.zip(outcomes);
        results
            .map(|(spec, outcome)| PropertyResult { spec, outcome })
            .collect()
    }

    /// Summaries by name. Host signals that stayed at zero are left out: there are many.
    pub(crate) fn metrics(&self, history: &History, names: &Names) -> Vec<MetricResult> {
        let mut metrics = Vec::new();
        for (id, series) in history.metrics().all() {
            let (name, summary) = (names.text(id), series.summary());
            let unit = match self.unit_of(name) {
                Some(unit) => unit,
                None if summary.max == 0.0 => continue,
                None => host_unit(name),
            };
            metrics.push(MetricResult {
                name: name.to_owned(),
                unit: unit.to_owned(),
                summary,
            });
        }
        metrics.sort_by(|a, b| a.name.cmp(&b.name));
        metrics
    }
    fn unit_of(&self, name: &str) -> Option<&'static str> {
        let (workload, slug) = name.split_once('.')?;
        let workload = self
            .scenario
            .workloads
            .iter()
            .find(|w| w.name == workload)?;
        let metric = workload.kind.metrics.iter().find(|m| m.name == slug)?;
        Some(metric.unit)
    }
}

/// What is wrong with the clocks of a node: a constant draws nothing.
fn clock(seed: Seed, node: &str, (offset, drift): &(Signed, Signed)) -> ClockSpec {
    let path = format!("node/{node}");
    let draw = |purpose, law: &Signed| law.sample(&mut Key::new(seed, &path, purpose).at(0));
    #[expect(
        clippy::cast_possible_truncation,
        reason = "`as` saturates: 292 years are more than any offset"
    )]
    let offset_ns = draw("clock.offset", offset).round() as i64;
    ClockSpec {
        offset_ns,
        drift_ppm: draw("clock.drift", drift),
    }
}

fn host_unit(name: &str) -> &'static str {
    let signal = name.split_once('.').map_or(name, |(_, signal)| signal);
    let known = HOST_SIGNALS.iter().find(|s| s.name == signal);
    known.map_or("", |signal| signal.unit)
}

/// The worst of the properties of one seed. That one seed does not witness a `sometimes` says
/// nothing: one of a campaign is enough.
pub(crate) fn verdict(
    stop: &Stop,
    properties: &[PropertyResult],
    faults: &[FaultResult],
) -> Verdict {
    let of = |p: &PropertyResult| match (&p.spec.kind, p.outcome.verdict) {
        (PropertyKind::Sometimes { .. }, Verdict::NotExercised) => Verdict::Pass,
        (_, Verdict::NotExercised) if p.spec.optional => Verdict::Pass,
        (_, verdict) => verdict,
    };
    let stopped = match stop {
        Stop::Panicked(_) => Verdict::Fail,
        Stop::EventsMax => Verdict::Inconclusive,
        Stop::Finished | Stop::Quiet => Verdict::Pass,
    };
    properties
        .iter()
        .map(of)
        .max()
        .unwrap_or(Verdict::NotExercised)
        .max(stopped)
        .max(match faults.iter().any(|fault| fault.failed().is_some()) {
            true => Verdict::Fail,
            false => Verdict::Pass,
        })
}

fn text_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "model code panicked".to_owned())
}
