//! Lowering: a golden plan for every fault. Each family has a file; a new one adds a line to `golden_plans`,
//! at its place in the golden file.

mod host;
mod network;
mod rest;

use crate::common::{fault, minute, plan, world};
use squall_faults::param::Node;
use squall_faults::{catalog, plan_text};

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

#[test]
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
    for kind in catalog::ALL {
        assert!(
            out.lines().any(|line| line == kind.name),
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
    assert_eq!(
        out,
        include_str!("../golden/plans.txt"),
        "GOLDEN\n{out}GOLDEN"
    );
}
