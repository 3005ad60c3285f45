//! Every fault of the catalogue acts on a world that it can hurt, says that it did, and says that it
//! did not where nothing was in its way. The tests walk the table: a fault without a case is an error.

use squall::core::VirtualDuration;
use squall::faults::param::{Need, Param};
use squall::faults::{FaultKind, catalog};

#[path = "faults/agents.rs"]
mod agents;
#[path = "faults/calls.rs"]
mod calls;
#[path = "faults/edge.rs"]
mod edge;
#[path = "faults/hosts.rs"]
mod hosts;
#[path = "faults/life.rs"]
mod life;
#[path = "faults/links.rs"]
mod links;
#[path = "faults/roles.rs"]
mod roles;
#[path = "faults/scaling.rs"]
mod scaling;
#[path = "faults/shop.rs"]
mod shop;

use calls::OF_GUARDS;
use shop::{Calm, run};

/// A fault, and what it takes beside its time: busy target, then idle one.
type Case = (&'static str, &'static str, &'static str);

/// Cases in the world of the shop. A fault that needs no more than its target there has none: see `case`.
fn written() -> impl Iterator<Item = &'static Case> {
    let hosts = hosts::CASES.iter().chain(life::CASES);
    hosts
        .chain(links::CASES)
        .chain(calls::CASES)
        .chain(OF_GUARDS)
}

/// What `kind` takes here: as [`written`], or its target alone, where it must be given no more.
fn case(kind: &'static FaultKind) -> (&'static str, &'static str) {
    if let Some((_, busy, idle)) = written().find(|(name, ..)| *name == kind.name) {
        return (busy, idle);
    }
    let required = |p: &&Param| p.need == Need::Required;
    let required: Vec<&str> = kind.params.iter().filter(required).map(|p| p.key).collect();
    match required[..] {
        ["nodes"] => ("{ nodes = 'web' }", "{ nodes = 'idle' }"),
        ["links"] => ("{ links = 'client -> web' }", "{ links = 'idle -> web' }"),
        ["service"] => (
            "{ service = 'shop.request' }",
            "{ service = 'quiet.request' }",
        ),
        _ => panic!(
            "{} needs a line in a table CASES: it must be given {required:?}",
            kind.name
        ),
    }
}

/// All faults of the catalogue with what they take here, busy and idle; those of control loops, of agents and
/// of schedulers have worlds of their own.
fn cases() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let here = |name| {
        let mut elsewhere = edge::CASES
            .iter()
            .chain(agents::CASES)
            .chain(roles::CASES)
            .chain(scaling::CASES);
        elsewhere.all(|(other, ..)| *other != name)
    };
    let kinds = catalog::ALL.iter().filter(move |kind| here(kind.name));
    kinds.map(|kind| {
        let (busy, idle) = case(kind);
        (kind.name, busy, idle)
    })
}

#[test]
fn every_case_is_of_a_fault() {
    let cases = || {
        let elsewhere = edge::CASES.iter().chain(agents::CASES).chain(roles::CASES);
        written().chain(elsewhere).chain(scaling::CASES)
    };
    for (number, (name, ..)) in cases().enumerate() {
        assert!(catalog::find(name).is_some(), "there is no fault `{name}`");
        let first = cases().position(|(other, ..)| other == name);
        assert_eq!(first, Some(number), "{name} has two cases");
    }
}

#[test]
fn every_fault_lands_on_a_busy_target_and_changes_the_run() {
    let calm = Calm::new();
    for (kind, busy, _) in cases() {
        let (result, felt) = run(kind, busy);
        assert!(result.landed > 0, "{kind} has no effect: {result:?}");
        let first = result.first_landing.expect("what landed has a first time");
        let from = VirtualDuration::from_secs(5);
        assert!(
            first.since(squall::core::VirtualTime::ZERO) >= from,
            "{kind} acts before its time"
        );
        assert_ne!(
            felt,
            calm.of(kind),
            "{kind} counts effects and changes nothing"
        );
    }
}

#[test]
fn no_fault_lands_on_an_idle_target() {
    let calm = Calm::new();
    for (kind, _, idle) in cases().filter(|(.., idle)| !idle.is_empty()) {
        let (result, felt) = run(kind, idle);
        assert_eq!(
            felt,
            calm.of(kind),
            "{kind} changes the run and does not say so"
        );
        assert_eq!(
            result.landed, 0,
            "{kind} claims an effect on a target that does nothing"
        );
        assert!(result.planned > 0, "{kind} was planned");
    }
}
