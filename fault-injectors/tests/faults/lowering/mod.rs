//! Lowering: a golden plan for every fault. What has more to show than its defaults stands in a file by
//! family; the golden file goes by `golden_plans`. It is written again by
//! `SQUALL_GOLDEN=write cargo test -p squall-faults --test faults golden`.

mod host;
mod network;
mod rest;

use crate::common::{fault, minute, number, plan, text, world};
use squall_faults::param::{Kind, Need, Node, Shape};
use squall_faults::{FaultKind, catalog, plan_text};

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

/// Golden plans of the families that have files of their own.
const ELSEWHERE: &[&str] = &[
    include_str!("../golden/agents.txt"),
    include_str!("../golden/calls.txt"),
    include_str!("../golden/life.txt"),
    include_str!("../golden/loops.txt"),
    include_str!("../golden/scaling.txt"),
];

/// The parameters of a fault that must be written, with targets of the small world.
fn required(kind: &FaultKind) -> Vec<(&'static str, Node)> {
    let mut args = Vec::new();
    let mut groups: Vec<&str> = vec![""];
    for param in kind.params.iter().filter(|p| p.need == Need::Required) {
        let value = match (&param.kind, param.key) {
            (Kind::Selector(Shape::Nodes), _) => text("kv[0] + kv[1]"),
            (Kind::Selector(Shape::Links), _) => text("kv[0] -> kv[1]"),
            (Kind::Text, "service") => text("shop.checkout"),
            (Kind::Text, "name") => text("shop.load"),
            (Kind::Text, "workload") => text("shop"),
            (kind, _) => {
                let sample = if param.sample.is_empty() {
                    kind.sample()
                } else {
                    param.sample.into()
                };
                sample
                    .parse()
                    .map_or_else(|_| text(sample.trim_matches('"')), number)
            }
        };
        if param.group.is_empty() || !groups.contains(&param.group) {
            args.push((param.key, value));
            groups.push(param.group);
        }
    }
    args
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "whoever runs the test says that the golden file is to be written"
)]
fn golden_plans() {
    let (m, mut out) = (minute(), String::new());
    let families = [
        host::of_nodes,
        network::of_links,
        network::of_traffic,
        network::of_splits,
        host::of_processors,
        rest::of_clocks,
        host::of_memory,
        host::of_disks,
        rest::of_calls,
        rest::of_knobs,
    ];
    for family in families {
        family(&mut out, &m);
    }
    // A fault of which nothing more has to be shown: what must be written, and defaults.
    for kind in catalog::ALL {
        let shown = |text: &str| text.lines().any(|line| line == kind.name);
        if !shown(&out) && !ELSEWHERE.iter().copied().any(shown) {
            let when = if kind.own_length.is_some() {
                &m[..1]
            } else {
                &m[..]
            };
            plan_of(&mut out, kind.name, &required(kind), when);
        }
    }
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/faults/golden/plans.txt");
    if std::env::var("SQUALL_GOLDEN").is_ok_and(|word| word == "write") {
        std::fs::write(golden, &out).unwrap();
    }
    let shipped = std::fs::read_to_string(golden).unwrap();
    assert_eq!(
        out, shipped,
        "GOLDEN\n{out}GOLDEN\nsee the head of this file"
    );
}
