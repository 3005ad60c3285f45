//! Faults of links that are too narrow, and links that follow a recording.

use super::FaultKind;
use super::link::{BOTH, FROM, LINKS, TO};
use crate::lowering::{Lowering, Refusal};
use crate::param::{Args, Issue, Kind, Param};
use squall_core::VirtualDuration;
use squall_core::plan::{Bandwidth, Family, LinkTarget, Primitive, QueueLimit, Series, Traced};

/// Rate of a link; its base has the same three.
pub const RATE: Param = Param::new(
    "rate",
    Kind::Bandwidth,
    "bytes or bits that pass in a second",
);
/// Queue before the rate.
pub const QUEUE: Param = Param::new(
    "queue",
    Kind::Size,
    "bytes that may wait or be under way into the link; what does not fit is dropped",
)
.default("64KiB");
/// Burst of the rate.
pub const BURST: Param = Param::new(
    "burst",
    Kind::Size,
    "bytes that may pass at once after a pause",
)
.default("32KiB");

/// The bottleneck that a record with [`RATE`], [`QUEUE`] and [`BURST`] describes.
pub fn bandwidth_of(args: &Args) -> Option<Bandwidth> {
    Some(Bandwidth {
        rate: Some(args.number_opt("rate")?),
        burst: args.size("burst"),
        queue: Some(QueueLimit::Bytes(args.size("queue"))),
    })
}

pub(super) const LINK_RATE: FaultKind = FaultKind {
    name: "link-rate",
    family: Family::Link,
    summary: "links pass so many bytes a second",
    doc: "Each link gets a token bucket with a queue and tail drop. A dropped datagram is lost, a \
          connection sends again. Messages have the size that their model gives them, without \
          headers: 64 bytes for a datagram and 512 for a request or reply unless it says otherwise. \
          Of several limits the lowest rate and the smallest queue hold. What waits when it ends \
          leaves at the time it had, and nothing overtakes it.",
    params: &[LINKS, FROM, TO, BOTH, RATE.required(), QUEUE, BURST],
    lowers_to: &["bandwidth"],
    needed: &["bandwidth"],
    source: "JP and LI 1 mbit, LI burst 32 kb, TX, NE",
    own_length: None,
    lower: link_rate,
};

fn link_rate(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let bandwidth = bandwidth_of(args).expect("the table requires the rate");
    for link in lowering.links(args)? {
        lowering.overlay(Primitive::LinkRate { link, bandwidth });
    }
    Ok(())
}

pub(super) const PATH_CAPACITY: FaultKind = FaultKind {
    name: "path-capacity",
    family: Family::Link,
    summary: "only so many messages fit on a link at once",
    doc: "A message that departs while that many are on their way is dropped; the delay of those is \
          not changed. A dropped datagram is lost, a connection sends again. The smallest of several \
          limits holds.",
    params: &[
        LINKS,
        FROM,
        TO,
        BOTH,
        Param::new(
            "messages",
            Kind::Integer {
                min: 1,
                max: 1_000_000,
            },
            "messages on their way at most",
        )
        .default("10"),
    ],
    lowers_to: &["bandwidth"],
    needed: &["bandwidth"],
    source: "TB 2-20",
    own_length: None,
    lower: path_capacity,
};

fn path_capacity(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let messages = u32::try_from(args.count("messages")).expect("the table bounds messages");
    let bandwidth = Bandwidth {
        rate: None,
        burst: 0,
        queue: Some(QueueLimit::InFlight(messages)),
    };
    for link in lowering.links(args)? {
        lowering.overlay(Primitive::LinkRate { link, bandwidth });
    }
    Ok(())
}

pub(super) const LINK_TRACE: FaultKind = FaultKind {
    name: "link-trace",
    family: Family::Link,
    summary: "delay or capacity of links follow a recording",
    doc: "The first row of the file is the start of the fault; each value holds until the next row. \
          Where rows are further apart than `gap` the link was dead: messages are held until the \
          next row. Delays replace the delay that is there, as the latest replacement; capacities \
          limit the rate, with a queue of any length. It ends with the recording, or starts again. \
          Files: a csv, with gzip or without, with a column `t_ms` or `t_s` and one of `delay_us`, \
          `delay_ms`, `delay_s`, `capacity_kbit`, `capacity_Mbit`; or one column of milliseconds \
          without a header, each the chance for 1500 bytes (mahimahi).",
    params: &[
        LINKS,
        FROM,
        TO,
        BOTH,
        Param::new("file", Kind::Recording, "the recording").required(),
        Param::new(
            "column",
            Kind::Choice(&["delay", "capacity"]),
            "what is taken from it",
        )
        .default("delay"),
        Param::new("loop", Kind::Flag, "whether it starts again at its end").default("false"),
        Param::new(
            "scale",
            Kind::Number {
                min: 0.001,
                max: 1000.0,
            },
            "factor on its values: 0.5 makes a one-way delay of a round trip",
        )
        .default("1"),
        Param::new(
            "gap",
            Kind::Duration,
            "rows further apart than this enclose a hold",
        )
        .default("1s"),
    ],
    lowers_to: &["delay-trace", "capacity-trace", "hold"],
    needed: &["delay-trace", "capacity-trace"],
    source: "mahimahi, CICV5G, DETERMINISTIC6G",
    own_length: None,
    lower: link_trace,
};

/// Holds that one recording may lower to on one link.
const HOLDS_MAX: usize = 10_000;

fn link_trace(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let links = lowering.links(args)?;
    let Some(recording) = args.recording("file") else {
        lowering.note("its file has not been read");
        return Ok(());
    };
    let (traced, rows) = match args.word("column") {
        "capacity" => (Traced::Capacity, &recording.capacity),
        _ => (Traced::Delay, &recording.delay),
    };
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
        let word = args.word("column");
        let issue = Issue::new(format!("the file has no column of {word}"), 0..0);
        return Err(Refusal::arg("file", issue));
    };
    let scale = args.number("scale");
    let points = rows.iter().map(|(at, v)| (at - first.0, v * scale));
    let points: Vec<(u64, f64)> = points.collect();
    // The last row lasts as long as rows do.
    let mut lengths: Vec<u64> = rows.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    lengths.sort_unstable();
    let row = lengths.get(lengths.len() / 2).copied().unwrap_or(0);
    let length = last.0 - first.0 + row.max(1);
    let repeats = args.flag("loop");
    let repeat = repeats.then(|| VirtualDuration::from_nanos(length));
    let gaps = gaps(&points, args.duration("gap").as_nanos());
    let series = Series::new(points, repeat);
    for link in links {
        let from = lowering.window.from;
        let until = match repeats {
            true => None,
            false => Some(from.saturating_add(VirtualDuration::from_nanos(length))),
        };
        let series = series.clone();
        lowering.overlay_between(
            from,
            until.or(lowering.window.until),
            Primitive::LinkTrace {
                link,
                traced,
                series,
            },
        );
        holds(link, &gaps, repeats.then_some(length), lowering)?;
    }
    Ok(())
}

/// Where rows are further apart than `most` nanoseconds.
fn gaps(points: &[(u64, f64)], most: u64) -> Vec<(u64, u64)> {
    let pairs = points.windows(2).map(|pair| (pair[0].0, pair[1].0));
    pairs.filter(|(from, to)| to - from > most).collect()
}

fn holds(
    link: LinkTarget,
    gaps: &[(u64, u64)],
    repeat: Option<u64>,
    lowering: &mut Lowering<'_>,
) -> Result<(), Refusal> {
    let start = lowering.window.from;
    let end = lowering.window.until.unwrap_or(lowering.stop);
    let end = end.min(lowering.stop);
    let mut round = start;
    let mut count = 0;
    while round < end && !gaps.is_empty() {
        for (from, to) in gaps {
            let at = |ns: u64| round.saturating_add(VirtualDuration::from_nanos(ns));
            lowering.overlay_between(at(*from), Some(at(*to)), Primitive::LinkHold { link });
            count += 1;
            if count > HOLDS_MAX {
                let issue = Issue::new(format!("more than {HOLDS_MAX} gaps"), 0..0);
                return Err(Refusal::arg("gap", issue.help("make it longer")));
            }
        }
        match repeat {
            Some(length) => round = round.saturating_add(VirtualDuration::from_nanos(length)),
            None => break,
        }
    }
    Ok(())
}
