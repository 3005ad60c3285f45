//! What every preset becomes, as a table that shows every change of a value.

use super::{CREW, LOOP, SHOP, STORE, find, plan, scenario};
use squall_core::plan::Entry;
use squall_faults::{effect, preset};
use std::fmt::Write as _;

/// Whether a preset takes a key, by its page.
fn takes(name: &str, key: &str) -> bool {
    let page = find(name).describe();
    let mut lines = page.lines().filter(|line| line.starts_with("  takes "));
    lines.any(|line| line.contains(key))
}

/// What a record needs beside `use`, `at` and `for` in a world with everything.
fn record(name: &str) -> String {
    let preset = find(name);
    let mut record = format!("[[fault]]\nuse = '{name}'\nat = '1m'\n");
    if preset.length.is_empty() {
        record += "for = '6m'\n";
    }
    record += match name {
        "5g-urban" | "5g-rural" | "5g-factory" | "5g-factory-mmwave" | "tunnel" => {
            "links = 'car -> board'\n"
        }
        "hot-standby-loss" => "links = 'board <-> spare'\nworkload = 'loop'\n",
        "swap-zombie" | "ambiguous-zombie" | "blind-guard" | "cold-cache-retry" => {
            "workload = 'crew'\n"
        }
        "storm-and-resend" => "workload = 'crew'\nset.\"limit.rate\" = '20000/s'\n",
        "sre-retry" | "retry-bucket" => "workload = 'shop'\n",
        "metastable-trigger" => "nodes = 'near'\nworkload = 'shop'\n",
        "recovery-herd" => "service = 'shop.request'\nworkload = 'shop'\nscale = 60\n",
        "gray-node" => "nodes = 'any 1 of near'\nservice = 'shop.request'\n",
        "provider-outage" | "provider-outage-anthropic" => "service = 'crew.model'\nscale = 1000\n",
        "tool-errors" => "service = 'crew.tools'\n",
        "litmus-default" => "nodes = 'near'\nservice = 'shop.request'\ngap = '1s'\n",
        "fdb-clog" | "chaosmesh-example" => "nodes = 'near'\n",
        "vopr-swarm" => "nodes = 'near'\nscale = 1000\n",
        _ if takes(name, "scale") => "nodes = 'near + far'\nscale = 100_000\n",
        _ if takes(name, "nodes") => "nodes = 'near + far'\n",
        _ => "",
    };
    record
}

/// The faults of a preset in seed 1: how many overlays, and the first of them.
fn table(name: &str) -> String {
    let scenario = scenario(&[SHOP, CREW, LOOP, STORE], 20, &record(name));
    let plan = plan(&scenario, 1);
    let mut text = format!("{name}\n");
    for (at, fault) in plan.faults.iter().enumerate() {
        let own = |entry: &&Entry| entry.fault as usize == at;
        let entries: Vec<&Entry> = plan.entries().iter().filter(own).collect();
        let label = fault.label.strip_prefix(name).unwrap_or(&fault.label);
        let Some(first) = entries.first() else {
            let _ = writeln!(text, "  {label:<22} not in this seed");
            continue;
        };
        let length = match first.until {
            Some(until) => format!("for {}", until.since(first.from)),
            None => "forever".to_owned(),
        };
        let (count, from) = (entries.len(), first.from);
        let what = effect(&first.primitive, &scenario.topology);
        let _ = writeln!(text, "  {label:<22} {count:>4} x  {from} {length}  {what}");
    }
    text
}

#[test]
fn every_preset_becomes_what_the_table_says() {
    let used = preset::ALL.iter().filter(|preset| !preset.parts.is_empty());
    let shown: String = used.map(|preset| table(preset.name)).collect();
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/presets/golden/expansion.txt"
    );
    if std::env::var_os("SQUALL_GOLDEN").is_some() {
        std::fs::write(path, &shown).expect("the table can be written");
    }
    let golden = std::fs::read_to_string(path).expect("the table is there");
    for (shown, golden) in shown.lines().zip(golden.lines()) {
        assert_eq!(shown, golden, "SQUALL_GOLDEN=write writes the table anew");
    }
    assert_eq!(shown.len(), golden.len());
}

/// Every part acts in some seed, if it is common enough.
#[test]
fn every_part_acts_in_some_seed() {
    for preset in preset::ALL.iter().filter(|preset| !preset.parts.is_empty()) {
        let scenario = scenario(&[SHOP, CREW, LOOP, STORE], 20, &record(preset.name));
        let mut idle: Vec<&str> = preset.parts.iter().map(|part| part.slug).collect();
        for seed in 0..48 {
            let plan = plan(&scenario, seed);
            idle.retain(|slug| {
                let label = format!("{}/{slug}", preset.name);
                let own = |entry: &Entry| {
                    let fault = &plan.faults[entry.fault as usize].label;
                    let rest = fault.strip_prefix(&label);
                    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
                };
                !plan.entries().iter().any(own)
            });
            if idle.is_empty() {
                break;
            }
        }
        // A swarm's crashes are rare at this scale, and say so.
        let rare = ["crash", "pause"];
        idle.retain(|slug| preset.name != "vopr-swarm" || !rare.contains(slug));
        assert!(idle.is_empty(), "{}: {idle:?}", preset.name);
    }
}

/// The page of a preset says where its values come from; names are there once.
#[test]
fn every_preset_has_a_page() {
    let list = preset::list();
    for preset in preset::ALL {
        let page = preset.describe();
        assert!(page.contains(preset.source) && !preset.source.is_empty());
        assert!(list.contains(preset.summary) && !preset.summary.is_empty());
        assert!(preset.parts.is_empty() || page.contains("must land"));
        let told = !preset.write.is_empty() || !preset.missing.is_empty();
        assert!(
            !preset.parts.is_empty() || told,
            "{} is nothing",
            preset.name
        );
    }
    let mut names: Vec<_> = preset::ALL.iter().map(|preset| preset.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), preset::ALL.len());
}
