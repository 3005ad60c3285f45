//! Placement: what it is by example, and against a model that scans everything.

mod random;

use super::*;

const CORE: u32 = 1000;

fn machine(cores: u32, gpus: u16) -> Machine {
    Machine {
        cpu_milli: cores * CORE,
        memory_mib: cores * 1024,
        gpus,
        ..Machine::default()
    }
}

fn shape(cores: u32, gpu: Gpu) -> Shape {
    Shape {
        demand: Demand {
            cpu_milli: cores * CORE,
            memory_mib: 1024,
            gpu,
        },
        ..Shape::default()
    }
}

/// A tutorial: nodes, a shape, pods.
#[test]
fn the_fullest_node_with_room_is_taken() {
    let mut cluster = Cluster::new(Rules::default());
    let large = cluster.add(machine(8, 0));
    let small = cluster.add(machine(4, 0));
    let web = cluster.shape(&shape(3, Gpu::None));
    assert_eq!(cluster.place(0, web).unwrap().node, small);
    assert_eq!(cluster.place(1, web).unwrap().node, large);
    assert_eq!(cluster.place(2, web).unwrap().node, large);
    assert_eq!(cluster.place(3, web), Err(Refusal::Cpu));
    cluster.remove(0);
    assert_eq!(cluster.place(3, web).unwrap().node, small);
    let mut cluster = Cluster::new(Rules {
        policy: Policy::Spread,
        ..Rules::default()
    });
    cluster.add(machine(4, 0));
    cluster.add(machine(8, 0));
    let web = cluster.shape(&shape(3, Gpu::None));
    assert_eq!(cluster.place(0, web).unwrap().node, 1, "the emptiest");
}

#[test]
fn shares_fill_a_gpu_before_they_open_another() {
    let mut cluster = Cluster::new(Rules::default());
    cluster.add(machine(64, 2));
    let share = |milli| shape(1, Gpu::Share(milli));
    let (most, rest) = (cluster.shape(&share(600)), cluster.shape(&share(400)));
    let whole = cluster.shape(&shape(1, Gpu::Whole(1)));
    assert_eq!(cluster.place(0, most).unwrap().gpus, 1);
    assert_eq!(
        cluster.place(1, rest).unwrap().gpus,
        1,
        "the one with the least that is enough"
    );
    assert_eq!(cluster.place(2, rest).unwrap().gpus, 2);
    assert_eq!(cluster.place(3, whole), Err(Refusal::Gpu), "none is whole");
    let of = |waiting: &[u32]| cluster.fragments(waiting);
    assert_eq!((of(&[rest]).free_milli, of(&[rest]).lost_milli), (600, 0));
    assert_eq!(of(&[whole]).lost_milli, 600, "a whole one is nowhere");
}

#[test]
fn pods_without_gpus_leave_nodes_with_gpus_alone() {
    let mut cluster = Cluster::new(Rules::default());
    cluster.add(machine(4, 8));
    cluster.add(machine(64, 0));
    let web = cluster.shape(&shape(4, Gpu::None));
    assert_eq!(cluster.place(0, web).unwrap().node, 1);
}

#[test]
fn reasons_say_what_is_missing() {
    let mut cluster = Cluster::new(Rules {
        quotas: vec![Quota {
            gpu_milli: 1000,
            ..Quota::NONE
        }],
        ..Rules::default()
    });
    cluster.add(Machine {
        model: Some(3),
        ..machine(4, 1)
    });
    cluster.add(Machine {
        memory_mib: 64 * 1024,
        ..machine(1, 0)
    });
    let mut try_one = |pod, shape: Shape| {
        let number = cluster.shape(&shape);
        cluster.place(pod, number).map(|placement| placement.node)
    };
    let of = |models: u8| Shape {
        models: Some(Set::one(models)),
        ..shape(1, Gpu::Whole(1))
    };
    assert_eq!(
        try_one(0, of(2)),
        Err(Refusal::Constraint),
        "of no such model"
    );
    assert_eq!(try_one(0, shape(5, Gpu::None)), Err(Refusal::Cpu));
    assert_eq!(try_one(0, shape(1, Gpu::Whole(2))), Err(Refusal::Gpu));
    let mut much = shape(4, Gpu::None);
    much.demand.memory_mib = 65 * 1024;
    assert_eq!(try_one(0, much.clone()), Err(Refusal::Memory));
    much.demand.memory_mib = 32 * 1024;
    assert_eq!(
        try_one(0, much),
        Err(Refusal::Scattered),
        "cores here, memory there"
    );
    let mut mine = of(3);
    mine.tenant = Some(0);
    assert_eq!(try_one(0, mine.clone()), Ok(0));
    assert_eq!(try_one(1, mine), Err(Refusal::Quota));
    let near = Shape {
        near: vec![(7, Domain::Zone)],
        ..shape(1, Gpu::None)
    };
    assert_eq!(try_one(2, near), Err(Refusal::Affinity));
}

#[test]
fn a_higher_rank_evicts_no_more_than_it_must() {
    let mut cluster = Cluster::new(Rules {
        levels: 3,
        budgets: vec![1],
        ..Rules::default()
    });
    cluster.add(machine(4, 0));
    let of = |cores, level, group| Shape {
        level,
        group,
        ..shape(cores, Gpu::None)
    };
    let low = cluster.shape(&of(1, 0, Some(0)));
    let middle = cluster.shape(&of(2, 1, None));
    let high = cluster.shape(&of(2, 2, None));
    for pod in [0, 1] {
        cluster.place(pod, low).unwrap();
        cluster.serves(pod, true);
    }
    cluster.place(2, middle).unwrap();
    // One of the low ones has to stay in service: the middle one goes.
    assert_eq!(cluster.place(3, high).unwrap().victims, [2]);
    assert_eq!(
        cluster.place(4, middle),
        Err(Refusal::Cpu),
        "one is not enough, both may not"
    );
    let one = cluster.shape(&of(1, 1, None));
    assert_eq!(
        cluster.place(5, one).unwrap().victims,
        [1],
        "the later one goes"
    );
}

#[test]
fn a_gang_comes_whole_or_leaves_no_trace() {
    let mut cluster = Cluster::new(Rules {
        levels: 2,
        ..Rules::default()
    });
    for _ in 0..3 {
        cluster.add(machine(4, 0));
    }
    let low = cluster.shape(&shape(3, Gpu::None));
    let high = cluster.shape(&Shape {
        level: 1,
        ..shape(4, Gpu::None)
    });
    cluster.place(0, low).unwrap();
    let gang: Vec<(u32, u32)> = (10..14).map(|pod| (pod, high)).collect();
    let before = format!(
        "{:?}",
        (&cluster.nodes, &cluster.pods[..1], &cluster.groups)
    );
    assert_eq!(cluster.place_gang(&gang), Err((3, Refusal::Cpu)));
    let after = format!(
        "{:?}",
        (&cluster.nodes, &cluster.pods[..1], &cluster.groups)
    );
    assert_eq!(before, after, "who was evicted for the first three is back");
    let placed = cluster.place_gang(&gang[..3]).unwrap();
    assert_eq!(
        placed
            .iter()
            .flat_map(|p| p.victims.clone())
            .collect::<Vec<_>>(),
        [0]
    );
}
