//! The entry: describe a run of real services, run it, get history and verdicts.

use crate::bridge::Cx;
use crate::capability::{Limit, Shape, check};
use squall_core::history::{Digest, FaultChange, Record, What};
use squall_core::outcome::{PropertyResult, SeedResult};
use squall_core::plan::Plan;
use squall_core::property::{Invariant, Monitor, Monitored, PropertyKind, PropertySpec, Verdict};
use squall_core::{EntryId, KnobId, Names, NodeId, Seed, VirtualDuration, VirtualTime};
use std::collections::BTreeSet;
use std::fmt;
use std::future::Future;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// The main function of a node: called at each start of the node, inside the simulation.
pub(crate) type Main = Arc<dyn Fn(Cx) -> Pin<Box<dyn Future<Output = ()>>> + Send + Sync>;

/// A run of real services that is not running yet.
///
/// Defaults mean "no fault": an empty plan, no monitors, 60 s of virtual time, messages that take
/// 1 to 10 ms.
///
/// ```no_run
/// use squall_core::{Seed, VirtualDuration};
/// use squall_madsim::HostedRun;
///
/// let hosted = HostedRun::new(Seed(0x2a))
///     .node("server", |cx| async move {
///         cx.recorder().event("kv.up", u64::from(cx.start()), 0);
///     })
///     .until(VirtualDuration::from_secs(30))
///     .run()
///     .expect("built with --cfg madsim, and a plan that madsim can do");
/// assert_eq!(hosted.records[0].at.as_nanos(), 0);
/// ```
pub struct HostedRun {
    pub(crate) seed: Seed,
    pub(crate) nodes: Vec<(String, Main)>,
    pub(crate) knobs: Vec<(String, f64)>,
    pub(crate) plan: Plan,
    pub(crate) latency: Range<Duration>,
    pub(crate) until: VirtualDuration,
    pub(crate) keep: bool,
    pub(crate) names: Names,
    pub(crate) specs: Vec<PropertySpec>,
    pub(crate) monitors: Vec<Box<dyn Monitor>>,
}

/// What a hosted run left behind.
#[derive(Debug)]
pub struct Hosted {
    /// Verdict, digest, properties, metrics and faults, as for a native seed. `events` counts the
    /// messages that the simulated net carried; units of metrics are unknown here and empty.
    pub result: SeedResult,
    /// Names of events, metrics and operations in the records.
    pub names: Names,
    /// Names of the nodes, by id.
    pub nodes: Vec<String>,
    /// The records, unless [`HostedRun::keep_records`] said no.
    pub records: Vec<Record>,
    /// The greatest time between a planned step and the host's doing it.
    pub lateness_max: VirtualDuration,
    /// Primitives of the plan that were only approximated, and how.
    pub approximated: Vec<Limit>,
    /// Entries whose effect this host cannot see: for them "not landed" says nothing.
    pub unobserved: Vec<EntryId>,
}

/// Why a run did not begin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HostError {
    /// The build carries no madsim.
    #[error("this build has no madsim host; rebuild with --cfg madsim")]
    NoHost,
    /// The plan asks for what madsim cannot do: all of it, in id order.
    #[error("the plan needs what the madsim host cannot do: {}", List(.0))]
    Unsupported(Vec<Limit>),
    /// Two nodes have one name.
    #[error("two nodes are called `{0}`")]
    DuplicateNode(String),
    /// A hosted service tried to host a run.
    #[error("a hosted run goes on on this thread already")]
    Nested,
    /// There is nothing to run.
    #[error("a hosted run needs at least one node")]
    NoNodes,
}

struct List<'a>(&'a [Limit]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, limit) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "; " };
            write!(f, "{comma}{limit}")?;
        }
        Ok(())
    }
}

impl HostedRun {
    /// A run of `seed` without nodes.
    pub fn new(seed: Seed) -> Self {
        Self {
            seed,
            nodes: Vec::new(),
            knobs: Vec::new(),
            plan: Plan::default(),
            latency: Duration::from_millis(1)..Duration::from_millis(10),
            until: VirtualDuration::from_secs(60),
            keep: true,
            names: Names::default(),
            specs: Vec::new(),
            monitors: Vec::new(),
        }
    }
    /// Adds a node; its id is its position. `main` is called at each start of the node. When it
    /// returns, the node's process has ended, with all tasks it spawned.
    #[must_use]
    pub fn node<M, F>(mut self, name: &str, main: M) -> Self
    where
        M: Fn(Cx) -> F + Send + Sync + 'static,
        F: Future<Output = ()> + 'static,
    {
        let main: Main = Arc::new(move |cx| Box::pin(main(cx)));
        self.nodes.push((name.to_owned(), main));
        self
    }
    /// Declares a knob, read by services through [`Cx::knob`]; its id is its position.
    #[must_use]
    pub fn knob(mut self, name: &str, value: f64) -> Self {
        self.knobs.push((name.to_owned(), value));
        self
    }
    /// The faults.
    #[must_use]
    pub fn plan(mut self, plan: Plan) -> Self {
        self.plan = plan;
        self
    }
    /// How long messages take without a fault: uniform in this range.
    #[must_use]
    pub fn latency(mut self, low: VirtualDuration, high: VirtualDuration) -> Self {
        let ns = |d: VirtualDuration| Duration::from_nanos(d.as_nanos());
        self.latency = ns(low)..ns(high.max(low)) + Duration::from_nanos(1);
        self
    }
    /// Promises `spec`, watched by the monitor that `make` builds; it may intern the names it looks
    /// for and read the plan.
    #[must_use]
    pub fn monitor(
        mut self,
        spec: PropertySpec,
        make: impl FnOnce(&mut Names, &Plan) -> Box<dyn Monitor>,
    ) -> Self {
        self.monitors.push(make(&mut self.names, &self.plan));
        self.specs.push(spec);
        self
    }
    /// Promises that the invariant `name` always holds.
    #[must_use]
    pub fn invariant(
        self,
        name: &str,
        make: impl FnOnce(&mut Names) -> Box<dyn Invariant>,
    ) -> Self {
        let spec = PropertySpec {
            name: name.to_owned(),
            kind: PropertyKind::Always {
                invariant: name.to_owned(),
            },
            line: 0,
            optional: false,
        };
        self.monitor(spec, |names, _| Box::new(Monitored::new(make(names))))
    }
    /// How long the run lasts. Steps of the plan at this instant are still taken, later ones are not.
    #[must_use]
    pub const fn until(mut self, until: VirtualDuration) -> Self {
        self.until = until;
        self
    }
    /// Whether records stay in memory; the digest is the same either way.
    #[must_use]
    pub const fn keep_records(mut self, keep: bool) -> Self {
        self.keep = keep;
        self
    }
    /// Checks the plan against what this host can do; the approximations it will meet.
    ///
    /// # Errors
    /// If madsim cannot do it, or the nodes are not well named.
    pub fn check(&self) -> Result<Vec<Limit>, HostError> {
        if self.nodes.is_empty() {
            return Err(HostError::NoNodes);
        }
        let mut seen = BTreeSet::new();
        if let Some((twice, _)) = self.nodes.iter().find(|(name, _)| !seen.insert(name)) {
            return Err(HostError::DuplicateNode(twice.clone()));
        }
        let shape = Shape {
            nodes: NodeId::from_index(self.nodes.len()).0,
            knobs: KnobId::from_index(self.knobs.len()).0,
        };
        check(&self.plan, &shape).map_err(HostError::Unsupported)
    }
    /// Runs it to its end, on this thread.
    ///
    /// # Errors
    /// If this build carries no madsim, or the plan asks for what madsim cannot do.
    pub fn run(self) -> Result<Hosted, HostError> {
        #[cfg(madsim)]
        {
            let approximated = self.check()?;
            if crate::run::goes_on() {
                return Err(HostError::Nested);
            }
            Ok(crate::result::hosted(self, approximated))
        }
        #[cfg(not(madsim))]
        Err(HostError::NoHost)
    }
}

impl Hosted {
    /// The verdict of the run.
    pub const fn verdict(&self) -> Verdict {
        self.result.verdict
    }
    /// The digest of the history.
    pub const fn digest(&self) -> Digest {
        self.result.digest
    }
    /// What was found about the property called `name`.
    pub fn property(&self, name: &str) -> Option<&PropertyResult> {
        let mut properties = self.result.properties.iter();
        properties.find(|property| property.spec.name == name)
    }
}

impl fmt::Debug for HostedRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nodes: Vec<&str> = self.nodes.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("HostedRun")
            .field("seed", &self.seed)
            .field("nodes", &nodes)
            .field("plan", &self.plan)
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}

/// The planned history of a run: which overlay came or went, and when the plan said so, in the order
/// in which the host acted. Equal on every host for one plan; landings differ and are left out.
pub fn planned(records: &[Record]) -> Vec<(EntryId, FaultChange, VirtualTime)> {
    let planned = records.iter().filter_map(|record| match record.what {
        What::Fault {
            entry,
            change: change @ (FaultChange::Active | FaultChange::Healed),
            planned,
        } => Some((entry, change, planned)),
        _ => None,
    });
    planned.collect()
}
