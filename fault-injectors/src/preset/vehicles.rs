//! Incidents of vehicles and other machines with a control loop.

use super::words::NODES;
use super::{BASE, Preset, PresetPart};

/// The radio link, both ways.
const RADIO: (&str, &str) = ("links", "{between}");

pub(super) const TUNNEL: Preset = Preset {
    name: "tunnel",
    summary: "a vehicle under cover: no position, and a radio link that stands still",
    doc: "The satellite receiver `sensor` says nothing, the radio link goes from cell to cell with gaps of 30 \
          ms to 300 ms, every 3 s instead of every 15 s, and a round trip takes 300 ms longer. Its length is \
          a choice of this project, and so is that of the time between gaps.",
    source: "faults.md 7; CICV5G: gaps and round trips above 100 ms",
    length: "20s",
    parts: &[
        PresetPart::new("position", "sensor-off", &[("sensor", "{sensor}")], &[]),
        PresetPart::new(
            "handover",
            "handover-gap",
            &[
                RADIO,
                ("gap", "uniform 30ms 300ms"),
                ("every", "exponential mean 3s"),
            ],
            &[],
        ),
        PresetPart::new("spike", "rtt-spike", &[RADIO, ("rtt", "300ms")], &[]).may_miss(),
    ],
    ..BASE
};

pub(super) const HOT_DAY: Preset = Preset {
    name: "hot-day",
    summary: "compute and clocks go together",
    doc: "Boards throttle as they get hot, and their oscillators drift by 50 ppm, on the same nodes.",
    source: "board throttling 0.5 to 0.7; crystals 20 to 50 ppm",
    length: "5m",
    together: true,
    parts: &[
        PresetPart::new(
            "throttle",
            "thermal-throttle",
            &[NODES, ("factor", "0.6")],
            &[],
        ),
        PresetPart::new("drift", "clock-drift", &[NODES, ("ppm", "50")], &[]).may_miss(),
    ],
    ..BASE
};

pub(super) const HOT_STANDBY_LOSS: Preset = Preset {
    name: "hot-standby-loss",
    summary: "the host of the active controller is lost, and later the two do not hear each other",
    doc: "A gap until the backup takes over, and then a split brain: `nodes` is the host of the controller, \
          `links` the way to its backup. The loss lasts 10 s; 10 s after it the way is cut for 10 s. The \
          times are a choice of this project.",
    source: "faults.md 7; edge.md section 5: at most one may actuate",
    length: "30s",
    nodes: "host of {workload}",
    parts: &[
        PresetPart::new("loss", "node-loss", &[NODES], &[("for", "10s")]),
        PresetPart::new("split", "two-active", &[RADIO], &[("at", "20s")]).may_miss(),
    ],
    ..BASE
};
