//! A fault, the weakness it finds, and the system without it.

use squall::core::property::{PropertyKind, PropertySpec, Verdict};
use squall::core::world::World;
use squall::core::{NodeId, Seed};
use squall::faults::param::Args;
use squall::scenarios::workloads::{Install, InstallFn, Metric, WorkloadKind, nothing, whole};
use squall::scenarios::{Ready, Scenario, SeedRun, Settings, WorkloadUse, parse};
use std::fmt::Write as _;

/// Each pair runs on these. A weakness that breaks by chance only breaks in one of them at least.
const SEEDS: std::ops::Range<u64> = 0..4;

/// A fault and what it finds.
#[derive(Debug)]
pub(crate) struct Pair {
    /// The fault, by its name in the catalogue.
    pub(crate) fault: &'static str,
    /// The bug of the weak system, in one line.
    pub(crate) weakness: &'static str,
    /// What the hardened system does about it, in one line.
    pub(crate) mitigation: &'static str,
    /// The rest of its `[[fault]]`: when, and `inject.<fault> = { .. }`.
    pub(crate) inject: &'static str,
    /// Name of the property that breaks: as the scenario has it, or the subject of the toy's promise.
    pub(crate) breaks: &'static str,
    /// Where.
    pub(crate) system: System,
}

/// Who has the weakness.
#[derive(Debug)]
pub(crate) enum System {
    /// A scenario on the shipped workloads.
    Scenario {
        /// Pieces of its file. Name and fault are added.
        world: &'static [&'static str],
        /// What makes it weak: `key=value`, as of `--set`.
        weak: &'static [&'static str],
        /// What hardens it.
        hardened: &'static [&'static str],
    },
    /// Processes written for this. Their workload is called `toy`, so that names begin with `toy.`.
    Toy {
        /// Pieces of a scenario file without workloads and properties. Name and fault are added.
        world: &'static [&'static str],
        /// What is promised.
        promises: &'static [Promise],
        /// Puts the weak system on the nodes.
        weak: InstallFn,
        /// Puts the hardened one there.
        hardened: InstallFn,
    },
}

/// What a toy promises, by the full names of its events.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Promise {
    /// This event never happens.
    Never(&'static str),
    /// It does.
    Eventually(&'static str),
}

impl Promise {
    fn spec(self) -> PropertySpec {
        let kind = match self {
            Self::Never(event) => PropertyKind::Never {
                event: event.to_owned(),
            },
            Self::Eventually(event) => PropertyKind::Eventually {
                event: event.to_owned(),
                within: None,
                after: squall::core::VirtualDuration::ZERO,
            },
        };
        PropertySpec {
            name: kind.subject().to_owned(),
            kind,
            line: 0,
            optional: false,
        }
    }
}

/// Which of the two systems runs, and whether the fault is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Run {
    WeakAndCalm,
    WeakUnderFault,
    HardenedUnderFault,
}

impl Pair {
    fn text(&self, run: Run) -> String {
        let (System::Scenario { world, .. } | System::Toy { world, .. }) = &self.system;
        let mut text = format!(
            "name = 'known bug of {}'\n{}\n",
            self.fault,
            world.join("\n")
        );
        if run != Run::WeakAndCalm {
            let _ = writeln!(
                text,
                "[[fault]]\nname = 'it'\nland = 'optional'\n{}",
                self.inject
            );
        }
        text
    }

    /// The system, ready to run.
    fn ready(&self, run: Run) -> Ready {
        let text = self.text(run);
        let mut settings = Settings::default();
        if let System::Scenario { weak, hardened, .. } = &self.system {
            let chosen = if run == Run::HardenedUnderFault {
                hardened
            } else {
                weak
            };
            for setting in *chosen {
                settings.push_set(setting).unwrap();
            }
        }
        let scenario = parse(self.fault, &text, &settings);
        let mut scenario = scenario.unwrap_or_else(|report| panic!("{report}"));
        if let System::Toy {
            promises,
            weak,
            hardened,
            ..
        } = &self.system
        {
            let install = if run == Run::HardenedUnderFault {
                hardened
            } else {
                weak
            };
            scenario.workloads.push(toy(&scenario, *install));
            scenario.properties = promises.iter().map(|promise| promise.spec()).collect();
        }
        let ready = scenario.ready(&squall::Place::default());
        ready.unwrap_or_else(|report| panic!("{report}"))
    }

    /// What does not hold, in words; empty if all does.
    fn broken(&self) -> String {
        let mut wrong = String::new();
        let mut world = World::new(Seed(0), false);
        let [calm, weak, hardened] = [
            Run::WeakAndCalm,
            Run::WeakUnderFault,
            Run::HardenedUnderFault,
        ]
        .map(|run| self.ready(run));
        let (mut found, mut last) = (0, String::new());
        for seed in SEEDS.map(Seed) {
            let mut run = |ready: &Ready| {
                let run = ready.run(seed, false, &mut world);
                run.unwrap_or_else(|report| panic!("{report}"))
            };
            let (calm, weak, hardened) = (run(&calm), run(&weak), run(&hardened));
            let mut expect = |what: &str, holds: bool, run: &SeedRun| {
                if !holds {
                    let _ = writeln!(wrong, "  seed {}: {what}\n{}", seed.0, told(run));
                }
            };
            expect(
                "the weak system fails without the fault",
                calm.result.verdict == Verdict::Pass,
                &calm,
            );
            expect("the fault misses the weak system", landed(&weak), &weak);
            expect(
                "the fault misses the hardened system",
                landed(&hardened),
                &hardened,
            );
            let survives = hardened.result.verdict == Verdict::Pass;
            expect("the hardened system does not survive", survives, &hardened);
            let others = |run: &SeedRun| {
                let mut others = run
                    .result
                    .properties
                    .iter()
                    .filter(|p| p.spec.name != self.breaks);
                others.all(|p| p.outcome.verdict == Verdict::Pass)
            };
            expect("more than the named promise breaks", others(&weak), &weak);
            let mut named = weak.result.properties.iter();
            let named = named.find(|p| p.spec.name == self.breaks);
            let verdict = named.map(|p| p.outcome.verdict);
            expect("no property has this name", verdict.is_some(), &weak);
            found += u64::from(verdict == Some(Verdict::Fail));
            last = told(&weak);
        }
        if found == 0 {
            let _ = writeln!(wrong, "  the fault finds the weakness in no seed\n{last}");
        }
        wrong
    }
}

/// Runs the pairs of a family and says everything that does not hold.
pub(crate) fn walk(pairs: &[Pair]) {
    let mut all = String::new();
    for pair in pairs {
        let wrong = pair.broken();
        if !wrong.is_empty() {
            let _ = writeln!(
                all,
                "{}: {}; hardened: {}; promise `{}`\n{wrong}",
                pair.fault, pair.weakness, pair.mitigation, pair.breaks
            );
        }
    }
    assert!(all.is_empty(), "\n{all}");
}

fn landed(run: &SeedRun) -> bool {
    let mut faults = run.result.faults.iter();
    faults.any(|fault| fault.label == "it" && fault.landed > 0)
}

/// Verdicts and faults of a run, for a message.
fn told(run: &SeedRun) -> String {
    let mut text = String::new();
    for p in &run.result.properties {
        let first = p.outcome.first.as_ref();
        let first = first.map_or(String::new(), |v| format!("at {}: {}", v.at, v.text));
        let (verdict, name, measured) = (p.outcome.verdict, &p.spec.name, p.outcome.measured);
        let _ = writeln!(
            text,
            "    {verdict:<13} {name} {first} (measured {measured:?})"
        );
    }
    for fault in &run.result.faults {
        let _ = writeln!(
            text,
            "    fault {} landed {} times",
            fault.label, fault.landed
        );
    }
    let _ = writeln!(
        text,
        "    {:?}, {} events",
        run.result.stop, run.result.events
    );
    text
}

/// A toy as a workload on all nodes of its scenario.
fn toy(scenario: &Scenario, install: InstallFn) -> WorkloadUse {
    // A kind is a table that lives as long as the program; a test can afford that.
    let kind = Box::leak(Box::new(WorkloadKind {
        name: "toy",
        domain: "toy",
        summary: "a system with a weakness, or without",
        params: &[],
        events: &[],
        invariants: &[],
        metrics: &[] as &[Metric],
        knobs: &[],
        services: &[],
        channels: &[],
        roles: &[],
        operations: &[],
        prepare: nothing,
        depends: whole,
        install,
    }));
    WorkloadUse {
        name: "toy".to_owned(),
        kind,
        args: Args::default(),
        nodes: (0..scenario.topology.nodes().len())
            .map(NodeId::from_index)
            .collect(),
        line: 0,
        roles: false,
    }
}

/// The first node of each of `N` groups of one node, in the order of the file.
pub(crate) fn nodes<const N: usize>(install: &Install<'_>) -> [NodeId; N] {
    let nodes = install.nodes();
    std::array::from_fn(|i| nodes[i])
}
