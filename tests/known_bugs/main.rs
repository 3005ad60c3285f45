//! Known bugs: every fault of the catalogue finds one, and a system without the bug survives it.
//!
//! A [`Pair`] is a fault, a system with a planted weakness that people know from real systems, and the
//! same system hardened by what people do about it. For each pair, on the same seeds: the weak system
//! without the fault keeps its promises; with the fault it breaks the one that is named, and no other;
//! the hardened one with the same fault keeps all of them. The fault landed in both.
//!
//! Adding a pair:
//!
//! 1. Take the file of the fault's family (a new family: a file, and a word in `families!` below).
//! 2. Add a [`Pair`] to its `PAIRS`: the name of the fault, weakness and mitigation in a line each, the
//!    fault as it stands in a scenario (`inject`), and the name of the promise that breaks.
//! 3. The system is a [`System::Scenario`] if a shipped workload has the weakness already: pieces of a
//!    scenario file, and what differs between weak and hardened as `key=value`, as of `--set`. Else it is
//!    a [`System::Toy`]: nodes as pieces of a scenario file, and two functions that put processes on
//!    them, from `systems/`; a toy says by events what its [`Promise`]s are about.
//! 4. `cargo test --test known_bugs FAMILY` names what does not hold, with the verdict of each promise.
//!
//! The weakness has to be a bug, not a limit that was chosen so that it breaks; and another fault of
//! the pair's world, that has to be there without the one under test, stands in the pieces.

#![expect(
    clippy::unwrap_used,
    reason = "a test says what is wrong by a panic where it is"
)]

mod pair;
mod systems;

use pair::Pair;
use squall::faults::catalog;

/// Declares the families: a module each, and a test that walks its pairs.
macro_rules! families {
    ($($family:ident,)*) => {
        $(mod $family;)*
        /// All pairs, by family.
        const FAMILIES: &[&[Pair]] = &[$($family::PAIRS,)*];
        mod pairs {
            $(#[test]
            fn $family() {
                super::pair::walk(super::$family::PAIRS);
            })*
        }
    };
}

families! {
    network,
    node,
    cpu,
    memory,
    disk,
    clock,
    calls,
    knobs,
    life,
    loops,
    signals,
    agents_governance,
    agents_orchestration,
    agents_context,
    agents_tools,
    agents_model,
    agents_durable,
    agents_provider,
    agents_shared,
    agents_trust,
    load,
    replies,
    graphs,
    roles,
    scaling,
}

fn all() -> impl Iterator<Item = &'static Pair> {
    FAMILIES.iter().copied().flatten()
}

#[test]
fn every_fault_has_a_pair() {
    let missing = |name: &&str| !all().any(|pair| pair.fault == *name);
    let none: Vec<&str> = catalog::ALL
        .iter()
        .map(|kind| kind.name)
        .filter(missing)
        .collect();
    assert!(
        none.is_empty(),
        "no weakness is known that these faults find: {none:?}; see the head of tests/known_bugs/main.rs"
    );
}

#[test]
fn every_pair_is_about_one_fault_of_the_catalogue() {
    let mut seen = Vec::new();
    for pair in all() {
        let name = pair.fault;
        assert!(catalog::find(name).is_some(), "there is no fault `{name}`");
        let inject = format!("inject.{name} = {{");
        let args = pair.inject.split_once(&inject).map(|(_, args)| args);
        let args = args.unwrap_or_else(|| panic!("the pair of {name} injects another fault"));
        // What a fault does otherwise by another parameter has a pair of its own.
        let mut keys: Vec<&str> = args
            .split(',')
            .filter_map(|arg| arg.split_once('='))
            .map(|(key, _)| key.trim())
            .collect();
        keys.sort_unstable();
        let about = (name, keys);
        assert!(!seen.contains(&about), "two pairs of one fault: {about:?}");
        seen.push(about);
    }
}
