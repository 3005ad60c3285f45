//! Everything that is wrong with an edited plan is told at once, whatever is wrong beside it.

use squall_scenarios::{Settings, parse};

const CALM: &str = include_str!("../../tests/cli/calm.toml");

const EDITED: &str = r#"
[regression]
seed = "0x3"
property = "qick"
digest = "62fb-d062-a5cb-53e3"
epoch = 2
clocks = ["web-8"]
[[plan]]
fault = "slow"
kind = "link-delay"
part = 0
from = "5s"
until = "3s"
do.loss = { link = "web-7 -> web-1", share = 1.5, correlation = 0.0 }
[[plan]]
fault = "slow"
kind = "link-delay"
part = 0
from = "1h"
do.pause = { node = "web-9" }
[[plan]]
fault = "calls"
kind = "call-eror"
from = "soon"
do.knob = { knob = "shop.lod", value = "high" }
"#;

#[test]
fn all_errors_of_a_frozen_plan_come_at_once() {
    let text = format!("{CALM}{EDITED}");
    let report = parse("edited.toml", &text, &Settings::default()).expect_err("it is wrong");
    let shown = report.render(false);
    for part in [
        "no property is called `qick`",
        "unknown node `web-8`",
        "ends before it starts",
        "unknown node `web-7`",
        "out of range",
        "part 0 of `slow` is there twice",
        "begins when the run is over",
        "unknown node `web-9`",
        "unknown fault `call-eror`",
        "unknown knob `shop.lod`",
    ] {
        assert!(shown.contains(part), "no `{part}` in\n{shown}");
    }
    assert!(
        !shown.contains("a knob is set to"),
        "what an unknown knob takes is not known\n{shown}"
    );
}
