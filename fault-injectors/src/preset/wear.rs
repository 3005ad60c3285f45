//! How often disks and memory wear out.

use super::words::{ONE, POISSON, STACK};
use super::{BASE, Preset, PresetPart};

pub(super) const DISKS: Preset = Preset {
    name: "disks",
    summary: "disks fail as those of large fleets do, in clusters",
    doc: "1.36 % of the disks fail in a year: 644,600 h a disk, of which each node has one. A disk is then \
          detached until it is replaced, after a day (a choice of this project). Gaps between failures vary \
          more than memoryless ones, with a squared coefficient of variation of 2.4, and the chance of the \
          next is highest just after one; the published fit is Weibull with shape 0.71 to 0.76, here it is \
          hyperexponential. Models go from 0.22 % to 6.30 % a year: scale = 0.16 to 4.6.",
    source: "Backblaze 2025: annual failure rate 1.36 % (models 0.22-6.30 %); Schroeder and Gibson, FAST'07: \
             gaps squared CoV 2.4, Weibull shape 0.71-0.76, weekly autocorrelation 0.72",
    parts: &[PresetPart::new(
        "disk",
        "disk-error",
        &[ONE, ("mode", "detach")],
        &[
            ("for", "24h"),
            ("every.mean", "644600h a node"),
            ("every.dist", "hyperexponential"),
            ("every.variance", "2.4"),
            STACK,
        ],
    )],
    missing: "the autocorrelation of weekly counts, 0.72",
    ..BASE
};

pub(super) const DRAM: Preset = Preset {
    name: "dram",
    summary: "memory goes bad for a month, in which errors that no code corrects are frequent",
    doc: "More than 8 % of the modules have correctable errors in a year: a bad month comes to a node every \
          100,000 h, with one module a node. Errors that are corrected (25,000 to 70,000 per 10^9 h and Mbit, \
          some three an hour over the 8 GiB of an average node, nearly all of them in bad months) change \
          nothing here. In a bad month an uncorrectable one is 27 to 400 times likelier, drawn a seed; each \
          is a crash of the node, which is back after 10 min. That a good module has one in 5,000,000 h \
          follows from 0.22 % of the modules a year, a figure that is recalled and unverified. `scale` \
          makes everything shorter: months too.",
    source: "Schroeder et al., SIGMETRICS'09, and later field studies: > 8 % of DIMMs a year with correctable \
             errors, 25-70k FIT/Mbit, uncorrectable 27-400 times likelier in such a month",
    parts: &[
        PresetPart::new(
            "bad-month",
            "lemon-node",
            &[
                ONE,
                ("factor", "{loguniform 27 400}"),
                ("mtbf", "5000000h over scale"),
                ("down", "10m"),
            ],
            &[
                ("for", "730h over scale"),
                ("every.mean", "100000h a node"),
                POISSON,
                STACK,
            ],
        ),
        PresetPart::new(
            "uncorrectable",
            "node-loss",
            &[ONE],
            &[
                ("for", "10m"),
                ("every.mean", "5000000h a node"),
                POISSON,
                STACK,
            ],
        )
        .may_miss(),
    ],
    ..BASE
};
