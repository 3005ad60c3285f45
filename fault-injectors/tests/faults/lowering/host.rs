//! Lowering of faults of nodes and what they are made of: processors, memory, disks.

use crate::common::{integer, number, text};
use crate::lowering::plan_of;
use squall_faults::param::Node;

/// Faults of nodes.
pub(super) fn of_nodes(out: &mut String, m: &[(&str, Node)]) {
    plan_of(
        out,
        "node-loss",
        &[
            ("nodes", text("any 1 of kv")),
            ("restart_after", text("20s")),
        ],
        &[("at", text("2m"))],
    );
    plan_of(out, "node-pause", &[("nodes", text("minority of kv"))], m);
}

/// Faults of processors.
pub(super) fn of_processors(out: &mut String, m: &[(&str, Node)]) {
    let on = |nodes: &str| ("nodes", text(nodes));
    plan_of(out, "cpu-slow", &[("nodes", text("kv[0]"))], m);
    plan_of(out, "cpu-throttle", &[("nodes", text("kv[0] + kv[1]"))], m);
    plan_of(
        out,
        "gc-pause",
        &[("nodes", text("kv[3]")), ("every", text("9s"))],
        m,
    );
    plan_of(
        out,
        "thermal-throttle",
        &[("nodes", text("kv[0]")), ("ramp", text("12s"))],
        m,
    );
    plan_of(out, "cpu-steal", &[on("kv[0] + kv[1]")], m);
    plan_of(out, "cpu-hog", &[on("gateway[0]")], m);
    plan_of(
        out,
        "core-loss",
        &[on("gateway[0]"), ("cores", integer(3))],
        m,
    );
    let every = ("every", text("9s"));
    plan_of(out, "scheduler-jitter", &[on("kv[3]"), every], m);
    plan_of(out, "noisy-neighbour", &[on("kv[0]")], m);
}

/// Faults of memory.
pub(super) fn of_memory(out: &mut String, m: &[(&str, Node)]) {
    plan_of(
        out,
        "swap-storm",
        &[
            ("nodes", text("any 1 of gateway")),
            ("device", text("800 iops")),
        ],
        m,
    );
    plan_of(
        out,
        "memory-hog",
        &[("nodes", text("gateway zone b")), ("share", number(0.25))],
        m,
    );
    let gateway = ("nodes", text("gateway[0]"));
    let touched = [
        gateway.clone(),
        ("size", text("1GiB")),
        ("touch", text("20000/s")),
    ];
    plan_of(out, "memory-hog", &touched, m);
    plan_of(out, "memory-leak", std::slice::from_ref(&gateway), m);
    plan_of(out, "memory-limit", std::slice::from_ref(&gateway), m);
    let size = ("size", text("512MiB"));
    plan_of(out, "memory-limit", &[gateway.clone(), size], m);
    plan_of(
        out,
        "oom-kill",
        std::slice::from_ref(&gateway),
        &[("at", text("2m"))],
    );
    plan_of(out, "swap-device-slow", std::slice::from_ref(&gateway), m);
    let iops = ("iops", text("300/s"));
    plan_of(out, "swap-device-slow", &[gateway.clone(), iops], m);
    plan_of(out, "no-swap", &[gateway], m);
}

/// Faults of disks, and of the power under them.
pub(super) fn of_disks(out: &mut String, m: &[(&str, Node)]) {
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
