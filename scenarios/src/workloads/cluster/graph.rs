//! Service graphs: who calls whom, read from a file, a list or a preset; cycles; blast radius.

use squall_faults::param::suggest;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// More calls than this for one request are refused: paths through a graph grow exponentially.
pub const CALLS_MAX: u64 = 10_000;

/// A graph of services. Services are numbered in the order in which they are first named, callees
/// stand in the order of the edges.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    names: Vec<String>,
    callees: Vec<Vec<usize>>,
    /// Calls that the caller can do without.
    soft: BTreeSet<(usize, usize)>,
    index: BTreeMap<String, usize>,
}

/// What a file of edges holds: the graph of one application, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edges {
    /// The graph.
    Graph(Graph),
    /// Rows that cannot be read, each with its row and column.
    BadRows(Vec<String>),
    /// There is no such application; which there are, as an advice.
    UnknownApp(Option<String>),
}

impl Graph {
    /// The number of `name`, which is added if it is new.
    pub fn add(&mut self, name: &str) -> usize {
        match self.index.entry(name.to_owned()) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                let id = *new.insert(self.names.len());
                self.names.push(name.to_owned());
                self.callees.push(Vec::new());
                id
            }
        }
    }
    /// Adds a call; a call that is there already is not added again.
    pub fn call(&mut self, caller: &str, callee: &str) {
        let (caller, callee) = (self.add(caller), self.add(callee));
        if !self.callees[caller].contains(&callee) {
            self.callees[caller].push(callee);
        }
    }
    /// `count` services in a row: `s0 -> s1 -> ..`.
    pub fn chain(count: usize) -> Self {
        let mut graph = Self::default();
        graph.add("s0");
        for i in 1..count {
            graph.call(&format!("s{}", i - 1), &format!("s{i}"));
        }
        graph
    }
    /// One service that calls `count` others: `s0 -> s1`, `s0 -> s2`, ..
    pub fn fan(count: usize) -> Self {
        let mut graph = Self::default();
        graph.add("s0");
        for i in 1..=count {
            graph.call("s0", &format!("s{i}"));
        }
        graph
    }
    /// Adds the calls of `a -> b` or `a -> b -> c`, or one service without a call.
    pub fn edge(&mut self, text: &str) -> Result<(), String> {
        let names: Vec<&str> = text.split("->").map(str::trim).collect();
        if names.iter().any(|name| name.is_empty()) {
            return Err(format!(
                "`{text}` is not an edge: write \"caller -> callee\""
            ));
        }
        self.add(names[0]);
        for pair in names.windows(2) {
            self.call(pair[0], pair[1]);
        }
        Ok(())
    }
    /// Makes the calls of `a -> b` soft: whoever calls can do without. The error says what is wrong.
    pub fn soften(&mut self, text: &str) -> Result<(), String> {
        let names: Vec<&str> = text.split("->").map(str::trim).collect();
        if names.len() < 2 {
            return Err(format!(
                "`{text}` is not a call: write \"caller -> callee\""
            ));
        }
        for pair in names.windows(2) {
            let known = |name: &str| {
                let known = self.names.iter().map(String::as_str);
                let advice = suggest(name, known).map_or(String::new(), |text| format!("; {text}"));
                self.find(name)
                    .ok_or_else(|| format!("no service is called `{name}`{advice}"))
            };
            let (caller, callee) = (known(pair[0])?, known(pair[1])?);
            if !self.callees[caller].contains(&callee) {
                return Err(format!("`{}` does not call `{}`", pair[0], pair[1]));
            }
            self.soft.insert((caller, callee));
        }
        Ok(())
    }
    /// Whether `caller` can do without `callee`.
    pub fn is_soft(&self, caller: usize, callee: usize) -> bool {
        self.soft.contains(&(caller, callee))
    }
    /// Reads edges as CSV with the columns `app`, `caller`, `callee`; others are ignored. Without
    /// `app` the file must hold one application.
    pub fn from_csv(bytes: &[u8], app: Option<&str>) -> Edges {
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
        let mut bad = Vec::new();
        let headers = match reader.headers() {
            Ok(headers) => headers.clone(),
            Err(error) => return Edges::BadRows(vec![format!("row 1: {error}")]),
        };
        let mut column = |name: &str| {
            let found = headers.iter().position(|h| h.trim() == name);
            if found.is_none() {
                bad.push(format!("row 1: there is no column `{name}`"));
            }
            found
        };
        let columns = [column("app"), column("caller"), column("callee")];
        let [Some(a), Some(b), Some(c)] = columns else {
            return Edges::BadRows(bad);
        };
        let mut apps: BTreeMap<String, Self> = BTreeMap::new();
        for (number, row) in reader.byte_records().enumerate() {
            let number = number + 2;
            let row = match row {
                Ok(row) => row,
                Err(error) => {
                    bad.push(format!("row {number}: {error}"));
                    continue;
                }
            };
            let mut cell = |at: usize, name: &str| {
                let bytes = row.get(at).unwrap_or_default();
                let text = core::str::from_utf8(bytes).map(str::trim);
                match text {
                    Ok("") => bad.push(format!("row {number}, column `{name}`: empty")),
                    Ok(text) => return Some(text.to_owned()),
                    Err(_) => bad.push(format!("row {number}, column `{name}`: not UTF-8")),
                }
                None
            };
            let cells = (cell(a, "app"), cell(b, "caller"), cell(c, "callee"));
            let (Some(app), Some(caller), Some(callee)) = cells else {
                continue;
            };
            if caller == callee {
                bad.push(format!(
                    "row {number}, column `callee`: `{callee}` calls itself"
                ));
                continue;
            }
            apps.entry(app).or_default().call(&caller, &callee);
        }
        if !bad.is_empty() {
            return Edges::BadRows(bad);
        }
        match app {
            Some(app) => match apps.remove(app) {
                Some(graph) => Edges::Graph(graph),
                None => Edges::UnknownApp(suggest(app, apps.keys().map(String::as_str))),
            },
            None if apps.len() == 1 => Edges::Graph(apps.into_values().next().unwrap_or_default()),
            None => Edges::UnknownApp(suggest("", apps.keys().map(String::as_str))),
        }
    }

    /// Names of the services, by number.
    pub fn names(&self) -> &[String] {
        &self.names
    }
    /// The number of a service.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.index.get(name).copied()
    }
    /// Whom a service calls.
    pub fn callees(&self, service: usize) -> &[usize] {
        &self.callees[service]
    }
    /// Services that nobody calls; if all are called, the first.
    pub fn roots(&self) -> Vec<usize> {
        let mut called = vec![false; self.names.len()];
        for callee in self.callees.iter().flatten() {
            called[*callee] = true;
        }
        let mut roots: Vec<usize> = (0..called.len()).filter(|i| !called[*i]).collect();
        if roots.is_empty() && !called.is_empty() {
            roots.push(0);
        }
        roots
    }
    /// Removes every call that closes a cycle, as a walk from `entries` in file order finds them:
    /// what is left has no cycle, so every request ends. The calls removed, by number.
    pub fn cut_cycles(&mut self, entries: &[usize]) -> Vec<(usize, usize)> {
        #[derive(Clone, Copy, PartialEq)]
        enum Mark {
            New,
            Open,
            Done,
        }
        let mut marks = vec![Mark::New; self.names.len()];
        let mut cut = Vec::new();
        for start in entries.iter().copied().chain(0..self.names.len()) {
            if marks[start] != Mark::New {
                continue;
            }
            // A path from the start, each service with its next callee: no recursion.
            let mut path = vec![(start, 0)];
            marks[start] = Mark::Open;
            while let Some((service, next)) = path.last_mut() {
                let service = *service;
                match self.callees[service].get(*next).copied() {
                    None => {
                        marks[service] = Mark::Done;
                        path.pop();
                    }
                    Some(callee) if marks[callee] == Mark::Open => {
                        self.callees[service].remove(*next);
                        cut.push((service, callee));
                    }
                    Some(callee) => {
                        *next += 1;
                        if marks[callee] == Mark::New {
                            marks[callee] = Mark::Open;
                            path.push((callee, 0));
                        }
                    }
                }
            }
        }
        cut
    }
    /// The services of a shortest way of calls from `from` to `to`, both included; empty if there is none.
    pub fn way(&self, from: usize, to: usize) -> Vec<usize> {
        let mut before: Vec<Option<usize>> = vec![None; self.names.len()];
        let mut reached = vec![from];
        let mut next = 0;
        while let Some(service) = reached.get(next).copied() {
            next += 1;
            for &callee in &self.callees[service] {
                if callee != from && before[callee].is_none() {
                    before[callee] = Some(service);
                    reached.push(callee);
                }
            }
        }
        let mut way = vec![to];
        while let Some(service) = way.last().and_then(|service| before[*service]) {
            way.push(service);
        }
        way.reverse();
        match way[0] == from {
            true => way,
            false => Vec::new(),
        }
    }
    /// Visits of services that one request to `entry` causes, itself included: the number of paths
    /// that begin there. The graph must have no cycle.
    pub fn visits(&self, entry: usize) -> u64 {
        fn count(graph: &Graph, service: usize, known: &mut [Option<u64>]) -> u64 {
            if let Some(count) = known[service] {
                return count;
            }
            let below = graph.callees[service].iter();
            let sum = below.fold(1u64, |sum, c| sum.saturating_add(count(graph, *c, known)));
            known[service] = Some(sum);
            sum
        }
        count(self, entry, &mut vec![None; self.names.len()])
    }
    /// The services that a failure of `failed` reaches: itself and all that need it, in ascending order.
    /// Soft calls pass nothing on.
    pub fn affected(&self, failed: usize) -> Vec<usize> {
        let mut hit = vec![false; self.names.len()];
        hit[failed] = true;
        loop {
            let before = hit.iter().filter(|h| **h).count();
            for caller in 0..hit.len() {
                let needs = |callee: &&usize| !self.is_soft(caller, **callee);
                let mut needed = self.callees[caller].iter().filter(needs);
                hit[caller] |= needed.any(|callee| hit[*callee]);
            }
            let now: Vec<usize> = (0..hit.len()).filter(|i| hit[*i]).collect();
            if now.len() == before {
                return now;
            }
        }
    }
    /// The share of the services that a failure of `failed` reaches.
    pub fn blast_radius(&self, failed: usize) -> f64 {
        self.affected(failed).len() as f64 / self.names.len() as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(edges: &[&str]) -> Graph {
        let mut graph = Graph::default();
        for edge in edges {
            graph.edge(edge).unwrap();
        }
        graph
    }

    #[test]
    fn edges_in_words() {
        let shop = graph(&[
            "front -> cart -> db",
            "front -> catalogue",
            "catalogue -> db",
        ]);
        assert_eq!(shop.names(), ["front", "cart", "db", "catalogue"]);
        assert_eq!(shop.roots(), [0]);
        assert_eq!(shop.visits(0), 5);
        assert_eq!(shop.affected(2), [0, 1, 2, 3]);
        assert_eq!(shop.affected(1), [0, 1]);
        assert!(graph(&[]).edge("a -> ").is_err());
        assert_eq!(Graph::chain(3).visits(0), 3);
        assert_eq!(Graph::fan(4).visits(0), 5);
    }

    #[test]
    fn soft_calls_cut_the_closure() {
        let mut shop = graph(&["front -> cart -> db", "front -> ads -> db"]);
        assert_eq!(shop.affected(2), [0, 1, 2, 3]);
        shop.soften("front -> ads").unwrap();
        assert_eq!(shop.affected(3), [3]);
        assert_eq!(shop.affected(2), [0, 1, 2, 3], "the cart is still needed");
        shop.soften("front->cart").unwrap();
        assert_eq!(shop.affected(2), [1, 2, 3]);
        let wrong = |text: &str| graph(&["front -> cart"]).soften(text).unwrap_err();
        assert_eq!(
            wrong("cart"),
            "`cart` is not a call: write \"caller -> callee\""
        );
        assert_eq!(wrong("cart -> front"), "`cart` does not call `front`");
        assert!(wrong("front -> card").contains("did you mean `cart`?"));
    }

    #[test]
    fn the_calls_that_close_a_cycle_are_cut() {
        let mut ring = graph(&["a -> b -> c -> a", "c -> d", "d -> b"]);
        assert_eq!(ring.roots(), [0], "nobody is a root: the first is");
        assert_eq!(ring.cut_cycles(&[0]), [(2, 0), (3, 1)]);
        assert_eq!(ring.visits(0), 4);
        assert_eq!(ring.cut_cycles(&[0]), []);
        // Part of the graph that no entry reaches is cut as well.
        let mut apart = graph(&["a -> b", "x -> y -> x"]);
        assert_eq!(apart.cut_cycles(&[0]).len(), 1);
    }

    #[test]
    fn bad_rows_are_all_found() {
        let text = "app,caller,callee,callee_kind\nx,a,b,db\nx,,b,db\nx,c\ny,d,d,db\n";
        let Edges::BadRows(bad) = Graph::from_csv(text.as_bytes(), Some("x")) else {
            panic!("a broken file was read");
        };
        assert_eq!(
            bad,
            [
                "row 3, column `caller`: empty",
                "row 4, column `callee`: empty",
                "row 5, column `callee`: `d` calls itself",
            ]
        );
        let missing = Graph::from_csv(b"app,from,to\n", None);
        assert!(matches!(missing, Edges::BadRows(bad) if bad.len() == 2));
        let unknown = Graph::from_csv(b"app,caller,callee\nshop,a,b\n", Some("shp"));
        let advice = Some("did you mean `shop`?".to_owned());
        assert_eq!(unknown, Edges::UnknownApp(advice));
    }
}
