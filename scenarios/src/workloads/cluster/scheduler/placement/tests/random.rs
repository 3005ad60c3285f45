//! Random clusters: invariants hold, and the index chooses what a scan of all nodes would.

use super::super::*;
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestRunner};
use std::rc::Rc;

const LEVELS: u8 = 3;
const GROUPS: u32 = 3;

#[derive(Clone, Debug)]
enum Step {
    Place(usize),
    Gang(usize, u8),
    Remove(usize),
    Serve(usize, bool),
    Lose(usize),
    Restore(usize),
    Open(usize, bool),
    Add(Machine),
}

fn machines() -> impl Strategy<Value = Machine> {
    let gpus = prop_oneof![Just(0u16), Just(1), Just(2), Just(4)];
    (1u32..9, 1u32..9, gpus, 0u8..3, 0u64..4, 0u64..4, 0u32..4).prop_map(
        |(cores, memory, gpus, model, taints, labels, rack)| Machine {
            cpu_milli: cores * 1000,
            memory_mib: memory * 1024,
            gpus,
            model: (gpus > 0).then_some(model),
            taints: Set(taints & 1),
            labels: Set(labels),
            rack,
            zone: rack / 2,
        },
    )
}

fn domains() -> impl Strategy<Value = Domain> {
    prop_oneof![Just(Domain::Node), Just(Domain::Rack), Just(Domain::Zone)]
}

fn wishes() -> impl Strategy<Value = Vec<(u32, Domain)>> {
    let some = proptest::collection::vec((0..GROUPS, domains()), 1..2);
    prop_oneof![4 => Just(Vec::new()), 1 => some]
}

fn shapes() -> impl Strategy<Value = Shape> {
    let gpu = prop_oneof![
        3 => Just(Gpu::None),
        2 => (1u16..10).prop_map(|tenths| Gpu::Share(tenths * 100)),
        2 => (1u16..4).prop_map(Gpu::Whole),
    ];
    let models = proptest::option::weighted(0.3, (1u64..8).prop_map(Set));
    let labels = prop_oneof![3 => Just(0u64), 1 => Just(1u64)];
    let who = (
        proptest::option::of(0u32..2),
        proptest::option::of(0..GROUPS),
        0..LEVELS,
    );
    (
        (1u32..5, 1u32..5, gpu),
        models,
        (0u64..2, labels),
        who,
        wishes(),
        wishes(),
        proptest::option::weighted(0.15, 0u32..6),
    )
        .prop_map(
            |(
                (cores, memory, gpu),
                models,
                (tolerates, labels),
                (tenant, group, level),
                apart,
                near,
                home,
            )| Shape {
                demand: Demand {
                    cpu_milli: cores * 500,
                    memory_mib: memory * 512,
                    gpu,
                },
                models,
                tolerates: Set(tolerates),
                labels: Set(labels),
                tenant,
                group,
                level,
                apart,
                near,
                home,
            },
        )
}

fn steps() -> impl Strategy<Value = Step> {
    let at = any::<prop::sample::Index>().prop_map(|at| at.index(1 << 16));
    prop_oneof![
        12 => at.clone().prop_map(Step::Place),
        2 => (at.clone(), 2u8..5).prop_map(|(at, count)| Step::Gang(at, count)),
        3 => at.clone().prop_map(Step::Remove),
        4 => (at.clone(), any::<bool>()).prop_map(|(at, serves)| Step::Serve(at, serves)),
        1 => at.clone().prop_map(Step::Lose),
        1 => at.clone().prop_map(Step::Restore),
        1 => (at, any::<bool>()).prop_map(|(at, open)| Step::Open(at, open)),
        1 => machines().prop_map(Step::Add),
    ]
}

struct Twins {
    cluster: Cluster,
    model: Scan,
    up: Vec<bool>,
    open: Vec<bool>,
    next: u32,
}

impl Twins {
    fn new(rules: &Rules) -> Self {
        Self {
            cluster: Cluster::new(rules.clone()),
            model: Scan::new(rules.clone(), &[], true),
            up: Vec::new(),
            open: Vec::new(),
            next: 0,
        }
    }
    fn add(&mut self, machine: Machine) {
        self.cluster.add(machine);
        let (open, pods) = (true, Vec::new());
        self.model.sites.push(Site {
            machine,
            open,
            pods,
        });
        self.up.push(true);
        self.open.push(true);
    }
    fn took(model: &mut Scan, (pod, shape): (u32, &Shape), placement: &Placement) {
        for victim in &placement.victims {
            model.take(*victim);
        }
        let placed = Placed {
            shape: Rc::new(shape.clone()),
            node: placement.node,
            gpus: placement.gpus,
            serves: false,
        };
        model.put(pod, placed);
    }
    fn any_pod(&self, at: usize) -> Option<u32> {
        let pods = self.model.pods();
        pods.keys().nth(at % pods.len().max(1)).copied()
    }
    fn place(&mut self, shape: &Shape) {
        let number = self.cluster.shape(shape);
        let expected = self.model.choose(shape);
        let got = self.cluster.place(self.next, number).ok();
        let choice = got
            .as_ref()
            .map(|placement| (placement.node, placement.victims.clone()));
        assert_eq!(choice, expected, "{shape:?}");
        if let Some(placement) = got {
            Self::took(&mut self.model, (self.next, shape), &placement);
        }
        self.next += 1;
    }
    fn gang(&mut self, shape: &Shape, count: u8) {
        let number = self.cluster.shape(shape);
        let members: Vec<(u32, u32)> = (0..u32::from(count))
            .map(|n| (self.next + n, number))
            .collect();
        let mut after = self.model.clone();
        let mut whole = true;
        let got = self.cluster.place_gang(&members);
        for (at, (pod, _)) in members.iter().enumerate() {
            let Some((node, victims)) = after.choose(shape) else {
                whole = false;
                break;
            };
            if let Ok(placements) = &got {
                let placement = &placements[at];
                assert_eq!((placement.node, &placement.victims), (node, &victims));
                Self::took(&mut after, (*pod, shape), placement);
            } else {
                // Which GPUs it would have had decides for those after it.
                let mut twin = self.cluster.clone();
                let placements = twin
                    .place_gang(&members[..=at])
                    .expect("so far there was room");
                Self::took(&mut after, (*pod, shape), &placements[at]);
            }
        }
        assert_eq!(got.is_ok(), whole, "all or nothing");
        if whole {
            self.model = after;
        }
        self.next += u32::from(count);
    }
    fn step(&mut self, step: &Step, shapes: &[Shape]) {
        let node = |at: usize| at % self.up.len();
        match step {
            Step::Place(at) => self.place(&shapes[at % shapes.len()]),
            Step::Gang(at, count) => self.gang(&shapes[at % shapes.len()], *count),
            Step::Remove(at) => {
                if let Some(pod) = self.any_pod(*at) {
                    self.model.take(pod);
                    assert!(self.cluster.remove(pod).is_some());
                }
            }
            Step::Serve(at, serves) => {
                if let Some(pod) = self.any_pod(*at) {
                    self.model.serves(pod, *serves);
                    self.cluster.serves(pod, *serves);
                }
            }
            Step::Lose(at) => {
                let at = node(*at);
                self.up[at] = false;
                for pod in self.cluster.lose(u32::try_from(at).unwrap()) {
                    self.model.take(pod);
                }
                assert!(self.model.sites[at].pods.is_empty());
            }
            Step::Restore(at) => {
                let at = node(*at);
                self.up[at] = true;
                self.cluster.restore(u32::try_from(at).unwrap());
            }
            Step::Open(at, open) => {
                let at = node(*at);
                self.open[at] = *open;
                self.cluster.open(u32::try_from(at).unwrap(), *open);
            }
            Step::Add(machine) => self.add(*machine),
        }
        for (site, (up, open)) in self
            .model
            .sites
            .iter_mut()
            .zip(self.up.iter().zip(&self.open))
        {
            site.open = *up && *open;
        }
    }
    /// What the index has of each node is what is left on it.
    fn check(&self) {
        for (pod, placed) in self.model.pods() {
            let machine = &self.model.sites[placed.node as usize].machine;
            assert!(machine.admits(&placed.shape), "constraints hold for {pod}");
            assert!(self.model.quota(&placed.shape, false), "quotas hold");
        }
        for class in &self.cluster.classes {
            let takes = class.nodes.iter().filter(|node| self.cluster.takes(**node));
            let mut takes: Vec<u32> = takes.copied().collect();
            let listed = class.by_cpu.all();
            let mut nodes: Vec<u32> = listed.iter().map(|(rank, _)| rank.2).collect();
            assert!(listed.is_sorted_by_key(|(rank, _)| *rank));
            nodes.sort_unstable();
            takes.sort_unstable();
            assert_eq!(nodes, takes);
            for (rank, room) in listed {
                assert_eq!(room, self.cluster.room(rank.2));
                let (cpu, memory, gpus) = self
                    .model
                    .left(rank.2, &[])
                    .expect("no node holds more than it has");
                let part = gpus.iter().copied().max().unwrap_or(0);
                assert_eq!(
                    (cpu, memory, part),
                    (room.cpu_milli, room.memory_mib, room.part)
                );
            }
        }
    }
}

fn rules() -> impl Strategy<Value = Rules> {
    let quota = (1u64..30, 1u64..40).prop_map(|(cores, gpus)| Quota {
        cpu_milli: cores * 500,
        memory_mib: u64::MAX,
        gpu_milli: gpus * 200,
    });
    let policy = prop_oneof![
        Just(Policy::BinPack),
        Just(Policy::Spread),
        Just(Policy::Balance)
    ];
    let budgets = proptest::collection::vec(0u32..4, 0..3);
    (policy, proptest::collection::vec(quota, 0..2), budgets).prop_map(
        |(policy, quotas, budgets)| Rules {
            policy,
            levels: LEVELS,
            quotas,
            budgets,
            slip: None,
        },
    )
}

type Input = (Rules, Vec<Machine>, Vec<Shape>, Vec<Step>);

fn inputs() -> impl Strategy<Value = Input> {
    let nodes = proptest::collection::vec(machines(), 1..14);
    let kinds = proptest::collection::vec(shapes(), 1..7);
    (
        rules(),
        nodes,
        kinds,
        proptest::collection::vec(steps(), 1..70),
    )
}

fn compare((rules, nodes, shapes, steps): &Input) {
    let mut twins = Twins::new(rules);
    for machine in nodes {
        twins.add(*machine);
    }
    for step in steps {
        twins.step(step, shapes);
        twins.check();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]
    #[test]
    fn the_index_chooses_as_a_scan_does(input in inputs()) {
        compare(&input);
    }
}

/// The comparison is alive: every planted mistake of placement differs from the scan somewhere.
#[test]
fn every_slip_differs_from_the_scan() {
    let slips = [
        Slip::Shares,
        Slip::Quota,
        Slip::Taints,
        Slip::Affinity,
        Slip::NoPreemption,
        Slip::Budget,
        Slip::Gang,
    ];
    // Each search ends at its first difference. Always the same inputs: an unlucky draw must not fail the test.
    let config = ProptestConfig {
        cases: 4000,
        failure_persistence: None,
        max_shrink_iters: 0,
        rng_seed: RngSeed::Fixed(0),
        ..ProptestConfig::default()
    };
    for slip in slips {
        let mut runner = TestRunner::new(config.clone());
        let found = runner.run(&inputs(), |(mut rules, nodes, shapes, steps)| {
            rules.slip = Some(slip);
            compare(&(rules, nodes, shapes, steps));
            Ok(())
        });
        assert!(found.is_err(), "{slip:?} was not noticed");
    }
}

/// Many nodes, so that blocks split and join again.
#[test]
fn an_order_survives_its_blocks() {
    let mut cluster = Cluster::new(Rules::default());
    for node in 0..1000 {
        cluster.add(Machine {
            cpu_milli: 1000 + (node * 7919) % 64_000,
            memory_mib: 1 << 20,
            ..Machine::default()
        });
    }
    let shape = Shape {
        demand: Demand {
            cpu_milli: 900,
            memory_mib: 1,
            gpu: Gpu::None,
        },
        ..Shape::default()
    };
    let number = cluster.shape(&shape);
    let machines: Vec<Machine> = (0..1000).map(|node| *cluster.machine(node)).collect();
    let mut model = Scan::new(Rules::default(), &machines, true);
    for pod in 0..600 {
        let expected = model.choose(&shape).map(|(node, _)| node);
        let placement = cluster.place(pod, number).unwrap();
        assert_eq!(Some(placement.node), expected);
        Twins::took(&mut model, (pod, &shape), &placement);
    }
    for pod in 0..600 {
        cluster.remove(pod);
    }
    for node in 0..990 {
        cluster.lose(node);
    }
    assert_eq!(cluster.classes[0].by_cpu.all().len(), 10);
    assert_eq!(
        cluster.classes[0].by_cpu.most(),
        (990..1000)
            .map(|n| cluster.room(n))
            .fold(Room::default(), Room::max)
    );
}
