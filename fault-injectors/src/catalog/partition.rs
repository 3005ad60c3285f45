//! partition: a set of nodes falls apart into parts that do not hear each other.

use super::FaultKind;
use crate::lowering::{Lowering, Refusal};
use crate::param::{Args, Issue, Kind, Param};
use squall_core::plan::{CutMode, CutScope, Family, LinkTarget, Primitive};
use squall_core::{NodeId, Sample, VirtualDuration};

pub(super) const PARTITION: FaultKind = FaultKind {
    name: "partition",
    family: Family::Link,
    summary: "a set of nodes falls apart",
    doc: "Every link between two parts is cut, silently. With `symmetric = false` only the messages \
          from earlier parts to later ones are, in drawn order: one side hears the other and is not \
          heard. Links to nodes outside the set are not touched.",
    params: &[
        super::node::NODES.sample("\"gateway + client\""),
        Param::new(
            "split",
            Kind::Choice(&[
                "halves",
                "isolate-one",
                "minority-third",
                "ring",
                "bridge",
                "by-zone",
                "uniform-size",
                "uniform",
            ]),
            "the shape: two halves; one alone; at most a third alone; each hears only its majority of \
             neighbours; two halves that share one node; zones; a part of any size; a coin a node",
        )
        .default("halves"),
        Param::new("symmetric", Kind::Flag, "whether both directions are cut").default("true"),
        Param::new("stable", Kind::Duration, "how long one drawn split stays; 0s is as long as the fault")
            .default("0s"),
    ],
    lowers_to: &["cut"],
    needed: &["cut"],
    source: "JP specs, TB modes x symmetry, Alquraan OSDI'18",
    own_length: None,
    lower,
};

fn lower(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let nodes = lowering.nodes(args, "nodes")?;
    let refuse = |message: &str| {
        let issue = Issue::new(message, 0..0).label(format!("{} here", nodes.len()));
        let issue =
            issue.help("name the whole set that falls apart, for instance \"workers + tools\"");
        Err(Refusal::arg("nodes", issue))
    };
    let split = args.word("split");
    match split {
        "ring" if nodes.len() < 4 => return refuse("a ring needs four nodes"),
        "bridge" if nodes.len() < 3 => return refuse("a bridge needs three nodes"),
        _ if nodes.len() < 2 => return refuse("a partition needs two nodes"),
        _ => {}
    }
    let stable = args.duration("stable");
    let mut from = lowering.window.from;
    let end = lowering
        .window
        .until
        .unwrap_or(lowering.stop)
        .min(lowering.stop);
    for round in 0.. {
        if stable > VirtualDuration::ZERO && round >= 10_000 {
            let issue = Issue::new("more than 10000 splits", 0..0).help("make `stable` longer");
            return Err(Refusal::arg("stable", issue));
        }
        let until = match stable.is_zero() {
            true => lowering.window.until,
            false => Some(from.saturating_add(stable)),
        };
        for link in cuts(split, &nodes, args.flag("symmetric"), round, lowering)? {
            let cut = Primitive::LinkCut {
                link,
                mode: CutMode::Drop,
                scope: CutScope::All,
            };
            lowering.overlay_between(from, until, cut);
        }
        match until {
            Some(next) if next < end => from = next,
            _ => break,
        }
    }
    Ok(())
}

/// The links that one split cuts.
fn cuts(
    split: &str,
    nodes: &[NodeId],
    symmetric: bool,
    round: u32,
    lowering: &Lowering<'_>,
) -> Result<Vec<LinkTarget>, Refusal> {
    let drawn = lowering.permutation(&format!("side {round}"), nodes);
    let n = drawn.len();
    let mut stream = lowering.round("split", round);
    // Which part a node is in; `None` is in all of them.
    let part: Vec<Option<usize>> = match split {
        "isolate-one" => (0..n).map(|i| Some(usize::from(i > 0))).collect(),
        "minority-third" => {
            let third = ((n - 1) / 3).max(1);
            (0..n).map(|i| Some(usize::from(i >= third))).collect()
        }
        "bridge" => (0..n)
            .map(|i| (i > 0).then(|| usize::from(i > n / 2)))
            .collect(),
        "by-zone" => zones(&drawn, lowering)?,
        "uniform-size" => {
            let size = 1 + stream.index(n - 1);
            (0..n).map(|i| Some(usize::from(i >= size))).collect()
        }
        "uniform" => {
            // The first two are apart, so that no coin makes it one part.
            (0..n)
                .map(|i| Some(if i < 2 { i } else { stream.index(2) }))
                .collect()
        }
        "ring" => return Ok(ring(&drawn, symmetric)),
        _ => (0..n).map(|i| Some(usize::from(i >= n / 2))).collect(),
    };
    let mut cut = Vec::new();
    for (i, &from) in drawn.iter().enumerate() {
        for (j, &to) in drawn.iter().enumerate() {
            if let (Some(a), Some(b)) = (part[i], part[j])
                && (a < b || (symmetric && a > b))
            {
                cut.push(LinkTarget { from, to });
            }
        }
    }
    cut.sort_unstable();
    Ok(cut)
}

/// Parts by the label `zone`, in drawn order.
fn zones(drawn: &[NodeId], lowering: &Lowering<'_>) -> Result<Vec<Option<usize>>, Refusal> {
    lowering.known_zones("split", drawn)?;
    let mut seen: Vec<&str> = Vec::new();
    let mut parts = Vec::with_capacity(drawn.len());
    for id in drawn {
        let zone = lowering.topology.node(*id).label("zone").unwrap_or("");
        let at = seen.iter().position(|z| *z == zone).unwrap_or_else(|| {
            seen.push(zone);
            seen.len() - 1
        });
        parts.push(Some(at));
    }
    if seen.len() > 1 {
        return Ok(parts);
    }
    let issue = Issue::new("these nodes are all in one zone", 0..0)
        .help("give their group `zone = \"spread a b c\"`, or choose another split");
    Err(Refusal::arg("split", issue))
}

/// Each node hears the nearest nodes of a ring, a majority with itself; no two majorities are equal.
fn ring(drawn: &[NodeId], symmetric: bool) -> Vec<LinkTarget> {
    let n = drawn.len();
    let reach = (n / 2).div_ceil(2);
    let mut cut = Vec::new();
    for i in 0..n {
        for j in 0..n {
            let ahead = (j + n - i) % n;
            let near = ahead <= reach || n - ahead <= reach;
            if !near && (symmetric || i < j) {
                cut.push(LinkTarget {
                    from: drawn[i],
                    to: drawn[j],
                });
            }
        }
    }
    cut.sort_unstable();
    cut
}
