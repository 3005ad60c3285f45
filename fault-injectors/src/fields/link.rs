//! Fields of links.

use super::words::word;
use super::{
    CORRELATION, Field, LESS, LINK, SHARE, SMALL, UNIT, Visit, Weak, delay_field, name, one_of,
    whole, words,
};
use crate::param::Unit;
use squall_core::plan::{CutScope, GilbertElliott, Primitive, QueueLimit, Traced};

pub(super) fn link_fields(primitive: &mut Primitive, visit: &mut Visit<'_>) {
    let spared = name("bytes", "larger messages are cut");
    match primitive {
        Primitive::LinkDelay {
            link,
            delay,
            mode,
            correlation,
        } => {
            visit(LINK, Field::Link(link));
            delay_field(delay, *mode, visit);
            visit(CORRELATION, Field::Number(correlation, UNIT, Weak::Fixed));
        }
        Primitive::LinkLoss {
            link,
            share,
            correlation,
        } => {
            visit(LINK, Field::Link(link));
            visit(SHARE, Field::Number(share, UNIT, LESS));
            visit(CORRELATION, Field::Number(correlation, UNIT, Weak::Fixed));
        }
        Primitive::LinkBurstLoss { link, chain } => {
            visit(LINK, Field::Link(link));
            let GilbertElliott {
                p,
                r,
                loss_good,
                loss_bad,
                step,
            } = chain;
            visit(
                name("p", "chance of a step to bad"),
                Field::Number(p, UNIT, LESS),
            );
            visit(
                name("r", "chance of a step back"),
                Field::Number(r, UNIT, Weak::Fixed),
            );
            visit(
                name("loss_good", "share lost in good"),
                Field::Number(loss_good, UNIT, LESS),
            );
            visit(
                name("loss_bad", "share lost in bad"),
                Field::Number(loss_bad, UNIT, LESS),
            );
            visit(
                name("step", "time between steps; a message if missing"),
                Field::LengthOpt(step),
            );
        }
        Primitive::LinkCorrupt { link, corrupt } => {
            visit(LINK, Field::Link(link));
            visit(SHARE, Field::Number(&mut corrupt.share, UNIT, LESS));
            let who = name("seen", "who notices");
            word(who, &mut corrupt.seen, words::CORRUPTION, visit);
            let off = name(
                "bus_off",
                "time off the bus after too many; no bus if missing",
            );
            visit(off, Field::LengthOpt(&mut corrupt.bus_off));
        }
        Primitive::LinkDuplicate { link, duplicate } => {
            visit(LINK, Field::Link(link));
            visit(SHARE, Field::Number(&mut duplicate.share, UNIT, LESS));
            let copies = name("copies", "copies of each, beside itself");
            whole(copies, &mut duplicate.copies, Weak::Fixed, visit);
            visit(
                name("after", "how much later copies come"),
                Field::Length(&mut duplicate.after, Weak::Fixed),
            );
            visit(
                name("only", "requests to this service; everything if missing"),
                Field::ServiceOpt(&mut duplicate.only),
            );
        }
        Primitive::LinkRate { link, bandwidth } => {
            visit(LINK, Field::Link(link));
            visit(
                name("rate", "no limit if missing"),
                Field::RateOpt(&mut bandwidth.rate, Weak::Up),
            );
            let burst = name("burst", "bytes that pass at once after a pause");
            visit(burst, Field::Size(&mut bandwidth.burst, Weak::Fixed));
            queue_fields(&mut bandwidth.queue, visit);
        }
        Primitive::LinkTrace {
            link,
            traced,
            series,
        } => {
            visit(LINK, Field::Link(link));
            let weak = match traced {
                Traced::Delay => LESS,
                Traced::Capacity => Weak::Up,
            };
            let doc = "time and value, nanoseconds or bytes a second: [\"0s 5000000\"]; the last may be \"2s again\"";
            visit(name("series", doc), Field::Series(series, weak));
        }
        Primitive::LinkReorder { link, reorder } => {
            visit(LINK, Field::Link(link));
            visit(SHARE, Field::Number(&mut reorder.share, UNIT, LESS));
            visit(
                name("by", "how long they wait"),
                Field::HoldBack(&mut reorder.by),
            );
        }
        Primitive::LinkClog {
            link,
            share,
            length,
        } => {
            visit(LINK, Field::Link(link));
            visit(SHARE, Field::Number(share, UNIT, LESS));
            visit(
                name("length", "time clogged"),
                Field::Law(length, Unit::Time, LESS),
            );
        }
        Primitive::LinkCut { link, mode, scope } => {
            visit(LINK, Field::Link(link));
            word(
                name("mode", "whether senders notice"),
                mode,
                words::CUT_MODE,
                visit,
            );
            match scope {
                CutScope::All | CutScope::Existing => {}
                CutScope::Above(bytes) => visit(spared, Field::Size(bytes, Weak::Up)),
            }
        }
        Primitive::LinkReset { link, ends } => {
            visit(LINK, Field::Link(link));
            word(
                name("ends", "which ends see it"),
                ends,
                words::RESET_ENDS,
                visit,
            );
        }
        Primitive::LinkHold { link } => visit(LINK, Field::Link(link)),
        _ => unreachable!("only primitives of links come here"),
    }
}

fn queue_fields(queue: &mut Option<QueueLimit>, visit: &mut Visit<'_>) {
    let narrow = |n: u32| Some(u64::from(n));
    let (mut bytes, mut messages, mut flight) = match queue {
        None => (None, None, None),
        Some(QueueLimit::Bytes(n)) => (Some(*n), None, None),
        Some(QueueLimit::Messages(n)) => (None, narrow(*n), None),
        Some(QueueLimit::InFlight(n)) => (None, None, narrow(*n)),
    };
    let at = |key, doc| one_of("queue", key, doc);
    visit(at("queue", "bytes that wait"), Field::SizeOpt(&mut bytes));
    let waiting = at("queue_messages", "messages that wait");
    visit(waiting, Field::CountOpt(&mut messages, SMALL));
    let under_way = at("in_flight", "messages under way");
    visit(under_way, Field::CountOpt(&mut flight, SMALL));
    let small = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    *queue = (bytes.map(QueueLimit::Bytes))
        .or(messages.map(|n| QueueLimit::Messages(small(n))))
        .or(flight.map(|n| QueueLimit::InFlight(small(n))));
}
