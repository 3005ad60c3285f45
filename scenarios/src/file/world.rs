//! Nodes, links and workloads.

use crate::scenario::{LinkRule, LinkSpec, NodeGroup, WorkloadUse};
use crate::workloads;
use squall_core::world::DiskSpec;
use squall_core::{Law, Seed, VirtualDuration};
use squall_faults::param::{Arg, Args, Node, Place, Raw, Value};
use squall_faults::topology::{KnobInfo, NodeInfo};
use squall_faults::{Draws, Issue, LinkSelector, Topology};

/// The groups of nodes, added to the topology.
pub(super) fn groups(
    topology_args: &Args,
    text: &str,
    topology: &mut Topology,
    issues: &mut Vec<Issue>,
) -> Vec<NodeGroup> {
    let Some(table) = topology_args.table_opt("nodes") else {
        return Vec::new();
    };
    if table.entries.is_empty() && !table.broken {
        let span = table.place.span.clone();
        issues.push(Issue::new("there are no nodes", span).help("add nodes.NAME = { count = 3 }"));
    }
    let mut groups = Vec::new();
    for arg in &table.entries {
        let Value::Table(args) = &arg.value else {
            continue;
        };
        let group = group(arg, args);
        if group
            .name
            .contains(|c: char| c.is_whitespace() || "=[]{},+".contains(c))
        {
            let message = format!(
                "`{}` cannot name a group: selectors could not say it",
                group.name
            );
            issues.push(Issue::new(message, key_place(arg, text).span));
        }
        if group.disk.bytes == 0 {
            let place = args.place("disk_size");
            let issue = Issue::new("a disk has room for something", 0..place.span.len());
            issues.push(place.locate(issue));
        }
        for index in 0..group.count {
            let mut labels = labels(args);
            if !group.zones.is_empty() {
                let zone = &group.zones[index as usize % group.zones.len()];
                labels.push(("zone".to_owned(), zone.clone()));
            }
            topology.add_node(NodeInfo {
                name: format!("{}-{index}", group.name),
                group: group.name.clone(),
                index,
                labels,
                memory: group.memory,
            });
        }
        groups.push(group);
    }
    groups
}

fn group(arg: &Arg, args: &Args) -> NodeGroup {
    let count = |key: &str, or: u32| {
        let count = args.integer_opt(key).and_then(|n| u32::try_from(n).ok());
        count.unwrap_or(or)
    };
    let zone = args.text_opt("zone").unwrap_or("");
    let zones = zone.strip_prefix("spread ").unwrap_or(zone);
    NodeGroup {
        name: arg.key.clone(),
        // A count that could not be read must not make indices look wrong.
        count: count("count", 64),
        cores: count("cores", 1),
        memory: args.size_opt("memory").unwrap_or(0),
        swap: args.device_opt("swap").cloned(),
        disk: DiskSpec {
            preset: args.word_opt("disk").unwrap_or("vdisk").to_owned(),
            bytes: args
                .size_opt("disk_size")
                .unwrap_or(DiskSpec::default().bytes),
        },
        zones: zones.split_whitespace().map(str::to_owned).collect(),
    }
}

fn labels(args: &Args) -> Vec<(String, String)> {
    let Some(labels) = args.table_opt("labels") else {
        return Vec::new();
    };
    let label = |arg: &Arg| match &arg.value {
        Value::Text(value) => Some((arg.key.clone(), value.clone())),
        _ => None,
    };
    labels.entries.iter().filter_map(label).collect()
}

/// The links: `default`, and pairs whose ends are selectors.
pub(super) fn links(
    topology_args: &Args,
    text: &str,
    topology: &Topology,
    issues: &mut Vec<Issue>,
) -> LinkSpec {
    let mut spec = LinkSpec {
        default: LinkRule {
            delay: Law::Constant(VirtualDuration::from_micros(250).as_nanos_f64()),
            loss: 0.0,
        },
        pairs: Vec::new(),
    };
    let Some(table) = topology_args.table_opt("links") else {
        return spec;
    };
    for arg in &table.entries {
        let Value::Table(args) = &arg.value else {
            continue;
        };
        let (delay, loss) = (args.law_opt("delay"), args.number_opt("loss"));
        let (Some(delay), Some(loss)) = (delay, loss) else {
            continue;
        };
        let rule = LinkRule { delay, loss };
        if arg.key == "default" {
            spec.default = rule;
            continue;
        }
        let resolved = LinkSelector::parse(&arg.key).and_then(|links| {
            if links.from.is_drawn() || links.to.is_drawn() {
                return Err(Issue::new("nothing is drawn here", 0..arg.key.len()));
            }
            links.resolve(topology, &Draws::new(Seed(0), "links"))
        });
        match resolved {
            Ok(links) => spec.pairs.push((links, rule)),
            Err(issue) => issues.push(key_place(arg, text).locate(issue)),
        }
    }
    spec
}

/// The place of a key, as if it were a string.
fn key_place(arg: &Arg, text: &str) -> Place {
    let written = text.get(arg.key_span.clone()).unwrap_or("");
    let quotes = usize::from(written.starts_with(['"', '\'']));
    let verbatim = written.get(quotes..written.len().saturating_sub(quotes)) == Some(&arg.key);
    Place {
        span: arg.key_span.clone(),
        start: verbatim.then_some(arg.key_span.start + quotes),
    }
}

/// The workloads of a file, as far as they could be read.
#[derive(Debug)]
pub(crate) struct Running {
    /// Those whose kind is known.
    pub(crate) known: Vec<WorkloadUse>,
    /// Names of the others, about which nothing can be said.
    pub(crate) unknown: Vec<String>,
    /// Names of the nodes, whose signals are metrics.
    pub(crate) hosts: Vec<String>,
}

/// The workloads, added to the topology.
pub(super) fn workloads(
    table: &Args,
    node: Option<&Node>,
    topology: &mut Topology,
    issues: &mut Vec<Issue>,
) -> Running {
    let mut running = Running {
        known: Vec::new(),
        unknown: Vec::new(),
        hosts: topology.nodes().iter().map(|n| n.name.clone()).collect(),
    };
    if let Some(Raw::Table(entries)) = node.map(|node| &node.raw) {
        let missing = entries
            .iter()
            .filter(|(key, _)| table.arg(&key.name).is_none());
        running.unknown = missing.map(|(key, _)| key.name.clone()).collect();
    }
    for arg in &table.entries {
        let Value::Variant(kind, args) = &arg.value else {
            continue;
        };
        let kind = workloads::find(kind).expect("the reader chooses among the kinds of the table");
        let mut nodes = Vec::new();
        if let Some(on) = args.selector_opt("on") {
            let members = match on.is_drawn() {
                true => Err(
                    Issue::new("a workload runs on fixed nodes", 0..on.text.len())
                        .help("write a group, or nodes such as \"gateway[0]\""),
                ),
                false => on.members(topology),
            };
            match members {
                Ok(members) => nodes = members,
                Err(issue) => issues.push(args.place("on").locate(issue)),
            }
        }
        topology.place(&arg.key, nodes.clone());
        for service in kind.services {
            topology.add_service(&format!("{}.{}", arg.key, service.name));
        }
        for knob in kind.knobs {
            topology.add_knob(KnobInfo {
                name: format!("{}.{}", arg.key, knob.name),
                kind: knob.range.kind(),
                base: knob.base_in(args),
            });
        }
        running.known.push(WorkloadUse {
            name: arg.key.clone(),
            kind,
            args: args.clone(),
            nodes,
            line: 0,
        });
    }
    running
}
