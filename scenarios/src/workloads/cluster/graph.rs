//! Service graphs: who calls whom, read from a file, a list or a preset; cycles; blast radius.

mod read;
mod walk;

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
    /// Whether `caller` can do without `callee`.
    pub fn is_soft(&self, caller: usize, callee: usize) -> bool {
        self.soft.contains(&(caller, callee))
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
