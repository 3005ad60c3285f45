//! What the primitives of links do, as text.

use crate::param::{Unit, bandwidth_text, law_text, size_text};
use squall_core::plan::{
    Arithmetic, Bandwidth, Corruption, CutMode, CutScope, GilbertElliott, HoldBack, Primitive,
    QueueLimit, ResetEnds, Traced,
};
use std::fmt::Write as _;

/// What such a primitive does to its link; nothing for others.
pub(super) fn effect(primitive: &Primitive) -> String {
    match primitive {
        Primitive::LinkDelay {
            delay,
            mode,
            correlation,
            ..
        } => {
            let mut text = match mode {
                Arithmetic::Add => format!("delay + {}", law_text(delay, Unit::Time)),
                Arithmetic::Scale => format!("delay x {}", law_text(delay, Unit::Plain)),
                Arithmetic::Replace => format!("delay = {}", law_text(delay, Unit::Time)),
            };
            if *correlation > 0.0 {
                let _ = write!(text, ", correlation {correlation}");
            }
            text
        }
        Primitive::LinkLoss {
            share, correlation, ..
        } => match *correlation > 0.0 {
            true => format!("loss {share}, correlation {correlation}"),
            false => format!("loss {share}"),
        },
        Primitive::LinkBurstLoss { chain, .. } => burst_loss(chain),
        Primitive::LinkCorrupt { corrupt, .. } => {
            let seen = match corrupt.seen {
                Corruption::Detected => "detected",
                Corruption::Silent => "silently",
            };
            let bus = match corrupt.bus_off {
                Some(off) => format!(", off the bus for {off} after too many"),
                None => String::new(),
            };
            format!("{} damaged, {seen}{bus}", corrupt.share)
        }
        Primitive::LinkDuplicate { duplicate, .. } => {
            let what = duplicate.only.map_or("", |_| " of the requests");
            let after = match duplicate.after.is_zero() {
                true => String::new(),
                false => format!(", {} later", duplicate.after),
            };
            let (share, copies) = (duplicate.share, duplicate.copies);
            format!("{share}{what} sent {copies} more times{after}")
        }
        Primitive::LinkRate { bandwidth, .. } => rate(bandwidth),
        Primitive::LinkTrace { traced, series, .. } => {
            let of = match traced {
                Traced::Delay => "delay",
                Traced::Capacity => "capacity",
            };
            format!("{of} as recorded, {} values", series.len())
        }
        Primitive::LinkReorder { reorder, .. } => match reorder.by {
            HoldBack::Time(time) => format!("{} held back by {time}", reorder.share),
            HoldBack::Messages(n) => format!("{} held back by {n} messages", reorder.share),
        },
        Primitive::LinkClog { share, length, .. } => {
            format!("clogged by {share}, for {}", law_text(length, Unit::Time))
        }
        Primitive::LinkReset { ends, .. } => match ends {
            ResetEnds::Both => "connections reset".into(),
            ResetEnds::From => "connections reset, the sender sees it".into(),
            ResetEnds::To => "connections reset, the receiver sees it".into(),
        },
        Primitive::LinkCut { mode, scope, .. } => {
            let how = match mode {
                CutMode::Drop => "silently",
                CutMode::Refuse => "senders notice",
            };
            match scope {
                CutScope::All => format!("cut, {how}"),
                CutScope::Existing => format!("open connections cut, {how}"),
                CutScope::Above(bytes) => format!("cut above {}, {how}", size_text(*bytes)),
            }
        }
        Primitive::LinkHold { .. } => "held".into(),
        _ => String::new(),
    }
}

fn burst_loss(chain: &GilbertElliott) -> String {
    let mut text = format!("burst loss, p {} r {}", chain.p, chain.r);
    if (chain.loss_good, chain.loss_bad) != (0.0, 1.0) {
        let _ = write!(text, ", losing {} and {}", chain.loss_good, chain.loss_bad);
    }
    if let Some(step) = chain.step {
        let _ = write!(text, ", a step every {step}");
    }
    text
}

fn rate(bandwidth: &Bandwidth) -> String {
    let mut parts = Vec::new();
    if let Some(rate) = bandwidth.rate {
        parts.push(format!("at most {}", bandwidth_text(rate)));
        if bandwidth.burst > 0 {
            parts.push(format!("burst {}", size_text(bandwidth.burst)));
        }
    }
    match bandwidth.queue {
        Some(QueueLimit::Bytes(bytes)) => parts.push(format!("queue {}", size_text(bytes))),
        Some(QueueLimit::Messages(n)) => parts.push(format!("queue of {n} messages")),
        Some(QueueLimit::InFlight(n)) => parts.push(format!("{n} messages in flight")),
        None => {}
    }
    parts.join(", ")
}
