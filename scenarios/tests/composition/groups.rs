//! Faults one after the other and side by side.

use super::{assert_lines, errors, of, plan, scenario, times};
use squall_core::Seed;

#[test]
fn a_serial_member_starts_when_the_one_before_has_healed() {
    let plan = plan(
        r#"
[[fault]]
name = "chain"
at = "10s"
gap = "5s"
serial = [
  { inject.node-loss = { nodes = "web[0]", restart_after = "3s" } },
  { name = "both", parallel = [
    { inject.cpu-slow = { nodes = "web" }, for = "10s" },
    { inject.link-loss = { links = "client -> web[0]" }, for = "20s", at = "2s" },
  ] },
  { inject.node-pause = { nodes = "web[1]" }, for = "2s", at = "1s" },
]
"#,
        0,
    );
    assert_eq!(times(&of(&plan, "chain/node-loss#1")), [(10_000, 13_000)]);
    assert_eq!(
        times(&of(&plan, "chain/both/cpu-slow#1"))[0],
        (18_000, 28_000)
    );
    assert_eq!(
        times(&of(&plan, "chain/both/link-loss#1"))[0],
        (20_000, 40_000)
    );
    assert_eq!(times(&of(&plan, "chain/node-pause#1")), [(46_000, 48_000)]);
}

#[test]
fn groups_repeat_and_end_with_their_for() {
    let plan = plan(
        r#"
[[fault]]
name = "chain"
at = "10s"
for = "25s"
repeat = 9
gap = "1s"
serial = [
  { inject.node-pause = { nodes = "web[0]" }, for = "4s" },
  { inject.cpu-slow = { nodes = "web[0]" }, every = { mean = "2s", count = 2 }, for = "1s", at = "0s" },
]
[[fault]]
name = "twice"
every = { mean = "1m", count = 2 }
parallel = [ { inject.node-pause = { nodes = "web[1]" }, for = "forever" } ]
for = "10s"
"#,
        0,
    );
    // 10-14 pause, 15-16 and 17-18 slow, 19-23 pause, 24-25 and 26-27 slow, 28-32 pause, 33-34 slow.
    let pauses = [(10_000, 14_000), (19_000, 23_000), (28_000, 32_000)];
    assert_eq!(times(&of(&plan, "chain/node-pause#1")), pauses);
    let slow = of(&plan, "chain/cpu-slow#1");
    let expected = [
        (15_000, 16_000),
        (17_000, 18_000),
        (24_000, 25_000),
        (26_000, 27_000),
        (33_000, 34_000),
    ];
    assert_eq!(times(&slow), expected);
    assert_eq!(
        times(&of(&plan, "twice/node-pause#1")),
        [(60_000, 70_000), (120_000, 130_000)]
    );
}

/// What a fault does after its window, a clock that is slewed back, belongs to it.
#[test]
fn a_member_has_healed_when_its_last_overlay_ends() {
    let plan = plan(
        r#"
[[fault]]
name = "chain"
at = "10s"
serial = [
  { inject.time-sync-loss = { nodes = "web[0]", ppm = 100, resync = "slew" }, for = "100s" },
  { inject.node-pause = { nodes = "web[0]" }, for = "1s" },
]
"#,
        0,
    );
    let ends = times(&of(&plan, "chain/time-sync-loss#1"))
        .iter()
        .map(|(_, until)| *until)
        .max();
    assert!(ends > Some(110_000), "{ends:?}");
    assert_eq!(
        times(&of(&plan, "chain/node-pause#1"))[0].0,
        ends.unwrap_or(0)
    );
}

/// Removing a member, or a repeat, moves times at most: no draw of another.
#[test]
fn draws_of_members_do_not_depend_on_other_members() {
    let group = |first: &str, repeat: u32| {
        format!(
            r#"
[[fault]]
name = "chain"
at = "10s"
repeat = {repeat}
serial = [
  {first}
  {{ inject.node-pause = {{ nodes = "any 1 of web" }}, for = "uniform 1s 9s" }},
]
"#
        )
    };
    let first = r#"{ inject.cpu-slow = { nodes = "any 2 of web" }, for = "uniform 1s 9s" },"#;
    let mut lengths = Vec::new();
    for seed in 0..16 {
        let (whole, alone, once) = (
            plan(&group(first, 3), seed),
            plan(&group("", 3), seed),
            plan(&group(first, 1), seed),
        );
        let drawn = |plan: &squall_core::plan::Plan| {
            let pauses = of(plan, "chain/node-pause#1");
            let what = |e: &&squall_core::plan::Entry| {
                (
                    e.primitive.clone(),
                    e.until.map(|until| until.since(e.from)),
                )
            };
            pauses.iter().map(what).collect::<Vec<_>>()
        };
        assert_eq!(drawn(&whole).len(), 3);
        assert_eq!(drawn(&whole), drawn(&alone));
        assert_eq!(drawn(&whole)[..1], drawn(&once));
        lengths.extend(drawn(&whole).into_iter().map(|(_, length)| length));
    }
    lengths.sort_unstable();
    lengths.dedup();
    assert!(lengths.len() > 40, "every turn draws its own");
}

/// A member that is not drawn takes no time; nor does a group.
#[test]
fn chances_of_members_and_groups() {
    let text = r#"
[[fault]]
name = "chain"
at = "10s"
serial = [
  { inject.cpu-slow = { nodes = "web[0]" }, for = "7s", chance = 0.5 },
  { name = "two", chance = 0.5, serial = [ { inject.node-loss = { nodes = "web[0]" }, for = "3s" } ] },
  { inject.node-pause = { nodes = "web[0]" }, for = "1s" },
]
[[fault]]
name = "never"
chance = 0.0
parallel = [ { inject.node-pause = { nodes = "web[1]" }, for = "1s" } ]
"#;
    let scenario = scenario(text);
    let mut seen = [false; 4];
    for seed in 0..32 {
        let plan = scenario
            .plan(Seed(seed))
            .unwrap_or_else(|report| panic!("{report}"));
        let slow = !of(&plan, "chain/cpu-slow#1").is_empty();
        let loss = !of(&plan, "chain/two/node-loss#1").is_empty();
        let begins = 10_000 + 7_000 * u64::from(slow) + 3_000 * u64::from(loss);
        assert_eq!(
            times(&of(&plan, "chain/node-pause#1")),
            [(begins, begins + 1_000)]
        );
        seen[usize::from(slow) * 2 + usize::from(loss)] = true;
        assert!(of(&plan, "never/node-pause#1").is_empty());
        let note = &plan
            .faults
            .iter()
            .find(|f| f.label == "never/node-pause#1")
            .expect("it is there")
            .notes;
        assert_eq!(note[..], ["not drawn: the chance of `never` is 0"]);
    }
    assert_eq!(seen, [true; 4], "both are drawn, and independently");
}

#[test]
fn everything_wrong_with_a_group_is_shown_where_it_stands() {
    let wrong = errors(
        r#"
[[fault]]
at = "1m"
serial = [
  { inject.node-loss = { nodes = "web[0]" }, for = "forever" },
  { inject.node-pause = { nodes = "wbe" }, for = "1s" },
  { inject.node-pause = { nodes = "web" } },
]
[[fault]]
parallel = []
[[fault]]
at = "1m"
for = "1s"
parallel = [ { inject.node-pause = { nodes = "web" }, on = { event = "x" }, for = "1s" } ]
[[fault]]
at = "1m"
for = "1s"
repeat = 2
inject.node-pause = { nodes = "web" }
[[fault]]
name = "x"
serial = [
  { name = "a", inject.node-pause = { nodes = "web" }, for = "1s" },
  { name = "a", inject.node-pause = { nodes = "web" }, for = "1s" },
  { name = "a.b", inject.node-pause = { nodes = "web" }, for = "1s" },
  { every = { mean = "1s" }, serial = [ { inject.node-pause = { nodes = "web" }, for = "1s" } ] },
]
[[fault]]
at = "1m"
inject.node-pause = { nodes = "web" }
serial = [ { inject.node-pause = { nodes = "web" }, for = "1s" } ]
[[fault]]
at = "11m"
serial = [ { inject.node-pause = { nodes = "web" }, for = "1s" } ]
"#,
    );
    assert_lines(
        &wrong,
        &[
            "error: fault never heals, and something waits for it",
            "   |                                                    ^^^^^^^^^",
            "error: selector names an unknown node group `wbe`",
            "help: did you mean `web`?",
            "error: fault has no end",
            "error: group has no members",
            "error: `on` is not supported yet",
            "   |                                                       ^^ triggers stand outside of groups: give the fault a `[[fault]]` of its own",
            "error: `repeat` does not belong here",
            "   | ^^^^^^ goes with a group or a preset",
            "error: two faults are called `a`",
            "error: `a.b` cannot name a fault",
            "error: `every` does not belong here",
            "error: `inject` and `serial` exclude each other",
            "error: fault starts after the run has stopped",
        ],
    );
}

#[test]
fn groups_have_bounds() {
    let deep = format!(
        "[[fault]]\nname = 'deep'\nserial = {}{}{}\n",
        "[ { serial = ".repeat(9),
        "[ { inject.node-pause = { nodes = 'web' }, for = '1s' } ]",
        " } ]".repeat(9)
    );
    assert_lines(&errors(&deep), &["error: groups are more than 8 deep"]);
    let many = r#"
[[fault]]
repeat = 10000
serial = [
  { inject.node-pause = { nodes = "web" }, for = "1ms" },
  { inject.cpu-slow = { nodes = "web" }, for = "1ms" },
]
"#;
    assert_lines(
        &errors(many),
        &[
            "error: more than 10000 turns",
            "14 | repeat = 10000",
            "   |          ^^^^^",
        ],
    );
}

/// A member whose turn comes, and of which nothing falls into it, is not told that its turn does not come.
#[test]
fn a_member_that_draws_nothing_had_its_turn() {
    let text = "name = \"quiet\"\nstop = { at = \"5m\" }\ntopology.nodes.w = { count = 3 }\n[[fault]]\nname = \"g\"\nat = \"1m\"\n\
                serial = [{ name = \"lemon\", for = \"1ms\", inject.lemon-node = { nodes = \"w\" } }]\n";
    let scenario =
        squall_scenarios::parse("quiet.toml", text, &squall_scenarios::Settings::default());
    let scenario = scenario.unwrap_or_else(|report| panic!("{report}"));
    let plan = scenario.plan(squall_core::Seed(1)).expect("a plan");
    assert!(plan.entries().is_empty());
    assert_eq!(
        plan.faults[0].notes,
        ["its turn comes, and nothing of it falls into that"]
    );
}
