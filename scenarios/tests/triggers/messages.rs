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
