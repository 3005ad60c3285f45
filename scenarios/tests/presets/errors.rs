//! What is wrong with the use of a preset: one message with its place and a remedy.

use super::{CREW, LOOP, SHOP, errors_of};

fn wrong(worlds: &[&str], record: &str, lines: &[&str]) {
    let errors = errors_of(worlds, &format!("[[fault]]\n{record}\n"));
    for line in lines {
        let mut all = errors.lines().map(str::trim_end);
        assert!(all.any(|l| l == *line), "no line {line:?} in\n{errors}");
    }
    let count = lines
        .iter()
        .filter(|line| line.starts_with("error: "))
        .count();
    let told = errors
        .lines()
        .filter(|line| line.starts_with("error: "))
        .count();
    assert_eq!(told, count, "each is told once:\n{errors}");
}

#[test]
fn targets_that_are_missing() {
    wrong(
        &[SHOP],
        "use = 'gray-node'\nnodes = 'near'",
        &[
            "error: preset needs a `service`",
            "   |       ^^^^^^^^^^^",
            "help: write service = \"shop.request\"; one of shop.request, shop.service; or without = [\"lie\"]",
        ],
    );
    wrong(
        &[SHOP, CREW],
        "use = 'blind-guard'",
        &[
            "error: preset needs a `workload`",
            "help: write workload = \"shop\"; one of shop, crew",
        ],
    );
    wrong(
        &[SHOP],
        "use = 'tunnel'\nlinks = 'near -> far'",
        &[
            "error: preset needs a `sensor`",
            "help: there is none here: only edge loops have sensors; or without = [\"position\"]",
        ],
    );
    wrong(
        &[CREW],
        "use = 'deploy-and-swap'",
        &[
            "error: preset needs a `knob`",
            "help: there is none here: name what is deployed, knob = \"shop.retry-attempts\"; or without = [\"deploy\"]",
        ],
    );
    wrong(
        &[LOOP],
        "use = '5g-urban'",
        &[
            "error: preset has no end",
            "error: preset needs `links`",
            "help: say which way goes where: links = \"vehicle -> cloud\"",
        ],
    );
    wrong(
        &[CREW],
        "use = 'storm-and-resend'",
        &[
            "error: preset needs set.\"limit.rate\"",
            "   |       ^^^^^^^^^^^^^^^^^^ what the contract allows, of the unit",
            "help: write for instance set.\"limit.rate\" = \"20000/s\"",
        ],
    );
}

/// A part that is left out needs no target.
#[test]
fn parts_that_are_left_out_need_nothing() {
    let record = "[[fault]]\nuse = 'gray-node'\nnodes = 'near'\nwithout = ['lie']\n";
    let faults = super::scenario(&[SHOP], 10, record).faults;
    let labels: Vec<&str> = faults.iter().map(|fault| fault.label.as_str()).collect();
    assert_eq!(labels, ["gray-node/slow", "gray-node/link"]);
}

#[test]
fn targets_that_are_wrong() {
    wrong(
        &[CREW],
        "use = 'blind-guard'\nworkload = 'crw'",
        &[
            "error: unknown workload `crw`",
            "   |            ^^^^^",
            "help: did you mean `crew`?",
        ],
    );
    wrong(
        &[LOOP],
        "use = 'tunnel'\nlinks = 'car -> board'\nsensor = 'loop.actuator'",
        &["error: `loop.actuator` is an actuator, not a sensor"],
    );
    wrong(
        &[SHOP],
        "use = 'deploy-and-swap'\nknob = 'shop.versoin'",
        &["error: unknown knob `shop.versoin`"],
    );
    wrong(
        &[SHOP],
        "use = 'blind-guard'",
        &["error: `shop` is no workload of agents"],
    );
}

#[test]
fn keys_that_it_has_no_use_for() {
    wrong(
        &[SHOP],
        "use = 'hot-day'\nworkload = 'shop'\nsensor = 'x'\nknob = 'y'\nscale = 3",
        &[
            "error: hot-day hits no workload as such",
            "error: hot-day hits no sensors",
            "error: hot-day hits no knob",
            "error: hot-day has no rates",
            "help: remove `scale`",
        ],
    );
}

#[test]
fn policies_are_no_faults() {
    wrong(
        &[SHOP],
        "use = 'psi-oomd'",
        &[
            "error: psi-oomd is no fault",
            "   |       ^^^^^^^^^^ it says how something is set up",
            "help: write topology.nodes.NAME.paging = { oomd = { pressure = 60, for = \"30s\", swap_used = 0.9 } }",
        ],
    );
    wrong(
        &[SHOP],
        "use = 'hpa'\nfor = '1m'",
        &[
            "error: hpa is no fault",
            "help: write workload.NAME.scheduler.pods.NAME.autoscale = { .. }: these are its defaults",
        ],
    );
    wrong(
        &[LOOP],
        "use = 'sre-retry'\nfor = 'forever'",
        &["error: `loop` has no knob `retry-attempts`"],
    );
}

#[test]
fn values_out_of_range() {
    wrong(
        &[SHOP],
        "use = 'metastable-trigger'\nset.\"capacity.factor\" = 3\nset.\"retries.attempts\" = 0",
        &["error: 3 is out of range", "error: 0 is out of range"],
    );
    wrong(
        &[SHOP],
        "use = 'meta-rsc1'\nfor = '1m'\nscale = 0",
        &["error: 0 is out of range"],
    );
    wrong(
        &[SHOP],
        "use = 'meta-rsc1'\nfor = '5m'\nscale = 1_000_000_000",
        &[
            "error: more than 10000 occurrences",
            "   |         ^^^^^^^^^^^^^",
            "help: give it a `count`, or a larger `mean`",
        ],
    );
    wrong(
        &[SHOP],
        "use = 'rack-burst-in-upgrade'\nset.\"burst.rack\" = 'r7'",
        &["error: no node has rack `r7`"],
    );
}

#[test]
fn repetitions() {
    let every = |every: &str| {
        format!(
            "for = '1s'\nevery = {{ mean = '10s', {every} }}\ninject.node-pause = {{ nodes = 'near' }}"
        )
    };
    wrong(
        &[SHOP],
        &every("least = '11s'"),
        &[
            "error: the shortest gap is above the mean",
            "help: make it shorter, or `mean` longer",
        ],
    );
    wrong(
        &[SHOP],
        &every("variance = 4"),
        &["error: only hyperexponential gaps have a `variance`"],
    );
    wrong(
        &[SHOP],
        &every("dist = 'hyperexponential', variance = 0.5"),
        &["error: 0.5 is out of range"],
    );
}
