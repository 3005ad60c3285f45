//! What people read of the catalogue is true: the page is the table's, texts fit a terminal, every
//! example is one that runs, and shells complete the names.

use squall::faults::catalog;
use squall::scenarios::{Settings, parse};
use std::process::Command;

/// The page on disk is the one the program writes.
#[test]
fn the_page_of_all_faults_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/faults.md");
    let shipped = std::fs::read_to_string(path).unwrap_or_default();
    // The two are too long to be shown.
    let same = shipped == catalog::markdown();
    assert!(
        same,
        "write it again: `cargo run -q -- list faults --format markdown > docs/faults.md`"
    );
}

#[test]
fn the_page_says_everything_about_every_fault() {
    let page = catalog::markdown();
    for kind in catalog::ALL {
        let name = kind.name;
        let link = format!("[{name}](#{name})");
        assert!(page.contains(&link), "{name} is not in the index");
        let start = page.find(&format!("\n### {name}\n"));
        let section = &page[start.unwrap_or_else(|| panic!("{name} has no section"))..];
        let section = section.split("\n### ").nth(1).unwrap_or("");
        let prose = section.split_whitespace().collect::<Vec<_>>().join(" ");
        let doc = kind.doc.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in [kind.summary, &doc, kind.source] {
            assert!(
                prose.contains(part),
                "{name}: the page does not say `{part}`"
            );
        }
        for param in kind.params {
            let row = format!("| `{}` |", param.key);
            assert!(section.contains(&row), "{name}: no row of `{}`", param.key);
        }
        for title in ["lowers to: ", "must land: ", "hosts: native: "] {
            assert!(section.contains(title), "{name}: no line `{title}`");
        }
    }
}

/// Lists have 80 to 100 columns, whatever a summary says.
#[test]
fn texts_fit_a_terminal() {
    let pages = catalog::ALL.iter().map(|kind| kind.describe());
    for text in pages.chain([catalog::list()]) {
        for line in text.lines() {
            let columns = line.chars().count();
            // An example is one line, which can be copied.
            let example = line.trim_start().starts_with("inject.");
            assert!(columns <= 100 || example, "{columns} columns: {line}");
        }
    }
}

/// A world in which every example has its targets; what it lowers to is checked when it is read.
#[test]
fn every_example_is_a_fault_that_can_be_planned() {
    let world = "name = 'examples'\nstop = { at = '10m' }\n[topology]\n\
        nodes.gateway = { count = 4, zone = 'spread a b', \
        labels = { rack = 'r1' }, swap = 'nvme' }\nnodes.client = {}\n\
        [workload.shop.cluster]\non = 'gateway'\nclients = 'client'\n\
        [workload.support.agents]\non = 'client'\narrivals.rate = '1/s'\n\
        [workload.loop.edge]\non = 'gateway'\nplant.servo = {}\n\
        measurement.noise = 0.1\n\
        [workload.sched.scheduler]\non = 'gateway'\npods.web = { replicas = 1 }\n\
        [workload.kv.raft]\non = 'gateway'\n";
    let mut wrong = String::new();
    for kind in catalog::ALL {
        let text = format!("{world}{}", kind.example());
        if let Err(report) = parse(kind.name, &text, &Settings::default()) {
            wrong.push_str(&report.to_string());
        }
        let shown = kind.describe();
        for line in kind.example().lines() {
            assert!(shown.contains(line), "{}: `{line}` is not shown", kind.name);
        }
    }
    assert!(
        wrong.is_empty(),
        "give the parameter a sample (`Param::sample`), or its kind (`Kind::sample`):\n{wrong}"
    );
}

#[test]
fn shells_complete_the_names_of_the_table() {
    for shell in ["bash", "zsh"] {
        let output = Command::new(env!("CARGO_BIN_EXE_squall"))
            .args(["completions", shell])
            .output()
            .expect("squall runs");
        let text = String::from_utf8(output.stdout).expect("text");
        for kind in catalog::ALL {
            assert!(
                text.contains(kind.name),
                "{shell} does not complete {}",
                kind.name
            );
        }
    }
}
