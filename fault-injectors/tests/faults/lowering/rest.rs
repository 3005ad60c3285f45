//! Lowering of faults of clocks, calls and knobs.

use crate::common::{integer, number, text};
use crate::lowering::plan_of;
use squall_faults::param::Node;

/// Faults of clocks.
pub(super) fn of_clocks(out: &mut String, m: &[(&str, Node)]) {
    let on = |nodes: &str| ("nodes", text(nodes));
    plan_of(out, "clock-step", &[on("kv[0] + kv[1]")], m);
    let both = ("offset", text("-5s"));
    plan_of(
        out,
        "clock-step",
        &[on("kv[0]"), both, ("end", text("slew"))],
        m,
    );
    plan_of(
        out,
        "clock-drift",
        &[on("kv"), ("ppm", text("±uniform 20 50"))],
        m,
    );
    plan_of(out, "clock-strobe", &[on("kv[0]")], m);
    plan_of(
        out,
        "clock-freeze",
        &[on("kv[0]"), ("clock", text("both"))],
        m,
    );
    plan_of(
        out,
        "date-jump",
        &[on("kv[0]"), ("to", text("1970-01-02"))],
        m,
    );
    plan_of(
        out,
        "time-sync-loss",
        &[on("kv[0]"), ("ppm", integer(-100))],
        m,
    );
    let slew = ("resync", text("slew"));
    plan_of(out, "time-sync-loss", &[on("kv[0]"), slew], m);
    for mode in ["repeat", "step-back", "smear-24h"] {
        plan_of(out, "leap-second", &[on("kv[0]"), ("mode", text(mode))], m);
    }
}

/// Faults of calls.
pub(super) fn of_calls(out: &mut String, m: &[(&str, Node)]) {
    let service = ("service", text("shop.checkout"));
    plan_of(
        out,
        "call-error",
        &[
            service.clone(),
            ("when", text("after")),
            ("retry_after", text("2s")),
        ],
        m,
    );
    plan_of(
        out,
        "call-delay",
        &[service.clone(), ("client", text("host of shop not zone=a"))],
        m,
    );
    plan_of(out, "call-hang", &[service.clone(), ("p", number(0.5))], m);
    plan_of(out, "lost-reply", std::slice::from_ref(&service), m);
    plan_of(
        out,
        "rate-limit",
        &[service, ("rate", text("600/m")), ("unit", text("tokens"))],
        m,
    );
}

/// Faults of knobs.
pub(super) fn of_knobs(out: &mut String, m: &[(&str, Node)]) {
    plan_of(
        out,
        "knob-set",
        &[("name", text("shop.timeout")), ("value", text("250ms"))],
        m,
    );
    plan_of(out, "load-step", &[("workload", text("shop"))], m);
    let stages = Node {
        span: 0..0,
        raw: squall_faults::param::Raw::List(vec![number(0.2), number(1.0)]),
    };
    plan_of(
        out,
        "config-push",
        &[
            ("name", text("shop.mode")),
            ("value", text("closed")),
            ("nodes", text("kv")),
            ("stages", stages),
            ("bake", text("10s")),
        ],
        m,
    );
}
