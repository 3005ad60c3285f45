//! `path of W`: the links that a workload, a service or a loop uses.

use squall_core::Seed;
use squall_core::plan::LinkTarget;
use squall_scenarios::{Files, Ready, Settings, parse};

struct NoFiles;
impl Files for NoFiles {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        Err(format!("no file {path} here"))
    }
}

/// The graph of [`WORLD`] as a file.
struct Graph;
impl Files for Graph {
    fn read(&self, _: &str) -> Result<Vec<u8>, String> {
        Ok(b"app,caller,callee\nshop,front,cart\nshop,cart,db\n".to_vec())
    }
}

const WORLD: &str = "name = \"paths\"
stop = { at = \"20s\" }
topology.nodes.front = {}
topology.nodes.cart = { count = 2 }
topology.nodes.db = {}
topology.nodes.client = {}
topology.nodes.alone = {}

[workload.shop.cluster]
on = \"front + cart + db\"
clients = \"client\"
replicas = 1
arrivals.rate = \"50/s\"
graph.edges = [\"front -> cart\", \"cart -> db\"]

[workload.servo.edge]
on = \"alone\"
plant.servo = {}
";

fn text(fault: &str) -> String {
    format!("{WORLD}\n[[fault]]\nname = \"it\"\nat = \"5s\"\nfor = \"5s\"\n{fault}\n")
}

fn ready(fault: &str) -> Ready {
    ready_with(&text(fault), &NoFiles)
}
fn ready_with(text: &str, files: &dyn Files) -> Ready {
    let scenario = parse("paths.toml", text, &Settings::default());
    let scenario = scenario.unwrap_or_else(|report| panic!("{report}"));
    scenario
        .ready(files)
        .unwrap_or_else(|report| panic!("{report}"))
}

/// The links of the plan of a fault, by the names of their ends.
fn links(fault: &str) -> Vec<String> {
    links_of(&ready(fault))
}
fn links_of(ready: &Ready) -> Vec<String> {
    let plan = ready.scenario.plan(Seed(1)).expect("a plan");
    let topology = &ready.scenario.topology;
    let name = |link: LinkTarget| {
        let [from, to] = [link.from, link.to].map(|node| topology.node(node).name.clone());
        format!("{from}->{to}")
    };
    let entries = plan.entries().iter();
    entries
        .map(|entry| name(entry.primitive.link().expect("a link")))
        .collect()
}

fn loss(links: &str) -> String {
    format!("inject.link-loss = {{ links = \"{links}\", p = 1.0 }}")
}

/// The services stand on the nodes in the order in which the graph names them.
#[test]
fn a_path_is_what_the_dependency_map_says() {
    let shop = links(&loss("path of shop"));
    let mut cart = links(&loss("path of shop.cart"));
    assert!(
        cart.len() == 2 && cart.iter().all(|link| shop.contains(link)),
        "{cart:?} {shop:?}"
    );
    // To the database and back: what it calls, not who calls it.
    let mut front = links(&loss("path of shop.front"));
    let clients: Vec<&String> = shop.iter().filter(|link| link.contains("client")).collect();
    assert_eq!(clients.len(), 2, "{shop:?}");
    cart.append(&mut front);
    cart.sort();
    cart.dedup();
    assert_eq!(
        cart.len() + clients.len(),
        shop.len(),
        "its parts, and the way from its clients"
    );
    assert!(shop.iter().all(|link| !link.contains("alone")), "{shop:?}");
}

/// Neither a workload whose name begins like another's nor a host has a part in a path.
#[test]
fn a_path_is_that_of_one_name() {
    let alike =
        "[workload.shop2.cluster]\non = \"alone\"\nclients = \"client\"\narrivals.rate = \"1/s\"\n";
    let text = text(&loss("path of shop"));
    let both = links_of(&ready_with(&format!("{text}{alike}"), &NoFiles));
    assert_eq!(both, links(&loss("path of shop")));
    let other = links_of(&ready_with(
        &format!("{}{alike}", text.replace("path of shop", "path of shop2")),
        &NoFiles,
    ));
    assert_eq!(other, ["client-0->alone-0", "alone-0->client-0"]);
    let shown = errors(&text.replace("path of shop", "path of db-0"));
    assert!(shown.contains("nothing here is called `db-0`"), "{shown}");
}

#[test]
fn it_hits_who_uses_it_and_the_blast_radius_says_so() {
    let ready = ready(&loss("path of shop.cart"));
    let plan = ready.scenario.plan(Seed(1)).expect("a plan");
    let primitives = plan.entries().iter().map(|entry| &entry.primitive);
    let exposed = ready.dependencies().exposed(primitives);
    let hops = |name: &str| exposed.iter().find(|e| e.name == name).map(|e| e.hops);
    assert_eq!(
        [hops("shop.cart"), hops("shop.front"), hops("shop")],
        [Some(0), Some(1), Some(2)]
    );
    assert_eq!(hops("servo"), None);
    let mut world = squall_core::World::new(Seed(1), false);
    let run = ready.run(Seed(1), false, &mut world).expect("a plan");
    assert!(run.result.faults[0].landed > 0, "{:?}", run.result.faults);
}

fn errors(text: &str) -> String {
    let report = match parse("paths.toml", text, &Settings::default()) {
        Err(report) => report,
        Ok(scenario) => scenario.ready(&NoFiles).expect_err("it is wrong"),
    };
    report.render(false)
}

#[test]
fn what_is_no_path_is_an_error_at_its_name() {
    let shown = errors(&text(&loss("path of shop.crat")));
    assert!(
        shown.contains("nothing here is called `shop.crat`"),
        "{shown}"
    );
    assert!(shown.contains("did you mean `shop.cart`?"), "{shown}");
    let caret = format!("| {}^^^^^^^^^ a path", " ".repeat(38));
    assert!(shown.contains(&caret), "{shown}");
    let shown = errors(&text(&loss("path of servo")));
    assert!(shown.contains("`servo` uses no link"), "{shown}");
    let shown = errors(&text(&loss("path of shop cart")));
    assert!(
        shown.contains("unexpected `cart` after `path of shop`"),
        "{shown}"
    );
    let shown = errors(&text(&loss("path of")));
    assert!(
        shown.contains("selector ends where the name of a workload"),
        "{shown}"
    );
    let floor = format!("keep_healthy = 1\n{}", loss("path of shop"));
    let shown = errors(&text(&floor));
    assert!(shown.contains("a path has no floor"), "{shown}");
    let base = WORLD.replace(
        "\n[workload.shop",
        "topology.links.\"path of shop\" = { delay = \"1ms\" }\n\n[workload.shop",
    );
    let shown = errors(&base);
    assert!(shown.contains("a path is for faults"), "{shown}");
    let never = format!(
        "never = [\"front\", \"cart\", \"db\", \"client\"]\n{}",
        text(&loss("path of shop"))
    );
    let shown = errors(&never);
    assert!(shown.contains("no link of `shop` may be hit"), "{shown}");
    for shown in [
        errors(&text(&loss("path of servo"))),
        errors(&text(&loss("path of shp"))),
    ] {
        assert_eq!(shown.matches("error: ").count(), 1, "{shown}");
    }
}

/// A graph that stands in a file is known when that is read.
#[test]
fn paths_of_a_graph_in_a_file_are_settled_when_it_is_read() {
    let file = |fault: &str| {
        text(fault).replace(
            "graph.edges = [\"front -> cart\", \"cart -> db\"]",
            "graph.file = \"graph.csv\"",
        )
    };
    let parsed = parse(
        "paths.toml",
        &file(&loss("path of shop.any")),
        &Settings::default(),
    );
    assert!(
        parsed.is_ok(),
        "nothing is wrong before it is read: {parsed:?}"
    );
    let shown = errors(&file(&loss("path of shp")));
    assert!(shown.contains("nothing here is called `shp`"), "{shown}");
    let read = ready_with(&file(&loss("path of shop.cart")), &Graph);
    assert_eq!(links_of(&read), links(&loss("path of shop.cart")));
}
