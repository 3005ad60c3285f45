//! Faults of links that treat messages badly, one by one.

use super::FaultKind;
use super::link::{BOTH, FROM, LINKS, TO};
use crate::lowering::{Lowering, Refusal};
use crate::param::{Args, Issue, Kind, Param, Unit};
use squall_core::plan::{
    Corrupt, Corruption, Duplicate, Family, GilbertElliott, Primitive, Reorder,
};

/// What a burst loss is made of; the base of a link has the same.
pub const BURST_LOSS_PARAMS: &[Param] = &[BURST_P, BURST_R, LOSS_GOOD, LOSS_BAD, STEP];

const BURST_P: Param = Param::new(
    "p",
    Kind::Share,
    "chance of a step from good to bad; mean loss is p / (p + r)",
)
.default("0.02");
const BURST_R: Param = Param::new(
    "r",
    Kind::Share,
    "chance of a step from bad to good; a mean burst is 1 / r messages",
)
.default("0.25");
const LOSS_GOOD: Param = Param::new("loss_good", Kind::Share, "share lost in good").default("0");
const LOSS_BAD: Param = Param::new("loss_bad", Kind::Share, "share lost in bad").default("1");
const STEP: Param = Param::new(
    "step",
    Kind::Duration,
    "time between two steps; a step a message if missing",
);
const SEEN: Param = Param::new(
    "seen",
    Kind::Choice(&["detected", "silent"]),
    "who notices: the receiver's host, which drops it, or nobody but the receiver",
)
.default("detected");
/// How long a message is held back; the base of a link has the same.
pub const BY: Param = Param::new(
    "by",
    Kind::HoldBack,
    "how long: a time, or a number of later messages, for one second at most",
)
.default("10ms");

/// The chain that a record with [`BURST_LOSS_PARAMS`] describes.
pub fn burst_loss_of(args: &Args) -> Result<GilbertElliott, (&'static str, Issue)> {
    let step = args.duration_opt("step");
    if step.is_some_and(|step| step.is_zero()) {
        let issue = Issue::new("a chain that steps all the time", 0..0);
        return Err(("step", issue.help("leave it out for a step a message")));
    }
    Ok(GilbertElliott {
        p: args.number("p"),
        r: args.number("r"),
        loss_good: args.number("loss_good"),
        loss_bad: args.number("loss_bad"),
        step,
    })
}

pub(super) const BURST_LOSS: FaultKind = FaultKind {
    name: "burst-loss",
    family: Family::Link,
    summary: "messages of links are lost in bursts",
    doc: "A Gilbert-Elliott chain for each link. It starts in good; each message is judged in the \
          state that the chain is in, then the chain steps, once a message or every `step` of time. \
          Lost datagrams are lost, connections send again. Several losses are independent.",
    params: &[
        LINKS, FROM, TO, BOTH, BURST_P, BURST_R, LOSS_GOOD, LOSS_BAD, STEP,
    ],
    lowers_to: &["burst-loss"],
    needed: &["burst-loss"],
    source: "NE gemodel, PU",
    own_length: None,
    lower: burst_loss,
};

fn burst_loss(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let chain = burst_loss_of(args).map_err(|(key, issue)| Refusal::arg(key, issue))?;
    if chain.p == 0.0 && chain.loss_good == 0.0 {
        let issue = Issue::new("a chain that never loses anything", 0..0);
        return Err(Refusal::arg("p", issue.help("give it a chance above zero")));
    }
    for link in lowering.links(args)? {
        lowering.overlay(Primitive::LinkBurstLoss { link, chain });
    }
    Ok(())
}

pub(super) const LINK_DUPLICATE: FaultKind = FaultKind {
    name: "link-duplicate",
    family: Family::Link,
    summary: "messages of links arrive more than once",
    doc: "Each message that is hit departs with its copies, and each takes its own time; a copy is \
          not copied again. A request that comes twice is served twice, as at-least-once queues do; \
          a reply that comes twice is noticed by nobody and not copied. Copies of several such \
          faults add.",
    params: &[
        LINKS,
        FROM,
        TO,
        BOTH,
        Param::new("p", Kind::Share, "share of the messages").default("0.2"),
        Param::new(
            "copies",
            Kind::Integer { min: 1, max: 10 },
            "copies of each, beside itself",
        )
        .default("1"),
    ],
    lowers_to: &["duplicate"],
    needed: &["duplicate"],
    source: "JP, NE, TB replay 0-50 %",
    own_length: None,
    lower: link_duplicate,
};

fn link_duplicate(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let copies = u32::try_from(args.count("copies")).expect("the table bounds copies");
    let duplicate = Duplicate::new(args.number("p"), copies);
    for link in lowering.links(args)? {
        lowering.overlay(Primitive::LinkDuplicate { link, duplicate });
    }
    Ok(())
}

pub(super) const LINK_REORDER: FaultKind = FaultKind {
    name: "link-reorder",
    family: Family::Link,
    summary: "messages of links are overtaken by later ones",
    doc: "A message that is hit is held back by a time, or until a number of later messages have \
          arrived, one second at most. Messages of a connection stay in order: to them a hold-back \
          by time is a delay of it and of all behind it, and one by messages is nothing. Where \
          several such faults hit a message the longest hold-back wins.",
    params: &[
        LINKS,
        FROM,
        TO,
        BOTH,
        Param::new("p", Kind::Share, "share of the messages").default("0.2"),
        BY,
    ],
    lowers_to: &["reorder"],
    needed: &["reorder"],
    source: "JP, NE gap",
    own_length: None,
    lower: link_reorder,
};

fn link_reorder(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let reorder = Reorder {
        share: args.number("p"),
        by: args.hold_back("by"),
    };
    for link in lowering.links(args)? {
        lowering.overlay(Primitive::LinkReorder { link, reorder });
    }
    Ok(())
}

pub(super) const LINK_CORRUPT: FaultKind = FaultKind {
    name: "link-corrupt",
    family: Family::Link,
    summary: "messages of links are damaged",
    doc: "A damaged message takes its whole way. Detected, the receiver's host drops it: a datagram \
          is lost, a connection sends it again. Silent, a datagram arrives and is marked as damaged; \
          connections carry a checksum, so that to them damage is always detected. Several such \
          faults are independent, and silent beats detected.",
    params: &[
        LINKS,
        FROM,
        TO,
        BOTH,
        Param::new("p", Kind::Share, "share of the messages").default("0.01"),
        SEEN,
    ],
    lowers_to: &["corrupt"],
    needed: &["corrupt"],
    source: "JP 20 %; MP bit flips",
    own_length: None,
    lower: link_corrupt,
};

fn link_corrupt(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let seen = match args.word("seen") {
        "silent" => Corruption::Silent,
        _ => Corruption::Detected,
    };
    let corrupt = Corrupt::new(args.number("p"), seen);
    for link in lowering.links(args)? {
        lowering.overlay(Primitive::LinkCorrupt { link, corrupt });
    }
    Ok(())
}

pub(super) const CLOG: FaultKind = FaultKind {
    name: "clog",
    family: Family::Link,
    summary: "links clog now and then, and let everything go at once",
    doc: "Each message clogs its link with chance `p`, for a length drawn for it. What departs \
          meanwhile arrives at the end of the clog, in the order in which it was sent; nothing is \
          lost, and what is clogged when the fault ends waits all the same. Several such faults are \
          independent; the longest clog wins.",
    params: &[
        LINKS,
        FROM,
        TO,
        BOTH,
        Param::new("p", Kind::Share, "chance of a message to clog its link").default("0.02"),
        Param::new(
            "length",
            Kind::Law(Unit::Time),
            "time that it stays clogged",
        )
        .default("exponential mean 2s"),
    ],
    lowers_to: &["clog"],
    needed: &["clog"],
    source: "TB p 0-2 %, mean 0-5 s",
    own_length: None,
    lower: clog,
};

fn clog(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    for link in lowering.links(args)? {
        lowering.overlay(Primitive::LinkClog {
            link,
            share: args.number("p"),
            length: args.law("length"),
        });
    }
    Ok(())
}
