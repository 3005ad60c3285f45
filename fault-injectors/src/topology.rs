//! What faults know of the world: names and numbers of nodes, services, knobs and workloads.
//!
//! Numbers are handed out in the order of insertion, which must be the order in which the host
//! builds its world.

use crate::param::{Date, Issue, nearest, suggest};
use squall_core::plan::LinkTarget;
use squall_core::{ChannelId, KnobId, NodeId, ServiceId, VirtualDuration, VirtualTime};

/// A node as faults see it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeInfo {
    /// Its name, `gateway-0`.
    pub name: String,
    /// The group it belongs to.
    pub group: String,
    /// Its position in the group.
    pub index: u32,
    /// Labels such as (`zone`, `b`).
    pub labels: Vec<(String, String)>,
    /// Its processor cores.
    pub cores: u32,
    /// Its memory in bytes.
    pub memory: u64,
}

impl NodeInfo {
    /// The value of a label.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels
            .iter()
            .find(|(k, _)| k == key)
            .map(|(_, v)| v.as_str())
    }
}

/// What a knob may be set to.
#[derive(Clone, Debug, PartialEq)]
pub enum KnobKind {
    /// A number in a range.
    Number {
        /// Smallest.
        min: f64,
        /// Largest.
        max: f64,
    },
    /// A duration; its value counts seconds.
    Seconds,
    /// One of these words; its value is the position of the word.
    Words(Vec<String>),
    /// True (1) or false (0).
    Flag,
}

impl KnobKind {
    /// Smallest and largest value, as the number that the world knows.
    pub fn range(&self) -> (f64, f64) {
        match self {
            Self::Number { min, max } => (*min, *max),
            Self::Seconds => (0.0, f64::INFINITY),
            Self::Words(words) => (0.0, words.len().saturating_sub(1) as f64),
            Self::Flag => (0.0, 1.0),
        }
    }
}

/// A knob as faults see it.
#[derive(Clone, Debug, PartialEq)]
pub struct KnobInfo {
    /// Its name, `<workload>.<slug>`.
    pub name: String,
    /// What it may be set to.
    pub kind: KnobKind,
    /// Its value without a fault.
    pub base: f64,
}

/// Which way the values of a channel go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelKind {
    /// From the world to who controls it.
    Sensor,
    /// From who controls it to what moves.
    Actuator,
}

/// A sensor or an actuator as faults see it.
#[derive(Clone, Debug, PartialEq)]
pub struct ChannelInfo {
    /// Its name, `<workload>.<slug>-<index>`.
    pub name: String,
    /// The name of all channels of this sort, `<workload>.<slug>`.
    pub group: String,
    /// Which way its values go.
    pub kind: ChannelKind,
    /// Where the device is.
    pub node: NodeId,
    /// Time from sample to sample.
    pub period: VirtualDuration,
    /// Standard deviation of its noise without a fault; 0 is none.
    pub noise: f64,
    /// A change by no more than this is none.
    pub resolution: f64,
}

/// Names that change their meaning in the course of a run, where they do not: `leader of kv`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaticRole {
    /// The role, `leader`.
    pub role: String,
    /// Of what, `kv`.
    pub of: String,
    /// Who has it.
    pub nodes: Vec<NodeId>,
}

/// A role that nodes take and give up in the course of a run: who leads `kv`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupRole {
    /// The role in records, `leader`.
    pub role: String,
    /// Of what, `kv`.
    pub of: String,
    /// Nodes that may have it, by number.
    pub nodes: Vec<NodeId>,
}

/// Parts of a run: faults start between warm-up and heal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Phases {
    /// Length of the first part, in which nothing breaks.
    pub warm_up: VirtualDuration,
    /// Length of the last part, in which all is healed.
    pub heal: VirtualDuration,
}

impl Phases {
    /// When the part between them begins and ends, in a run until `stop`.
    pub fn main(&self, stop: VirtualTime) -> (VirtualTime, VirtualTime) {
        let from = VirtualTime::ZERO.saturating_add(self.warm_up);
        let length = stop.since(VirtualTime::ZERO).saturating_sub(self.heal);
        (from, VirtualTime::ZERO.saturating_add(length).max(from))
    }
}

/// The world as faults see it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Topology {
    /// The date and time at the start of a run, by a right clock.
    pub date: Date,
    nodes: Vec<NodeInfo>,
    services: Vec<String>,
    /// Where each of them runs.
    servers: Vec<Vec<NodeId>>,
    knobs: Vec<KnobInfo>,
    channels: Vec<ChannelInfo>,
    workloads: Vec<(String, Vec<NodeId>)>,
    roles: Vec<StaticRole>,
    events: Vec<String>,
    metrics: Vec<(String, &'static str)>,
    group_roles: Vec<GroupRole>,
    /// Nodes that no fault hits, by number.
    pub spared: Vec<NodeId>,
    /// The links that each workload, service and loop uses, by name, sorted.
    pub paths: Vec<(String, Vec<LinkTarget>)>,
    /// Workloads whose paths are known when the files of the scenario are read.
    pub paths_unread: Vec<String>,
    /// Parts of a run.
    pub phases: Phases,
    /// Names of workloads, groups and (with `fault:` before) faults that could not be read: that is an
    /// error of its own, and what is said of them is none.
    pub unread: Vec<String>,
}

impl Topology {
    /// Adds a node.
    pub fn add_node(&mut self, node: NodeInfo) -> NodeId {
        self.nodes.push(node);
        NodeId::from_index(self.nodes.len() - 1)
    }
    /// Adds `count` nodes `group-0`, `group-1`, ..., without labels.
    pub fn add_group(&mut self, group: &str, count: u32) -> Vec<NodeId> {
        let node = |index| NodeInfo {
            name: format!("{group}-{index}"),
            group: group.to_owned(),
            index,
            ..NodeInfo::default()
        };
        (0..count).map(|index| self.add_node(node(index))).collect()
    }
    /// Adds a service.
    pub fn add_service(&mut self, name: &str) -> ServiceId {
        self.services.push(name.to_owned());
        self.servers.push(Vec::new());
        ServiceId::from_index(self.services.len() - 1)
    }
    /// Says on which nodes a service runs.
    pub fn serve(&mut self, service: ServiceId, nodes: Vec<NodeId>) {
        self.servers[service.index()] = nodes;
    }
    /// The nodes on which a service runs.
    pub fn servers(&self, service: ServiceId) -> &[NodeId] {
        &self.servers[service.index()]
    }
    /// Adds a knob.
    pub fn add_knob(&mut self, knob: KnobInfo) -> KnobId {
        self.knobs.push(knob);
        KnobId::from_index(self.knobs.len() - 1)
    }
    /// Adds a channel.
    pub fn add_channel(&mut self, channel: ChannelInfo) -> ChannelId {
        self.channels.push(channel);
        ChannelId::from_index(self.channels.len() - 1)
    }
    /// Says on which nodes a workload runs.
    pub fn place(&mut self, workload: &str, nodes: Vec<NodeId>) {
        self.workloads.push((workload.to_owned(), nodes));
    }
    /// Declares a role that does not change in the course of a run.
    pub fn add_role(&mut self, role: StaticRole) {
        self.roles.push(role);
    }
    /// Adds an event that a workload records, `<workload>.<event>`.
    pub fn add_event(&mut self, name: &str) {
        self.events.push(name.to_owned());
    }
    /// Adds a metric that a workload samples, and its unit.
    pub fn add_metric(&mut self, name: &str, unit: &'static str) {
        self.metrics.push((name.to_owned(), unit));
    }
    /// Adds a role that nodes take and give up.
    pub fn add_group_role(&mut self, role: GroupRole) {
        self.group_roles.push(role);
    }
    /// All events of workloads.
    pub fn events(&self) -> &[String] {
        &self.events
    }
    /// All metrics of workloads, with their units.
    pub fn metrics(&self) -> &[(String, &'static str)] {
        &self.metrics
    }
    /// All roles that nodes take and give up.
    pub fn group_roles(&self) -> &[GroupRole] {
        &self.group_roles
    }
    /// All nodes, by number.
    pub fn nodes(&self) -> &[NodeInfo] {
        &self.nodes
    }
    /// All services, by number.
    pub fn services(&self) -> &[String] {
        &self.services
    }
    /// All knobs, by number.
    pub fn knobs(&self) -> &[KnobInfo] {
        &self.knobs
    }
    /// All channels, by number.
    pub fn channels(&self) -> &[ChannelInfo] {
        &self.channels
    }
    /// All workloads and where they run.
    pub fn workloads(&self) -> &[(String, Vec<NodeId>)] {
        &self.workloads
    }
    /// All roles that do not change.
    pub fn roles(&self) -> &[StaticRole] {
        &self.roles
    }
    /// The node `id`.
    pub fn node(&self, id: NodeId) -> &NodeInfo {
        &self.nodes[id.index()]
    }
    /// Names of the groups, in order, each once.
    pub fn groups(&self) -> Vec<&str> {
        let mut groups: Vec<&str> = Vec::new();
        for node in &self.nodes {
            if !groups.contains(&node.group.as_str()) {
                groups.push(&node.group);
            }
        }
        groups
    }
    /// The nodes for which `keep` holds, by number.
    pub fn nodes_where(&self, keep: impl Fn(&NodeInfo) -> bool) -> Vec<NodeId> {
        let found = self.nodes.iter().enumerate().filter(|(_, node)| keep(node));
        found.map(|(i, _)| NodeId::from_index(i)).collect()
    }
    /// The service called `name`.
    pub fn service(&self, name: &str) -> Option<ServiceId> {
        let index = self.services.iter().position(|s| s == name)?;
        Some(ServiceId::from_index(index))
    }
    /// The service called `name`, or what is wrong with that.
    pub fn find_service(&self, name: &str) -> Result<ServiceId, Issue> {
        if let Some(service) = self.service(name) {
            return Ok(service);
        }
        let issue = Issue::new(format!("unknown service `{name}`"), 0..name.len());
        let all = || self.services.iter().map(String::as_str);
        let owner = name.split_once('.').map_or(name, |(owner, _)| owner);
        let own = |service: &&str| service.split('.').next() == Some(owner);
        let own: Vec<&str> = all().filter(own).collect();
        let between = format!("{owner}.service");
        if nearest(name, all()).is_some() || !own.contains(&between.as_str()) {
            return Err(issue.maybe_help(suggest(name, all())));
        }
        // A graph of services: what clients ask of it, and every call inside, are services to faults.
        let part = name.split_once('.').map_or("NAME", |(_, part)| part);
        Err(issue
            .label(format!("services of `{owner}`: {}", own.join(", ")))
            .help(format!(
                "`{between}` is every call inside the graph; of one part of it give that part nodes of its own, \
                 `services.{part}.on = ..`, and add replica = \"those nodes\" here, or client = for its own calls; \
                 links = \"path of {owner}.{part}\" are the ways to what it calls"
            )))
    }
    /// The knob called `name`.
    pub fn knob(&self, name: &str) -> Option<(KnobId, &KnobInfo)> {
        let index = self.knobs.iter().position(|k| k.name == name)?;
        Some((KnobId::from_index(index), &self.knobs[index]))
    }
}
