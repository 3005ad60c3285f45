//! What all processes of the workload share: the plan, names, ports, and what outlives processes.

use super::config::{Config, Turns, Upgrade};
use super::events::{CheckEvents, Events, WorkEvents};
use super::homes::Home;
use crate::workloads::Install;
use core::cell::{Cell, RefCell};
use squall_core::{Key, KnobId, PortId, Sample, VirtualDuration, VirtualTime};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

/// Where a pod stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// It waits for a place.
    Waits,
    /// It has one: worker, GPUs, the number of the order that said so, and whether it is known to run.
    Bound {
        worker: u32,
        gpus: u32,
        order: u64,
        runs: bool,
    },
    /// It has ended, or is not wanted any more.
    Gone,
}

/// A pod as the control plane has it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pod {
    pub(super) kind: u32,
    /// Its gang; 0 is none.
    pub(super) gang: u32,
    /// How often it was placed.
    pub(super) attempt: u32,
    /// How long it runs; for ever if missing.
    pub(super) length: Option<VirtualDuration>,
    pub(super) phase: Phase,
    /// The worker that has its volume, if it has one.
    pub(super) home: Option<u32>,
    /// When it was submitted, lost its place or got one.
    pub(super) since: VirtualTime,
}

/// What is done with an elastic machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Power {
    Off,
    /// Asked for, at this reading of the control plane's clock.
    Asked(VirtualDuration),
    On,
}

/// How far planned work on a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// None is planned.
    No,
    Planned,
    /// It is being emptied; it has had no pods since this reading of the control plane's clock.
    Empties(Option<VirtualDuration>),
    /// It was told to go at this reading, and has not said that it is renewed.
    Away(VirtualDuration),
    Done,
}

/// What the control plane has written down: it survives crashes of its node, as a replicated store would.
#[derive(Debug, Default)]
pub(super) struct Store {
    pub(super) pods: Vec<Pod>,
    /// Those that are not gone, by kind.
    pub(super) live: Vec<BTreeSet<u32>>,
    /// Gangs so far; numbers of submissions that were accepted, by kind.
    pub(super) gangs: u32,
    pub(super) accepted: BTreeSet<(u32, u64)>,
    /// Replicas that services shall have, by kind.
    pub(super) wanted: Vec<u32>,
    /// By worker, the number of the latest order, and what is done with the machine.
    pub(super) orders: Vec<u64>,
    pub(super) power: Vec<Power>,
    /// By worker, planned work; until when none is begun; whether all is done.
    pub(super) work: Vec<Work>,
    /// Pods of services that had to leave a node for planned work and do not run again, each with that node.
    pub(super) moved: BTreeMap<u32, u32>,
    pub(super) rests_until: VirtualDuration,
    pub(super) upgraded: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Knobs {
    pub(super) load: KnobId,
    pub(super) blocked: KnobId,
    pub(super) metric_lag: KnobId,
    pub(super) wrong_metric: KnobId,
    pub(super) boot: KnobId,
    pub(super) boot_fail: KnobId,
    pub(super) drain: KnobId,
}

/// Names of the doors: of nodes, of the control plane for messages and for calls, of the registry.
#[derive(Debug)]
pub(super) struct Doors {
    pub(super) node: String,
    pub(super) control: String,
    pub(super) submit: String,
    pub(super) registry: String,
    pub(super) front: String,
}

/// Shared by all processes of the workload.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) config: Arc<Config>,
    pub(super) events: Events,
    pub(super) knobs: Knobs,
    pub(super) doors: Doors,
    pub(super) workers: Vec<PortId>,
    pub(super) control: PortId,
    pub(super) submit: PortId,
    pub(super) registry: PortId,
    pub(super) front: PortId,
    pub(super) store: RefCell<Store>,
    /// By worker, whether the machine is on: what the provider knows.
    pub(super) on: Vec<Cell<bool>>,
    /// By worker, whether planned work was done: it is on the machine's disk.
    pub(super) renewed: Vec<Cell<bool>>,
    /// Workers in the order in which they have their turn, and what is recorded about it, if work is planned.
    pub(super) turns: Vec<u32>,
    pub(super) work: Option<WorkEvents>,
    pub(super) checks: Option<CheckEvents>,
    /// By kind, where its pods live, if they have volumes.
    pub(super) homes: Vec<Option<Rc<Home>>>,
    /// Draws that belong to pods and machines, not to processes.
    pub(super) key: Key,
}

impl Shared {
    pub(super) fn new(install: &mut Install<'_>, config: Arc<Config>) -> Rc<Self> {
        let doors = Doors {
            node: install.full("node"),
            control: install.full("control"),
            submit: install.full("submit"),
            registry: install.full("registry"),
            front: install.full("front"),
        };
        let name = &install.workload.name;
        let homes = config.kinds.iter();
        let homes = homes.map(|kind| {
            let has = kind.local_volume;
            has.then(|| install.homes.of(name, &kind.name))
        });
        let homes = homes.collect();
        let world = &mut *install.world;
        let workers = config
            .workers
            .iter()
            .map(|node| world.port(*node, &doors.node))
            .collect();
        let store = Store {
            wanted: config
                .kinds
                .iter()
                .map(|kind| match kind.source {
                    super::config::Source::Service { replicas } => replicas,
                    super::config::Source::Jobs { .. } => 0,
                })
                .collect(),
            live: vec![BTreeSet::new(); config.kinds.len()],
            orders: vec![0; config.workers.len()],
            power: config
                .elastic
                .iter()
                .map(|elastic| if *elastic { Power::Off } else { Power::On })
                .collect(),
            work: {
                let planned = config.upgrade.as_ref().map(|plan| plan.workers.as_slice());
                let all = 0..u32::try_from(config.workers.len()).unwrap_or(u32::MAX);
                all.map(|worker| match planned {
                    Some(workers) if workers.contains(&worker) => Work::Planned,
                    _ => Work::No,
                })
                .collect()
            },
            ..Store::default()
        };
        let path = format!("workload/{}", install.workload.name);
        Rc::new(Self {
            workers,
            control: world.port(config.control, &doors.control),
            submit: world.port(config.control, &doors.submit),
            registry: world.port(config.client, &doors.registry),
            front: world.port(config.client, &doors.front),
            store: RefCell::new(store),
            on: config
                .elastic
                .iter()
                .map(|elastic| Cell::new(!elastic))
                .collect(),
            renewed: config.workers.iter().map(|_| Cell::new(false)).collect(),
            turns: (config.upgrade.as_ref()).map_or_else(Vec::new, |plan| {
                let key = Key::new(install.world.seed(), &path, "turns");
                turns(&config, plan, key)
            }),
            homes,
            key: Key::new(install.world.seed(), &path, "pods"),
            events: Events::new(|slug| install.name(slug)),
            // Without planned work the names in records are those of before.
            work: (config.upgrade.as_ref()).map(|_| WorkEvents::new(|slug| install.name(slug))),
            checks: (config.upgrade.as_ref())
                .and_then(|plan| plan.checks)
                .map(|_| CheckEvents::new(|slug| install.name(slug))),
            knobs: Knobs {
                load: install.knob("load"),
                blocked: install.knob("blocked"),
                metric_lag: install.knob("metric-lag"),
                wrong_metric: install.knob("wrong-metric"),
                boot: install.knob("boot"),
                boot_fail: install.knob("boot-fail"),
                drain: install.knob("drain"),
            },
            doors,
            config,
        })
    }
}

/// The workers of a plan in the order in which they have their turn.
fn turns(config: &Config, plan: &Upgrade, key: Key) -> Vec<u32> {
    let mut workers = plan.workers.clone();
    workers.sort_unstable();
    workers.dedup();
    match plan.order {
        Turns::Id => {}
        Turns::Zone => {
            workers.sort_by_key(|worker| (config.machines[*worker as usize].zone, *worker));
        }
        Turns::Random => {
            workers.sort_by_key(|worker| (key.at(u64::from(*worker)).below(1 << 53), *worker));
        }
    }
    workers
}
