//! Faults of what nodes share: a zone, a rack, a power strip, a room.

use super::FaultKind;
use super::node::SEEN;
use crate::lowering::{Lowering, Refusal};
use crate::param::{Args, Issue, Kind, Param, Shape, Unit, suggest};
use squall_core::plan::{CutMode, CutScope, Family, LinkTarget, Primitive, Seen};
use squall_core::{NodeId, Sample, VirtualDuration};

const LEVEL: Param = Param::new(
    "level",
    Kind::Choice(&["zone", "rack", "pdu", "room"]),
    "which label says who shares it",
);
const DOMAIN: Param = Param::new(
    "domain",
    Kind::Text,
    "the value of the label; one of those there are, drawn a seed, if missing",
);

/// The nodes of the domain of this name, which stands at `key`, or of one that is drawn.
fn members(
    name: Option<&str>,
    lowering: &mut Lowering<'_>,
    place: (&'static str, &'static str),
) -> Result<Vec<NodeId>, Refusal> {
    let all = everybody(lowering);
    members_among(&all, name, lowering, place)
}

fn everybody(lowering: &Lowering<'_>) -> Vec<NodeId> {
    let count = lowering.topology.nodes().len();
    (0..count).map(NodeId::from_index).collect()
}

/// The same of these nodes only.
fn members_among(
    pool: &[NodeId],
    name: Option<&str>,
    lowering: &mut Lowering<'_>,
    (level, key): (&'static str, &'static str),
) -> Result<Vec<NodeId>, Refusal> {
    let topology = lowering.topology;
    let label = |node: &NodeId| topology.node(*node).label(level);
    let mut values: Vec<&str> = pool.iter().filter_map(label).collect();
    values.sort_unstable();
    values.dedup();
    if values.is_empty() {
        let issue = Issue::new(format!("no node has a {level}"), 0..0);
        let help = match level {
            "zone" => "give nodes a zone: zone = \"spread a b\"".to_owned(),
            level => format!("give nodes a label: labels = {{ {level} = \"1\" }}"),
        };
        return Err(Refusal::arg(key, issue.help(help)));
    }
    let chosen = match name {
        Some(name) if values.contains(&name) => name,
        Some(name) => {
            let issue = Issue::new(format!("no node has {level} `{name}`"), 0..name.len());
            return Err(Refusal::arg(key, issue.maybe_help(suggest(name, values))));
        }
        None => {
            // By rank, so that a domain more or less leaves the order of the others alone.
            let chosen = lowering.first_of("domain", &values);
            lowering.note(format!("{level} {chosen}"));
            chosen
        }
    };
    let here = |node: &NodeId| label(node) == Some(chosen);
    Ok(pool.iter().copied().filter(here).collect())
}

/// Cuts all links between the members and everybody else.
fn isolate(lowering: &mut Lowering<'_>, members: &[NodeId], mode: CutMode) {
    let others = lowering.topology.nodes().len();
    for other in (0..others).map(NodeId::from_index) {
        if members.contains(&other) {
            continue;
        }
        for member in members {
            for (from, to) in [(*member, other), (other, *member)] {
                lowering.overlay(Primitive::LinkCut {
                    link: LinkTarget { from, to },
                    mode,
                    scope: CutScope::All,
                });
            }
        }
    }
}

/// All members lose their power at one instant, and their disks what was not synced.
pub(super) fn lose_power(lowering: &mut Lowering<'_>, members: &[NodeId], args: &Args) {
    let (unsynced, torn) = (args.number("unsynced"), args.number("torn"));
    for node in members {
        super::node::lose_power(lowering, *node, (unsynced, torn), (512, Seen::Silent));
    }
}

pub(super) const UNSYNCED: Param = Param::new(
    "unsynced",
    Kind::Share,
    "share of the unsynced writes that vanish with the power",
);
pub(super) const TORN: Param = Param::new(
    "torn",
    Kind::Share,
    "share of the unsynced writes that are torn by it",
);

pub(super) const DOMAIN_LOSS: FaultKind = FaultKind {
    name: "domain-loss",
    family: Family::Node,
    summary: "a whole zone, rack, power strip or room is gone at one instant",
    doc: "`power`: every member loses its power, as by power-loss. `network`: the members reach each other \
          and nobody else, nobody notices, and all go on. `crash`: every member crashes, as by node-loss; \
          disks keep everything. All begin and end together.",
    params: &[
        LEVEL.default("zone"),
        DOMAIN,
        Param::new(
            "mode",
            Kind::Choice(&["power", "network", "crash"]),
            "what is gone",
        )
        .default("power"),
        UNSYNCED.default("1.0"),
        TORN.default("0.5"),
        SEEN,
    ],
    lowers_to: &["unsynced-loss", "torn-write", "power-loss", "cut", "crash"],
    needed: &["power-loss", "cut", "crash"],
    source: "FIS zone power and connectivity; Dean, LADIS 2009",
    own_length: None,
    lower: domain_loss,
};

fn domain_loss(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let members = members(
        args.text_opt("domain"),
        lowering,
        (args.word("level"), "domain"),
    )?;
    match args.word("mode") {
        "network" => isolate(lowering, &members, CutMode::Drop),
        "crash" => {
            let seen = super::node::seen(args);
            for node in members {
                lowering.overlay(Primitive::Crash { node, seen });
            }
        }
        _ => lose_power(lowering, &members, args),
    }
    Ok(())
}

pub(super) const TOR_LOSS: FaultKind = FaultKind {
    name: "tor-loss",
    family: Family::Link,
    summary: "the switch of a rack is gone: its nodes reach nobody",
    doc: "Every link of a member of the rack is cut, those inside the rack too, since they go through the \
          switch; the nodes go on.",
    params: &[
        Param::new(
            "rack",
            Kind::Text,
            "the rack; one of those there are, drawn a seed, if missing",
        ),
        Param::new(
            "mode",
            Kind::Choice(&["drop", "refuse"]),
            "whether senders notice: silence, or an error at once",
        )
        .default("drop"),
    ],
    lowers_to: &["cut"],
    needed: &["cut"],
    source: "Dean, LADIS 2009: 20 racks a year in a cluster's first year",
    own_length: None,
    lower: tor_loss,
};

fn tor_loss(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let members = members(args.text_opt("rack"), lowering, ("rack", "rack"))?;
    let mode = match args.word("mode") {
        "refuse" => CutMode::Refuse,
        _ => CutMode::Drop,
    };
    isolate(lowering, &members, mode);
    for from in &members {
        for to in members.iter().filter(|to| *to != from) {
            let link = LinkTarget {
                from: *from,
                to: *to,
            };
            let scope = CutScope::All;
            lowering.overlay(Primitive::LinkCut { link, mode, scope });
        }
    }
    Ok(())
}

pub(super) const RACK_BURST: FaultKind = FaultKind {
    name: "rack-burst",
    family: Family::Node,
    summary: "many nodes fail within two minutes, most of them in one rack",
    doc: "`size` nodes crash, each at an instant drawn from `window`; a share of `affinity` of them are of \
          one rack (named or drawn), the others anybody. Each is down for `down`. A rack of fewer nodes \
          gives all it has, and nobody else falls for it. Nodes without a label `rack` are in racks of \
          `rack_size`, by number, where that is given.",
    params: &[
        Param::new(
            "nodes",
            Kind::Selector(Shape::Nodes),
            "who may fail; everybody if missing",
        ),
        Param::new(
            "rack",
            Kind::Text,
            "the rack; one of those there are, drawn a seed, if missing",
        ),
        Param::new(
            "rack_size",
            Kind::Integer {
                min: 1,
                max: 1_000_000,
            },
            "nodes of a rack, if they have no label that says which",
        ),
        Param::new(
            "sizes",
            Kind::Law(Unit::Plain),
            "nodes that fail, drawn each time and rounded; instead of `size`",
        ),
        Param::new(
            "size",
            Kind::Integer {
                min: 1,
                max: 1_000_000,
            },
            "nodes that fail",
        )
        .default("20"),
        Param::new(
            "affinity",
            Kind::Share,
            "share of them that are of the rack",
        )
        .default("0.7"),
        Param::new("window", Kind::Duration, "time in which they fail").default("120s"),
        Param::new(
            "down",
            Kind::Duration,
            "time until each starts again; instead of `for`",
        )
        .default("5m"),
    ],
    lowers_to: &["crash"],
    needed: &["crash"],
    source: "Ford et al., OSDI 2010: bursts within 120 s; above 20 nodes rack affinity > 0.7",
    own_length: Some("down"),
    lower: rack_burst,
};

/// The nodes of the rack that fails: by its label, or by number where nobody has one.
fn rack(args: &Args, lowering: &mut Lowering<'_>, pool: &[NodeId]) -> Result<Vec<NodeId>, Refusal> {
    let topology = lowering.topology;
    let labelled = |node: &NodeId| topology.node(*node).label("rack").is_some();
    match (args.integer_opt("rack_size"), args.text_opt("rack")) {
        (Some(size), None) if !pool.iter().any(labelled) => {
            let size = usize::try_from(size).unwrap_or(usize::MAX);
            let racks: Vec<&[NodeId]> = pool.chunks(size).collect();
            let names: Vec<String> = (0..racks.len()).map(|rack| rack.to_string()).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let chosen = lowering.first_of("domain", &names).to_owned();
            lowering.note(format!("rack {chosen} of {}", racks.len()));
            let chosen: usize = chosen.parse().unwrap_or(0);
            Ok(racks[chosen].to_vec())
        }
        (_, name) => members_among(pool, name, lowering, ("rack", "rack")),
    }
}

fn rack_burst(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let pool = match args.given("nodes") {
        true => lowering.nodes(args, "nodes")?,
        false => everybody(lowering),
    };
    let rack = rack(args, lowering, &pool)?;
    let size = match args.law_opt("sizes") {
        Some(law) => law.sample(&mut lowering.stream("size")).round(),
        None => args.count("size") as f64,
    };
    let size = size.clamp(1.0, pool.len().max(1) as f64);
    let others = pool.iter().copied();
    let others: Vec<NodeId> = others.filter(|node| !rack.contains(node)).collect();
    let rack = lowering.permutation("rack", &rack);
    let others = lowering.permutation("others", &others);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a count is a count"
    )]
    let (inside, size) = (
        (size * args.number("affinity")).ceil() as usize,
        size as usize,
    );
    let outside = (size - inside.min(size)).min(others.len());
    let inside = inside.min(rack.len());
    let window = lowering.window;
    let length = match window.until {
        Some(until) => until.since(window.from),
        None => args.duration("down"),
    };
    let spread = args.duration("window").as_nanos();
    for node in rack[..inside].iter().chain(&others[..outside]) {
        let ns = lowering.node_stream("when", *node).below(spread.max(1));
        let at = window.from.saturating_add(VirtualDuration::from_nanos(ns));
        let until = Some(at.saturating_add(length));
        let (node, seen) = (*node, Seen::Silent);
        lowering.beyond(at, until, Primitive::Crash { node, seen });
    }
    Ok(())
}
