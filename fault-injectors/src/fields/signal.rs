//! Fields of signals.

use super::words::word;
use super::{ANY, Field, LESS, POSITIVE, SHARE, SMALL, UNIT, Visit, Weak, name, whole, words};
use crate::param::Unit;
use squall_core::plan::{Poison, SignalRule};

pub(super) fn signal_fields(rule: &mut SignalRule, visit: &mut Visit<'_>) {
    match rule {
        SignalRule::Delay { delay } => {
            visit(name("delay", "added"), Field::Law(delay, Unit::Time, LESS));
        }
        SignalRule::Reorder {
            share,
            depth,
            copies,
        } => {
            visit(SHARE, Field::Number(share, UNIT, LESS));
            whole(
                name("depth", "later samples that arrive first"),
                depth,
                Weak::Fixed,
                visit,
            );
            visit(
                name("copies", "share that arrives twice"),
                Field::Number(copies, UNIT, LESS),
            );
        }
        SignalRule::Bias { offset } => {
            visit(name("offset", "added"), Field::Number(offset, ANY, LESS));
        }
        SignalRule::Drift { rate } => {
            visit(
                name("rate", "growth a second"),
                Field::Number(rate, ANY, LESS),
            );
        }
        SignalRule::Noise { sd } => {
            visit(
                name("sd", "standard deviation"),
                Field::Number(sd, POSITIVE, LESS),
            );
        }
        SignalRule::Outlier { share, size } => {
            visit(SHARE, Field::Number(share, UNIT, LESS));
            visit(
                name("size", "added or taken away"),
                Field::Number(size, ANY, LESS),
            );
        }
        SignalRule::Stuck => {}
        SignalRule::Saturate { limit, rate } => {
            let most = name("limit", "largest absolute value");
            visit(most, Field::NumberOpt(limit, POSITIVE, Weak::Up));
            let change = name("rate", "largest change a second");
            visit(change, Field::NumberOpt(rate, POSITIVE, Weak::Up));
        }
        SignalRule::NonFinite { poison, share } => {
            match poison {
                Poison::Cast(bit) => {
                    let at = name("bit", "what one bit of the field counts");
                    visit(at, Field::Number(bit, ANY, Weak::Fixed));
                }
                other => word(
                    name("poison", "what arrives instead"),
                    other,
                    words::POISON,
                    visit,
                ),
            }
            visit(SHARE, Field::Number(share, UNIT, LESS));
        }
        SignalRule::Off { passes } => {
            let mut wide = passes.map(u64::from);
            let at = name(
                "passes",
                "every so many samples one passes; none if missing",
            );
            visit(at, Field::CountOpt(&mut wide, (1, SMALL.1)));
            *passes = wide.map(|n| u32::try_from(n).unwrap_or(u32::MAX));
        }
    }
}
