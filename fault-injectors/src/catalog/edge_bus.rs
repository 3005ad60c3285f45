//! Faults of what connects a control loop: the bus, the radio, the way between two controllers.

use super::FaultKind;
use super::link::{BOTH, FROM, LINKS, TO};
use super::link_capacity::{BURST, LINK_TRACE, RATE};
use super::signal::POSITIVE;
use crate::lowering::{Lowering, Refusal};
use crate::param::{Args, Kind, Param, Unit};
use crate::topology::ChannelKind;
use squall_core::VirtualDuration;
use squall_core::plan::{
    Arithmetic, Bandwidth, Corrupt, Corruption, CutMode, CutScope, Family, LinkTarget, Poison,
    Primitive, QueueLimit, SignalRule,
};

/// Bits that a node waits before it is on the bus again: 128 times 11 recessive ones (ISO 11898-1).
const RECOVERY_BITS: f64 = 128.0 * 11.0;

const P: Param = Param::new("p", Kind::Share, "share of the frames").default("0.01");

fn each(
    args: &Args,
    lowering: &mut Lowering<'_>,
    primitive: impl Fn(LinkTarget) -> Primitive,
) -> Result<(), Refusal> {
    for link in lowering.links(args)? {
        lowering.overlay(primitive(link));
    }
    Ok(())
}

pub(super) const CAN_LOSS: FaultKind = FaultKind {
    name: "can-loss",
    family: Family::Link,
    summary: "frames on a bus are lost",
    doc: "Each frame by itself, without a notice to anybody: a full buffer of a receiver.",
    params: &[LINKS, FROM, TO, BOTH, P],
    lowers_to: &["loss"],
    needed: &["loss"],
    source: "edge.md section 7",
    own_length: None,
    lower: |args, lowering| {
        let share = args.number("p");
        each(args, lowering, |link| Primitive::LinkLoss {
            link,
            share,
            correlation: 0.0,
        })
    },
};

pub(super) const CAN_CORRUPT: FaultKind = FaultKind {
    name: "can-corrupt",
    family: Family::Link,
    summary: "frames on a bus are damaged, and thrown away by whoever gets them",
    doc: "Each frame by itself; the checksum of the bus tells, and nobody sends it again. A damaged frame \
          adds 8 to the error counter of its sender, a good one takes 1 from it: from 128 on it is passive, \
          which changes nothing here, above 255 it is off the bus, and none of its frames passes the links \
          of the fault. It is back with a counter of 0 after 128 times 11 bits, 2.8 ms at 500 kbit/s, and \
          `restart`; at once if its node starts anew, or with the end of the fault. More than a ninth of \
          the frames must be damaged to get there in the long run.",
    params: &[
        LINKS,
        FROM,
        TO,
        BOTH,
        P,
        RATE.default("500kbit/s"),
        Param::new(
            "restart",
            Kind::Duration,
            "time until its software puts a node that was off on the bus again",
        )
        .default("100ms"),
    ],
    lowers_to: &["corrupt"],
    needed: &["corrupt"],
    source: "edge.md section 7: ISO 11898-1 error counters, recovery after 128 x 11 recessive bits",
    own_length: None,
    lower: |args, lowering| {
        let recovery = VirtualDuration::from_secs_f64(RECOVERY_BITS / (args.number("rate") * 8.0));
        let corrupt = Corrupt {
            bus_off: Some(recovery.saturating_add(args.duration("restart"))),
            ..Corrupt::new(args.number("p"), Corruption::Detected)
        };
        each(args, lowering, |link| Primitive::LinkCorrupt {
            link,
            corrupt,
        })
    },
};

pub(super) const CAN_BABBLE: FaultKind = FaultKind {
    name: "can-babble",
    family: Family::Link,
    summary: "a node that goes on talking takes the bus",
    doc: "The babbler has the highest priority (identifier 0) and takes a share of the bus: what is left \
          passes in turn, behind a queue of 1 KiB. With a load of 1 next to nothing passes: a byte a \
          second. A frame has the size that its model gives it.",
    params: &[
        LINKS,
        FROM,
        TO,
        BOTH,
        Param::new(
            "load",
            Kind::Share,
            "share of the bus that the babbler takes",
        )
        .default("1.0"),
        RATE.default("500kbit/s"),
    ],
    lowers_to: &["bandwidth"],
    needed: &["bandwidth"],
    source: "babbling idiot; CAN at 500 kbit/s",
    own_length: None,
    lower: |args, lowering| {
        let left = args.number("rate") * (1.0 - args.number("load"));
        let bandwidth = Bandwidth {
            rate: Some(left.max(1.0)),
            burst: 0,
            queue: Some(QueueLimit::Bytes(1024)),
        };
        each(args, lowering, |link| Primitive::LinkRate {
            link,
            bandwidth,
        })
    },
};

pub(super) const CAN_BAD_ENCODE: FaultKind = FaultKind {
    name: "can-bad-encode",
    family: Family::Signal,
    summary: "a value that is no number is cast into an integer field, and arrives as a large number",
    doc: "In a share of the samples or commands. A NaN cast to a signed field of 32 bits is -2^31 on x86, \
          times what a bit counts: finite, so that a check for finite numbers lets it pass.",
    params: &[
        Param::new(
            "actuator",
            Kind::Text,
            "the actuators whose commands are hit",
        )
        .required()
        .one_of("channel"),
        Param::new("sensor", Kind::Text, "the sensors whose samples are hit").one_of("channel"),
        Param::new("bit", POSITIVE, "what a bit of the field counts").default("0.001"),
        Param::new("p", Kind::Share, "share of the values").default("1"),
    ],
    lowers_to: &["non-finite"],
    needed: &["non-finite"],
    source: "Roborace, SIT Acronis 2020 (as reported by The Drive and Hackaday)",
    own_length: None,
    lower: can_bad_encode,
};

fn can_bad_encode(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let channels = match args.text_opt("sensor") {
        Some(_) => lowering.channels(args, "sensor", ChannelKind::Sensor)?,
        None => lowering.channels(args, "actuator", ChannelKind::Actuator)?,
    };
    for (channel, _) in channels {
        let rule = SignalRule::NonFinite {
            poison: Poison::Cast(args.number("bit")),
            share: args.number("p"),
        };
        lowering.overlay(Primitive::Signal { channel, rule });
    }
    Ok(())
}

pub(super) const TWO_ACTIVE: FaultKind = FaultKind {
    name: "two-active",
    family: Family::Link,
    summary: "two controllers do not hear each other, and both are active",
    doc: "The way between the first controller and its backup is cut, both ways; everything else goes on. \
          Senders see nothing.",
    params: &[Param::new(
        "links",
        Kind::Selector(crate::param::Shape::Links),
        "the way between the two: `first <-> backup`",
    )
    .required()],
    lowers_to: &["cut"],
    needed: &["cut"],
    source: "edge.md section 5: at most one may actuate",
    own_length: None,
    lower: |args, lowering| {
        each(args, lowering, |link| Primitive::LinkCut {
            link,
            mode: CutMode::Drop,
            scope: CutScope::All,
        })
    },
};

/// Handovers that one occurrence may have.
const HANDOVERS_MAX: u32 = 10_000;

pub(super) const HANDOVER_GAP: FaultKind = FaultKind {
    name: "handover-gap",
    family: Family::Link,
    summary: "a radio link stands still while it goes from cell to cell",
    doc: "The first handover comes at the start, the next after a draw of `every`. Meanwhile messages wait, \
          in order, and none is lost; they all arrive at the end of the gap.",
    params: &[
        LINKS,
        FROM,
        TO,
        BOTH,
        Param::new("gap", Kind::Law(Unit::Time), "length of a gap").default("uniform 30ms 300ms"),
        Param::new(
            "every",
            Kind::Law(Unit::Time),
            "time from a gap to the next",
        )
        .default("exponential mean 15s"),
    ],
    lowers_to: &["hold"],
    needed: &["hold"],
    source: "CICV5G: 3 cell changes a minute at 80 km/h; a stall drains in order",
    own_length: None,
    lower: handover_gap,
};

fn handover_gap(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let links = lowering.links(args)?;
    let (gap, every) = (args.law("gap"), args.law("every"));
    let end = lowering
        .window
        .until
        .unwrap_or(lowering.stop)
        .min(lowering.stop);
    let mut at = lowering.window.from;
    for round in 0..HANDOVERS_MAX {
        let length = |law: &squall_core::Law, purpose: &str| {
            let ns = law.sample(&mut lowering.round(purpose, round));
            VirtualDuration::from_nanos_f64(ns).max(VirtualDuration::from_nanos(1))
        };
        let until = at.saturating_add(length(&gap, "gap"));
        let next = until.saturating_add(length(&every, "every"));
        for link in &links {
            let link = *link;
            lowering.overlay_between(at, Some(until), Primitive::LinkHold { link });
        }
        at = next;
        if at >= end {
            return Ok(());
        }
    }
    let issue = crate::param::Issue::new(format!("more than {HANDOVERS_MAX} handovers"), 0..0);
    Err(Refusal::arg(
        "every",
        issue.help("make it longer, or the fault shorter"),
    ))
}

pub(super) const RTT_SPIKE: FaultKind = FaultKind {
    name: "rtt-spike",
    family: Family::Link,
    summary: "a radio link is slow for a while",
    doc: "Half of `rtt` is added each way: name both directions (`a <-> b`). Messages keep their order.",
    params: &[
        LINKS,
        FROM,
        TO,
        BOTH,
        Param::new("rtt", Kind::Duration, "what a round trip takes longer").default("300ms"),
    ],
    lowers_to: &["delay"],
    needed: &["delay"],
    source: "CICV5G: 0.2 to 3 % of round trips above 100 ms, up to 1 s long",
    own_length: None,
    lower: |args, lowering| {
        let half = args.duration("rtt").as_nanos_f64() / 2.0;
        each(args, lowering, |link| Primitive::LinkDelay {
            link,
            delay: squall_core::Law::Constant(half),
            mode: Arithmetic::Add,
            correlation: 0.0,
        })
    },
};

pub(super) const BUFFERBLOAT: FaultKind = FaultKind {
    name: "bufferbloat",
    family: Family::Link,
    summary: "a narrow link with a queue that is far too long",
    doc: "The link passes `rate`, and whatever does not fit waits: up to `queue`, the time that a full queue \
          takes to drain. Nothing is lost before that; everything is late.",
    params: &[
        LINKS,
        FROM,
        TO,
        BOTH,
        RATE.required(),
        Param::new("queue", Kind::Duration, "what a full queue takes to drain").default("2s"),
        BURST.default("0B"),
    ],
    lowers_to: &["bandwidth"],
    needed: &["bandwidth"],
    source: "DETERMINISTIC6G ping-MEC-ORAN: a backlog of 11 s, drained in order",
    own_length: None,
    lower: |args, lowering| {
        let rate = args.number("rate");
        let bytes = rate * args.duration("queue").as_secs_f64();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "`as` saturates; a queue of bytes is not below zero"
        )]
        let bandwidth = Bandwidth {
            rate: Some(rate),
            burst: args.size("burst"),
            queue: Some(QueueLimit::Bytes(bytes as u64)),
        };
        each(args, lowering, |link| Primitive::LinkRate {
            link,
            bandwidth,
        })
    },
};

pub(super) const CLOUD_OFFLOAD: FaultKind = FaultKind {
    name: "cloud-offload",
    family: Family::Link,
    summary: "a control loop goes through the cloud: delays of its links follow a recorded round trip",
    doc: "As link-trace, where each direction (`vehicle <-> cloud`) has half of the round trip that was \
          recorded. Where the recording has a gap, messages are held.",
    params: LINK_TRACE_HALVED,
    lowers_to: &["delay-trace", "capacity-trace", "hold"],
    needed: &["delay-trace", "capacity-trace"],
    source: "CICV5G (Tongji University), vehicle-cloud-vehicle",
    own_length: None,
    lower: |args, lowering| (LINK_TRACE.lower)(args, lowering),
};

const LINK_TRACE_HALVED: &[Param] = &[
    LINKS,
    FROM,
    TO,
    BOTH,
    Param::new("file", Kind::Recording, "the recording of round trips").required(),
    Param::new(
        "column",
        Kind::Choice(&["delay", "capacity"]),
        "what is taken from it",
    )
    .default("delay"),
    Param::new("loop", Kind::Flag, "whether it starts again at its end").default("true"),
    Param::new(
        "scale",
        Kind::Number {
            min: 0.001,
            max: 1000.0,
        },
        "factor on its values: half of a round trip each way",
    )
    .default("0.5"),
    Param::new(
        "gap",
        Kind::Duration,
        "rows further apart than this enclose a hold",
    )
    .default("1s"),
];
