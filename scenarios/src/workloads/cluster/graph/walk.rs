//! Ways through a graph: cycles, visits, and what a failure reaches.

use super::Graph;

impl Graph {
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
