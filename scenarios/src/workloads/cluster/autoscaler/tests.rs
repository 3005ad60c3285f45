//! The policy by example, and against the period of a relay with delay.

use super::*;

const fn seconds(s: u64) -> VirtualDuration {
    VirtualDuration::from_secs(s)
}

/// The reference policy of Kubernetes.
fn hpa() -> Scaling {
    Scaling {
        metric: Metric::Queue,
        target: 4.0,
        replicas: (1, 100),
        sync: seconds(15),
        lag: seconds(0),
        average: seconds(15),
        tolerance: 0.1,
        up: (2.0, 4),
        down_share: 1.0,
        stabilise: (seconds(0), seconds(300)),
        cooldown: seconds(0),
        step: None,
    }
}

#[test]
fn it_grows_at_once_and_shrinks_late() {
    let (rules, mut scaler) = (hpa(), Scaler::default());
    let mut at = |s, value, current| scaler.decide(&rules, seconds(s), (Some(value), current));
    assert_eq!(at(0, 4.4, 10), 10, "within a tenth");
    assert_eq!(at(15, 8.0, 10), 20, "in proportion");
    assert_eq!(at(30, 80.0, 20), 40, "no more than double");
    assert_eq!(at(45, 8.0, 2), 4, "in proportion again");
    assert_eq!(at(60, 1.0, 40), 40, "40 were recommended 30 s ago");
    assert_eq!(
        at(340, 1.0, 40),
        10,
        "the 100 of second 30 are over, and the 10 of now are the most since"
    );
}

#[test]
fn few_replicas_may_grow_by_four() {
    let mut scaler = Scaler::default();
    assert_eq!(scaler.decide(&hpa(), seconds(0), (Some(80.0), 1)), 5);
    assert_eq!(
        scaler.decide(&hpa(), seconds(15), (None, 5)),
        5,
        "nothing is known"
    );
}

#[test]
fn after_a_change_it_cools_down() {
    let rules = Scaling {
        cooldown: seconds(60),
        stabilise: (seconds(0), seconds(0)),
        ..hpa()
    };
    let mut scaler = Scaler::default();
    let mut at = |s, value, current| scaler.decide(&rules, seconds(s), (Some(value), current));
    assert_eq!(at(0, 8.0, 10), 20);
    assert_eq!(at(45, 8.0, 20), 20);
    assert_eq!(at(60, 2.0, 20), 10);
}

#[test]
fn blocked_threads_lower_the_cores_in_use_and_not_the_queue() {
    let free = Service {
        cores: 1.0,
        threads: 8.0,
        cpu: 0.01,
        blocked: 0.0,
        timeout: 10.0,
    };
    let blocked = Service {
        blocked: 0.39,
        ..free
    };
    assert_eq!((free.capacity(), blocked.capacity()), (100.0, 20.0));
    let (mut one, mut two) = (Replica::default(), Replica::default());
    let (a, b) = (one.step(&free, 60.0, 1.0), two.step(&blocked, 60.0, 1.0));
    assert_eq!((a.served, a.cpu, a.waiting), (60.0, 0.6, 0.0));
    assert_eq!((b.served, b.cpu, b.waiting), (20.0, 0.2, 40.0));
    assert!((b.inside - 48.0).abs() < 1e-9, "all threads, and who waits");
    for _ in 0..10 {
        two.step(&blocked, 60.0, 1.0);
    }
    assert_eq!(
        two.waiting, 200.0,
        "who would wait longer than ten seconds is given up"
    );
}

/// A queue fills while there are too few replicas and empties while there are too many; the autoscaler sees
/// it `delay` later and knows two levels only. Such a loop has the period 4 D: after the crossing of the target
/// the queue goes on for D, and needs D for the way back, on both sides.
#[test]
fn an_integrator_with_delay_has_the_period_of_four_delays() {
    for delay in [30_u64, 60, 90, 120] {
        let rules = Scaling {
            target: 1e4,
            tolerance: 0.0,
            replicas: (8, 12),
            step: Some(4),
            stabilise: (seconds(0), seconds(0)),
            up: (10.0, 10),
            ..hpa()
        };
        let (mut scaler, mut replicas) = (Scaler::default(), 8);
        let (mut queue, mut queues, mut turns) = (1e4_f64, Vec::new(), Vec::new());
        for now in 0..20 * delay {
            // Ten replicas would be right.
            queue = (queue + 10.0 * (10.0 - f64::from(replicas))).max(0.0);
            queues.push(queue);
            let seen = usize::try_from(now.saturating_sub(delay)).unwrap();
            let wanted = scaler.decide(&rules, seconds(now), (Some(queues[seen]), replicas));
            if wanted > replicas {
                turns.push(now);
            }
            replicas = wanted;
        }
        let periods: Vec<f64> = turns
            .windows(2)
            .map(|pair| (pair[1] - pair[0]) as f64)
            .collect();
        let mean = periods.iter().sum::<f64>() / periods.len() as f64;
        let expected = 4.0 * delay as f64;
        assert!(
            periods.len() >= 3 && (mean / expected - 1.0).abs() < 0.2,
            "{delay} s: {periods:?}"
        );
    }
}
