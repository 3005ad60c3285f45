//! Rows N01 and N02: the population of Alibaba's microservices, by the graph generator.

use crate::common::{events, property, ready, run};
use crate::table::rows;
use squall_core::property::Verdict;

fn scenario(services: u32, seed: u32, instances: f64) -> String {
    format!(
        "name = \"population\"\nstop = {{ at = \"5s\" }}\n[topology]\nnodes.host = {{ count = 20, cores = 8 }}\n\
         nodes.client = {{}}\n[workload.shop.cluster]\non = \"host\"\nclients = \"client\"\n\
         graph.generate = {{ services = {services}, seed = {seed}, instances = {instances} }}\n\
         arrivals.rate = \"20/s\"\ncpu = \"100us\"\n[[property]]\nalways = \"shop.conservation\"\n"
    )
}

/// Shares of entries, leaves and services in the middle within two points, instances within 10 %.
#[test]
fn a_generated_graph_has_the_proportions_of_the_table() {
    let test = "a_generated_graph_has_the_proportions_of_the_table";
    let (Some(shares), Some(instances)) = (rows("N01", test), rows("N02", test)) else {
        return;
    };
    assert_eq!((shares.len(), instances.len()), (1, 1));
    let numbers = |text: &str| -> Vec<f64> {
        let numbers = text.split('/').map(|word| word.parse());
        numbers.collect::<Result<_, _>>().expect("numbers")
    };
    // Of those that take part in calls: the published total holds some that do neither.
    let population = numbers(&shares[0].said);
    let counted: f64 = population[..3].iter().sum();
    let published = numbers(&instances[0].said);
    let mut sums = [0.0; 3];
    let mut counts = [0.0; 3];
    for seed in 0..10 {
        let ready = ready("n.toml", &scenario(400, seed, 1.0), &[], &[]);
        let map = ready.dependencies();
        let names: Vec<&str> = ["entry", "leaf", "middle"].to_vec();
        let needs: Vec<(&str, &str)> = map.observable();
        for (unit, _) in map.units().filter(|(unit, _)| unit.kind == "service") {
            let slug = unit
                .name
                .strip_prefix("shop.")
                .expect("a service of the shop");
            let class = names
                .iter()
                .position(|name| slug.starts_with(name))
                .expect("a class");
            counts[class] += 1.0;
            // What it is called is what it is.
            let calls = needs.iter().any(|(caller, _)| *caller == unit.name);
            let called = needs
                .iter()
                .any(|(caller, callee)| *callee == unit.name && *caller != "shop");
            assert_eq!((calls, called), (class != 1, class != 0), "{}", unit.name);
        }
        for (class, count) in ready_replicas(&ready) {
            sums[class] += f64::from(count);
        }
    }
    let all: f64 = counts.iter().sum();
    for (class, printed) in [0.13, 0.39, 0.48].into_iter().enumerate() {
        let (found, share) = (counts[class] / all, population[class] / counted);
        println!("class {class}: share {found:.4}, table {share:.4}");
        assert!(
            (share - printed).abs() < 0.005,
            "{share} is printed as {printed}"
        );
        assert!((found - share).abs() < 0.02);
    }
    for class in 0..3 {
        let (found, published) = (sums[class] / counts[class], published[class]);
        println!("class {class}: instances {found:.2}, table {published}");
        assert!((found / published - 1.0).abs() < 0.1);
    }
    let mean = sums.iter().sum::<f64>() / all;
    println!("instances of all: {mean:.2}, table {}", published[3]);
    assert!((mean / published[3] - 1.0).abs() < 0.1);
}

/// Class and replicas of each service, from the scenario's own account of who runs where.
fn ready_replicas(ready: &squall_scenarios::Ready) -> Vec<(usize, u32)> {
    let workload = &ready.scenario.workloads[0];
    squall_scenarios::workloads::cluster::generated(&workload.args)
        .into_iter()
        .map(|(name, replicas)| {
            let names = ["entry", "leaf", "middle"];
            let class = names.iter().position(|class| name.starts_with(class));
            (class.expect("a class"), replicas)
        })
        .collect()
}

/// It runs, and another seed of the graph is another graph.
#[test]
fn generated_graphs_run() {
    for seed in 0..3 {
        let ready = ready("n.toml", &scenario(100, seed, 0.0), &[], &[]);
        let run = run(&ready, 1, true);
        assert_eq!(property(&run.result, "shop.conservation").0, Verdict::Pass);
        let oks = events(&run, "shop.ok");
        println!(
            "graph {seed}: {oks} requests served, {} events",
            run.result.events
        );
        assert!(oks > 60);
    }
    let needs = |seed| {
        let ready = ready("n.toml", &scenario(50, seed, 0.0), &[], &[]);
        let map = ready.dependencies();
        let needs = map.observable();
        needs
            .iter()
            .map(|(a, b)| format!("{a} {b}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(needs(7), needs(7));
    assert_ne!(needs(7), needs(8));
}
