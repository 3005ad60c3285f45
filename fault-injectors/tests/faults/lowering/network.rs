//! Lowering of faults of links.

use crate::common::{fault, flag, integer, minute, number, plan, text, world};
use crate::lowering::plan_of;
use crate::refusal::wrong;
use squall_core::VirtualTime;
use squall_faults::param::{Node, Recording, Value};
use squall_faults::plan_text;

/// Delay, loss, cuts.
pub(super) fn of_links(out: &mut String, m: &[(&str, Node)]) {
    plan_of(
        out,
        "link-delay",
        &[("links", text("gateway[0] <-> model[1]"))],
        m,
    );
    plan_of(
        out,
        "link-loss",
        &[
            ("from", text("gateway[0]")),
            ("to", text("model")),
            ("p", number(0.3)),
        ],
        m,
    );
    plan_of(
        out,
        "link-cut",
        &[
            ("from", text("kv[0]")),
            ("to", text("kv[1]")),
            ("both", flag(true)),
        ],
        m,
    );
    plan_of(
        out,
        "link-flap",
        &[
            ("links", text("kv[0] -> kv[1]")),
            ("mode", text("refuse")),
            ("up", text("7s")),
        ],
        m,
    );
}

/// What links do to messages, and to connections.
pub(super) fn of_traffic(out: &mut String, m: &[(&str, Node)]) {
    let one = ("links", text("kv[0] -> kv[1]"));
    let step = ("step", text("10ms"));
    plan_of(
        out,
        "burst-loss",
        &[one.clone(), step, ("loss_good", number(0.01))],
        m,
    );
    plan_of(
        out,
        "link-duplicate",
        &[one.clone(), ("copies", integer(2))],
        m,
    );
    plan_of(
        out,
        "link-reorder",
        &[one.clone(), ("by", text("5 messages"))],
        m,
    );
    plan_of(
        out,
        "link-corrupt",
        &[one.clone(), ("seen", text("silent"))],
        m,
    );
    plan_of(out, "clog", std::slice::from_ref(&one), m);
    let rate = ("rate", text("1Mbit/s"));
    plan_of(
        out,
        "link-rate",
        &[("links", text("kv[0] <-> kv[1]")), rate],
        m,
    );
    plan_of(out, "path-capacity", std::slice::from_ref(&one), m);
    trace_of(out, &one);
    plan_of(out, "half-open", &[one.clone(), ("ends", text("both"))], m);
    let every = Node::table(vec![("mean", text("1m")), ("count", integer(2))]);
    let when = [("at", text("1m")), ("every", every)];
    let after = ("after", text("2s"));
    plan_of(
        out,
        "connection-reset",
        &[one.clone(), after, ("ends", text("from"))],
        &when,
    );
    plan_of(out, "connection-reset", &[one, ("rate", text("0.1/s"))], m);
    plan_of(out, "swizzle-clog", &[("links", text("kv -> model"))], m);
}

/// A recording of three seconds with a hole in it, again and again.
fn trace_of(out: &mut String, one: &(&str, Node)) {
    let args = [one.clone(), ("file", text("log.csv")), ("loop", flag(true))];
    let mut fault = fault("link-trace", &args, &minute());
    let unread = plan(std::slice::from_ref(&fault)).expect("a plan");
    assert_eq!(unread.faults[0].notes, ["its file has not been read"]);
    fault.args.walk_mut(&mut |arg| {
        if let Value::Recording(_, read) = &mut arg.value {
            let at = |ms: u64| ms * 1_000_000;
            *read = Some(Recording {
                delay: vec![
                    (at(500), 1e6),
                    (at(1000), 2e6),
                    (at(9000), 3e6),
                    (at(9500), 1e6),
                ],
                capacity: Vec::new(),
            });
        }
    });
    let plan = plan(&[fault.clone()]).expect("a plan");
    out.push_str(&format!("link-trace\n{}", plan_text(&plan, &world())));
    fault.args.walk_mut(&mut |arg| {
        if let Value::Word("delay") = arg.value {
            arg.value = Value::Word("capacity");
        }
    });
    assert_eq!(
        wrong(&[fault]),
        ["0: the file has no column of capacity | "]
    );
}

/// A set that falls apart.
pub(super) fn of_splits(out: &mut String, m: &[(&str, Node)]) {
    plan_of(
        out,
        "partition",
        &[
            ("nodes", text("kv")),
            ("split", text("isolate-one")),
            ("symmetric", flag(false)),
        ],
        m,
    );
}

#[test]
fn splits_have_their_shapes() {
    let cuts = |split: &str, symmetric: bool| {
        let args = [
            ("nodes", text("kv")),
            ("split", text(split)),
            ("symmetric", flag(symmetric)),
        ];
        plan(&[fault("partition", &args, &minute())])
            .unwrap()
            .entries()
            .len()
    };
    // Five nodes: 2 + 3, 1 + 4, 1 + 4, five pairs two apart, 2 + 2 beside the bridge.
    assert_eq!(cuts("halves", true), 12);
    assert_eq!(cuts("halves", false), 6);
    assert_eq!(cuts("isolate-one", true), 8);
    assert_eq!(cuts("minority-third", true), 8);
    assert_eq!(cuts("ring", true), 10);
    assert_eq!(cuts("bridge", true), 8);
}

/// Resets at random times keep their rate, and each link has times of its own.
#[test]
fn resets_come_at_their_rate() {
    let args = [("links", text("kv[0] -> kv")), ("rate", text("2/s"))];
    let when = [("at", text("0s")), ("for", text("forever"))];
    let plan = plan(&[fault("connection-reset", &args, &when)]).unwrap();
    // Four links, ten minutes: 4800, give or take four times 69.
    let count = plan.entries().len();
    assert!((4520..5080).contains(&count), "{count}");
    let mut times: Vec<_> = plan.entries().iter().map(|e| e.from).collect();
    times.sort_unstable();
    times.dedup();
    assert_eq!(times.len(), count);
}

#[test]
fn a_swizzle_frees_in_another_order_and_takes_half_of_the_fault_at_most() {
    let args = [("links", text("kv <-> model")), ("spread", text("1m"))];
    let plan = plan(&[fault("swizzle-clog", &args, &minute())]).unwrap();
    let entries = plan.entries();
    assert_eq!(entries.len(), 10);
    let half = at_s(75);
    assert!(
        entries
            .iter()
            .all(|e| e.from < half && e.until > Some(half))
    );
    let ends: Vec<_> = entries.iter().map(|e| e.until).collect();
    assert!(entries.is_sorted_by_key(|e| e.from) && !ends.is_sorted());
    assert_eq!(ends.iter().max(), Some(&Some(at_s(90))));
}

fn at_s(s: u64) -> VirtualTime {
    VirtualTime::from_nanos(s * 1_000_000_000)
}
