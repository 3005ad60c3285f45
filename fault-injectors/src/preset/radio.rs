//! Mobile radio as it was measured: delays by their quantiles, and stalls that drain in order.
//!
//! Round trips are published and one-way delays are simulated: the way back takes half of the shortest
//! round trip, and the way there the rest, so that a round trip has the quantiles of the source. What is
//! above 50 ms comes in runs in which every record is shorter than the one before by the time between
//! them: the link stood still and drains. That is a stall here, and not a draw of each message.

use super::words::Word;
use super::{BASE, Preset, PresetPart};

const THERE: Word = ("links", "{there}");
const BACK: Word = ("links", "{back}");
const BETWEEN: Word = ("links", "{between}");
/// The delay of the radio, in place of that of the topology; each message draws for itself.
const IN_PLACE: Word = ("mode", "replace");
const ALONE: Word = ("correlation", "0");

pub(super) const FIVE_G_URBAN: Preset = Preset {
    name: "5g-urban",
    summary: "a vehicle's round trip over mid-band 5G in a city: 17 ms, and stalls of a quarter of a second",
    doc: "Round trip median 17 ms, p99 33 ms, p99.9 230 ms, longest 282 ms; 0.5 % are above 50 ms, in runs of \
          14 records of 16 ms. `links` says which way goes to the cloud. Below 50 ms a message draws from \
          the 8,175 records there; a stall of 213 ms to 265 ms comes every 42 s.",
    source: "CICV5G (Tongji University, CC BY 4.0), urban_n78_v30_100hz: 8,216 round trips at 30 km/h",
    parts: &[
        PresetPart::new(
            "there",
            "link-delay",
            &[
                THERE,
                (
                    "delay",
                    "quantiles p0 6ms p5 7ms p25 9ms p50 11ms p75 15ms p90 19ms p95 21ms p99 25ms p99.9 31ms \
                     p100 44ms",
                ),
                IN_PLACE,
                ALONE,
            ],
            &[],
        ),
        PresetPart::new(
            "back",
            "link-delay",
            &[BACK, ("delay", "6ms"), IN_PLACE, ALONE],
            &[],
        )
        .may_miss(),
        PresetPart::new(
            "stall",
            "handover-gap",
            &[
                BETWEEN,
                ("gap", "uniform 213ms 265ms"),
                ("every", "exponential mean 42s"),
            ],
            &[],
        )
        .may_miss(),
    ],
    ..BASE
};

pub(super) const FIVE_G_RURAL: Preset = Preset {
    name: "5g-rural",
    summary: "a vehicle's round trip over 5G in the country: 28 ms, and stalls of up to 10 s",
    doc: "Round trip median 28 ms, p95 5.0 s; 26 % are above 50 ms, the longest run has 229 records of 55 ms. \
          `links` says which way goes to the cloud. Below 50 ms a message draws from the 1,507 records \
          there; a stall comes 1.8 s after the one before on average, by the quantiles of the jumps in the \
          recording, half of them above 350 ms.",
    source: "CICV5G (Tongji University, CC BY 4.0), rural_n8_v10_20hz: 2,042 round trips at 10 km/h",
    parts: &[
        PresetPart::new(
            "there",
            "link-delay",
            &[
                THERE,
                (
                    "delay",
                    "quantiles p0 7500us p5 9500us p25 12500us p50 16500us p75 23500us p90 29500us p95 33500us \
                     p99 40500us p100 42500us",
                ),
                IN_PLACE,
                ALONE,
            ],
            &[],
        ),
        PresetPart::new(
            "back",
            "link-delay",
            &[BACK, ("delay", "7500us"), IN_PLACE, ALONE],
            &[],
        )
        .may_miss(),
        PresetPart::new(
            "stall",
            "handover-gap",
            &[
                BETWEEN,
                (
                    "gap",
                    "quantiles p0 37ms p5 44ms p25 294ms p50 352ms p75 685ms p90 1100ms p97 2050ms p100 10200ms",
                ),
                ("every", "exponential mean 1800ms"),
            ],
            &[],
        ),
    ],
    ..BASE
};

pub(super) const FIVE_G_FACTORY: Preset = Preset {
    name: "5g-factory",
    summary: "one-way delays of mid-band 5G in a factory: 6 ms up, 5 ms down",
    doc: "`links` says which way goes up, from the device to the network. Up 6.4 ms, p99.9 11.7 ms, at most 14 \
          ms; down 5.3 ms, p99.9 11.4 ms, at most 17 ms. Each message draws for itself; the measured ones \
          depend on the frame of the radio, whose period is not simulated.",
    source: "DETERMINISTIC6G, 5G-midband 2a (3.7 GHz), histograms of one-way delays",
    parts: &[
        PresetPart::new(
            "up",
            "link-delay",
            &[
                THERE,
                (
                    "delay",
                    "quantiles p0 3700us p1 4900us p10 5463us p25 5756us p50 6411us p75 7197us p90 7614us \
                     p95 7817us p99 9945us p99.9 11685us p99.99 13073us p100 14ms",
                ),
                IN_PLACE,
                ALONE,
            ],
            &[],
        ),
        PresetPart::new(
            "down",
            "link-delay",
            &[
                BACK,
                (
                    "delay",
                    "quantiles p0 2900us p1 3744us p10 4553us p25 4896us p50 5299us p75 5760us p90 8081us \
                     p95 9749us p99 10840us p99.9 11421us p99.99 14703us p100 17100us",
                ),
                IN_PLACE,
                ALONE,
            ],
            &[],
        )
        .may_miss(),
    ],
    ..BASE
};

pub(super) const FIVE_G_FACTORY_MMWAVE: Preset = Preset {
    name: "5g-factory-mmwave",
    summary: "one-way delays of a millimetre-wave prototype in a factory: below 1 ms",
    doc: "As 5g-factory: up 0.69 ms, p99.9 0.94 ms, at most 2 ms; down 0.76 ms, p99.9 1.70 ms, at most 3.3 ms. \
          The catalogue has 0.67 and 0.75 ms for the medians, the lower ends of their bins.",
    source: "DETERMINISTIC6G, 5G-URLLC 3a (28 GHz), histograms of one-way delays",
    parts: &[
        PresetPart::new(
            "up",
            "link-delay",
            &[
                THERE,
                (
                    "delay",
                    "quantiles p0 500us p1 526us p10 558us p25 608us p50 687us p75 750us p90 825us p95 875us \
                     p99 916us p99.9 937us p99.99 1091us p100 2ms",
                ),
                IN_PLACE,
                ALONE,
            ],
            &[],
        ),
        PresetPart::new(
            "down",
            "link-delay",
            &[
                BACK,
                (
                    "delay",
                    "quantiles p0 560us p1 593us p10 634us p25 687us p50 763us p75 835us p90 939us p95 1012us \
                     p99 1080us p99.9 1702us p99.99 2444us p100 3330us",
                ),
                IN_PLACE,
                ALONE,
            ],
            &[],
        )
        .may_miss(),
    ],
    ..BASE
};
