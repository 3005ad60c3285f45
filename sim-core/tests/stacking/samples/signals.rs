//! Channels.

use super::{Rule, Sample, law, sample, signal};
use squall_core::plan::{Poison, SignalRule};

pub(super) fn signals(share: f64, half: f64) -> Vec<Sample> {
    let late = |by| signal(SignalRule::Delay { delay: law(by) });
    let reorder = |depth| {
        signal(SignalRule::Reorder {
            share,
            depth,
            copies: 0.0,
        })
    };
    let bias = |offset| signal(SignalRule::Bias { offset });
    let drift = |rate| signal(SignalRule::Drift { rate });
    let noise = |sd| signal(SignalRule::Noise { sd });
    let outlier = |share, size| signal(SignalRule::Outlier { share, size });
    let limit = |limit| {
        signal(SignalRule::Saturate {
            limit: Some(limit),
            rate: None,
        })
    };
    let poison = |poison| signal(SignalRule::NonFinite { poison, share });
    vec![
        sample("signal delay", late(3), late(5)),
        sample("signal reorder", reorder(2), reorder(3)),
        sample("bias", bias(1.0), bias(-3.0)),
        sample("signal drift", drift(1.0), drift(0.5)),
        sample("noise", noise(1.0), noise(2.0)).counts(),
        sample("outlier", outlier(share, 50.0), outlier(half, 90.0))
            .rule(Rule::OrderOfItself)
            .counts(),
        sample(
            "stuck",
            signal(SignalRule::Stuck),
            signal(SignalRule::Stuck),
        ),
        sample("saturate", limit(4.0), limit(3.0)),
        sample("non-finite", poison(Poison::Nan), poison(Poison::Inf)).rule(Rule::OrderOfItself),
        sample(
            "off",
            signal(SignalRule::Off { passes: None }),
            signal(SignalRule::Off { passes: None }),
        ),
    ]
}
