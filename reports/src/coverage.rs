//! What a campaign covered, for people and for machines.

use crate::words::number;
use serde_json::{Value, json};
use squall_core::outcome::coverage::{Cell, Coverage, Pair, Phase};
use squall_core::outcome::{Campaign, FaultSummary};
use std::fmt::Write as _;

/// The text of `run --coverage`: what came of every fault, what landed where, which faults met, and
/// what was never exercised.
pub fn text(campaign: &Campaign) -> String {
    let mut out = String::from("coverage\n");
    let seeds = campaign.seeds.len() as u64;
    for fault in &campaign.faults {
        line_of_fault(&mut out, fault, seeds);
    }
    let coverage = &campaign.coverage;
    if coverage.kinds.is_empty() {
        out.push_str("  no plan had a fault\n");
        return out;
    }
    let _ = write!(out, "  seeds in which it landed on{:<26}", "");
    for phase in Phase::ALL {
        let _ = write!(out, " {:>14}", phase.to_string());
    }
    out.push('\n');
    for cell in &coverage.cells {
        line_of_cell(&mut out, cell);
    }
    if !coverage.pairs.is_empty() {
        out.push_str(
            "  together on one target                                  in force         landed\n",
        );
        coverage
            .pairs
            .iter()
            .for_each(|pair| line_of_pair(&mut out, pair));
    }
    if coverage.never.is_empty() && coverage.never_together.is_empty() {
        out.push_str("  never      nothing was left out\n");
    }
    lines_of_never(&mut out, "never", (&coverage.never, "", NEVER_MAX));
    let together = (coverage.never_together.as_slice(), "pairs ", TOGETHER_MAX);
    lines_of_never(&mut out, "together", together);
    out
}

/// Sentences about what was never exercised that are shown.
const NEVER_MAX: usize = 24;
/// The same about pairs of kinds, of which a climate has many.
const TOGETHER_MAX: usize = 10;

fn lines_of_never(out: &mut String, title: &str, (all, noun, most): (&[String], &str, usize)) {
    for (index, never) in all.iter().take(most).enumerate() {
        let title = if index == 0 { title } else { "" };
        let _ = writeln!(out, "  {title:<10} {never}");
    }
    let more = all.len().saturating_sub(most);
    if more > 0 {
        let _ = writeln!(
            out,
            "             and {more} {noun}more: --format json has all"
        );
    }
}

fn line_of_fault(out: &mut String, fault: &FaultSummary, seeds: u64) {
    let mark = if fault.missed { "--" } else { "ok" };
    let _ = write!(
        out,
        "  {mark:<4} {:<28} planned {}/{seeds}, landed {}/{seeds}",
        fault.label, fault.planned, fault.landed
    );
    if fault.not_drawn > 0 {
        let _ = write!(out, ", left out by chance {}", fault.not_drawn);
    }
    let mean = fault.active.as_secs_f64() / fault.planned.max(1) as f64;
    let _ = write!(
        out,
        ", in force {} s a seed, {} effects",
        number(mean),
        fault.landings
    );
    if let Some((at, seed)) = fault.first_landing {
        let _ = write!(out, ", first at {at} (seed {seed})");
    }
    out.push('\n');
    for (why, count) in &fault.misses {
        let _ = writeln!(out, "         missed in {count}: {why}");
    }
}

fn line_of_cell(out: &mut String, cell: &Cell) {
    let mark = if cell.landed() { "ok" } else { "--" };
    let name = format!("{} on {}", cell.kind, cell.role);
    let _ = write!(out, "  {mark:<4} {name:<48}");
    for phase in &cell.phases {
        let _ = write!(out, " {:>14}", format!("{}/{}", phase.seeds, cell.planned));
    }
    out.push('\n');
}

fn line_of_pair(out: &mut String, pair: &Pair) {
    let mark = if pair.landed > 0 { "ok" } else { "--" };
    let [one, two] = &pair.kinds;
    let name = format!("{one} + {two} on {}", pair.role);
    let _ = writeln!(
        out,
        "  {mark:<4} {name:<48} {:>11} {:>14}",
        pair.overlapped, pair.landed
    );
}

/// A fault as the JSON document has it.
pub(crate) fn fault(fault: &FaultSummary) -> Value {
    json!({
        "name": fault.label,
        "land": fault.land,
        "seeds_planned": fault.planned,
        "seeds_not_drawn": fault.not_drawn,
        "seeds_landed": fault.landed,
        "triggers": fault.firings,
        "landed": fault.landings,
        "active_s": fault.active.as_secs_f64(),
        "first_landing": fault.first_landing.map(|(at, seed)| json!({
            "virtual_s": at.as_secs_f64(),
            "seed": seed,
        })),
        "misses": fault.misses.iter().map(|(why, seeds)| json!({
            "why": why.to_string(),
            "seeds": seeds,
        })).collect::<Vec<_>>(),
        "missed": fault.missed,
    })
}

/// The coverage as the JSON document has it.
pub(crate) fn document(coverage: &Coverage) -> Value {
    json!({
        "kinds": coverage.kinds,
        "cells": coverage.cells.iter().map(|cell| json!({
            "kind": cell.kind,
            "role": cell.role,
            "seeds_planned": cell.planned,
            "seeds_landed": cell.phases.iter().map(|phase| json!({
                "phase": phase.phase,
                "seeds": phase.seeds,
                "first": phase.first,
            })).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "pairs": coverage.pairs.iter().map(|pair| json!({
            "kinds": pair.kinds,
            "role": pair.role,
            "seeds_overlapped": pair.overlapped,
            "seeds_landed": pair.landed,
            "first": pair.first,
        })).collect::<Vec<_>>(),
        "never": coverage.never.iter().chain(&coverage.never_together).collect::<Vec<_>>(),
    })
}
