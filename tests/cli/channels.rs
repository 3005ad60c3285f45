//! What a disturbed sensor or actuator reaches: its device, the loop, and what the loop moves.

use super::*;
use serde_json::Value;

const ARM: &str = r#"
name = "arm"
seeds = "0..3"
stop = { at = "20s" }
[topology]
nodes.robot = { count = 2 }
[workload.arm.edge]
on = "robot"
period = "10ms"
plant.servo = {}
promise.bound = 0.5
[[fault]]
name = "eye"
at = "5s"
for = "5s"
inject.sensor-bias = { sensor = "arm.sensor-0", value = 40 }
[[property]]
always = "arm.bounded"
"#;

#[test]
fn a_signal_fault_reaches_the_loop_and_its_actuator_and_no_other_loop() {
    let dir = directory("channels-blast");
    std::fs::write(dir.join("arm.toml"), ARM).expect("a file");
    let plan = stdout(&squall(&dir, &["plan", "arm.toml"]));
    for part in [
        "    actuators  arm.actuator-0\n",
        "    loops      arm/0\n",
        "    sensors    arm.sensor-0\n",
        "    workloads  arm\n",
        "arm/0 needs arm.sensor-0",
        "arm.actuator-0 needs arm/0",
    ] {
        assert!(plan.contains(part), "no `{part}` in\n{plan}");
    }
    assert!(
        !plan.contains("arm/1"),
        "the other loop has its own\n{plan}"
    );
    let arguments = [
        "compare",
        "arm.toml",
        "--without",
        "eye",
        "--format",
        "json",
    ];
    let output = squall(&dir, &arguments);
    let document: Value = serde_json::from_slice(&output.stdout).expect("a document");
    let units = document["blast_radius"]["units"].as_array().expect("units");
    let found = |name: &str, set: &str| {
        let unit = units.iter().find(|unit| unit["name"] == name);
        unit.and_then(|unit| unit[set].as_u64())
    };
    assert_eq!(found("arm/0", "hit"), Some(3), "it leaves its bound");
    assert_eq!(
        found("arm/1", "surprise"),
        None,
        "and the other one does not"
    );
}
