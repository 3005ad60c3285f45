//! Faults of directed links. Targets are `links = "a -> b"`, or `from`, `to` and `both`.

use super::FaultKind;
use crate::lowering::{Lowering, Refusal};
use crate::param::{Args, Kind, Param, Shape, Unit};
use squall_core::plan::{Arithmetic, CutMode, CutScope, Family, Primitive};

pub(super) const LINKS: Param = Param::new(
    "links",
    Kind::Selector(Shape::Links),
    "links to hit: `a -> b` or `a <-> b`",
)
.required()
.one_of("links");
pub(super) const FROM: Param = Param::new(
    "from",
    Kind::Selector(Shape::Nodes),
    "the senders; goes with `to`",
)
.one_of("links");
pub(super) const TO: Param = Param::new("to", Kind::Selector(Shape::Nodes), "the receivers");
pub(super) const BOTH: Param =
    Param::new("both", Kind::Flag, "with `from` and `to`: the way back too").default("false");
const CORRELATION: &str = "correlation with the draw of the message before";
const MODE: Param = Param::new(
    "mode",
    Kind::Choice(&["drop", "refuse"]),
    "whether senders notice: silence, or an error at once",
)
.default("drop");

pub(super) const LINK_DELAY: FaultKind = FaultKind {
    name: "link-delay",
    family: Family::Link,
    summary: "messages of links take longer",
    doc: "Every message that departs while it lasts gets a delay of its own; messages already on \
          their way keep theirs. The latest replacement wins, then scales multiply, then additions \
          sum. Delay alone never reorders messages of one connection.",
    params: &[
        LINKS,
        FROM,
        TO,
        BOTH,
        Param::new("delay", Kind::Law(Unit::Time), "the delay")
            .default("normal 50ms sd 10ms")
            .one_of("delay"),
        Param::new(
            "factor",
            Kind::Law(Unit::Plain),
            "instead of `delay`: a factor on the delay that is there",
        )
        .one_of("delay"),
        Param::new("correlation", Kind::Share, CORRELATION).default("0.25"),
        Param::new(
            "mode",
            Kind::Choice(&["add", "replace"]),
            "how `delay` combines with the delay that is there",
        )
        .default("add"),
    ],
    lowers_to: &["delay"],
    needed: &["delay"],
    source: "NE; JP 50 ms sd 10 ms; LI 2000 ms; CM 90 ms jitter 90 ms",
    own_length: None,
    lower: link_delay,
};

fn link_delay(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let (delay, mode) = match args.law_opt("factor") {
        Some(factor) => (factor, Arithmetic::Scale),
        None if args.word("mode") == "replace" => (args.law("delay"), Arithmetic::Replace),
        None => (args.law("delay"), Arithmetic::Add),
    };
    for link in lowering.links(args)? {
        lowering.overlay(Primitive::LinkDelay {
            link,
            delay: delay.clone(),
            mode,
            correlation: args.number("correlation"),
        });
    }
    Ok(())
}

pub(super) const LINK_LOSS: FaultKind = FaultKind {
    name: "link-loss",
    family: Family::Link,
    summary: "a share of the messages of links is lost",
    doc: "A message is lost at its departure. Two losses are independent: a message survives if it \
          survives each.",
    params: &[
        LINKS,
        FROM,
        TO,
        BOTH,
        Param::new("p", Kind::Share, "share lost").default("0.2"),
        Param::new("correlation", Kind::Share, CORRELATION).default("0"),
    ],
    lowers_to: &["loss"],
    needed: &["loss"],
    source: "NE, JP 20 % corr 75 %, TB 0-30 %",
    own_length: None,
    lower: link_loss,
};

fn link_loss(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    for link in lowering.links(args)? {
        lowering.overlay(Primitive::LinkLoss {
            link,
            share: args.number("p"),
            correlation: args.number("correlation"),
        });
    }
    Ok(())
}

pub(super) const LINK_CUT: FaultKind = FaultKind {
    name: "link-cut",
    family: Family::Link,
    summary: "nothing passes links, one way or both",
    doc: "A message dies if the link is cut at its departure or at its arrival. Drop beats refuse. \
          Datagrams that die are lost; to a connection silence is a reason to send again, until its \
          client gives up, and a refusal an error at once.",
    params: &[
        LINKS,
        FROM,
        TO,
        BOTH,
        MODE,
        Param::new(
            "above",
            Kind::Size,
            "only messages of more bytes than this: a path that drops what is too large for it",
        ),
    ],
    lowers_to: &["cut"],
    needed: &["cut"],
    source: "CM direction and network-down, TU partition_oneway",
    own_length: None,
    lower: link_cut,
};

fn cut_mode(args: &Args) -> CutMode {
    match args.word("mode") {
        "refuse" => CutMode::Refuse,
        _ => CutMode::Drop,
    }
}

fn link_cut(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let mode = cut_mode(args);
    let scope = args
        .size_opt("above")
        .map_or(CutScope::All, CutScope::Above);
    for link in lowering.links(args)? {
        lowering.overlay(Primitive::LinkCut { link, mode, scope });
    }
    Ok(())
}

pub(super) const LINK_FLAP: FaultKind = FaultKind {
    name: "link-flap",
    family: Family::Link,
    summary: "links go up and down, again and again",
    doc: "All links go together: up, then down, until the end. A message dies if the link is down at \
          its departure or at its arrival.",
    params: &[
        LINKS,
        FROM,
        TO,
        BOTH,
        MODE,
        Param::new("up", Kind::Law(Unit::Time), "time up in each round").default("5s"),
        Param::new("down", Kind::Law(Unit::Time), "time down in each round").default("1s"),
    ],
    lowers_to: &["cut"],
    needed: &["cut"],
    source: "CM direction and network-down",
    own_length: None,
    lower: link_flap,
};

fn link_flap(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let mode = cut_mode(args);
    let cuts: Vec<_> = lowering
        .links(args)?
        .into_iter()
        .map(|link| Primitive::LinkCut {
            link,
            mode,
            scope: CutScope::All,
        })
        .collect();
    lowering.alternate(args, ("up", "down"), &cuts)
}
