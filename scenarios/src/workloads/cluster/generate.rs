//! Graphs that are drawn: layers in the proportions of Alibaba's microservices of 2022.
//!
//! Of 67,760 microservices 8,591 are entries, 30,959 stand in the middle, 25,201 are leaves
//! (arXiv:2504.13141v2, table 1); the other 3,009 call nobody and are called by nobody. The shares 13, 48
//! and 39 % are those of the 64,751 that take part in calls. They have 16, 41 and 17 instances on average.

use super::graph::Graph;
use squall_core::{Key, Sample, Seed};
use squall_faults::param::{Args, Kind, Param};

pub(super) const PARAM: Param = Param::new(
    "generate",
    Kind::Table(TABLE),
    "a drawn graph in the proportions of Alibaba's microservices: entries, services in the middle, leaves",
)
.one_of("graph");

const TABLE: &[Param] = &[
    Param::new("services", Kind::Integer { min: 3, max: 5000 }, "how many").default("100"),
    Param::new(
        "seed",
        Kind::Integer {
            min: 0,
            max: i64::MAX,
        },
        "which graph: it is the same for all seeds of a campaign",
    )
    .default("1"),
    Param::new(
        "instances",
        Kind::Number {
            min: 0.0,
            max: 100.0,
        },
        "replicas of a service, relative to those published, at least one; `replicas` if zero",
    )
    .default("0"),
];

/// Services that call others and are called by clients only, and that are called and call: the rest are
/// leaves.
const ENTRIES: f64 = 8591.0 / 64_751.0;
const MIDDLE: f64 = 30_959.0 / 64_751.0;
/// Instances of an entry, of a service in the middle, of a leaf.
const INSTANCES: [f64; 3] = [16.0, 41.0, 17.0];
/// Calls beyond the one that each service needs, over services: the social network of DeathStarBench has
/// 35 calls for 25 services.
const MORE_CALLS: f64 = 0.4;

/// A graph, and the replicas of its services if they are drawn.
pub(super) fn generate(args: &Args) -> (Graph, Option<Vec<u32>>) {
    let seed = Seed(args.count("seed"));
    let count = usize::try_from(args.count("services")).expect("the table bounds it");
    let share = |share: f64| -> usize {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a count"
        )]
        let part = (count as f64 * share).round() as usize;
        part.max(1)
    };
    let entries = share(ENTRIES);
    let middle = share(MIDDLE).min(count - entries - 1);
    let callers = entries + middle;
    let mut graph = Graph::default();
    let names: Vec<String> = (0..count).map(|n| name(n, entries, callers)).collect();
    for name in &names {
        graph.add(name);
    }
    let key = Key::new(seed, "cluster/generate", "caller");
    // Everybody is called by one who stands before, so that there is no cycle; first by those who call
    // nobody yet.
    let mut idle: Vec<usize> = (0..callers).rev().collect();
    for callee in entries..count {
        let before = callee.min(callers);
        let waits = idle
            .iter()
            .rposition(|caller| *caller < before && *caller != callee);
        let caller = match waits {
            Some(at) if callee >= callers || at + 1 == idle.len() => idle.remove(at),
            _ => key.at(callee as u64).index(before),
        };
        graph.call(&names[caller], &names[callee]);
    }
    for caller in idle {
        let leaf = callers + key.child(1).at(caller as u64).index(count - callers);
        graph.call(&names[caller], &names[leaf]);
    }
    for n in 0..share(MORE_CALLS) {
        let mut draw = key.child(2).at(n as u64);
        let caller = draw.index(callers);
        let first = entries.max(caller + 1);
        let callee = first + draw.index(count - first);
        graph.call(&names[caller], &names[callee]);
    }
    let instances = args.number("instances");
    let drawn = (instances > 0.0).then(|| {
        let key = Key::new(seed, "cluster/generate", "instances");
        let replicas = |n: usize| {
            let class = usize::from(n >= entries) + usize::from(n >= callers);
            let mean = INSTANCES[class] * instances;
            // Exponential above the one that everybody has: few have many.
            let more = key.at(n as u64).exponential((mean - 1.0).max(0.0));
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "`as` saturates, and it is positive"
            )]
            let replicas = 1 + more.round() as u32;
            replicas
        };
        (0..count).map(replicas).collect()
    });
    (graph, drawn)
}

fn name(n: usize, entries: usize, callers: usize) -> String {
    match n {
        n if n < entries => format!("entry-{n}"),
        n if n < callers => format!("middle-{}", n - entries),
        n => format!("leaf-{}", n - callers),
    }
}
