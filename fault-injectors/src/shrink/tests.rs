//! Shrinking against oracles that are functions of the plan.

use super::*;
use crate::topology::{KnobInfo, KnobKind};
use proptest::prelude::*;
use squall_core::plan::{Damage, Entry, KnobChange, Land, LinkTarget, PlannedFault, Primitive};
use squall_core::{NodeId, VirtualDuration};

fn topology() -> Topology {
    let mut topology = Topology::default();
    topology.add_group("kv", 6);
    topology
}

fn seconds(s: u64) -> VirtualTime {
    VirtualTime::from_nanos(s * 1_000_000_000)
}

/// `count` faults of two parts each, ten seconds apart, twenty seconds long.
fn plan(count: u32) -> Plan {
    let fault = |index: u32| PlannedFault {
        kind: "link-loss".to_owned(),
        label: format!("f{index}"),
        land: Land::Any,
        notes: Vec::new(),
    };
    let entry = |index: u32| Entry {
        fault: index / 2,
        part: index % 2,
        from: seconds(10 * u64::from(index / 2 + 1)),
        until: Some(seconds(10 * u64::from(index / 2 + 1) + 20)),
        primitive: Primitive::LinkLoss {
            link: LinkTarget {
                from: NodeId(index % 6),
                to: NodeId((index + 1) % 6),
            },
            share: 0.8,
            correlation: 0.0,
        },
        firing: None,
    };
    Plan::new(
        (0..count).map(fault).collect(),
        (0..2 * count).map(entry).collect(),
    )
}

fn stop_axis() -> Axis {
    Axis {
        name: "stop".to_owned(),
        full: seconds(600).as_nanos(),
        least: 1_000_000_000,
        grain: 1_000_000_000,
        is_stop: true,
    }
}

fn nodes_axis() -> Axis {
    Axis {
        name: "kv".to_owned(),
        full: 6,
        least: 1,
        grain: 1,
        is_stop: false,
    }
}

/// The strengths of the parts of a fault that are there.
fn shares(candidate: &Candidate, fault: u32) -> Vec<f64> {
    let entries = candidate.plan.entries().iter();
    entries
        .filter(|e| e.fault == fault)
        .filter_map(|e| match e.primitive {
            Primitive::LinkLoss { share, .. } => Some(share),
            _ => None,
        })
        .collect()
}

/// Fails when fault 3 loses 0.3 on one of its links for 5 s and fault 11 is there, in a world of two
/// nodes at least, ten seconds after fault 3 began.
fn oracle(candidate: &Candidate) -> Answer {
    let strong = candidate.plan.entries().iter().find(|e| {
        let long = e
            .until
            .is_some_and(|u| u.since(e.from) >= VirtualDuration::from_secs(5));
        e.fault == 3 && long && shares(candidate, 3).iter().any(|s| *s >= 0.3)
    });
    let Some(strong) = strong else {
        return Answer::Holds;
    };
    let at = strong.from.saturating_add(VirtualDuration::from_secs(10));
    let there = !shares(candidate, 11).is_empty();
    let stop = VirtualTime::from_nanos(candidate.axes[0]);
    match there && candidate.axes[1] >= 2 && at < stop {
        true => Answer::Fails(Some(at)),
        false => Answer::Holds,
    }
}

#[test]
fn everything_that_does_not_matter_goes_and_the_rest_is_small() {
    let axes = [stop_axis(), nodes_axis()];
    let mut runs = 0;
    let mut counted = |candidate: &Candidate| {
        runs += 1;
        oracle(candidate)
    };
    let shrunk = shrink(
        plan(30),
        &axes,
        &topology(),
        Options::default(),
        &mut counted,
    );
    let shrunk = shrunk.expect("it fails to begin with");
    assert_eq!(shrunk.labels(), ["f3", "f11"]);
    assert!(shrunk.minimal && !shrunk.exhausted);
    assert_eq!(shrunk.spent.total(), runs, "every run is counted once");
    assert!(runs < 150, "{runs} runs");
    let entries = shrunk.candidate.plan.entries();
    assert_eq!(entries.len(), 2, "one part each: {entries:?}");
    let share = shares(&shrunk.candidate, 3)[0];
    assert!((0.3..0.33).contains(&share), "share {share}");
    let length = entries[0].until.expect("an end").since(entries[0].from);
    assert!(
        (5.0..5.7).contains(&length.as_secs_f64()),
        "length {length}"
    );
    assert_eq!(shrunk.candidate.axes[1], 2, "nodes");
    let stop = VirtualTime::from_nanos(shrunk.candidate.axes[0]);
    assert!(
        stop < seconds(110),
        "the run ends behind the failure: {stop}"
    );
    assert!(
        oracle(&shrunk.candidate) != Answer::Holds,
        "what is given was run"
    );
}

/// With little load the promise is broken whatever is injected: that is another failure.
#[test]
fn a_smaller_world_is_one_in_which_nothing_fails_without_faults() {
    let load = Axis {
        name: "rate".to_owned(),
        full: 280,
        least: 1,
        grain: 1,
        is_stop: false,
    };
    let mut starved = |candidate: &Candidate| {
        let fails = candidate.axes[0] < 20 || !shares(candidate, 3).is_empty();
        match fails {
            true => Answer::Fails(Some(seconds(500))),
            false => Answer::Holds,
        }
    };
    let options = Options::default();
    let shrunk = shrink(plan(8), &[load], &topology(), options, &mut starved);
    let shrunk = shrunk.expect("it fails");
    assert_eq!(shrunk.labels(), ["f3"]);
    assert!(shrunk.minimal);
    let rate = shrunk.candidate.axes[0];
    assert!((20..=24).contains(&rate), "rate {rate}");
}

/// What becomes needless when a fault begins earlier goes in the next round; what begins when it has
/// failed already needs no round.
#[test]
fn rounds_go_on_until_nothing_changes() {
    let mut early = |candidate: &Candidate| {
        let part = |part: u32| {
            let entries = &mut candidate.plan.entries().iter();
            entries
                .find(|e| (e.fault, e.part) == (3, part))
                .map(|e| e.from)
        };
        let fails = part(0).is_some_and(|from| from <= seconds(3) || part(1).is_some());
        match fails {
            true => Answer::Fails(part(0)),
            false => Answer::Holds,
        }
    };
    let axes = [stop_axis()];
    let options = Options::default();
    let shrunk = shrink(plan(8), &axes, &topology(), options, &mut early);
    let shrunk = shrunk.expect("it fails");
    let parts: Vec<_> = shrunk
        .candidate
        .plan
        .entries()
        .iter()
        .map(|e| (e.fault, e.part))
        .collect();
    assert_eq!(parts, [(3, 0)], "{shrunk:?}");
    assert!(shrunk.minimal && !shrunk.exhausted);
    assert!(shrunk.candidate.axes[0] <= seconds(4).as_nanos());
}

#[test]
fn a_failure_without_any_fault_needs_none() {
    let always = &mut |_: &Candidate| Answer::Fails(None);
    let shrunk = shrink(plan(5), &[], &topology(), Options::default(), always);
    let shrunk = shrunk.expect("it fails");
    assert!(shrunk.labels().is_empty() && shrunk.minimal);
}

#[test]
fn what_does_not_fail_is_not_shrunk_and_what_cannot_be_run_is_not_kept() {
    let none = shrink(plan(3), &[], &topology(), Options::default(), &mut |_| {
        Answer::Holds
    });
    assert_eq!(none, None);
    let whole = plan(4);
    let mut picky = |candidate: &Candidate| match candidate.plan == whole {
        true => Answer::Fails(None),
        false => Answer::Invalid,
    };
    let shrunk = shrink(
        whole.clone(),
        &[],
        &topology(),
        Options::default(),
        &mut picky,
    );
    assert_eq!(shrunk.expect("it fails").candidate.plan, whole);
}

#[test]
fn the_best_so_far_is_given_when_the_runs_are_used_up() {
    for runs_max in [1, 2, 7, 20, 40] {
        let mut runs = 0;
        let mut counted = |candidate: &Candidate| {
            runs += 1;
            oracle(candidate)
        };
        let options = Options {
            runs_max,
            ..Options::default()
        };
        let axes = [stop_axis(), nodes_axis()];
        let shrunk = shrink(plan(30), &axes, &topology(), options, &mut counted);
        let shrunk = shrunk.expect("it fails");
        assert!(runs <= runs_max, "{runs} of {runs_max}");
        assert!(shrunk.exhausted && !shrunk.minimal);
        assert!(matches!(oracle(&shrunk.candidate), Answer::Fails(_)));
    }
}

/// An oracle that fails in a share of its runs only, by a sequence of its own.
fn flaky(state: &mut u64, share: f64, fails: bool) -> Answer {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1);
    let unit = (*state >> 40) as f64 / (1u64 << 24) as f64;
    match fails && unit < share {
        true => Answer::Fails(None),
        false => Answer::Holds,
    }
}

/// Four runs of five show the failure: alone each answer is doubtful, of nine the majority is not.
#[test]
fn a_flaky_oracle_agrees_with_itself() {
    let needs_both =
        |candidate: &Candidate| [3, 11].iter().all(|f| !shares(candidate, *f).is_empty());
    let options = Options {
        faults_only: true,
        ..Options::default()
    };
    let labels = |agree: u32, start: u64| {
        let mut state = start;
        let mut oracle = agreed(agree, |candidate, _| {
            flaky(&mut state, 0.8, needs_both(candidate))
        });
        let shrunk = shrink(plan(30), &[], &topology(), options, &mut oracle);
        shrunk.map_or(0, |shrunk| shrunk.labels().len())
    };
    let right = |agree| (0..20).filter(|start| labels(agree, *start) == 2).count();
    let (alone, together) = (right(1), right(9));
    assert!(together >= 19, "with agreement {together} of 20");
    assert!(alone < together, "without it {alone} of 20");
}

#[test]
fn agreement_stops_asking_when_it_is_certain() {
    let candidate = Candidate {
        plan: plan(1),
        axes: Vec::new(),
    };
    let mut asked = 0;
    let answer = agreed(5, |_, _| {
        asked += 1;
        Answer::Fails(None)
    })(&candidate);
    assert_eq!((answer, asked), (Answer::Fails(None), 3));
    let mut asked = 0;
    let answer = agreed(5, |_, number| {
        asked += 1;
        match number {
            0 => Answer::Fails(None),
            _ => Answer::Holds,
        }
    })(&candidate);
    assert_eq!((answer, asked), (Answer::Holds, 4));
    assert_eq!(
        agreed(3, |_, _| Answer::Invalid)(&candidate),
        Answer::Invalid
    );
}

#[test]
fn a_dial_at_full_strength_changes_nothing_and_falls_with_its_strength() {
    let topology = topology();
    let entry = Entry {
        fault: 0,
        part: 0,
        from: seconds(1),
        until: None,
        primitive: Primitive::MemoryPressure {
            node: NodeId(1),
            size: Damage::Overcommit(2.0),
            activity: squall_core::memory::Activity::Active,
            arrival: squall_core::memory::Arrival::Burst {
                ramp: VirtualDuration::ZERO,
            },
        },
        firing: None,
    };
    let plan = Plan::new(plan(1).faults, vec![entry]);
    let dials = dials(&plan, &topology);
    assert_eq!(dials.len(), 1, "{dials:?}");
    let at = |strength| dials[0].text(&dials[0].turned(&plan, &topology, strength), &topology);
    assert_eq!(dials[0].turned(&plan, &topology, 1.0), plan);
    assert_eq!([at(1.0), at(0.5), at(0.25)], ["2", "1.5", "1.25"]);
}

/// A person sees what is turned: a knob by its name and in its unit, and which of two shares it is.
#[test]
fn a_dial_says_what_it_turns() {
    let mut topology = topology();
    let knob = topology.add_knob(KnobInfo {
        name: "sched.metric-lag".to_owned(),
        kind: KnobKind::Seconds,
        base: 0.0,
    });
    let set = Primitive::Knob {
        knob,
        node: None,
        change: KnobChange::Set,
        value: 90.0,
    };
    let scaled = Primitive::Knob {
        knob,
        node: None,
        change: KnobChange::Scale,
        value: 2.0,
    };
    let node = NodeId(1);
    let lost = Primitive::UnsyncedLoss { node, share: 1.0 };
    let torn = Primitive::TornWrite {
        node,
        share: 1.0 / 3.0,
        unit: 512,
    };
    let of = |primitives: &[&Primitive]| -> Vec<(String, String)> {
        let entries = primitives.iter().map(|primitive| Entry {
            fault: 0,
            part: 0,
            from: seconds(1),
            until: None,
            primitive: (*primitive).clone(),
            firing: None,
        });
        let plan = Plan::new(plan(1).faults, entries.collect());
        let dials = dials(&plan, &topology);
        let said = dials
            .iter()
            .map(|d| (d.name(&plan, &topology), d.text(&plan, &topology)));
        said.collect()
    };
    let said = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(of(&[&set]), [said("sched.metric-lag", "90s")]);
    assert_eq!(of(&[&scaled]), [said("sched.metric-lag factor", "2")]);
    assert_eq!(of(&[&torn]), [said("share", "0.3333")]);
    assert_eq!(
        of(&[&lost, &torn]),
        [
            said("share of unsynced-loss", "1"),
            said("share of torn-write", "0.3333")
        ]
    );
}

#[test]
fn a_compact_plan_names_only_what_acts() {
    let plan = only(&plan(6), &[1, 4]);
    let small = compact(&plan);
    assert_eq!(small.faults.len(), 2);
    assert_eq!(small.faults[1].label, "f4");
    assert_eq!(small.entries().len(), plan.entries().len());
    assert_eq!(
        small.entries()[2].part,
        plan.entries()[2].part,
        "draws hang on the part"
    );
}

proptest! {
    /// Whatever fails: the result fails, is no larger than what it was made of, and within the bound.
    #[test]
    fn the_result_fails_and_is_never_larger(
        needed in prop::collection::btree_set(0u32..12, 0..4),
        least in 0.0f64..0.8,
        runs_max in 1u64..300,
    ) {
        let plan = plan(12);
        let fails = |candidate: &Candidate| {
            let strong = |f: &u32| shares(candidate, *f).iter().any(|s| *s >= least);
            let enough = candidate.axes[1] >= 3 && needed.iter().all(strong);
            if enough { Answer::Fails(Some(seconds(200))) } else { Answer::Holds }
        };
        let axes = [stop_axis(), nodes_axis()];
        let options = Options { runs_max, ..Options::default() };
        let shrunk = shrink(plan.clone(), &axes, &topology(), options, &mut |c| fails(c));
        let shrunk = shrunk.expect("it fails to begin with");
        prop_assert!(matches!(fails(&shrunk.candidate), Answer::Fails(_)));
        prop_assert!(shrunk.spent.total() <= runs_max);
        for entry in shrunk.candidate.plan.entries() {
            let before = plan.entries().iter().find(|e| (e.fault, e.part) == (entry.fault, entry.part));
            let before = before.expect("nothing is added");
            prop_assert!(entry.from <= before.from && entry.until <= before.until);
        }
        for fault in 0..12 {
            prop_assert!(shares(&shrunk.candidate, fault).iter().all(|s| *s <= 0.8));
        }
        if shrunk.minimal {
            let left: std::collections::BTreeSet<u32> =
                acting(&shrunk.candidate.plan).iter().map(|f| u32::try_from(*f).expect("few")).collect();
            prop_assert_eq!(left, needed);
        }
    }
}
