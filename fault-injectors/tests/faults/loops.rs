//! Faults of control loops and their signals: golden plans, draws, refusals.

use crate::common::{fault, integer, minute, number, plan, text};
use crate::lowering::plan_of;
use squall_core::plan::{Primitive, SignalRule};
use squall_faults::LowerError;
use squall_faults::param::{Node, NodeKey, Raw};

fn table(entries: &[(&str, Node)]) -> Node {
    let key = |name: &str| NodeKey {
        name: name.into(),
        span: 0..0,
    };
    let raw = Raw::Table(entries.iter().map(|(k, v)| (key(k), v.clone())).collect());
    Node { span: 0..0, raw }
}

fn signals(out: &mut String, m: &[(&str, Node)]) {
    let all = ("sensor", text("loop.sensor"));
    let one = ("sensor", text("loop.sensor[0]"));
    let mut plan = |name: &str, args: &[(&str, Node)]| plan_of(out, name, args, m);
    plan("sensor-off", std::slice::from_ref(&all));
    plan("sensor-stuck", std::slice::from_ref(&one));
    let rhythm = [one.clone(), ("up", text("12s")), ("down", text("3s"))];
    plan("sensor-intermittent", &rhythm);
    let value = ("value", text("±uniform 1 2"));
    plan("sensor-bias", &[all.clone(), value]);
    plan("sensor-drift", &[one.clone(), ("rate", number(-0.5))]);
    plan("sensor-noise", std::slice::from_ref(&one));
    plan("sensor-noise", &[all.clone(), ("sd", number(2.0))]);
    plan("sensor-outlier", std::slice::from_ref(&one));
    plan("sensor-outlier", &[one.clone(), ("size", number(7.0))]);
    plan("sensor-delay", std::slice::from_ref(&one));
    plan("sensor-slow", std::slice::from_ref(&one));
    for value in ["nan", "inf", "-inf", "denormal", "garbage"] {
        plan("sensor-nan", &[one.clone(), ("value", text(value))]);
    }
    let twice = ("duplicate", number(0.01));
    plan("sensor-reorder", &[one.clone(), twice]);
    plan("sensor-saturate", &[one.clone(), ("limit", number(4.0))]);
    plan("stamp-skew", &[all.clone(), ("offset", text("-20ms"))]);
    plan("sensor-clock-offset", std::slice::from_ref(&all));
    plan("gnss-jump", &[all.clone(), ("state", text("single"))]);
    plan("gnss-multipath", std::slice::from_ref(&all));
}

fn devices(out: &mut String, m: &[(&str, Node)]) {
    let it = ("actuator", text("loop.actuator"));
    let of = ("loop", text("loop"));
    let mut plan = |name: &str, args: &[(&str, Node)]| plan_of(out, name, args, m);
    plan("sensor-quantise", &[of.clone(), ("step", number(0.25))]);
    plan("frame-swap", &[of.clone(), ("scale", number(-1.0))]);
    plan("actuator-stuck", std::slice::from_ref(&it));
    plan("actuator-off", std::slice::from_ref(&it));
    plan("actuator-off", &[it.clone(), ("output", text("zero"))]);
    let limits = [it.clone(), ("value", number(2.0)), ("rate", number(10.0))];
    plan("actuator-limit", &limits);
    plan("actuator-limit", &limits[..2]);
    plan("actuator-limit", &[it.clone(), ("rate", number(10.0))]);
    plan("actuator-runaway", &[it.clone(), ("to", number(-3.0))]);
    let lag = ("time_constant", text("50ms"));
    plan("actuator-lag", &[of.clone(), lag]);
    plan("actuator-dead-zone", &[of.clone(), ("width", number(0.2))]);
    plan("actuator-invert", std::slice::from_ref(&of));
}

fn loops(out: &mut String, m: &[(&str, Node)]) {
    let of = ("loop", text("loop"));
    let short = [("at", text("1m")), ("for", text("50ms"))];
    plan_of(out, "deadline-overrun", std::slice::from_ref(&of), &short);
    let policy = [
        of.clone(),
        ("pattern", text("oox")),
        ("policy", text("kill")),
        ("output", text("zero")),
        ("state", text("advance")),
    ];
    plan_of(out, "deadline-overrun", &policy, &short);
    plan_of(out, "job-loss", &[of.clone(), ("p", number(0.1))], m);
    let bursts = table(&[("begin", number(0.01)), ("end", number(0.5))]);
    let counts = ("counts", text("output-dropped"));
    plan_of(
        out,
        "job-loss",
        &[of.clone(), ("bursts", bursts), counts],
        m,
    );
    plan_of(out, "input-output-delay", std::slice::from_ref(&of), m);
    plan_of(
        out,
        "page-fault-stall",
        &[of.clone(), ("faults", number(0.5))],
        m,
    );
    let every = ("every", text("10s"));
    plan_of(out, "lock-inversion", &[of, every], m);
}

fn buses(out: &mut String, m: &[(&str, Node)]) {
    let one = ("links", text("kv[0] -> kv[2]"));
    let both = ("links", text("kv[0] <-> kv[2]"));
    let mut plan = |name: &str, args: &[(&str, Node)]| plan_of(out, name, args, m);
    plan("can-loss", std::slice::from_ref(&one));
    plan("can-corrupt", std::slice::from_ref(&one));
    plan("can-babble", std::slice::from_ref(&one));
    plan("can-babble", &[one.clone(), ("load", number(0.5))]);
    plan("can-bad-encode", &[("actuator", text("loop.actuator"))]);
    plan("can-bad-encode", &[("sensor", text("loop.sensor-1"))]);
    plan("two-active", std::slice::from_ref(&both));
    plan(
        "handover-gap",
        &[both.clone(), ("every", text("uniform 8s 12s"))],
    );
    plan("rtt-spike", std::slice::from_ref(&both));
    plan("bufferbloat", &[one.clone(), ("rate", text("100kbit/s"))]);
    plan("cloud-offload", &[both, ("file", text("log.csv"))]);
    let at = [("at", text("1m"))];
    let rail = ("rail", text("kv[0] + kv[1]"));
    plan_of(out, "brown-out", &[rail], &at);
    let board = ("nodes", text("kv[0]"));
    plan_of(out, "watchdog-reset", std::slice::from_ref(&board), m);
    let brief = [("at", text("1m")), ("for", text("80ms"))];
    plan_of(out, "watchdog-reset", &[board], &brief);
}

#[test]
fn golden_plans_of_loops() {
    let m = minute();
    let mut out = String::new();
    signals(&mut out, &m);
    devices(&mut out, &m);
    loops(&mut out, &m);
    buses(&mut out, &m);
    assert_eq!(out, include_str!("golden/loops.txt"), "GOLDEN\n{out}GOLDEN");
}

/// What is said about one wrong fault, with its help.
fn wrong(kind: &str, args: &[(&str, Node)]) -> String {
    let wrong: Vec<LowerError> = plan(&[fault(kind, args, &minute())]).expect_err("it is wrong");
    let issue = &wrong[0].issue;
    let more = [issue.label.clone(), issue.help.clone().unwrap_or_default()];
    format!("{} | {}", issue.message, more.join(" | "))
}

#[test]
fn what_is_wrong_is_said_with_a_remedy() {
    let sensor = |name: &str| [("sensor", text(name))];
    let check = |got: String, parts: &[&str]| {
        for part in parts {
            assert!(got.contains(part), "{got:?} does not say {part:?}");
        }
    };
    check(
        wrong("sensor-off", &sensor("loop.sensr")),
        &["unknown sensor `loop.sensr`", "loop.sensor"],
    );
    check(
        wrong("sensor-off", &sensor("loop.actuator")),
        &[
            "`loop.actuator` is an actuator, not a sensor",
            "loop.sensor",
        ],
    );
    check(
        wrong("actuator-stuck", &[("actuator", text("loop.sensor-0"))]),
        &["`loop.sensor-0` is a sensor, not a actuator"],
    );
    check(
        wrong("sensor-noise", &sensor("loop.sensor")),
        &["`loop.sensor-1` has no noise", "write `sd` instead"],
    );
    check(
        wrong("sensor-outlier", &sensor("loop.sensor-1")),
        &["`loop.sensor-1` has no noise", "measurement.noise"],
    );
    let size = |size: Node| [("sensor", text("loop.sensor-0")), ("size", size)];
    check(
        wrong("sensor-outlier", &size(text("far"))),
        &["`far` is no size"],
    );
    check(
        wrong("sensor-outlier", &size(number(-1.0))),
        &["is no size"],
    );
    let offset = [("sensor", text("loop.sensor")), ("offset", text("2s"))];
    check(
        wrong("stamp-skew", &offset),
        &["2s", "from 1ms to 100ms", "clock-step"],
    );
    check(
        wrong("actuator-limit", &[("actuator", text("loop.actuator"))]),
        &["without a limit"],
    );
    check(
        wrong("job-loss", &[("loop", text("shop")), ("p", number(0.1))]),
        &["`shop` is no control loop"],
    );
    let pattern = [("loop", text("loop")), ("pattern", text("oxL"))];
    check(wrong("deadline-overrun", &pattern), &["`L` is no period"]);
}

/// A sensor more or less moves no draw of another.
#[test]
fn each_sensor_has_draws_of_its_own() {
    let value = ("value", text("uniform 0 1"));
    let offsets = |sensor: &str| -> Vec<f64> {
        let args = [("sensor", text(sensor)), value.clone()];
        let plan = plan(&[fault("sensor-bias", &args, &minute())]).expect("a plan");
        let entries = plan.entries().iter();
        let offset = |primitive: &Primitive| match primitive {
            Primitive::Signal {
                rule: SignalRule::Bias { offset },
                ..
            } => *offset,
            other => panic!("{other:?}"),
        };
        entries.map(|entry| offset(&entry.primitive)).collect()
    };
    let both = offsets("loop.sensor");
    assert_ne!(both[0].to_bits(), both[1].to_bits());
    assert_eq!(offsets("loop.sensor-1"), both[1..]);
    let slow = [("sensor", text("loop.sensor")), ("factor", integer(7))];
    let plan = plan(&[fault("sensor-slow", &slow, &minute())]).expect("a plan");
    assert_eq!(plan.entries().len(), 2);
}
