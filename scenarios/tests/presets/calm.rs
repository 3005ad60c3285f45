//! The wrapper: nothing in the warm-up, all healed, then quiet.

use super::{SHOP, campaign, errors_of, plan, scenario};
use squall_core::VirtualTime;
use squall_core::plan::Land;

const FAULTS: &str = "
[[fault]]
use = 'calm'
set = { warm_up = '90s', quiet = '2m' }
faults = [
  { inject.cpu-slow = { nodes = 'any 1 of near' }, for = 'forever' },
  { name = 'late', inject.node-loss = { nodes = 'any 1 of near', restart_after = '10s' }, at = '30s', every = { mean = '40s' } },
  { use = 'jepsen-net', nodes = 'near + far', for = 'forever', gap = '1s' },
  { use = 'gray-node', nodes = 'any 1 of far', service = 'shop.request', at = '10s' },
  { serial = [
    { inject.clock-step = { nodes = 'near', offset = '2s', end = 'slew' }, for = '20s' },
    { inject.link-cut = { links = 'near -> far' }, for = '10m' },
  ] },
]
";

fn at(seconds: u64) -> VirtualTime {
    VirtualTime::from_nanos(seconds * 1_000_000_000)
}

#[test]
fn nothing_acts_before_the_warm_up_or_after_the_quiet_has_begun() {
    let scenario = scenario(&[SHOP], 8, FAULTS);
    for seed in 0..20 {
        let plan = plan(&scenario, seed);
        let mut last = VirtualTime::ZERO;
        for entry in plan.entries() {
            let until = entry.until.expect("everything has an end");
            assert!(entry.from >= at(90), "{entry:?}");
            assert!(until <= at(360), "{entry:?}");
            last = last.max(until);
        }
        assert_eq!(last, at(360), "what lasts forever lasts until the quiet");
    }
    // Without `set` it is a minute each.
    let usual = FAULTS.replace("set = { warm_up = '90s', quiet = '2m' }\n", "");
    let plan = plan(&super::scenario(&[SHOP], 8, &usual), 0);
    let first = plan.entries().iter().map(|entry| entry.from).min();
    let last = plan.entries().iter().filter_map(|entry| entry.until).max();
    assert_eq!((first, last), (Some(at(60)), Some(at(420))));
}

/// Wrapped presets are as they are alone: parts on one node, and one of those in turn must land.
#[test]
fn wrapped_presets_keep_their_rules() {
    let scenario = scenario(&[SHOP], 8, FAULTS);
    let lands = scenario.lands();
    let land = |label: &str| {
        let found = lands.iter().find(|(l, _)| l == label);
        found.unwrap_or_else(|| panic!("no {label} in {lands:?}")).1
    };
    assert_eq!(land("calm/jepsen-net"), Land::Any);
    assert_eq!(land("calm/jepsen-net/loss"), Land::Optional);
    assert_eq!(land("calm/gray-node/slow"), Land::Any);
    let mut hit = Vec::new();
    for seed in 0..40 {
        let plan = plan(&scenario, seed);
        let of = |label: &str| {
            let fault = plan.faults.iter().position(|fault| fault.label == label);
            let fault = fault.expect("a fault");
            let own = plan
                .entries()
                .iter()
                .filter(move |e| e.fault as usize == fault);
            own.collect::<Vec<_>>()
        };
        let node = of("calm/gray-node/slow")[0]
            .primitive
            .node()
            .expect("a node");
        for entry in of("calm/gray-node/link") {
            let link = entry.primitive.link().expect("a link");
            assert!(link.from == node || link.to == node);
        }
        hit.push(node);
    }
    hit.sort_unstable();
    hit.dedup();
    assert_eq!(hit.len(), 3, "each of the nodes is drawn in some seed");
}

/// It runs, and what it wraps lands.
#[test]
fn what_it_wraps_lands() {
    let faults = "[[fault]]\nuse = 'calm'\nfaults = [{ use = 'metastable-trigger' }]\n";
    let campaign = campaign(&scenario(&[SHOP], 4, faults), 1);
    let row = campaign
        .faults
        .iter()
        .find(|row| row.label == "calm/metastable-trigger/capacity");
    let row = row.expect("a row");
    assert_eq!((row.landed, row.land), (1, Land::Any));
    let first = row.first_landing.expect("it landed").0;
    assert!(first >= at(60) && first < at(70), "{first}");
}

#[test]
fn what_is_wrong_with_it() {
    let wrong = |faults: &str, lines: &[&str]| {
        let errors = errors_of(&[SHOP], faults);
        for line in lines {
            let mut all = errors.lines().map(str::trim_end);
            assert!(all.any(|l| l == *line), "no line {line:?} in\n{errors}");
        }
    };
    wrong(
        "[[fault]]\nuse = 'calm'\n",
        &[
            "error: calm wraps no faults",
            "   |       ^^^^^^",
            "help: add faults = [{ inject.node-loss = { .. }, for = \"5s\" }]",
        ],
    );
    let one = "faults = [{ inject.node-pause = { nodes = 'near' }, for = '5s' }]\n";
    wrong(
        &format!(
            "[[fault]]\nuse = 'calm'\nnodes = 'near'\nset = {{ quite = '1m', warm_up = 5 }}\n{one}"
        ),
        &[
            "error: calm hits nobody itself",
            "help: give `nodes` to one of its `faults`",
            "error: unknown parameter `quite` of calm",
            "help: did you mean `quiet`?",
            "error: not a duration",
        ],
    );
    wrong(
        &format!("[[fault]]\nuse = 'calm'\nset.quiet = '1x'\n{one}"),
        &["error: unknown unit `x` of a duration"],
    );
    wrong(
        &format!("[[fault]]\nuse = 'calm'\nset.quiet = '9m'\n{one}"),
        &["error: no time is left between warm-up and quiet"],
    );
    wrong(
        &format!(
            "[[fault]]\nfor = '5m'\nparallel = [{{ use = 'calm', {} }}]\n",
            one.trim()
        ),
        &["error: calm stands at the top"],
    );
    wrong(
        &format!("[[fault]]\nuse = 'hot-day'\n{one}"),
        &["error: `faults` does not belong here"],
    );
    wrong(
        &format!("[[fault]]\nfor = '5s'\ninject.node-pause = {{ nodes = 'near' }}\n{one}"),
        &["error: `faults` does not belong here"],
    );
    wrong(
        "[[fault]]\nuse = 'calm'\nfaults = []\n",
        &["error: group has no members"],
    );
}
