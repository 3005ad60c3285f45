//! The cluster workload: real graphs, closed forms, faults of calls, files that are wrong.

mod common;

use common::{data, events, metric, property, ready, run, try_ready};
use squall_core::property::Verdict;
use squall_scenarios::workloads::cluster::Graph;
use squall_scenarios::workloads::cluster::graph::Edges;

const APPS: [&str; 6] = [
    "dsb-social-network",
    "dsb-media",
    "dsb-hotel-reservation",
    "online-boutique",
    "train-ticket",
    "istio-bookinfo",
];

const INVARIANTS: [&str; 4] = [
    "shop.conservation",
    "shop.amplification",
    "shop.queue-bound",
    "shop.no-late-success",
];

/// A scenario with two groups of nodes, the four invariants, and more.
fn scenario(workload: &str, more: &str) -> String {
    let promises = INVARIANTS.map(|name| format!("[[property]]\nalways = \"{name}\"\n"));
    format!(
        "name = \"test\"\nstop = {{ at = \"10s\" }}\n[topology]\nnodes.host = {{ count = 4 }}\n\
         nodes.client = {{ count = 1 }}\nlinks.default = {{ delay = \"100us\" }}\n\
         [workload.shop.cluster]\non = \"host\"\nclients = \"client\"\n{workload}\n{more}\n{}",
        promises.concat()
    )
}

fn holds(result: &squall_core::outcome::SeedResult) {
    for name in INVARIANTS {
        let verdict = property(result, name);
        assert_eq!(verdict.0, Verdict::Pass, "{name}: {verdict:?}");
    }
}

#[test]
fn the_six_real_graphs_run() {
    if data("the_six_real_graphs_run").is_none() {
        return;
    }
    for app in APPS {
        let workload = format!(
            "graph = {{ file = \"edges.csv\", app = \"{app}\" }}\narrivals.rate = \"40/s\""
        );
        let run = run(&ready(app, &scenario(&workload, ""), &[], &[]), 1, true);
        holds(&run.result);
        let (requests, oks) = (events(&run, "shop.request"), events(&run, "shop.ok"));
        println!(
            "{app}: {requests} requests, {oks} ok, {} events",
            run.result.events
        );
        assert!(
            requests > 300 && oks + 5 > requests,
            "{app}: {oks} of {requests}"
        );
    }
}

#[test]
fn blast_radius_is_that_of_the_table() {
    let Some(folder) = data("blast_radius_is_that_of_the_table") else {
        return;
    };
    let edges = std::fs::read(folder.join("edges.csv")).unwrap();
    let graph = |app: &str| match Graph::from_csv(&edges, Some(app)) {
        Edges::Graph(graph) => graph,
        other => panic!("{other:?}"),
    };
    let table = csv::Reader::from_path(folder.join("blast_radius_expected.csv"));
    let mut rows = 0;
    for row in table.unwrap().into_records() {
        let row = row.unwrap();
        let graph = graph(&row[0]);
        let failed = graph.find(&row[1]).unwrap();
        let affected = graph.affected(failed).len();
        assert_eq!(affected.to_string(), row[2], "{row:?}");
        assert_eq!(graph.names().len().to_string(), row[3], "{row:?}");
        // The table has as many digits as it needs or four, half to even.
        let share: f64 = row[4].parse().unwrap();
        assert!(
            (graph.blast_radius(failed) - share).abs() < 5.1e-5,
            "{row:?}"
        );
        rows += 1;
    }
    assert_eq!(rows, 17);
    let stats = csv::Reader::from_path(folder.join("stats.csv")).unwrap();
    for row in stats.into_records() {
        let row = row.unwrap();
        let graph = graph(&row[0]);
        let edges: usize = (0..graph.names().len())
            .map(|i| graph.callees(i).len())
            .sum();
        let got = [graph.names().len(), edges, graph.roots().len()].map(|n| n.to_string());
        assert_eq!(got, [&row[1], &row[2], &row[3]], "{row:?}");
    }
}

/// Mean time in the system over seeds, without the two ways through the network.
fn mean_time(concurrency: u32, rate: u32) -> f64 {
    let workload = format!(
        "replicas = 1\nconcurrency = {concurrency}\ncpu = \"exponential mean 2ms\"\n\
         arrivals.rate = \"{rate}/s\"\ntimeout = \"100s\""
    );
    let ready = ready("mm.toml", &scenario(&workload, ""), &[], &["stop.at=100s"]);
    let seeds = 0..6;
    let mean = |seed| metric(&run(&ready, seed, false).result, "shop.latency").0 - 200e-6;
    seeds.clone().map(mean).sum::<f64>() / seeds.count() as f64
}

/// M/M/1: 1/(mu - lambda). M/M/2: 1/(mu (1 - rho^2)). mu is 500/s a server; 3 % is three standard
/// errors of 180,000 jobs at rho = 0.6.
#[test]
fn one_service_is_a_queue_of_the_text_books() {
    let near = |measured: f64, exact: f64| {
        println!("mean time {measured:.6} s, exact {exact:.6} s");
        assert!((measured / exact - 1.0).abs() < 0.03, "{measured} {exact}");
    };
    near(mean_time(1, 300), 1.0 / (500.0 - 300.0));
    near(mean_time(2, 600), 1.0 / (500.0 * (1.0 - 0.36)));
}

#[test]
fn all_parameters_have_defaults() {
    let run = run(&ready("d.toml", &scenario("", ""), &[], &[]), 0, false);
    holds(&run.result);
    assert!(metric(&run.result, "shop.latency").1 > 800);
}

#[test]
fn equal_seeds_give_equal_digests_whether_or_not_records_are_kept() {
    let workload = "graph.chain = 3\nbalance = \"two-choices\"\nretry.attempts = 3\n\
                    retry.backoff = \"exponential mean 5ms\"\nhop.attempts = 2";
    let fault = "[[fault]]\nat = \"2s\"\nfor = \"3s\"\n\
                 inject.call-error = { service = \"shop.service\", p = 0.5 }";
    let ready = ready("d.toml", &scenario(workload, fault), &[], &[]);
    let digest = |seed, keep| run(&ready, seed, keep).result.digest;
    for seed in 0..3 {
        assert_eq!(digest(seed, false), digest(seed, true));
    }
    assert_ne!(digest(0, false), digest(1, false));
}

/// Faults of calls hit what clients ask, or the calls between services.
#[test]
fn calls_fail_where_the_fault_says() {
    let count = |workload: &str, fault: &str| {
        let fault = format!("[[fault]]\nat = \"2s\"\nfor = \"4s\"\ninject.{fault}");
        let run = run(
            &ready("f.toml", &scenario(workload, &fault), &[], &[]),
            3,
            true,
        );
        holds(&run.result);
        assert!(run.result.faults[0].landed > 0, "{fault}");
        let count = |name: &str| events(&run, &format!("shop.{name}"));
        [
            "ok",
            "failed",
            "shed",
            "timed-out",
            "retried",
            "hop-retried",
        ]
        .map(count)
    };
    let chain = "graph.chain = 2\ntimeout = \"500ms\"";
    let error = "call-error = { service = \"shop.service\", status = 500, p = 1.0 }";
    let [ok, failed, shed, late, ..] = count(chain, error);
    assert!(
        (350..450).contains(&failed) && ok > 500 && shed + late == 0,
        "{failed} {ok}"
    );
    // One service makes no calls: the same fault does not reach what clients ask.
    let error = error.replace("shop.service", "shop.request");
    let [ok, failed, ..] = count("graph.chain = 1", &error);
    assert!((350..450).contains(&failed) && ok > 500, "{failed} {ok}");
    let limit = "rate-limit = { service = \"shop.request\", rate = \"50/s\", burst = 1 }";
    let [_, failed, shed, ..] = count(chain, limit);
    // One token at a time, back after 20 ms: a share 1 - 1/(1 + 100/s 20 ms) of 400 is refused.
    assert!(failed == 0 && (220..320).contains(&shed), "{shed}");
    let hang = "call-hang = { service = \"shop.service\" }";
    let [.., late, _, _] = count(chain, hang);
    assert!((350..450).contains(&late), "{late}");
    let half = "call-error = { service = \"shop.service\", status = 500, p = 0.5 }";
    let [_, once, .., hops] = count(&format!("{chain}\nhop.attempts = 3"), half);
    assert!(
        (20..90).contains(&once) && hops > 200,
        "1/8 of 400: {once}, {hops}"
    );
}

/// A bad version on one host: callers that learn from errors avoid it.
#[test]
fn ejection_avoids_the_replica_that_fails() {
    let failed = |ejection: &str| {
        let workload = format!("replicas = 4\nversion.errors = 1.0\n{ejection}");
        let fault = "[[fault]]\nat = \"2s\"\nfor = \"6s\"\n\
             inject.knob-set = { name = \"shop.version\", value = 2.0, nodes = \"host[1]\" }";
        let run = run(
            &ready("e.toml", &scenario(&workload, fault), &[], &[]),
            5,
            true,
        );
        holds(&run.result);
        (events(&run, "shop.failed"), events(&run, "shop.ejected"))
    };
    let (without, none) = failed("");
    let (with, ejected) = failed("ejection = { errors = 3, for = \"2s\" }");
    assert!(
        (120..180).contains(&without) && none == 0,
        "a quarter of 600: {without}"
    );
    assert!(with < 20 && ejected > 0, "{with} failed, {ejected} ejected");
}

/// A crash takes clients' requests with them, and replicas come back empty.
#[test]
fn conservation_holds_when_nodes_crash_and_pause() {
    for target in ["host[0]", "client[0]"] {
        for fault in [
            "node-loss = { nodes = \"X\" }",
            "node-pause = { nodes = \"X\" }",
        ] {
            let fault = fault.replace('X', target);
            let fault = format!("[[fault]]\nat = \"2s\"\nfor = \"3s\"\ninject.{fault}");
            let workload = "graph.chain = 2\nretry.attempts = 3\nretry.budget = 0.2";
            let ready = ready("c.toml", &scenario(workload, &fault), &[], &[]);
            holds(&run(&ready, 7, false).result);
        }
    }
}

#[test]
fn errors_of_graphs_are_all_shown() {
    let shown = |workload: &str| {
        let text = scenario(workload, "");
        try_ready("bad.toml", &text, &[], &[])
            .map(|_| ())
            .unwrap_err()
    };
    let all = |shown: String, parts: &[&str]| {
        for part in parts {
            assert!(shown.contains(part), "{part}\n{shown}");
        }
    };
    let edges = "graph.edges = [\"a -> b\", \"a -> \", \"-> c\"]\nentry = \"bb\"\n\
                 services.aa = { replicas = 1 }\nclients = \"any 1 of host\"";
    let text = scenario(edges, "").replacen("clients = \"client\"\n", "", 1);
    all(
        try_ready("bad.toml", &text, &[], &[])
            .map(|_| ())
            .unwrap_err(),
        &[
            "`a -> ` is not an edge",
            "`-> c` is not an edge",
            "no service is called `bb`",
            "no service is called `aa`",
            "nothing is drawn here",
            "bad.toml: 5 errors",
        ],
    );
    all(
        shown("graph.file = \"none.csv\""),
        &["cannot read `none.csv`"],
    );
    let ladder: Vec<String> = (0..14)
        .flat_map(|i| ["x", "y"].map(|m| format!("\"{i} -> {i}{m} -> {}\"", i + 1)))
        .collect();
    let ladder = format!("graph.edges = [{}]", ladder.join(", "));
    all(
        shown(&ladder),
        &["visits 65533 services", "at most 10000 are allowed"],
    );
    if data("errors_of_graphs_are_all_shown").is_some() {
        let app = "graph = { file = \"edges.csv\", app = \"train-tickets\" }";
        all(
            shown(app),
            &[
                "`edges.csv` holds no application `train-tickets`",
                "did you mean `train-ticket`?",
            ],
        );
        let stats = "graph = { file = \"stats.csv\", app = \"x\" }";
        let columns = [
            "stats.csv, row 1: there is no column `caller`",
            "no column `callee`",
        ];
        all(shown(stats), &columns);
        all(
            shown("graph.file = \"edges.csv\""),
            &["several applications", "say which with `app`"],
        );
    }
}

/// A deadline travels as a time of day: a server whose clock is ahead finds it passed.
#[test]
fn a_server_whose_clock_is_ahead_refuses_what_is_in_time() {
    let workload = "arrivals.rate = \"50/s\"\ngraph.edges = [\"front -> cart\"]\n\
                    timeout = \"1s\"\nretry.attempts = 1";
    let with = |offset: &str| {
        let fault = format!(
            "[[fault]]\nat = \"2s\"\nfor = \"4s\"\nland = \"optional\"\n\
             inject.clock-step = {{ nodes = \"host\", offset = \"{offset}\" }}"
        );
        let run = run(
            &ready("clock", &scenario(workload, &fault), &[], &[]),
            1,
            true,
        );
        let failed = events(&run, "shop.timed-out") + events(&run, "shop.failed");
        holds(&run.result);
        (failed, events(&run, "shop.ok"), run.result.faults[0].landed)
    };
    let (failed, ok, landed) = with("0s");
    assert_eq!((failed, landed), (0, 0));
    assert!(ok > 400);
    let (failed, _, landed) = with("900ms");
    assert_eq!(failed, 0, "the rest of a second is enough here");
    assert!(landed > 0);
    let (failed, ok, _) = with("2s");
    assert!(
        (150..=250).contains(&failed),
        "four seconds at 50/s: {failed}"
    );
    assert!(ok > 250, "{ok}");
    let (failed, ..) = with("-2s");
    assert_eq!(failed, 0, "one that is behind has more time than there is");
}

/// Base offset and drift of a group: readings differ from the start, and no fault lands for it.
#[test]
fn clocks_of_a_topology_are_wrong_from_the_start() {
    let text = scenario("arrivals.rate = \"50/s\"\ngraph.edges = [\"a\"]", "");
    let text = text.replace(
        "nodes.host = { count = 4 }",
        "nodes.host = { count = 4, clock = { offset = '±uniform 1ms 5ms', drift_ppm = -40 } }\n\
         signals = '1s'",
    );
    let run = run(&ready("clock", &text, &[], &[]), 1, true);
    holds(&run.result);
    let offsets = (0..4).map(|host| {
        let name = format!("host-{host}.node_timex_offset_seconds");
        let samples = common::samples(&run, &name);
        (samples[0], *samples.last().unwrap())
    });
    let offsets: Vec<_> = offsets.collect();
    for (first, last) in &offsets {
        let drift = (last.1 - first.1) / (last.0 - first.0);
        assert!((drift + 40e-6).abs() < 1e-9, "{drift}");
        let base = first.1 + 40e-6 * first.0;
        assert!((0.001..=0.005).contains(&base.abs()), "{base}");
    }
    assert!(offsets.windows(2).all(|w| w[0] != w[1]), "each its own");

    let wrong = text.replace("drift_ppm = -40", "drift_ppm = -200000");
    let error = try_ready("clock", &wrong, &[], &[]).unwrap_err();
    assert!(error.contains("200000 ppm is out of range"), "{error}");
}
