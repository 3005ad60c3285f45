//! The sensors and actuators of a workload, from its table and the words of its scenario.

use super::WorkloadKind;
use squall_core::NodeId;
use squall_faults::Topology;
use squall_faults::param::{Args, Value};
use squall_faults::topology::{ChannelInfo, ChannelKind};

/// A sensor or an actuator that faults can hit: one for each node of the workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Channel {
    /// Its name.
    pub name: &'static str,
    /// Which way its values go.
    pub kind: ChannelKind,
    /// The parameter that says where the devices are; the workload's own nodes if it is not written.
    pub at: &'static str,
    /// The parameter that says how many stand side by side at each place; empty is one.
    pub count: &'static str,
    /// The parameter that says how far apart samples are.
    pub period: &'static str,
    /// The parameter that gives the standard deviation of its noise; empty is none.
    pub noise: &'static str,
    /// The parameter that gives its resolution; empty is as fine as numbers are.
    pub resolution: &'static str,
    /// What it says or hears.
    pub doc: &'static str,
}

impl Channel {
    /// Its channels in a workload `name` that runs on `nodes`, place by place.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the table bounds the count of channels a place"
    )]
    pub(crate) fn infos(
        &self,
        name: &str,
        (args, nodes): (&Args, &[NodeId]),
        topology: &Topology,
    ) -> Vec<ChannelInfo> {
        let own = args.selector_opt(self.at);
        // A selector that is wrong is told by the workload.
        let at = own.and_then(|selector| selector.members(topology).ok());
        let at = at.unwrap_or_else(|| nodes.to_vec());
        let group = format!("{name}.{}", self.name);
        let count = number(args, self.count).map_or(1, |count| count as usize);
        let mut infos = Vec::new();
        for node in at.iter().flat_map(|node| std::iter::repeat_n(*node, count)) {
            infos.push(ChannelInfo {
                name: format!("{group}-{}", infos.len()),
                group: group.clone(),
                kind: self.kind,
                node,
                period: args.duration_opt(self.period).unwrap_or_default(),
                noise: number(args, self.noise).unwrap_or(0.0),
                resolution: number(args, self.resolution).unwrap_or(0.0),
            });
        }
        infos
    }
}

impl WorkloadKind {
    /// All its channels in a workload `name`, in the order of the table.
    pub(crate) fn channels_in(
        &self,
        name: &str,
        at: (&Args, &[NodeId]),
        topology: &Topology,
    ) -> Vec<ChannelInfo> {
        let channels = self.channels.iter();
        channels.flat_map(|c| c.infos(name, at, topology)).collect()
    }
}

/// The number at a dotted path.
fn number(args: &Args, path: &str) -> Option<f64> {
    let (tables, key) = path.rsplit_once('.').unwrap_or(("", path));
    let mut args = args;
    for table in tables.split('.').filter(|table| !table.is_empty()) {
        args = args.table_opt(table)?;
    }
    match args.get(key)? {
        Value::Number(x) => Some(*x),
        Value::Integer(i) => Some(*i as f64),
        _ => None,
    }
}
