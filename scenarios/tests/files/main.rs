//! Files: a good one, a broken one with all its errors, settings, variants, schema.

mod damaged;
mod schema;
mod settings;
mod tables;

use squall_core::plan::LinkTarget;
use squall_core::property::{Compared, PropertyKind, Verdict};
use squall_core::{Law, NodeId, Seed};
use squall_scenarios::{Files, Scenario, Settings, parse, plan_text};

const EXAMPLE: &str = include_str!("../example.toml");

fn example() -> Scenario {
    parse("example.toml", EXAMPLE, &Settings::default()).unwrap_or_else(|e| panic!("{e}"))
}

fn with(with: &[&str], set: &[&str]) -> Result<Scenario, String> {
    let mut settings = Settings {
        with: with.iter().map(|s| (*s).to_owned()).collect(),
        set: Vec::new(),
    };
    for argument in set {
        settings.push_set(argument)?;
    }
    parse("example.toml", EXAMPLE, &settings).map_err(|report| report.to_string())
}

#[test]
fn the_example_reads_as_it_is_written() {
    let scenario = example();
    assert_eq!(scenario.name, "swap storm blamed on a deploy");
    assert_eq!(scenario.seeds, 0..64);
    assert_eq!(scenario.nodes[0].zones, ["a", "b", "c"]);
    assert_eq!(scenario.topology.node(NodeId(1)).label("zone"), Some("b"));
    let link = |from, to| LinkTarget {
        from: NodeId(from),
        to: NodeId(to),
    };
    assert_eq!(scenario.links.rule(link(4, 0)).delay, Law::Constant(1e6));
    assert_ne!(scenario.links.rule(link(0, 1)).delay, Law::Constant(1e6));
    assert_eq!(scenario.workloads[0].name, "support");
    assert_eq!(scenario.workloads[0].line, 13);
    assert_eq!(scenario.workloads[0].nodes.len(), 3);
    let (_, knob) = scenario.topology.knob("support.retry-attempts").unwrap();
    assert_eq!(knob.base.to_bits(), 4f64.to_bits());
    assert_eq!(scenario.faults[0].label, "swap-storm#1");
    assert_eq!((scenario.faults[0].line, scenario.faults[1].line), (21, 26));
    assert_eq!(scenario.faults[1].label, "flaky");
    let names: Vec<&str> = scenario
        .properties
        .iter()
        .map(|p| p.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "support.at-most-once-effect",
            "recovers support.latency",
            "sometimes support.retried",
            "fast store",
            "threshold gateway-0.rate(node_vmstat_pgmajfault)",
        ]
    );
    let PropertyKind::Threshold { limit, .. } = &scenario.properties[3].kind else {
        panic!("{:?}", scenario.properties[3]);
    };
    assert_eq!(*limit, Compared::Value(0.25));
    let expect = scenario.expect.as_ref().unwrap();
    assert_eq!(
        (expect.verdict, &expect.because[..]),
        (Verdict::Fail, &[1, 3][..])
    );
    assert_eq!(scenario.variants.len(), 2);
}

#[test]
fn the_plan_of_a_seed_prints() {
    let scenario = example();
    let text = plan_text(&scenario.plan(Seed(1)).unwrap(), &scenario.topology);
    assert!(text.starts_with("  "), "{text}");
    assert!(text.contains("02:00.000  for 1m30s"), "{text}");
    assert!(
        text.contains("memory taken: overcommit 1.6, active, ramp 10s"),
        "{text}"
    );
}

#[test]
fn all_errors_of_a_broken_file_are_shown_at_once() {
    let text = include_str!("../broken.toml");
    let report = parse("library/rebalance.toml", text, &Settings::default()).unwrap_err();
    let shown = report.render(false);
    assert_eq!(
        shown,
        include_str!("../golden/broken.txt"),
        "GOLDEN\n{shown}GOLDEN"
    );
    assert!(report.render(true).contains("\u{1b}["));
}

#[test]
fn syntax_errors_have_carets_too() {
    let text = "name = \"x\nstop = { at = \"1m\" }\n[topology\nnodes.a = {}\n";
    let count = |text: &str| {
        parse("x.toml", text, &Settings::default())
            .unwrap_err()
            .diagnostics
            .len()
    };
    assert_eq!((count(text), count("")), (2, 3));
    let shown = parse("x.toml", text, &Settings::default())
        .unwrap_err()
        .render(false);
    assert!(shown.contains("--> x.toml:1:"), "{shown}");
    assert!(shown.ends_with("nothing was run\n"), "{shown}");
}

struct NoFiles;
impl Files for NoFiles {
    fn read(&self, _: &str) -> Result<Vec<u8>, String> {
        Err("there is no such file".into())
    }
}

#[test]
fn files_that_are_not_there_are_pointed_at() {
    let scenario = with(&["trace"], &[]).unwrap();
    let shown = scenario.check_files(&NoFiles).unwrap_err().to_string();
    assert!(shown.contains("trace = \"sessions.csv.gz\""), "{shown}");
    assert!(
        shown.contains("^^^^^^^^^^^^^^^ there is no such file"),
        "{shown}"
    );
    assert!(example().check_files(&NoFiles).is_ok());
}

#[test]
fn two_faults_that_cannot_be_in_force_together_name_each_other() {
    let set = |value: &str| {
        format!(
            "[[fault]]\nat = \"1m\"\nfor = \"1m\"\n\
             inject.knob-set = {{ name = \"support.tool-version\", value = {value} }}\n"
        )
    };
    let both = format!(
        "{}{}[[property]]\nalways = \"support.at-most",
        set("0"),
        set("1")
    );
    let text = EXAMPLE.replacen("[[property]]\nalways = \"support.at-most", &both, 1);
    let shown = parse("x.toml", &text, &Settings::default())
        .unwrap_err()
        .to_string();
    assert!(
        shown.contains("`knob-set#1` and `knob-set#2` set `support.tool-version`"),
        "{shown}"
    );
    assert!(
        shown.contains("^ `knob-set#1` in line 32 sets it too"),
        "{shown}"
    );
}

#[test]
fn scenarios_can_be_shared_by_the_threads_of_a_campaign() {
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&example());
}
