//! What happens to the samples of a channel, as text.

use super::part;
use crate::param::{Unit, law_text};
use squall_core::plan::{Poison, SignalRule};

pub(super) fn effect(rule: &SignalRule) -> String {
    match rule {
        SignalRule::Delay { delay } => format!("samples late by {}", law_text(delay, Unit::Time)),
        SignalRule::Reorder {
            share,
            depth,
            copies,
        } => {
            let twice = match *copies > 0.0 {
                true => format!(", {copies} come twice"),
                false => String::new(),
            };
            format!("{} overtaken by {depth}{twice}", part(*share, "samples"))
        }
        SignalRule::Bias { offset } => format!("value {offset:+}"),
        SignalRule::Drift { rate } => format!("value drifts by {rate:+} a second"),
        SignalRule::Noise { sd } => format!("noise, sd {sd}"),
        SignalRule::Outlier { share, size } => {
            format!("{} off by ±{size}", part(*share, "samples"))
        }
        SignalRule::Stuck => "stuck".into(),
        SignalRule::Saturate { limit, rate } => match (limit, rate) {
            (Some(limit), Some(rate)) => format!("at most ±{limit}, ±{rate} a second"),
            (Some(limit), None) => format!("at most ±{limit}"),
            (None, Some(rate)) => format!("changes by at most {rate} a second"),
            (None, None) => "not limited".into(),
        },
        SignalRule::NonFinite { poison, share } => {
            format!("{} in {}", poison_text(*poison), part(*share, "samples"))
        }
        SignalRule::Off { passes } => match passes {
            Some(n) => format!("one sample in {n}"),
            None => "no samples".into(),
        },
    }
}

fn poison_text(poison: Poison) -> String {
    match poison {
        Poison::Nan => "nan".into(),
        Poison::Inf => "inf".into(),
        Poison::MinusInf => "-inf".into(),
        Poison::Denormal => "the least number above zero".into(),
        Poison::Garbage => "random bits".into(),
        Poison::Cast(bit) => format!("a nan cast to 32 bits, {bit} a bit,"),
    }
}
