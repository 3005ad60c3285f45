//! Blast radii: the closure over callers, the dependency map, and what misses its objective in a run.

use crate::common::{data, ready, run};
use squall_core::history::What;
use squall_scenarios::SeedRun;
use squall_scenarios::workloads::cluster::Graph;
use squall_scenarios::workloads::cluster::graph::Edges;
use std::collections::BTreeSet;
use std::path::Path;

const APPS: [&str; 6] = [
    "dsb-social-network",
    "dsb-media",
    "dsb-hotel-reservation",
    "online-boutique",
    "train-ticket",
    "istio-bookinfo",
];

fn graph(folder: &Path, app: &str) -> Graph {
    let edges = std::fs::read(folder.join("edges.csv")).expect("it is there");
    match Graph::from_csv(&edges, Some(app)) {
        Edges::Graph(mut graph) => {
            let roots = graph.roots();
            graph.cut_cycles(&roots);
            graph
        }
        other => panic!("{other:?}"),
    }
}

/// Ancestors by a walk against the direction of the calls, one service at a time: not how the graph does it.
fn ancestors(graph: &Graph, failed: usize) -> Vec<usize> {
    let (mut known, mut front) = (BTreeSet::from([failed]), vec![failed]);
    while let Some(service) = front.pop() {
        for caller in 0..graph.names().len() {
            if graph.callees(caller).contains(&service) && known.insert(caller) {
                front.push(caller);
            }
        }
    }
    known.into_iter().collect()
}

/// A workload on a graph, each service on a host of its own.
fn alone(graph: &Graph, app: &str, more: &str) -> String {
    let place = |(n, name): (usize, &String)| format!("services.\"{name}\".on = \"host[{n}]\"\n");
    let places: String = graph.names().iter().enumerate().map(place).collect();
    format!(
        "name = \"blast\"\nstop = {{ at = \"8s\" }}\n[topology]\nnodes.host = {{ count = {} }}\n\
         nodes.client = {{}}\nlinks.default = {{ delay = \"50us\" }}\n\
         [workload.shop.cluster]\non = \"host\"\nclients = \"client\"\nreplicas = 1\ncpu = \"100us\"\n\
         graph.file = \"edges.csv\"\ngraph.app = \"{app}\"\n{places}{more}",
        graph.names().len()
    )
}

/// All three of six graphs: the graph's closure, a walk, and the dependency map that `squall plan` predicts
/// from.
#[test]
fn closures_of_the_six_graphs_agree() {
    let Some(folder) = data("closures_of_the_six_graphs_agree") else {
        return;
    };
    for app in APPS {
        let graph = graph(&folder, app);
        let ready = ready(
            app,
            &alone(&graph, app, "arrivals.rate = \"1/s\"\n"),
            &[],
            &[],
        );
        let map = ready.dependencies();
        for failed in 0..graph.names().len() {
            let closure = graph.affected(failed);
            assert_eq!(closure, ancestors(&graph, failed), "{app} {failed}");
            let node = ready
                .scenario
                .topology
                .nodes_where(|n| n.name == format!("host-{failed}"))[0];
            let pause = squall_core::plan::Primitive::Pause { node };
            let exposed = map.exposed([&pause].into_iter());
            let mut predicted: Vec<usize> = exposed
                .iter()
                .filter(|unit| unit.kind == "service")
                .filter_map(|unit| graph.find(unit.name.strip_prefix("shop.")?))
                .collect();
            predicted.sort_unstable();
            assert_eq!(predicted, closure, "{app} {failed}");
        }
        println!("{app}: {} services", graph.names().len());
    }
}

/// Services that missed the objective.
fn breached(run: &SeedRun) -> Vec<usize> {
    let recording = run.recording.as_ref().expect("records are kept");
    let mut services = BTreeSet::new();
    for record in &recording.records {
        if let What::Event { name, a, .. } = record.what
            && recording.header.names.text(name) == "shop.breached"
        {
            services.insert(usize::try_from(a).expect("a service"));
        }
    }
    services.into_iter().collect()
}

/// Predicted, observed, and the difference: each host stops in its turn, and exactly the closure misses its
/// objective; a soft call cuts it, and a shared host is more than predicted.
#[test]
fn what_misses_its_objective_is_the_closure() {
    let Some(folder) = data("what_misses_its_objective_is_the_closure") else {
        return;
    };
    let common = "arrivals.rate = \"100/s\"\ntimeout = \"300ms\"\nobjective = { success = 0.9 }\n";
    for app in ["istio-bookinfo", "online-boutique"] {
        let graph = graph(&folder, app);
        for failed in 0..graph.names().len() {
            let fault = format!(
                "{common}[[fault]]\nat = \"3s\"\nfor = \"3s\"\ninject.node-pause = {{ nodes = \"host[{failed}]\" }}\n"
            );
            let run = run(&ready(app, &alone(&graph, app, &fault), &[], &[]), 1, true);
            let (predicted, observed) = (graph.affected(failed), breached(&run));
            let share = observed.len() as f64 / graph.names().len() as f64;
            println!(
                "{app} {}: predicted {predicted:?}, observed {observed:?}, radius {share:.6}",
                graph.names()[failed]
            );
            assert_eq!(predicted, observed, "{app} {failed}");
        }
    }
    let graph = graph(&folder, "istio-bookinfo");
    let [reviews, ratings, details] =
        ["reviews", "ratings", "details"].map(|name| graph.find(name).expect("it is there"));
    let pause = |host: usize| {
        format!(
            "[[fault]]\nat = \"3s\"\nfor = \"3s\"\ninject.node-pause = {{ nodes = \"host[{host}]\" }}\n"
        )
    };
    let soft = format!(
        "{common}graph.soft = [\"reviews -> ratings\"]\nhop.soft_timeout = \"50ms\"\n{}",
        pause(ratings)
    );
    let soft = run(
        &ready("soft", &alone(&graph, "istio-bookinfo", &soft), &[], &[]),
        1,
        true,
    );
    assert_eq!(
        breached(&soft),
        [ratings],
        "a fallback works: less than the hard closure"
    );
    // The host of details carries reviews, too: more than the closure of details.
    let shared = alone(
        &graph,
        "istio-bookinfo",
        &format!("{common}{}", pause(details)),
    );
    let own = format!("services.\"reviews\".on = \"host[{reviews}]\"");
    let shared = shared.replace(
        &own,
        &format!("services.\"reviews\".on = \"host[{details}]\""),
    );
    let run = run(&ready("shared", &shared, &[], &[]), 1, true);
    let (observed, predicted) = (breached(&run), graph.affected(details));
    println!("a shared host: predicted {predicted:?}, observed {observed:?}");
    assert!(observed.contains(&reviews) && !predicted.contains(&reviews));
}
