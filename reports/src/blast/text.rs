//! A measured blast radius for people and for machines.

use super::plural;
use super::{Blast, UnitBlast};
use serde_json::{Value, json};
use std::fmt::Write as _;

type Category = (&'static str, fn(&UnitBlast) -> u64, &'static str);

/// What can become of a unit, in the order of the report.
const CATEGORIES: [Category; 4] = [
    ("hit", |unit| unit.hit, "predicted, and reached"),
    (
        "surprise",
        |unit| unit.surprise,
        "reached, and not predicted",
    ),
    ("spared", |unit| unit.spared, "predicted, and not reached"),
    (
        "unwatched",
        |unit| unit.unwatched,
        "predicted, and nothing says how it fared",
    ),
];

/// The text of a blast radius: sets by what became of the prediction, then what shows it.
pub fn text(blast: &Blast) -> String {
    let mut out = String::new();
    let (fault, seeds, landed) = (&blast.fault, blast.seeds, blast.landed);
    let _ = writeln!(
        out,
        "BLAST RADIUS   {fault}   the same {seeds} seeds with it and without it, landed in {landed}"
    );
    if landed == 0 {
        out.push_str(
            "  not known: it had no effect in any seed; `squall run --coverage` says why\n",
        );
        return out;
    }
    if blast.panicked > 0 {
        let _ = writeln!(
            out,
            "  model code panicked in {} seeds, with it or without it: of these no unit is counted",
            blast.panicked
        );
    }
    let mut kinds: Vec<&str> = blast.units.iter().map(|unit| unit.kind.as_str()).collect();
    kinds.dedup();
    for (name, count, meaning) in CATEGORIES {
        let _ = writeln!(out, "  {name:<10} {meaning}");
        let mut any = false;
        for kind in &kinds {
            let of_kind = blast
                .units
                .iter()
                .filter(|unit| unit.kind == *kind && count(unit) > 0);
            let names = of_kind.map(|unit| format!("{} ({}/{seeds})", unit.name, count(unit)));
            let names: Vec<String> = names.collect();
            if !names.is_empty() {
                any = true;
                let _ = writeln!(out, "    {:<10} {}", plural(kind), names.join(", "));
            }
        }
        if !any {
            out.push_str("    none\n");
        }
    }
    for unit in &blast.units {
        let promises = unit
            .promises
            .iter()
            .map(|(name, n)| format!("breaks `{name}` ({n}/{seeds})"));
        let signs = unit
            .signs
            .iter()
            .map(|(sign, n)| format!("{sign} ({n}/{seeds})"));
        let shown: Vec<String> = promises.chain(signs).collect();
        if !shown.is_empty() {
            let _ = writeln!(out, "  {:<24} {}", unit.name, shown.join(", "));
        }
    }
    out
}

/// The blast radius as the JSON document has it.
pub fn document(blast: &Blast) -> Value {
    json!({
        "fault": blast.fault,
        "seeds": blast.seeds,
        "landed": blast.landed,
        "panicked": blast.panicked,
        "units": blast.units.iter().map(|unit| json!({
            "kind": unit.kind,
            "name": unit.name,
            "hit": unit.hit,
            "surprise": unit.surprise,
            "spared": unit.spared,
            "unwatched": unit.unwatched,
            "promises": unit.promises,
            "signs": unit.signs,
        })).collect::<Vec<_>>(),
    })
}
