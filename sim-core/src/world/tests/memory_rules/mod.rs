//! What the kernel of a node does about memory beside its limit: each of it at work, and off.

mod beside;
mod daemons;
mod groups;
mod passes;
mod throttle;

use super::*;
use crate::history::NodeChange;
use crate::memory::{DeviceStalls, GroupLimit, Watermarks};
use crate::plan::Swap;
use crate::world::{MemoryGroup, MemoryRules, Oomd};

const MIB: u64 = 1 << 20;

/// What a run showed.
pub(super) struct Seen {
    pub(super) finished: Finished,
    pub(super) names: Names,
}

impl Seen {
    /// The statistic of what a service took for its requests, in milliseconds.
    pub(super) fn latency(&self, of: &str, stat: crate::property::Stat) -> f64 {
        1e3 * self.stat(&format!("{of}.latency"), stat)
    }
    /// The mean of a host signal.
    pub(super) fn signal(&self, name: &str) -> f64 {
        self.stat(&format!("host.{name}"), crate::property::Stat::Mean)
    }
    pub(super) fn stat(&self, name: &str, stat: crate::property::Stat) -> f64 {
        let id = self.names.find(name);
        let id = id.unwrap_or_else(|| panic!("{name} was recorded"));
        let series = self.finished.history.metrics().series(id);
        let (from, to) = (VirtualTime::ZERO, VirtualTime::from_nanos(u64::MAX));
        series.stat(stat, from, to).expect("samples")
    }
    pub(super) fn kills(&self) -> usize {
        let kill = |record: &&crate::history::Record| {
            let What::Node { change, .. } = record.what else {
                return false;
            };
            change == NodeChange::OutOfMemory
        };
        let records = self.finished.history.records();
        records.iter().filter(kill).count()
    }
    pub(super) fn digest(&self) -> impl PartialEq + core::fmt::Debug + use<> {
        self.finished.digest
    }
}

/// A service of the host: its working set, and what a request touches.
#[derive(Clone, Copy)]
pub(super) struct Service {
    pub(super) name: &'static str,
    pub(super) mib: u64,
    pub(super) pages: u32,
    pub(super) every_us: u64,
    pub(super) in_order: bool,
}

/// 16 touches, 150 times a second.
pub(super) const fn service(name: &'static str, mib: u64) -> Service {
    Service {
        name,
        mib,
        pages: 16,
        every_us: 6_667,
        in_order: false,
    }
}

pub(super) struct Rig {
    pub(super) rules: MemoryRules,
    pub(super) mib: u64,
    pub(super) swap: Option<&'static str>,
    pub(super) swap_mib: u64,
    pub(super) services: Vec<Service>,
    pub(super) faults: Vec<(u64, Option<u64>, Primitive)>,
    pub(super) seed: u64,
    pub(super) signals: bool,
}

impl Rig {
    pub(super) fn new(mib: u64, services: Vec<Service>) -> Self {
        Self {
            rules: MemoryRules::default(),
            mib,
            swap: Some("vdisk"),
            swap_mib: 4_096,
            services,
            faults: Vec::new(),
            seed: 5,
            signals: true,
        }
    }
    pub(super) fn run(&self, seconds: u64) -> Seen {
        let mut world = World::new(Seed(self.seed), true);
        let swap = self.swap.map(|name| Swap::Preset(name.into()));
        let spec = NodeSpec::new("host").cores(4).memory(self.mib * MIB, swap);
        let spec = spec.swap_bytes(self.swap_mib * MIB);
        let node = world.add_node(&spec.memory_rules(self.rules.clone()));
        for service in self.services.clone() {
            let latency = world.name(&format!("{}.latency", service.name));
            let life = world.name(&format!("{}.life", service.name));
            world.process(
                node,
                &format!("{}/main", service.name),
                move |cx| async move {
                    cx.event(life, 0, 0);
                    let set = cx.memory_set(service.mib * MIB, 0.9, 0.5);
                    let mut due = cx.now();
                    loop {
                        due = due.saturating_add(VirtualDuration::from_micros(service.every_us));
                        cx.sleep_until(due).await;
                        let start = cx.now();
                        let compute = cx.compute(VirtualDuration::from_micros(200));
                        if service.in_order {
                            compute.scanning(set, service.pages).await;
                        } else {
                            compute.touching(set, service.pages).await;
                        }
                        cx.sample(latency, cx.now().since(start).as_secs_f64());
                    }
                },
            );
        }
        if self.signals {
            world.sample_hosts(VirtualDuration::from_secs(1));
        }
        world.set_plan(plan(self.faults.clone()));
        let finished = run(&mut world, seconds * 1_000);
        let names = world.names();
        Seen { finished, names }
    }
    /// How often the processes of a service began a life.
    pub(super) fn lives(seen: &Seen, service: &str) -> usize {
        let name = seen.names.find(&format!("{service}.life"));
        let name = name.expect("it began");
        let records = seen.finished.history.records().iter();
        let began = records.filter(|r| matches!(r.what, What::Event { name: n, .. } if n == name));
        began.count()
    }
}

/// A group of one service.
pub(super) fn group(name: &str, max_mib: Option<u64>) -> MemoryGroup {
    MemoryGroup {
        name: name.to_owned(),
        inside: None,
        limit: GroupLimit {
            max_bytes: max_mib.map(|mib| mib * MIB),
            high_bytes: None,
        },
        processes: vec![name.to_owned()],
    }
}

/// A leak of the node's processes, from 2 s on, over 16 s.
pub(super) fn leak(mib: u64) -> (u64, Option<u64>, Primitive) {
    let pressure = Primitive::MemoryPressure {
        node: NodeId(0),
        size: crate::plan::Damage::Bytes(mib * MIB),
        activity: crate::memory::Activity::Idle,
        arrival: crate::memory::Arrival::Linear {
            over: VirtualDuration::from_secs(16),
        },
    };
    (2_000, Some(18_000), pressure)
}
