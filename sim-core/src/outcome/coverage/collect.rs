//! Collecting, seed by seed. A campaign does this for every seed, so that it must cost little beside a
//! run: plain lists that are sorted by plain numbers, and one look at what many links of one fault share.

use super::{
    Acts, Cell, Coverage, Pair, Phase, PhaseCell, Role, Roles, Target, for_each_target, never,
    never_together,
};
use crate::outcome::Landing;
use crate::plan::{Entry, Plan};
use crate::{Seed, VirtualTime};
use std::collections::{BTreeMap, BTreeSet};

/// When a fault was in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Window {
    fault: u32,
    from: VirtualTime,
    until: Option<VirtualTime>,
}

impl Window {
    const fn of(entry: &Entry) -> Self {
        Self {
            fault: entry.fault,
            from: entry.from,
            until: entry.until,
        }
    }
    fn overlaps(&self, other: &Self) -> bool {
        let before = |until: Option<VirtualTime>, from| until.is_none_or(|until| from < until);
        before(self.until, other.from) && before(other.until, self.from)
    }
}

/// When faults were in force, each time once.
fn windows(plan: &Plan) -> Vec<Window> {
    let came = plan.entries().iter().filter(|entry| came(entry));
    let mut windows: Vec<Window> = came.map(Window::of).collect();
    once(&mut windows);
    windows
}

/// Adds what is not what was added last: a fault does the same to many links in a row.
fn push<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if list.last() != Some(&item) {
        list.push(item);
    }
}

/// That something was in force on a target.
#[derive(Clone, Copy, Debug)]
struct Held {
    /// All of it in one number: sorting compares nothing else.
    order: u128,
    target: Target,
    /// Position in the windows of the plan.
    window: u32,
    landed: bool,
}

impl Held {
    fn new(target: Target, window: u32, landed: bool) -> Self {
        let (class, one, two) = target.numbers();
        let words = [
            u128::from(one),
            u128::from(two),
            u128::from(window) << 1 | u128::from(landed),
        ];
        let order = words
            .into_iter()
            .fold(u128::from(class), |order, word| order << 33 | word);
        Self {
            order,
            target,
            window,
            landed,
        }
    }
}

/// Sorted, and each once.
fn once<T: Ord>(list: &mut Vec<T>) {
    list.sort_unstable();
    list.dedup();
}

/// One more seed for each of these.
fn count<K: Ord>(seed: Seed, mut keys: Vec<K>, counts: &mut BTreeMap<K, Count>) {
    once(&mut keys);
    for key in keys {
        counts.entry(key).or_default().add(seed);
    }
}

/// The phase of an instant as the fault `own` sees it.
fn phase(windows: &[Window], own: u32, at: VirtualTime) -> Phase {
    let mut phase = Phase::Before;
    let others = windows.iter().filter(|window| window.fault != own);
    for other in others.filter(|window| window.from <= at) {
        if other.until.is_none_or(|until| until > at) {
            return Phase::During;
        }
        phase = Phase::After;
    }
    phase
}

/// Whether an entry came into force at all: what it waited for may not have happened.
fn came(entry: &Entry) -> bool {
    entry.firing.is_none() && !entry.is_void()
}

/// In how many seeds something happened, and the lowest of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    seeds: u64,
    first: Option<Seed>,
}

impl Count {
    fn add(&mut self, seed: Seed) {
        self.seeds += 1;
        self.first = Some(self.first.map_or(seed, |first| first.min(seed)));
    }
}

/// Collects what happened, seed by seed. The order of the seeds does not matter.
#[derive(Clone, Debug, Default)]
pub struct Collector {
    kinds: BTreeMap<String, u32>,
    planned: BTreeMap<(u32, Role), Count>,
    landed: BTreeMap<(u32, Role, Phase), Count>,
    /// What each kind acts on, by group.
    acts: BTreeSet<(u32, Role)>,
    met: BTreeMap<(u32, u32, Role), Count>,
    landed_both: BTreeMap<(u32, u32, Role), Count>,
}

impl Collector {
    fn kind(&mut self, kind: &str) -> u32 {
        if let Some(number) = self.kinds.get(kind) {
            return *number;
        }
        let number = u32::try_from(self.kinds.len()).unwrap_or(u32::MAX);
        self.kinds.insert(kind.to_owned(), number);
        number
    }

    /// Adds a seed: its plan, with the times of what fired, and what came of each entry.
    pub fn add(&mut self, seed: Seed, plan: &Plan, landings: &[Landing], roles: &Roles) {
        let kinds = plan.faults.iter().map(|fault| self.kind(&fault.kind));
        let kinds: Vec<u32> = kinds.collect();
        let windows = windows(plan);
        let (mut planned, mut landed, mut held) = (Vec::new(), Vec::new(), Vec::new());
        let entries = plan.entries().iter().zip(landings);
        let mut at = 0;
        for (entry, landing) in entries.filter(|(entry, _)| came(entry)) {
            let kind = kinds[entry.fault as usize];
            let phase = landing.first.map(|at| phase(&windows, entry.fault, at));
            roles.for_each(&entry.primitive, |role| {
                push(&mut planned, (kind, role));
                if let Some(phase) = phase {
                    push(&mut landed, (kind, role, phase));
                }
            });
            // What follows in a plan is mostly of the same fault and time.
            if windows[at] != Window::of(entry) {
                let found = windows.binary_search(&Window::of(entry));
                at = found.expect("what came is in the windows");
            }
            let window = u32::try_from(at).expect("a plan has fewer entries");
            for_each_target(&entry.primitive, |target| {
                held.push(Held::new(target, window, landing.count > 0));
            });
        }
        // What a fault does to many links at once is one thing to the node at their ends.
        held.sort_unstable_by_key(|held| held.order);
        held.dedup_by_key(|held| held.order);
        let (mut met, mut both) = (Vec::new(), Vec::new());
        let mut acts = Vec::new();
        for on in held.chunk_by(|one, two| one.target == two.target) {
            let role = roles.of_target(on[0].target);
            for held in on {
                let window = &windows[held.window as usize];
                push(&mut acts, (kinds[window.fault as usize], role));
            }
            for (position, one) in on.iter().enumerate() {
                for two in &on[position + 1..] {
                    let pair = [one, two].map(|held| &windows[held.window as usize]);
                    if pair[0].fault == pair[1].fault || !pair[0].overlaps(pair[1]) {
                        continue;
                    }
                    let kinds = pair.map(|window| kinds[window.fault as usize]);
                    let pair = (kinds[0].min(kinds[1]), kinds[0].max(kinds[1]), role);
                    push(&mut met, pair);
                    if one.landed && two.landed {
                        push(&mut both, pair);
                    }
                }
            }
        }
        count(seed, planned, &mut self.planned);
        count(seed, landed, &mut self.landed);
        once(&mut acts);
        self.acts.extend(acts);
        count(seed, met, &mut self.met);
        count(seed, both, &mut self.landed_both);
    }

    /// What was collected, with names and in their order.
    pub fn finish(&self, roles: &Roles) -> Coverage {
        let names: BTreeMap<u32, &str> = self
            .kinds
            .iter()
            .map(|(name, number)| (*number, name.as_str()))
            .collect();
        let kind = |number: &u32| names.get(number).map_or("?", |name| *name).to_owned();
        let mut cells: Vec<Cell> = Vec::new();
        for ((number, role), planned) in &self.planned {
            let landed = |phase: &Phase| {
                let count = self.landed.get(&(*number, *role, *phase)).copied();
                let count = count.unwrap_or_default();
                PhaseCell {
                    phase: *phase,
                    seeds: count.seeds,
                    first: count.first,
                }
            };
            cells.push(Cell {
                kind: kind(number),
                role: roles.text(*role),
                planned: planned.seeds,
                phases: Phase::ALL.iter().map(landed).collect(),
            });
        }
        cells.sort_by(|a, b| (&a.kind, &a.role).cmp(&(&b.kind, &b.role)));
        let mut pairs: Vec<Pair> = Vec::new();
        for (key, met) in &self.met {
            let both = self.landed_both.get(key).copied().unwrap_or_default();
            let mut kinds = [kind(&key.0), kind(&key.1)];
            kinds.sort();
            pairs.push(Pair {
                kinds,
                role: roles.text(key.2),
                overlapped: met.seeds,
                landed: both.seeds,
                first: both.first,
            });
        }
        pairs.sort_by(|a, b| (&a.kinds, &a.role).cmp(&(&b.kinds, &b.role)));
        let kinds: Vec<String> = self.kinds.keys().cloned().collect();
        let never = never(&kinds, &cells, roles);
        let mut acts: Acts<'_> = BTreeMap::new();
        for (number, role) in &self.acts {
            let name = names.get(number).copied().unwrap_or("?");
            acts.entry(name).or_default().insert(*role);
        }
        let never_together = never_together(&kinds, &pairs, &acts);
        Coverage {
            kinds,
            cells,
            pairs,
            never,
            never_together,
        }
    }
}
