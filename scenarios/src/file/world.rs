//! Nodes, links and workloads.

use crate::scenario::{FileUse, LinkBase, LinkRule, LinkSpec, Matrix, NodeGroup, WorkloadUse};
use crate::workloads;
use squall_core::plan::{Corrupt, Corruption, Duplicate, Reorder};
use squall_core::world::{DiskSpec, LinkProfile, MemoryRules};
use squall_core::{Law, NodeId};
use squall_faults::catalog::{link_capacity, link_quality};
use squall_faults::param::{Arg, Args, Node, Place, Raw, Signed, Value};
use squall_faults::topology::{KnobInfo, NodeInfo};
use squall_faults::{Issue, LinkSelector, Selector, Topology};

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
        let mut group = group(arg, args);
        group.memory_rules = super::memory::rules(args, group.memory, issues);
        if let Law::Constant(ppm) = group.clock.1.law
            && ppm > 100_000.0
        {
            let place = args
                .table_opt("clock")
                .map(|clock| clock.place("drift_ppm"));
            let issue = Issue::new(format!("{ppm} ppm is out of range"), 0..0);
            let issue = issue.label("expected from -100000 to 100000");
            let span = place.map_or(0..0, |place| place.span.clone());
            issues.push(Issue {
                range: span,
                ..issue
            });
        }
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
            let mut labels = labels(args, index);
            if !group.zones.is_empty() {
                let zone = &group.zones[index as usize % group.zones.len()];
                labels.push(("zone".to_owned(), zone.clone()));
            }
            topology.add_node(NodeInfo {
                name: format!("{}-{index}", group.name),
                group: group.name.clone(),
                index,
                labels,
                cores: group.cores,
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
        clock: clock(args),
        swap_bytes: args.size_opt("swap_size"),
        disk: DiskSpec {
            preset: args.word_opt("disk").unwrap_or("vdisk").to_owned(),
            bytes: args
                .size_opt("disk_size")
                .unwrap_or(DiskSpec::default().bytes),
        },
        memory_rules: MemoryRules::default(),
        zones: zones.split_whitespace().map(str::to_owned).collect(),
    }
}

/// Offset and drift of the clocks.
fn clock(args: &Args) -> (Signed, Signed) {
    let table = args.table_opt("clock");
    let part = |key| table.and_then(|clock| clock.signed_opt(key)).cloned();
    let right = || Signed::constant(0.0);
    (
        part("offset").unwrap_or_else(right),
        part("drift_ppm").unwrap_or_else(right),
    )
}

/// The labels of a node; `spread x y` deals words out in turn, as for zones.
fn labels(args: &Args, index: u32) -> Vec<(String, String)> {
    let Some(labels) = args.table_opt("labels") else {
        return Vec::new();
    };
    let label = |arg: &Arg| match &arg.value {
        Value::Text(value) => {
            let words: Vec<&str> = match value.strip_prefix("spread ") {
                Some(words) => words.split_whitespace().collect(),
                None => vec![value],
            };
            let word = words.get(index as usize % words.len().max(1));
            word.map(|word| (arg.key.clone(), (*word).to_owned()))
        }
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
        default: LinkBase::of(Args::default()),
        pairs: Vec::new(),
        wan: matrix(topology_args),
    };
    let Some(table) = topology_args.table_opt("links") else {
        return spec;
    };
    for arg in &table.entries {
        let Value::Table(args) = &arg.value else {
            continue;
        };
        if args.broken {
            continue;
        }
        if let Err((key, issue)) = profile(args) {
            let issue = match issue.range.is_empty() {
                true => Issue {
                    range: args.place(key).span.clone(),
                    ..issue
                },
                false => args.place(key).locate(issue),
            };
            issues.push(issue);
            continue;
        }
        let base = LinkBase::of(args.clone());
        if arg.key == "default" {
            spec.default = base;
            continue;
        }
        match ends(&arg.key, topology) {
            Ok((from, to, both)) => spec.pairs.push(LinkRule {
                from,
                to,
                both,
                base,
            }),
            Err(issue) => issues.push(key_place(arg, text).locate(issue)),
        }
    }
    spec
}

/// The matrix of links, if there is one; its file is read later.
fn matrix(topology_args: &Args) -> Option<Matrix> {
    let wan = topology_args.table_opt("wan").filter(|wan| !wan.broken)?;
    let file = FileUse {
        path: wan.text_opt("file")?.to_owned(),
        place: wan.place("file").clone(),
    };
    Some(Matrix {
        file,
        sparse: wan.word_opt("missing") == Some("default"),
    })
}

/// Nodes at both ends of links one way, sorted.
pub(crate) type OneWay = (Vec<NodeId>, Vec<NodeId>);

/// The nodes at two ends, each a selector; else whether it is the first that is wrong, and what.
pub(crate) fn one_way(from: &str, to: &str, topology: &Topology) -> Result<OneWay, (bool, Issue)> {
    let nodes = |end: &str| {
        let selector = Selector::parse(end)?;
        if selector.is_drawn() {
            return Err(Issue::new("nothing is drawn here", 0..end.len()));
        }
        let mut nodes = selector.members(topology)?;
        nodes.sort_unstable();
        Ok(nodes)
    };
    let from = nodes(from).map_err(|issue| (true, issue))?;
    let to = nodes(to).map_err(|issue| (false, issue))?;
    if from.len() == 1 && from == to {
        return Err((false, Issue::new("both ends are the same node", 0..0)));
    }
    Ok((from, to))
}

type Ends = (Vec<NodeId>, Vec<NodeId>, bool);

/// The ends of the links that a key names, sorted. They are sets: the pairs are never written out.
fn ends(key: &str, topology: &Topology) -> Result<Ends, Issue> {
    let links = LinkSelector::parse(key)?;
    if let Some(path) = &links.path {
        let issue = Issue::new("a path is for faults", path.range.clone());
        return Err(issue.help("name two ends: \"a -> b\" or \"a <-> b\""));
    }
    if links.from.is_drawn() || links.to.is_drawn() {
        return Err(Issue::new("nothing is drawn here", 0..key.len()));
    }
    let mut from = links.from.members(topology)?;
    let to = links.to.members(topology);
    let mut to = to.map_err(|issue| issue.shifted(links.to_start))?;
    from.sort_unstable();
    to.sort_unstable();
    if from.len() == 1 && from == to {
        return Err(Issue::new("selector matches no link", 0..links.to_start)
            .label("both ends are the same node"));
    }
    Ok((from, to, links.both))
}

/// The base behaviour in a record of a link, or which of its keys is wrong.
pub(crate) fn profile(args: &Args) -> Result<LinkProfile, (&'static str, Issue)> {
    let share = |key: &str| args.number_opt(key).filter(|share| *share > 0.0);
    let bandwidth = link_capacity::bandwidth_of(args);
    for key in ["queue", "burst"] {
        if bandwidth.is_none() && args.given(key) {
            let issue = Issue::new(format!("`{key}` without a rate"), 0..0);
            return Err((key, issue.help("add rate = \"10Mbit/s\", or remove it")));
        }
    }
    let burst_loss = args.table_opt("burst_loss");
    let reorder = args.table_opt("reorder").map(|reorder| Reorder {
        share: reorder.number("p"),
        by: reorder.hold_back("by"),
    });
    Ok(LinkProfile {
        // As the table has it, for a file without links.
        delay: args.law_opt("delay").unwrap_or(Law::Constant(250e3)),
        loss: args.number_opt("loss").unwrap_or(0.0),
        burst_loss: burst_loss
            .map(link_quality::burst_loss_of)
            .transpose()
            .map_err(|(_, issue)| ("burst_loss", issue))?,
        corrupt: share("corrupt").map(|share| Corrupt::new(share, Corruption::Detected)),
        duplicate: share("duplicate").map(|share| Duplicate::new(share, 1)),
        bandwidth,
        reorder: reorder.filter(|reorder| reorder.share > 0.0),
    })
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
        for service in kind.services_in(args) {
            let id = topology.add_service(&format!("{}.{}", arg.key, service.name));
            // A part of the workload that runs elsewhere says so under its name.
            let own = args
                .table_opt(service.name)
                .and_then(|part| part.selector_opt("on"));
            let there = own.and_then(|on| on.members(topology).ok());
            topology.serve(id, there.unwrap_or_else(|| nodes.clone()));
        }
        for knob in kind.knobs {
            topology.add_knob(KnobInfo {
                name: format!("{}.{}", arg.key, knob.name),
                kind: knob.range.kind(),
                base: knob.base_in(args),
            });
        }
        for channel in kind.channels_in(&arg.key, (args, &nodes), topology) {
            topology.add_channel(channel);
        }
        running.known.push(WorkloadUse {
            name: arg.key.clone(),
            kind,
            args: args.clone(),
            nodes,
            roles: false,
            line: 0,
        });
    }
    running
}
