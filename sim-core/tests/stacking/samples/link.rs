//! Links.

use super::{LINK, Rule, Sample, law, ms, sample, speed};
use squall_core::plan::{
    Arithmetic, Corrupt, Corruption, CutMode, CutScope, Duplicate, GilbertElliott, HoldBack,
    Primitive, Reorder, ResetEnds, Series, Traced,
};
use squall_core::{Law, VirtualDuration};

pub(super) fn link(share: f64, half: f64) -> Vec<Sample> {
    let link = LINK;
    let delay = |ms, mode| Primitive::LinkDelay {
        link,
        delay: law(ms),
        mode,
        correlation: 0.0,
    };
    let scale = |by| Primitive::LinkDelay {
        link,
        delay: Law::Constant(by),
        mode: Arithmetic::Scale,
        correlation: 0.0,
    };
    let loss = |share| Primitive::LinkLoss {
        link,
        share,
        correlation: 0.0,
    };
    let burst = |p| Primitive::LinkBurstLoss {
        link,
        // At the full share it stays in bad: how many messages there were means nothing then.
        chain: GilbertElliott {
            p,
            r: 0.6 * (1.0 - share),
            loss_good: 0.0,
            loss_bad: 1.0,
            step: None,
        },
    };
    let corrupt = |share, seen| Primitive::LinkCorrupt {
        link,
        corrupt: Corrupt::new(share, seen),
    };
    let copies = |copies| Primitive::LinkDuplicate {
        link,
        duplicate: Duplicate {
            share,
            copies,
            after: VirtualDuration::ZERO,
            only: None,
        },
    };
    let rate = |rate| Primitive::LinkRate {
        link,
        bandwidth: speed(rate),
    };
    let trace = |ms: u64| Primitive::LinkTrace {
        link,
        traced: Traced::Delay,
        series: Series::new(vec![(0, ms as f64 * 1e6)], None),
    };
    let reorder = |ms_| Primitive::LinkReorder {
        link,
        reorder: Reorder {
            share,
            by: HoldBack::Time(ms(ms_)),
        },
    };
    let clog = |share| Primitive::LinkClog {
        link,
        share,
        length: law(30),
    };
    let cut = |mode| Primitive::LinkCut {
        link,
        mode,
        scope: CutScope::All,
    };
    let reset = Primitive::LinkReset {
        link,
        ends: ResetEnds::Both,
    };
    let hold = Primitive::LinkHold { link };
    vec![
        sample(
            "delay add",
            delay(7, Arithmetic::Add),
            delay(9, Arithmetic::Add),
        ),
        sample(
            "delay replace",
            delay(4, Arithmetic::Replace),
            delay(5, Arithmetic::Replace),
        )
        .rule(Rule::Order("delay")),
        sample("delay scale", scale(2.0), scale(3.0)),
        sample("loss", loss(share), loss(half)).removes(),
        sample("burst-loss", burst(share), burst(half)).removes(),
        sample(
            "corrupt",
            corrupt(share, Corruption::Detected),
            corrupt(half, Corruption::Silent),
        ),
        sample("duplicate", copies(1), copies(2)),
        sample("rate", rate(20_000.0), rate(30_000.0)),
        sample("delay-trace", trace(3), trace(6)).rule(Rule::Order("delay")),
        sample("reorder", reorder(25), reorder(35)),
        sample("clog", clog(share), clog(half)),
        sample("cut", cut(CutMode::Drop), cut(CutMode::Refuse)),
        sample("reset", reset.clone(), reset).quiet(),
        sample("hold", hold.clone(), hold),
    ]
}
