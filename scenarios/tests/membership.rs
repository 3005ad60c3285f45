//! The membership workload: what its scenarios expect, planted bugs that are found, and bad parameters.

mod common;

use common::{assert_expected, events, library, metric, property, ready, run, try_ready};
use squall_core::history::What;
use squall_core::property::Verdict;
use squall_core::{Seed, World};

const CLUB: &str = "cluster/membership.toml";
const PARTITION: &str = "cluster/membership-partition.toml";

#[test]
#[ignore = "for people"]
fn show() {
    let with = std::env::var("WITH").unwrap_or_default();
    let with: Vec<&str> = with.split(' ').filter(|w| !w.is_empty()).collect();
    let seeds = std::env::var("SEEDS").unwrap_or("4".into()).parse().unwrap();
    let ready = library(PARTITION, &with, &[]);
    for seed in 0..seeds {
        let run = run(&ready, seed, true);
        let (mean, count) = metric(&run.result, "club.false-kill");
        println!("seed {seed}: {} of {count} wrong", mean * count as f64);
        let recording = run.recording.as_ref().unwrap();
        let mut wrong = false;
        let names = &recording.header.names;
        let nodes = &recording.header.nodes;
        let mut last = String::new();
        for r in &recording.records {
            match r.what {
                What::Event { name, node, a, b } if names.text(name) == "club.convicted" => {
                    last = format!("{} {} convicts {a} inc {b}", r.at, nodes[node.index()]);
                }
                What::Sample { name, value, .. } if names.text(name) == "club.false-kill" => {
                    wrong = value > 0.5;
                    if wrong {
                        println!("{last}");
                    }
                }
                _ => {}
            }
        }
        let _ = wrong;
    }
}
