//! All that is wrong with a file is said at once, each with its place and remedy; `never` is for faults alone.

use squall_core::plan::Primitive;
use squall_core::{Seed, World};
use squall_scenarios::{Files, Ready, Settings, parse};

struct NoFiles;
impl Files for NoFiles {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        Err(format!("no file {path} here"))
    }
}

const HEAD: &str = "name = \"all\"
stop = { at = \"1m\" }
topology.nodes.web = { count = 3 }
topology.nodes.client = { count = 2 }
[workload.shop.cluster]
on = \"web\"
clients = \"client\"
arrivals.rate = \"20/s\"
";

fn shown(text: &str) -> String {
    let report = match parse("all.toml", text, &Settings::default()) {
        Err(report) => report,
        Ok(scenario) => match scenario.ready(&NoFiles) {
            Ok(_) => return String::new(),
            Err(report) => report,
        },
    };
    report.render(false)
}

/// That these stand in the message, and nothing else is an error.
fn holds(text: &str, wanted: &[&str]) {
    let shown = shown(text);
    for wanted in wanted {
        assert!(shown.contains(wanted), "{wanted}\n\n{shown}");
    }
    assert_eq!(shown.matches("error: ").count(), wanted.len(), "{shown}");
}

fn fault(timing: &str, inject: &str) -> String {
    format!("{HEAD}[[fault]]\n{timing}\ninject.{inject}\n")
}

#[test]
fn errors_of_a_fault_do_not_hide_each_other() {
    holds(
        &fault(
            "at = \"2x\"\nfor = \"0s\"",
            "call-delay = { service = \"shop.requst\", client = \"clint\", delay = \"5\", p = 7 }",
        ),
        &[
            "unknown unit `x` of a duration",
            "fault has no length",
            "selector names an unknown node group `clint`",
            "duration has no unit",
            "7 is out of range",
            "unknown service `shop.requst`",
        ],
    );
    holds(
        &fault(
            "at = \"2m\"\nfor = \"0s\"",
            "call-hang = { service = \"shop.requst\" }",
        ),
        &[
            "fault starts after the run has stopped",
            "fault has no length",
            "unknown service `shop.requst`",
        ],
    );
    // A length that could not be read is not missing.
    holds(
        &fault("for = \"3q\"", "node-pause = { nodes = \"web\" }"),
        &["unknown unit `q`"],
    );
}

#[test]
fn errors_of_a_climate_do_not_hide_each_other() {
    holds(
        &format!(
            "{HEAD}[chaos]\nfaults = 0\nnodes = \"wbe\"\nkinds = [\"lnk\", \"cpu\"]\nfrom = \"30s\"\n\
             until = \"10s\"\nspells = 0\n"
        ),
        &[
            "| faults = 0",
            "did you mean `web`?",
            "did you mean `link`?",
            "no time is left for faults",
            "| spells = 0",
        ],
    );
    holds(
        &format!("{HEAD}[chaos]\nkinds = [\"cpu\"]\nwithout = [\"cpu\"]\n"),
        &["`kinds` and `without` leave nothing to draw"],
    );
    let all = "never = [\"web\", \"client\"]\n";
    holds(
        &format!("{all}{HEAD}[chaos]\n"),
        &["`never` spares every node"],
    );
}

#[test]
fn what_could_not_be_read_is_still_known_by_its_name() {
    let text = |because: &str| {
        format!(
            "{HEAD}[[property]]\nname = \"fast\"\nthreshold = {{ metric = \"shop.latency\", stat = \"p98\", \
             below = \"1s\" }}\n[expect]\nverdict = \"fail\"\nbecause = [\"{because}\"]\n"
        )
    };
    holds(&text("fast"), &["unknown word `p98`"]);
    holds(
        &text("fastt"),
        &["unknown word `p98`", "did you mean `fast`?"],
    );
    let text = format!(
        "{HEAD}[[fault]]\nname = \"kill\"\ninject.node-lss = {{ nodes = \"web\" }}\n\
         [[fault]]\nfor = \"1s\"\non = \"fault:kill.started\"\ninject.node-pause = {{ nodes = \"web\" }}\n"
    );
    let shown = shown(&text);
    assert!(shown.contains("unknown fault `node-lss`"), "{shown}");
    assert!(!shown.contains("unknown fault `kill`"), "{shown}");
}

#[test]
fn what_a_workload_finds_is_said_beside_what_the_reader_finds() {
    holds(
        &format!("{HEAD}entry = \"nope\"\n[[property]]\nalways = \"shop.conservatoin\"\n"),
        &[
            "no service is called `nope`",
            "did you mean `shop.conservation`?",
        ],
    );
}

#[test]
fn a_value_is_marked_inside_of_its_quotes() {
    let shown = shown(&format!("{HEAD}entry = \"nope\"\n"));
    assert!(shown.contains("\n  |          ^^^^\n"), "{shown}");
}

#[test]
fn calls_in_a_cycle_are_refused_where_they_close_it() {
    let edges = |edges: &str| format!("{HEAD}graph.edges = [{edges}]\n");
    let text = edges("\"front -> cart -> front\"");
    holds(&text, &["`cart -> front` closes a cycle"]);
    let shown = shown(&text);
    let caret = format!(
        "| {}^^^^^^^^^^^^^ front -> cart -> front is without end",
        " ".repeat(25)
    );
    assert!(shown.contains(&caret), "{shown}");
    assert!(shown.contains("help: leave the call out; "), "{shown}");
    holds(
        &edges("\"front -> front\""),
        &["`front -> front` closes a cycle"],
    );
    holds(
        &edges("\"a->b\", \"b -> c\", \"c -> a\", \"x -> y\", \"y -> x\""),
        &["`c -> a` closes a cycle", "`y -> x` closes a cycle"],
    );
    holds(&edges("\"a -> b -> d\", \"a -> c -> d\""), &[]);
}

#[test]
fn a_service_of_a_graph_is_no_service_of_faults_and_the_error_says_what_is() {
    let text = fault("for = \"5s\"", "call-hang = { service = \"shop.store\" }");
    holds(&text, &["unknown service `shop.store`"]);
    let shown = shown(&text);
    for wanted in [
        "services of `shop`: shop.request, shop.service",
        "services.store.on",
        "path of shop.store",
    ] {
        assert!(shown.contains(wanted), "{shown}");
    }
}

#[test]
fn a_selector_says_what_may_stand_there() {
    let nodes = |words: &str| {
        fault(
            "for = \"5s\"",
            &format!("node-pause = {{ nodes = \"{words}\" }}"),
        )
    };
    holds(
        &nodes("web[0]-web[0]"),
        &["help: write \"web[0] - web[0]\""],
    );
    holds(&nodes("web[0]x"), &["help: write \"web[0]\""]);
    let shown = shown(&nodes("web spred zone"));
    assert!(
        shown.contains("\"any 2 of gateway spread zone\""),
        "{shown}"
    );
}

#[test]
fn laws_that_outlast_any_run_are_refused() {
    let law = |law: &str| {
        fault(
            "for = \"5s\"",
            &format!("disk-slow = {{ nodes = \"web\", delay = \"{law}\" }}"),
        )
    };
    holds(
        &law("pareto xm 1ns alpha 0.0001"),
        &["alpha of a pareto law is 0.05 or more"],
    );
    holds(&law("pareto xm 1s alpha 1"), &[]);
}

fn ready(text: &str) -> Ready {
    let scenario = parse("all.toml", text, &Settings::default());
    let scenario = scenario.unwrap_or_else(|report| panic!("{report}"));
    scenario
        .ready(&NoFiles)
        .unwrap_or_else(|report| panic!("{report}"))
}

/// Nodes that `never` names are held back from faults, and from nothing else.
#[test]
fn workloads_run_where_no_fault_may_hit() {
    let fault =
        "[[fault]]\nat = \"30s\"\nfor = \"5s\"\ninject.node-pause = { nodes = \"web + client\" }\n";
    let digest = |never: &str, fault: &str| {
        let ready = ready(&format!("{never}{HEAD}{fault}"));
        let mut world = World::new(Seed(1), false);
        ready
            .run(Seed(1), false, &mut world)
            .expect("a plan")
            .result
            .digest
    };
    for never in [
        "never = [\"client\"]\n",
        "never = [\"client[0]\"]\n",
        "never = [\"web[0]\", \"client\"]\n",
    ] {
        assert_eq!(digest(never, ""), digest("", ""), "{never}");
    }
    let plan = ready(&format!("never = [\"client\"]\n{HEAD}{fault}"))
        .scenario
        .plan(Seed(1));
    let plan = plan.expect("a plan");
    let hit: Vec<u32> = plan
        .entries()
        .iter()
        .filter_map(|entry| match &entry.primitive {
            Primitive::Pause { node } => Some(node.0),
            _ => None,
        })
        .collect();
    assert_eq!(hit, [0, 1, 2]);
    // An event of a spared node can be waited for.
    let waits = "[[fault]]\nfor = \"1s\"\non = { event = \"shop.ok\", where = { node = \"client[0]\" } }\n\
                 inject.node-pause = { nodes = \"web[0]\" }\n";
    ready(&format!("never = [\"client\"]\n{HEAD}{waits}"));
}
