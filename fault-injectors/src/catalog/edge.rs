//! Faults of control loops: jobs that are late or lost, outputs that are late.

use super::FaultKind;
use super::actuator::{LOOP, set};
use crate::lowering::{Lowering, Refusal};
use crate::param::{Args, Issue, Kind, Param, Unit};
use crate::topology::ChannelKind;
use squall_core::memory::{Activity, Arrival};
use squall_core::plan::{Damage, Family, Primitive, SignalRule, Swap};
use squall_core::{NodeId, VirtualDuration, VirtualTime};

/// Periods of a loop that one occurrence may treat one by one.
const PERIODS_MAX: usize = 10_000;

/// The nodes of the controllers of the loop named at `loop`, and its period.
fn controllers(
    args: &Args,
    lowering: &Lowering<'_>,
) -> Result<(Vec<NodeId>, VirtualDuration), Refusal> {
    let sensors = lowering.channels_of(args, "loop", ChannelKind::Sensor)?;
    let name = args.text("loop");
    let places = lowering.topology.workloads().iter();
    let nodes = places.filter(|(workload, _)| workload == name);
    let nodes = nodes.flat_map(|(_, nodes)| nodes.iter().copied()).collect();
    Ok((nodes, sensors[0].1.period))
}

pub(super) const DEADLINE_OVERRUN: FaultKind = FaultKind {
    name: "deadline-overrun",
    family: Family::Knob,
    summary: "jobs of a control loop need more processor time than there is",
    doc: "In each period the processors of the controllers are slower by a factor that is drawn for that \
          period, or by a pattern of periods, again and again: `o` is as usual, `x` a period in which \
          nothing gets done (a thousandth of the speed). What becomes of a job that still runs at the \
          next sample, of the command and of the controller's state is the loop's own affair (`overrun`, \
          `miss`), unless `policy`, `output` or `state` say otherwise. Other work on these nodes is slower \
          too.",
    params: &[
        LOOP,
        Param::new(
            "demand",
            Kind::Law(Unit::Plain),
            "factor on the processor time of a job; lognormal median 1 p99 2 if neither is written",
        )
        .one_of("demand"),
        Param::new(
            "pattern",
            Kind::Text,
            "which periods are lost, such as oooox",
        )
        .one_of("demand"),
        Param::new(
            "policy",
            Kind::Choice(&["skip-next", "kill", "queue-1", "continue"]),
            "when a job still runs at the next sample; the loop's own if missing",
        ),
        Param::new(
            "output",
            Kind::Choice(&["hold", "zero"]),
            "the command after a job that was skipped or killed; the loop's own if missing",
        ),
        Param::new(
            "state",
            Kind::Choice(&["freeze", "advance"]),
            "the controller's state after such a job; the loop's own if missing",
        ),
    ],
    lowers_to: &["speed", "knob"],
    needed: &["speed"],
    source: "Maggio et al., ECRTS 2020; Vreman et al., ECRTS 2021; Pazzaglia et al. 2019",
    own_length: None,
    lower: deadline_overrun,
};

fn deadline_overrun(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let (nodes, period) = controllers(args, lowering)?;
    let place = |word: Option<&str>, words: &[&str]| {
        let found = words.iter().position(|w| Some(*w) == word);
        found.map(|at| at as f64)
    };
    let policies = ["skip-next", "kill", "queue-1", "continue"];
    let knobs = [
        ("overrun", place(args.word_opt("policy"), &policies)),
        (
            "miss_output",
            place(args.word_opt("output"), &["hold", "zero"]),
        ),
        (
            "miss_state",
            place(args.word_opt("state"), &["freeze", "advance"]),
        ),
    ];
    for (slug, value) in knobs {
        if let Some(value) = value {
            set(args, lowering, (slug, value))?;
        }
    }
    let pattern = pattern(args)?;
    let law = args.law_opt("demand");
    let law = law.unwrap_or_else(|| squall_core::Law::lognormal_p99(1.0, 2.0));
    for (round, at) in periods(args, lowering, period)?.into_iter().enumerate() {
        let number = u32::try_from(round).expect("periods are bounded");
        let demand = match pattern.get(round % pattern.len().max(1)) {
            Some(true) => 1000.0,
            Some(false) => 1.0,
            None => law.sample(&mut lowering.round("demand", number)),
        };
        let factor = 1.0 / demand.clamp(0.001, 1000.0);
        if factor == 1.0 {
            continue;
        }
        let until = Some(at.saturating_add(period));
        for node in &nodes {
            let node = *node;
            lowering.overlay_between(at, until, Primitive::CpuSpeed { node, factor });
        }
    }
    Ok(())
}

/// Which periods are lost, again and again; empty if there is no pattern.
fn pattern(args: &Args) -> Result<Vec<bool>, Refusal> {
    let text = args.text_opt("pattern").unwrap_or("");
    match text.char_indices().find(|(_, c)| !matches!(c, 'o' | 'x')) {
        Some((at, wrong)) => {
            let range = at..at + wrong.len_utf8();
            let issue = Issue::new(format!("`{wrong}` is no period"), range);
            Err(Refusal::arg(
                "pattern",
                issue.help("o is as usual, x is lost"),
            ))
        }
        None => Ok(text.chars().map(|c| c == 'x').collect()),
    }
}

/// The starts of a loop's periods that fall into the occurrence.
fn periods(
    args: &Args,
    lowering: &Lowering<'_>,
    period: VirtualDuration,
) -> Result<Vec<VirtualTime>, Refusal> {
    let end = lowering
        .window
        .until
        .unwrap_or(lowering.stop)
        .min(lowering.stop);
    let first = lowering
        .window
        .from
        .as_nanos()
        .div_ceil(period.as_nanos().max(1));
    let starts = (first..).map(|k| VirtualTime::from_nanos(k.saturating_mul(period.as_nanos())));
    let starts = starts.take_while(|at| *at < end).take(PERIODS_MAX + 1);
    let starts: Vec<VirtualTime> = starts.collect();
    if starts.len() > PERIODS_MAX {
        let name = args.text("loop");
        let issue = Issue::new(
            format!("more than {PERIODS_MAX} periods of `{name}`"),
            0..name.len(),
        );
        return Err(Refusal::arg("loop", issue.help("make the fault shorter")));
    }
    Ok(starts)
}

const CHAIN: &[Param] = &[
    Param::new("begin", Kind::Share, "chance a period that a burst begins").required(),
    Param::new("end", Kind::Share, "chance a period that it ends").required(),
];

pub(super) const JOB_LOSS: FaultKind = FaultKind {
    name: "job-loss",
    family: Family::Knob,
    summary: "jobs of a control loop are lost, one by one or in bursts",
    doc: "Each job by itself with chance `p`, or all jobs while a channel of two states (Gilbert and \
          Elliott) is bad. `lost`: the job neither runs nor actuates, and the controller's state is \
          frozen; `output-dropped`: it runs, and its command is lost. Draws are those of the loop, keyed \
          by the number of the job.",
    params: &[
        LOOP,
        Param::new("p", Kind::Share, "share of the jobs")
            .required()
            .one_of("law"),
        Param::new(
            "bursts",
            Kind::Table(CHAIN),
            "instead of `p`: bursts of losses",
        )
        .one_of("law"),
        Param::new(
            "counts",
            Kind::Choice(&["lost", "output-dropped"]),
            "what a loss takes",
        )
        .default("lost"),
    ],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "Jitterbug manual; weakly-hard real-time systems",
    own_length: None,
    lower: job_loss,
};

fn job_loss(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let counts = if args.word("counts") == "lost" {
        0.0
    } else {
        1.0
    };
    set(args, lowering, ("lost", counts))?;
    match args.table_opt("bursts") {
        Some(bursts) => {
            set(args, lowering, ("burst_begin", bursts.number("begin")))?;
            set(args, lowering, ("burst_end", bursts.number("end")))
        }
        None => set(args, lowering, ("loss", args.number("p"))),
    }
}

pub(super) const INPUT_OUTPUT_DELAY: FaultKind = FaultKind {
    name: "input-output-delay",
    family: Family::Signal,
    summary: "commands of a control loop reach the plant late",
    doc: "Each command by its own draw, as a multiple of the period; 1 is just before the next sample. \
          Adds to the delay that the loop has; commands act in the order in which they are due.",
    params: &[
        LOOP,
        Param::new(
            "delay",
            Kind::Law(Unit::Plain),
            "how late, as a multiple of the period",
        )
        .default("uniform 0 1"),
    ],
    lowers_to: &["signal-delay"],
    needed: &["signal-delay"],
    source: "Jitterbug manual, figures of constant and random delay",
    own_length: None,
    lower: |args, lowering| {
        let law = args.law("delay");
        for (channel, info) in lowering.channels_of(args, "loop", ChannelKind::Actuator)? {
            let delay = law.scaled(info.period.as_nanos_f64());
            let rule = SignalRule::Delay { delay };
            lowering.overlay(Primitive::Signal { channel, rule });
        }
        Ok(())
    },
};

pub(super) const PAGE_FAULT_STALL: FaultKind = FaultKind {
    name: "page-fault-stall",
    family: Family::Memory,
    summary: "jobs of a control loop wait for pages that were swapped out",
    doc: "An intruder that goes on touching its pages takes as much memory as leaves room for all but a \
          share of the working sets on the controllers' nodes: if all pages are equally popular, that \
          share of a job's touches waits for the device; the more popular some are, the fewer. A loop \
          whose memory is locked (`memory.pages = 0`) waits for nothing.",
    params: &[
        LOOP,
        Param::new(
            "faults",
            Kind::Number {
                min: 0.001,
                max: 0.75,
            },
            "share of the pages of a job that are not there",
        )
        .required(),
        Param::new(
            "device",
            Kind::Choice(&["ssd", "hdd"]),
            "where they are: some 0.1 ms or some 10 ms away",
        )
        .default("ssd"),
    ],
    lowers_to: &["swap-device", "pressure"],
    needed: &["pressure"],
    source: "edge.md section 7: 0.1 ms (SSD) to 10 ms (HDD) a fault",
    own_length: None,
    lower: page_fault_stall,
};

fn page_fault_stall(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let ratio = 1.0 / (1.0 - args.number("faults"));
    for node in controllers(args, lowering)?.0 {
        lowering.overlay(Primitive::SwapDevice {
            node,
            device: Swap::Preset(args.word("device").to_owned()),
        });
        lowering.overlay(Primitive::MemoryPressure {
            node,
            size: Damage::Overcommit(ratio),
            activity: Activity::Active,
            arrival: Arrival::Burst {
                ramp: VirtualDuration::ZERO,
            },
        });
    }
    Ok(())
}

pub(super) const LOCK_INVERSION: FaultKind = FaultKind {
    name: "lock-inversion",
    family: Family::Cpu,
    summary: "jobs of a control loop wait for a lock that a job of low priority holds",
    doc: "After a draw of `every` the low job has the lock for a draw of `hold`, in which the controllers' \
          nodes get next to nothing done: a microsecond in each millisecond. Each node has its own rhythm.",
    params: &[
        LOOP,
        Param::new("hold", Kind::Law(Unit::Time), "how long the lock is held").default("20ms"),
        Param::new(
            "every",
            Kind::Law(Unit::Time),
            "time until it is taken again",
        )
        .default("exponential mean 500ms"),
    ],
    lowers_to: &["quota"],
    needed: &["quota"],
    source: "priority inversion: Mars Pathfinder 1997",
    own_length: None,
    lower: |args, lowering| {
        for node in controllers(args, lowering)?.0 {
            let stands = Primitive::CpuQuota {
                node,
                quota: VirtualDuration::from_micros(1),
                period: VirtualDuration::from_millis(1),
                phase: VirtualDuration::ZERO,
            };
            lowering.alternate_for(Some(node), args, ("every", "hold"), &[stands])?;
        }
        Ok(())
    },
};
