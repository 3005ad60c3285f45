//! A checked scenario: plain data.

use crate::diagnose::Report;
use crate::regression::Regression;
use crate::workloads::WorkloadKind;
use squall_core::outcome::coverage::Roles;
use squall_core::plan::{Land, LinkTarget, Plan, Swap};
use squall_core::property::{PropertySpec, Verdict};
use squall_core::world::{DiskSpec, LinkProfile, MemoryRules};
use squall_core::{NodeId, Seed, VirtualDuration, VirtualTime};
use squall_faults::chaos::{self, Chaos};
use squall_faults::param::{Args, Place, Signed};
use squall_faults::{FaultUse, Issue, Topology, lower};
use std::borrow::Cow;
use std::ops::Range;

/// A scenario without errors.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// Path of its file, for messages.
    pub path: String,
    /// The effective text: the file with its settings applied.
    pub text: String,
    /// What it is about.
    pub about: About,
    /// The seeds of a campaign.
    pub seeds: Range<u64>,
    /// Length of a run.
    pub stop: VirtualDuration,
    /// Bound on events.
    pub events_max: u64,
    /// Groups of nodes, in file order; nodes are numbered through them.
    pub nodes: Vec<NodeGroup>,
    /// Links.
    pub links: LinkSpec,
    /// Time between two samples of the hosts' signals; zero is never.
    pub signals: VirtualDuration,
    /// Workloads, in file order.
    pub workloads: Vec<WorkloadUse>,
    /// Faults, in file order.
    pub faults: Vec<FaultUse>,
    /// What more faults are drawn from, a seed.
    pub chaos: Option<Chaos>,
    /// Properties, in file order.
    pub properties: Vec<PropertySpec>,
    /// The expected verdict, if the file says one.
    pub expect: Option<Expect>,
    /// The frozen plan and what it ends in, if this is a regression file.
    pub regression: Option<Regression>,
    /// Its variants.
    pub variants: Vec<Variant>,
    /// The world as faults see it. Nodes, services and knobs have the numbers that a host must give
    /// them: nodes by group and index, the rest by workload and position in its kind's table.
    pub topology: Topology,
}

/// What a scenario is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// Where it comes from.
    pub source: String,
    /// Words to select it by.
    pub tags: Vec<String>,
    /// What it shows.
    pub text: String,
}

/// A group of equal nodes.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeGroup {
    /// Its name.
    pub name: String,
    /// How many.
    pub count: u32,
    /// Processors of a node.
    pub cores: u32,
    /// Memory of a node in bytes.
    pub memory: u64,
    /// Swap device of a node.
    pub swap: Option<Swap>,
    /// What its wall clock is ahead, in nanoseconds, and by how many parts per million its oscillator
    /// is fast; drawn a node.
    pub clock: (Signed, Signed),
    /// Size of the swap space in bytes; as much as memory if missing.
    pub swap_bytes: Option<u64>,
    /// What its kernel does about memory beside the limit.
    pub memory_rules: MemoryRules,
    /// Its disk.
    pub disk: DiskSpec,
    /// Zones, dealt out in turn; empty if there are none.
    pub zones: Vec<String>,
}

/// The base behaviour of links, as it stands in the file.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkBase {
    /// Its keys.
    pub args: Args,
    /// What they mean; laws in files are there when they have been read.
    pub profile: LinkProfile,
}

/// Links of which something is said.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkRule {
    /// The senders, sorted.
    pub from: Vec<NodeId>,
    /// The receivers, sorted.
    pub to: Vec<NodeId>,
    /// Whether the links back are meant too.
    pub both: bool,
    /// What is said.
    pub base: LinkBase,
}

/// All links.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkSpec {
    /// Links of which nothing else is said.
    pub default: LinkBase,
    /// Links of which something is said; later ones win. Those of the matrix come first, once it is read.
    pub pairs: Vec<LinkRule>,
    /// A matrix of links in a file.
    pub wan: Option<Matrix>,
}

/// A file that says something of each ordered pair of some ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matrix {
    /// The file.
    pub file: FileUse,
    /// Whether pairs may be missing in it.
    pub sparse: bool,
}

impl LinkBase {
    /// The base in a record that was read with the table of links.
    pub(crate) fn of(args: Args) -> Self {
        let profile = crate::file::profile(&args).unwrap_or_default();
        Self { args, profile }
    }
    /// Its keys have changed.
    pub(crate) fn refresh(&mut self) {
        self.profile = crate::file::profile(&self.args).unwrap_or_default();
    }
}

impl LinkSpec {
    /// The behaviour of one link.
    pub fn rule(&self, link: LinkTarget) -> &LinkProfile {
        let within = |nodes: &[NodeId], node| nodes.binary_search(&node).is_ok();
        let found = self.pairs.iter().rev().find(|rule| {
            (within(&rule.from, link.from) && within(&rule.to, link.to))
                || (rule.both && within(&rule.from, link.to) && within(&rule.to, link.from))
        });
        found.map_or(&self.default.profile, |rule| &rule.base.profile)
    }
}

/// A workload of a scenario.
#[derive(Clone, Debug)]
pub struct WorkloadUse {
    /// Its name; its services, knobs, events and metrics are called `<name>.<slug>`.
    pub name: String,
    /// Which kind.
    pub kind: &'static WorkloadKind,
    /// Its parameters, with their places.
    pub args: Args,
    /// Where it runs, by number.
    pub nodes: Vec<NodeId>,
    /// Whether a fault asks who has a role in it. Then it records that, and else not.
    pub roles: bool,
    /// Line of the file.
    pub line: u32,
}

/// The verdict a scenario is there to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expect {
    /// The verdict.
    pub verdict: Verdict,
    /// Positions of the properties that must give it; empty is any.
    pub because: Vec<usize>,
}

/// A named variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    /// Its name.
    pub name: String,
    /// What it changes.
    pub about: String,
}

/// Where the files come from that a scenario names.
pub trait Files {
    /// The content of `path`, relative to the scenario; or why there is none.
    fn read(&self, path: &str) -> Result<Vec<u8>, String>;
}

/// A file that a scenario names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileUse {
    /// Its path, relative to the scenario.
    pub path: String,
    /// Where it is named.
    pub place: Place,
}

impl Scenario {
    /// The end of a run.
    pub fn stop_time(&self) -> VirtualTime {
        VirtualTime::ZERO + self.stop
    }
    /// The parts of its world, for coverage: groups and labels of nodes, services, knobs.
    pub fn roles(&self) -> Roles {
        let mut roles = Roles::default();
        for node in self.topology.nodes() {
            let labels = node
                .labels
                .iter()
                .map(|(key, value)| format!("{key}={value}"));
            let names = std::iter::once(node.group.clone()).chain(labels);
            let numbers = names.map(|name| {
                let known = roles.names.iter().position(|other| *other == name);
                let number = known.unwrap_or(roles.names.len());
                if known.is_none() {
                    roles.names.push(name);
                }
                u32::try_from(number).unwrap_or(u32::MAX)
            });
            let numbers = numbers.collect();
            roles.nodes.push(numbers);
        }
        roles.services = self.topology.services().to_vec();
        let knobs = self.topology.knobs().iter();
        roles.knobs = knobs.map(|knob| knob.name.clone()).collect();
        let channels = self.topology.channels().iter();
        roles.channels = channels.map(|channel| channel.name.clone()).collect();
        roles
    }
    /// The faults of a seed as primitives; of a regression file its frozen plan. What can be known
    /// before a seed is drawn was checked
    /// when the file was read; the rest of the errors is here.
    pub fn plan(&self, seed: Seed) -> Result<Plan, Report> {
        if let Some(regression) = &self.regression {
            return Ok(regression.plan.clone());
        }
        let faults = self.faults_of(seed);
        let plan = lower(seed, &faults, &self.topology, self.stop_time());
        plan.map_err(|errors| self.report(errors.into_iter().map(|e| e.issue).collect()))
    }
    /// The faults of a seed: those of the file, then those that `[chaos]` draws.
    pub fn faults_of(&self, seed: Seed) -> Cow<'_, [FaultUse]> {
        let Some(chaos) = &self.chaos else {
            return Cow::Borrowed(&self.faults);
        };
        let drawn = chaos.faults(seed, &self.topology);
        Cow::Owned(self.faults.iter().cloned().chain(drawn).collect())
    }
    /// What it takes for its faults to count as having happened, by label; before the members of a
    /// group the group, where that is what must land.
    pub fn lands(&self) -> Vec<(String, Land)> {
        if let Some(regression) = &self.regression {
            let faults = regression.plan.faults.iter();
            return faults.map(|f| (f.label.clone(), f.land)).collect();
        }
        let mut lands: Vec<(String, Land)> = Vec::new();
        for fault in &self.faults {
            if let Some(whole) = &fault.composed.as_one
                && lands.iter().all(|(label, _)| *label != whole.0)
            {
                lands.push(whole.clone());
            }
            lands.push((fault.label.clone(), fault.land));
        }
        if let Some(chaos) = &self.chaos {
            lands.push((chaos::LABEL.to_owned(), chaos.land));
        }
        lands
    }
    /// The files it names.
    pub fn files(&self) -> Vec<FileUse> {
        let mut files = Vec::new();
        for workload in &self.workloads {
            crate::file::files_in(workload.kind.params, &workload.args, &mut files);
        }
        files.extend(self.links.wan.iter().map(|wan| wan.file.clone()));
        let links = self.links.pairs.iter().map(|rule| &rule.base.args);
        let links = links.chain([&self.links.default.args]);
        // The parameters of a fault stand in its record too.
        let faults = self.faults.iter().map(|fault| &fault.record);
        let workloads = self.workloads.iter().map(|workload| &workload.args);
        for args in links.chain(faults).chain(workloads) {
            crate::file::traces_in(args, &mut files);
        }
        files
    }
    /// Whether the files it names can be read.
    pub fn check_files(&self, files: &dyn Files) -> Result<(), Report> {
        let mut issues = Vec::new();
        for file in self.files() {
            if let Err(why) = files.read(&file.path) {
                let issue = Issue::new(format!("cannot read `{}`", file.path), 0..file.path.len());
                issues.push(file.place.locate(issue.label(why)));
            }
        }
        match issues.is_empty() {
            true => Ok(()),
            false => Err(self.report(issues)),
        }
    }
    /// Issues in its text as a report.
    pub fn report(&self, issues: Vec<Issue>) -> Report {
        Report::of_file(&self.path, &self.text, issues)
    }
}
