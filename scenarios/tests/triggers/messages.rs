//! Messages about faults that wait: every error of a file at once, and what a member of a group is told.

use squall_scenarios::{Settings, parse};

fn rendered(text: &str) -> String {
    let report = parse("hidden.toml", text, &Settings::default());
    report.expect_err("it is broken").render(false)
}

#[test]
fn no_error_hides_behind_another() {
    let shown = rendered(include_str!("hidden.toml"));
    assert_eq!(shown, include_str!("hidden.txt"), "GOLDEN\n{shown}GOLDEN");
}

/// A group and its member say the same about triggers, and neither sends the author to the other.
#[test]
fn triggers_stand_outside_of_groups() {
    let head =
        "name = \"x\"\nstop = { at = \"5m\" }\ntopology.nodes.w = { count = 3 }\n[[fault]]\n";
    let on = "on = { event = \"node-crashed\" }";
    let rest = "inject.node-pause = { nodes = \"w\" }, for = \"5s\"";
    let says = "triggers stand outside of groups: give the fault a `[[fault]]` of its own";
    for group in [
        format!("{on}\nserial = [{{ {rest} }}]\n"),
        format!("serial = [{{ {on}, {rest} }}]\n"),
    ] {
        let shown = rendered(&format!("{head}{group}"));
        assert!(shown.contains(says), "{shown}");
        assert_eq!(shown.matches("error: ").count(), 1, "{shown}");
    }
}

/// The floor of a member is wrong, and it has no end, which lowering finds.
#[test]
fn a_wrong_floor_of_a_member_hides_nothing() {
    let head = "name = \"x\"\nstop = { at = \"5m\" }\ntopology.nodes.w = { count = 3 }\n[[fault]]\nat = \"1m\"\n";
    let member = "keep_healthy = \"quorun\", inject.node-pause = { nodes = \"w\" }";
    let shown = rendered(&format!("{head}serial = [{{ {member} }}]\n"));
    assert!(shown.contains("unknown floor `quorun`"), "{shown}");
    assert!(shown.contains("no end"), "{shown}");
}
