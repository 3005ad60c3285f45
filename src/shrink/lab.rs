//! The laboratory: runs candidates of one scenario, in worlds of every size that is asked for.

use super::{ShrinkError, failing};
use crate::campaign::run_plan;
use crate::{LoadError, Place};
use squall_core::outcome::{SeedResult, Stop};
use squall_core::plan::Plan;
use squall_core::property::Verdict;
use squall_core::world::World;
use squall_core::{Seed, VirtualDuration, VirtualTime};
use squall_faults::frozen::moved;
use squall_faults::param::{Args, Kind, Param, Value, rate_text};
use squall_faults::shrink::{Answer, Axis, Candidate};
use squall_scenarios::regression::bare;
use squall_scenarios::{Ready, Regression, Settings, parse};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What must go on failing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Symptom {
    /// A property, by its position and name.
    Property(usize, String),
    /// Model code panics.
    Panic,
}

impl Symptom {
    /// What a regression file is kept for.
    pub fn of(ready: &Ready, regression: &Regression) -> Self {
        match regression.property {
            Some(at) => Self::Property(at, ready.scenario.properties[at].name.clone()),
            None => Self::Panic,
        }
    }
    /// For people.
    pub fn name(&self) -> &str {
        match self {
            Self::Property(_, name) => name,
            Self::Panic => "a panic of model code",
        }
    }
    /// The name of the property, if it is one.
    pub fn property(&self) -> Option<&str> {
        match self {
            Self::Property(_, name) => Some(name),
            Self::Panic => None,
        }
    }
    /// Whether the scenario is there to show it: unless its `[expect]` says that all is well.
    pub fn expected_to_fail(&self, ready: &Ready) -> bool {
        let expect = ready.scenario.expect.as_ref();
        expect.is_none_or(|expect| expect.verdict == Verdict::Fail)
    }
    /// Whether a run of a regression file ends as its `[expect]` says.
    pub fn as_expected(&self, ready: &Ready, result: &SeedResult) -> bool {
        match self.answer(result) {
            Answer::Fails(_) => self.expected_to_fail(ready),
            Answer::Holds => !self.expected_to_fail(ready),
            Answer::Invalid => false,
        }
    }
    /// Whether a run shows it. A panic hides every property, and is none of them.
    pub fn answer(&self, result: &SeedResult) -> Answer {
        match (self, &result.stop) {
            (_, Stop::EventsMax) => Answer::Invalid,
            (Self::Panic, Stop::Panicked(_)) => Answer::Fails(Some(result.end)),
            (Self::Panic, _) | (Self::Property(..), Stop::Panicked(_)) => Answer::Holds,
            (Self::Property(index, _), Stop::Finished | Stop::Quiet) => {
                match result.properties.get(*index).map(|p| &p.outcome) {
                    Some(found) if found.verdict == Verdict::Fail => {
                        Answer::Fails(found.first.as_ref().map(|first| first.at))
                    }
                    _ => Answer::Holds,
                }
            }
        }
    }
}

/// The setting behind an axis.
#[derive(Clone, Debug)]
enum Setting {
    /// A whole number.
    Count(String),
    /// Thousandths of events a second.
    Rate(String),
    /// Nanoseconds.
    Time(String),
}

impl Setting {
    fn pair(&self, value: u64) -> (String, String) {
        match self {
            Self::Count(key) => (key.clone(), value.to_string()),
            Self::Rate(key) => (key.clone(), rate_text(value as f64 / RATE)),
            Self::Time(key) => (key.clone(), VirtualDuration::from_nanos(value).to_string()),
        }
    }
}

/// Rates are axes in steps of one in a thousand seconds.
const RATE: f64 = 1_000.0;

/// Runs candidates.
#[derive(Debug)]
pub struct Lab<'a> {
    full: &'a Ready,
    path: PathBuf,
    /// The scenario without its faults.
    text: String,
    axes: Vec<Axis>,
    settings: Vec<Setting>,
    /// Worlds of other sizes; `None` for those that cannot be.
    smaller: BTreeMap<Vec<u64>, Option<Ready>>,
    world: World,
}

impl<'a> Lab<'a> {
    /// A laboratory for a scenario whose file is at `path`.
    pub fn new(full: &'a Ready, path: &Path) -> Self {
        let mut lab = Self {
            full,
            path: path.to_path_buf(),
            text: bare(&full.scenario.text),
            axes: Vec::new(),
            settings: Vec::new(),
            smaller: BTreeMap::new(),
            world: World::new(Seed(0), false),
        };
        lab.find_axes();
        lab
    }
    /// What of the world can be smaller.
    pub fn axes(&self) -> &[Axis] {
        &self.axes
    }

    fn find_axes(&mut self) {
        let scenario = &self.full.scenario;
        let mut found = Vec::new();
        for workload in &scenario.workloads {
            let prefix = format!("workload.{}.{}", quoted(&workload.name), workload.kind.name);
            load_axes(workload.kind.params, &workload.args, &prefix, &mut found);
        }
        for group in scenario.nodes.iter().filter(|group| group.count > 1) {
            let axis = Axis {
                name: format!("nodes of {}", group.name),
                full: u64::from(group.count),
                least: 1,
                grain: 1,
                is_stop: false,
            };
            let key = format!("topology.nodes.{}.count", quoted(&group.name));
            found.push((axis, Setting::Count(key)));
        }
        let stop = scenario.stop.as_nanos();
        let second = VirtualDuration::from_secs(1).as_nanos();
        let grain = if stop >= 10 * second {
            second
        } else {
            second / 1_000
        };
        let axis = Axis {
            name: "run length".to_owned(),
            full: stop,
            least: grain,
            grain,
            is_stop: true,
        };
        found.push((axis, Setting::Time("stop.at".to_owned())));
        (self.axes, self.settings) = found.into_iter().unzip();
    }

    /// What fails in a seed: the property of this name, else the first that does, else a panic.
    ///
    /// # Errors
    /// If it does not fail, or there is no such property.
    pub fn symptom(
        &mut self,
        seed: Seed,
        plan: &Plan,
        property: Option<&str>,
    ) -> Result<Symptom, ShrinkError> {
        let full = self.full;
        let specs = &full.scenario.properties;
        let position = |name: &str| specs.iter().position(|spec| spec.name == name);
        let wanted = property.map(|name| {
            let at = position(name).ok_or_else(|| ShrinkError::NoProperty(name.to_owned()));
            at.map(|at| Symptom::Property(at, name.to_owned()))
        });
        let result = self.run(full, seed, plan.clone());
        let found = match wanted {
            Some(wanted) => Some(wanted?),
            None if matches!(result.stop, Stop::Panicked(_)) => Some(Symptom::Panic),
            // What the file is there to show comes first.
            None => {
                let because = full.scenario.expect.iter().flat_map(|e| &e.because);
                let regression = full
                    .scenario
                    .regression
                    .iter()
                    .filter_map(|r| r.property.as_ref());
                let first = regression.chain(because).map(|at| specs[*at].name.clone());
                let failing = failing(&result);
                let name = first
                    .chain(failing.clone())
                    .find(|name| failing.contains(name));
                name.and_then(|name| Some(Symptom::Property(position(&name)?, name)))
            }
        };
        let fails = |symptom: &Symptom| matches!(symptom.answer(&result), Answer::Fails(_));
        match found {
            Some(symptom) if fails(&symptom) => Ok(symptom),
            None if property.is_none() => Err(self.no_role(seed)?),
            other => {
                let by = other.map_or(String::new(), |s| format!(" by `{}`", s.name()));
                Err(ShrinkError::Passes { seed, by })
            }
        }
    }

    /// Why a seed that breaks no property fails, if it does: a frozen plan has its targets, so that a run
    /// of it cannot fail for want of them.
    fn no_role(&mut self, seed: Seed) -> Result<ShrinkError, ShrinkError> {
        let full = self.full;
        let plan = full.scenario.plan(seed).map_err(crate::LoadError::from)?;
        let result = self.run(full, seed, plan);
        let failed = result.faults.iter().find_map(|fault| {
            let firings = fault.firings.filter(|firings| firings.failed.is_some())?;
            Some((fault.label.clone(), firings.why_failed()))
        });
        Ok(match failed {
            Some((fault, why)) => ShrinkError::NoRole { seed, fault, why },
            None => ShrinkError::Passes {
                seed,
                by: String::new(),
            },
        })
    }

    /// What a run of a candidate shows.
    pub fn answer(&mut self, candidate: &Candidate, seed: Seed, symptom: &Symptom) -> Answer {
        let Some((key, plan)) = self.prepare(candidate) else {
            return Answer::Invalid;
        };
        let ready = match self.smaller.get(&key) {
            Some(Some(ready)) => ready,
            _ => self.full,
        };
        let run = run_plan(ready, seed, plan, false, &mut self.world);
        symptom.answer(&run.result)
    }

    /// The scenario of a candidate and its plan in it.
    ///
    /// # Errors
    /// If it cannot be read, which no candidate that was run is.
    pub fn smallest(&mut self, candidate: &Candidate) -> Result<(Ready, Plan), ShrinkError> {
        let ready = self.read(&candidate.axes)?;
        let (from, to) = (&self.full.scenario.topology, &ready.scenario.topology);
        let plan =
            moved(&candidate.plan, from, to).expect("a candidate that ran names what is there");
        Ok((ready, plan))
    }

    /// The plan of a seed with everything fixed that its run finds out.
    ///
    /// # Errors
    /// If it cannot be drawn.
    pub fn frozen(&mut self, seed: Seed) -> Result<Plan, LoadError> {
        let plan = self.full.scenario.plan(seed)?;
        if plan.triggers().is_empty() {
            return Ok(plan);
        }
        let mut world = World::new(seed, true);
        let run = run_plan(self.full, seed, plan.clone(), true, &mut world);
        let records = run
            .recording
            .map_or_else(Vec::new, |recording| recording.records);
        Ok(plan.frozen(&records))
    }

    /// Runs a plan.
    pub fn run(&mut self, ready: &Ready, seed: Seed, plan: Plan) -> SeedResult {
        run_plan(ready, seed, plan, false, &mut self.world).result
    }

    /// Makes the world of a candidate, if it is not there yet: its key, and the plan in it.
    fn prepare(&mut self, candidate: &Candidate) -> Option<(Vec<u64>, Plan)> {
        let full = self.axes.iter().map(|axis| axis.full);
        if full.eq(candidate.axes.iter().copied()) {
            return Some((Vec::new(), candidate.plan.clone()));
        }
        let key = candidate.axes.clone();
        if !self.smaller.contains_key(&key) {
            let ready = self.read(&key).ok();
            self.smaller.insert(key.clone(), ready);
        }
        let ready = self.smaller[&key].as_ref()?;
        let stop = ready.scenario.stop_time();
        let inside = |at: VirtualTime| at < stop;
        if !candidate.plan.entries().iter().all(|e| inside(e.from)) {
            return None;
        }
        let plan = moved(
            &candidate.plan,
            &self.full.scenario.topology,
            &ready.scenario.topology,
        );
        Some((key, plan.ok()?))
    }

    /// Reads the scenario without faults, with the axes at these values.
    fn read(&self, values: &[u64]) -> Result<Ready, LoadError> {
        let changed = self.axes.iter().zip(&self.settings).zip(values);
        let changed = changed.filter(|((axis, _), value)| axis.full != **value);
        let settings = Settings {
            with: Vec::new(),
            set: changed
                .map(|((_, setting), value)| setting.pair(*value))
                .collect(),
        };
        let path = self.path.display().to_string();
        let scenario = parse(&path, &self.text, &settings)?;
        Ok(scenario.ready(&Place::of(&self.path))?)
    }
}

/// A part of a dotted key.
fn quoted(part: &str) -> String {
    format!("\"{part}\"")
}

/// Loads of a workload: rates and numbers of sessions that its `arrivals` have.
fn load_axes(params: &[Param], args: &Args, prefix: &str, found: &mut Vec<(Axis, Setting)>) {
    let Some(arrivals) = params.iter().find(|p| p.key == "arrivals") else {
        return;
    };
    let (Kind::Table(inner), Some(table)) = (&arrivals.kind, args.table_opt("arrivals")) else {
        return;
    };
    for param in inner.iter().filter(|param| table.given(param.key)) {
        let key = format!("{prefix}.arrivals.{}", param.key);
        let axis = |full: u64, grain: u64| Axis {
            name: format!(
                "{} of {}",
                param.key,
                prefix.split('.').nth(1).unwrap_or("").trim_matches('"')
            ),
            full,
            least: 1,
            grain,
            is_stop: false,
        };
        match (&param.kind, table.get(param.key)) {
            (Kind::Rate, Some(Value::Number(rate))) if *rate * RATE >= 1.0 => {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "`as` saturates, and a rate is not negative"
                )]
                let full = (*rate * RATE).ceil() as u64;
                // Two digits: finer loads tell nobody anything.
                found.push((axis(full, (full / 100).max(1)), Setting::Rate(key)));
            }
            (Kind::Integer { .. }, Some(Value::Integer(count))) if *count > 1 => {
                found.push((axis(count.unsigned_abs(), 1), Setting::Count(key)));
            }
            _ => {}
        }
    }
}
