//! Faults of connections, and links that hold everything for a while.

use super::FaultKind;
use super::link::{BOTH, FROM, LINKS, TO};
use crate::lowering::{Lowering, Refusal};
use crate::param::{Args, Issue, Kind, Param};
use squall_core::plan::{CutMode, CutScope, Family, LinkTarget, Primitive, ResetEnds};
use squall_core::{Sample, VirtualDuration};

pub(super) const HALF_OPEN: FaultKind = FaultKind {
    name: "half-open",
    family: Family::Link,
    summary: "open connections go silent, new ones work",
    doc: "Messages of connections that were open when it begins are dropped without a word: from one \
          end to the other, or both ways. Datagrams and new connections pass. A client opens a new \
          one when a call has failed or been given up, so that this costs as much as its patience.",
    params: &[
        LINKS,
        FROM,
        TO,
        BOTH,
        Param::new(
            "ends",
            Kind::Choice(&["one", "both"]),
            "whether one direction is silent or both",
        )
        .default("one"),
    ],
    lowers_to: &["cut-existing"],
    needed: &["cut-existing"],
    source: "TX timeout 0, MP half-open peers",
    own_length: None,
    lower: half_open,
};

fn half_open(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let mut links = lowering.links(args)?;
    if args.word("ends") == "both" {
        let back = |link: &LinkTarget| LinkTarget {
            from: link.to,
            to: link.from,
        };
        let back: Vec<LinkTarget> = links.iter().map(back).collect();
        links.extend(back);
        links.sort_unstable();
        links.dedup();
    }
    for link in links {
        lowering.overlay(Primitive::LinkCut {
            link,
            mode: CutMode::Drop,
            scope: CutScope::Existing,
        });
    }
    Ok(())
}

pub(super) const CONNECTION_RESET: FaultKind = FaultKind {
    name: "connection-reset",
    family: Family::Link,
    summary: "open connections break with an error",
    doc: "All connections between the ends of each link break at one instant, whichever end is the \
          client: once, `after` its start, or again and again at random times with `rate` (which \
          needs `for`). Calls under way fail with a reset, and nobody knows whether the effect \
          happened; an end that does not see it waits until it sends. Links are reset at times of \
          their own.",
    params: &[
        LINKS,
        FROM,
        TO,
        BOTH,
        Param::new(
            "after",
            Kind::Duration,
            "time from the start to the only reset",
        )
        .default("0s")
        .one_of("when"),
        Param::new(
            "rate",
            Kind::Rate,
            "mean rate of resets of a link, a Poisson process",
        )
        .one_of("when"),
        Param::new(
            "ends",
            Kind::Choice(&["both", "from", "to"]),
            "which ends of the link see it at once",
        )
        .default("both"),
    ],
    lowers_to: &["reset"],
    needed: &["reset"],
    source: "TX reset_peer, LI http-reset-peer",
    own_length: Some("after"),
    lower: connection_reset,
};

/// Resets of one link in one occurrence.
const RESETS_MAX: u64 = 10_000;

fn connection_reset(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let ends = match args.word("ends") {
        "from" => ResetEnds::From,
        "to" => ResetEnds::To,
        _ => ResetEnds::Both,
    };
    let from = lowering.window.from;
    for link in lowering.links(args)? {
        let reset = Primitive::LinkReset { link, ends };
        let Some(rate) = args.number_opt("rate") else {
            lowering.instant(from.saturating_add(args.duration("after")), reset);
            continue;
        };
        if rate <= 0.0 {
            let issue = Issue::new("resets that never come", 0..0);
            return Err(Refusal::arg("rate", issue.help("remove the fault")));
        }
        let end = lowering.window.until.unwrap_or(lowering.stop);
        let end = end.min(lowering.stop);
        let to = &lowering.topology.node(link.to).name;
        let mut gaps = lowering.node_stream(&format!("reset->{to}"), link.from);
        let mut at = from;
        for _ in 0..RESETS_MAX {
            let gap = VirtualDuration::from_nanos_f64(gaps.exponential(1e9 / rate));
            at = at.saturating_add(gap.max(VirtualDuration::from_nanos(1)));
            if at >= end {
                break;
            }
            lowering.instant(at, reset.clone());
        }
        if at < end {
            let issue = Issue::new(format!("more than {RESETS_MAX} resets"), 0..0);
            return Err(Refusal::arg("rate", issue.help("make it lower")));
        }
    }
    Ok(())
}

pub(super) const SWIZZLE_CLOG: FaultKind = FaultKind {
    name: "swizzle-clog",
    family: Family::Link,
    summary: "links are held one by one, and let go in another order",
    doc: "A share of the links is drawn, rounded up. Their holds begin one after the other over \
          `spread` and end, in an order drawn anew, over as long a time before the fault does; each \
          takes half of the fault at most. Nothing is lost: what was held arrives in the order in \
          which it was sent.",
    params: &[
        LINKS,
        FROM,
        TO,
        BOTH,
        Param::new("share", Kind::Share, "share of the links, one at least").default("0.5"),
        Param::new(
            "spread",
            Kind::Duration,
            "time from the first hold to the last",
        )
        .default("10s"),
    ],
    lowers_to: &["hold"],
    needed: &["hold"],
    source: "FDB",
    own_length: None,
    lower: swizzle_clog,
};

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a number of links"
)]
fn swizzle_clog(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let links = lowering.links(args)?;
    let share = args.number("share");
    if share <= 0.0 {
        let issue = Issue::new("no link is held", 0..0);
        return Err(Refusal::arg(
            "share",
            issue.help("give it a share above zero"),
        ));
    }
    // Rounded up, but not for the last digit of a product.
    let count = (share * links.len() as f64 - 1e-9).ceil().max(1.0) as usize;
    let mut drawn = lowering.shuffled("held", &links);
    drawn.truncate(count.min(links.len()));
    let freed = lowering.shuffled("freed", &drawn);
    let (from, end) = (lowering.window.from, lowering.window.until);
    let whole = end.unwrap_or(lowering.stop).since(from);
    let half = VirtualDuration::from_nanos(whole.as_nanos() / 2);
    let spread = args.duration("spread").min(half);
    let step = spread.as_nanos() / (drawn.len() as u64).max(1);
    for (place, link) in drawn.iter().enumerate() {
        let until = freed.iter().position(|other| other == link);
        let until = until.expect("both orders are of the same links") as u64;
        let start = from.saturating_add(VirtualDuration::from_nanos(step * place as u64));
        let early = step * (drawn.len() as u64 - 1 - until);
        let stop = end
            .map(|_| from.saturating_add(whole.saturating_sub(VirtualDuration::from_nanos(early))));
        lowering.overlay_between(start, stop, Primitive::LinkHold { link: *link });
    }
    Ok(())
}
