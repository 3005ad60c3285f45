//! Lowering: a golden plan for every fault, and draws that stand on their own.

use crate::common::{fault, flag, integer, minute, number, plan, stop, text, world};
use squall_core::plan::{Entry, Plan};
use squall_core::{Seed, VirtualTime};
use squall_faults::param::{Node, Recording, Value};
use squall_faults::{FaultUse, catalog, lower, plan_text};

/// Golden plans of the families that have files of their own.
const GOLDEN_ELSEWHERE: &str = include_str!("golden/loops.txt");

/// The plan of one fault as text, under its name.
pub(crate) fn plan_of(out: &mut String, name: &str, args: &[(&str, Node)], when: &[(&str, Node)]) {
    let plan = plan(&[fault(name, args, when)]).unwrap_or_else(|e| panic!("{name}: {e:?}"));
    let kind = catalog::find(name).expect("a fault of the catalogue");
    for entry in plan.entries() {
        let part = entry.primitive.name();
        assert!(
            kind.lowers_to.contains(&part),
            "{name} does not declare {part}"
        );
    }
    out.push_str(&format!("{name}\n{}", plan_text(&plan, &world())));
}

/// The faults of links that came later.
fn links_of(out: &mut String, m: &[(&str, Node)]) {
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

/// Faults of disks, and of the power under them.
fn disk_plans(out: &mut String, m: &[(&str, Node)]) {
    let kv = ("nodes", text("kv[0]"));
    let with = |more: &[(&'static str, Node)]| {
        let mut args = vec![kv.clone()];
        args.extend(more.iter().cloned());
        args
    };
    let at = [("at", text("2m"))];
    plan_of(out, "power-loss", &with(&[]), &at);
    plan_of(
        out,
        "power-loss",
        &with(&[("unsynced", number(0.3)), ("torn", number(0.0))]),
        m,
    );
    plan_of(out, "reimage", &with(&[("seen", text("reset"))]), &at);
    let path = ("path", text("raft/*"));
    plan_of(out, "disk-slow", &with(std::slice::from_ref(&path)), m);
    let factor = ("factor", number(20.0));
    plan_of(
        out,
        "disk-slow",
        &with(&[factor, ("ops", text("fsync")), ("p", number(0.5))]),
        m,
    );
    plan_of(out, "disk-pause", &with(&[]), m);
    plan_of(out, "disk-error", &with(std::slice::from_ref(&path)), m);
    for mode in ["detach", "read-only"] {
        plan_of(out, "disk-error", &with(&[("mode", text(mode))]), m);
    }
    plan_of(out, "disk-full", &with(&[]), m);
    let fill = ("fill", text("50MiB/s"));
    plan_of(
        out,
        "disk-full",
        &with(&[fill, ("reserve", text("1GiB"))]),
        m,
    );
    plan_of(out, "lying-fsync", &with(&[("p", number(0.25))]), m);
    plan_of(out, "torn-write", &with(&[("unit", text("4KiB"))]), m);
    plan_of(out, "fsync-stall", &with(&[]), m);
    plan_of(out, "fail-slow-disk", &with(&[]), m);
    plan_of(out, "bit-rot", &with(&[("per", text("day"))]), m);
    plan_of(out, "bit-rot", &with(&[("seen", text("checksum"))]), m);
    plan_of(out, "misdirect", &with(&[path]), m);
}

#[test]
fn golden_plans() {
    let m = minute();
    let mut out = String::new();
    let out = &mut out;
    plan_of(
        out,
        "node-loss",
        &[
            ("nodes", text("any 1 of kv")),
            ("restart_after", text("20s")),
        ],
        &[("at", text("2m"))],
    );
    plan_of(out, "node-pause", &[("nodes", text("minority of kv"))], &m);
    plan_of(
        out,
        "link-delay",
        &[("links", text("gateway[0] <-> model[1]"))],
        &m,
    );
    plan_of(
        out,
        "link-loss",
        &[
            ("from", text("gateway[0]")),
            ("to", text("model")),
            ("p", number(0.3)),
        ],
        &m,
    );
    plan_of(
        out,
        "link-cut",
        &[
            ("from", text("kv[0]")),
            ("to", text("kv[1]")),
            ("both", flag(true)),
        ],
        &m,
    );
    plan_of(
        out,
        "link-flap",
        &[
            ("links", text("kv[0] -> kv[1]")),
            ("mode", text("refuse")),
            ("up", text("7s")),
        ],
        &m,
    );
    links_of(out, &m);
    plan_of(
        out,
        "partition",
        &[
            ("nodes", text("kv")),
            ("split", text("isolate-one")),
            ("symmetric", flag(false)),
        ],
        &m,
    );

    plan_of(out, "cpu-slow", &[("nodes", text("kv[0]"))], &m);
    plan_of(out, "cpu-throttle", &[("nodes", text("kv[0] + kv[1]"))], &m);
    plan_of(
        out,
        "gc-pause",
        &[("nodes", text("kv[3]")), ("every", text("9s"))],
        &m,
    );
    plan_of(
        out,
        "thermal-throttle",
        &[("nodes", text("kv[0]")), ("ramp", text("12s"))],
        &m,
    );
    let on = |nodes: &str| ("nodes", text(nodes));
    plan_of(out, "cpu-steal", &[on("kv[0] + kv[1]")], &m);
    plan_of(out, "cpu-hog", &[on("gateway[0]")], &m);
    plan_of(
        out,
        "core-loss",
        &[on("gateway[0]"), ("cores", integer(3))],
        &m,
    );
    let every = ("every", text("9s"));
    plan_of(out, "scheduler-jitter", &[on("kv[3]"), every], &m);
    plan_of(out, "noisy-neighbour", &[on("kv[0]")], &m);

    plan_of(out, "clock-step", &[on("kv[0] + kv[1]")], &m);
    let both = ("offset", text("-5s"));
    plan_of(
        out,
        "clock-step",
        &[on("kv[0]"), both, ("end", text("slew"))],
        &m,
    );
    plan_of(
        out,
        "clock-drift",
        &[on("kv"), ("ppm", text("±uniform 20 50"))],
        &m,
    );
    plan_of(out, "clock-strobe", &[on("kv[0]")], &m);
    plan_of(
        out,
        "clock-freeze",
        &[on("kv[0]"), ("clock", text("both"))],
        &m,
    );
    plan_of(
        out,
        "date-jump",
        &[on("kv[0]"), ("to", text("1970-01-02"))],
        &m,
    );
    plan_of(
        out,
        "time-sync-loss",
        &[on("kv[0]"), ("ppm", integer(-100))],
        &m,
    );
    let slew = ("resync", text("slew"));
    plan_of(out, "time-sync-loss", &[on("kv[0]"), slew], &m);
    for mode in ["repeat", "step-back", "smear-24h"] {
        plan_of(out, "leap-second", &[on("kv[0]"), ("mode", text(mode))], &m);
    }

    plan_of(
        out,
        "swap-storm",
        &[
            ("nodes", text("any 1 of gateway")),
            ("device", text("800 iops")),
        ],
        &m,
    );
    plan_of(
        out,
        "memory-hog",
        &[("nodes", text("gateway zone b")), ("share", number(0.25))],
        &m,
    );
    let gateway = ("nodes", text("gateway[0]"));
    let touched = [
        gateway.clone(),
        ("size", text("1GiB")),
        ("touch", text("20000/s")),
    ];
    plan_of(out, "memory-hog", &touched, &m);
    plan_of(out, "memory-leak", std::slice::from_ref(&gateway), &m);
    plan_of(out, "memory-limit", std::slice::from_ref(&gateway), &m);
    let size = ("size", text("512MiB"));
    plan_of(out, "memory-limit", &[gateway.clone(), size], &m);
    plan_of(
        out,
        "oom-kill",
        std::slice::from_ref(&gateway),
        &[("at", text("2m"))],
    );
    plan_of(out, "swap-device-slow", std::slice::from_ref(&gateway), &m);
    let iops = ("iops", text("300/s"));
    plan_of(out, "swap-device-slow", &[gateway.clone(), iops], &m);
    plan_of(out, "no-swap", &[gateway], &m);

    disk_plans(out, &m);

    let service = ("service", text("shop.checkout"));
    plan_of(
        out,
        "call-error",
        &[
            service.clone(),
            ("when", text("after")),
            ("retry_after", text("2s")),
        ],
        &m,
    );
    plan_of(
        out,
        "call-delay",
        &[service.clone(), ("client", text("host of shop not zone=a"))],
        &m,
    );
    plan_of(out, "call-hang", &[service.clone(), ("p", number(0.5))], &m);
    plan_of(out, "lost-reply", std::slice::from_ref(&service), &m);
    plan_of(
        out,
        "rate-limit",
        &[service, ("rate", text("600/m")), ("unit", text("tokens"))],
        &m,
    );
    plan_of(
        out,
        "knob-set",
        &[("name", text("shop.timeout")), ("value", text("250ms"))],
        &m,
    );
    plan_of(out, "load-step", &[("workload", text("shop"))], &m);
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
        &m,
    );
    let all = [out.as_str(), include_str!("golden/calls.txt")].concat();
    for kind in catalog::ALL {
        assert!(
            all.lines()
                .chain(GOLDEN_ELSEWHERE.lines())
                .any(|line| line == kind.name),
            "{} has no golden plan",
            kind.name
        );
        assert!(
            !kind.needed.is_empty() && !kind.doc.is_empty(),
            "{}",
            kind.name
        );
        assert!(kind.describe().contains(kind.summary));
    }
    assert_eq!(out, include_str!("golden/plans.txt"), "GOLDEN\n{out}GOLDEN");
}

fn named(mut fault: FaultUse, label: &str) -> FaultUse {
    fault.label = label.into();
    fault
}

/// Three faults with draws of every sort.
fn weather() -> Vec<FaultUse> {
    let every = Node::table(vec![("mean", text("40s")), ("dist", text("exponential"))]);
    vec![
        named(
            fault(
                "node-loss",
                &[("nodes", text("any 2 of kv"))],
                &[("every", every), ("for", text("uniform 1s 5s"))],
            ),
            "losses",
        ),
        named(
            fault(
                "partition",
                &[("nodes", text("kv")), ("split", text("uniform"))],
                &[("at", text("1m..5m")), ("for", text("10s..90s"))],
            ),
            "split",
        ),
        named(
            fault(
                "gc-pause",
                &[("nodes", text("20% of gateway"))],
                &[("for", text("forever"))],
            ),
            "pauses",
        ),
    ]
}

fn parts_of(plan: &Plan, label: &str) -> Vec<Entry> {
    let index = plan
        .faults
        .iter()
        .position(|f| f.label == label)
        .expect("the label is there");
    let own = plan.entries().iter().filter(|e| e.fault as usize == index);
    own.map(|e| Entry {
        fault: 0,
        ..e.clone()
    })
    .collect()
}

#[test]
fn removing_a_fault_or_adding_a_node_elsewhere_moves_no_draw() {
    for seed in 0..40 {
        let seed = Seed(seed);
        let whole = lower(seed, &weather(), &world(), stop()).unwrap();
        for gone in 0..3 {
            let mut rest = weather();
            rest.remove(gone);
            let less = lower(seed, &rest, &world(), stop()).unwrap();
            for fault in &rest {
                assert_eq!(
                    parts_of(&whole, &fault.label),
                    parts_of(&less, &fault.label)
                );
            }
        }
        let mut bigger = world();
        bigger.add_group("spare", 3);
        assert_eq!(whole, lower(seed, &weather(), &bigger, stop()).unwrap());
    }
}

#[test]
fn seeds_differ_and_a_seed_repeats() {
    let at = |seed| lower(Seed(seed), &weather(), &world(), stop()).unwrap();
    assert_eq!(at(1), at(1));
    assert_ne!(at(1), at(2));
}

#[test]
fn entries_lie_inside_the_run_and_parts_count_from_zero() {
    for seed in 0..40 {
        let plan = lower(Seed(seed), &weather(), &world(), stop()).unwrap();
        for entry in plan.entries() {
            assert!(
                entry.from < stop() && entry.until.is_none_or(|u| u <= stop() && u > entry.from)
            );
        }
        for label in ["losses", "split", "pauses"] {
            let parts: Vec<u32> = parts_of(&plan, label).iter().map(|e| e.part).collect();
            assert_eq!(
                parts,
                (0..u32::try_from(parts.len()).unwrap()).collect::<Vec<_>>()
            );
        }
    }
}

/// Messages of everything that is wrong with these faults.
fn wrong(faults: &[FaultUse]) -> Vec<String> {
    let errors = plan(faults).expect_err("these faults cannot be lowered");
    errors
        .into_iter()
        .map(|e| format!("{}: {} | {}", e.fault, e.issue.message, e.issue.label))
        .collect()
}

#[test]
fn what_cannot_be_lowered_is_refused_and_all_of_it_is_reported() {
    let kv = || vec![("nodes", text("kv"))];
    let faults = [
        fault(
            "node-pause",
            &kv(),
            &[("at", text("10m")), ("for", text("1s"))],
        ),
        fault(
            "node-pause",
            &kv(),
            &[("at", text("1m")), ("for", text("0s"))],
        ),
        fault("node-pause", &kv(), &[("at", text("1m"))]),
        fault(
            "node-loss",
            &[("nodes", text("kv")), ("restart_after", text("1s"))],
            &[("for", text("1s"))],
        ),
        fault("node-pause", &[("nodes", text("clustr"))], &minute()),
        fault("partition", &[("nodes", text("kv[0]"))], &minute()),
        fault(
            "partition",
            &[("nodes", text("kv")), ("split", text("by-zone"))],
            &minute(),
        ),
        fault("call-hang", &[("service", text("shop.chekout"))], &minute()),
        fault(
            "disk-error",
            &[
                ("nodes", text("kv")),
                ("mode", text("detach")),
                ("p", number(0.5)),
            ],
            &minute(),
        ),
        fault(
            "fail-slow-disk",
            &[("nodes", text("kv")), ("cycle", text("1ms"))],
            &minute(),
        ),
        fault(
            "knob-set",
            &[("name", text("shop.load")), ("value", number(11.0))],
            &minute(),
        ),
        fault(
            "knob-set",
            &[("name", text("shop.mode")), ("value", text("ajar"))],
            &minute(),
        ),
    ];
    assert_eq!(
        wrong(&faults),
        [
            "0: fault starts after the run has stopped | the run stops at 10m",
            "1: fault has no length | ",
            "2: fault has no end | ",
            "3: fault has two lengths | it lasts 1s by its own parameters",
            "4: selector names an unknown node group `clustr` | groups here: gateway, kv, model",
            "5: a partition needs two nodes | 1 here",
            "6: these nodes are all in one zone | ",
            "7: unknown service `shop.chekout` | ",
            "8: `mode` says what `p` would say | ",
            "9: more than 10000 rounds | ",
            "10: `shop.load` cannot take this value | expected from 0 to 10",
            "11: `shop.mode` cannot take this value | expected one of open, closed",
        ]
    );
}

#[test]
fn two_sets_of_one_knob_at_one_instant_must_agree() {
    let set = |value, at: &str, label: &str| {
        let when = [("at", text(at)), ("for", text("1m"))];
        let args = [("name", text("shop.load")), ("value", number(value))];
        named(fault("knob-set", &args, &when), label)
    };
    assert!(plan(&[set(2.0, "1m", "a"), set(2.0, "1m", "b")]).is_ok());
    assert!(plan(&[set(2.0, "1m", "a"), set(3.0, "61s", "b")]).is_ok());
    assert_eq!(
        wrong(&[set(2.0, "1m", "a"), set(3.0, "1m", "b")]),
        [
            "1: `a` and `b` set `shop.load` to different values at the same instant | `a` in line 1 sets it too"
        ]
    );
}

#[test]
fn an_occurrence_that_overlaps_the_one_before_is_skipped_queued_stacked_or_refused() {
    let run = |overlap: &str| {
        let every = Node::table(vec![
            ("mean", text("10s")),
            ("count", integer(3)),
            ("overlap", text(overlap)),
        ]);
        let when = [("at", text("0s")), ("for", text("15s")), ("every", every)];
        plan(&[fault("node-pause", &[("nodes", text("kv[0]"))], &when)])
    };
    let starts = |overlap| {
        let plan = run(overlap).unwrap();
        plan.entries()
            .iter()
            .map(|e| e.from.as_nanos() / 1_000_000_000)
            .collect::<Vec<_>>()
    };
    assert_eq!(starts("skip"), [0, 20, 40]);
    assert_eq!(starts("queue"), [0, 15, 30]);
    assert_eq!(starts("stack"), [0, 10, 20]);
    let errors = run("error").unwrap_err();
    assert_eq!(errors[0].issue.message, "occurrences overlap");
}

#[test]
fn a_fault_left_out_by_chance_says_so_and_moves_nothing_else() {
    let with = |chance| {
        let mut faults = weather();
        faults[0].timing.chance = chance;
        lower(Seed(3), &faults, &world(), stop()).unwrap()
    };
    let (all, none) = (with(1.0), with(0.0));
    assert_eq!(none.faults[0].notes, ["not drawn: its chance is 0"]);
    assert!(parts_of(&none, "losses").is_empty());
    assert_eq!(parts_of(&all, "split"), parts_of(&none, "split"));
    assert_eq!(all.last_heal().max(VirtualTime::ZERO), all.last_heal());
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
